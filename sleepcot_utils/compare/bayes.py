"""A Bayesian second opinion on a paired difference: Bayesian bootstrap, exact normal posterior, and a Bayes factor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.compare.intervals import BATCH_CELLS, check_level
from sleepcot_utils.compare.pairs import pair
from sleepcot_utils.errors import InputError, ParameterError

#: Scale of the Cauchy prior of the standardized effect: sqrt(2) / 2, the default of R's BayesFactor.
PRIOR_SCALE = 2**0.5 / 2


def bayesian_difference(
    scores: pd.DataFrame,
    metric: str,
    a: str,
    b: str,
    rng: np.random.Generator,
    *,
    margin: float,
    draws: int = 20_000,
    level: float = 0.95,
) -> dict[str, Any]:
    """Posterior of the mean paired difference over persons, as one tidy row.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table.
    metric, a, b : str
        The metric and the two sources; the difference is a minus b.
    rng : numpy.random.Generator
        Source of the posterior draws.
    margin : float
        Half width of the region of practical equivalence.
    draws : int
        Posterior draws.
    level : float
        Probability within the intervals.

    Returns
    -------
    dict
        ``difference, low, high, above_zero, in_margin, above_minus_margin`` from the Bayesian bootstrap;
        ``normal_low, normal_high, normal_above_zero, normal_in_margin`` from the exact posterior of a normal mean;
        ``bayes_factor`` (for a difference, against none); ``n_persons``. Seeds are averaged and held fixed.

    Notes
    -----
    Bayesian bootstrap (Rubin 1981, Annals of Statistics 9:130-134): the distribution of persons is unknown, has a
    noninformative Dirichlet prior on the persons seen, and so the mean is a sum of the differences with flat Dirichlet
    weights. Its draws are exact; there is no chain that could fail to converge. With the prior 1 / sigma, the posterior
    of a normal mean is Student's t, whose interval is numerically that of the t test.
    """
    from scipy import stats

    check_level(level, 200)
    if not 0 < margin < np.inf:
        raise ParameterError(f"the margin is {margin}", where="margin", expected="a finite number above 0")
    differences = pair(scores, metric, a, b).differences.to_numpy()
    count = differences.size
    if count < 2:
        raise InputError(f"{count} persons have a value under both sources", where=f"metric {metric}", expected=">= 2")
    means = posterior_means(differences, rng, draws=draws)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    row: dict[str, Any] = {
        "metric": metric,
        "a": a,
        "b": b,
        "difference": float(differences.mean()),
        "low": float(low),
        "high": float(high),
        # Ties with zero, which only persons without any difference give, count half.
        "above_zero": float((means > 0).mean() + (means == 0).mean() / 2),
        "in_margin": float((np.abs(means) < margin).mean()),
        "above_minus_margin": float((means > -margin).mean()),
        "margin": margin,
        "n_persons": count,
    }
    if differences.std(ddof=1) <= 1e-12:
        empty = ("normal_low", "normal_high", "normal_above_zero", "normal_in_margin", "bayes_factor")
        return row | dict.fromkeys(empty, np.nan)
    posterior = stats.t(count - 1, loc=differences.mean(), scale=stats.sem(differences))
    statistic = float(differences.mean() / stats.sem(differences))
    return row | {
        "normal_low": float(posterior.ppf((1 - level) / 2)),
        "normal_high": float(posterior.ppf((1 + level) / 2)),
        "normal_above_zero": float(posterior.sf(0)),
        "normal_in_margin": float(posterior.cdf(margin) - posterior.cdf(-margin)),
        "bayes_factor": jzs_bayes_factor(statistic, count),
    }


def posterior_means(values: np.ndarray, rng: np.random.Generator, *, draws: int = 20_000) -> np.ndarray:
    """Draws of the mean from the Bayesian bootstrap; shape (draws,)."""
    means = np.empty(draws)
    batch = max(1, BATCH_CELLS // values.size)
    for start in range(0, draws, batch):
        size = min(batch, draws - start)
        weights = rng.standard_exponential((size, values.size))
        means[start : start + size] = weights @ values / weights.sum(axis=1)
    return means


def jzs_bayes_factor(statistic: float, count: int, *, scale: float = PRIOR_SCALE) -> float:
    """Bayes factor of a one-sample or paired t statistic: some standardized effect with a Cauchy prior, against none.

    Parameters
    ----------
    statistic : float
        The t statistic.
    count : int
        Persons.
    scale : float
        Scale of the prior.

    Notes
    -----
    Rouder JN et al. 2009, Psychonomic Bulletin & Review 16:225-237, equation 1, integrated over the prior variance g.
    """
    from scipy import integrate

    freedom = count - 1
    base = 1 + statistic**2 / freedom

    def integrand(g: float) -> float:
        widened = 1 + count * g * scale**2
        # In logarithms relative to the null, so that a large statistic neither over- nor underflows.
        log_ratio = -0.5 * np.log(widened) - count / 2 * (np.log1p(statistic**2 / (widened * freedom)) - np.log(base))
        return float(np.exp(log_ratio - 1.5 * np.log(g) - 1 / (2 * g)) / np.sqrt(2 * np.pi))

    return float(integrate.quad(integrand, 0, 1)[0] + integrate.quad(integrand, 1, np.inf)[0])
