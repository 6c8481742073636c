"""The pipeline on trial: how often does it claim a difference where there is none, and find one where there is?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.compare.contrasts import NO_DIFFERENCE, Contrast, comparison_table
from sleepcot_utils.compare.fake_studies import StudyDesign, fake_scores
from sleepcot_utils.compare.multiverse import multiverse

ARMS = ("cot", "answer_only")


def pipeline_rates(
    design: StudyDesign,
    rng: np.random.Generator,
    *,
    studies: int = 200,
    metrics: int = 4,
    margin: float | None = None,
    resamples: int = 499,
    level: float = 0.95,
) -> dict[str, Any]:
    """Run the whole comparison on fake studies and count what it says.

    Parameters
    ----------
    design : StudyDesign
        Sizes and truth; all metrics share it.
    rng : numpy.random.Generator
        Each study gets a child.
    studies : int
        Fake studies.
    metrics : int
        Primary endpoints, which are one family for Holm's correction.
    margin : float, optional
        Non-inferiority margin; with an effect of exactly minus the margin, ``non_inferior`` is a rate of wrong claims.
    resamples, level
        As in ``comparison_table``.

    Returns
    -------
    dict
        Shares with exact 95% intervals ``*_low, *_high``: ``any_claim`` (studies with at least one claimed difference:
        the family-wise false-positive rate where there is no effect), ``claim`` (contrasts with a claim in the true
        direction, or in any where there is no effect: power or error rate after correction), ``claim_students`` (the
        same in any direction, with the seeds held fixed), ``wrong`` (contrasts
        claimed in the wrong direction), ``raw`` (contrasts with an unadjusted p below ``1 - level``), ``covered``
        (intervals that hold the true effect) and ``non_inferior``; further ``studies, contrasts, effect``.

        The intervals take contrasts of a study as independent, which they are here.
    """
    names = [f"right_{number + 1}" for number in range(metrics)]
    plan = [Contrast(name, *ARMS, margin=margin) for name in names]
    any_claim = 0
    counts = dict.fromkeys(("claim", "claim_students", "wrong", "raw", "covered", "non_inferior"), 0)
    for child in rng.spawn(studies):
        by_score, by_table = child.spawn(2)
        scores = fake_scores(design, by_score, metrics=names, arms=ARMS)
        table = comparison_table(scores, plan, by_table, resamples=resamples, level=level)
        better, worse = table["claim"] == "a better", table["claim"] == "b better"
        any_claim += bool((better | worse).any())
        right = better | worse if design.effect == 0 else (better if design.effect > 0 else worse)
        counts["claim"] += int(right.sum())
        counts["wrong"] += int(((better | worse) & ~right).sum())
        counts["claim_students"] += int(table["claim_students"].str.endswith("better").sum())
        counts["raw"] += int((table["p"] < 1 - level).sum())
        counts["covered"] += int(((table["low"] <= design.effect) & (design.effect <= table["high"])).sum())
        counts["non_inferior"] += int((table["decision"] == "non-inferior").sum())
    row: dict[str, Any] = {"studies": studies, "contrasts": studies * metrics, "effect": design.effect}
    row |= _share("any_claim", any_claim, studies)
    for name, count in counts.items():
        if name != "non_inferior" or margin is not None:
            row |= _share(name, count, studies * metrics)
    return row


def choice_rates(
    design: StudyDesign, rng: np.random.Generator, *, studies: int = 100, resamples: int = 499, level: float = 0.95
) -> pd.DataFrame:
    """How often each choice of the multiverse claims a difference on fake studies of one metric.

    Parameters
    ----------
    design : StudyDesign
        Sizes and truth.
    rng : numpy.random.Generator
        Each study gets a child.
    studies, resamples, level
        Fake studies; resamples and confidence of each.

    Returns
    -------
    pandas.DataFrame
        One row a choice: ``choice, differs_in, reasonable, claimed`` with its exact 95% interval ``low, high``, and
        ``studies`` that allowed the choice. Without an effect ``claimed`` is the choice's false-positive rate; choices
        that are not reasonable are expected to exceed ``1 - level``.
    """
    tables = []
    for child in rng.spawn(studies):
        by_score, by_table = child.spawn(2)
        scores = fake_scores(design, by_score, arms=ARMS)
        tables.append(multiverse(scores, Contrast("right", *ARMS), by_table, resamples=resamples, level=level))
    rows = []
    for (choice, differs_in, reasonable), part in pd.concat(tables).groupby(
        ["choice", "differs_in", "reasonable"], sort=False
    ):
        share = _share("claimed", int((part["says"] != NO_DIFFERENCE).sum()), len(part))
        rows.append((choice, differs_in, reasonable, *share.values(), len(part)))
    return pd.DataFrame(rows, columns=["choice", "differs_in", "reasonable", "claimed", "low", "high", "studies"])


def _share(name: str, count: int, total: int) -> dict[str, float]:
    from scipy import stats

    interval = stats.binomtest(count, total).proportion_ci(0.95, method="exact")
    return {name: count / total, f"{name}_low": float(interval.low), f"{name}_high": float(interval.high)}
