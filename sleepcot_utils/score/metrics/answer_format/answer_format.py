"""Metric ``answer_format`` of the ``evaluate`` library; its card is the README beside it."""

from __future__ import annotations

from sleepcot_utils.score.metrics import base


class AnswerFormat(base.TaskMetric):
    """Whether an answer has the lines, the size and the marks that it was asked for.

    Examples
    --------
    >>> from sleepcot_utils.score.measures.example import EXAMPLE_TEXT, example_task
    >>> from sleepcot_utils.score.metrics import load_metric
    >>> found = load_metric("answer_format").compute(predictions=[EXAMPLE_TEXT, ""], references=[example_task()] * 2)
    >>> found["parts_present"], found["size_right"], found["marks_right"]
    (0.5, 0.5, 1.0)
    """

    measure_name = "answer_format"
