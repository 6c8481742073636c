"""Building tasks of the three kinds from reports and knowledge cards, split by person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from string import ascii_uppercase as LETTERS
from typing import Any, Protocol

import numpy as np

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.jsonlines import read_lines, write_lines
from sleepcot_utils.knowledge import SPLITS, Card
from sleepcot_utils.report.reports import COUNTERFACTUAL, FACTUAL, FULL, Report, report_text
from sleepcot_utils.tasks.asking import MIXED, Asking
from sleepcot_utils.tasks.follow_up import ask, default_option
from sleepcot_utils.tasks.keys import follow_up_key, knowledge_key, recommend_key

RECOMMEND, FOLLOW_UP, KNOWLEDGE = "recommend", "follow_up", "knowledge"
#: Training advice; ``tasks.guide`` builds these tasks, and only the arm ``cot_with_guide`` learns them.
GUIDE = "guide"
SYSTEM_PROMPT = "You are a sleep coach. Use only the numbers of the report."
RECOMMEND_QUESTION = "What does this report show, and what should I do?"


class Choice(Protocol):
    """A multiple-choice question as ``knowledge.choices`` makes them; ``right`` is the place of the right option."""

    @property
    def card_id(self) -> str: ...
    @property
    def split(self) -> str: ...
    @property
    def question(self) -> str: ...
    @property
    def options(self) -> tuple[str, ...]: ...
    @property
    def right(self) -> int: ...


@dataclass(frozen=True)
class Task:
    """One question with its key.

    Attributes
    ----------
    kind, topic : str
        ``recommend``, ``follow_up``, ``knowledge`` or ``guide``; for follow-ups the topic is the kind of question, for
        knowledge the card, for training advice ``today``, ``week`` or ``condition``, else empty.
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


