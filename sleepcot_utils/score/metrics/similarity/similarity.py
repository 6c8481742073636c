"""Metric ``similarity`` of the ``evaluate`` library; its card is the README beside it."""

from __future__ import annotations

from sleepcot_utils.score.metrics import base


class Similarity(base.TaskMetric):
    """Cosine of an answer and a reference answer, by words or by vectors of one's own.

    Examples
    --------
    >>> from sleepcot_utils.score.measures import Reference
    >>> from sleepcot_utils.score.measures.example import example_task
    >>> from sleepcot_utils.score.metrics import load_metric
    >>> example = Reference(example_task(), "Your time asleep was 372 min.")
    >>> texts = ["Your time asleep was 372 min.", "Alcohol breaks sleep."]
    >>> [round(load_metric("similarity").compute(predictions=[text], references=[example])["similarity"], 2) for text in texts]
    [1.0, 0.0]
    """

    measure_name = "similarity"
