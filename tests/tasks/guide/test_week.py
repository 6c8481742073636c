"""Limits of a week, plans as they are written and read, and each way in which a plan can break a limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sleepcot_utils.tasks.guide.situation import Readiness, Request, Situation
from sleepcot_utils.tasks.guide.week import (
    PLAN_RULES,
    WeekLimits,
    plan_faults,
    plan_text,
    plan_week,
    read_plan,
    week_limits,
)

RESTED = Readiness(weekly_min=200, done_min=100, hard_days_ago=4)
RUNNER = Situation("p1", "Wed", 44, Request(goal="run_10k", busy_days=("Thu",)), RESTED)
GOOD = (
    "Plan: Wed hard 30 min; Thu rest; Fri easy 30 min + strength; Sat hard 30 min; Sun easy 30 min + strength; "
    "Mon easy 30 min; Tue easy 30 min.\nTotal: 180 min."
)


def test_limits_of_a_runner() -> None:
    assert week_limits(RUNNER) == WeekLimits(
        days=("Wed", "Thu", "Fri", "Sat", "Sun", "Mon", "Tue"),
        total_low_min=110, total_high_min=220, day_most_min=60, hard_most=2, first_level="hard", rest_first=0,
        rest_least=1, rest_run_most=7, busy=("Thu",), strength_least=2, balance=False, guideline_low_min=150,
    )  # fmt: skip


def test_a_tired_week_does_not_grow_and_holds_nothing_hard() -> None:
    tired = replace(RUNNER, readiness=replace(RESTED, hrv_mean=3.5, hrv_low=3.6, hrv_high=3.9))
    limits = week_limits(tired)
    assert (limits.total_high_min, limits.hard_most, limits.rest_least) == (200, 0, 2)


def test_after_fever_two_days_of_rest() -> None:
    limits = week_limits(replace(RUNNER, request=replace(RUNNER.request, note="I have the flu.")))
    assert (limits.rest_first, limits.hard_most, limits.strength_least) == (2, 0, 0)


def test_nobody_with_a_warning_sign_trains() -> None:
    stopped = replace(RUNNER, request=replace(RUNNER.request, note="I fainted on my run."))
    limits = week_limits(stopped)
    assert (limits.total_high_min, limits.rest_least) == (0, 7)
    assert {session.level for session in plan_week(stopped, limits)} == {"rest"}


def test_older_people_add_balance_and_diabetes_allows_two_rest_days_in_a_row() -> None:
    older = week_limits(replace(RUNNER, age_y=70))
    assert older.balance and older.strength_least == 3
    diabetic = replace(RUNNER.request, conditions=("type_2_diabetes",), busy_days=())
    assert week_limits(replace(RUNNER, request=diabetic)).rest_run_most == 2


def test_a_goal_asks_for_its_strength_days() -> None:
    assert week_limits(replace(RUNNER, request=Request(goal="strength"))).strength_least == 3
    assert week_limits(replace(RUNNER, request=Request())).hard_most == 1


def test_a_good_plan_breaks_nothing() -> None:
    assert plan_faults(GOOD, week_limits(RUNNER)) == {}


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        ("Mon easy 30 min; ", "", "days"),
        ("Total: 180", "Total: 190", "stated total"),
        ("Mon easy 30 min", "Mon easy 90 min", "day minutes"),
        ("Mon easy 30 min", "Mon easy 5 min", "day minutes"),
        ("Sun easy 30 min", "Sun hard 30 min", "hard days in a row"),
        ("Mon easy 30 min", "Mon hard 30 min", "hard days"),
        ("Thu rest", "Thu easy 20 min", "busy days"),
        ("Thu rest", "Thu easy 20 min", "rest days"),
        (" + strength", "", "strength days"),
    ],
)
def test_each_way_to_break_it(old: str, new: str, broken: str) -> None:
    assert broken in plan_faults(GOOD.replace(old, new), week_limits(RUNNER))


def test_too_much_and_too_little_in_all() -> None:
    limits = week_limits(RUNNER)
    for minutes in ("45", "10"):
        text = GOOD.replace("30 min", f"{minutes} min").replace("180", str(6 * int(minutes)))
        assert set(plan_faults(text, limits)) == {"week minutes"}


def test_the_first_day_and_long_rests() -> None:
    limits = replace(week_limits(RUNNER), first_level="easy", rest_run_most=2, total_low_min=0)
    assert set(plan_faults(GOOD, limits)) == {"first day"}
    lazy = "Plan: Wed easy 30 min + strength; Thu rest; Fri rest; Sat rest; Sun easy 30 min + strength; Mon rest; Tue rest. Total: 60 min."
    assert set(plan_faults(lazy, limits)) == {"rest days in a row"}
    assert "first days rest" in plan_faults(GOOD, replace(limits, rest_first=1))


def test_names_of_faults_are_listed() -> None:
    assert len(set(PLAN_RULES)) == 12


def test_text_and_reading_are_inverse() -> None:
    plan = plan_week(RUNNER, week_limits(RUNNER))
    assert read_plan(plan_text(plan)) == plan
    spoken = read_plan("Monday: rest. Tuesday: easy, 30 minutes with strength.")
    assert [(one.day, one.level, one.minutes, one.strength) for one in spoken] == [
        ("Mon", "rest", 0, False),
        ("Tue", "easy", 30, True),
    ]


def test_every_plan_of_the_expert_keeps_to_its_limits(study) -> None:
    weeks = [task for task in study.guide_tasks if task.topic == "week"]
    assert len(weeks) > 100
    for task in weeks:
        situation, limits = Situation.from_dict(task.key["situation"]), WeekLimits.from_dict(task.key["week"])
        plan = plan_week(situation, limits)
        text = f"Plan: {plan_text(plan)}. Total: {sum(one.minutes for one in plan)} min."
        assert plan_faults(text, limits) == {}, (text, limits)
