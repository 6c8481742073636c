"""The difference between two sources: how large, how sure, and whether it is small enough not to matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.compare.intervals import (
    BATCH_CELLS,
    Interval,
    check_level,
    crossed_bootstrap,
    few_seeds_factor,
    percentile_interval,
    person_interval,
    variance_with_seeds,
)
from sleepcot_utils.compare.pairs import PairedScores, pair
from sleepcot_utils.errors import ParameterError


def paired_effect(
    scores: pd.DataFrame,
    metric: str,
    a: str,
    b: str,
    rng: np.random.Generator,
    *,
    resamples: int = 9999,
    level: float = 0.95,
) -> dict[str, Any]:
    """Paired difference of two sources, a minus b, over persons.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table.
    metric, a, b : str
        The metric and the two sources.
    rng : numpy.random.Generator
        Source of the resamples and of the random sign flips.
    resamples : int
        Bootstrap resamples, and sign flips where 2 ** persons exceeds them.
    level : float
        Confidence.

    Returns
    -------
    dict
        ``difference`` with ``low`` and ``high`` (over persons, and over seeds where a source has two or more; then
        wider the fewer seeds there are, and never narrower than ``persons_low`` to ``persons_high``, which treat the
        seeds as fixed), ``interval_method``, ``mean_a, mean_b``, the standardized effects ``d_z`` and ``g_av``, the
        sign-flip ``p``, ``p_seeds`` (null with one seed each), ``n_persons``, ``n_persons_dropped``, ``n_tasks``,
        ``n_tasks_unmatched`` (asked of one source alone and left out), ``n_seeds_a, n_seeds_b`` and the range of the
        per-seed differences ``seed_low, seed_high``. Numbers are NaN where no person has a value under both sources.

    Notes
    -----
    ``p`` is two-sided, from flipping the signs of the persons' differences: all flips if there are at most
    ``resamples`` of them, else random ones (``scipy.stats.permutation_test``). It treats the seeds as fixed.
    With n persons it can't fall below 2 ** (1 - n). ``p_seeds`` lets the seeds vary: Student's t of the difference over
    its standard error from persons and seeds (``intervals.variance_with_seeds``).
    """
    return _effect(pair(scores, metric, a, b), (metric, a, b), rng, resamples, level)


def _effect(
    pairs: PairedScores, names: tuple[str, str, str], rng: np.random.Generator, resamples: int, level: float
) -> dict[str, Any]:
    """The row of ``paired_effect`` for sources that stand side by side already."""
    check_level(level, resamples)
    metric, a, b = names
    differences = pairs.differences.to_numpy()
    reach = (pairs.bounds[0] - pairs.bounds[1], pairs.bounds[1] - pairs.bounds[0]) if pairs.bounds else None
    by_person, by_seed, by_flip = rng.spawn(3)
    persons = person_interval(differences, by_person, level=level, resamples=resamples, bounds=reach)
    interval, p_seeds = _with_seeds(persons, pairs, by_seed, level, resamples)
    per_seed = pairs.seed_differences["difference"]
    mean_a, mean_b = pairs.first.mean(axis=0), pairs.second.mean(axis=0)
    d_z, g_av = standardized_effects(mean_a.to_numpy(), mean_b.to_numpy())
    return {
        "metric": metric,
        "a": a,
        "b": b,
        "mean_a": mean_a.mean(),
        "mean_b": mean_b.mean(),
        "difference": float(differences.mean()) if differences.size else np.nan,
        "low": interval.low,
        "high": interval.high,
        "interval_method": interval.method,
        "persons_low": persons.low,
        "persons_high": persons.high,
        "d_z": d_z,
        "g_av": g_av,
        "p": sign_flip_p(differences, by_flip, resamples=resamples),
        "p_seeds": p_seeds,
        "n_persons": int(differences.size),
        "n_persons_dropped": pairs.n_persons_dropped,
        "n_tasks": pairs.n_tasks,
        "n_tasks_unmatched": pairs.n_tasks_unmatched,
        "n_seeds_a": len(pairs.first),
        "n_seeds_b": len(pairs.second),
        "seed_low": per_seed.min(),
        "seed_high": per_seed.max(),
    }


def standardized_effects(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Cohen's d_z and Hedges' g_av of paired values.

    Returns
    -------
    tuple of float
        ``d_z``: mean difference over the standard deviation of the differences; it belongs to the paired test.
        ``g_av``: mean difference over the mean of the two standard deviations, times the small-sample factor
        ``1 - 3 / (4 * (n - 1) - 1)``; it can be set beside effects of studies that are not paired. NaN where the
        spread is zero or there are fewer than two persons (three for ``g_av``).

    References
    ----------
    Lakens D (2013) Frontiers in Psychology 4:863, doi:10.3389/fpsyg.2013.00863 (d_z and d_av). Borenstein M et al.
    (2009) Introduction to Meta-Analysis, chapter 4 (correction with n - 1 degrees of freedom for matched groups).
    """
    count = len(first)
    if count < 2:
        return np.nan, np.nan
    difference = first - second
    spread = difference.std(ddof=1)
    average = (first.std(ddof=1) + second.std(ddof=1)) / 2
    d_z = difference.mean() / spread if spread > 1e-12 else np.nan
    factor = 1 - 3 / (4 * (count - 1) - 1)
    g_av = factor * difference.mean() / average if average > 1e-12 and count > 2 else np.nan
    return float(d_z), float(g_av)


