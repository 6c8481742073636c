"""Cases changed on purpose: to have more to learn from, or to see what a model does with what it never met."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sleepcot_utils.classify.measures import measures
from sleepcot_utils.classify.wording import describe


def within_error(cases: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The cases as they might have been measured: every number drawn anew within its measurement error."""
    changed = cases.copy()
    for name, measure in measures().items():
        for column in [column for column in cases if column == name or column.startswith(f"{name}_")]:
            moved = cases[column] + measure.error_sd(cases[column]) * rng.standard_normal(len(cases))
            changed[column] = measure.rounded(moved.clip(lower=0))
    return changed


def in_any_order(cases: pd.DataFrame, style: str, rng: np.random.Generator, *, history: bool = False) -> list[str]:
    """The cases as texts, the fields of each in an order of its own."""
    names = list(measures())
    return [
        describe(case, style, history=history, order=[str(name) for name in rng.permutation(names)])
        for case in cases.to_dict("records")
    ]


def without_fields(cases: pd.DataFrame, share: float, rng: np.random.Generator) -> pd.DataFrame:
    """The cases with a share of their measures missing, drawn for each case; a measure's history goes with it."""
    changed = cases.copy()
    for name in measures():
        gone = rng.random(len(cases)) < share
        columns = [column for column in cases if column == name or column.startswith(f"{name}_")]
        changed.loc[gone, columns] = np.nan
    return changed


def moved(cases: pd.DataFrame, measure: str, by: float) -> pd.DataFrame:
    """The cases with one measure moved by a constant, in its unit, to where training had few or none."""
    changed = cases.copy()
    for column in [column for column in cases if column == measure or column.startswith(f"{measure}_")]:
        changed[column] = measures()[measure].rounded(cases[column] + by)
    return changed
