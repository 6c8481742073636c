"""Facts: computed by hand, by slow and obvious code, and never from too little."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import combinations
from math import isnan
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.norms import fact_norms, stage_quartiles
from sleepcot_utils.report.facts import Fact, sleep_trend
from sleepcot_utils.report.reports import Report, make_report
from sleepcot_utils.report.windows import Window

NAN = math.nan


def report_on(table: pd.DataFrame, nights: int = 14, **options: Any) -> Report:
    report = make_report(table, person_id="p00001", window_nights=nights, **options)
    assert report is not None
    return report


def stated(report: Report, name: str) -> tuple[float, str, str, int]:
    fact = report.facts[name]
    return fact.value, fact.level, fact.direction, fact.nights


def test_a_week_computed_by_hand(night_table) -> None:
    """Seven nights that end on Tuesday to Monday; the fifth and sixth end on Saturday and Sunday."""
    table = night_table(
        7,
        bedtime=["23:00", "23:30", "22:30", "23:00", "00:30", "01:00", "23:00"],
        time_in_bed_min=[480, 450, 510, 480, 480, 480, 480],
        total_sleep_min=[400, 390, 430, 410, 420, 430, 403],
        sleep_onset_latency_min=[40, 30, 50, 35, 20, NAN, 35],
        wake_after_sleep_onset_min=[40, 30, 30, 35, 40, NAN, 42],
        resting_heart_rate_bpm=[60, 61, 59, 60, 66, 67, 65],
        respiratory_rate_brpm=[15.0, 15.2, 14.8, 15.0, 15.1, 15.3, 15.2],
        spo2_min_pct=[88, 87, NAN, 86, 87, 88, 87],
        alcohol_units=[0, 2, 0, 0, 3, 1, 0],
        caffeine_after_14h=[1, 1, 0, 1, 1, 0, NAN],
        nap_min=[0, 0, 90, 60, 0, 0, 75],
    )
    report = report_on(table, 7, age_y=40.0, sex="male")
    assert report.nights == 7 and report.bedtime == "23:30"  # 210 min after 23:00 in all, over 7 nights
    assert stated(report, "total_sleep") == (412, "watch", "low", 7)  # 2,883 / 7 = 411.9
    assert stated(report, "time_in_bed") == (480, "ok", "", 7)  # 3,360 / 7
    assert stated(report, "sleep_efficiency") == (86, "ok", "", 7)  # 2,883 / 3,360 = 85.8 %
    assert stated(report, "sleep_latency") == (35, "watch", "high", 6)  # 210 / 6
    assert stated(report, "wake_after_onset") == (36, "ok", "", 6)  # 217 / 6 = 36.2
    # Middle of the time in bed, after midnight: 180, 195, 165, 180 and 180 on work days, 270 and 300 on free days.
    assert stated(report, "weekend_shift") == (105, "watch", "high", 7)  # 285 - 180
    assert stated(report, "heart_rate_change") == (6, "watch", "high", 7)  # 66 - 60
    assert stated(report, "breathing_rate_change") == (0.2, "ok", "", 7)  # 15.2 - 15.0
    assert stated(report, "lowest_oxygen") == (87, "act", "low", 6)  # 523 / 6 = 87.2
    assert stated(report, "alcohol_nights") == (3, "watch", "high", 7)  # a quarter of 7 is 1, a half is 3
    assert stated(report, "late_caffeine_nights") == (4, "act", "high", 6)  # a half of the 6 that were logged is 3
    assert stated(report, "nap_mean") == (32, "watch", "high", 7)  # 225 / 7 = 32.1
    # From 23:30: -30, 0, -60, -30 and -30 min on work days, around -30; 60 and 90 on free days, around 75. The squares
    # sum to 1,800 and 450, and the root of 2,250 / (7 - 2) is 21.2.
    assert stated(report, "bedtime_spread") == (21, "ok", "", 7)
    # Efficiency after alcohol: 390/450, 420/480, 430/480; otherwise 400/480, 430/510, 410/480, 403/480.
    assert report.alcohol == {"after_pct": 88, "otherwise_pct": 84, "nights_after": 3, "nights_otherwise": 4}
    assert {name for name, fact in report.facts.items() if not fact.known} == {"deep_sleep", "rem_sleep", "steps_mean"}


def slow_facts(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Some facts in plain Python, one night at a time."""

    def known(name: str) -> list[float]:
        return [row[name] for row in rows if not isnan(row[name])]

    def change(name: str) -> float:
        last, before = ([x for row in part if not isnan(x := row[name])] for part in (rows[-3:], rows[:-3]))
        return statistics.fmean(last) - statistics.fmean(before) if len(last) == 3 and len(before) >= 4 else NAN

    def mean(name: str) -> float:
        return sum(known(name)) / len(known(name)) if len(known(name)) >= 3 else NAN

    timed = [row for row in rows if not pd.isna(row["start_local"])]
    # Distance from midnight between the evening and the morning of the date on which the night began.
    clock = []
    for row in timed:
        start = row["start_local"]
        minutes = start.hour * 60 + start.minute
        clock.append(minutes - 1440 if minutes >= 720 else minutes)
    free, work = [], []
    bedtimes: dict[bool, list[float]] = {True: [], False: []}
    for row, minutes in zip(timed, clock, strict=True):
        is_free = row["night_date"].strftime("%a") in ("Sat", "Sun")
        (free if is_free else work).append(minutes + row["time_in_bed_min"] / 2)
        bedtimes[is_free].append(minutes)
    kinds = [kind for kind in bedtimes.values() if kind]
    squares = sum((x - statistics.fmean(kind)) ** 2 for kind in kinds for x in kind)
    spread = (squares / (len(clock) - len(kinds))) ** 0.5 if len(clock) >= 4 else NAN
    bedtime = datetime(2026, 1, 1) + timedelta(minutes=round(statistics.fmean(clock))) if len(clock) >= 3 else None
    return {
        "total_sleep": mean("total_sleep_min"),
        "sleep_efficiency": 100 * sum(known("total_sleep_min")) / sum(known("time_in_bed_min")),
        "wake_after_onset": mean("wake_after_sleep_onset_min"),
        "lowest_oxygen": mean("spo2_min_pct"),
        "nap_mean": mean("nap_min"),
        "alcohol_nights": sum(x > 0 for x in known("alcohol_units")) if len(known("alcohol_units")) >= 3 else NAN,
        "late_caffeine_nights": sum(known("caffeine_after_14h")) if len(known("caffeine_after_14h")) >= 3 else NAN,
        "heart_rate_change": change("resting_heart_rate_bpm"),
        "breathing_rate_change": change("respiratory_rate_brpm"),
        "bedtime_spread": spread,
        "weekend_shift": (
            statistics.fmean(free) - statistics.fmean(work) if len(free) >= 2 and len(work) >= 3 else NAN
        ),
        "bedtime": f"{bedtime:%H:%M}" if bedtime else None,
    }


