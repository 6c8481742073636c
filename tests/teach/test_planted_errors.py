"""Planted errors: each kind is caught at the rate that is stated here, and nothing else is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pytest

from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND, Task
from sleepcot_utils.tasks.reading import cited_numbers
from sleepcot_utils.teach import planted_errors
from sleepcot_utils.teach.planted_errors import ERRORS, plant_error
from sleepcot_utils.teach.verification import check_answer, number_is_right

#: How often each task is damaged; recommendations more often, because red flags are rare.
ROUNDS = {RECOMMEND: 40, FOLLOW_UP: 2, KNOWLEDGE: 1}

#: Smallest share of each kind that verification has to catch. Below 1 only where the damaged answer can still be right:
#: a wrong number may equal a limit of the fact or stand in advice that names no fact; another person's answer to a
#: follow-up may hold nothing but what is true of both.
CAUGHT = {
    RECOMMEND: {
        "wrong number": 0.85,
        "wrong driver": 1.0,
        "missed red flag": 1.0,
        "unsafe advice": 1.0,
        "other person": 1.0,
        "wrong step": 1.0,
        "empty": 1.0,
    },
    FOLLOW_UP: {"wrong number": 0.97, "other person": 0.97, "empty": 1.0},
    KNOWLEDGE: {"other person": 1.0, "empty": 1.0},
}


@dataclass(frozen=True)
class Planted:
    """One damaged answer and what verification said of it."""

    task: Task
    before: tuple[str, str]
    after: tuple[str, str]
    other: tuple[str, str]
    error: str
    problems: list[str]


@pytest.fixture(scope="module")
def planted(study) -> list[Planted]:
    rng = np.random.default_rng(3)
    same: dict[tuple[str, str], list[Task]] = defaultdict(list)
    for task in study.tasks:
        same[task.kind, "" if task.kind == KNOWLEDGE else task.topic].append(task)
    made = []
    for (kind, _), tasks in same.items():
        for number in range(len(tasks) * ROUNDS[kind]):
            task, other = tasks[number % len(tasks)], tasks[int(rng.integers(len(tasks)))]
            if other.person_id == task.person_id:
                continue
            before, instead = study.answers[task.task_id], study.answers[other.task_id]
            rationale, answer, error = plant_error(task, *before, instead, rng)
            problems = check_answer(task, rationale, answer, study.cards)
            made.append(Planted(task, before, (rationale, answer), instead, error, problems))
    return made


def test_every_kind_of_error_is_planted_and_caught_at_its_rate(planted: list[Planted]) -> None:
    caught = defaultdict(list)
    for one in planted:
        if one.error:
            caught[one.task.kind, one.error].append(bool(one.problems))
    assert {error for _, error in caught} == set(ERRORS)
    stated = {(kind, error) for kind, rates in CAUGHT.items() for error in rates}
    assert set(caught) == stated
    rates = {key: float(np.mean(values)) for key, values in caught.items()}
    assert {key: len(values) for key, values in caught.items() if len(values) < 15} == {}
    assert {key: rate for key, rate in rates.items() if rate < CAUGHT[key[0]][key[1]]} == {}


def test_an_answer_that_was_not_changed_is_called_unchanged_and_passes(planted: list[Planted]) -> None:
    unchanged = [one for one in planted if not one.error]
    assert unchanged
    for one in unchanged:
        assert one.after == one.before and one.problems == []
    assert all(one.after != one.before for one in planted if one.error)


def test_each_error_is_caught_by_the_check_that_is_for_it(planted: list[Planted]) -> None:
    check = {
        "wrong driver": "main driver",
        "missed red flag": "red flag",
        "unsafe advice": "unsafe advice",
        "wrong step": "rationale steps",
        "empty": "format",
    }
    for one in planted:
        if one.error in check:
            assert check[one.error] in one.problems, (one.error, one.after)


def test_a_wrong_number_slips_through_only_where_it_claims_nothing_false(planted: list[Planted]) -> None:
    slipped = [one for one in planted if one.error == "wrong number" and not one.problems]
    for one in slipped:
        before = [(c.value, c.clause) for c in cited_numbers(one.before[1])]
        new = [c for c in cited_numbers(one.after[1]) if (c.value, c.clause) not in before]
        assert new
        for citation in new:
            assert not citation.facts or number_is_right(citation, one.task.key)


def test_damage_stays_where_it_is_meant_to_be(planted: list[Planted]) -> None:
    for one in planted:
        rationale, answer = one.before
        if one.error in ("wrong number", "wrong driver", "unsafe advice", "missed red flag", "empty"):
            assert one.after[0] == rationale
        if one.error == "wrong step":
            assert one.after[1] == answer
            pairs = zip(rationale.splitlines(), one.after[0].splitlines(), strict=True)
            assert sum(old != new for old, new in pairs) == 1
        if one.error == "unsafe advice":
            assert one.after[1].startswith(answer)
            assert one.after[1].removeprefix(f"{answer}\nAlso: ").rstrip(".") in one.task.key["contraindicated"]
        if one.error == "other person":
            assert one.after == one.other
        if one.error == "missed red flag":
            assert one.task.key["red_flags"] and "clinician" not in one.after[1]


def test_the_same_draws_plant_the_same_errors(study) -> None:
    task = next(task for task in study.tasks if task.kind == RECOMMEND)
    other = study.answers[study.tasks[-1].task_id]
    made = [
        [plant_error(task, *study.answers[task.task_id], other, rng) for _ in range(20)]
        for rng in (np.random.default_rng(9), np.random.default_rng(9))
    ]
    assert made[0] == made[1] and len({error for *_, error in made[0]}) > 3


def test_every_error_has_its_damage() -> None:
    assert set(planted_errors._DAMAGE) == set(ERRORS)
