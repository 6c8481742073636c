"""Follow-up questions: each verdict is reached by a report, and each step of its derivation holds."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleepcot_utils.report.reports import DETAILS, Report, as_shown
from sleepcot_utils.tasks.drivers import NONE, UNEXPLAINED, drivers, find
from sleepcot_utils.tasks.follow_up import (
    ALCOHOL_DIFFERENCE_PCT,
    CANNOT_SAY,
    follow_ups,
    options,
    remarks,
    verdict,
)
from sleepcot_utils.tasks.keys import follow_up_key
from sleepcot_utils.tasks.steps import Step

#: Kind of question, what differs from a report in order, right verdict, and the facts that carry it.
CASES: list[tuple[str, dict[str, Any], str, tuple[str, ...]]] = [
    ("tired", {}, CANNOT_SAY, ("total_sleep",)),
    ("tired", {"lowest_oxygen": 87, "heart_rate_change": 9, "total_sleep": 300}, "breathing", ("lowest_oxygen",)),
    ("tired", {"lowest_oxygen": 89}, CANNOT_SAY, ("total_sleep",)),
    ("tired", {"heart_rate_change": 6, "total_sleep": 300}, "strain", ("heart_rate_change",)),
    ("tired", {"total_sleep": 419, "sleep_latency": 60}, "short", ("total_sleep",)),
    ("tired", {"total_sleep": 600}, CANNOT_SAY, ("total_sleep",)),
    ("tired", {"sleep_efficiency": 80, "sleep_latency": 40}, "broken", ("sleep_efficiency",)),
    ("tired", {"sleep_latency": 31, "wake_after_onset": 60}, "broken", ("sleep_latency",)),
    ("tired", {"wake_after_onset": 41}, "broken", ("wake_after_onset",)),
    ("deep", {"deep_sleep": 57}, "below", ("deep_sleep",)),
    ("deep", {"deep_sleep": 58}, "within", ("deep_sleep",)),
    ("deep", {"deep_sleep": 92}, "within", ("deep_sleep",)),
    ("deep", {"deep_sleep": 93}, "above", ("deep_sleep",)),
    ("deep", {"deep_sleep": None}, CANNOT_SAY, ()),
    ("deep", {"age_y": None}, CANNOT_SAY, ()),
    ("deep", {"sex": None}, CANNOT_SAY, ()),
    ("alcohol", {}, CANNOT_SAY, ()),
    ("alcohol", {"alcohol": (87, 90)}, "lower", ("efficiency_after_alcohol",)),
    ("alcohol", {"alcohol": (88, 90)}, "no_difference", ("efficiency_after_alcohol",)),
    ("alcohol", {"alcohol": (95, 90)}, "no_difference", ("efficiency_after_alcohol",)),
    ("first", {}, NONE, ()),
    ("first", {"total_sleep": 600}, UNEXPLAINED, ()),
    ("first", {"lowest_oxygen": 87}, "breathing", ("lowest_oxygen",)),
    ("first", {"breathing_rate_change": 4}, "body_strain", ("breathing_rate_change",)),
    ("first", {"sleep_latency": 40, "alcohol_nights": 8}, "alcohol", ("alcohol_nights",)),
    ("first", {"sleep_latency": 40, "late_caffeine_nights": 8}, "late_caffeine", ("late_caffeine_nights",)),
    ("first", {"sleep_latency": 40, "nap_mean": 61}, "naps", ("nap_mean",)),
    ("first", {"total_sleep": 600, "bedtime_spread": 70}, "irregular_bedtime", ("bedtime_spread",)),
    ("first", {"total_sleep": 600, "weekend_shift": 70}, "weekend_shift", ("weekend_shift",)),
    ("first", {"total_sleep": 400}, "short_time_in_bed", ("total_sleep",)),
    ("first", {"sleep_efficiency": 80, "sleep_latency": 40}, "wakeful_in_bed", ("sleep_efficiency",)),
    ("danger", {}, "no_red_flag", ("lowest_oxygen",)),
    ("danger", {"lowest_oxygen": 87}, "see_clinician", ("lowest_oxygen",)),
    ("danger", {"lowest_oxygen": 89}, "no_red_flag", ("lowest_oxygen",)),
    ("danger", {"lowest_oxygen": None}, CANNOT_SAY, ()),
    (
        "danger",
        {"lowest_oxygen": None, "heart_rate_change": 9, "breathing_rate_change": 4},
        "see_clinician",
        ("heart_rate_change",),
    ),
    ("weekend", {"weekend_shift": 61}, "later", ("weekend_shift",)),
    ("weekend", {"weekend_shift": 60}, "same", ("weekend_shift",)),
    ("weekend", {"weekend_shift": None}, CANNOT_SAY, ()),
    ("trend", {"trend": "falling"}, "falling", ()),
    ("trend", {"trend": "rising"}, "rising", ()),
    ("trend", {"trend": "no clear trend"}, "no_trend", ()),
    ("trend", {"trend": "too few nights"}, CANNOT_SAY, ()),
    ("bedtime", {}, "not_needed", ("total_sleep",)),
    ("bedtime", {"total_sleep": 600, "sleep_efficiency": 70}, "not_needed", ("total_sleep",)),
    ("bedtime", {"total_sleep": 400}, "earlier_30", ("total_sleep",)),
    ("bedtime", {"total_sleep": 359}, "earlier_60", ("total_sleep",)),
    ("bedtime", {"total_sleep": 400, "sleep_efficiency": 84}, "not_earlier", ("sleep_efficiency",)),
    ("rem", {"rem_sleep": 70}, "below", ("rem_sleep",)),
    ("rem", {"rem_sleep": 71}, "within", ("rem_sleep",)),
    ("rem", {"rem_sleep": 116}, "above", ("rem_sleep",)),
    ("rem", {"rem_sleep": None}, CANNOT_SAY, ()),
    ("rem", {"age_y": None}, CANNOT_SAY, ()),
    ("enough", {"total_sleep": 420}, "enough", ("total_sleep",)),
    ("enough", {"total_sleep": 419}, "too_short", ("total_sleep",)),
    ("enough", {"total_sleep": 419, "age_y": None}, "too_short", ("total_sleep",)),
    ("enough", {"total_sleep": 500}, "enough", ("total_sleep",)),
    ("enough", {"total_sleep": 500, "age_y": 65}, "longer", ("total_sleep",)),
    ("enough", {"total_sleep": 450, "age_y": None}, CANNOT_SAY, ("total_sleep",)),
    ("awake", {}, "usual", ("time_in_bed", "total_sleep", "sleep_efficiency")),
    ("awake", {"sleep_efficiency": 84}, "much", ("time_in_bed", "total_sleep", "sleep_efficiency")),
    ("awake", {"time_in_bed": None}, CANNOT_SAY, ()),
    ("rise", {"time_in_bed": 480}, "by_then", ("time_in_bed",)),
    ("rise", {"time_in_bed": 481}, "later", ("time_in_bed",)),
    ("rise", {"time_in_bed": None}, CANNOT_SAY, ()),
    ("what_if", {"total_sleep": 450}, "still_enough", ("total_sleep",)),
    ("what_if", {"total_sleep": 449}, "too_short", ("total_sleep",)),
    ("what_if", {"total_sleep": 419}, "already_short", ("total_sleep",)),
    ("caffeine", {}, "unlikely", ("late_caffeine_nights",)),
    ("caffeine", {"late_caffeine_nights": 9}, "no_harm", ("late_caffeine_nights",)),
    ("caffeine", {"late_caffeine_nights": 9, "total_sleep": 600}, "no_harm", ("late_caffeine_nights",)),
    ("caffeine", {"late_caffeine_nights": 4, "sleep_latency": 31}, "may_be", ("late_caffeine_nights", "sleep_latency")),
    ("caffeine", {"late_caffeine_nights": 3, "sleep_latency": 31}, "unlikely", ("late_caffeine_nights",)),
    ("caffeine", {"late_caffeine_nights": None}, CANNOT_SAY, ()),
    ("naps", {"total_sleep": 400}, "unlikely", ("nap_mean",)),
    ("naps", {"nap_mean": 31}, "no_harm", ("nap_mean",)),
    ("naps", {"nap_mean": 31, "wake_after_onset": 41}, "may_be", ("nap_mean", "wake_after_onset")),
    ("naps", {"nap_mean": None, "total_sleep": 300}, CANNOT_SAY, ()),
    ("second", {}, NONE, ()),
    ("second", {"total_sleep": 400}, NONE, ()),
    ("second", {"lowest_oxygen": 89, "heart_rate_change": 9}, "breathing", ("lowest_oxygen",)),
    ("second", {"lowest_oxygen": 87, "heart_rate_change": 9}, "body_strain", ("heart_rate_change",)),
    ("second", {"sleep_latency": 40, "alcohol_nights": 4, "nap_mean": 70}, "alcohol", ("alcohol_nights",)),
    (
        "second",
        {"sleep_latency": 40, "alcohol_nights": 9, "late_caffeine_nights": 9},
        "late_caffeine",
        ("late_caffeine_nights",),
    ),
    ("second", {"sleep_latency": 40, "alcohol_nights": 8, "nap_mean": 61}, "naps", ("nap_mean",)),
    ("second", {"lowest_oxygen": 87, "bedtime_spread": 91}, "irregular_bedtime", ("bedtime_spread",)),
    ("second", {"lowest_oxygen": 87, "weekend_shift": 121}, "weekend_shift", ("weekend_shift",)),
    ("second", {"total_sleep": 400, "weekend_shift": 61}, "short_time_in_bed", ("total_sleep",)),
    ("second", {"sleep_efficiency": 80, "weekend_shift": 61}, "wakeful_in_bed", ("sleep_efficiency",)),
    ("ill", {}, "no_sign", ("heart_rate_change",)),
    ("ill", {"heart_rate_change": 6}, "sign", ("heart_rate_change",)),
    ("ill", {"heart_rate_change": None, "breathing_rate_change": 2.1}, "sign", ("breathing_rate_change",)),
    ("ill", {"breathing_rate_change": None}, "no_sign", ("heart_rate_change",)),
    ("ill", {"heart_rate_change": None}, CANNOT_SAY, ()),
    ("apnea", {}, "readings_usual", ("lowest_oxygen",)),
    ("apnea", {"lowest_oxygen": 89}, "readings_low", ("lowest_oxygen",)),
    ("apnea", {"lowest_oxygen": None}, CANNOT_SAY, ()),
    ("regular", {"bedtime_spread": 60}, "regular", ("bedtime_spread",)),
    ("regular", {"bedtime_spread": 61}, "somewhat", ("bedtime_spread",)),
    ("regular", {"bedtime_spread": 91}, "irregular", ("bedtime_spread",)),
    ("regular", {"bedtime_spread": None}, CANNOT_SAY, ()),
]

#: The same for kinds with a slot: what the question asks about stands before the verdict.
ASKED: list[tuple[str, dict[str, Any], str, str, tuple[str, ...], float | None]] = [
    ("measured", {}, "total_sleep", "in_norm", ("total_sleep",), 450),
    ("measured", {"nap_mean": 31}, "nap_mean", "off_norm", ("nap_mean",), 31),
    ("measured", {"weekend_shift": -30}, "weekend_shift", "in_norm", ("weekend_shift",), -30),
    ("measured", {}, "steps_mean", "no_norm", ("steps_mean",), 7000),
    ("measured", {"deep_sleep": 40}, "deep_sleep", "no_norm", ("deep_sleep",), 40),
    ("measured", {"lowest_oxygen": None}, "lowest_oxygen", CANNOT_SAY, (), None),
    ("measured", {}, "blood_pressure", CANNOT_SAY, (), None),
    ("rise", {"time_in_bed": 500}, "07:30", "by_then", ("time_in_bed",), 440),
    ("rise", {"time_in_bed": 500}, "07:00", "later", ("time_in_bed",), 440),
    ("what_if", {"total_sleep": 500}, "90", "too_short", ("total_sleep",), 410),
    ("what_if", {"total_sleep": 500}, "60", "still_enough", ("total_sleep",), 440),
    ("what_if", {"total_sleep": 300}, "45", "already_short", ("total_sleep",), 255),
]


@pytest.mark.parametrize(("kind", "values", "about", "name", "facts", "value"), ASKED)
def test_what_is_asked_about_decides(hand_report, kind, values, about, name, facts, value) -> None:
    right = verdict(kind, hand_report(**values), about)
    assert (right.name, right.facts, right.value) == (name, facts, value)


@pytest.mark.parametrize(
    ("urgency", "values", "name", "facts"),
    [
        ("now", {"lowest_oxygen": 87}, "now", ()),
        ("soon", {}, "soon", ()),
        ("soon", {"lowest_oxygen": 87}, "soon", ("lowest_oxygen",)),
        ("none", {"lowest_oxygen": 87}, "soon", ("lowest_oxygen",)),
        ("none", {}, "no_warning", ("lowest_oxygen",)),
        ("none", {"lowest_oxygen": None}, CANNOT_SAY, ()),
        ("soon", {"lowest_oxygen": None}, "soon", ()),
    ],
)
def test_the_higher_urgency_of_remark_and_report_counts(hand_report, urgency, values, name, facts) -> None:
    for remark_id in (remark.remark_id for remark in remarks().values() if remark.urgency == urgency):
        right = verdict("remark", hand_report(**values), remark_id)
        assert (right.name, right.facts) == (name, facts)


RANGES = {
    "time_in_bed": (60, 900), "sleep_efficiency": (10, 100), "sleep_latency": (0, 200), "wake_after_onset": (0, 300),
    "deep_sleep": (0, 200), "rem_sleep": (0, 200), "bedtime_spread": (0, 400), "weekend_shift": (-400, 400),
    "heart_rate_change": (-15, 20), "breathing_rate_change": (-4, 6), "lowest_oxygen": (60, 100),
    "alcohol_nights": (0, 14), "late_caffeine_nights": (0, 14), "nap_mean": (0, 200), "steps_mean": (0, 40000),
}  # fmt: skip
FACTS = st.fixed_dictionaries(
    {name: st.none() | st.floats(*sides) for name, sides in RANGES.items()}
    | {"total_sleep": st.floats(30, 900), "age_y": st.none() | st.floats(18, 100)}
)


@given(
    values=FACTS,
    bedtime=st.none() | st.times().map(lambda clock: clock.strftime("%H:%M")),
    detail=st.sampled_from(DETAILS),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None)
def test_any_report_gets_a_verdict_with_known_facts(hand_report, values, bedtime, detail: str, seed: int) -> None:
    report = as_shown(replace(hand_report(**values), bedtime=bedtime), detail)
    for kind, entry in follow_ups().items():
        about = options(kind, report, "test", np.random.default_rng(seed))[0]
        right = verdict(kind, report, about)
        assert right.name in entry["verdicts"]
        assert all(report.facts[name].known for name in right.facts if name in report.facts)
        numbers = [number for step in right.steps for number in (step.value, step.limit) if number is not None]
        assert all(math.isfinite(number) for number in numbers), (kind, right)
        json.dumps(follow_up_key(kind, report, about, detail), allow_nan=False)


def test_numbers_that_are_asked_for_are_computed(hand_report) -> None:
    assert verdict("awake", hand_report(time_in_bed=480, total_sleep=402)).value == 78
    report = replace(hand_report(time_in_bed=432), bedtime="23:40")
    assert verdict("rise", report, "07:00").value == 6 * 60 + 52
    assert verdict("rise", replace(report, bedtime="00:10"), "07:00").value == 7 * 60 + 22
    assert verdict("rise", replace(report, bedtime=None)).name == CANNOT_SAY
    assert verdict("tired", report).value is None


@pytest.mark.parametrize(("kind", "values", "name", "facts"), CASES)
def test_the_verdict_follows_from_the_report(hand_report, kind: str, values, name: str, facts: tuple[str, ...]) -> None:
    right = verdict(kind, hand_report(**values))
    assert (right.name, right.facts) == (name, facts)


def test_every_verdict_of_every_kind_is_reached() -> None:
    reached = {(kind, name) for kind, _, name, _ in CASES} | {(kind, name) for kind, _, _, name, _, _ in ASKED}
    reached |= {("remark", name) for name in ("now", "soon", "no_warning", CANNOT_SAY)}
    assert reached == {(kind, name) for kind, entry in follow_ups().items() for name in entry["verdicts"]}
    assert set(follow_ups()["first"]["verdicts"]) == {*drivers(), NONE, UNEXPLAINED}
    assert set(follow_ups()["second"]["verdicts"]) == {*drivers(), NONE}


def test_a_difference_after_alcohol_is_called_one_from_three_points_on() -> None:
    assert ALCOHOL_DIFFERENCE_PCT == 3


#: Kinds that can rightly be beyond this data.
MAY_BE_UNKNOWABLE = {"tired", "deep", "rem", "alcohol", "danger", "weekend", "trend", "enough", "awake", "rise"}
MAY_BE_UNKNOWABLE |= {"caffeine", "naps", "ill", "apnea", "regular", "measured", "remark"}


def test_what_this_data_cannot_say_is_a_right_answer() -> None:
    assert {kind for kind, entry in follow_ups().items() if CANNOT_SAY in entry["verdicts"]} == MAY_BE_UNKNOWABLE


def asked_of(reports: Iterable[Report], rng: np.random.Generator) -> Iterator[tuple[str, str, Report]]:
    """Each kind of each report, with something drawn to ask about."""
    for report in reports:
        for kind in follow_ups():
            yield kind, options(kind, report, "train", rng)[0], report


def test_simulated_people_meet_every_kind_of_verdict_but_rare_ones(study) -> None:
    rng = np.random.default_rng(3)
    met = {(kind, verdict(kind, report, about).name) for kind, about, report in asked_of(study.report_of.values(), rng)}
    possible = {(kind, name) for kind, entry in follow_ups().items() for name in entry["verdicts"]}
    assert met <= possible
    assert len(met) >= len(possible) - 9, possible - met


def test_no_verdict_of_a_kind_is_nearly_always_right(crowd) -> None:
    """Except of the trend: two weeks hardly ever show one, so "no clear trend" is right for most people."""
    rng = np.random.default_rng(3)
    given: dict[str, Counter[str]] = defaultdict(Counter)
    for kind, about, report in asked_of(crowd.reports, rng):
        given[kind][verdict(kind, report, about).name] += 1
    majority = {kind: max(counts.values()) / sum(counts.values()) for kind, counts in given.items()}
    assert majority.pop("trend") > 0.9
    assert len(majority) == 20 and max(majority.values()) <= 0.8, majority


def test_derivations_hold_step_by_step(study) -> None:
    """Each step recomputed here from the facts, without the code that made it."""
    rng = np.random.default_rng(4)
    computed = compared = 0
    for kind, about, report in asked_of(study.report_of.values(), rng):
        right = verdict(kind, report, about)
        *steps, last = right.steps
        assert (last.act, last.says) == ("rule", right.name) and steps, (kind, report.report_id)
        assert all(report.facts[name].known for name in right.facts if name in report.facts)
        for step in right.steps:
            assert Step.from_dict(json.loads(json.dumps(step.as_dict()))) == step
            fact = report.facts.get(step.fact)
            if step.act == "unknown":
                assert fact is None or not fact.known
                assert step.says in ("not measured", "too few nights", "not given")
            if step.act == "compare":
                compared += 1
                sides = dict(step.terms)
                if step.relation == "inside":
                    assert step.limit is None and sides
                    assert sides.get("low", -1e9) <= step.value <= sides.get("high", 1e9)
                else:
                    assert (step.value < step.limit) == (step.relation == "under") and step.value != step.limit
                if fact is not None:
                    assert step.value == fact.value and step.limit in (None, fact.low, fact.high)
                    assert step.level == ("" if fact.name in ("deep_sleep", "rem_sleep") else fact.level)
            if step.act == "compute":
                computed += 1
                (_, one), (_, other), (_, result) = step.terms
                assert step.value == result
                assert result == ((one + other) % 1440 if step.says == "rise" else one - other)
            if step.act == "rank":
                assert [level for _, level in step.terms] == sorted((level for _, level in step.terms), reverse=True)
                assert step.says == (step.terms[0][0] if step.terms else find(report).main)
    assert computed > 200 and compared > 2000


def test_the_facts_that_an_answer_cites_stand_in_its_derivation(study) -> None:
    for kind, about, report in asked_of(study.report_of.values(), np.random.default_rng(5)):
        right = verdict(kind, report, about)
        named = {step.fact for step in right.steps} | {name for step in right.steps for name, _ in step.terms}
        assert set(right.facts) <= named, (kind, report.report_id)
