"""The exam of a judge: the same damage as for the metrics, pointwise and pairwise, and how far it agrees with itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.knowledge import Card
from sleepcot_utils.report.reports import Report
from sleepcot_utils.score.agreement import bootstrap_interval, krippendorff_alpha
from sleepcot_utils.score.candidates import candidates
from sleepcot_utils.score.exam import CLEAN
from sleepcot_utils.score.judge import FIRST, SAME, SECOND, Judge, Pair, compare, rate
from sleepcot_utils.score.shares import share_of
from sleepcot_utils.score.spoiling import SPOILING, spoiled
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task

POINTWISE, PAIRWISE = "pointwise", "pairwise"
EXAM_COLUMNS = ("judge", "mode", "principle", "damage", "n", "noticed", "sensitivity", "low", "high", "unread")
RELIABILITY_COLUMNS = ("judge", "mode", "principle", "measure", "n", "value", "low", "high")
OWN_AGREEMENT, SAME_IN_BOTH_ORDERS, FIRST_PLACE = (
    "agreement of its samples (alpha)", "same verdict in both orders", "prefers what stands first",
)  # fmt: skip
WHOLE = "whole"


def judge_exam(
    judge: Judge,
    tasks: Sequence[Task],
    clean: Sequence[Answer],
    examples: Mapping[str, str],
    *,
    reports: Mapping[str, Report],
    cards: Mapping[str, Card],
    damages: Sequence[str] = tuple(SPOILING),
    asked: Sequence[str] = ("overall",),
    at_most: int = 2,
    seed: int = 1,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put a judge to the exam of the metrics.

    Parameters
    ----------
    judge : Judge
        Each answer costs `samples` requests a principle pointwise, and each pair twice as many.
    tasks, clean, examples, reports, cards, damages, at_most, seed
        As for ``exam.exam_table``.
    asked : sequence of str
        Principles to ask about.

    Returns
    -------
    exam, reliability : pandas.DataFrame
        ``EXAM_COLUMNS``: damage counts as noticed pointwise if the damaged answer's mean rating is below the clean one's,
        and pairwise if the clean answer is preferred in both orders (by most samples of each). For ``CLEAN``, another
        right answer stands in place of the damaged one, and `sensitivity` is the share of false alarms: with it, what
        chance does is known. ``RELIABILITY_COLUMNS``: agreement of samples, verdicts that survive the swap of orders
        and, of those that do not, how many prefer what stands first (0.5 without a bias), with 95 % intervals.
    """
    drawn = candidates(tasks, clean, examples, at_most, np.random.default_rng(seed))
    answer_to = {answer.task_id: answer.answer for answer in drawn.clean}
    others = [(task, CLEAN, example) for task, example in zip(drawn.tasks, drawn.examples, strict=True)]
    for damage in damages:
        rng = np.random.default_rng([seed, *damage.encode()])
        done = spoiled(damage, drawn.clean, drawn.by_id, rng, reports=reports, cards=cards)
        others += [
            (task, damage, answer.answer)
            for task, answer in zip(drawn.tasks, done.answers, strict=True)
            if answer.answer != answer_to[task.task_id]  # a judge of answers sees no rationale
        ]
    whole = [(task, WHOLE, answer_to[task.task_id]) for task in drawn.tasks]
    points = rate(judge, [*whole, *others], asked)
    pairs = compare(judge, [Pair(task, label, answer_to[task.task_id], text) for task, label, text in others], asked)
    order = [CLEAN, *damages]
    exam = pd.DataFrame(
        [(judge.name, *row) for row in (*_pointwise_rows(points, order), *_pairwise_rows(pairs, order))],
        columns=list(EXAM_COLUMNS),
    )
    reliability = pd.DataFrame(
        [(judge.name, *row) for row in _reliability_rows(points, pairs, np.random.default_rng(seed))],
        columns=list(RELIABILITY_COLUMNS),
    )
    return exam, reliability


