"""Scores of answers against the keys of their tasks: one tidy table, joined by id."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import pandas as pd

from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.knowledge import Card, is_right
from sleepcot_utils.score.guide import guide_scores
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import FACTUAL, FOLLOW_UP, GUIDE, KNOWLEDGE, RECOMMEND, Task
from sleepcot_utils.tasks.reading import cited_numbers
from sleepcot_utils.teach.verification import (
    check_answer,
    choice_is_right,
    fact_is_cited,
    named_driver,
    named_verdict,
    number_is_right,
    red_flag_is_right,
    unsafe_phrases,
    value_is_right,
)
from sleepcot_utils.teach.verify.numbers import missing_facts

SCORE_COLUMNS = ("task_id", "kind", "person_id", "source", "seed", "metric", "value")
#: What each metric asks, in the words that tables and figures show. All lie between 0 and 1 and more is better.
METRICS = {
    "main_driver_right": "the recommendation names the key's main driver",
    "verdict_right": "the follow-up answer gives the key's verdict, and the value that was asked for where one was",
    "knowledge_right": "the open answer holds the card's key points and no contradiction",
    "choice_right": "the answer chooses the right option, by its letter or its text",
    "numbers_right": "share of cited numbers that are this user's, for the fact they are said of; 0 if none is cited",
    "facts_cited": "share of the facts that the key requires that are cited with a right number",
    "red_flag_right": "sends red flags to a clinician and raises no false alarm",
    "safe": "advises nothing that this report contraindicates",
    "pair_right": "both answers of a counterfactual pair are right",
    "finished": "the answer ended by itself within its token limit",
    "all_checks_passed": "would pass the checks that filter a teacher's answers",
}


class OfAKind(Protocol):
    """A task, or an example of one."""

    @property
    def kind(self) -> str: ...


AnyKind = TypeVar("AnyKind", bound=OfAKind)


def held_out_tasks(tasks: Iterable[Task], split: str, *, guide: bool = False) -> list[Task]:
    """Tasks on which a split is scored: all of the factual reports, and both sides of counterfactual pairs.

    Parameters
    ----------
    guide : bool
        Whether tasks on training advice are among them; only students who learned it are asked.
    """
    wanted = [t for t in tasks if t.split == split and (t.variant == FACTUAL or t.pair_id)]
    return wanted if guide else without_guide(wanted)


def without_guide(items: Iterable[AnyKind]) -> list[AnyKind]:
    """Tasks or examples on sleep alone: training advice has a notebook of its own, and only one arm learns it."""
    return [item for item in items if item.kind != GUIDE]


def score_answers(answers: Iterable[Answer], tasks: Sequence[Task], cards: Mapping[str, Card]) -> pd.DataFrame:
    """Score answers of any sources.

    Parameters
    ----------
    answers : iterable of Answer
        Of any source and seed; each task once per source and seed.
    tasks : sequence of Task
        The tasks that were to be answered.
    cards : mapping of str to Card
        Knowledge cards by id.

    Returns
    -------
    pandas.DataFrame
        ``SCORE_COLUMNS``; ``person_id`` is ``card:<id>`` for knowledge, whose unit is the card.

    Raises
    ------
    ArtifactError
        If a source leaves a task unanswered, answers one twice or answers one that was not asked.
    """
    by_id = {task.task_id: task for task in tasks}
    rows: list[dict[str, Any]] = []
    verdicts: dict[tuple[str, int], dict[str, list[tuple[Task, float]]]] = {}
    seen: dict[tuple[str, int], set[str]] = {}
    for answer in answers:
        origin = (answer.source, answer.seed)
        done = seen.setdefault(origin, set())
        if answer.task_id not in by_id or answer.task_id in done:
            problem = "is answered twice" if answer.task_id in done else "was not asked"
            raise ArtifactError(f"the task {answer.task_id!r} {problem}", where=f"answers of {answer.source}")
        done.add(answer.task_id)
        task = by_id[answer.task_id]
        values = score_one(task, answer, cards)
        if task.pair_id:
            pairs = verdicts.setdefault(origin, {})
            right = values["verdict_right" if task.kind == FOLLOW_UP else "level_right"]
            pairs.setdefault(task.pair_id, []).append((task, right))
        rows += [_row(task, answer.source, answer.seed, metric, value) for metric, value in values.items()]
    for (source, seed), done in seen.items():
        if len(done) < len(by_id):
            missing = next(name for name in by_id if name not in done)
            raise ArtifactError(
                f"{len(by_id) - len(done)} of {len(by_id)} tasks have no answer, the first is {missing!r}",
                where=f"answers of {source}, seed {seed}",
            )
    for (source, seed), pairs in verdicts.items():
        for pair_id, members in pairs.items():
            if len(members) == 2:
                both = min(value for _, value in members)
                task = members[0][0]
                rows.append(_row(task, source, seed, "pair_right", both) | {"task_id": f"pair-{pair_id}"})
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def score_one(task: Task, answer: Answer, cards: Mapping[str, Card]) -> dict[str, float]:
    """Values of the metrics that apply to one answer, by metric."""
    text = answer.answer
    values = {"finished": float(answer.finish_reason == "stop")}
    values["all_checks_passed"] = float(not check_answer(task, answer.rationale, text, cards))
    if task.key.get("choice"):
        return values | {"choice_right": float(choice_is_right(task, text))}
    if task.kind == KNOWLEDGE:
        return values | {"knowledge_right": float(is_right(cards[task.topic], text))}
    if task.kind == GUIDE:
        return values | guide_scores(task, text)
    values["numbers_right"] = numbers_right(text, task.key)
    required = [name for name in task.key["required_facts"] if task.key["numbers"].get(name)]
    if required:
        values["facts_cited"] = sum(fact_is_shown(name, text, task.key) for name in required) / len(required)
    values["safe"] = float(not unsafe_phrases(text, task.key))
    if task.kind == RECOMMEND:
        values["main_driver_right"] = float(named_driver(text) == task.key["main_driver"])
        values["red_flag_right"] = float(red_flag_is_right(task, text))
    if task.kind == FOLLOW_UP:
        is_right_verdict = named_verdict(task.topic, text) == task.key["verdict"]
        values["verdict_right"] = float(is_right_verdict and value_is_right(task, text))
        if not task.key["required_facts"]:
            del values["numbers_right"]  # a right answer may hold no number ("this data can't say")
    return values


def numbers_right(text: str, key: Mapping[str, Any]) -> float:
    """Share of the numbers said of a fact that are this user's; 0 where no own value is cited.

    Silence must not score, nor must a norm that holds for everybody: such an answer is not a personal one.
    """
    cited = [citation for citation in cited_numbers(text) if citation.claims]
    if not any(fact_is_cited(name, text, {"values": {name: own}}) for name, own in key["values"].items()):
        return 0.0
    return sum(number_is_right(citation, key) for citation in cited) / len(cited)


def fact_is_shown(name: str, text: str, key: Mapping[str, Any]) -> bool:
    """Whether a text cites a fact with this user's own value, or works with it: "you spend 6 h 42 min asleep"."""
    return next(missing_facts(text, {**key, "required_facts": [name]}, "", ""), None) is None


def wrong_person_numbers(answers: Iterable[Answer], tasks: Sequence[Task]) -> pd.DataFrame:
    """Negative control: ``numbers_right`` of each recommendation against the key of the next person's report.

    A metric of personalization that does not drop here is void.
    """
    own = [task for task in tasks if task.kind == RECOMMEND]
    following = {task.task_id: own[(i + 1) % len(own)] for i, task in enumerate(own)}
    rows = []
    for answer in answers:
        if answer.task_id in following:
            other = following[answer.task_id]
            task = next(t for t in own if t.task_id == answer.task_id)
            value = numbers_right(answer.answer, other.key)
            rows.append(_row(task, answer.source, answer.seed, "numbers_right_wrong_person", value))
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def _row(task: Task, source: str, seed: int, metric: str, value: float) -> dict[str, Any]:
    assert not math.isnan(value)
    return dict(
        zip(SCORE_COLUMNS, (task.task_id, task.kind, task.person_id, source, seed, metric, float(value)), strict=True)
    )
