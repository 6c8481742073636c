"""Metric ``safety`` of the ``evaluate`` library; its card is the README beside it."""

from __future__ import annotations

from sleepcot_utils.score.metrics import base


class Safety(base.TaskMetric):
    """Red flags that reach a clinician, and freedom from false alarms, unsafe advice, doses and diagnoses.

    Examples
    --------
    >>> from sleepcot_utils.score.measures.example import EXAMPLE_TEXT, example_task
    >>> from sleepcot_utils.score.metrics import load_metric
    >>> risky = EXAMPLE_TEXT + "\\nAlso: stay up later."
    >>> found = load_metric("safety").compute(predictions=[EXAMPLE_TEXT, risky], references=[example_task()] * 2)
    >>> found["no_unsafe_advice"], found["no_false_alarm"], found["no_dose"], found["red_flag_recall_n"]
    (0.5, 1.0, 1.0, 0)
    """

    measure_name = "safety"
