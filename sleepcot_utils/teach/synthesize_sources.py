"""Nights of several sources side by side: simulated, imagined by a language model, and real ones.

Means are easy to imagine. What gives invented nights away is what nobody looks at: how far persons differ, how far the
nights of one person differ, whether one night leads on to the next, weekends, and a liking for round numbers.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import ParameterError
from sleepcot_utils.report.facts import FREE_DAYS

#: Clock times as numbers, so that they can be compared too.
CLOCKS = {"bedtime_after_noon_min": "start_local", "rise_after_midnight_min": "end_local"}
#: What one unit of the last digit is; 1 where nothing else is said.
RESOLUTION = {"respiratory_rate_brpm": 0.1, "skin_temperature_delta_c": 0.01}
#: Digits are looked at where the SD is at least so many units. The last digit of a normal distribution of SD s units is
#: within 2 exp(-2 pi^2 (s / 10)^2) of evenly spread (first Fourier term of the wrapped normal): 1.4 % at 5 units, but
#: 34 % at 3, where an uneven digit says nothing.
SPREAD_UNITS = 5.0
WHOLE_NIGHT = "(whole night)"
MEASURES = {
    "nights": "nights with a value",
    "persons": "persons with a value",
    "mean": "mean over nights",
    "between_sd": "SD between persons, their nights' spread taken out",
    "within_sd": "SD of nights within a person",
    "lag_1": "correlation of a night with the next one, within a person",
    "weekend_shift": "mean of nights that end on Saturday or Sunday minus the others, within a person",
    "share_of_5": "share whose last digit is 0 or 5; 0.2 without preference",
    "share_of_10": "share whose last digit is 0; 0.1 without preference",
    "digit_preference": "share that would need another last digit for all ten to be equally common",
    "digit_preference_by_chance": "the same for as many evenly spread digits",
}


def compare_sources(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Each measure of each column, one column a source.

    Lag-1 of a person's few nights is biased downwards by about one over their number, shuffled nights included:
    compare sources with equally many nights a person, or look at `shuffled_nights` of each beside it.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame
        Source to its nights: ``person_id``, ``night_date`` and what the source has of the nightly table. Naps are left
        out.

    Returns
    -------
    pandas.DataFrame
        ``column, measure`` and a column a source; null where a source does not have it or has too little of it. The
        column ``(whole night)`` counts nights and persons, and gives ``repeated``: the share of nights all of whose
        numbers another night of the source has too. Digits leave zeros out, which mean "none"; a device's own steps
        (Fitbit gives breathing rates in fifths) show as a preference too.

    Raises
    ------
    ParameterError
        If there is no source, or one lacks persons or dates.
    """
    if not tables:
        raise ParameterError("there is nothing to compare", where="sources", expected="one nightly table or more")
    described = {name: _described(name, table) for name, table in tables.items()}
    columns = [WHOLE_NIGHT, *CLOCKS, *nightly.NUMBERS]
    rows = []
    for column in columns:
        known = [source[column] for source in described.values() if column in source]
        for measure in next(iter(known), {}):
            values = {name: source.get(column, {}).get(measure, np.nan) for name, source in described.items()}
            rows.append({"column": column, "measure": measure} | values)
    return pd.DataFrame(rows, columns=["column", "measure", *tables])


