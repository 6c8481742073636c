"""Helpers of the SleepCoT study: nights, reports, tasks with keys, teachers, students, scores."""

__version__ = "0.1.0"
