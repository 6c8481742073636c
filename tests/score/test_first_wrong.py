"""The first wrong step: nothing in the expert's rationales, and the planted fault in damaged ones."""

from __future__ import annotations

import pytest

from sleepcot_utils.score.first_wrong import (
    ANSWERED,
    ARITHMETIC,
    CARD,
    COMPARE,
    DRIVER,
    LEFT_OUT,
    NO_RATIONALE,
    NOTHING,
    OF_REPORTS,
    PROBLEMS,
    RANKED,
    READ,
    RED_FLAG,
    first_wrong_step,
    right_answer,
    wrong_step_scores,
)  # fmt: skip
from sleepcot_utils.score.measures.example import EXAMPLE_TEXT, example_task
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE
from sleepcot_utils.tasks.reading import split_answer


def test_the_expert_never_goes_wrong(study, held_out) -> None:
    found = [first_wrong_step(task, *study.answers[task.task_id], study.cards) for task in held_out]
    assert {one.step for one in found} == {NOTHING}


RATIONALE = """time asleep 372 under 420: watch
sleep efficiency 93: ok
problems: time asleep
drivers: too little time in bed watch
main: too little time in bed, second: none
red flags: none"""


@pytest.mark.parametrize(
    ("said", "instead", "step", "line"),
    [
        ("time asleep 372", "time asleep 327", READ, 1),
        ("time asleep 372 under 420: watch", "time asleep: not measured", READ, 1),
        ("372 under 420: watch", "372 over 420: watch", COMPARE, 1),
        ("under 420: watch", "under 420: act", COMPARE, 1),
        ("problems: time asleep", "problems: none", PROBLEMS, 3),
        ("problems: time asleep", "problems: time asleep, sleep efficiency", PROBLEMS, 3),
        ("drivers: too little time in bed watch", "drivers: alcohol watch", RANKED, 4),
        ("drivers: too little time in bed watch", "drivers: too little time in bed act", RANKED, 4),
        ("main: too little time in bed", "main: alcohol", DRIVER, 5),
        ("second: none", "second: alcohol", DRIVER, 5),
        ("red flags: none", "red flags: time asleep", RED_FLAG, 6),
    ],
)
def test_a_planted_fault_is_named_with_its_line(said: str, instead: str, step: str, line: int) -> None:
    task, answer = example_task(), split_answer(EXAMPLE_TEXT)[1]
    assert first_wrong_step(task, RATIONALE, answer, {}).step == NOTHING
    found = first_wrong_step(task, RATIONALE.replace(said, instead), answer, {})
    assert (found.step, found.line) == (step, line)


def test_the_first_of_two_faults_counts() -> None:
    both = RATIONALE.replace("372", "327").replace("main: too little time in bed", "main: alcohol")
    assert first_wrong_step(example_task(), both, "", {}).step == READ


def test_a_step_left_out_an_answer_that_departs_and_no_rationale() -> None:
    task, answer = example_task(), split_answer(EXAMPLE_TEXT)[1]
    assert first_wrong_step(task, "main: too little time in bed", answer, {}).step == LEFT_OUT
    departed = answer.replace("Likely driver: too little time in bed", "Likely driver: alcohol")
    assert first_wrong_step(task, RATIONALE, departed, {}).step == ANSWERED
    assert first_wrong_step(task, " ", answer, {}).step == NO_RATIONALE


def test_arithmetic_and_what_no_fact_is_called(study, held_out) -> None:
    task = next(t for t in held_out if t.topic == "rise" and any(s["act"] == "compute" for s in t.key["steps"]))
    rationale, answer = study.answers[task.task_id]
    clock = rationale.splitlines()[1].split(" = ")[1]
    wrong = rationale.replace(f"= {clock}", "= 04:44")
    assert first_wrong_step(task, wrong, answer, study.cards).step == ARITHMETIC
    look_up = next(t for t in held_out if t.kind == FOLLOW_UP and t.key["values"].get("heart_rate_change"))
    line = "heart rate variability: not measured"
    assert first_wrong_step(look_up, line, "", study.cards).step != READ


def test_scores_hold_one_kind_an_answer_and_leave_out_who_gives_no_rationale(study, held_out) -> None:
    said = [Answer(t.task_id, "teacher", 0, *study.answers[t.task_id], "stop", 1, 0.0) for t in held_out]
    wrong = [Answer(t.task_id, "wrong", 0, "so it is", "no", "stop", 1, 0.0) for t in held_out]
    bare = [Answer(t.task_id, "bare", 0, "", "no", "stop", 1, 0.0) for t in held_out]
    scores = wrong_step_scores([*said, *wrong, *bare], held_out, study.cards)
    assert set(scores["source"]) == {"teacher", "wrong"}
    assert scores.loc[scores["source"] == "teacher", "value"].sum() == 0
    own = scores[scores["source"] == "wrong"]
    assert (own.groupby("task_id")["value"].sum() == 1).all()
    cards = {task.task_id for task in held_out if task.kind == KNOWLEDGE}
    assert set(own.loc[own["task_id"].isin(cards), "metric"]) == {CARD}
    assert set(own.loc[~own["task_id"].isin(cards), "metric"]) == set(OF_REPORTS)


def test_the_key_in_a_line(study, held_out) -> None:
    assert right_answer(example_task(), {}) == (
        "main driver too little time in bed, second none; no red flag (time asleep 372)"
    )
    card = next(task for task in held_out if task.kind == KNOWLEDGE and not task.key.get("choice"))
    assert right_answer(card, study.cards) == study.cards[card.topic].statement
