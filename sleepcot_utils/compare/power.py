"""How many persons are enough? Power of the study's own test, by simulation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from sleepcot_utils.compare.fake_studies import StudyDesign, fake_differences, fake_seed_differences, with_effect
from sleepcot_utils.errors import ParameterError

#: Steps of the search for the smallest effect: the last step is 1/1000 of the range.
SEARCH_STEPS = 10


def sign_flip_ps(differences: np.ndarray, rng: np.random.Generator, *, flips: int = 999) -> np.ndarray:
    """Sign-flip p values of many studies at once.

    Parameters
    ----------
    differences : numpy.ndarray
        Shape (studies, persons).
    rng : numpy.random.Generator
        Source of the random flips, which all studies share: each p value is as valid as with flips of its own.
    flips : int
        Random flips; the observed signs count as one more (Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39).

    Returns
    -------
    numpy.ndarray
        Shape (studies,): two-sided p values of a mean difference of zero.
    """
    signs = rng.choice(np.array([-1.0, 1.0]), size=(differences.shape[1], flips))
    observed = np.abs(differences.sum(axis=1))
    reached = np.abs(differences @ signs) >= observed[:, None] - 1e-9
    return (1 + reached.sum(axis=1)) / (1 + flips)


def seed_ps(differences: np.ndarray) -> np.ndarray:
    """P values over persons and shared seeds of many studies at once, as ``p_seeds`` of ``paired_effect``.

    Parameters
    ----------
    differences : numpy.ndarray
        Shape (studies, seeds, persons); two seeds or more.
    """
    from scipy import stats

    _, seeds, persons = differences.shape
    of_persons = differences.mean(axis=1).var(axis=1, ddof=1) / persons
    of_seeds = differences.mean(axis=2).var(axis=1, ddof=1) / seeds
    variance = np.maximum(of_persons + of_seeds, 1e-300)
    freedom = variance**2 / np.maximum(of_persons**2 / (persons - 1) + of_seeds**2 / (seeds - 1), 1e-300)
    return 2 * stats.t.sf(np.abs(differences.mean(axis=(1, 2))) / np.sqrt(variance), freedom)


def power_of(
    design: StudyDesign,
    rng: np.random.Generator,
    *,
    studies: int = 1000,
    alpha: float = 0.05,
    flips: int = 999,
    seeds_vary: bool = True,
) -> float:
    """Share of fake studies of a design that find a difference in the right direction.

    A difference is found if its sign-flip p is below ``alpha`` and, with two seeds or more, also its p over persons and
    seeds; with ``seeds_vary`` False, the first is enough. Without an effect, the share that finds any difference, which
    is the false-positive rate.

    Parameters
    ----------
    design : StudyDesign
        Numbers of persons, tasks and seeds, spreads and the true effect, in units of the score.
    rng : numpy.random.Generator
        Source of the studies and of the flips.
    studies : int
        Fake studies; the standard error of the share is at most 0.5 / sqrt(studies).
    alpha : float
        Two-sided significance level, between 0 and 0.5.
    flips : int
        Random sign flips of each test.
    seeds_vary : bool
        Whether the claim is about the recipe, over its seeds, and not about these students alone.

    Returns
    -------
    float
        Between 0 and 1.
    """
    if not 0 < alpha < 0.5:
        raise ParameterError(f"the significance level is {alpha}", where="alpha", expected="above 0, below 0.5")
    by_study, by_flip = rng.spawn(2)
    by_seed = fake_seed_differences(design, studies, by_study)
    differences = by_seed.mean(axis=1)
    found = sign_flip_ps(differences, by_flip, flips=flips) < alpha
    if seeds_vary and design.seeds > 1:
        found &= seed_ps(by_seed) < alpha
    if design.effect:
        found &= np.sign(differences.mean(axis=1)) == np.sign(design.effect)
    return float(found.mean())


def power_curve(
    persons: Sequence[int],
    effects: Sequence[float],
    design: StudyDesign,
    rng: np.random.Generator,
    *,
    studies: int = 1000,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """Power for every number of persons and every effect.

    Parameters
    ----------
    persons : sequence of int
        Numbers of persons.
    effects : sequence of float
        True differences, in units of the score.
    design : StudyDesign
        Everything else.
    rng : numpy.random.Generator
        Each row is simulated from the same state, so that its rows differ by design and not by luck.
    studies : int
        Fake studies a row.
    alpha : float
        Significance level of the two-sided test; divide it by the number of primary tests for the power under Holm's
        correction in the worst case.

    Returns
    -------
    pandas.DataFrame
        ``persons, effect, power``, its exact 95% interval ``low, high`` from the simulation, ``spread`` (standard
        deviation of the persons' differences that the design implies), ``alpha, studies``.
    """
    from scipy import stats

    state = int(rng.integers(2**63))
    rows = []
    for count in persons:
        for effect in effects:
            tried = replace(design, persons=int(count), effect=float(effect))
            power = power_of(tried, np.random.default_rng(state), studies=studies, alpha=alpha)
            interval = stats.binomtest(round(power * studies), studies).proportion_ci(0.95, method="exact")
            rows.append((int(count), float(effect), power, interval.low, interval.high, _spread(tried, state)))
    table = pd.DataFrame(rows, columns=["persons", "effect", "power", "low", "high", "spread"])
    return table.assign(alpha=alpha, studies=studies)


def detectable_effect(
    design: StudyDesign,
    rng: np.random.Generator,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    studies: int = 1000,
) -> float:
    """Smallest true difference that a study of this design finds with the wanted power.

    Parameters
    ----------
    design : StudyDesign
        The design; its own effect is ignored.
    rng : numpy.random.Generator
        Source of the fake studies, which are the same for every effect that is tried.
    power : float
        Wanted share of studies that find it, between 0 and 1.
    alpha, studies
        As in ``power_of``.

    Returns
    -------
    float
        In units of the score, to a thousandth of the range; NaN if not even a first arm that is nearly always right
        would be found so often.
    """
    if not 0 < power < 1:
        raise ParameterError(f"the power is {power}", where="power", expected="above 0, below 1")
    state = int(rng.integers(2**63))

    def reached(effect: float) -> bool:
        tried = with_effect(design, effect)
        return power_of(tried, np.random.default_rng(state), studies=studies, alpha=alpha) >= power

    low, high = 0.0, 1 - design.mean - 1e-3
    if high <= 0 or not reached(high):
        return np.nan
    for _ in range(SEARCH_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def power_sentence(curve: pd.DataFrame, *, wanted: float = 0.8) -> str:
    """What a power curve says, in words: one sentence for each number of persons.

    Parameters
    ----------
    curve : pandas.DataFrame
        What ``power_curve`` returned.
    wanted : float
        Power that counts as enough.
    """
    sentences = []
    for count, part in curve[curve["effect"] > 0].sort_values("effect").groupby("persons", sort=True):
        enough = part[part["power"] >= wanted]
        if enough.empty:
            row = part.iloc[-1]
            chance = f"only {row['power']:.0%} of cases"
            sentences.append(f"With {count} persons even a difference of {row['effect']:g} is found in {chance}.")
        else:
            row = enough.iloc[0]
            sentences.append(
                f"With {count} persons a difference of {row['effect']:g} is found in {row['power']:.0%} of cases."
            )
    return " ".join(sentences)


def _spread(design: StudyDesign, state: int) -> float:
    """Standard deviation of the persons' differences, from fake studies of about 20,000 persons in all."""
    studies = max(2, 20_000 // design.persons)
    differences = fake_differences(design, studies, np.random.default_rng(state))
    return float(np.sqrt(differences.var(axis=1, ddof=1).mean()))
