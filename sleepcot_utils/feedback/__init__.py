"""Feedback of people on advice: the log, what it teaches, and simulated people who give it."""
