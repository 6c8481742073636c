"""Steps of a derivation, by hand."""

from __future__ import annotations

import json

import pytest

from sleepcot_utils.tasks.steps import Step, compare, compare_until, compute, conclude, read, unknown


@pytest.mark.parametrize(
    ("values", "name", "step"),
    [
        ({"total_sleep": 372}, "total_sleep", Step("compare", "total_sleep", 372, 420, "under", "watch")),
        ({"total_sleep": 350}, "total_sleep", Step("compare", "total_sleep", 350, 420, "under", "act")),
        (
            {"total_sleep": 420}, "total_sleep",
            Step("compare", "total_sleep", 420, None, "inside", "ok", (("low", 420), ("high", 540))),
        ),
        ({"nap_mean": 61}, "nap_mean", Step("compare", "nap_mean", 61, 30, "over", "act")),
        ({"nap_mean": 30}, "nap_mean", Step("compare", "nap_mean", 30, None, "inside", "ok", (("high", 30),))),
        ({"deep_sleep": 40}, "deep_sleep", Step("compare", "deep_sleep", 40, 58, "under", "")),
        ({"age_y": None}, "deep_sleep", Step("compare", "deep_sleep", 70, None, "inside", "")),
        ({"deep_sleep": None}, "deep_sleep", Step("unknown", "deep_sleep", says="not measured")),
        ({"late_caffeine_nights": 4}, "late_caffeine_nights", Step("compare", "late_caffeine_nights", 4, 3, "over", "watch")),
    ],
)  # fmt: skip
def test_a_fact_is_held_against_its_norm(hand_report, values, name: str, step: Step) -> None:
    assert compare(hand_report(**values), name) == step


def test_a_fact_is_read_where_it_is_known(hand_report) -> None:
    assert read(hand_report(steps_mean=7208), "steps_mean") == Step("read", "steps_mean", 7208)
    assert read(hand_report(steps_mean=None), "steps_mean") == unknown("steps_mean")


def test_comparisons_stop_at_the_one_that_decides_and_pass_over_what_is_not_known(hand_report) -> None:
    report = hand_report(sleep_latency=None)
    names = ("total_sleep", "sleep_latency", "wake_after_onset", "nap_mean")
    assert [step.fact for step in compare_until(report, names)] == ["total_sleep", "wake_after_onset", "nap_mean"]
    until = compare_until(report, names, "wake_after_onset")
    assert [step.fact for step in until] == ["total_sleep", "wake_after_onset"]


def test_arithmetic_ends_with_its_result() -> None:
    step = compute("awake", ("time_in_bed", 480), ("total_sleep", 402), result=78)
    assert step.value == 78 and step.terms[-1] == ("result", 78) and step.says == "awake"


@pytest.mark.parametrize(
    "step",
    [conclude("short"), compute("awake", ("time_in_bed", 480.0), ("total_sleep", 402.0), result=78.0), unknown("age")],
)
def test_a_step_survives_json(step: Step) -> None:
    assert Step.from_dict(json.loads(json.dumps(step.as_dict()))) == step
