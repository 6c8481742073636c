"""Minutes of each sleep stage out of ratios to a running mean, as LifeSnaps gives them.

The table of LifeSnaps has no stage minutes, only each stage's minutes over that person's 30-day mean. Both are whole
numbers in the vendor's records, so a ratio is a fraction of small integers, and the three fractions of a night share
one condition: deep, light and REM minutes add up to the minutes asleep. That leaves a single answer for most nights
and a few for the rest, among which the means of the nights around decide, since a 30-day mean moves slowly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

#: Largest running mean that is tried, in minutes a night, by stage: above what any adult's month holds.
MOST_MEAN_MIN = {"deep": 200, "light": 450, "rem": 250}
STAGES = tuple(MOST_MEAN_MIN)
#: A ratio is stored with about 16 digits, so ratio times mean is whole to far better than this (relative).
WHOLE_WITHIN = 1e-8
#: Nights around a night whose running means decide between several answers.
NEIGHBORS = 3


class Split(NamedTuple):
    """One way to read a night: minutes and running means, each (deep, light, REM)."""

    minutes: tuple[int, int, int]
    means: tuple[int, int, int]


def fractions(ratio: float, most_mean: int) -> dict[int, int]:
    """Every numerator that the ratio can have, with the smallest denominator up to `most_mean` that gives it."""
    means = np.arange(1, most_mean + 1)
    minutes = ratio * means
    whole = np.abs(minutes - np.round(minutes)) <= WHOLE_WITHIN * np.maximum(minutes, 1)
    found: dict[int, int] = {}
    for mean, minute in zip(means[whole].tolist(), np.round(minutes[whole]).astype(int).tolist(), strict=True):
        found.setdefault(minute, mean)
    return found


def splits(deep_ratio: float, light_ratio: float, rem_ratio: float, asleep_min: int) -> list[Split]:
    """All ways to read one night whose stages add up to the minutes asleep.

    Examples
    --------
    >>> splits(46 / 37, 247 / 268, 106 / 79, 445)
    [Split(minutes=(92, 247, 106), means=(74, 268, 79))]
    """
    deep, light, rem = (
        fractions(ratio, MOST_MEAN_MIN[stage])
        for ratio, stage in zip((deep_ratio, light_ratio, rem_ratio), STAGES, strict=True)
    )
    return [
        Split((d, li, asleep_min - d - li), (deep[d], light[li], rem[asleep_min - d - li]))
        for d in deep
        for li in light
        if asleep_min - d - li in rem
    ]


def recover(nights: pd.DataFrame) -> pd.DataFrame:
    """Stage minutes of each night.

    Parameters
    ----------
    nights : pandas.DataFrame
        ``person_id, night_date, total_sleep_min, deep_ratio, light_ratio, rem_ratio``; ratios may be null.

    Returns
    -------
    pandas.DataFrame
        ``deep_min, light_min, rem_min`` and ``ways`` (how many readings the night alone allowed; 0 where none), with
        the index of `nights`. Minutes are null where there is no reading, or several and no night of the same person
        with a single one to decide by.
    """
    ratios = nights[["deep_ratio", "light_ratio", "rem_ratio"]]
    given = nights[ratios.notna().all(axis=1) & (nights["total_sleep_min"] > 0)]
    found = {
        row.Index: splits(row.deep_ratio, row.light_ratio, row.rem_ratio, int(row.total_sleep_min))
        for row in given.itertuples()
    }
    sure = {index: ways[0].means for index, ways in found.items() if len(ways) == 1}
    known = given.loc[list(sure), ["person_id", "night_date"]].assign(means=list(sure.values()))
    by_person = dict(list(known.groupby("person_id")))
    minutes: dict[object, tuple[int, int, int]] = {}
    for index, ways in found.items():
        if len(ways) == 1:
            minutes[index] = ways[0].minutes
        elif ways and given.at[index, "person_id"] in by_person:
            around = by_person[given.at[index, "person_id"]]
            minutes[index] = _nearest(ways, around, given.at[index, "night_date"]).minutes
    columns = ["deep_min", "light_min", "rem_min"]
    table = pd.DataFrame.from_dict(minutes, orient="index", columns=columns, dtype="float64").reindex(nights.index)
    counts = {index: len(ways) for index, ways in found.items()}
    return table.assign(ways=pd.Series(counts, dtype="int64").reindex(nights.index, fill_value=0))


def _nearest(ways: list[Split], around: pd.DataFrame, date: pd.Timestamp) -> Split:
    days_off = (around["night_date"] - date).abs().to_numpy()
    closest = np.argsort(days_off, kind="stable")[:NEIGHBORS]
    usual = np.median(np.array(around["means"].tolist(), dtype=float)[closest], axis=0)
    return min(ways, key=lambda way: float(np.abs(np.log(np.array(way.means) / usual)).sum()))
