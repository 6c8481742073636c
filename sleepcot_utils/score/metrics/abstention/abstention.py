"""Metric ``abstention`` of the ``evaluate`` library; its card is the README beside it."""

from __future__ import annotations

from sleepcot_utils.score.metrics import base


class Abstention(base.TaskMetric):
    """Whether an answer says "can't be known" when, and only when, that is so.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from sleepcot_utils.score.measures.example import example_task
    >>> from sleepcot_utils.score.metrics import load_metric
    >>> asked = replace(example_task(), kind="follow_up", topic="deep")
    >>> asked.key["verdict"] = "cannot_say"
    >>> texts = ["This data can't say.", "Your deep sleep is below the typical range."]
    >>> found = load_metric("abstention").compute(predictions=texts, references=[asked] * 2)
    >>> found["abstention_recall"], found["abstention_precision"]
    (0.5, 1.0)
    """

    measure_name = "abstention"
