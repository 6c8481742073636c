"""Building tasks of the three kinds from reports and knowledge cards, split by person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.jsonlines import read_lines, write_lines
from sleepcot_utils.knowledge import SPLITS, Card
from sleepcot_utils.report.reports import COUNTERFACTUAL, FACTUAL, Report, report_text
from sleepcot_utils.tasks.follow_up import follow_ups, verdict
from sleepcot_utils.tasks.keys import follow_up_key, knowledge_key, recommend_key

RECOMMEND, FOLLOW_UP, KNOWLEDGE = "recommend", "follow_up", "knowledge"
SYSTEM_PROMPT = "You are a sleep coach. Use only the numbers of the report."
RECOMMEND_QUESTION = "What does this report show, and what should I do?"


@dataclass(frozen=True)
class Task:
    """One question with its key.

    Attributes
    ----------
    kind, topic : str
        ``recommend``, ``follow_up`` or ``knowledge``; for follow-ups the topic is the kind of question, for knowledge
        the card, else empty.
    person_id : str
        The person, who is the unit of analysis; for knowledge ``card:<id>``, because there the card is the unit.
    pair_id : str
        Ties a follow-up to its counterfactual twin; empty without one.
    messages : list of dict
        System and user message.
    key : dict
        What ``tasks.keys`` computed.
    """

    task_id: str
    kind: str
    topic: str
    person_id: str
    split: str
    variant: str
    report_id: str
    pair_id: str
    messages: list[dict[str, str]]
    key: dict[str, Any]


def split_people(person_ids: Sequence[str], validation: int, test: int, rng: np.random.Generator) -> dict[str, str]:
    """Assign each person to ``train``, ``validation`` or ``test`` at random.

    Parameters
    ----------
    validation, test : int
        How many persons each of these gets; all others train.
    """
    if validation + test >= len(person_ids):
        raise ParameterError(
            f"{validation} validation and {test} test persons leave nobody to train on among {len(person_ids)}",
            where="validation_persons, test_persons",
            expected="a sum below the number of persons",
        )
    order = rng.permutation(len(person_ids))
    splits = dict.fromkeys(person_ids, "train")
    splits |= {person_ids[i]: "validation" for i in order[:validation]}
    return splits | {person_ids[i]: "test" for i in order[validation : validation + test]}


def messages_for(question: str, report: Report | None) -> list[dict[str, str]]:
    """System and user message; the report stands before the question."""
    body = question if report is None else f"{report_text(report)}\n{question}"
    return [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": body}]


def recommend_task(report: Report, split: str) -> Task:
    """The recommendation task of a report."""
    return Task(
        f"recommend-{report.report_id}", RECOMMEND, "", report.person_id, split, report.variant, report.report_id, "",
        messages_for(RECOMMEND_QUESTION, report), recommend_key(report),
    )  # fmt: skip


def follow_up_task(topic: str, report: Report, split: str, question: str, pair_id: str = "") -> Task:
    """One follow-up question on a report."""
    return Task(
        f"follow_up-{topic}-{report.report_id}", FOLLOW_UP, topic, report.person_id, split, report.variant,
        report.report_id, pair_id, messages_for(question, report), follow_up_key(topic, report),
    )  # fmt: skip


def knowledge_task(card: Card, split: str, number: int, question: str) -> Task:
    """One question on a card in one of its phrasings; ``number`` counts the phrasings of the split."""
    return Task(
        f"knowledge-{card.card_id}-{split}{number}", KNOWLEDGE, card.card_id, f"card:{card.card_id}", split, FACTUAL,
        "", "", messages_for(question, None), knowledge_key(card.card_id),
    )  # fmt: skip


def build_tasks(
    reports: Iterable[Report],
    twins: Iterable[Report],
    cards: Iterable[Card],
    splits: dict[str, str],
    questions_per_report: int,
    rng: np.random.Generator,
) -> list[Task]:
    """All tasks of a run.

    Each person gets a recommendation and follow-up questions on the own report and on the counterfactual twin's. Kinds
    whose verdicts differ between the two reports are taken first, so that one question has two right answers; those
    share a ``pair_id``. Held-out persons are asked in held-out phrasings.

    Parameters
    ----------
    reports, twins : iterable of Report
        Factual and counterfactual ones.
    splits : dict of str to str
        Person to split.
    questions_per_report : int
        Follow-up questions on each report.
    """
    twin_of = {twin.person_id: twin for twin in twins}
    tasks: list[Task] = []
    for report in reports:
        split = splits[report.person_id]
        twin = twin_of.get(report.person_id)
        tasks += [recommend_task(one, split) for one in (report, twin) if one is not None]
        tasks += _follow_ups(report, twin, split, questions_per_report, rng)
    for card in cards:
        for split in SPLITS:
            for number, question in enumerate(card.phrasings.of(split), start=1):
                tasks.append(knowledge_task(card, split, number, question))
    return tasks


def _follow_ups(report: Report, twin: Report | None, split: str, count: int, rng: np.random.Generator) -> list[Task]:
    kinds = list(follow_ups())
    order = [kinds[i] for i in rng.permutation(len(kinds))]
    if twin is not None:
        order.sort(key=lambda kind: verdict(kind, report).name == verdict(kind, twin).name)  # stable: differing first
    tasks = []
    for kind in order[:count]:
        phrasings = follow_ups()[kind][split]
        question = phrasings[int(rng.integers(len(phrasings)))]
        differs = twin is not None and verdict(kind, report).name != verdict(kind, twin).name
        pair_id = f"{report.person_id}-{kind}" if differs else ""
        tasks += [follow_up_task(kind, one, split, question, pair_id) for one in (report, twin) if one is not None]
    return tasks


def write_tasks(path: Path, tasks: Iterable[Task]) -> None:
    """Write tasks as JSON lines."""
    write_lines(path, (asdict(task) for task in tasks))


def read_tasks(path: Path) -> list[Task]:
    """Read what ``write_tasks`` wrote.

    Raises
    ------
    ArtifactError
        Naming the line that is not a task.
    """
    return read_lines(path, lambda entry: Task(**entry), what="a task", written_by="notebook 02")


__all__ = ["COUNTERFACTUAL", "FACTUAL", "FOLLOW_UP", "KNOWLEDGE", "RECOMMEND", "Task", "build_tasks", "read_tasks"]