def test_facts_equal_slow_and_obvious_code_on_every_simulated_person(study) -> None:
    rows_of = {name: group.to_dict("records") for name, group in study.table.groupby("person_id")}
    compared = 0
    for report in study.reports:
        slow = slow_facts(rows_of[report.person_id])
        assert report.bedtime == slow.pop("bedtime")
        for name, value in slow.items():
            fact = report.facts[name]
            assert fact.known != isnan(value), (report.report_id, name)
            if fact.known:
                half_a_digit = 0.5 * 10 ** -fact_norms()[name].digits
                assert abs(fact.value - value) <= half_a_digit + 1e-9, (report.report_id, name)
                compared += 1
    assert compared > 9 * len(study.reports) / 2


#: Limits of adults below 65, and what changes from 65 on: norm low, norm high, act low, act high.
HAND_LIMITS = {
    "total_sleep": ((420, 540, 360, 600), (420, 480, 300, 540)),
    "sleep_efficiency": ((85, None, 75, None),) * 2,
    "sleep_latency": ((None, 30, None, 45),) * 2,
    "wake_after_onset": ((None, 40, None, 60), (None, 50, None, 75)),
    "bedtime_spread": ((None, 60, None, 90),) * 2,
    "weekend_shift": ((None, 60, None, 120),) * 2,
    "heart_rate_change": ((None, 5, None, 8),) * 2,
    "breathing_rate_change": ((None, 2, None, 3),) * 2,
    "lowest_oxygen": ((90, None, 89, None),) * 2,
    "nap_mean": ((None, 30, None, 60),) * 2,
}


def by_hand(fact: Fact, age_y: float | None) -> tuple[str, str]:
    if not fact.known:
        return "ok", ""
    if fact.name in ("alcohol_nights", "late_caffeine_nights"):
        low, high, act_low, act_high = None, fact.nights // 4, None, fact.nights // 2
    elif fact.name in HAND_LIMITS:
        low, high, act_low, act_high = HAND_LIMITS[fact.name][age_y is not None and age_y >= 65]
    else:
        return "ok", ""
    if low is not None and fact.value < low:
        return ("act" if fact.value < act_low else "watch"), "low"
    if high is not None and fact.value > high:
        return ("act" if fact.value > act_high else "watch"), "high"
    return "ok", ""


