"""Scores of answers against their keys, and the baselines that any student has to beat."""