def split_people(
    person_ids: Sequence[str],
    validation: int,
    test: int,
    rng: np.random.Generator,
    *,
    flagged: Collection[str] = (),
    flagged_test: int = 0,
) -> dict[str, str]:
    """Assign each person to ``train``, ``validation`` or ``test`` at random.

    Parameters
    ----------
    validation, test : int
        How many persons each of these gets; all others train.
    flagged : collection of str
        Persons with something rare that the test must meet, such as a red flag.
    flagged_test : int
        How many of them the test gets before it is filled up at random, at most half of them: the others train. Left to
        chance, a test of fifty people would hardly meet any.

    Raises
    ------
    ParameterError
        If nobody is left to train on.
    """
    if validation + test >= len(person_ids):
        raise ParameterError(
            f"{validation} validation and {test} test persons leave nobody to train on among {len(person_ids)}",
            where="validation_persons, test_persons",
            expected="a sum below the number of persons",
        )
    order = [int(place) for place in rng.permutation(len(person_ids))]
    rare = [place for place in order if person_ids[place] in flagged]
    first = rare[: min(flagged_test, test, len(rare) // 2)]
    # They take the first places of the test, and everybody else keeps the order that was drawn.
    others = [place for place in order if place not in first]
    order = [*others[:validation], *first, *others[validation:]]
    splits = dict.fromkeys(person_ids, "train")
    splits |= {person_ids[i]: "validation" for i in order[:validation]}
    return splits | {person_ids[i]: "test" for i in order[validation : validation + test]}


def messages_for(question: str, report: Report | None, detail: str = FULL) -> list[dict[str, str]]:
    """System and user message; the report stands before the question."""
    body = question if report is None else f"{report_text(report, detail)}\n{question}"
    return [{"role": "system", "content": SYSTEM_PROMPT}, {"role": "user", "content": body}]


def recommend_task(report: Report, split: str, detail: str = FULL) -> Task:
    """The recommendation task of a report."""
    return Task(
        f"recommend-{report.report_id}", RECOMMEND, "", report.person_id, split, report.variant, report.report_id, "",
        messages_for(RECOMMEND_QUESTION, report, detail), recommend_key(report, detail),
    )  # fmt: skip


def follow_up_task(
    topic: str, report: Report, split: str, question: str, pair_id: str = "", *, about: str = "", detail: str = FULL
) -> Task:
    """One follow-up question on a report.

    Parameters
    ----------
    question : str
        A phrasing of the kind; its slot is filled with `about`.
    about : str
        What is asked about; empty takes the first option of a kind that has a slot.
    """
    about = about or default_option(topic)
    return Task(
        f"follow_up-{topic}-{report.report_id}", FOLLOW_UP, topic, report.person_id, split, report.variant,
        report.report_id, pair_id, messages_for(ask(topic, question, about), report, detail),
        follow_up_key(topic, report, about, detail),
    )  # fmt: skip


def knowledge_task(card: Card, split: str, number: int, question: str) -> Task:
    """One question on a card in one of its phrasings; ``number`` counts the phrasings of the split."""
    return Task(
        f"knowledge-{card.card_id}-{split}{number}", KNOWLEDGE, card.card_id, f"card:{card.card_id}", split, FACTUAL,
        "", "", messages_for(question, None), knowledge_key(card.card_id),
    )  # fmt: skip


def choice_task(choice: Choice, number: int) -> Task:
    """One multiple-choice question; ``number`` counts those of the card and split."""
    lines = [f"{letter}) {option}" for letter, option in zip(LETTERS, choice.options, strict=False)]
    return Task(
        f"choice-{choice.card_id}-{choice.split}{number}", KNOWLEDGE, choice.card_id, f"card:{choice.card_id}",
        choice.split, FACTUAL, "", "", messages_for("\n".join([choice.question, *lines]), None),
        knowledge_key(choice.card_id, LETTERS[choice.right]),
    )  # fmt: skip


def build_tasks(
    reports: Iterable[Report],
    twins: Iterable[Report],
    cards: Iterable[Card],
    splits: dict[str, str],
    questions_per_report: int,
    rng: np.random.Generator,
    *,
    difficulty: str = MIXED,
    choices: Iterable[Choice] = (),
) -> list[Task]:
    """All tasks of a run.

    Each person gets a recommendation and follow-up questions on the own report and on the counterfactual twin's; see
    ``tasks.asking`` for which. Held-out persons are asked in held-out phrasings.

    Parameters
    ----------
    reports, twins : iterable of Report
        Factual and counterfactual ones.
    splits : dict of str to str
        Person to split.
    questions_per_report : int
        Follow-up questions on each report.
    difficulty : str
        ``mixed`` (all kinds, the whole report printed), ``easy`` (kinds of difficulty 1 and 2 only) or ``hard`` (kinds
        of difficulty 3 and 4 twice as often, and reports that print no norms, or clock times to compute with).
    choices : iterable of Choice
        Multiple-choice questions on the cards.
    """
    asking = Asking(difficulty, rng)
    twin_of = {twin.person_id: twin for twin in twins}
    tasks: list[Task] = []
    for report in reports:
        split = splits[report.person_id]
        twin = twin_of.get(report.person_id)
        pair = [one for one in (report, twin) if one is not None]
        detail = asking.draw_detail()
        tasks += [recommend_task(one, split, detail) for one in pair]
        for q in asking.questions(report, twin, split, questions_per_report):
            tasks += [
                follow_up_task(q.kind, one, split, q.phrasing, q.pair_id, about=q.about, detail=q.detail)
                for one in pair
            ]
    for card in cards:
        for split in SPLITS:
            for number, question in enumerate(card.phrasings.of(split), start=1):
                tasks.append(knowledge_task(card, split, number, question))
    numbers: Counter[tuple[str, str]] = Counter()
    for choice in choices:
        numbers[choice.card_id, choice.split] += 1
        tasks.append(choice_task(choice, numbers[choice.card_id, choice.split]))
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


__all__ = [
    "COUNTERFACTUAL",
    "FACTUAL",
    "FOLLOW_UP",
    "GUIDE",
    "KNOWLEDGE",
    "RECOMMEND",
    "Task",
    "build_tasks",
    "read_tasks",
]