def test_levels_are_those_of_the_rounded_value(study) -> None:
    seen = set()
    for report in study.reports + study.twin_reports:
        for fact in report.facts.values():
            assert (fact.level, fact.direction) == by_hand(fact, report.age_y), (report.report_id, fact.name)
            seen.add((fact.name, fact.level))
            digits = fact_norms()[fact.name].digits
            assert not fact.known or fact.value == round(fact.value, digits)
    assert {level for _, level in seen} == {"ok", "watch", "act"}


def test_a_value_is_rounded_before_it_is_judged(night_table) -> None:
    """Lying awake for 40.3 min a night reads as 40, and 40 is inside the norm."""
    table = night_table(4, wake_after_sleep_onset_min=[40, 40, 40, 41])
    assert stated(report_on(table), "wake_after_onset") == (40, "ok", "", 4)


def test_norms_of_older_people_and_quartiles_of_age_and_sex_stand_in_the_facts(night_table) -> None:
    table = night_table(4, total_sleep_min=[490.0] * 4, time_in_bed_min=[520.0] * 4, deep_min=[60.0] * 4)
    adult, older = (report_on(table, age_y=age, sex="female").facts for age in (64.0, 65.0))
    assert (adult["total_sleep"].level, adult["total_sleep"].high) == ("ok", 540)
    assert (older["total_sleep"].level, older["total_sleep"].high) == ("watch", 480)
    low, _, high = stage_quartiles("deep", 65, "female")
    assert (older["deep_sleep"].low, older["deep_sleep"].high) == (low, high)
    nobody = report_on(table).facts["deep_sleep"]
    assert nobody.value == 60 and nobody.low is None and nobody.high is None


def test_weekends_are_nights_that_end_on_saturday_and_sunday(night_table) -> None:
    late = ["23:00", "23:00", "23:00", "23:00", "01:00", "01:00", "23:00"]
    assert stated(report_on(night_table(7, bedtime=late)), "weekend_shift") == (120, "watch", "high", 7)
    early = ["23:00"] * 4 + ["22:00"] * 2 + ["23:00"]
    assert stated(report_on(night_table(7, bedtime=early)), "weekend_shift") == (-60, "ok", "", 7)
    one_free_day = night_table(7, bedtime=late, skip=[5])
    assert isnan(report_on(one_free_day).facts["weekend_shift"].value)
    two_work_days = night_table(7, bedtime=late, skip=[0, 1, 2])
    assert isnan(report_on(two_work_days).facts["weekend_shift"].value)


@pytest.mark.parametrize(
    ("bedtimes", "mean", "spread"),
    [
        (["23:30", "00:30", "23:30", "00:30"], "00:00", 35),
        (["23:50", "00:10", "00:00", "00:00"], "00:00", 8),
        (["02:00", "03:00", "02:00", "03:00"], "02:30", 35),
        (["13:00", "13:00", "13:00", "13:00"], "13:00", 0),
        (["21:00", "03:00", "21:00", "03:00"], "00:00", 208),
    ],
)
def test_midnight_does_not_split_bedtimes(night_table, bedtimes: list[str], mean: str, spread: float) -> None:
    report = report_on(night_table(4, bedtime=bedtimes))
    assert report.bedtime == mean
    assert report.facts["bedtime_spread"].value == spread


def test_facts_of_few_nights_are_not_known(night_table) -> None:
    three = report_on(night_table(3, spo2_min_pct=[90, NAN, 91], nap_min=[10, 20, 30]))
    assert stated(three, "nap_mean")[0] == 20 and three.bedtime == "23:00"
    assert isnan(three.facts["lowest_oxygen"].value) and three.facts["lowest_oxygen"].nights == 2
    assert isnan(three.facts["bedtime_spread"].value)
    four = report_on(night_table(4, bedtime=["23:00", "23:10", None, "23:20"]))
    assert isnan(four.facts["bedtime_spread"].value) and four.bedtime == "23:10"


