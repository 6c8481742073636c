"""Right or wrong: McNemar's test, exact and mid-p, and its version for persons who answer several items.

McNemar's test counts discordant pairs: items that one source has right and the other wrong. It takes the pairs as
independent. Items of one person are not, so where a person gives several, the test that adds up persons is the valid
one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.compare.persons import rows_of
from sleepcot_utils.errors import InputError, ParameterError

CELLS = ("both", "only_a", "only_b", "neither")


def binary_pairs(scores: pd.DataFrame, metric: str, a: str, b: str) -> pd.DataFrame:
    """Counts of the four outcomes of each person.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table.
    metric : str
        A metric whose values are 0 or 1.
    a, b : str
        The two sources.

    Returns
    -------
    pandas.DataFrame
        Index ``person_id``; columns ``both, only_a, only_b, neither``: items that both, one or none had right.

        A pair is a task under a seed. Sources that share two or more seeds are paired seed by seed; otherwise every
        seed of one is paired with every seed of the other.

    Raises
    ------
    InputError
        If a value is neither 0 nor 1, or no pair has both values.
    """
    rows = rows_of(scores, metric, a, b)
    rows = rows[rows["source"].isin([a, b])].dropna(subset="value")
    other = ~rows["value"].isin([0.0, 1.0])
    if other.any():
        raise InputError(
            f"the metric {metric!r} is not binary (found {rows.loc[other, 'value'].iloc[0]:g})",
            where="score table",
            expected="0 or 1; a share has its test in paired_effect",
        )
    first, second = (rows.loc[rows["source"] == name, ["task_id", "person_id", "seed", "value"]] for name in (a, b))
    seeds = set(first["seed"])
    by_seed = len(seeds) > 1 and seeds == set(second["seed"])
    keys = ["task_id", "person_id", *(["seed"] if by_seed else [])]
    pairs = first.merge(second, on=keys, suffixes=("_a", "_b"))
    if pairs.empty:
        raise InputError(
            f"{a!r} and {b!r} have no scored task in common for the metric {metric!r}",
            where="score table",
            expected="sources that answered the same tasks",
        )
    right_a, right_b = pairs["value_a"] == 1, pairs["value_b"] == 1
    cells = pd.DataFrame(
        {
            "both": right_a & right_b,
            "only_a": right_a & ~right_b,
            "only_b": ~right_a & right_b,
            "neither": ~right_a & ~right_b,
        }
    )
    return cells.groupby(pairs["person_id"]).sum().astype("int64")


def mcnemar_p(only_a: int, only_b: int, *, mid: bool = False) -> float:
    """Two-sided McNemar p from the two discordant counts, exact or mid-p.

    Parameters
    ----------
    only_a, only_b : int
        Pairs that one source alone had right.
    mid : bool
        Count the observed table half. The exact test is conservative; the mid-p test keeps its level in practice
        (Fagerland, Lydersen and Laake 2013, BMC Medical Research Methodology 13:91).

    Returns
    -------
    float
        1 without a discordant pair.

    Examples
    --------
    >>> f"{mcnemar_p(12, 2):.4f} {mcnemar_p(12, 2, mid=True):.4f}"
    '0.0129 0.0074'
    """
    from scipy import stats

    count, smaller = only_a + only_b, min(only_a, only_b)
    if count == 0:
        return 1.0
    exact = min(1.0, 2 * float(stats.binom.cdf(smaller, count, 0.5)))
    if not mid:
        return exact
    # The observed table, and its mirror image unless it is its own, count half.
    as_extreme = float(stats.binom.pmf(smaller, count, 0.5)) * (1 if only_a == only_b else 2)
    return exact - as_extreme / 2


def clustered_mcnemar(only_a: np.ndarray, only_b: np.ndarray, pairs: np.ndarray | None = None) -> tuple[float, float]:
    """Chi-square statistic and p of McNemar's test for clusters of pairs.

    Parameters
    ----------
    only_a, only_b : numpy.ndarray
        Shape (persons,): discordant pairs of each person.
    pairs : numpy.ndarray, optional
        Shape (persons,): all pairs of each person. If given, every person weighs the same (Durkalski); otherwise every
        pair does (Obuchowski).

    Returns
    -------
    tuple of float
        Statistic, one degree of freedom, and p; (0, 1) where no person is discordant.

    Notes
    -----
    Durkalski VL et al. 2003, Statistics in Medicine 22:2417-2428: ``(sum d) ** 2 / sum(d ** 2)`` of the persons'
    differences of shares d. Obuchowski NA 1998, Statistics in Medicine 17:1495-1507, as simplified by Yang Z et al.
    2010, Biometrical Journal 52:638-652: the same of the differences of counts, times ``(persons - 1) / persons``.
    Both lean on many persons; with fewer than about 20, trust the sign-flip test of ``paired_effect``, whose estimand
    is that of Durkalski's test.
    """
    from scipy import stats

    differences = np.asarray(only_a, dtype="float64") - np.asarray(only_b, dtype="float64")
    factor = (differences.size - 1) / max(differences.size, 1)
    if pairs is not None:
        differences, factor = differences / np.asarray(pairs), 1.0
    squares = (differences**2).sum()
    if squares == 0:
        return 0.0, 1.0
    statistic = float(factor * differences.sum() ** 2 / squares)
    return statistic, float(stats.chi2.sf(statistic, 1))


def matched_odds_ratio(only_a: int, only_b: int, level: float = 0.95) -> tuple[float, float, float]:
    """Odds ratio of matched pairs with its exact conditional interval: estimate, low, high.

    Notes
    -----
    The ratio of the discordant counts; its interval transforms that of Clopper and Pearson for their share (Liddell
    1983, J Epidemiol Community Health 37:82-84). Infinite where one count is 0, NaN where both are. It takes the pairs
    as independent.

    Examples
    --------
    >>> "%.2f, %.6f to %.6f" % matched_odds_ratio(12, 2)
    '6.00, 1.335744 to 55.197091'
    """
    from scipy import stats

    if only_a + only_b == 0:
        return np.nan, np.nan, np.nan
    share = stats.binomtest(only_a, only_a + only_b).proportion_ci(level, method="exact")
    estimate, low, high = (
        float(p / (1 - p)) if p < 1 else np.inf for p in (only_a / (only_a + only_b), share.low, share.high)
    )
    return estimate, low, high


def clustered_odds_ratio(
    cells: pd.DataFrame, rng: np.random.Generator, *, resamples: int = 9999, level: float = 0.95
) -> tuple[float, float, float]:
    """Odds ratio of matched pairs with a percentile interval from resampled persons: estimate, low, high.

    Half a pair is added to both counts, in the estimate and in every resample, so that a count of 0 gives a finite
    ratio that leans toward 1 (Haldane's correction).
    """
    from sleepcot_utils.compare.intervals import check_level, percentile_interval
    from sleepcot_utils.compare.resampling import bootstrap_means

    check_level(level, resamples)
    discordant = cells[["only_a", "only_b"]].to_numpy(dtype="float64")
    if not discordant.any():
        return np.nan, np.nan, np.nan
    sums = bootstrap_means(discordant, rng, resamples=resamples) * len(discordant) + 0.5
    low, high = percentile_interval(np.log(sums[:, 0] / sums[:, 1]), level)
    ratio = (discordant[:, 0].sum() + 0.5) / (discordant[:, 1].sum() + 0.5)
    return float(ratio), float(np.exp(low)), float(np.exp(high))


def mcnemar(
    scores: pd.DataFrame,
    metric: str,
    a: str,
    b: str,
    rng: np.random.Generator,
    *,
    resamples: int = 9999,
    level: float = 0.95,
) -> dict[str, Any]:
    """All McNemar tests of two sources on one binary metric, as one tidy row.

    Parameters
    ----------
    scores, metric, a, b
        As in ``binary_pairs``.
    rng : numpy.random.Generator
        Source of the resampled persons of the odds ratio.
    resamples, level
        Resamples, and confidence of the odds ratio's interval.

    Returns
    -------
    dict
        Counts of pairs and persons, ``exact_p, mid_p`` (pairs independent), ``durkalski_p`` (persons weigh the same,
        the estimand of the plan), ``obuchowski_p`` (pairs weigh the same), their statistics, ``odds_ratio`` with
        ``odds_low, odds_high``, and ``valid``: which p may be read here. With one pair a person it is ``mid_p``, else
        ``durkalski_p``; the odds ratio's interval is chosen alike.
    """
    if not 0.5 <= level < 1:
        raise ParameterError(f"the confidence level is {level}", where="level", expected="0.5 to below 1")
    cells = binary_pairs(scores, metric, a, b)
    total = cells.sum()
    pairs = cells.sum(axis=1).to_numpy()
    durkalski = clustered_mcnemar(cells["only_a"].to_numpy(), cells["only_b"].to_numpy(), pairs)
    obuchowski = clustered_mcnemar(cells["only_a"].to_numpy(), cells["only_b"].to_numpy())
    single = bool((pairs == 1).all())
    only_a, only_b = int(total["only_a"]), int(total["only_b"])
    if single:
        ratio = matched_odds_ratio(only_a, only_b, level)
    else:
        ratio = clustered_odds_ratio(cells, rng, resamples=resamples, level=level)
    return {
        "metric": metric,
        "a": a,
        "b": b,
        "n_persons": len(cells),
        "n_pairs": int(pairs.sum()),
        **{name: int(total[name]) for name in CELLS},
        "exact_p": mcnemar_p(only_a, only_b),
        "mid_p": mcnemar_p(only_a, only_b, mid=True),
        "durkalski_statistic": durkalski[0],
        "durkalski_p": durkalski[1],
        "obuchowski_statistic": obuchowski[0],
        "obuchowski_p": obuchowski[1],
        "odds_ratio": ratio[0],
        "odds_low": ratio[1],
        "odds_high": ratio[2],
        "valid": "mid_p" if single else "durkalski_p",
    }
