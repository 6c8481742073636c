"""Readiness and recent training of people, computed from their nights and days."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.tasks.guide.rules import entries, load
from sleepcot_utils.tasks.guide.situation import Readiness

#: Nights of the sleep shortfall and days of training that count as done.
SHORTFALL_NIGHTS, DONE_DAYS, WEEKS_BEFORE, HARD_WITHIN_DAYS = 7, 6, 3, 28
#: Nights with sleep that a shortfall needs, of seven: the same as of the HRV mean.
LEAST_SLEEP_NIGHTS = 3
#: Days with known minutes that a weekly mean needs.
LEAST_KNOWN_DAYS = 7
ROUNDED_TO_MIN = 10
CHANGES = {"heart_rate_change": "resting_heart_rate_bpm", "breathing_rate_change": "respiratory_rate_brpm"}
NIGHT_COLUMNS = ("hrv_rmssd_ms", "total_sleep_min", *CHANGES.values())
DAY_COLUMNS = (
    "exercise_min",
    "vigorous_activity_min",
    "highest_systolic_mmhg",
    "highest_diastolic_mmhg",
    "glucose_mg_dl",
    "glucose_fasting",
)


def readiness_of(
    nights: pd.DataFrame, days: pd.DataFrame, today: pd.Timestamp, ages: dict[str, float | None]
) -> dict[str, Readiness]:
    """Readiness of each person on one morning; nothing after the night that ended on it is looked at.

    Parameters
    ----------
    nights : pandas.DataFrame
        Nightly table.
    days : pandas.DataFrame
        Day table; minutes of activity, blood pressure and glucose are taken from it. It may be empty.
    today : pandas.Timestamp
        The day that advice is for.
    ages : dict of str to float or None
        Persons who are asked about, with their age in years.

    Raises
    ------
    InputError
        If a person has no night in the four weeks up to `today`.
    """
    begin = today - pd.Timedelta(days=HARD_WITHIN_DAYS)
    main = nights[(nights["sleep_kind"] == "main") & nights["night_date"].between(begin, today)]
    past = days[days["date"].between(begin, today)].sort_values("date", kind="stable")
    night_of = _arrays(main, "night_date", NIGHT_COLUMNS, today)
    days_of = _arrays(past, "date", DAY_COLUMNS, today)
    nothing = {name: np.empty(0) for name in ("ago", *DAY_COLUMNS)}
    made = {}
    for person_id, age_y in ages.items():
        if person_id not in night_of:
            raise InputError(
                f"{person_id!r} has no night from {begin:%Y-%m-%d} to {today:%Y-%m-%d}",
                where="nightly table",
                expected="nights of the weeks before the day that advice is for",
            )
        own, day = night_of[person_id], days_of.get(person_id, nothing)
        # Each part gives the fields that it knows, with their own types.
        known: dict[str, Any] = {**_hrv(own), **_changes(own), **_sleep(own, age_y), **_readings(day), **_training(day)}
        made[person_id] = Readiness(**known)
    return made


def _arrays(
    table: pd.DataFrame, date: str, columns: tuple[str, ...], today: pd.Timestamp
) -> dict[str, dict[str, np.ndarray]]:
    """Columns of each person as arrays, with the days ago as ``ago``."""
    whole = {name: table[name].to_numpy(dtype=float) for name in columns}
    whole["ago"] = (today - table[date]).dt.days.to_numpy()
    places = table.groupby("person_id", sort=False).indices
    return {str(person): {name: values[rows] for name, values in whole.items()} for person, rows in places.items()}


def _recent_and_before(nights: dict[str, np.ndarray], values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Known values of the last days, and of the weeks before them that are the baseline."""
    rule, ago, known = entries()["readiness"], nights["ago"], np.isfinite(values)
    recent, before = rule["hrv_mean_days"], rule["hrv_mean_days"] + rule["baseline_days"]
    return values[known & (ago < recent)], values[known & (ago >= recent) & (ago < before)]


