"""Metric ``length`` of the ``evaluate`` library; its card is the README beside it."""

from __future__ import annotations

from sleepcot_utils.score.metrics import base


class Length(base.TaskMetric):
    """Words of answer and rationale, and sentences of the answer.

    Examples
    --------
    >>> from sleepcot_utils.score.measures.example import example_task
    >>> from sleepcot_utils.score.metrics import load_metric
    >>> found = load_metric("length").compute(predictions=["Reasoning: it is short.\\nAnswer: Sleep more."], references=[example_task()])
    >>> found["answer_words"], found["rationale_words"], found["answer_sentences"]
    (2.0, 3.0, 1.0)
    """

    measure_name = "length"
