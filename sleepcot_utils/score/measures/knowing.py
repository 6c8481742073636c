"""Knowledge: choices, key points of the card, and what contradicts it."""

from __future__ import annotations

from collections.abc import Sequence

from sleepcot_utils.knowledge import contradicted, covers
from sleepcot_utils.score.measures.reference import Reference, all_cards
from sleepcot_utils.tasks.build import KNOWLEDGE, Task
from sleepcot_utils.tasks.reading import split_answer
from sleepcot_utils.teach.verification import choice_is_right

SCORES = ("choice_right", "key_points", "not_contradicted")


def knowledge(texts: Sequence[str], references: Sequence[Reference]) -> dict[str, list[float]]:
    """What each answer gets right of its card.

    Returns
    -------
    dict of str to list of float
        ``choice_right`` for questions with options; for open ones ``key_points``, the share of the card's key points
        that are made, and ``not_contradicted``, 1 if the answer asserts none of the card's contradictions. NaN where a
        score does not apply.
    """
    rows = [_one(split_answer(text)[1], reference.task) for text, reference in zip(texts, references, strict=True)]
    return {name: [row[name] for row in rows] for name in SCORES}


def _one(answer: str, task: Task) -> dict[str, float]:
    row = dict.fromkeys(SCORES, float("nan"))
    if task.kind != KNOWLEDGE:
        return row
    if task.key.get("choice"):
        return row | {"choice_right": float(choice_is_right(task, answer))}
    card = all_cards()[task.topic]
    made = covers(card, answer)
    return row | {"key_points": sum(made) / len(made), "not_contradicted": float(not contradicted(card, answer))}
