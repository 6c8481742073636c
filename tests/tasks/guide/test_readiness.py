"""Readiness from nights and days made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils import days as daily
from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import InputError
from sleepcot_utils.tasks.guide.readiness import readiness_of

TODAY = pd.Timestamp("2026-02-02")


def hand_nights(**columns: object) -> pd.DataFrame:
    """28 nights up to today; the last row is last night."""
    dates = pd.date_range(end=TODAY, periods=28)
    plain = {"person_id": "p1", "night_date": dates, "sleep_kind": "main", "device": "test", "quality": "ok"}
    return nightly.conform(pd.DataFrame(plain | columns))


def hand_days(**columns: object) -> pd.DataFrame:
    """28 days up to yesterday."""
    dates = pd.date_range(end=TODAY - pd.Timedelta(days=1), periods=28)
    return daily.conform(pd.DataFrame({"person_id": "p1", "date": dates, "source": "test"} | columns))


def readiness(nights: pd.DataFrame, days: pd.DataFrame | None = None):
    empty = hand_days().iloc[:0]
    return readiness_of(nights, empty if days is None else days, TODAY, {"p1": 40.0})["p1"]


def test_hrv_is_a_mean_of_logarithms_against_half_a_standard_deviation() -> None:
    before, recent = np.tile([40.0, 50.0, 60.0], 7), np.full(7, 45.0)
    found = readiness(hand_nights(hrv_rmssd_ms=[*before, *recent]))
    logs = np.log(before)
    assert found.hrv_mean == round(float(np.log(45.0)), 2)
    assert found.hrv_low == round(float(logs.mean() - 0.5 * np.std(logs, ddof=1)), 2)
    assert found.hrv_high == round(float(logs.mean() + 0.5 * np.std(logs, ddof=1)), 2)


def test_too_few_nights_are_not_measured() -> None:
    recent = [45.0, 45.0, np.nan, np.nan, np.nan, np.nan, np.nan]
    assert readiness(hand_nights(hrv_rmssd_ms=[*np.full(21, 50.0), *recent])).hrv_mean is None
    few = [*np.full(15, np.nan), *np.full(6, 50.0), *np.full(7, 45.0)]
    assert readiness(hand_nights(hrv_rmssd_ms=few)).hrv_mean is None


def test_changes_and_sleep_of_the_last_nights() -> None:
    found = readiness(
        hand_nights(
            resting_heart_rate_bpm=[*np.full(21, 54.0), *np.full(6, 70.0), 61.0],
            respiratory_rate_brpm=[*np.full(21, 14.0), *np.full(6, 20.0), 14.6],
            total_sleep_min=[*np.full(21, 480.0), *np.full(6, 380.0), 310.0],
        )
    )
    assert (found.heart_rate_change, found.breathing_rate_change) == (7.0, 0.6)
    assert found.sleep_short_min == 420 - 370 and found.last_night_min == 310


def test_training_counts_days_of_half_an_hour_and_forgets_what_is_not_known() -> None:
    active = [*np.tile([60.0, 20.0, np.nan], 7), *np.full(1, np.nan), 45, 10, 45, 45, 45, 45]
    vigorous = [*np.full(21, 0.0), np.nan, 5, 0, 25, 0, 0, 0]
    found = readiness(hand_nights(), hand_days(exercise_min=active, vigorous_activity_min=vigorous))
    assert found.weekly_min == 190, "seven times the mean of 13 known days, six of them of 60 min, to tens"
    assert found.done_min == 220, "five days of 45 min, to tens"
    assert (found.hard_days_ago, found.days_in_a_row) == (4, 4)


def test_readings_of_yesterday_and_today() -> None:
    none = np.full(26, np.nan)
    found = readiness(
        hand_nights(),
        hand_days(
            highest_systolic_mmhg=[*none, 190, 150], highest_diastolic_mmhg=[*none, 99, 88],
            glucose_mg_dl=[*none, 300, 110], glucose_fasting=[*none, 1, 1],
        ),
    )  # fmt: skip
    assert (found.systolic, found.diastolic, found.glucose, found.glucose_fasting) == (150, 88, 110, True)


def test_nothing_after_today_is_looked_at_and_nobody_without_nights_is_judged() -> None:
    nights = hand_nights(total_sleep_min=np.full(28, 400.0))
    later = nights.assign(night_date=nights["night_date"] + pd.Timedelta(days=28), total_sleep_min=100.0)
    both = pd.concat([nights, later], ignore_index=True)
    assert readiness(both) == readiness(nights)
    with pytest.raises(InputError, match="'p2' has no night"):
        readiness_of(nights, hand_days().iloc[:0], TODAY, {"p2": None})