def test_a_change_needs_three_nights_now_and_four_before(night_table) -> None:
    def rates(*values: float) -> Fact:
        return report_on(night_table(len(values), resting_heart_rate_bpm=list(values))).facts["heart_rate_change"]

    assert rates(60, 60, 60, 60, 70, 70, 70).value == 10
    assert rates(70, 70, 70, 70, 60, 60, 60).value == -10
    assert rates(50, 60, 60, 60, 60, 70, 70, 70).value == 12  # 70 - 58
    assert isnan(rates(60, 60, 60, 70, 70, 70).value)
    assert isnan(rates(60, 60, 60, 60, 60, 70, NAN, 70).value)
    assert rates(60, NAN, 60, 60, 60, 70, 70, 70).value == 10


def test_a_trend_needs_seven_nights(night_table) -> None:
    rising = [360.0 + 10 * night for night in range(7)]
    assert report_on(night_table(6, total_sleep_min=rising[:6])).trend["direction"] == "too few nights"
    gap = report_on(night_table(8, total_sleep_min=[*rising[:4], NAN, *rising[4:]])).trend
    assert report_on(night_table(7, total_sleep_min=rising)).trend == {
        "direction": "rising", "slope_min": 10.0, "low_min": 10.0, "high_min": 10.0,
    }  # fmt: skip
    assert gap["direction"] == "rising" and gap["slope_min"] < 10  # seven values over eight days
    falling = report_on(night_table(7, total_sleep_min=rising[::-1])).trend
    assert falling["direction"] == "falling" and falling["slope_min"] == -10
    flat = report_on(night_table(7, total_sleep_min=[400, 430, 390, 440, 400, 430, 410])).trend
    assert flat["direction"] == "no clear trend" and flat["low_min"] < 0 < flat["high_min"]


def test_the_slope_is_the_median_of_all_slopes_between_two_nights(study) -> None:
    for person_id, rows in study.table[study.table["device"] == "watch"].groupby("person_id"):
        report = next(report for report in study.reports if report.person_id == person_id)
        if report.trend["slope_min"] is None:
            continue
        nights = [(row.night_date, row.total_sleep_min) for row in rows.itertuples()]
        slopes = [(b[1] - a[1]) / (b[0] - a[0]).days for a, b in combinations(nights, 2)]
        assert report.trend["slope_min"] == pytest.approx(statistics.median(slopes), abs=0.051)
        assert report.trend["low_min"] <= report.trend["slope_min"] <= report.trend["high_min"]


def test_a_trend_is_seldom_seen_where_there_is_none_and_mostly_where_there_is() -> None:
    rng = np.random.default_rng(1)
    day = np.arange(14)

    def directions(slope_min: float) -> list[str]:
        series = rng.normal(400, 40, (300, 14)) + slope_min * day
        windows = (Window({"total_sleep_min": asleep}, day, np.full(14, NAN), "watch") for asleep in series)
        return [sleep_trend(window)["direction"] for window in windows]

    assert 1 - directions(0).count("no clear trend") / 300 < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)
    assert directions(-10).count("falling") > 240


def test_a_contrast_of_alcohol_needs_three_nights_of_either_kind(night_table) -> None:
    def contrast(*units: float) -> dict[str, float] | None:
        asleep = [400.0 if unit and unit > 0 else 440.0 for unit in units]
        return report_on(night_table(len(units), alcohol_units=list(units), total_sleep_min=asleep)).alcohol

    assert contrast(1, 2, 3, 0, 0, 0) == {
        "after_pct": 83, "otherwise_pct": 92, "nights_after": 3, "nights_otherwise": 3,
    }  # fmt: skip
    assert contrast(1, 2, 0, 0, 0, 0) is None
    assert contrast(1, 2, 3, 0, 0) is None
    assert contrast(1, 2, 3, NAN, 0, 0) is None
    assert contrast(1, 2, 3, NAN, 0, 0, 0)["nights_otherwise"] == 3


def test_efficiency_weights_nights_by_their_length(night_table) -> None:
    table = night_table(3, time_in_bed_min=[600, 300, 300], total_sleep_min=[600, 150, 150])
    assert report_on(table).facts["sleep_efficiency"].value == 75  # 900 / 1,200; the mean of nights would be 67


def test_an_unknown_value_becomes_null_in_json_and_back(hand_report: Callable[..., Report]) -> None:
    fact = hand_report(lowest_oxygen=None).facts["lowest_oxygen"]
    assert fact.as_dict()["value"] is None and not fact.known
    again = Fact.from_dict(fact.as_dict())
    assert isnan(again.value) and again.as_dict() == fact.as_dict()
    assert hand_report(heart_rate_change=-0.2).facts["heart_rate_change"].value == 0
    assert str(hand_report(heart_rate_change=-0.2).facts["heart_rate_change"].value) == "0.0"
