"""A mixed model of two sources: score by arm, with persons, persons' reactions and training runs as random effects."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.compare.intervals import check_level
from sleepcot_utils.compare.pairs import PairedScores, pair
from sleepcot_utils.compare.reml import CrossedFit, fit_crossed
from sleepcot_utils.errors import InputError

SEEDS_LEFT_OUT = "one seed a source: the interval does not hold the spread between trainings"


def mixed_model(scores: pd.DataFrame, metric: str, a: str, b: str, *, level: float = 0.95) -> dict[str, Any]:
    """Difference a minus b from ``score ~ arm + (1 | person) + (1 | person:arm) + (1 | run)``.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table.
    metric, a, b : str
        The metric and the two sources.
    level : float
        Confidence.

    Returns
    -------
    dict
        ``difference, low, high, se, df, p``; the variance components ``var_person, var_person_arm, var_run,
        var_residual`` (null where the seeds can't show them); ``n_persons, n_seeds_a, n_seeds_b, holds_seeds``,
        ``converged`` and ``note``.

    Notes
    -----
    Rows are means over tasks of a person, source and seed; restricted maximum likelihood, see ``reml``. A run is one
    training, that is a source under a seed. A source with a single seed gets no run effect: it stands as it is, which
    is right for a source that is not trained, and the note says so. Without the reactions ``(1 | person:arm)``, seeds
    would count as if each had new persons, and the interval would be too narrow.

    Degrees of freedom after Satterthwaite (1946, Biometrics Bulletin 2:110-114) from the two parts of the variance of
    the difference: that of persons with ``persons - 1``, that of runs with ``runs - trained sources``. With two seeds
    each and runs that differ, few remain, and the interval is as wide as such a study deserves.
    """
    from scipy import stats

    check_level(level, 200)
    pairs = pair(scores, metric, a, b)
    if pairs.first.shape[1] < 3:
        raise InputError(
            f"{pairs.first.shape[1]} persons have a value under both sources", where=f"metric {metric}", expected=">= 3"
        )
    replicated = max(len(pairs.first), len(pairs.second)) > 1
    fitted = _fit(pairs, replicated)
    components = fitted.components
    difference, variance = float(fitted.fixed[1]), float(fitted.covariance[1, 1])
    seed_counts = [len(table) for table in (pairs.first, pairs.second) if len(table) > 1]
    of_runs = sum(components.get("run", 0.0) / count for count in seed_counts)
    of_persons = max(variance - of_runs, 0.0)
    squares = of_persons**2 / (pairs.first.shape[1] - 1)
    if of_runs > 0:
        squares += of_runs**2 / sum(count - 1 for count in seed_counts)
    freedom = variance**2 / squares if squares > 0 else np.nan
    se = float(np.sqrt(variance))
    reach = float(stats.t.ppf((1 + level) / 2, freedom)) * se
    return {
        "metric": metric,
        "a": a,
        "b": b,
        "difference": difference,
        "low": difference - reach,
        "high": difference + reach,
        "se": se,
        "df": float(freedom),
        "p": float(2 * stats.t.sf(abs(difference) / se, freedom)) if se > 0 else np.nan,
        **{f"var_{name}": components.get(name, np.nan) for name in ("person", "person_arm", "run")},
        "var_residual": fitted.residual,
        "n_persons": pairs.first.shape[1],
        "n_seeds_a": len(pairs.first),
        "n_seeds_b": len(pairs.second),
        "holds_seeds": replicated,
        "converged": fitted.converged,
        "note": _note(pairs, a, b),
    }


def _fit(pairs: PairedScores, replicated: bool) -> CrossedFit:
    """The crossed model of both sources' tables of means."""
    values = np.column_stack([pairs.first.to_numpy().T, pairs.second.to_numpy().T])
    counts = [len(pairs.first), len(pairs.second)]
    arms = np.repeat([1, 0], counts)
    fixed = np.column_stack([np.ones(len(arms)), arms])
    within = {"person": np.zeros(len(arms))}
    if not replicated:
        return fit_crossed(values, fixed, within=within)
    trained = np.repeat([count > 1 for count in counts], counts)
    return fit_crossed(values, fixed, within=within | {"person_arm": arms}, runs=np.eye(len(arms))[:, trained])


def _note(pairs: PairedScores, a: str, b: str) -> str:
    single = [name for name, table in ((a, pairs.first), (b, pairs.second)) if len(table) == 1]
    if len(single) == 2:
        return SEEDS_LEFT_OUT
    return f"{single[0]} has one seed and stands as it is" if single else ""
