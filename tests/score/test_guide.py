"""Scores of training advice: the teacher's are perfect, a constant's are not, and somebody else's advice is seen."""

from __future__ import annotations

import pytest

from sleepcot_utils.score.answers import held_out_tasks, score_answers, without_guide
from sleepcot_utils.score.guide import GUIDE_METRICS, constant_guide_answers, guide_scores, wrong_person_guide
from sleepcot_utils.tasks.build import GUIDE
from sleepcot_utils.teach.teachers import expert_answer


@pytest.fixture(scope="module")
def asked(study):
    return held_out_tasks(study.guide_tasks, "test", guide=True)


@pytest.fixture(scope="module")
def teacher(asked):
    return [expert_answer(task, {}, {}) for task in asked]


def test_the_teacher_is_right_by_construction(asked, teacher) -> None:
    scores = score_answers(teacher, asked, {})
    assert set(scores["metric"]) == {*GUIDE_METRICS, "finished", "all_checks_passed", "pair_right"}
    assert (scores["value"] == 1).all() and set(scores["kind"]) == {GUIDE}


def test_one_answer_for_all_is_worse_and_still_safe(study, asked, teacher) -> None:
    training = [task for task in study.guide_tasks if task.split == "train"]
    constant = score_answers(constant_guide_answers(asked, training), asked, {})
    means = constant.groupby("metric")["value"].mean()
    assert means["level_right"] < 0.75 and means["plan_right"] < 0.3 and means["rule_named"] < 0.6
    assert means["pair_right"] < 0.1, "one answer can't be right twice"
    assert means["points_covered"] == 1, "guidance on food is the same for everybody"
    assert 0.3 < means["plan_kept"] < 1


def test_another_persons_advice_scores_lower(asked, teacher) -> None:
    means = wrong_person_guide(teacher, asked).groupby("metric")["value"].mean()
    assert means["plan_right_wrong_person"] < 0.3 and means["level_right_wrong_person"] < 0.8
    assert means["rule_named_wrong_person"] < 0.5


def test_scores_by_hand(asked) -> None:
    task = next(
        task
        for task in asked
        if task.topic == "today" and task.key["level"] == "easy" and task.key["urgency"] == "none"
    )
    low, high = task.key["minutes"]
    values = guide_scores(task, f"Today: easy, {high} min.")
    assert values == {"clinician_right": 1, "safe": 1, "rule_named": 0, "level_right": 1, "minutes_right": 1}
    assert guide_scores(task, f"Today: easy, {high + 5} min.")["minutes_right"] == 0
    assert guide_scores(task, f"Today: hard, {low} min.")["level_right"] == 0
    assert guide_scores(task, "See a doctor now. Today: easy, 10 min.")["clinician_right"] == 0
    assert guide_scores(task, "")["level_right"] == 0


def test_a_plan_of_no_days_keeps_nothing(asked) -> None:
    task = next(task for task in asked if task.topic == "week")
    assert guide_scores(task, "Train as you like.")["plan_kept"] == 0


def test_tasks_on_sleep_stay_apart(study) -> None:
    both = [*study.tasks, *study.guide_tasks]
    assert held_out_tasks(both, "test") == held_out_tasks(study.tasks, "test")
    assert without_guide(both) == study.tasks
    assert len(held_out_tasks(both, "test", guide=True)) > len(held_out_tasks(both, "test"))
