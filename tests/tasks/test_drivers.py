"""Drivers: which rule fires on which report, and which goes first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleepcot_utils.norms import LEVELS
from sleepcot_utils.tasks.drivers import (
    EXPLAINS_WAKE,
    NONE,
    OUTCOMES,
    UNEXPLAINED,
    VITALS,
    drivers,
    find,
    level,
    red_flags,
)

#: Fact values that by themselves bring one driver out, with a problem that lets it count.
ALONE: dict[str, dict[str, float]] = {
    "breathing": {"lowest_oxygen": 86},
    "body_strain": {"heart_rate_change": 9},
    "alcohol": {"sleep_efficiency": 80, "alcohol_nights": 8},
    "late_caffeine": {"sleep_latency": 40, "late_caffeine_nights": 8},
    "naps": {"sleep_latency": 40, "nap_mean": 70},
    "irregular_bedtime": {"total_sleep": 600, "bedtime_spread": 100},
    "weekend_shift": {"total_sleep": 600, "weekend_shift": 130},
    "short_time_in_bed": {"total_sleep": 350},
    "wakeful_in_bed": {"sleep_efficiency": 74, "wake_after_onset": 70},
}


def test_the_order_of_precedence_is_that_of_the_file() -> None:
    assert list(drivers()) == list(ALONE)


@pytest.mark.parametrize("name", ALONE)
def test_each_driver_is_found_alone(hand_report, name: str) -> None:
    found = find(hand_report(**ALONE[name]))
    assert (found.main, found.second, list(found.candidates)) == (name, NONE, [name])
    assert set(found.problems) <= {*OUTCOMES, *VITALS} and found.problems


@pytest.mark.parametrize("name", ["alcohol", "late_caffeine", "naps", "irregular_bedtime", "weekend_shift"])
def test_a_habit_counts_only_where_something_is_wrong(hand_report, name: str) -> None:
    habit = {fact: ALONE[name][fact] for fact in drivers()[name].facts}
    found = find(hand_report(**habit))
    assert (found.problems, found.candidates, found.main, found.second) == ((), {}, NONE, NONE)


def test_a_report_in_order_has_no_driver(hand_report) -> None:
    assert find(hand_report()) == find(hand_report(steps_mean=0, deep_sleep=1, rem_sleep=1))
    assert find(hand_report()).main == NONE


@pytest.mark.parametrize(
    ("value", "problem"), [({"total_sleep": 560}, "total_sleep"), ({"total_sleep": 620}, "total_sleep")]
)
def test_a_problem_without_driver_is_unexplained(hand_report, value: dict[str, float], problem: str) -> None:
    found = find(hand_report(**value))
    assert (found.problems, found.main, found.second) == ((problem,), UNEXPLAINED, NONE)


@pytest.mark.parametrize(
    ("values", "main", "second"),
    [
        # act goes before watch, whatever the order of the file
        ({"alcohol_nights": 5, "nap_mean": 70}, "naps", "alcohol"),
        ({"lowest_oxygen": 89, "late_caffeine_nights": 9}, "late_caffeine", "breathing"),
        ({"alcohol_nights": 4, "bedtime_spread": 95}, "irregular_bedtime", "alcohol"),
        # within a level the order of the file decides
        ({"alcohol_nights": 8, "nap_mean": 70}, "alcohol", "naps"),
        ({"alcohol_nights": 5, "nap_mean": 40}, "alcohol", "naps"),
        ({"weekend_shift": 70, "bedtime_spread": 70}, "irregular_bedtime", "weekend_shift"),
        ({"lowest_oxygen": 80, "heart_rate_change": 20}, "breathing", "body_strain"),
        # of three at the same level the third is left out
        ({"alcohol_nights": 8, "late_caffeine_nights": 8, "nap_mean": 70}, "alcohol", "late_caffeine"),
    ],
)
def test_the_worse_driver_goes_first_and_ties_follow_the_file(
    hand_report, values: dict[str, float], main: str, second: str
) -> None:
    found = find(hand_report(total_sleep=560, **values))
    assert (found.main, found.second) == (main, second)


def test_lying_awake_rules_out_that_time_in_bed_is_short(hand_report) -> None:
    """Who lies awake must not be sent to bed earlier."""
    for wakeful in ({"sleep_latency": 31}, {"wake_after_onset": 41}, {"sleep_efficiency": 84}):
        found = find(hand_report(total_sleep=350, **wakeful))
        assert "short_time_in_bed" not in found.candidates and found.main == "wakeful_in_bed"
    assert find(hand_report(total_sleep=350)).main == "short_time_in_bed"


@pytest.mark.parametrize("name", EXPLAINS_WAKE)
def test_what_explains_lying_awake_goes_before_it(hand_report, name: str) -> None:
    found = find(hand_report(**(ALONE["wakeful_in_bed"] | {fact: ALONE[name][fact] for fact in drivers()[name].facts})))
    assert found.main == name and "wakeful_in_bed" not in found.candidates


def test_short_sleep_with_poor_efficiency_is_not_short_time_in_bed(hand_report) -> None:
    found = find(hand_report(total_sleep=350, sleep_efficiency=80, alcohol_nights=8))
    assert found.candidates == {"alcohol": "act"}


def test_the_level_of_a_driver_is_that_of_its_worst_fact(hand_report) -> None:
    report = hand_report(heart_rate_change=6, breathing_rate_change=3.1)
    assert find(report).candidates == {"body_strain": "act"}
    assert level(report, "heart_rate_change") == "watch"
    assert level(report, "heart_rate_change", "breathing_rate_change") == "act"
    assert level(hand_report(heart_rate_change=None), "heart_rate_change") == "ok"


@pytest.mark.parametrize(
    ("values", "flags"),
    [
        ({}, ()),
        ({"lowest_oxygen": 89}, ()),
        ({"lowest_oxygen": 87}, ("lowest_oxygen",)),
        ({"heart_rate_change": 20}, ()),
        ({"heart_rate_change": 9, "breathing_rate_change": 3.0}, ()),
        ({"heart_rate_change": 9, "breathing_rate_change": 3.1}, ("heart_rate_change", "breathing_rate_change")),
        (
            {"lowest_oxygen": 80, "heart_rate_change": 9, "breathing_rate_change": 4},
            ("lowest_oxygen", "heart_rate_change", "breathing_rate_change"),
        ),
        ({"lowest_oxygen": None, "breathing_rate_change": 4}, ()),
    ],
)
def test_red_flags(hand_report, values: dict[str, Any], flags: tuple[str, ...]) -> None:
    report = hand_report(**values)
    assert red_flags(report) == find(report).red_flags == flags


@given(
    values=st.fixed_dictionaries(
        {},
        optional={
            "total_sleep": st.none() | st.integers(200, 700),
            "sleep_efficiency": st.none() | st.integers(50, 99),
            "sleep_latency": st.none() | st.integers(0, 90),
            "wake_after_onset": st.none() | st.integers(0, 120),
            "bedtime_spread": st.none() | st.integers(0, 200),
            "weekend_shift": st.none() | st.integers(-150, 250),
            "heart_rate_change": st.none() | st.integers(-15, 15),
            "breathing_rate_change": st.none() | st.floats(-5, 5),
            "lowest_oxygen": st.none() | st.integers(70, 98),
            "alcohol_nights": st.none() | st.integers(0, 14),
            "late_caffeine_nights": st.none() | st.integers(0, 14),
            "nap_mean": st.none() | st.integers(0, 120),
        },
    ),
    age=st.none() | st.integers(18, 90),
)
@settings(max_examples=100, deadline=None)
def test_what_is_found_hangs_together_on_any_report(hand_report, values: dict[str, Any], age: int | None) -> None:
    report = hand_report(age_y=age, **values)
    found = find(report)
    assert (found.main == NONE) == (not found.problems)
    assert (found.main == UNEXPLAINED) == (bool(found.problems) and not found.candidates)
    if found.candidates:
        worst = max(found.candidates.values(), key=LEVELS.index)
        assert found.candidates[found.main] == worst
        assert (found.second == NONE) == (len(found.candidates) == 1)
        assert found.second != found.main
    assert not {"short_time_in_bed", "wakeful_in_bed"} <= set(found.candidates)
    for name in found.candidates:
        remarkable = [fact for fact in drivers()[name].facts if report.facts[fact].level != "ok"]
        assert remarkable and all(report.facts[fact].known for fact in remarkable)
    if "short_time_in_bed" in found.candidates:
        assert report.facts["total_sleep"].direction == "low" and report.facts["sleep_efficiency"].level == "ok"


def test_no_action_is_forbidden_by_its_own_driver() -> None:
    for driver in drivers().values():
        assert not any(phrase in driver.action for phrase in driver.never)
        assert any(word in driver.action for word in driver.action_words)
