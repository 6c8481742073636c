"""Where the variance of scores comes from: persons (or items), training seeds, or what is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sleepcot_utils.compare.intervals import check_level
from sleepcot_utils.compare.persons import rows_of
from sleepcot_utils.errors import InputError, ParameterError

UNITS = {"person": "person_id", "task": "task_id"}
ONE_SEED = "one seed: nothing is known about the spread between trainings"


@dataclass(frozen=True)
class MeanSquare:
    """A mean square of an analysis of variance with its degrees of freedom."""

    value: float
    freedom: int


def variance_components(
    scores: pd.DataFrame,
    metric: str,
    source: str,
    *,
    minus: str | None = None,
    unit: str = "person",
    level: float = 0.95,
) -> pd.DataFrame:
    """Variance between units, between seeds, and of their combination, for one source or one difference.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table.
    metric, source : str
        What to look at.
    minus : str, optional
        Another source; then the differences to it, by unit and seed, are looked at. Its seeds have to be the same, or
        it has to have one.
    unit : str
        ``person`` (tasks averaged) or ``task``.
    level : float
        Confidence of the intervals.

    Returns
    -------
    pandas.DataFrame
        Rows ``unit, seed, residual``: ``variance, low, high, sd, share`` (of the sum), ``levels``, ``in_mean`` (what
        the component adds to the variance of the mean score: its variance over its levels) and ``note``. With one seed
        the seed's row is null and the unit's row holds the residual, too; the note says so.

    Notes
    -----
    Two-way crossed analysis of variance without replication; estimates equal those of REML where none is negative, and
    negative ones are set to 0. Intervals of units and seeds are modified large-sample intervals (Ting N, Burdick RK,
    Graybill FA, Jeyaratnam S, Lu TFC 1990, J Stat Comput Simul 35:135-143), the residual's is from chi-square. They
    assume normal effects. Units without a value under every seed are left out; ``levels`` counts those that stay.
    """
    if unit not in UNITS:
        raise ParameterError(f"the unit {unit!r} is unknown", where="unit", expected=" or ".join(UNITS))
    check_level(level, 200)
    table = _unit_by_seed(scores, metric, source, unit)
    if minus is not None:
        other = _unit_by_seed(scores, metric, minus, unit)
        if other.shape[1] > 1 and list(other.columns) != list(table.columns):
            raise InputError(
                f"{source!r} and {minus!r} have different seeds",
                where="score table",
                expected=f"the same seeds, or one seed of {minus!r}",
            )
        table = table.sub(other.iloc[:, 0], axis=0) if other.shape[1] == 1 else table - other
    values = table.dropna().to_numpy()
    units, seeds = values.shape
    if units < 2:
        raise InputError(
            f"{units} units have a value under every seed", where=f"metric {metric}, source {source}", expected=">= 2"
        )
    rows = _one_seed(values[:, 0], level) if seeds == 1 else _crossed(values, level)
    result = pd.DataFrame(rows, columns=["component", "variance", "low", "high", "levels", "note"])
    result.insert(4, "sd", np.sqrt(result["variance"]))
    total = result["variance"].sum()
    result.insert(5, "share", result["variance"] / total if total > 0 else np.nan)
    result["in_mean"] = result["variance"] / result["levels"]
    return result


def difference_interval(
    larger: MeanSquare, smaller: MeanSquare, divisor: float, level: float = 0.95
) -> tuple[float, float, float]:
    """Variance component ``(larger - smaller) / divisor`` with its modified large-sample interval, cut at 0.

    Parameters
    ----------
    larger, smaller : MeanSquare
        The mean square that holds the component, and the one that does not.
    divisor : float
        How often the component stands in the expected larger mean square.
    level : float
        Confidence.
    """
    from scipy import stats

    tail = (1 - level) / 2
    first, second = larger.value / divisor, smaller.value / divisor

    def shrink(freedom: int) -> float:
        return 1 - freedom / stats.chi2.isf(tail, freedom)

    def stretch(freedom: int) -> float:
        return freedom / stats.chi2.ppf(tail, freedom) - 1

    def crossed(ratio: float, of_first: float, of_second: float) -> float:
        return ((ratio - 1) ** 2 - (of_first * ratio) ** 2 - of_second**2) / ratio

    g1, h2 = shrink(larger.freedom), stretch(smaller.freedom)
    h1, g2 = stretch(larger.freedom), shrink(smaller.freedom)
    g12 = crossed(stats.f.isf(tail, larger.freedom, smaller.freedom), g1, h2)
    h12 = crossed(stats.f.ppf(tail, larger.freedom, smaller.freedom), h1, g2)
    below = (g1 * first) ** 2 + (h2 * second) ** 2 + g12 * first * second
    above = (h1 * first) ** 2 + (g2 * second) ** 2 + h12 * first * second
    estimate = first - second
    low, high = estimate - np.sqrt(max(below, 0.0)), estimate + np.sqrt(max(above, 0.0))
    return max(0.0, estimate), max(0.0, float(low)), max(0.0, float(high))


def _crossed(values: np.ndarray, level: float) -> list[tuple]:
    units, seeds = values.shape
    mean = values.mean()
    of_units, of_seeds = values.mean(axis=1), values.mean(axis=0)
    rest = values - of_units[:, None] - of_seeds[None] + mean
    unit = MeanSquare(seeds * ((of_units - mean) ** 2).sum() / (units - 1), units - 1)
    seed = MeanSquare(units * ((of_seeds - mean) ** 2).sum() / (seeds - 1), seeds - 1)
    residual = MeanSquare((rest**2).sum() / ((units - 1) * (seeds - 1)), (units - 1) * (seeds - 1))
    few = f"{seeds} seeds: a wide interval is all that they can give" if seeds < 5 else ""
    return [
        ("unit", *difference_interval(unit, residual, seeds, level), units, ""),
        ("seed", *difference_interval(seed, residual, units, level), seeds, few),
        ("residual", *_chi_square_interval(residual, level), units * seeds, ""),
    ]


def _one_seed(values: np.ndarray, level: float) -> list[tuple]:
    square = MeanSquare(values.var(ddof=1), len(values) - 1)
    return [
        ("unit", *_chi_square_interval(square, level), len(values), "holds the residual, too"),
        ("seed", np.nan, np.nan, np.nan, 1, ONE_SEED),
        ("residual", np.nan, np.nan, np.nan, len(values), "can't be told apart from the unit with one seed"),
    ]


def _chi_square_interval(square: MeanSquare, level: float) -> tuple[float, float, float]:
    from scipy import stats

    tail, total = (1 - level) / 2, square.freedom * square.value
    return square.value, total / stats.chi2.isf(tail, square.freedom), total / stats.chi2.ppf(tail, square.freedom)


def _unit_by_seed(scores: pd.DataFrame, metric: str, source: str, unit: str) -> pd.DataFrame:
    rows = rows_of(scores, metric, source)
    rows = rows[rows["source"] == source]
    return rows.groupby([UNITS[unit], "seed"])["value"].mean().unstack("seed")
