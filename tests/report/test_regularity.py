"""Regularity, social jetlag, sleep debt and trends against values by hand and against public implementations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sleepcot_utils.report.facts import compute_facts
from sleepcot_utils.report.regularity import (
    jetlag_min,
    minutes_asleep,
    regularity,
    sleep_debt,
    sleep_regularity_index,
    social_jetlag,
    spread_of,
    trend_of,
)
from sleepcot_utils.report.windows import NightArrays


def window_of(table, nights: int = 30):
    return NightArrays(table).last_nights(np.arange(len(table)), nights)


def block(starts: list[int], lengths: list[int]) -> np.ndarray:
    """Days of 1,440 minutes with one stretch of sleep each."""
    days = np.zeros((len(starts), 1440))
    for day, start, length in zip(days, starts, lengths, strict=True):
        day[start : start + length] = 1
    return days


# Compared once with pyActigraphy 1.2.2 (not installed here), for `asleep` below and for the noise of the next test:
#   series = pandas.Series(asleep.ravel(), index=pandas.date_range("2026-01-01 12:00", periods=asleep.size, freq="min"))
#   pyActigraphy.sleep.scoring.sri.sri(series)
# and with sri(sleep, epochs_per_day=1440) of github.com/mengelhard/sri at 0ba1e70, which handles missing days too.
# Not compared: days that are known in part, where that code averages over times of day and ours over all pairs.
def test_index_equals_public_implementations() -> None:
    asleep = block([660, 690, 720, 600, 660, 780, 750], [480, 450, 420, 500, 480, 540, 510])
    assert sleep_regularity_index(asleep) == pytest.approx(83.56481481481478, abs=1e-9)
    without_a_day = asleep.copy()
    without_a_day[3] = math.nan
    assert sleep_regularity_index(without_a_day) == pytest.approx(84.375, abs=1e-9)


def test_index_of_noise_equals_public_implementations() -> None:
    asleep = (np.random.default_rng(7).random((10, 1440)) < 0.33).astype(float)
    assert sleep_regularity_index(asleep) == pytest.approx(11.851851851851848, abs=1e-9)


def test_index_at_its_ends() -> None:
    assert sleep_regularity_index(block([600] * 5, [480] * 5)) == 100
    assert sleep_regularity_index(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])) == -100
    assert math.isnan(sleep_regularity_index(np.array([[1.0, 0.0]])))
    assert math.isnan(sleep_regularity_index(np.full((3, 4), math.nan)))


def with_ends(table):
    import pandas as pd

    return table.assign(end_local=table["start_local"] + pd.to_timedelta(table["time_in_bed_min"], unit="min"))


def test_a_shift_of_one_hour_costs_two_hours_of_disagreement(night_table) -> None:
    # 23:00 and 00:00 in turn, 480 min: every pair of days disagrees for 120 of 1,440 min, so 100 - 200 * 120 / 1440.
    table = with_ends(night_table(8, bedtime=["23:00", "00:00"] * 4))
    value, pairs = regularity(table)
    assert value == pytest.approx(100 - 200 / 12) and pairs == 7


def test_a_day_without_a_record_is_no_waking_day(night_table) -> None:
    whole, gap = (regularity(with_ends(night_table(9, skip=skip))) for skip in ((), (4,)))
    assert whole == (100.0, 8) and gap == (100.0, 6)
    value, pairs = regularity(with_ends(night_table(7, skip=(2, 4))))
    assert math.isnan(value) and pairs == 2


def test_naps_and_time_to_fall_asleep_are_placed(night_table) -> None:
    import pandas as pd

    from sleepcot_utils.nights import conform

    table = with_ends(night_table(2, sleep_onset_latency_min=20.0))
    assert minutes_asleep(table).sum() == 2 * 460
    nap = table.iloc[[1]].assign(sleep_kind="nap", start_local=pd.Timestamp("2026-01-06 14:00"), time_in_bed_min=30.0)
    nap = nap.assign(end_local=pd.Timestamp("2026-01-06 14:30"), sleep_onset_latency_min=None, total_sleep_min=30.0)
    both = conform(pd.concat([table, nap.assign(sleep_efficiency_pct=100.0)], ignore_index=True))
    days = minutes_asleep(both)
    # Rows run from noon to noon: 14:00 on the 6th is two hours into the day that ends on the 7th.
    assert days[1, 120:150].all() and not days[1, 150:600].any() and days.sum() == 2 * 460 + 30


def test_no_clock_times_no_index(night_table) -> None:
    value, pairs = regularity(night_table(9, bedtime=[None] * 9))
    assert math.isnan(value) and pairs == 0


@pytest.mark.parametrize(
    ("work", "free", "plain", "corrected"),
    [
        # The first two rows are documented examples of sjl_sc() of the R package mctq: 3600 s and 0 s corrected,
        # 1 h plain in both.
        ((0, 480), (60, 480), 60, 60),
        ((60, 360), (60, 480), 60, 0),
        # Longer sleep on work days and no earlier end on free days: distance of the ends (07:00 and 08:00).
        ((-60, 480), (60, 420), 90, 60),
        # Longer sleep on work days, but it ends earlier on free days: distance of the onsets.
        ((0, 480), (30, 360), -30, 30),
        # Later on free days, by onset and end.
        ((-60, 420), (30, 540), 150, 90),
    ],
)
def test_jetlag_by_hand(work, free, plain, corrected) -> None:
    assert jetlag_min(*work, *free) == (plain, corrected)


def test_plain_jetlag_is_the_fact_of_the_short_report(night_table, study) -> None:
    # 2026-01-06 is a Tuesday; nights 4, 5, 11 and 12 end on a Saturday or Sunday.
    clocks = ["01:00" if place % 7 in (4, 5) else "23:00" for place in range(14)]
    window = window_of(night_table(14, bedtime=clocks))
    jetlag = social_jetlag(window)
    assert (jetlag.plain_min, jetlag.corrected_min, jetlag.free_nights, jetlag.work_nights) == (120, 120, 4, 10)
    compared = 0
    for person in study.people["person_id"].head(40):
        own = study.table[study.table["person_id"] == person]
        window = window_of(own, 14)
        if window is None:
            continue
        fact, jetlag = compute_facts(window, None, None)["weekend_shift"], social_jetlag(window)
        assert math.isnan(fact.value) == math.isnan(jetlag.plain_min)
        if fact.known:
            assert abs(jetlag.plain_min - fact.value) <= 0.5 + 1e-9  # the fact is rounded
            compared += 1
    assert compared > 20


def test_too_few_free_or_work_nights(night_table) -> None:
    jetlag = social_jetlag(window_of(night_table(4)))
    assert math.isnan(jetlag.plain_min) and math.isnan(jetlag.corrected_min) and jetlag.free_nights == 0


def test_sleep_debt_by_hand() -> None:
    day = np.arange(100, 114)
    asleep = np.array([500.0] * 7 + [400, 400, 440, 380, 420, 360, 500])
    # Shortfalls of the last seven against 420: 20 + 20 - 20 + 40 + 0 + 60 - 80 = 40; seven earlier nights pay back 560.
    assert sleep_debt(asleep, day, 7, 420) == (40.0, 7)
    assert sleep_debt(asleep, day, 14, 420) == (0.0, 14)


def test_sleep_debt_needs_its_nights() -> None:
    asleep = np.array([400.0, math.nan, 400, 400, math.nan, 400, 400])
    assert sleep_debt(asleep, np.arange(7), 7, 420) == (100.0, 5)
    debt, known = sleep_debt(asleep[:6], np.arange(6), 7, 420)
    assert math.isnan(debt) and known == 4
    # Dates without any row count as unknown: four nights of the last seven dates.
    debt, known = sleep_debt(np.full(8, 400.0), np.array([1, 2, 3, 4, 20, 22, 24, 26]), 7, 420)
    assert math.isnan(debt) and known == 4


def test_spread_needs_more_nights_in_a_longer_window() -> None:
    values = np.array([400.0, 420, 440, 460, 480])
    spread, known, needed = spread_of(values, 7)
    assert spread == pytest.approx(math.sqrt(1000)) and (known, needed) == (5, 5)
    assert math.isnan(spread_of(values, 14)[0]) and spread_of(values, 14)[2] == 8
    assert spread_of(values, 30)[2] == 11


def test_trend_by_hand() -> None:
    day = np.arange(8)
    rising = trend_of(400.0 + 3 * day, day)
    assert (rising.direction, rising.a_week, rising.low, rising.high, rising.nights) == ("rising", 21, 21, 21, 8)
    assert trend_of(400.0 - 3 * day, day).direction == "falling"
    noisy = trend_of(np.array([400.0, 470, 380, 460, 410, 480, 390, 470]), day)
    assert noisy.a_week > 0 > noisy.low and noisy.direction == "no clear trend"


def test_no_trend_below_its_nights() -> None:
    day = np.arange(8)
    values = 400.0 + 30 * day
    values[[1, 5]] = math.nan
    trend = trend_of(values, day)
    assert (trend.direction, trend.nights) == ("too few nights", 6) and math.isnan(trend.a_week)


def test_the_direction_follows_from_what_is_shown() -> None:
    # A slope of 0.05 a week is shown as 0 with an interval of 0 to 0: no claim follows from that.
    day = np.arange(10)
    assert trend_of(60 + 0.007 * day, day).direction == "no clear trend"
