"""Effect sizes of paired differences with intervals: standardized, by rank, and by count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.compare.effects import standardized_effects
from sleepcot_utils.compare.intervals import check_level
from sleepcot_utils.compare.pairs import pair
from sleepcot_utils.errors import InputError


def effect_sizes(scores: pd.DataFrame, metric: str, a: str, b: str, *, level: float = 0.95) -> dict[str, Any]:
    """Effect sizes of two sources over persons, as one tidy row.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table.
    metric, a, b : str
        The metric and the two sources; positive sizes favor a.
    level : float
        Confidence.

    Returns
    -------
    dict
        ``d_z, d_z_low, d_z_high`` (mean difference in standard deviations of the differences); ``superiority`` with its
        interval (share of persons for whom a is higher, ties counting half); ``delta`` with its interval (share for
        whom a is higher minus share for whom b is: Cliff's delta for pairs); ``n_higher, n_tied, n_lower, n_persons``.
        Seeds are averaged. For the odds ratio of a binary metric see ``binary.mcnemar``.
    """
    check_level(level, 200)
    pairs = pair(scores, metric, a, b)
    first, second = pairs.first.mean(axis=0).to_numpy(), pairs.second.mean(axis=0).to_numpy()
    if len(first) < 2:
        raise InputError(
            f"{len(first)} persons have a value under both sources", where=f"metric {metric}", expected=">= 2"
        )
    differences = first - second
    d_z = standardized_effects(first, second)[0]
    low, high = d_z_interval(d_z, len(differences), level)
    # Means over tasks carry rounding errors; persons who differ by less are tied.
    higher, lower = int((differences > 1e-9).sum()), int((differences < -1e-9).sum())
    delta, delta_low, delta_high = paired_delta(higher, lower, len(differences), level)
    return {
        "metric": metric,
        "a": a,
        "b": b,
        "d_z": d_z,
        "d_z_low": low,
        "d_z_high": high,
        "superiority": (1 + delta) / 2,
        "superiority_low": (1 + delta_low) / 2,
        "superiority_high": (1 + delta_high) / 2,
        "delta": delta,
        "delta_low": delta_low,
        "delta_high": delta_high,
        "n_higher": higher,
        "n_tied": len(differences) - higher - lower,
        "n_lower": lower,
        "n_persons": len(differences),
    }


def d_z_interval(d_z: float, count: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of d_z, exact for normal differences: the noncentralities under which the t statistic is a tail.

    Notes
    -----
    Cumming and Finch 2001, Educ Psychol Meas 61:532-574; the same as ``ci.sm`` of the R package MBESS.

    Examples
    --------
    >>> "%.3f to %.3f" % d_z_interval(0.5, 20)
    '0.028 to 0.960'
    """
    from scipy import optimize, stats

    if not np.isfinite(d_z) or count < 2:
        return np.nan, np.nan
    if d_z < 0:
        # scipy's noncentral t is at its best with a positive statistic.
        low, high = d_z_interval(-d_z, count, level)
        return -high, -low
    statistic, tail = d_z * np.sqrt(count), (1 - level) / 2

    def at(chance: float, direction: int) -> float:
        def miss(shift: float) -> float:
            return float(stats.nct.cdf(statistic, count - 1, shift)) - chance

        reach = 1.0
        while miss(statistic + direction * reach) * direction > 0:
            reach *= 2
        return float(optimize.brentq(miss, statistic, statistic + direction * reach)) / np.sqrt(count)

    return at(1 - tail, -1), at(tail, 1)


def paired_delta(higher: int, lower: int, count: int, level: float = 0.95) -> tuple[float, float, float]:
    """Share of pairs in which the first is higher minus share in which it is lower, with its interval.

    Notes
    -----
    Adjusted Wald interval of Agresti and Min 2005, Statistics in Medicine 24:729-740 (half an observation added to each
    of four cells), as ``diffpropci.mp`` of the R package PropCIs. It does not collapse where nobody differs.
    """
    from scipy import stats

    total, up, down = count + 2, higher + 0.5, lower + 0.5
    center = (up - down) / total
    reach = stats.norm.ppf((1 + level) / 2) * np.sqrt((up + down) - (up - down) ** 2 / total) / total
    return (higher - lower) / count, max(-1.0, float(center - reach)), min(1.0, float(center + reach))
