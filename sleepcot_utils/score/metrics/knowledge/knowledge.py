"""Metric ``knowledge`` of the ``evaluate`` library; its card is the README beside it."""

from __future__ import annotations

from sleepcot_utils.score.metrics import base


class Knowledge(base.TaskMetric):
    """Multiple-choice accuracy, coverage of a card's key points, and freedom from what contradicts the card.

    Examples
    --------
    >>> from sleepcot_utils.score.measures.example import EXAMPLE_TEXT, example_task
    >>> from sleepcot_utils.score.metrics import load_metric
    >>> found = load_metric("knowledge").compute(predictions=[EXAMPLE_TEXT], references=[example_task()])
    >>> found["choice_right"], found["key_points_n"]  # no question of knowledge among them
    (nan, 0)
    """

    measure_name = "knowledge"
