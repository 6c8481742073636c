"""Simulated people and their nights. Constants and their sources: ``data/norms/simulator.yaml``."""