def _hrv(nights: dict[str, np.ndarray]) -> dict[str, float]:
    rule = entries()["readiness"]
    with np.errstate(divide="ignore"):  # an RMSSD of 0 ms has no logarithm and counts as not measured
        recent, before = _recent_and_before(nights, np.log(nights["hrv_rmssd_ms"]))
    if len(recent) < rule["hrv_nights_at_least"] or len(before) < rule["baseline_nights_at_least"]:
        return {}
    half, center = rule["hrv_range_sd"] * before.std(ddof=1), before.mean()
    values = {"hrv_mean": recent.mean(), "hrv_low": center - half, "hrv_high": center + half}
    return {name: round(float(value), 2) for name, value in values.items()}


def _changes(nights: dict[str, np.ndarray]) -> dict[str, float]:
    """Last night against the mean of the three weeks before the last seven nights."""
    found: dict[str, float] = {}
    for name, column in CHANGES.items():
        values = nights[column]
        last = values[(nights["ago"] == 0) & np.isfinite(values)]
        _, before = _recent_and_before(nights, values)
        if len(last) and len(before) >= entries()["readiness"]["baseline_nights_at_least"]:
            found[name] = round(float(last[0] - before.mean()), fact_norms()[name].digits) + 0.0
    return found


def _sleep(nights: dict[str, np.ndarray], age_y: float | None) -> dict[str, float | None]:
    ago, asleep = nights["ago"], nights["total_sleep_min"]
    recent = asleep[(ago < SHORTFALL_NIGHTS) & np.isfinite(asleep)]
    last = asleep[(ago == 0) & np.isfinite(asleep)]
    found: dict[str, float | None] = {"last_night_min": float(np.round(last[0])) if len(last) else None}
    if len(recent) >= LEAST_SLEEP_NIGHTS:
        limits = fact_norms()["total_sleep"].limits(age_y, len(recent))
        assert limits is not None
        found["sleep_short_min"] = max(float(np.round(limits[0].low - recent.mean())), 0.0)
    return found


def _readings(days: dict[str, np.ndarray]) -> dict[str, float | bool]:
    """Highest blood pressure and last glucose of yesterday and today."""
    recent = days["ago"] <= 1
    found: dict[str, float | bool] = {}
    for name, column in (("systolic", "highest_systolic_mmhg"), ("diastolic", "highest_diastolic_mmhg")):
        values = days[column][recent & np.isfinite(days[column])]
        if len(values):
            found[name] = float(values.max())
    glucose = np.flatnonzero(recent & np.isfinite(days["glucose_mg_dl"]))
    if len(glucose):
        found["glucose"] = float(days["glucose_mg_dl"][glucose[-1]])
        found["glucose_fasting"] = bool(days["glucose_fasting"][glucose[-1]] == 1)
    return found


def _training(days: dict[str, np.ndarray]) -> dict[str, int | None]:
    """Recent training; a day without minutes is not known in the weekly mean, and adds nothing elsewhere."""
    limits, ago = load(), days["ago"]
    active, vigorous = np.nan_to_num(days["exercise_min"]), np.nan_to_num(days["vigorous_activity_min"])
    trained = np.where((active >= limits["training_day_min"]) & (ago > 0), active, 0.0)
    hard = ago[(vigorous >= limits["hard_day_vigorous_min"]) & (ago > 0)]
    earlier = (ago > DONE_DAYS) & (ago <= DONE_DAYS + 7 * WEEKS_BEFORE) & np.isfinite(days["exercise_min"])
    trained_ago = set(ago[trained > 0].tolist())
    row = 0
    while row + 1 in trained_ago:
        row += 1
    return {
        "weekly_min": _tens(7 * trained[earlier].mean()) if earlier.sum() >= LEAST_KNOWN_DAYS else None,
        "done_min": _tens(trained[ago <= DONE_DAYS].sum()),
        "hard_days_ago": int(hard.min()) if len(hard) else 0,
        "days_in_a_row": row,
    }


def _tens(minutes: float) -> int:
    return round(minutes / ROUNDED_TO_MIN) * ROUNDED_TO_MIN
