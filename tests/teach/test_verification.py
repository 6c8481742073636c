"""Verification: each check fails on the damage that it is for, and on that alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND, Task, follow_up_task, recommend_task
from sleepcot_utils.tasks.reading import cited_numbers
from sleepcot_utils.teach import expert
from sleepcot_utils.teach.verification import (
    LONGEST_ANSWER_WORDS,
    check_answer,
    fact_is_cited,
    named_verdict,
    number_is_right,
    unsafe_phrases,
    warns,
)
from sleepcot_utils.teach.verify.reasoning import wrong_levels

#: Short sleep behind late caffeine: two facts that must be cited, nothing red.
SHORT = {"total_sleep": 372, "late_caffeine_nights": 9}


@pytest.fixture(scope="module")
def short(hand_report) -> tuple[Task, str, str]:
    report = hand_report(**SHORT)
    return recommend_task(report, "train"), *expert.recommend(report)


@pytest.fixture(scope="module")
def breathless(hand_report) -> tuple[Task, str, str]:
    report = hand_report(lowest_oxygen=84)
    return recommend_task(report, "train"), *expert.recommend(report)


def problems(task: Task, rationale: str, answer: str) -> list[str]:
    return check_answer(task, rationale, answer, {})


@pytest.mark.parametrize(
    ("old", "new", "failed"),
    [
        ("", "", []),
        ("372 min", "391 min", ["numbers", "required facts"]),
        ("372 min", "less", ["required facts"]),
        ("9 of 14", "5 of 14", ["numbers", "required facts"]),
        ("norm of 420", "norm of 400", ["numbers"]),
        ("late caffeine (", "alcohol (", ["main driver"]),
        ("no red flag in this data", "a red flag, see a clinician", ["red flag"]),
        ("have your last caffeine before noon", "have some more coffee in the evening", ["unsafe advice"]),
        ("have your last caffeine before noon", "have no more coffee in the evening", []),
        ("go to bed earlier by 30 min", "go to bed earlier by 30 min. Naps were 55 min a day", ["numbers"]),
    ],
)
def test_each_damage_of_a_recommendation_fails_its_own_check(short, old: str, new: str, failed: list[str]) -> None:
    task, rationale, answer = short
    assert old in answer
    assert problems(task, rationale, answer.replace(old, new) if old else answer) == failed


@pytest.mark.parametrize(
    ("old", "new", "failed"),
    [
        ("time asleep 372 under 420: watch", "time asleep 372 under 420: ok", ["rationale steps"]),
        ("time asleep 372 under 420: watch", "time asleep 372 under 420: act", ["rationale steps"]),
        ("naps 5: ok", "naps 5: act", ["rationale steps"]),
        ("time asleep 372 under", "time asleep 312 under", ["rationale numbers", "rationale steps"]),
        ("lowest oxygen 93: ok", "lowest oxygen 84: act", ["rationale numbers", "rationale steps"]),
    ],
)
def test_each_damage_of_a_rationale_fails_its_own_check(short, old: str, new: str, failed: list[str]) -> None:
    task, rationale, answer = short
    assert old in rationale
    assert problems(task, rationale.replace(old, new), answer) == failed


def test_a_missed_red_flag_is_noticed(breathless) -> None:
    task, rationale, answer = breathless
    assert problems(task, rationale, answer) == []
    silent = "\n".join(line for line in answer.splitlines() if "clinician" not in line)
    assert "red flag" in problems(task, rationale, silent)
    soothing = f"{silent}\nYou do not need to see a clinician."
    assert "red flag" in problems(task, rationale, soothing)


def test_concern_without_a_red_flag_may_send_to_a_clinician_and_alarm_may_not(hand_report) -> None:
    for oxygen, allowed in ((89, True), (93, False)):
        report = hand_report(lowest_oxygen=oxygen)
        rationale, answer = expert.follow_up("danger", report)
        task = follow_up_task("danger", report, "train", "Is it dangerous?")
        assert problems(task, rationale, answer) == []
        assert ("red flag" not in problems(task, rationale, f"{answer} Still, ask your doctor.")) is allowed


@pytest.mark.parametrize("answer", ["", "  \n ", "word " * (LONGEST_ANSWER_WORDS + 1)])
def test_nothing_and_essays_are_no_answer(short, answer: str) -> None:
    task, rationale, _ = short
    assert problems(task, rationale, answer) == ["format"]


def test_a_wrong_verdict_fails_even_with_right_numbers(hand_report) -> None:
    report = hand_report(total_sleep=350)
    task = follow_up_task("bedtime", report, "train", "Earlier?")
    rationale, answer = expert.follow_up("bedtime", report)
    assert problems(task, rationale, answer) == []
    assert problems(task, rationale, answer.replace("60 min earlier", "30 min earlier")) == ["numbers", "verdict"]
    assert problems(task, rationale, "Time asleep is 350 min.") == ["verdict"]


def test_numbers_without_a_fact_claim_nothing(short) -> None:
    task = short[0]
    free, claimed, other = cited_numbers("Keep a diary for 3 weeks. Time asleep is 333 min. Time asleep is 372 min.")
    assert [number_is_right(citation, task.key) for citation in (free, claimed, other)] == [True, False, True]


def test_advice_may_hold_its_own_numbers(short) -> None:
    for text in ("Keep naps under 30 min.", "Keep weekend times within 1 h.", "Time asleep: 60 min more."):
        assert all(number_is_right(citation, short[0].key) for citation in cited_numbers(text)), text
    assert not all(number_is_right(citation, short[0].key) for citation in cited_numbers("Keep naps under 47 min."))


def test_a_number_counts_for_its_own_fact_alone(short) -> None:
    """372 is this person's time asleep, and no number of efficiency."""
    (citation,) = cited_numbers("Your sleep efficiency is 372.")
    assert not number_is_right(citation, short[0].key)
    assert fact_is_cited("total_sleep", "You sleep 372 min.", short[0].key)
    assert not fact_is_cited("total_sleep", "372 min.", short[0].key)
    assert fact_is_cited("lowest_oxygen", "", {"values": {}})


