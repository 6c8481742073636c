"""Summary of every source, correction for many tests, and power, with the person as the unit of analysis.

All functions of this room take the tidy score table (``task_id, kind, person_id, source, seed, metric, value``). Within
a person, tasks are averaged under each seed, then seeds are averaged; only then does anything statistical happen.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sleepcot_utils.compare.intervals import person_interval
from sleepcot_utils.compare.persons import check_scores, seed_person_means, value_bounds
from sleepcot_utils.errors import ParameterError

SUMMARY_COLUMNS = (
    "metric",
    "source",
    "mean",
    "low",
    "high",
    "interval_method",
    "n_persons",
    "n_tasks",
    "n_seeds",
    "seed_mean_low",
    "seed_mean_high",
    "scored_share",
)


def summarize(
    scores: pd.DataFrame, rng: np.random.Generator, *, resamples: int = 9999, level: float = 0.95
) -> pd.DataFrame:
    """Mean and interval by person for every metric and source.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table.
    rng : numpy.random.Generator
        Source of the resamples; each row gets a child of it.
    resamples : int
        Bootstrap resamples.
    level : float
        Confidence.

    Returns
    -------
    pandas.DataFrame
        One row a metric and source, sorted: mean over persons with its interval (persons resampled, seeds averaged),
        how the interval was made (see ``intervals.person_interval``), numbers of persons, tasks and seeds, lowest and
        highest mean of one seed, and the share of answers to which the metric applied.
    """
    frame = check_scores(scores)
    groups = sorted(set(zip(frame["metric"], frame["source"], strict=True)))
    of_metric = {metric: frame[frame["metric"] == metric] for metric, _ in groups}
    rows = []
    for (metric, source), child in zip(groups, rng.spawn(len(groups)), strict=True):
        part = of_metric[metric][of_metric[metric]["source"] == source]
        table = seed_person_means(part, source)
        persons = table.mean(axis=0).dropna()
        interval = person_interval(
            persons.to_numpy(), child, level=level, resamples=resamples, bounds=value_bounds(of_metric[metric]["value"])
        )
        seeds = table.mean(axis=1)
        rows.append(
            {
                "metric": metric,
                "source": source,
                "mean": persons.mean(),
                "low": interval.low,
                "high": interval.high,
                "interval_method": interval.method,
                "n_persons": len(persons),
                "n_tasks": part["task_id"].nunique(),
                "n_seeds": len(seeds),
                "seed_mean_low": seeds.min(),
                "seed_mean_high": seeds.max(),
                "scored_share": part["value"].notna().mean(),
            }
        )
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Holm-adjusted p values (Holm 1979, Scand J Stat 6:65-70); a NaN stays NaN and does not count as a test."""
    adjusted = np.asarray(p_values, dtype="float64").copy()
    tested = np.flatnonzero(np.isfinite(adjusted))
    rising = tested[np.argsort(adjusted[tested])]
    # Step down: the smallest counts for all tests, the next for all but one. statsmodels' ``multipletests`` gives the
    # same, but empties the garbage at each call, which is most of the time of a simulated study.
    stepped = adjusted[rising] * np.arange(rising.size, 0, -1)
    adjusted[rising] = np.minimum(1.0, np.maximum.accumulate(stepped))
    return adjusted


def minimum_detectable_effect(n_persons: int, sd: float, *, power: float = 0.8, alpha: float = 0.05) -> float:
    """Smallest true mean difference that a two-sided paired t test would find with the given power.

    Parameters
    ----------
    n_persons : int
        Persons with both values; at least 2.
    sd : float
        Standard deviation of the persons' differences, in units of the metric.
    power, alpha : float
        Wanted power and significance level.

    Returns
    -------
    float
        In units of the metric.

    Examples
    --------
    >>> round(minimum_detectable_effect(24, 0.20), 3)
    0.119
    """
    from statsmodels.stats.power import TTestPower

    if n_persons < 2 or not 0 <= sd < np.inf:
        raise ParameterError(
            f"{n_persons} persons with a standard deviation of {sd}",
            where="minimum_detectable_effect",
            expected="2 or more persons and a finite standard deviation of 0 or more",
        )
    standardized = TTestPower().solve_power(nobs=n_persons, alpha=alpha, power=power, alternative="two-sided")
    return float(standardized) * sd
