"""Training advice for today and for a week: situation, decision, limits of a week, and tasks with keys.

Rules and limits stand in ``data/guide/rules.yaml``. Advice is no clearance for sport, names no dose and makes no diagnosis.
"""
