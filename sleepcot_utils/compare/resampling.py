"""Bootstrap of many sources at once: the units are drawn once, and all sources share the draws.

A resample of a mean is a weighted mean whose weights count how often each unit was drawn, so all resamples of all
sources are one matrix product. Shared draws also make every contrast of the sources a difference of two columns.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sleepcot_utils.compare.intervals import check_level
from sleepcot_utils.errors import InputError

#: Draws that are held in memory at once: small enough to stay in the caches, large enough to be few calls.
DRAWS_AT_ONCE = 500_000


def draw_counts(units: int, rng: np.random.Generator, resamples: int) -> np.ndarray:
    """How often each unit stands in each resample with replacement.

    Returns
    -------
    numpy.ndarray
        Shape (resamples, units), doubles; every row sums to ``units``.
    """
    # Counting drawn indices of all rows in one ``bincount`` is five times as fast as ``rng.multinomial``.
    drawn = rng.integers(0, units, size=(resamples, units))
    drawn += units * np.arange(resamples)[:, None]
    return np.bincount(drawn.ravel(), minlength=resamples * units).reshape(resamples, units).astype("float64")


def bootstrap_means(values: np.ndarray, rng: np.random.Generator, *, resamples: int = 10_000) -> np.ndarray:
    """Means of every column under resampling of the rows.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (units, sources), for example one row a person. NaN where a unit has no value under a source; the mean is
        then over the drawn units that have one.
    rng : numpy.random.Generator
        Source of the resamples.
    resamples : int
        Number of resamples.

    Returns
    -------
    numpy.ndarray
        Shape (resamples, sources). NaN in the rare resample that drew no unit with a value.
    """
    values = np.asarray(values, dtype="float64")
    if values.ndim != 2 or not values.size:
        raise InputError(
            f"the values have the shape {values.shape}", where="bootstrap_means", expected="(units, sources), not empty"
        )
    present = np.isfinite(values)
    filled, complete = np.where(present, values, 0.0), bool(present.all())
    means = np.empty((resamples, values.shape[1]))
    batch = max(1, DRAWS_AT_ONCE // len(values))
    for start in range(0, resamples, batch):
        size = min(batch, resamples - start)
        counts = draw_counts(len(values), rng, size)
        drawn = float(len(values)) if complete else counts @ present
        with np.errstate(invalid="ignore"):
            means[start : start + size] = counts @ filled / drawn
    return means


def bca_bounds(estimates: np.ndarray, values: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Bias-corrected and accelerated bounds of a mean from its bootstrap estimates.

    Parameters
    ----------
    estimates : numpy.ndarray
        Shape (resamples,): bootstrap means.
    values : numpy.ndarray
        Shape (units,): what was resampled; NaN is left out.
    level : float
        Confidence.

    Returns
    -------
    tuple of float
        NaN where the values or the estimates have no spread.

    Notes
    -----
    Efron 1987, JASA 82:171-185. The acceleration comes from the jackknife, which for a mean has the closed form
    ``sum(d ** 3) / (6 * sum(d ** 2) ** 1.5)`` of the deviations d from the mean. Ties of estimates with the mean count
    half, as in ``scipy.stats.bootstrap``.
    """
    from scipy import stats

    values = values[np.isfinite(values)]
    estimates = estimates[np.isfinite(estimates)]
    if values.size < 2 or np.ptp(values) <= 1e-12 * max(1.0, float(np.abs(values).max())):
        return np.nan, np.nan
    mean = values.mean()
    deviations = values - mean
    acceleration = (deviations**3).sum() / (6 * (deviations**2).sum() ** 1.5)
    share = ((estimates < mean).mean() + (estimates <= mean).mean()) / 2
    bias = stats.norm.ppf(share)
    tail = stats.norm.ppf((1 - level) / 2)
    with np.errstate(invalid="ignore"):
        shifted = [bias + (bias + z) / (1 - acceleration * (bias + z)) for z in (tail, -tail)]
    if not np.isfinite(shifted).all():
        return np.nan, np.nan
    low, high = np.quantile(estimates, stats.norm.cdf(shifted))
    return float(low), float(high)


def bootstrap_table(
    units: pd.DataFrame,
    rng: np.random.Generator,
    *,
    reference: str | None = None,
    resamples: int = 10_000,
    level: float = 0.95,
) -> pd.DataFrame:
    """Mean and BCa interval of every source, or of its paired difference to one of them, from one set of draws.

    Parameters
    ----------
    units : pandas.DataFrame
        One row a unit, one column a source, such as ``person_means`` gives.
    rng : numpy.random.Generator
        Source of the resamples.
    reference : str, optional
        A column; if given, the differences of all other columns to it, over the units that have both.
    resamples : int
        Number of resamples.
    level : float
        Confidence.

    Returns
    -------
    pandas.DataFrame
        ``source, mean, low, high, n_units``; with a reference ``mean`` is the mean difference. Intervals are pointwise
        and hold the seeds fixed.
    """
    check_level(level, resamples)
    if reference is not None:
        if reference not in units:
            raise InputError(
                f"there is no source {reference!r}",
                where="bootstrap_table",
                expected=", ".join(map(str, units.columns)),
            )
        units = units.drop(columns=reference).sub(units[reference], axis=0)
    values = units.to_numpy(dtype="float64")
    means = bootstrap_means(values, rng, resamples=resamples)
    rows = []
    for place, source in enumerate(units.columns):
        column = values[:, place]
        counted = int(np.isfinite(column).sum())
        low, high = bca_bounds(means[:, place], column, level)
        rows.append((source, np.nanmean(column) if counted else np.nan, low, high, counted))
    return pd.DataFrame(rows, columns=["source", "mean", "low", "high", "n_units"])
