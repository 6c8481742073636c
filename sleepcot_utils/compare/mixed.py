"""A mixed model of two sources: score by arm, with persons, persons' reactions and training runs as random effects."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.compare.intervals import check_level
from sleepcot_utils.compare.pairs import PairedScores, pair
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
    Rows are means over tasks of a person, source and seed; REML by ``statsmodels`` ``MixedLM`` with crossed variance
    components. A run is one training, that is a source under a seed. A source with a single seed gets no run effect: it
    stands as it is, which is right for a source that is not trained, and the note says so. Without the reactions
    ``(1 | person:arm)``, seeds would count as if each had new persons, and the interval would be too narrow.

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
    cells = _cells(pairs)
    replicated = max(len(pairs.first), len(pairs.second)) > 1
    names = ["person", "person_arm", "run"] if replicated else ["person"]
    components, residual, converged = _fit(cells, names)
    difference, variance = _fixed_difference(cells, components, residual)
    seed_counts = [len(table) for table in (pairs.first, pairs.second) if len(table) > 1]
    of_runs = sum(components.get("run", 0.0) / count for count in seed_counts)
    of_persons = max(variance - of_runs, 0.0)
    squares = of_persons**2 / (pairs.first.shape[1] - 1)
    if of_runs > 0:
        squares += of_runs**2 / sum(count - 1 for count in seed_counts)
    freedom = variance**2 / squares if squares > 0 else np.nan
    se = float(np.sqrt(variance))
    reach = stats.t.ppf((1 + level) / 2, freedom) * se
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
        "var_residual": residual,
        "n_persons": pairs.first.shape[1],
        "n_seeds_a": len(pairs.first),
        "n_seeds_b": len(pairs.second),
        "holds_seeds": replicated,
        "converged": converged,
        "note": _note(pairs, a, b),
    }


def _cells(pairs: PairedScores) -> pd.DataFrame:
    """Long table of means: ``person, arm, run, trained, value``."""
    parts = []
    for arm, table in (("a", pairs.first), ("b", pairs.second)):
        long = table.stack().rename("value").reset_index()
        long.columns = pd.Index(["seed", "person", "value"])
        run = arm + long["seed"].astype("str")
        parts.append(long.assign(arm=arm, run=run, person_arm=long["person"] + arm, trained=float(len(table) > 1)))
    return pd.concat(parts, ignore_index=True)


def _design(cells: pd.DataFrame, name: str) -> np.ndarray:
    """Indicator columns of a random effect; those of runs are zero for a source with a single seed."""
    columns = pd.get_dummies(cells[name]).to_numpy("float64")
    return columns * cells["trained"].to_numpy()[:, None] if name == "run" else columns


def _fit(cells: pd.DataFrame, names: list[str]) -> tuple[dict[str, float], float, bool]:
    """REML variance components by name, residual variance, and whether the optimizer was content."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    formulas = {name: f"0 + C({name})" + (":trained" if name == "run" else "") for name in names}
    if np.ptp(cells["value"]) <= 1e-12:
        return dict.fromkeys(names, 0.0), 0.0, True
    model = MixedLM.from_formula("value ~ arm", cells, groups=np.ones(len(cells)), re_formula="0", vc_formula=formulas)
    with warnings.catch_warnings():
        # A component at its bound of 0 is no fault of the data; that the optimizer stopped early is reported.
        warnings.simplefilter("ignore")
        fitted = model.fit(reml=True)
    found = dict(zip(model.exog_vc.names, fitted.vcomp, strict=True))
    return {name: float(found[name]) for name in names}, float(fitted.scale), bool(fitted.converged)


def _fixed_difference(cells: pd.DataFrame, components: dict[str, float], residual: float) -> tuple[float, float]:
    """Generalized least squares difference of the arms and its variance, given the components."""
    covariance = max(residual, 1e-12) * np.eye(len(cells))
    for name, variance in components.items():
        columns = _design(cells, name)
        covariance += variance * (columns @ columns.T)
    fixed = np.column_stack([np.ones(len(cells)), (cells["arm"] == "a").to_numpy("float64")])
    weighted = np.linalg.solve(covariance, np.column_stack([fixed, cells["value"].to_numpy()]))
    information = fixed.T @ weighted[:, :2]
    estimate = np.linalg.solve(information, fixed.T @ weighted[:, 2])
    return float(estimate[1]), float(np.linalg.inv(information)[1, 1])


def _note(pairs: PairedScores, a: str, b: str) -> str:
    single = [name for name, table in ((a, pairs.first), (b, pairs.second)) if len(table) == 1]
    if len(single) == 2:
        return SEEDS_LEFT_OUT
    return f"{single[0]} has one seed and stands as it is" if single else ""
