"""Right answers on which metrics and judges are examined."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.knowledge import Card
from sleepcot_utils.report.reports import Report
from sleepcot_utils.score.measures import Reference
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import KNOWLEDGE, RECOMMEND, Task
from sleepcot_utils.tasks.follow_up import CANNOT_SAY
from sleepcot_utils.teach.expert.voice import VARIED
from sleepcot_utils.teach.teachers import expert_answer

#: Questions of knowledge are of many topics, and cheap; so many times more of them are drawn.
KNOWLEDGE_TIMES = 5


@dataclass(frozen=True)
class Candidates:
    """Answers on which metrics are examined.

    Attributes
    ----------
    tasks : list of Task
        Each once.
    clean : list of Answer
        A right answer to each, in the same order.
    examples : list of str
        Another right answer to each, in other words, with which overlap of words is measured.
    """

    tasks: list[Task]
    clean: list[Answer]
    examples: list[str]

    def __post_init__(self) -> None:
        if [answer.task_id for answer in self.clean] != [task.task_id for task in self.tasks]:
            raise InputError("answers and tasks are not the same, in the same order", where="clean")
        if len(self.examples) != len(self.tasks):
            raise InputError(f"{len(self.examples)} examples for {len(self.tasks)} tasks", where="examples")

    def part(self, places: Iterable[int]) -> Candidates:
        """Those at some places."""
        places = list(places)
        return Candidates(
            [self.tasks[at] for at in places], [self.clean[at] for at in places], [self.examples[at] for at in places]
        )

    @property
    def references(self) -> list[Reference]:
        """What metrics score against."""
        return [Reference(task, example) for task, example in zip(self.tasks, self.examples, strict=True)]

    @property
    def by_id(self) -> dict[str, Task]:
        """Tasks by id."""
        return {task.task_id: task for task in self.tasks}


def right_answers(
    tasks: Sequence[Task], reports: Mapping[str, Report], cards: Mapping[str, Card]
) -> tuple[list[Answer], dict[str, str]]:
    """The embedded expert's answer to each task, and its answer in other words, for ``exam.exam_table``.

    Parameters
    ----------
    reports, cards : mapping
        By id; every report that a task rests on.

    Returns
    -------
    clean : list of Answer
    examples : dict of str to str
        Task to the answer's text in other words; short answers, and those that choose an option, may have no others.
    """
    clean = [expert_answer(task, reports, cards, wording=VARIED, sample=0) for task in tasks]
    return clean, {task.task_id: expert_answer(task, reports, cards, wording=VARIED, sample=1).answer for task in tasks}


def candidates(
    tasks: Sequence[Task],
    clean: Sequence[Answer],
    examples: Mapping[str, str],
    at_most: int,
    rng: np.random.Generator,
) -> Candidates:
    """Tasks that have both a right answer and an example, at most so many of each kind, topic and driver.

    Parameters
    ----------
    tasks : sequence of Task
        Tasks to draw from.
    clean : sequence of Answer
        Right answers.
    examples : mapping of str to str
        Right answers in other words, by task.
    at_most : int
        Tasks of each kind, topic and driver, 2 or more; of knowledge ``KNOWLEDGE_TIMES`` as many.
    rng : numpy.random.Generator
        Source of the draw.
    """
    if at_most < 2:
        raise ParameterError(f"{at_most} tasks of a kind are too few", where="at_most", expected="2 or more")
    answer_to = {answer.task_id: answer for answer in clean}
    groups: dict[tuple[Any, ...], list[Task]] = {}
    for task in tasks:
        if task.task_id in answer_to and task.task_id in examples:
            groups.setdefault(_group(task), []).append(task)
    if not groups:
        raise InputError("no task has both a right answer and an example", where="tasks")
    drawn = []
    for (kind, *_), group in groups.items():
        most = at_most * (KNOWLEDGE_TIMES if kind == KNOWLEDGE else 1)
        drawn += [group[at] for at in sorted(rng.permutation(len(group))[:most])]
    return Candidates(drawn, [answer_to[one.task_id] for one in drawn], [examples[one.task_id] for one in drawn])


def halves(whole: Candidates, seed: int) -> tuple[Candidates, Candidates]:
    """Persons (or cards) in two halves: limits are fixed on the first, and the exam is held on the second."""
    persons = sorted({task.person_id for task in whole.tasks})
    order = np.random.default_rng(seed).permutation(len(persons))
    first = {persons[at] for at in order[: len(persons) // 2]}
    sides = [task.person_id in first for task in whole.tasks]
    return tuple(whole.part(at for at, side in enumerate(sides) if side is wanted) for wanted in (True, False))  # type: ignore[return-value]


def _group(task: Task) -> tuple[Any, ...]:
    """What tasks are drawn from, so that rare ones (red flags, what can't be known, each driver) are not missed."""
    key = task.key
    if task.kind == KNOWLEDGE:
        return KNOWLEDGE, bool(key.get("choice"))
    if task.kind == RECOMMEND:
        return RECOMMEND, key["main_driver"], bool(key["red_flags"])
    return task.kind, task.topic, key["verdict"] == CANNOT_SAY
