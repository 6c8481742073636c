"""The day before each night: duties of the next morning, caffeine, alcohol, naps, steps and exercise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sleepcot_utils.simulate.constants import constants
from sleepcot_utils.simulate.scenarios import has_scenario

FIRST_NIGHT = pd.Timestamp("2026-01-05")  # a Monday; a fixed date keeps runs identical
#: A rotating roster of eight days (choice): alarm of the morning (nan: none) and earliest time to bed, both in hours;
#: the last two nights before the free days are worked, and sleep comes after 8:30 in the morning.
ROSTER_ALARM_H = np.array([4.9, 4.9, np.nan, np.nan, np.nan, np.nan, np.nan, np.nan])
ROSTER_EARLIEST_BED_H = np.array([np.nan, np.nan, 24.4, 24.4, 32.4, 32.4, np.nan, np.nan])
STUDENT_FREE_MORNINGS = (2, 4)  # Wednesday and Friday besides the weekend (choice)
MEAN_OF_HALF_NORMAL = float(np.sqrt(2 / np.pi))


@dataclass(frozen=True)
class Days:
    """Arrays of shape (persons, nights).

    ``alarm_h`` and ``earliest_bed_h`` are hours as in ``timing.Evenings``; ``free`` says that the morning has no
    alarm; ``caffeine`` is 0 or 1, ``units`` standard drinks, ``nap_min`` and ``exercise_min`` minutes, ``steps``
    a count.
    """

    dates: np.ndarray
    alarm_h: np.ndarray
    earliest_bed_h: np.ndarray
    free: np.ndarray
    caffeine: np.ndarray
    units: np.ndarray
    nap_min: np.ndarray
    steps: np.ndarray
    exercise_min: np.ndarray


def simulate_days(people: pd.DataFrame, z: np.ndarray, u: np.ndarray) -> Days:
    """Days of people.

    Parameters
    ----------
    people : pandas.DataFrame
        As ``simulate_people`` returns them.
    z, u : numpy.ndarray
        Standard normal and uniform draws, shapes (persons, nights, 3) and (persons, nights, 6).
    """
    nights = z.shape[1]
    dates = (FIRST_NIGHT + pd.to_timedelta(np.arange(1, nights + 1), unit="D")).to_numpy()
    alarm, earliest = _duties(people, pd.DatetimeIndex(dates).day_of_week.to_numpy())
    c = constants()["people"]
    scenarios = constants()["scenarios"]

    def chance(usual: str, scenario: str) -> np.ndarray:
        planted = has_scenario(people, scenario)
        return np.where(planted, scenarios[scenario]["chance"], c[usual]["usual"])[:, None]

    caffeine = (u[..., 0] < chance("chance_late_caffeine", "late_caffeine")) * 1.0
    # People who drink often drink two to five drinks, the others one to three (choice).
    often = has_scenario(people, "alcohol")[:, None]
    drinks = np.where(often, 2 + np.floor(4 * u[..., 2]), 1 + np.floor(3 * u[..., 2]))
    units = np.where(u[..., 1] < chance("chance_alcohol", "alcohol"), drinks, 0.0)
    naps = has_scenario(people, "long_naps")[:, None]
    length = np.where(naps, scenarios["long_naps"]["nap_min"] * (0.6 + 0.9 * u[..., 4]), 10 + 25 * u[..., 4])
    nap = np.where(u[..., 3] < chance("chance_nap", "long_naps"), np.round(length), 0.0)
    steps, exercise = _activity(people, dates, z, u)
    return Days(dates, alarm, earliest, np.isnan(alarm), caffeine, units, nap, steps, exercise)


def _duties(people: pd.DataFrame, weekday: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Alarm and earliest time to bed of each night; `weekday` is that of the morning, Monday 0."""
    shape = (len(people), len(weekday))
    schedule = people["schedule"].to_numpy()[:, None]
    own = people["work_alarm_h"].to_numpy()[:, None]
    weekend = (weekday >= 5)[None, :]
    free = np.where(
        schedule == "day", weekend,
        np.where(schedule == "student", weekend | np.isin(weekday, STUDENT_FREE_MORNINGS)[None, :], schedule == "retired"),
    ).astype(bool)  # fmt: skip
    alarm = np.where(free, np.nan, np.broadcast_to(own, shape))
    earliest = np.full(shape, np.nan)
    rotating = np.broadcast_to(schedule == "shift", shape)
    # Where in the roster a person starts follows from the day of a 28-day cycle, which is uniform.
    place = (people["cycle_day"].to_numpy()[:, None].astype(int) + np.arange(shape[1])[None, :]) % len(ROSTER_ALARM_H)
    return (
        np.where(rotating, ROSTER_ALARM_H[place], alarm),
        np.where(rotating, ROSTER_EARLIEST_BED_H[place], earliest),
    )


def _activity(
    people: pd.DataFrame, dates: np.ndarray, z: np.ndarray, u: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    c = constants()["night"]
    within, entry = c["steps_within"], c["exercise_min"]
    trains = u[..., 5] < people["exercise_chance"].to_numpy()[:, None]
    exercise = np.where(
        trains, entry["median"] * np.exp(entry["spread_log"] * z[..., 1]), entry["other_days"] * np.abs(z[..., 1])
    )
    day_before = (pd.DatetimeIndex(dates).day_of_week.to_numpy() - 1) % 7
    by_weekday = np.array(within["by_weekday"])[day_before][None, :]
    level = people["steps"].to_numpy()[:, None]
    wander = carried(z[..., 0], within["carry_over"])
    # Busy days lie farther from the mean than lazy ones; the second term has mean 0 and makes the skew.
    deviation = within["sd_share"] * (wander + within["skew"] * (wander**2 - 1))
    # Against what the person is expected to train, not against the mean of these nights: their number must not matter.
    often = people["exercise_chance"].to_numpy()[:, None]
    expected = often * entry["median"] * np.exp(entry["spread_log"] ** 2 / 2)
    expected = expected + (1 - often) * entry["other_days"] * MEAN_OF_HALF_NORMAL
    steps = level * by_weekday * (1 + deviation) + 45 * (exercise - expected)
    return np.clip(np.round(steps), 60, 60_000), np.clip(np.round(exercise), 0, 300)


def carried(noise: np.ndarray, carry_over: float) -> np.ndarray:
    """First-order autoregressive series with unit variance along the nights (last axis)."""
    series = noise.copy()
    step = np.sqrt(1 - carry_over**2)
    for night in range(1, noise.shape[-1]):
        series[..., night] = carry_over * series[..., night - 1] + step * noise[..., night]
    return series
