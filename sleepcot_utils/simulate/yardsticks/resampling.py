"""Intervals that respect who slept: whole persons are drawn again, with all their nights.

Nights of one person are alike, so an interval over nights as if they were independent would be too narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from sleepcot_utils.errors import ParameterError

LEVEL = 0.95
#: An interval needs this share of the resamples to give the statistic at all. A choice.
LEAST_SHARE = 0.5


def over_persons(
    persons: Sequence[str] | np.ndarray,
    statistic: Callable[[np.ndarray, np.ndarray], pd.Series],
    rng: np.random.Generator,
    *,
    resamples: int = 500,
) -> pd.DataFrame:
    """Estimate and percentile bootstrap interval of every entry of a statistic.

    Parameters
    ----------
    persons : sequence of str
        Person of each row of the data (night, or row of a table).
    statistic : callable
        Gets row numbers and, for each, a number of the drawn person (a person drawn twice is two persons); returns a
        series. It is called once with all rows in order and once a resample.
    rng : numpy.random.Generator
        Source of randomness.
    resamples : int
        How many times persons are drawn.

    Returns
    -------
    pandas.DataFrame
        Index of the series, columns ``estimate, low, high`` (``LEVEL`` interval). Limits are null where fewer than
        ``LEAST_SHARE`` of the resamples gave a value.

    Raises
    ------
    ParameterError
        If there are fewer than two persons or no resample.
    """
    codes, names = pd.factorize(np.asarray(persons))
    if len(names) < 2:
        raise ParameterError("one person gives no interval", where="persons", expected="two persons or more")
    if resamples < 1:
        raise ParameterError(f"{resamples} resamples give no interval", where="resamples", expected="1 or more")
    rows_of = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    estimate = statistic(np.arange(len(codes)), codes)
    drawn = np.full((resamples, len(estimate)), np.nan)
    for resample in range(resamples):
        chosen = rng.integers(len(names), size=len(names))
        rows = np.concatenate([rows_of[person] for person in chosen])
        numbers = np.repeat(np.arange(len(chosen)), [len(rows_of[person]) for person in chosen])
        drawn[resample] = statistic(rows, numbers).reindex(estimate.index).to_numpy()
    given = np.isfinite(drawn).mean(axis=0) >= LEAST_SHARE
    limits = np.full((2, len(estimate)), np.nan)
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    if given.any():
        limits[:, given] = np.nanquantile(drawn[:, given], tails, axis=0)
    return pd.DataFrame({"estimate": estimate, "low": limits[0], "high": limits[1]})
