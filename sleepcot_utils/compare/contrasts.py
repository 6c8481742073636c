"""Contrasts stated before the scores are seen, and the table of their results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.compare.effects import noninferiority, paired_effect
from sleepcot_utils.compare.persons import check_scores
from sleepcot_utils.compare.statistics import holm
from sleepcot_utils.errors import ParameterError

ROLES = ("primary", "secondary")

#: Below this number of seeds a conclusion says that it speaks of the trained students, not of the recipe.
ENOUGH_SEEDS = 5

NO_DIFFERENCE = "no difference shown"
NOT_COMPUTABLE = "not computable"


@dataclass(frozen=True)
class Contrast:
    """One comparison of the plan: source a against source b on one metric.

    Attributes
    ----------
    metric, a, b : str
        The difference is a minus b.
    margin : float, optional
        If given, it is also asked whether a is at most this much worse than b.
    role : str
        ``primary`` or ``secondary``; each role is one family for Holm's correction.
    higher_is_better : bool
        False for a metric that counts errors.
    """

    metric: str
    a: str
    b: str
    margin: float | None = None
    role: str = "primary"
    higher_is_better: bool = True

    def __post_init__(self) -> None:
        where = f"contrast of {self.a} and {self.b} on {self.metric}"
        if self.a == self.b:
            raise ParameterError("a source is compared with itself", where=where, expected="two different sources")
        if self.role not in ROLES:
            raise ParameterError(f"the role {self.role!r} is unknown", where=where, expected=" or ".join(ROLES))
        if self.margin is not None and not 0 < self.margin < np.inf:
            raise ParameterError(
                f"the margin is {self.margin}", where=where, expected="a finite number above 0, or None"
            )


def comparison_table(
    scores: pd.DataFrame,
    plan: Sequence[Contrast],
    rng: np.random.Generator,
    *,
    resamples: int = 9999,
    level: float = 0.95,
) -> pd.DataFrame:
    """Results of all contrasts of a plan, in its order.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table.
    plan : sequence of Contrast
        The contrasts, written down before the scores are seen.
    rng : numpy.random.Generator
        Each contrast gets its own child, so a contrast added at the end changes no earlier interval.
    resamples : int
        Bootstrap resamples and random sign flips.
    level : float
        Confidence; ``1 - level`` is also the significance level of the claim.

    Returns
    -------
    pandas.DataFrame
        One row a contrast: ``role``, all of ``paired_effect``, ``p_holm`` (the larger of ``p`` and ``p_seeds``,
        adjusted within the role), ``margin``,
        ``decision`` and ``equivalence_p`` (null without a margin), ``higher_is_better``, ``level`` and ``claim``.

        ``claim`` is ``a better`` or ``b better`` only if the interval excludes zero and ``p_holm`` is below
        ``1 - level``; else ``no difference shown``, or ``not computable`` if no person has a value under both sources.
        It speaks of the recipe where there are seeds. ``claim_students`` is the same with the seeds held fixed, from
        ``persons_low, persons_high`` and ``p_students`` (``p`` adjusted within the role): it speaks of the students
        that were trained, and says nothing about another training.
    """
    if not plan:
        raise ParameterError("the plan is empty", where="plan", expected="one Contrast or more")
    if len({(item.metric, *sorted((item.a, item.b))) for item in plan}) < len(plan):
        raise ParameterError("a contrast stands twice", where="plan", expected="each metric and pair of sources once")
    frame = check_scores(scores)
    metrics = set(frame["metric"])
    rows = []
    for item, child in zip(plan, rng.spawn(len(plan)), strict=True):
        # A metric that is not in the table is left to the error that lists those that are.
        of_metric = frame[frame["metric"] == item.metric] if item.metric in metrics else frame
        found = _result(of_metric, item, child, resamples, level)
        rows.append({"role": item.role, **found, "higher_is_better": item.higher_is_better, "level": level})
    table = pd.DataFrame(rows)
    table["p_holm"] = table["p_students"] = np.nan
    for role in ROLES:
        family = table["role"] == role
        table.loc[family, "p_students"] = holm(table.loc[family, "p"].tolist())
        # The larger p counts: a claim has to stand over other persons and, where there are seeds, over other trainings.
        table.loc[family, "p_holm"] = holm(table.loc[family, ["p", "p_seeds"]].max(axis=1).tolist())
    records = records_of(table)
    table["claim"] = [_claim(row, row["low"], row["high"], row["p_holm"]) for row in records]
    table["claim_students"] = [
        _claim(row, row["persons_low"], row["persons_high"], row["p_students"]) for row in records
    ]
    return table


def records_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as dictionaries."""
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _result(
    rows: pd.DataFrame, item: Contrast, rng: np.random.Generator, resamples: int, level: float
) -> dict[str, Any]:
    sources = (rows, item.metric, item.a, item.b, rng)
    if item.margin is None:
        effect = paired_effect(*sources, resamples=resamples, level=level)
        return {**effect, "margin": np.nan, "decision": None, "equivalence_p": np.nan}
    return noninferiority(
        *sources, margin=item.margin, higher_is_better=item.higher_is_better, resamples=resamples, level=level
    )


def _claim(row: dict[str, Any], low: float, high: float, p: float) -> str:
    if row["n_persons"] == 0:
        return NOT_COMPUTABLE
    outside_zero = low > 0 or high < 0
    if not (outside_zero and p < 1 - row["level"]):
        return NO_DIFFERENCE
    return "a better" if (row["difference"] > 0) == row["higher_is_better"] else "b better"
