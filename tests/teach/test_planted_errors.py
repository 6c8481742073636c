"""Planted errors, tested by verification as it stands: each kind is recorded by name and caught at the stated rate."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.safety.answers import doses
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND, Task, knowledge_task, recommend_task
from sleepcot_utils.tasks.drivers import find
from sleepcot_utils.tasks.follow_up import follow_ups
from sleepcot_utils.tasks.reading import cited_numbers
from sleepcot_utils.teach import expert
from sleepcot_utils.teach.expert.voice import wording
from sleepcot_utils.teach.planted_errors import ERRORS, ExpertErrors, plant_error
from sleepcot_utils.teach.teachers import expert_answer, with_planted_errors
from sleepcot_utils.teach.verification import check_answer, number_is_right

#: How often each task is damaged; recommendations more often, because red flags are rare.
ROUNDS = {RECOMMEND: 40, FOLLOW_UP: 12, KNOWLEDGE: 1}

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
        "wrong comparison": 0.9,
        "empty": 1.0,
    },
    FOLLOW_UP: {"wrong number": 0.9, "other person": 0.9, "wrong verdict": 0.9, "unsafe advice": 1.0, "empty": 1.0},
    KNOWLEDGE: {"other person": 0.99, "empty": 1.0},
}
#: Which kinds a task can be damaged by at all.
POSSIBLE = {
    RECOMMEND: set(ERRORS) - {"wrong verdict", "wrong card"},
    FOLLOW_UP: set(ERRORS) - {"wrong driver", "missed red flag", "wrong card"},
    KNOWLEDGE: {"dose named", "other person", "wrong card", "empty"},
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


def reread_of(task: Task, study):
    """The expert, asked again with a changed report."""

    def again(change):
        changed = {task.report_id: change(study.report_of[task.report_id])}
        said = expert_answer(task, changed, study.cards)
        return said.rationale, said.answer

    return again if task.report_id else None


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
            rationale, answer, error = plant_error(
                task, *before, instead, rng, reread=reread_of(task, study), card=study.cards.get(task.topic)
            )
            problems = check_answer(task, rationale, answer, study.cards)
            made.append(Planted(task, before, (rationale, answer), instead, error, problems))
    return made


def test_every_kind_of_error_is_planted_where_it_fits(planted: list[Planted]) -> None:
    met = defaultdict(set)
    for one in planted:
        assert one.error in POSSIBLE[one.task.kind], one
        met[one.task.kind].add(one.error)
    assert dict(met) == POSSIBLE


def test_every_kind_of_error_is_caught_at_its_rate(planted: list[Planted]) -> None:
    caught = defaultdict(list)
    for one in planted:
        caught[one.task.kind, one.error].append(bool(one.problems))
    rates = {(kind, error): caught[kind, error] for kind, stated in CAUGHT.items() for error in stated}
    assert {key: len(values) for key, values in rates.items() if len(values) < 15} == {}
    low = {key: np.mean(values) for key, values in rates.items() if np.mean(values) < CAUGHT[key[0]][key[1]]}
    assert low == {}


def test_damage_that_changes_nothing_is_not_counted(study) -> None:
    """A missed red flag needs a red flag, and a wrong card a knowledge question."""
    rng, task = np.random.default_rng(1), next(t for t in study.tasks if t.kind == RECOMMEND and not t.key["red_flags"])
    before = study.answers[task.task_id]
    for kinds in (["missed red flag"], ["wrong card"], ["wrong verdict"], ["missed red flag", "wrong card"]):
        assert plant_error(task, *before, ("x", "y"), rng, kinds) == (*before, "")
    assert plant_error(task, *before, before, rng, ["other person"]) == (*before, "")
    assert plant_error(task, *before, ("x", "y"), rng, ["wrong card", "empty"]) == (before[0], "", "empty")


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
        for citation in new:
            assert not citation.facts or number_is_right(citation, one.task.key)


def test_damage_stays_where_it_is_meant_to_be(planted: list[Planted]) -> None:
    in_the_answer = ("wrong number", "wrong driver", "wrong verdict", "unsafe advice", "dose named", "missed red flag")
    for one in planted:
        (rationale, answer), (damaged, said) = one.before, one.after
        assert one.after != one.before
        if one.error in (*in_the_answer, "wrong card", "empty"):
            assert damaged == rationale
        if one.error in ("wrong step", "step order", "step left out"):
            assert said == answer
        if one.error == "wrong step":
            pairs = zip(rationale.splitlines(), damaged.splitlines(), strict=True)
            assert sum(old != new for old, new in pairs) == 1
        if one.error == "step order":
            assert sorted(damaged.splitlines()) == sorted(rationale.splitlines())
        if one.error == "step left out":
            assert len(damaged.splitlines()) == len(rationale.splitlines()) - 1
        if one.error == "unsafe advice":
            assert said.removeprefix(f"{answer}\nAlso: ").rstrip(".") in one.task.key["contraindicated"]
        if one.error == "other person":
            assert one.after == one.other
        if one.error == "missed red flag":
            assert one.task.key["red_flags"] and "clinician" not in said


def test_a_misread_comparison_is_carried_on_into_what_follows(hand_report) -> None:
    report = hand_report(total_sleep=400)
    task = recommend_task(report, "train")
    before = expert.recommend(report)
    rng, seen = np.random.default_rng(2), set()
    for _ in range(60):
        rationale, answer, error = plant_error(
            task, *before, ("", ""), rng, ["wrong comparison"], reread=lambda change: expert.recommend(change(report))
        )
        assert error == "wrong comparison"
        if "time asleep 400: ok" in rationale:
            assert "problems: none" in rationale and "Likely driver: none" in answer
            seen.add("missed")
        if "sleep efficiency 90 under 85: watch" in rationale:
            assert "problems: time asleep, sleep efficiency" in rationale and "lying awake in bed" in answer
            seen.add("invented")
    assert seen == {"missed", "invented"}


def test_without_the_report_a_comparison_is_turned_round_in_the_text(hand_report) -> None:
    report = hand_report(total_sleep=400)
    task, before = recommend_task(report, "train"), expert.recommend(report)
    rationale, answer, error = plant_error(task, *before, ("", ""), np.random.default_rng(2), ["wrong comparison"])
    assert error == "wrong comparison"
    assert "time asleep 400 over 420: watch" in rationale and "time asleep 400 min, above the norm of 420" in answer


def test_every_planted_dose_is_one() -> None:
    assert all(doses(text) for text in wording()["errors"]["doses"])


@pytest.mark.parametrize("kind", sorted(follow_ups()))
def test_a_wrong_verdict_claims_another_verdict_of_the_same_question(study, kind: str) -> None:
    rng = np.random.default_rng(4)
    tasks = [task for task in study.tasks if task.topic == kind]
    assert tasks
    for task in tasks[:30]:
        before = study.answers[task.task_id]
        rationale, answer, error = plant_error(task, *before, ("", ""), rng, ["wrong verdict"])
        assert (error, rationale) == ("wrong verdict", before[0]) and answer != before[1]


def test_a_wrong_card_tempts_with_an_option(study) -> None:
    rng, card = np.random.default_rng(5), next(iter(study.cards.values()))
    task = knowledge_task(card, "train", 1, "What is known?")
    said = plant_error(task, *expert.knowledge(card), ("", ""), rng, ["wrong card"], card=card)
    assert said[1] in card.wrong_options and said[2] == "wrong card"
    options = f"Which is right?\nA) {card.wrong_options[0]}\nB) {card.statement}\nC) {card.wrong_options[1]}"
    chosen = knowledge_task(card, "train", 2, options)
    chosen.key["choice"] = "B"
    drawn = {plant_error(chosen, "why", "B)", ("", ""), rng, ["wrong card"])[1] for _ in range(20)}
    assert drawn == {f"A) {card.wrong_options[0]}", f"C) {card.wrong_options[1]}"}


def test_the_same_draws_plant_the_same_errors(study) -> None:
    task = next(task for task in study.tasks if task.kind == RECOMMEND)
    other = study.answers[study.tasks[-1].task_id]
    made = [
        [plant_error(task, *study.answers[task.task_id], other, rng) for _ in range(20)]
        for rng in (np.random.default_rng(9), np.random.default_rng(9))
    ]
    assert made[0] == made[1] and len({error for *_, error in made[0]}) > 3


@pytest.mark.parametrize(
    ("rate", "kinds", "where"),
    [(1.1, ("empty",), "rate"), (-0.1, ("empty",), "rate"), (0.1, (), "kinds"), (0.1, ("typo",), "kinds")],
)
def test_a_dial_that_is_not_one_is_named(rate: float, kinds: tuple[str, ...], where: str) -> None:
    with pytest.raises(ParameterError, match=where):
        ExpertErrors(rate, kinds)


@pytest.fixture(scope="module")
def honest(study) -> list[Answer]:
    return [
        expert_answer(task, study.report_of, study.cards, form="mix", wording="varied", sample=1)
        for task in study.tasks
    ]


def test_the_dial_damages_training_answers_at_its_rate_and_by_its_kinds(study, honest) -> None:
    by_id = {task.task_id: task for task in study.tasks}
    again = partial(
        with_planted_errors,
        honest,
        by_id,
        0.3,
        reports=study.report_of,
        cards=study.cards,
        form="mix",
        wording="varied",
    )
    answers, planted = again(np.random.default_rng(6))
    changed = {new.task_id for new, old in zip(answers, honest, strict=True) if new != old}
    assert changed == set(planted) and {by_id[name].split for name in planted} == {"train"}
    trained = sum(task.split == "train" for task in by_id.values())
    assert 0.27 < len(planted) / trained < 0.33
    assert set(planted.values()) == set(ERRORS) - ({"missed red flag"} - set(planted.values()))
    assert (answers, planted) == again(np.random.default_rng(6))
    only = again(np.random.default_rng(6), ["wrong step", "dose named"])[1]
    assert set(only.values()) == {"wrong step", "dose named"}
    assert with_planted_errors(honest, by_id, 0.0, np.random.default_rng(6)) == (honest, {})


def test_a_misread_comparison_keeps_the_form_of_the_answer(study, honest) -> None:
    """The expert is asked again in the same form, so that an error does not give itself away by its length."""
    by_id = {task.task_id: task for task in study.tasks}
    recommended = [answer for answer in honest if by_id[answer.task_id].kind == RECOMMEND]
    damaged, planted = with_planted_errors(
        recommended, by_id, 1.0, np.random.default_rng(7), ["wrong comparison"],
        reports=study.report_of, form="mix", wording="varied",
    )  # fmt: skip
    assert len(planted) > 50 and set(planted.values()) == {"wrong comparison"}
    for old, new in zip(recommended, damaged, strict=True):
        assert ("Watch:" in old.answer) == ("Watch:" in new.answer)
        assert (old != new) == (old.task_id in planted)


def test_every_error_can_be_planted_in_the_long_form(study) -> None:
    rng, met = np.random.default_rng(8), set()
    flagged = [
        task for task in study.tasks if task.kind == RECOMMEND and find(study.report_of[task.report_id]).red_flags
    ]
    for task in [*study.tasks[::7], *flagged]:
        said = expert_answer(task, study.report_of, study.cards, form="long", wording="varied")
        for error in sorted(POSSIBLE[task.kind] - met):
            made = plant_error(
                task, said.rationale, said.answer, ("x", "y"), rng, [error], card=study.cards.get(task.topic)
            )
            met |= {made[2]} - {""}
    assert met == set(ERRORS)
