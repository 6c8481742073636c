"""Scenarios as overlays: on which nights each is at work, and what it adds there.

Effects and their sources stand in ``data/norms/simulator.yaml``, section ``scenarios``. Alcohol, late caffeine and
naps act on everybody who has them that day; planting one of them only makes it frequent.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
import pandas as pd

from sleepcot_utils.simulate.constants import SCENARIOS, constants

#: Habits that act on the night whenever they occur.
HABITS = {"alcohol": "units", "late_caffeine": "caffeine", "long_naps": "nap_min"}
LONG_NAP_MIN = 30
LUTEAL_FROM_DAY = 14
CYCLE_DAYS = 28
MOST_UNITS = 6.0


@cache
def effect_names() -> tuple[str, ...]:
    """Every quantity that some scenario changes."""
    entries: Iterable[dict] = constants()["scenarios"].values()
    return tuple(sorted({name for entry in entries for name in entry["effects"]}))


def has_scenario(people: pd.DataFrame, name: str) -> np.ndarray:
    """Whether a scenario is planted in each person, as main or second one; shape (persons,)."""
    return ((people["main_scenario"] == name) | (people["second_scenario"] == name)).to_numpy()


def overlays(
    people: pd.DataFrame, free: np.ndarray, habits: dict[str, np.ndarray], chance: np.ndarray
) -> dict[str, np.ndarray]:
    """What all scenarios together add to each night.

    Parameters
    ----------
    people : pandas.DataFrame
        As ``simulate_people`` returns them.
    free : numpy.ndarray
        Whether the morning after the night is free of duties; shape (persons, nights).
    habits : dict of str to numpy.ndarray
        ``units`` of alcohol, ``caffeine`` (0 or 1) and ``nap_min``, each of shape (persons, nights).
    chance : numpy.ndarray
        Uniform numbers that decide on which nights a scenario of "most nights" acts.

    Returns
    -------
    dict of str to numpy.ndarray
        One array of shape (persons, nights) for each of ``effect_names``.
    """
    shape = free.shape
    total = {name: np.zeros(shape) for name in effect_names()}
    for scenario in SCENARIOS:
        entry = constants()["scenarios"][scenario]
        weight = _weight(scenario, people, free, habits, chance)
        if not entry["effects"] or not weight.any():
            continue
        for name, size in entry["effects"].items():
            total[name] += size * weight
    trip = constants()["scenarios"]["jet_lag"]
    total["circadian_shift_h"] += _jet_lag(people, shape, trip)
    return total


def _weight(
    scenario: str, people: pd.DataFrame, free: np.ndarray, habits: dict[str, np.ndarray], chance: np.ndarray
) -> np.ndarray:
    """How strongly a scenario acts on each night: 0, 1, or its dose times the person's sensitivity."""
    entry = constants()["scenarios"][scenario]
    sensitivity = people["sensitivity"].to_numpy()[:, None]
    if scenario in HABITS:
        dose = habits[HABITS[scenario]]
        if scenario == "long_naps":
            return (dose > LONG_NAP_MIN) * 1.0
        return np.minimum(dose, MOST_UNITS) * sensitivity
    nights = np.arange(free.shape[1])[None, :]
    when = {
        "always": lambda: np.ones(free.shape, dtype=bool),
        "work_nights": lambda: ~free,
        "free_nights": lambda: free,
        "most_nights": lambda: chance < entry["chance"],
        "last_nights": lambda: np.broadcast_to(nights >= free.shape[1] - entry["nights"], free.shape),
        "luteal": lambda: (
            (people["cycle_day"].to_numpy()[:, None] + nights) % CYCLE_DAYS >= LUTEAL_FROM_DAY
        ),
        "trip": lambda: _days_since_flight(people, free.shape, entry["nights"]) < entry["nights"],
    }[entry["when"]]()  # fmt: skip
    return (when & has_scenario(people, scenario)[:, None]) * 1.0


def _days_since_flight(people: pd.DataFrame, shape: tuple[int, int], nights: int) -> np.ndarray:
    """Nights since an eastward flight; negative before it. It lies in the last two weeks, so that reports see it."""
    latest = shape[1] - 3
    earliest = max(shape[1] - nights - 2, 0)
    flight = np.floor(earliest + people["trip_share"].to_numpy() * max(latest - earliest, 1))
    since = np.arange(shape[1])[None, :] - flight[:, None]
    return np.where(since < 0, np.inf, since)


def _jet_lag(people: pd.DataFrame, shape: tuple[int, int], entry: dict) -> np.ndarray:
    """How far the body clock lags behind the local one after a flight east, shrinking day by day; in hours."""
    since = _days_since_flight(people, shape, entry["nights"])
    planted = has_scenario(people, "jet_lag")[:, None]
    lag = np.maximum(entry["zones_h"] - entry["adaptation_h_a_day"] * np.where(np.isinf(since), 0, since), 0.0)
    return np.where(planted & np.isfinite(since), lag, 0.0)