def sign_flip_p(differences: np.ndarray, rng: np.random.Generator, *, resamples: int = 9999) -> float:
    """Two-sided sign-flip permutation p of a zero mean difference, exact where 2 ** persons is within ``resamples``.

    Under the null hypothesis "which source gave which answer does not matter", each person's difference is as likely
    to have the other sign. NaN without persons; 1 if all differences are zero.
    """
    from scipy import stats

    differences = np.asarray(differences, dtype="float64")
    if differences.size == 0:
        return np.nan
    if not differences.any():
        return 1.0
    found = stats.permutation_test(
        (differences,),
        lambda values, axis: np.mean(values, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        batch=max(1, BATCH_CELLS // (2 * differences.size)),
        alternative="two-sided",
        rng=rng,
    )
    return float(found.pvalue)


def noninferiority(
    scores: pd.DataFrame,
    metric: str,
    student: str,
    teacher: str,
    rng: np.random.Generator,
    *,
    margin: float,
    higher_is_better: bool = True,
    resamples: int = 9999,
    level: float = 0.95,
) -> dict[str, Any]:
    """Is the student at most ``margin`` worse than the teacher?

    Parameters
    ----------
    scores, metric, rng, resamples, level
        As in ``paired_effect``.
    student, teacher : str
        The two sources; the difference is student minus teacher.
    margin : float
        Largest loss, in units of the metric, that would still count as "as good"; above 0 and fixed before the
        scores are seen.
    higher_is_better : bool
        False for a metric that counts errors.

    Returns
    -------
    dict
        What ``paired_effect`` gives, plus ``margin``, ``decision`` and ``equivalence_p``.

        ``decision`` is read from the interval (which includes the seeds where there are two or more): ``non-inferior``
        if its worse end loses less than the margin, ``inferior`` if its better end loses more than the margin, else
        ``inconclusive``. With level 0.95 that is a one-sided test at 0.025 (ICH E9, 1998, section 3.5).
        ``equivalence_p`` is the larger of the two one-sided paired t tests against minus and plus the margin
        (TOST; Schuirmann 1987, J Pharmacokinet Biopharm 15:657-680); seeds fixed; NaN without spread.
    """
    if not 0 < margin < np.inf:
        raise ParameterError(f"the margin is {margin}", where="margin", expected="a finite number above 0")
    pairs = pair(scores, metric, student, teacher)
    effect = _effect(pairs, (metric, student, teacher), rng, resamples, level)
    low, high = (effect["low"], effect["high"]) if higher_is_better else (-effect["high"], -effect["low"])
    return {
        **effect,
        "margin": margin,
        "decision": noninferiority_decision(low, high, margin),
        "equivalence_p": equivalence_p(pairs.differences.to_numpy(), margin),
    }


def noninferiority_decision(low: float, high: float, margin: float) -> str:
    """``non-inferior``, ``inferior`` or ``inconclusive`` for an interval in which more is better."""
    if low > -margin:
        return "non-inferior"
    if high < -margin:
        return "inferior"
    return "inconclusive"


def equivalence_p(differences: np.ndarray, margin: float) -> float:
    """TOST p of paired differences lying within plus or minus ``margin``; NaN where there is no spread."""
    from scipy import stats

    if len(differences) < 2 or differences.std(ddof=1) <= 1e-12:
        return np.nan
    above = stats.ttest_1samp(differences, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(differences, margin, alternative="less").pvalue
    return float(max(above, below))


def _with_seeds(
    persons: Interval, pairs: PairedScores, rng: np.random.Generator, level: float, resamples: int
) -> tuple[Interval, float]:
    """Widen an interval by person so that it also covers the spread of the seeds, as far as they know it; and its p."""
    from scipy import stats

    if max(len(pairs.first), len(pairs.second)) < 2 or persons.method == "none" or len(pairs.differences) < 2:
        return persons, np.nan
    first, second = pairs.first.to_numpy(), pairs.second.to_numpy()
    estimates = crossed_bootstrap(first, second, rng, shared_seeds=pairs.shared_seeds, resamples=resamples)
    variance, freedom = variance_with_seeds(first, second, shared_seeds=pairs.shared_seeds)
    factor, center = few_seeds_factor(freedom, level), float(pairs.differences.mean())
    low, high = (center + factor * (end - center) for end in percentile_interval(estimates, level))
    low, high = min(persons.low, low), max(persons.high, high)
    if pairs.bounds:
        reach = pairs.bounds[1] - pairs.bounds[0]
        low, high = max(-reach, low), min(reach, high)
    p = float(2 * stats.t.sf(abs(center) / np.sqrt(variance), freedom)) if variance > 0 else np.nan
    return Interval(low, high, f"{persons.method}+seeds"), p