def as_ratings(points: pd.DataFrame, key: pd.DataFrame, judge: str) -> pd.DataFrame:
    """Pointwise judgments in the form of human ratings, for ``rating.agreement_table`` of judge and humans together.

    Parameters
    ----------
    points : pandas.DataFrame
        Of ``rate``, with the source of each answer as its label.
    key : pandas.DataFrame
        Key of the rating kit; answers that are not in it are left out.
    judge : str
        Name that stands for the judge among the raters.

    Returns
    -------
    pandas.DataFrame
        ``rating.RATING_COLUMNS`` with the median of the samples, rounded to the better mark.
    """
    medians = points.groupby(["task_id", "label", "principle"], as_index=False)["rating"].median().dropna()
    medians["rating"] = np.ceil(medians["rating"]).astype(int)
    joined = medians.merge(key, left_on=["task_id", "label"], right_on=["task_id", "source"]).assign(rater=judge)
    return joined[["rater", "item", "task_id", "person_id", "kind", "source", "seed", "principle", "rating"]]


def _pointwise_rows(points: pd.DataFrame, order: Sequence[str]) -> list[tuple[Any, ...]]:
    means = points.groupby(["principle", "label", "task_id"])["rating"].mean()
    rows = []
    for principle in points["principle"].unique():
        for damage in order:
            mine = points[(points["principle"] == principle) & (points["label"] == damage)]
            if mine.empty:
                rows.append((POINTWISE, principle, damage, *share_of([]), float("nan")))
                continue
            after = means[principle, damage].dropna()
            before = means[principle, WHOLE].reindex(after.index)
            noticed = (after < before)[before.notna()].tolist()
            rows.append((POINTWISE, principle, damage, *share_of(noticed), float(mine["unread"].mean())))
    return rows


def _pairwise_rows(pairs: pd.DataFrame, order: Sequence[str]) -> list[tuple[Any, ...]]:
    verdicts = _verdicts(pairs)
    rows = []
    for principle in pairs["principle"].unique():
        for damage in order:
            mine = verdicts[(verdicts["principle"] == principle) & (verdicts["label"] == damage)]
            noticed = ((mine["given"] == FIRST) & (mine["swapped"] == FIRST)).tolist()
            unread = pairs.loc[(pairs["principle"] == principle) & (pairs["label"] == damage), "unread"]
            rows.append((PAIRWISE, principle, damage, *share_of(noticed), float(unread.mean())))
    return rows


def _verdicts(pairs: pd.DataFrame) -> pd.DataFrame:
    """What most samples say of each pair, in the order given and swapped; the same for a draw of samples."""
    counted = (
        pairs.dropna(subset=["better"])
        .groupby(["principle", "label", "task_id", "swapped"])["better"]
        .agg(lambda said: said.mode()[0] if len(said.mode()) == 1 else SAME)
        .unstack("swapped")
    )
    return counted.reindex(columns=[False, True]).dropna().set_axis(["given", "swapped"], axis=1).reset_index()


def _reliability_rows(points: pd.DataFrame, pairs: pd.DataFrame, rng: np.random.Generator) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    verdicts = _verdicts(pairs)
    for principle in points["principle"].unique():
        mine = points[points["principle"] == principle]
        wide = mine.pivot(index=["task_id", "label"], columns="sample", values="rating")
        ratings = wide.to_numpy(dtype=float)
        groups = wide.index.get_level_values("task_id").tolist()
        ends = bootstrap_interval(ratings, krippendorff_alpha, rng, groups=groups, resamples=500)
        rows.append((POINTWISE, principle, OWN_AGREEMENT, len(wide), krippendorff_alpha(ratings), *ends))
        both = verdicts[verdicts["principle"] == principle]
        kept = (both["given"] == both["swapped"]).tolist()
        count, _, *share = share_of(kept)
        rows.append((PAIRWISE, principle, SAME_IN_BOTH_ORDERS, count, *share))
        turned = both[(both["given"] != both["swapped"]) & (both[["given", "swapped"]] != SAME).all(axis=1)]
        count, _, *share = share_of(((turned["given"] == FIRST) & (turned["swapped"] == SECOND)).tolist())
        rows.append((PAIRWISE, principle, FIRST_PLACE, count, *share))
    return rows
