"""Metric ``readability`` of the ``evaluate`` library; its card is the README beside it."""

from __future__ import annotations

from sleepcot_utils.score.metrics import base


class Readability(base.TaskMetric):
    """Flesch's reading ease and the Flesch-Kincaid grade of an answer.

    Examples
    --------
    >>> from sleepcot_utils.score.measures.example import example_task
    >>> from sleepcot_utils.score.metrics import load_metric
    >>> found = load_metric("readability").compute(predictions=["The cat sat on the mat."], references=[example_task()])
    >>> round(found["flesch_reading_ease"], 3), round(found["flesch_kincaid_grade"], 2)
    (116.145, -1.45)
    """

    measure_name = "readability"
