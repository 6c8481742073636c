"""The full report: values by hand, what is not known, and agreement with the short report and the rules."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.report.dimensions import DIMENSIONS, OTHERS
from sleepcot_utils.report.full import clinician, full_report, full_reports
from sleepcot_utils.report.reports import make_report
from sleepcot_utils.tasks.drivers import red_flags


def test_values_by_hand(rich_report) -> None:
    full = rich_report()
    expected = {
        "regularity_index": 100,  # 23:00 for 480 min every night
        "bedtime_spread": 0,
        "weekend_shift": 0,
        "corrected_jetlag": 0,
        "mean_bedtime": 23 * 60,
        "mean_middle": 3 * 60,
        "mean_rise": 7 * 60,
        "core_hours": 14,
        "sleep_efficiency": 91,  # 435 of 480
        "sleep_latency": 12,
        "wake_after_onset": 28,
        "awakenings": 3.0,
        "total_sleep": 435,
        "time_in_bed": 480,
        "sleep_spread": 5,  # 430 and 440 in turn
        "sleep_debt_7": 0,
        "sleep_debt_14": 0,
        "light_share": 57,  # 250 of 435
        "deep_share": 16,
        "rem_share": 25,
        "deep_sleep": 70,
        "rem_sleep": 110,
        "resting_heart_rate": 60,
        "heart_rate_variability": 35,
        "breathing_rate": 15.0,
        "mean_oxygen": 95,
        "lowest_oxygen": 92,
        "steps_mean": 7000,
        "nap_mean": 5,
        "alcohol_nights": 1,
        "late_caffeine_nights": 2,
        "heart_rate_change": 0,
        "breathing_rate_change": 0,
    }
    assert {one.name: one.value for one in full.statements if one.status == "known"} == expected
    assert full.missing == ("satisfaction", "alertness")
    assert str(full.first_date) == "2026-01-06" and str(full.last_date) == "2026-01-19"


def test_dimensions_stand_in_their_order(rich_report) -> None:
    order = [one.dimension for one in rich_report().statements]
    assert list(dict.fromkeys(order)) == [*DIMENSIONS, *OTHERS]
    assert sorted(order, key=[*DIMENSIONS, *OTHERS].index) == order


def test_facts_are_those_of_the_short_report(study) -> None:
    compared = 0
    for person in study.people.head(50).itertuples():
        own = study.table[study.table["person_id"] == person.person_id]
        full = full_report(own, person_id=person.person_id, window_nights=14, age_y=person.age_y, sex=person.sex)
        short = make_report(own, person_id=person.person_id, window_nights=14, age_y=person.age_y, sex=person.sex)
        assert (full is None) == (short is None)
        if full is None:
            continue
        assert full.report == short or full.report.as_dict() == short.as_dict()
        stated = {one.name: one for one in full.statements}
        for name, fact in short.facts.items():
            one = stated[name]
            assert (math.isnan(one.value) and not fact.known) or one.value == fact.value
            assert (one.low, one.high, one.level, one.nights) == (fact.low, fact.high, fact.level, fact.nights)
        assert full["total_sleep"].trend.direction == short.trend["direction"]
        clock = full["mean_bedtime"].value
        shown = None if math.isnan(clock) else f"{int(clock) // 60:02d}:{int(clock) % 60:02d}"
        assert shown == short.bedtime
        assert full.clinician == red_flags(short)
        compared += 1
    assert compared > 40


def test_percentiles_come_from_the_quartiles_and_nowhere_else(rich_report) -> None:
    # Women of 25 to 54: deep 58, 75, 92 and REM 71, 93, 115 in data/norms/stage_quartiles.yaml.
    for deep, quarter in ((57, (0, 25)), (58, (25, 50)), (75, (50, 75)), (92, (75, 100))):
        full = rich_report(deep_min=float(deep), light_min=200.0)
        assert full["deep_sleep"].percentile == quarter
        assert full["rem_sleep"].percentile == (50, 75)
        with_percentile = {one.name for one in full.statements if one.percentile}
        assert with_percentile == {"deep_sleep", "rem_sleep"}
    anonymous = rich_report(age_y=None, sex=None)
    assert not [one.name for one in anonymous.statements if one.percentile]


def test_stages_are_never_judged(rich_report) -> None:
    full = rich_report(deep_min=1.0, rem_min=1.0, light_min=400.0)
    assert {one.level for one in full.of("stages")} == {"ok"}
    assert {one.range_kind for one in full.of("stages")} == {"typical", ""}


def test_norms_follow_age(rich_report) -> None:
    assert rich_report(total_sleep_min=500.0, time_in_bed_min=540.0)["total_sleep"].level == "ok"
    older = rich_report(total_sleep_min=500.0, time_in_bed_min=540.0, age_y=70.0)
    assert (older["total_sleep"].high, older["total_sleep"].level) == (480, "watch")


def test_no_trend_is_claimed_below_its_nights(rich_nights) -> None:
    table = rich_nights(6, total_sleep_min=[300.0, 330, 360, 390, 420, 450])
    full = full_report(table, person_id="p00001", window_nights=14)
    assert {one.trend.direction for one in full.statements if one.trend} == {"too few nights"}
    longer = rich_nights(9, total_sleep_min=[240.0 + 20 * place for place in range(9)])
    full = full_report(longer, person_id="p00001", window_nights=14)
    assert full["total_sleep"].trend.direction == "rising" and full["total_sleep"].trend.a_week == 140


def test_what_a_bare_export_does_not_give(night_table) -> None:
    full = full_report(night_table(9, bedtime=[None] * 9), person_id="p00001", window_nights=14)
    known = {one.name for one in full.statements if one.status == "known"}
    assert known == {"total_sleep", "time_in_bed", "sleep_efficiency", "sleep_spread", "sleep_debt_7"}
    assert full["sleep_debt_14"].status == "too_few" and full["sleep_debt_14"].nights == 9
    assert full["regularity_index"].status == "not_given"


def test_debt_looks_back_over_two_weeks_whatever_the_window(rich_nights) -> None:
    # 20 min short of 420 on each of 14 nights.
    table = rich_nights(14, total_sleep_min=400.0)
    full = full_report(table, person_id="p00001", window_nights=7)
    assert (full["sleep_debt_7"].value, full["sleep_debt_14"].value) == (140, 280)
    assert full["total_sleep"].nights == 7


def test_what_only_the_person_knows(rich_report) -> None:
    full = rich_report(satisfaction=2, alertness=0)
    assert (full["satisfaction"].value, full["alertness"].value) == (2, 0) and full.missing == ()
    with pytest.raises(ParameterError, match="alertness: the score 3"):
        rich_report(alertness=3)


def test_latency_is_qualified_by_the_device(rich_report) -> None:
    assert rich_report(device="fitbit")["sleep_latency"].caveats == ("lights_out",)
    assert rich_report(device="oura ring")["sleep_latency"].caveats == ()
    assert rich_report(device="something else")["sleep_latency"].caveats == ("lights_out",)
    unknown = rich_report(device="garmin", sleep_onset_latency_min=None)["sleep_latency"]
    assert (unknown.status, unknown.absence) == ("not_given", "no_lights_out")
    assert rich_report(device="something else", sleep_onset_latency_min=None)["sleep_latency"].absence == ""


def test_red_flags_reach_a_clinician(hand_report) -> None:
    assert clinician(hand_report().facts) == ()
    assert clinician(hand_report(lowest_oxygen=85.0).facts) == ("lowest_oxygen",)
    assert clinician(hand_report(heart_rate_change=12.0).facts) == ()
    both = hand_report(heart_rate_change=12.0, breathing_rate_change=4.0, lowest_oxygen=85.0)
    assert clinician(both.facts) == red_flags(both) == ("lowest_oxygen", "heart_rate_change", "breathing_rate_change")


def test_several_people(rich_nights) -> None:
    table = pd.concat([rich_nights(n).assign(person_id=name) for name, n in (("b", 2), ("a", 5), ("c", 9))])
    fulls, too_few = full_reports(table, window_nights=14, most=40)
    assert [full.report.person_id for full in fulls] == ["a", "c"] and too_few == ["b"]
    fulls, too_few = full_reports(table, window_nights=14, most=1)
    assert [full.report.person_id for full in fulls] == ["a"] and too_few == []
    with pytest.raises(ParameterError, match="3 people"):
        full_reports(table, window_nights=14, most=40, age_y=40.0)
    with pytest.raises(ParameterError, match="several persons"):
        full_report(table, person_id="a", window_nights=14)


def test_core_hours_are_counted_whole(rich_nights) -> None:
    # From 23:00 on: 300 min reach 04:00, 299 do not; from 02:30 the first half hour is missing.
    length = [300.0, 299, 480, 480]
    table = rich_nights(4, bedtime=["23:00", "23:00", "02:30", "02:00"], time_in_bed_min=length, total_sleep_min=280.0)
    full = full_report(table, person_id="p00001", window_nights=7)
    assert (full["core_hours"].value, full["core_hours"].nights) == (2, 4)


def test_nights_with_a_remark_are_counted(rich_report) -> None:
    assert rich_report().remarked_nights == 0
    assert rich_report(quality=["ok"] * 11 + ["short record"] * 3).remarked_nights == 3


def test_a_nap_after_the_last_night_is_no_night(rich_nights) -> None:
    table = rich_nights(9)
    nap = table.iloc[[8]].assign(sleep_kind="nap", night_date=table["night_date"].max() + pd.Timedelta(days=2))
    full = full_report(pd.concat([table, nap], ignore_index=True), person_id="p00001", window_nights=7)
    assert full.last_date == table["night_date"].max().date() and full.report.nights == 7
