"""Would another reasonable analysis say something else? One contrast under many choices."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sleepcot_utils.compare.choices import PLANNED, Draws, Outcome, of_scores, of_seeds, of_tests, of_units
from sleepcot_utils.compare.contrasts import NO_DIFFERENCE, Contrast
from sleepcot_utils.compare.intervals import check_level
from sleepcot_utils.compare.pairs import pair
from sleepcot_utils.errors import InputError

COLUMNS = ("choice", "differs_in", "estimate", "low", "high", "p", "says", "reasonable", "scale", "holds_seeds")


def multiverse(
    scores: pd.DataFrame, contrast: Contrast, rng: np.random.Generator, *, resamples: int = 9999, level: float = 0.95
) -> pd.DataFrame:
    """One contrast under every other choice that a reasonable analyst could have made.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table.
    contrast : Contrast
        A contrast of the plan.
    rng : numpy.random.Generator
        Source of one seed that all choices share, so that they differ by choice and not by luck.
    resamples : int
        Resamples, sign flips and posterior draws.
    level : float
        Confidence; ``1 - level`` is the level of the tests.

    Returns
    -------
    pandas.DataFrame
        One row a choice, the plan's own first: ``choice, differs_in, estimate, low, high, p, says`` (``a better``,
        ``b better`` or ``no difference shown``, before any correction for other tests), ``reasonable``, ``scale`` of
        the estimate, ``holds_seeds`` and ``agrees`` (with the first row). A choice that the table does not allow, such
        as one about a second seed, has no row.

    Raises
    ------
    InputError
        If fewer than three persons have a value under both sources.
    """
    check_level(level, resamples)
    pairs = pair(scores, contrast.metric, contrast.a, contrast.b)
    if len(pairs.differences) < 3:
        raise InputError(
            f"{len(pairs.differences)} persons have a value under both sources",
            where=f"metric {contrast.metric}",
            expected=">= 3",
        )
    draws = Draws(int(rng.integers(2**63)), resamples, level)
    outcomes = [
        *of_scores(scores, contrast, draws),
        *of_seeds(pairs, draws),
        *of_tests(pairs.differences.to_numpy(), draws),
        *of_units(scores, contrast, pairs, draws),
    ]
    rows = []
    for item in outcomes:
        says = _says(item, contrast.higher_is_better, 1 - level)
        numbers = (item.estimate, item.low, item.high, item.p)
        rows.append((item.choice, item.differs_in, *numbers, says, item.reasonable, item.scale, item.holds_seeds))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.assign(agrees=table["says"] == table["says"].iloc[0])


def multiverse_sentence(table: pd.DataFrame) -> str:
    """How many reasonable choices say what the plan says, which do not, and which of them let the seeds vary."""
    others = table[table["reasonable"] & (table["choice"] != PLANNED)]
    agreeing = int(others["agrees"].sum())
    text = (
        f'The plan says "{table["says"].iloc[0]}"; {agreeing} of {len(others)} other reasonable choices say the same.'
    )
    for says, part in others[~others["agrees"]].groupby("says", sort=True):
        text += f' "{says}" say: {", ".join(part["choice"])}.'
    if table["holds_seeds"].any():
        free = ["the plan", *others.loc[others["holds_seeds"], "choice"]]
        text += f" The seeds vary under {' and '.join(free)}; the rest speak of these students alone."
    return text


def _says(item: Outcome, higher_is_better: bool, alpha: float) -> str:
    """A difference is claimed if the interval excludes zero and p is below alpha, as far as the choice has them."""
    known = [item.low > 0 or item.high < 0] if np.isfinite(item.low) and np.isfinite(item.high) else []
    known += [item.p < alpha] if np.isfinite(item.p) else []
    if not known or not all(known) or item.estimate == 0:
        return NO_DIFFERENCE
    return "a better" if (item.estimate > 0) == higher_is_better else "b better"
