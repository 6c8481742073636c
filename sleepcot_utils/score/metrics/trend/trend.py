"""Metric ``trend`` of the ``evaluate`` library; its card is the README beside it."""

from __future__ import annotations

from sleepcot_utils.score.metrics import base


class Trend(base.TaskMetric):
    """Whether the direction of the trend of time asleep is right where it is asked for or stated.

    Examples
    --------
    >>> from sleepcot_utils.score.measures.example import EXAMPLE_TEXT, example_task
    >>> from sleepcot_utils.score.metrics import load_metric
    >>> said = EXAMPLE_TEXT.replace("main:", "trend of time asleep: falling\\nmain:")
    >>> load_metric("trend").compute(predictions=[EXAMPLE_TEXT, said], references=[example_task()] * 2)
    {'direction_right': 0.0, 'direction_right_n': 1}
    """

    measure_name = "trend"
