"""What is watched: one row a person and day, from the nightly table and the day table.

The row of a date holds the night that ended on it and the day that followed. Steps come from the day table where it
has them, and else from the night after, which carries the steps of the day before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.monitor.rules import measures

KEYS = ("person_id", "date")
OF_NIGHT = ("resting_heart_rate_bpm", "respiratory_rate_brpm", "total_sleep_min")
OF_DAY = (
    "resting_heart_rate_bpm",
    "steps",
    "systolic_mmhg",
    "diastolic_mmhg",
    "highest_systolic_mmhg",
    "highest_diastolic_mmhg",
    "lowest_glucose_mg_dl",
    "highest_glucose_mg_dl",
)
ONE_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Grid:
    """Observations on the calendar: each measure has the shape (persons, days), nan where nothing was measured."""

    persons: tuple[str, ...]
    dates: np.ndarray
    values: dict[str, np.ndarray]


def observe(nights: pd.DataFrame | None = None, days: pd.DataFrame | None = None) -> pd.DataFrame:
    """Observations of people.

    Parameters
    ----------
    nights : pandas.DataFrame, optional
        Nightly table; main nights count.
    days : pandas.DataFrame, optional
        Day table.

    Returns
    -------
    pandas.DataFrame
        ``person_id, date`` and every measure of ``rules.measures``, sorted; a row has at least one value. ``ln_rmssd``
        is the natural logarithm of RMSSD in ms, ``fasting_glucose_mg_dl`` the glucose that was taken fasting.
    """
    parts = [_of_nights(nights), _of_days(days)]
    if nights is not None and "steps" in nights:
        before = nights.loc[nights["sleep_kind"] == "main", ["person_id", "night_date", "steps"]]
        parts.append(before.assign(date=before["night_date"] - ONE_DAY).drop(columns="night_date"))
    known = [part for part in parts if len(part)]
    names = list(measures())
    if not known:
        return pd.DataFrame(columns=[*KEYS, *names]).astype({"date": "datetime64[ms]"} | dict.fromkeys(names, float))
    # `first` takes the first value that is not null: the night's heart rate before the day's, the day's own steps
    # before those that the next night carries.
    table = pd.concat(known).groupby(list(KEYS), sort=True).first().reindex(columns=names).astype(float)
    return table.dropna(how="all").reset_index()


def _of_nights(nights: pd.DataFrame | None) -> pd.DataFrame:
    if nights is None:
        return pd.DataFrame()
    main = nights[nights["sleep_kind"] == "main"]
    table = main[["person_id", *(name for name in OF_NIGHT if name in main)]].copy()
    table["date"] = main["night_date"]
    table["ln_rmssd"] = np.log(main["hrv_rmssd_ms"].where(main["hrv_rmssd_ms"] > 0))
    return table


def _of_days(days: pd.DataFrame | None) -> pd.DataFrame:
    if days is None:
        return pd.DataFrame()
    table = days[[*KEYS, *OF_DAY]].copy()
    table["fasting_glucose_mg_dl"] = days["glucose_mg_dl"].where(days["glucose_fasting"] == 1)
    return table


def on_calendar(observations: pd.DataFrame) -> Grid:
    """Observations as arrays over the calendar days from the first to the last of all persons.

    Raises
    ------
    InputError
        If a person has two rows of one date.
    """
    twice = observations.duplicated(list(KEYS))
    if twice.any():
        row = observations[twice].iloc[0]
        raise InputError(
            f"{row['person_id']!r} has two rows of {row['date']:%Y-%m-%d}", where="observations", expected="one a day"
        )
    names = list(measures())
    if observations.empty:
        empty = np.empty((0, 0))
        return Grid((), np.empty(0, dtype="datetime64[D]"), dict.fromkeys(names, empty))
    persons = pd.Index(observations["person_id"].unique()).sort_values()
    day = observations["date"].to_numpy().astype("datetime64[D]")
    dates = np.arange(day.min(), day.max() + 1)
    place = persons.get_indexer(observations["person_id"]), (day - dates[0]).astype(int)
    values = {name: np.full((len(persons), len(dates)), np.nan) for name in names}
    for name in names:
        values[name][place] = observations[name].to_numpy(dtype=float)
    return Grid(tuple(persons), dates, values)
