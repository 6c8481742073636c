"""Episodes planted in simulated nights and days: overlays whose truth is kept aside.

An episode changes what was measured on some days in a row and leaves all else as it was, so that the same person with
and without it differs by the episode alone. Sizes and sources: ``data/monitor/simulated_days.yaml``, ``episodes``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils import days as daily
from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import InputError
from sleepcot_utils.simulate.day_conditions import day_constants
from sleepcot_utils.simulate.people import require_count, require_seed
from sleepcot_utils.simulate.randomness import person_generator

EPISODES = tuple(day_constants()["episodes"])
#: What has to be measured on the first day of an episode for it to be seen at all.
NEEDS = {
    "high_blood_pressure": "systolic_mmhg",
    "blood_pressure_crisis": "systolic_mmhg",
    "high_glucose": "glucose_mg_dl",
    "low_glucose": "glucose_mg_dl",
}
SLEPT_MIN = ("total_sleep_min", "light_min", "deep_min", "rem_min")
PRESSURES = {"systolic": "systolic_mmhg", "diastolic": "diastolic_mmhg"}
GLUCOSES = ("glucose_mg_dl", "lowest_glucose_mg_dl", "highest_glucose_mg_dl")


@dataclass(frozen=True)
class Planted:
    """Nights and days with one episode a person, and the truth: ``person_id, kind, start_date, end_date``."""

    nights: pd.DataFrame
    days: pd.DataFrame
    truth: pd.DataFrame


def plant_episodes(nights: pd.DataFrame, days: pd.DataFrame, kind: str, seed: int, *, quiet_days: int = 21) -> Planted:
    """Plant one episode in each person who has room for it.

    Parameters
    ----------
    nights, days : pandas.DataFrame
        Nightly table and day table of the same simulated people; not changed.
    kind : str
        One of ``EPISODES``.
    seed : int
        Seed of when it starts and how long it lasts; each person's depends on the own id alone.
    quiet_days : int
        Days of a person before any episode may start, so that a baseline can be learned.

    Returns
    -------
    Planted
        A person with too few days, or without the measurement that the episode would show in, gets none and does not
        stand in the truth.

    Raises
    ------
    InputError
        On an unknown kind.
    """
    if kind not in EPISODES:
        raise InputError(f"{kind!r} is no episode", where="kind", expected=", ".join(EPISODES))
    require_seed(seed)
    require_count(quiet_days, "quiet_days", lowest=0)
    entry = day_constants()["episodes"][kind]
    truth = _truth(days, kind, entry, seed, quiet_days)
    weights = _weights(truth, entry["ramp_days"])
    return Planted(_changed_nights(nights, weights, entry), _changed_days(days, weights, entry), truth)


def _truth(days: pd.DataFrame, kind: str, entry: dict[str, Any], seed: int, quiet_days: int) -> pd.DataFrame:
    rows = []
    for person_id, own in days.groupby("person_id", sort=True):
        rng = person_generator(seed, str(person_id), f"episode, {kind}")
        length = int(rng.integers(entry["days"][0], entry["days"][1] + 1))
        first, last = own["date"].min() + pd.Timedelta(days=quiet_days), own["date"].max()
        possible = own.loc[own["date"].between(first, last - pd.Timedelta(days=length - 1))]
        if kind in NEEDS:
            possible = possible[possible[NEEDS[kind]].notna()]
        if not len(possible):
            continue
        start = possible["date"].iloc[int(rng.integers(len(possible)))]
        rows.append((person_id, kind, start, start + pd.Timedelta(days=length - 1)))
    table = pd.DataFrame(rows, columns=["person_id", "kind", "start_date", "end_date"])
    return table.astype({"start_date": "datetime64[ms]", "end_date": "datetime64[ms]"})


def _weights(truth: pd.DataFrame, ramp_days: int) -> pd.Series:
    """How far the episode has come on, above 0 to 1; index: person and date."""
    index, weights = [], []
    for row in truth.itertuples(index=False):
        for number, date in enumerate(pd.date_range(row.start_date, row.end_date)):
            index.append((row.person_id, date))
            weights.append(min((number + 1) / ramp_days, 1.0))
    return pd.Series(weights, index=pd.MultiIndex.from_tuples(index, names=["person_id", "date"]), dtype=float)


def _at(weights: pd.Series, persons: pd.Series, dates: pd.Series) -> np.ndarray:
    if weights.empty:
        return np.zeros(len(persons))
    return weights.reindex(pd.MultiIndex.from_arrays([persons, dates])).fillna(0.0).to_numpy()


def _changed_nights(nights: pd.DataFrame, weights: pd.Series, entry: dict[str, Any]) -> pd.DataFrame:
    table = nights.copy()
    asleep = _at(weights, table["person_id"], table["night_date"])
    day_before = _at(weights, table["person_id"], table["night_date"] - pd.Timedelta(days=1))
    _add(table, "resting_heart_rate_bpm", entry.get("resting_heart_rate_bpm", 0.0) * asleep, 0)
    _add(table, "respiratory_rate_brpm", entry.get("respiratory_rate_brpm", 0.0) * asleep, 1)
    _add(table, "skin_temperature_delta_c", entry.get("skin_temperature_delta_c", 0.0) * asleep, 2)
    _scale(table, "hrv_rmssd_ms", np.exp(entry.get("hrv_rmssd_log", 0.0) * asleep))
    _scale(table, "steps", entry.get("steps_factor", 1.0) ** day_before)
    _scale(table, "exercise_min", entry.get("exercise_factor", 1.0) ** day_before)
    if "total_sleep_factor" in entry:
        _shorten(table, entry["total_sleep_factor"] ** asleep)
    return nightly.validate(table, where="nights with an episode")


def _shorten(table: pd.DataFrame, factor: np.ndarray) -> None:
    """Cut the start of the night: less sleep in each stage, in bed by as much later, awake as long as before."""
    before = table["total_sleep_min"].copy()
    for name in SLEPT_MIN:
        _scale(table, name, factor)
    cut_min = before - table["total_sleep_min"]
    table["time_in_bed_min"] -= cut_min
    table["start_local"] += pd.to_timedelta(cut_min.fillna(0), unit="min").astype("timedelta64[ms]")
    table["sleep_efficiency_pct"] = 100 * table["total_sleep_min"] / table["time_in_bed_min"]


def _changed_days(days: pd.DataFrame, weights: pd.Series, entry: dict[str, Any]) -> pd.DataFrame:
    table = days.copy()
    weight = _at(weights, table["person_id"], table["date"])
    on = weight > 0
    _add(table, "resting_heart_rate_bpm", entry.get("resting_heart_rate_bpm", 0.0) * weight, 0)
    _add(table, "mean_heart_rate_bpm", entry.get("mean_heart_rate_bpm", 0.0) * weight, 0)
    table["max_heart_rate_bpm"] = table[["max_heart_rate_bpm", "mean_heart_rate_bpm"]].max(axis=1, skipna=False)
    _scale(table, "steps", entry.get("steps_factor", 1.0) ** weight)
    _scale(table, "light_activity_min", entry.get("light_activity_factor", 1.0) ** weight)
    for name in ("moderate_activity_min", "vigorous_activity_min"):
        _scale(table, name, entry.get("exercise_factor", 1.0) ** weight)
    table["exercise_min"] = table["moderate_activity_min"] + table["vigorous_activity_min"]
    for side, name in PRESSURES.items():
        for column in (name, f"highest_{name}"):
            _add(table, column, entry.get(name, 0.0) * weight, 0)
            floor = entry.get(f"{side}_at_least", -np.inf)
            table[column] = table[column].where(~on, np.maximum(table[column], floor))
    for name in GLUCOSES:
        _scale(table, name, np.exp(entry.get("glucose_log", 0.0) * weight))
    if "glucose_at_most" in entry:
        for name in ("glucose_mg_dl", "lowest_glucose_mg_dl"):
            table[name] = table[name].where(~on, np.minimum(table[name], entry["glucose_at_most"]))
    return daily.validate(table, where="days with an episode")


def _add(table: pd.DataFrame, name: str, change: np.ndarray, digits: int) -> None:
    # Only where something changes: other rows keep the digits that the device gave.
    table[name] = table[name].where(change == 0, (table[name] + change).round(digits))


def _scale(table: pd.DataFrame, name: str, factor: np.ndarray) -> None:
    table[name] = table[name].where(factor == 1, (table[name] * factor).round())
