"""Confidence intervals of a mean over persons, and over persons and seeds at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sleepcot_utils.errors import ParameterError

#: Below this number of persons a bootstrap has too few distinct resamples for tail quantiles (n persons give
#: (2n-1)!/(n!(n-1)!) of them: 126 for 5, 6435 for 8), and Student's t, which pays for a small n, is used instead.
BOOTSTRAP_FROM_PERSONS = 8

#: Person-by-resample cells that are held in memory at once (64 MB of doubles).
BATCH_CELLS = 8_000_000


@dataclass(frozen=True)
class Interval:
    """A two-sided confidence interval.

    Attributes
    ----------
    low, high : float
        Ends, in the unit of the metric; NaN where none can be given.
    method : str
        ``bca`` (bootstrap by person), ``t`` (fewer than ``BOOTSTRAP_FROM_PERSONS`` persons), ``bound`` (all persons
        equal) or ``none``; ``+seeds`` is added where the interval also covers the spread of the seeds.
    """

    low: float
    high: float
    method: str


def person_interval(
    values: np.ndarray,
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    resamples: int = 9999,
    bounds: tuple[float, float] | None = None,
) -> Interval:
    """Interval of the mean of one value a person.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (persons,), without nulls.
    rng : numpy.random.Generator
        Source of the resamples.
    level : float
        Confidence, between 0 and 1.
    resamples : int
        Bootstrap resamples; at least 200.
    bounds : tuple of float, optional
        Lowest and highest value that the metric can take. The interval is cut to them.

    Returns
    -------
    Interval

    Notes
    -----
    Ordinary case: bias-corrected and accelerated bootstrap (Efron 1987, JASA 82:171-185), by ``scipy.stats.bootstrap``.

    If all persons have the same value c, a bootstrap would collapse to a point and claim certainty that n persons do
    not give; a binomial interval would treat fractions as counts. What n equal values do show is that the share q of
    persons with exactly that value is at least ``(1 - level) ** (1 / n)`` with confidence ``level`` (Clopper and
    Pearson 1934, Biometrika 26:404-413; for 95% it is the "rule of three", 1 - q of about 3/n). All other persons
    may lie anywhere within the bounds, so the mean lies between ``q * c + (1 - q) * lowest`` and
    ``q * c + (1 - q) * highest``. This holds for any distribution and is wide on purpose: 24 persons who all score 1
    give 0.88 to 1. Without bounds nothing can be said, and the interval is NaN.

    The bound applies to the equal case alone. With one or two persons who differ, the bootstrap knows only those and
    tends to be too narrow; so it may even be narrower than the bound for a sample with no spread at all.

    Examples
    --------
    >>> found = person_interval(np.ones(24), np.random.default_rng(1), bounds=(0.0, 1.0))
    >>> f"{found.low:.3f} to {found.high:.3f} ({found.method})"
    '0.883 to 1.000 (bound)'
    """
    from scipy import stats

    check_level(level, resamples)
    values = np.asarray(values, dtype="float64")
    count = values.size
    if count == 0:
        return Interval(np.nan, np.nan, "none")
    if np.ptp(values) <= 1e-12 * max(1.0, float(np.abs(values).max())):
        return _equal_values(float(values[0]), count, level, bounds)
    if count < BOOTSTRAP_FROM_PERSONS:
        low, high = stats.t.interval(level, count - 1, loc=values.mean(), scale=stats.sem(values))
        return _cut(float(low), float(high), "t", bounds)
    batch = max(1, BATCH_CELLS // count)
    found = stats.bootstrap(
        (values,), np.mean, confidence_level=level, n_resamples=resamples, batch=batch, method="BCa", rng=rng
    ).confidence_interval
    return _cut(float(found.low), float(found.high), "bca", bounds)


def crossed_bootstrap(
    first: np.ndarray,
    second: np.ndarray,
    rng: np.random.Generator,
    *,
    shared_seeds: bool,
    resamples: int = 9999,
) -> np.ndarray:
    """Bootstrap the mean paired difference over persons and seeds, resampled independently of each other.

    Parameters
    ----------
    first, second : numpy.ndarray
        Shapes (seeds of the first, persons) and (seeds of the second, persons), the same persons in the same order,
        each with a value under at least one seed; NaN where a person could not be scored under a seed.
    rng : numpy.random.Generator
        Source of the resamples.
    shared_seeds : bool
        Whether row i of both was trained with the same seed; seeds are then drawn jointly, else each on its own.
    resamples : int
        Number of resamples.

    Returns
    -------
    numpy.ndarray
        Shape (resamples,): mean difference first minus second of each resample.

    Notes
    -----
    Persons and seeds are crossed: every seed answers for every person. A resample draws persons with replacement and
    takes their differences averaged over seeds; apart from that it draws seeds and adds their mean deviation from the
    average seed. Drawing rows and columns of the raw table instead (pigeonhole bootstrap, Owen 2007, Annals of Applied
    Statistics 1:386-411) counts the person-by-seed noise three times over; drawing main effects counts it twice, which
    still errs on the safe side. From k seeds, k - 1 are drawn with replacement, because drawing k of k would understate
    their variance by (k - 1)/k, that is by half for two seeds (McCarthy and Snowden 1985, Vital and Health Statistics
    2:95). A single seed has no spread to draw from and stays fixed.

    Few seeds limit this: two or three estimate the spread between trainings very poorly, and where that spread is as
    large as that of persons, the middle 95% of these estimates covers about 78% with two seeds and 92% with five.
    ``variance_with_seeds`` and ``few_seeds_factor`` say how much wider an interval has to be for that.
    """
    persons = first.shape[1]
    if shared_seeds:
        seeds = [_seed_deviations(first) - _seed_deviations(second)]
    else:
        seeds = [_seed_deviations(first), -_seed_deviations(second)]
    differences = np.nanmean(first, axis=0) - np.nanmean(second, axis=0)
    estimates = np.empty(resamples)
    batch = max(1, BATCH_CELLS // persons)
    for start in range(0, resamples, batch):
        size = min(batch, resamples - start)
        drawn = rng.multinomial(persons, np.full(persons, 1 / persons), size=size)
        estimates[start : start + size] = drawn @ differences / persons
    for deviations in seeds:
        count = len(deviations)
        if count > 1:
            drawn = rng.multinomial(count - 1, np.full(count, 1 / count), size=resamples)
            estimates += drawn @ deviations / (count - 1)
    return estimates


def variance_with_seeds(first: np.ndarray, second: np.ndarray, *, shared_seeds: bool) -> tuple[float, float]:
    """Variance of the mean paired difference over persons and seeds, and its degrees of freedom.

    Parameters
    ----------
    first, second, shared_seeds
        As in ``crossed_bootstrap``.

    Returns
    -------
    tuple of float
        Degrees of freedom after Satterthwaite (1946, Biometrics Bulletin 2:110-114): persons have their number less
        one, the seeds of each source theirs. They are many where persons make most of the variance, and near 1 where
        two shared seeds do. NaN without variance.
    """
    persons = first.shape[1]
    seeds = [_seed_deviations(first), _seed_deviations(second)]
    if shared_seeds:
        seeds = [seeds[0] - seeds[1]]
    of_seeds = [(part.var(ddof=1) / len(part), len(part) - 1) for part in seeds if len(part) > 1]
    differences = np.nanmean(first, axis=0) - np.nanmean(second, axis=0)
    parts = [(differences.var(ddof=1) / persons, persons - 1), *of_seeds]
    total = float(sum(variance for variance, _ in parts))
    squares = float(sum(variance**2 / freedom for variance, freedom in parts))
    return total, total**2 / squares if squares > 0 else np.nan


def few_seeds_factor(freedom: float, level: float = 0.95) -> float:
    """How much wider than a normal interval one with so few degrees of freedom has to be.

    Quantile of Student's t over that of the normal distribution: near 1 for many degrees of freedom, 6.5 for one at
    95%; 1 if there are none to speak of, because nothing varies.
    """
    from scipy import stats

    if not np.isfinite(freedom):
        return 1.0
    tail = (1 + level) / 2
    return float(stats.t.ppf(tail, freedom) / stats.norm.ppf(tail))


def percentile_interval(estimates: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Middle ``level`` of bootstrap estimates."""
    low, high = np.quantile(estimates, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def check_level(level: float, resamples: int) -> None:
    """Refuse a confidence level or a number of resamples that makes no interval."""
    if not 0.5 <= level < 1:
        raise ParameterError(f"the confidence level is {level}", where="level", expected="0.5 to below 1, such as 0.95")
    if resamples < 200:
        raise ParameterError(f"{resamples} resamples are too few for an interval", where="resamples", expected=">= 200")


def _equal_values(value: float, count: int, level: float, bounds: tuple[float, float] | None) -> Interval:
    if bounds is None:
        return Interval(np.nan, np.nan, "none")
    share = (1 - level) ** (1 / count)
    low, high = (share * value + (1 - share) * end for end in bounds)
    return _cut(low, high, "bound", bounds)


def _cut(low: float, high: float, method: str, bounds: tuple[float, float] | None) -> Interval:
    if bounds is not None:
        low, high = max(low, bounds[0]), min(high, bounds[1])
    return Interval(low, high, method)


def _seed_deviations(table: np.ndarray) -> np.ndarray:
    """How far each seed lies from the average seed, over the persons that it scored; shape (seeds,)."""
    deviations = np.nanmean(table - np.nanmean(table, axis=0), axis=1)
    return deviations - deviations.mean()
