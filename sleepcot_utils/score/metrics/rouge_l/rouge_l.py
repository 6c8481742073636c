"""Metric ``rouge_l`` of the ``evaluate`` library; its card is the README beside it."""

from __future__ import annotations

from sleepcot_utils.score.metrics import base


class RougeL(base.TaskMetric):
    """F1 of the longest common subsequence of words of an answer and a reference answer.

    Examples
    --------
    >>> from sleepcot_utils.score.measures import Reference
    >>> from sleepcot_utils.score.measures.example import example_task
    >>> from sleepcot_utils.score.metrics import load_metric
    >>> example = Reference(example_task(), "Your time asleep was 372 min.")
    >>> texts = ["Your time asleep was 372 min.", "Your time asleep was 480 min."]
    >>> [round(load_metric("rouge_l").compute(predictions=[text], references=[example])["rouge_l"], 2) for text in texts]
    [1.0, 0.83]
    """

    measure_name = "rouge_l"