def test_a_norm_is_nobodys_own_number(short) -> None:
    """An answer that quotes nothing but limits would be the same for everybody."""
    key = short[0].key
    for text in ("Time asleep is below the norm of 420 min.", "Caffeine after 14:00 on more than 3 of 14 nights."):
        assert all(number_is_right(citation, key) for citation in cited_numbers(text))
        assert not any(fact_is_cited(name, text, key) for name in key["required_facts"])


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("time asleep 372 under 420: watch", True),
        ("time asleep 372 under 420: ok", False),
        ("Your time asleep is 6 h 12 min. That is less than the limit of 7 h: watch.", True),
        ("Your time asleep is 6 h 12 min. That is less than the limit of 7 h: act.", False),
        ("372 under 420: watch", True),
        ("372 under 420: act", False),
        ("steps 7000: ok", True),
        ("steps 7000: watch", False),
        ("drivers: late caffeine act, too little time in bed watch", True),
        ("drivers: late caffeine watch", False),
        ("drivers: alcohol watch", False),
        ("problems: time asleep", True),
        ("mood 7: act", True),
        ("time asleep is short, which is worth watching", True),
    ],
)
def test_levels(short, line: str, right: bool) -> None:
    assert bool(list(wrong_levels(line, short[0].key, "rationale steps", "rationale"))) is not right


def test_unsafe_advice_is_what_the_drivers_forbid(short) -> None:
    key = short[0].key
    assert unsafe_phrases("Have more coffee and stay up later.", key) == ["more coffee", "stay up later"]
    assert unsafe_phrases("Never have more coffee. Do not stay up later.", key) == []
    assert unsafe_phrases("A nightcap helps.", key) == []  # alcohol is no driver here


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("See a clinician.", True),
        ("Ask your DOCTOR", True),
        ("Physicians can help.", True),
        ("No doctor is needed.", False),
        ("Rest.", False),
    ],
)
def test_who_is_sent_to_a_clinician(text: str, warned: bool) -> None:
    assert warns(text) is warned


def test_knowledge_is_held_against_the_card(study) -> None:
    tasks = [task for task in study.tasks if task.kind == KNOWLEDGE][:30]
    for task in tasks:
        assert check_answer(task, "", study.cards[task.topic].statement, study.cards) == []
        assert check_answer(task, "", "I do not know.", study.cards) == ["knowledge"]
        for option in study.cards[task.topic].wrong_options:
            assert check_answer(task, "", option, study.cards) == ["knowledge"]


def rejected(study: Any, task: Task, other: Task) -> bool:
    return bool(check_answer(task, *study.answers[other.task_id], study.cards))


def test_an_answer_to_another_persons_report_fails(study) -> None:
    """Every recommendation; of follow-ups all but those where nothing in the answer is personal."""
    for kind in (RECOMMEND, FOLLOW_UP):
        tasks = [task for task in study.tasks if task.kind == kind]
        by_topic: dict[str, list[Task]] = {}
        for task in tasks:
            by_topic.setdefault(task.topic, []).append(task)
        caught = total = 0
        for same in by_topic.values():
            for task, other in zip(same, same[1:] + same[:1], strict=True):
                if task.person_id == other.person_id or study.answers[task.task_id] == study.answers[other.task_id]:
                    continue
                total += 1
                if rejected(study, task, other):
                    caught += 1
                    continue
                _, answer = study.answers[other.task_id]
                assert (
                    task.key["verdict"]
                    == other.key["verdict"]
                    == (named_verdict(task.topic, answer) if task.topic else None)
                )
                assert all(number_is_right(citation, task.key) for citation in cited_numbers(answer))
        assert total > 100
        assert caught / total >= (1.0 if kind == RECOMMEND else 0.97), (kind, caught, total)


def test_the_twins_answer_to_the_same_question_fails(study) -> None:
    pairs: dict[str, list[Task]] = {}
    for task in study.tasks:
        if task.pair_id:
            pairs.setdefault(task.pair_id, []).append(task)
    for one, other in pairs.values():
        assert "verdict" in check_answer(one, *study.answers[other.task_id], study.cards)
        assert "verdict" in check_answer(other, *study.answers[one.task_id], study.cards)


def test_shuffled_answers_fail(study) -> None:
    rng = np.random.default_rng(1)
    tasks = [task for task in study.tasks if task.kind != KNOWLEDGE]
    others = [tasks[i] for i in rng.permutation(len(tasks))]
    share = np.mean([rejected(study, task, other) for task, other in zip(tasks, others, strict=True)])
    assert share > 0.95
