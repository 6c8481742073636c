"""Restricted maximum likelihood for persons crossed with training runs.

All persons have the same columns (a column is one source under one seed), so what the likelihood needs of them are sums
over persons; its cost does not grow with their number. ``statsmodels`` ``MixedLM`` fits the same model, but crossed
effects make one group of all rows there: 387 cards under four runs took 47 s, and its default optimizer stopped short
of the maximum on real scores. The tests hold this fit against it and against lme4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

#: Starting points of each component's standard deviation, in units of the residual's; all combinations are tried.
STARTS = (0.1, 1.0)
#: Largest standard deviation of a component in units of the residual's; beyond it the residual counts as zero.
LARGEST = 1e3


@dataclass(frozen=True)
class CrossedFit:
    """A fitted model.

    Attributes
    ----------
    components : dict of str to float
        Variance of each random effect.
    residual : float
        Residual variance.
    fixed : numpy.ndarray
        Estimates of the fixed effects.
    covariance : numpy.ndarray
        Their covariance, given the components.
    log_likelihood : float
        Restricted log likelihood at the maximum.
    converged : bool
        Whether several starting points led to the same maximum.
    """

    components: dict[str, float]
    residual: float
    fixed: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    converged: bool


@dataclass(frozen=True)
class _Pattern:
    """Persons who have values in the same columns: how many, which columns, and their cross products."""

    count: int
    columns: np.ndarray
    sums: np.ndarray
    squares: np.ndarray


class _Likelihood:
    """Restricted likelihood of one table as a function of the components' standard deviations."""

    def __init__(self, values: np.ndarray, fixed: np.ndarray, within: Sequence[np.ndarray], runs: np.ndarray) -> None:
        self.fixed_count, self.within, self.design = fixed.shape[1], within, np.column_stack([fixed, runs])
        self.total = int(np.isfinite(values).sum())
        self.patterns = []
        for mask in np.unique(np.isfinite(values), axis=0):
            rows = values[(np.isfinite(values) == mask).all(axis=1)][:, mask]
            if rows.size:
                self.patterns.append(_Pattern(len(rows), np.flatnonzero(mask), rows.sum(axis=0), rows.T @ rows))

    def solve(self, ratios: np.ndarray) -> tuple[float, float, np.ndarray, np.ndarray]:
        """Minus twice the log likelihood, residual variance, fixed effects and their covariance.

        ``ratios`` are standard deviations over the residual's: of each effect within persons, then of the runs if the
        design has any.
        """
        width, split = self.design.shape[1], self.fixed_count
        cross, right, square, log_determinant = np.zeros((width, width)), np.zeros(width), 0.0, 0.0
        for pattern in self.patterns:
            block = np.eye(len(pattern.columns))
            for ratio, labels in zip(ratios, self.within, strict=False):
                chosen = labels[pattern.columns]
                block += ratio**2 * (chosen[:, None] == chosen[None])
            inverse, design = np.linalg.inv(block), self.design[pattern.columns]
            weighted = inverse @ design
            cross += pattern.count * design.T @ weighted
            right += weighted.T @ pattern.sums
            square += float((inverse * pattern.squares).sum())
            log_determinant += pattern.count * float(np.linalg.slogdet(block)[1])
        if width > split:
            # Woodbury's identity adds the runs, which are few columns over all persons.
            variance = ratios[-1] ** 2
            inner = np.eye(width - split) + variance * cross[split:, split:]
            gain = variance * np.linalg.solve(inner, np.column_stack([cross[split:, :split], right[split:]]))
            log_determinant += float(np.linalg.slogdet(inner)[1])
            square -= float(right[split:] @ gain[:, -1])
            information = cross[:split, :split] - cross[:split, split:] @ gain[:, :-1]
            target = right[:split] - cross[:split, split:] @ gain[:, -1]
        else:
            information, target = cross, right
        estimates = np.linalg.solve(information, target)
        freedom = self.total - split
        residual = max(square - float(target @ estimates), 1e-300) / freedom
        deviance = freedom * (1 + np.log(2 * np.pi * residual)) + log_determinant
        deviance += float(np.linalg.slogdet(information)[1])
        return deviance, residual, estimates, residual * np.linalg.inv(information)


def fit_crossed(
    values: np.ndarray,
    fixed: np.ndarray,
    *,
    within: dict[str, np.ndarray],
    runs: np.ndarray | None = None,
) -> CrossedFit:
    """Fit persons crossed with runs.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (persons, columns); NaN where a person has no value.
    fixed : numpy.ndarray
        Shape (columns, fixed effects): the design of the fixed effects, the same for each person.
    within : dict of str to numpy.ndarray
        Random effects within persons: for each, a label a column; columns with the same label share the effect. One
        label for all columns is the person itself, the source's name is the person's reaction to it.
    runs : numpy.ndarray, optional
        Shape (columns, runs): indicators of the random effects that all persons share.

    Returns
    -------
    CrossedFit
        The component of the runs is named ``run``.
    """
    from scipy import optimize

    shared = np.empty((len(fixed), 0)) if runs is None else runs
    names = [*within, *(["run"] if shared.shape[1] else [])]
    likelihood = _Likelihood(values, fixed, list(within.values()), shared)
    limits = [(0.0, LARGEST)] * len(names)
    found = [
        optimize.minimize(
            lambda ratios: likelihood.solve(ratios)[0],
            start,
            method="Nelder-Mead",
            bounds=limits,
            options={"xatol": 1e-6, "fatol": 1e-9, "maxiter": 4000},
        )
        for start in product(STARTS, repeat=len(names))
    ]
    found.sort(key=lambda result: float(result.fun))
    best = found[0]
    deviance, residual, estimates, covariance = likelihood.solve(best.x)
    return CrossedFit(
        components={name: float(ratio**2 * residual) for name, ratio in zip(names, best.x, strict=True)},
        residual=float(residual),
        fixed=estimates,
        covariance=covariance,
        log_likelihood=-deviance / 2,
        converged=bool(best.success and found[min(1, len(found) - 1)].fun - best.fun < 1e-4),
    )
