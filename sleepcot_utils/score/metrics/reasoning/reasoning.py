"""Metric ``reasoning`` of the ``evaluate`` library; its card is the README beside it."""

from __future__ import annotations

from sleepcot_utils.score.metrics import base


class Reasoning(base.TaskMetric):
    """Whether the steps of a rationale hold: values, comparisons, levels, arithmetic, completeness, order, conclusion.

    Examples
    --------
    >>> from sleepcot_utils.score.measures.example import EXAMPLE_TEXT, example_task
    >>> from sleepcot_utils.score.metrics import load_metric
    >>> wrong = EXAMPLE_TEXT.replace("372 under 420: watch", "372 over 420: ok")
    >>> found = load_metric("reasoning").compute(predictions=[EXAMPLE_TEXT, wrong], references=[example_task()] * 2)
    >>> found["values_right"], found["comparisons_right"], found["levels_right"], found["all_valid"]
    (1.0, 0.5, 0.5, 0.5)
    """

    measure_name = "reasoning"