def shuffled_nights(nights: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Each person's nights in random order over the same dates.

    A negative control and an identity at once: lag-1 and weekend shift must vanish, mean, SDs and digits must stay.
    """
    by_person = nights.sort_values(["person_id", "night_date"], kind="stable").reset_index(drop=True)
    order = np.lexsort((rng.random(len(by_person)), pd.factorize(by_person["person_id"])[0]))
    moved = by_person.iloc[order].reset_index(drop=True)
    days = by_person["night_date"] - moved["night_date"]
    for name in ("start_local", "end_local"):
        if name in moved:
            moved[name] = moved[name] + days
    return moved.assign(night_date=by_person["night_date"])


def shuffled_persons(nights: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The nights of each date dealt out anew among the persons who have that date.

    A negative control: the SD between persons must vanish; the mean of each date must stay.
    """
    by_date = nights.sort_values(["night_date", "person_id"], kind="stable").reset_index(drop=True)
    order = np.lexsort((rng.random(len(by_date)), pd.factorize(by_date["night_date"])[0]))
    return by_date.assign(person_id=by_date["person_id"].to_numpy()[order])


def _described(name: str, table: pd.DataFrame) -> dict[str, dict[str, float]]:
    for needed in ("person_id", "night_date"):
        if needed not in table:
            raise ParameterError(f"the column {needed!r} is missing", where=f"source {name!r}", expected="nights")
    main = table[table["sleep_kind"] == "main"] if "sleep_kind" in table else table
    main = main.sort_values(["person_id", "night_date"], kind="stable").reset_index(drop=True)
    person = pd.factorize(main["person_id"])[0]
    dates = main["night_date"].to_numpy().astype("datetime64[D]")
    day = dates.astype("int64")
    free = np.isin(pd.DatetimeIndex(main["night_date"]).day_of_week, FREE_DAYS)
    numbers = [column for column in nightly.NUMBERS if column in main and main[column].notna().any()]
    values = {column: main[column].to_numpy(dtype="float64") for column in numbers if column != "utc_offset_min"}
    for clock, column in CLOCKS.items():
        if column in main and main[column].notna().any():
            values[clock] = _minutes_from(
                main[column].to_numpy(), dates, -12 * 60 if clock == "bedtime_after_noon_min" else 0
            )
    told = main[[column for column in values if column not in CLOCKS]].dropna(how="all")
    repeated = told.duplicated(keep=False).mean() if len(told) else np.nan
    whole = {"nights": float(len(main)), "persons": float(len(np.unique(person))), "repeated": float(repeated)}
    return {WHOLE_NIGHT: whole} | {
        column: _measures(array, person, day, free, RESOLUTION.get(column, 1.0)) for column, array in values.items()
    }


def _minutes_from(clock: np.ndarray, date: np.ndarray, origin_min: int) -> np.ndarray:
    """Minutes from an origin, counted from the midnight at which the date of a night begins; null stays null."""
    minutes = (clock.astype("datetime64[m]") - date.astype("datetime64[m]")).astype("timedelta64[m]")
    return np.where(np.isnat(clock), np.nan, minutes.astype("float64") - origin_min)


def _measures(
    values: np.ndarray, person: np.ndarray, day: np.ndarray, free: np.ndarray, resolution: float
) -> dict[str, float]:
    known = ~np.isnan(values)
    x, who, when, weekend = values[known], np.unique(person[known], return_inverse=True)[1], day[known], free[known]
    measures = dict.fromkeys(MEASURES, np.nan)
    nights_of = np.bincount(who)
    means = np.bincount(who, x) / nights_of
    residual = x - means[who]
    measures |= {"nights": float(len(x)), "persons": float(len(means)), "mean": float(x.mean())}
    measures |= _spread(x, residual, nights_of, means)
    measures["lag_1"] = _lag_1(residual, who, when)
    measures["weekend_shift"] = _weekend_shift(x, who, weekend)
    return measures | _digits(x, resolution)


def _spread(x: np.ndarray, residual: np.ndarray, nights_of: np.ndarray, means: np.ndarray) -> dict[str, float]:
    """Variance components by the method of moments for unequal groups (Searle, Casella, McCulloch 1992, ch. 3)."""
    persons, nights = len(means), len(x)
    if nights <= persons:
        return {}
    within = (residual**2).sum() / (nights - persons)
    if persons < 2:
        return {"within_sd": float(np.sqrt(within))}
    among = (nights_of * (means - x.mean()) ** 2).sum() / (persons - 1)
    per_person = (nights - (nights_of**2).sum() / nights) / (persons - 1)
    between = max(0.0, (among - within) / per_person)
    return {"between_sd": float(np.sqrt(between)), "within_sd": float(np.sqrt(within))}


def _lag_1(residual: np.ndarray, who: np.ndarray, when: np.ndarray) -> float:
    """Correlation of residuals over pairs of nights on consecutive dates, pooled over persons."""
    pair = (np.diff(who) == 0) & (np.diff(when) == 1)
    first, second = residual[:-1][pair], residual[1:][pair]
    scale = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / scale) if scale > 0 else np.nan


def _weekend_shift(x: np.ndarray, who: np.ndarray, weekend: np.ndarray) -> float:
    persons = int(who.max()) + 1
    free, work = np.bincount(who[weekend], minlength=persons), np.bincount(who[~weekend], minlength=persons)
    both = (free > 0) & (work > 0)
    if not both.any():
        return np.nan
    free_mean = np.bincount(who[weekend], x[weekend], minlength=persons)[both] / free[both]
    work_mean = np.bincount(who[~weekend], x[~weekend], minlength=persons)[both] / work[both]
    return float((free_mean - work_mean).mean())


def _digits(x: np.ndarray, resolution: float) -> dict[str, float]:
    # Halves go up: rounding them to the even neighbor would make even digits out of half minutes.
    units = np.floor(np.abs(x) / resolution + 0.5).astype("int64")
    units = units[units > 0]
    if len(units) < 2 or units.std() < SPREAD_UNITS:
        return {}
    share = np.bincount(units % 10, minlength=10) / len(units)
    # Mean of |share - 0.1| of a binomial share, by its normal approximation: sqrt(2 / pi) times its SD.
    by_chance = 5 * np.sqrt(2 / np.pi) * np.sqrt(0.1 * 0.9 / len(units))
    return {
        "share_of_5": float(share[0] + share[5]),
        "share_of_10": float(share[0]),
        "digit_preference": float(np.abs(share - 0.1).sum() / 2),
        "digit_preference_by_chance": float(by_chance),
    }
