"""Would another reasonable analysis say something else? One contrast under many choices."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sleepcot_utils.compare.choices import FIXED, PLANNED, Draws, Outcome, of_scores, of_seeds, of_tests, of_units
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
        the estimate, ``holds_seeds`` and ``agrees``: with the first row, or, for a choice that holds the seeds fixed,
        with the row ``seeds held fixed``. A choice that the table does not allow has no row. ``holds_seeds`` is True
        where the interval holds the spread of the seeds.

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
    # Choices that hold the seeds fixed are held against the plan's claim about these students, where it has one.
    of_students = (table["choice"] == FIXED) if (table["choice"] == FIXED).any() else (table["choice"] == PLANNED)
    expected = np.where(table["holds_seeds"], table["says"].iloc[0], table.loc[of_students, "says"].iloc[0])
    return table.assign(agrees=table["says"] == expected)


def multiverse_sentence(table: pd.DataFrame) -> str:
    """How many reasonable choices say what the plan says, of the recipe and of these students, and which do not."""
    others = table[table["reasonable"] & ~table["choice"].isin([PLANNED, FIXED])]
    planned = table.loc[table["choice"] == PLANNED, "says"].iloc[0]
    fixed = table.loc[table["choice"] == FIXED, "says"]
    if fixed.empty:
        return _agreement("The plan says", planned, others)
    varied = others["holds_seeds"]
    return " ".join(
        [
            _agreement("With seeds that vary, the plan says", planned, others[varied]),
            _agreement("For these students alone it says", fixed.iloc[0], others[~varied]),
        ]
    )


def _agreement(opening: str, says: str, others: pd.DataFrame) -> str:
    agreeing = int(others["agrees"].sum())
    text = f'{opening} "{says}"; {agreeing} of {len(others)} other reasonable choices say the same.'
    for differing, part in others[~others["agrees"]].groupby("says", sort=True):
        text += f' "{differing}" say: {", ".join(part["choice"])}.'
    return text


def _says(item: Outcome, higher_is_better: bool, alpha: float) -> str:
    """A difference is claimed if the interval excludes zero and p is below alpha, as far as the choice has them."""
    known = [item.low > 0 or item.high < 0] if np.isfinite(item.low) and np.isfinite(item.high) else []
    known += [item.p < alpha] if np.isfinite(item.p) else []
    if not known or not all(known) or item.estimate == 0:
        return NO_DIFFERENCE
    return "a better" if (item.estimate > 0) == higher_is_better else "b better"
