"""Personalization: does an answer speak of this person, and would it be wrong for the next?"""

from __future__ import annotations

from collections.abc import Sequence

from sleepcot_utils.score.answers import fact_is_shown, numbers_right
from sleepcot_utils.score.claims import RIGHT, judged, sentences
from sleepcot_utils.score.measures.reference import Reference, all_cards
from sleepcot_utils.tasks.build import KNOWLEDGE, Task
from sleepcot_utils.tasks.reading import cited_numbers, split_answer
from sleepcot_utils.teach.verification import number_is_right

#: The only fact that the form filled with this user's numbers cites; see ``score.baselines``.
TEMPLATE_FACTS = ("total_sleep",)
NAN = float("nan")


def personalization(texts: Sequence[str], references: Sequence[Reference]) -> dict[str, list[float]]:
    """How far each answer is this user's own.

    Returns
    -------
    dict of str to list of float
        ``facts_cited``: share of the required facts that are cited with their own value. ``numbers_right``: share of the
        numbers said of a fact that are this user's, with unit and meaning; 0 without any. ``wrong_person_drop``: by how
        much that share falls against the key of the next other person who was asked the same. ``beyond_template``: share
        of the required facts that the template answer does not cite that are cited. ``specific_sentences``: share of
        sentences that say something right of this person and nothing wrong. NaN where a score does not apply.
    """
    others = next_persons([reference.task for reference in references])
    rows = []
    for text, reference, other in zip(texts, references, others, strict=True):
        rows.append(_one(split_answer(text)[1], reference.task, other))
    return {name: [row[name] for row in rows] for name in SCORES}


SCORES = ("facts_cited", "numbers_right", "wrong_person_drop", "beyond_template", "specific_sentences")


def next_persons(tasks: Sequence[Task]) -> list[Task | None]:
    """For each task the next one, in a circle, that asks another person the same question; None if nobody was asked."""
    groups: dict[tuple[str, str], list[int]] = {}
    for place, task in enumerate(tasks):
        groups.setdefault((task.kind, task.topic), []).append(place)
    found: list[Task | None] = [None] * len(tasks)
    for places in groups.values():
        for at, place in enumerate(places):
            circle = [*places[at + 1 :], *places[:at]]
            others = (tasks[other] for other in circle if tasks[other].person_id != tasks[place].person_id)
            found[place] = next(others, None)
    return found


def _one(answer: str, task: Task, other: Task | None) -> dict[str, float]:
    if task.kind == KNOWLEDGE:
        return dict.fromkeys(SCORES, NAN)
    key = task.key
    required = [name for name in key["required_facts"] if key["values"].get(name)]
    further = [name for name in required if name not in TEMPLATE_FACTS]
    row = dict.fromkeys(SCORES, NAN)
    if required:
        row["facts_cited"] = sum(fact_is_shown(name, answer, key) for name in required) / len(required)
        row["numbers_right"] = numbers_right(answer, key)
        if other is not None:
            row["wrong_person_drop"] = row["numbers_right"] - _numbers_fitting(answer, other)
    if further:
        row["beyond_template"] = sum(fact_is_shown(name, answer, key) for name in further) / len(further)
    said = sentences(answer)
    verdicts = [judged(task, sentence, all_cards())[0] for sentence in said]
    row["specific_sentences"] = verdicts.count(RIGHT) / len(said) if said else 0.0
    return row


def _numbers_fitting(answer: str, other: Task) -> float:
    """Share of the numbers said of a fact that would be right for another person; 0 where none is said."""
    cited = [citation for citation in cited_numbers(answer) if citation.claims]
    return sum(number_is_right(citation, other.key) for citation in cited) / len(cited) if cited else 0.0
