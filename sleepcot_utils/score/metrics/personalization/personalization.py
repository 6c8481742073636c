"""Metric ``personalization`` of the ``evaluate`` library; its card is the README beside it."""

from __future__ import annotations

from sleepcot_utils.score.metrics import base


class Personalization(base.TaskMetric):
    """Whether an answer speaks of this person: required facts cited, numbers that are this user's, and how much of that
    is lost on the next person's key.

    Examples
    --------
    >>> from sleepcot_utils.score.measures.example import EXAMPLE_TEXT, example_task
    >>> from sleepcot_utils.score.metrics import load_metric
    >>> both = [example_task("p1", 372.0), example_task("p2", 331.0)]
    >>> found = load_metric("personalization").compute(predictions=[EXAMPLE_TEXT] * 2, references=both)
    >>> found["facts_cited"], found["numbers_right"], found["facts_cited_n"]
    (0.5, 0.5, 2)
    """

    measure_name = "personalization"
