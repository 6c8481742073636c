"""The choices of the multiverse: what else a reasonable analyst could have computed, each as one outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sleepcot_utils.compare.bayes import posterior_means
from sleepcot_utils.compare.binary import binary_pairs, clustered_mcnemar
from sleepcot_utils.compare.checks import FINISHED
from sleepcot_utils.compare.contrasts import Contrast
from sleepcot_utils.compare.effect_sizes import paired_delta
from sleepcot_utils.compare.effects import paired_effect, sign_flip_p
from sleepcot_utils.compare.intervals import percentile_interval, person_interval
from sleepcot_utils.compare.mixed import mixed_model
from sleepcot_utils.compare.pairs import PairedScores
from sleepcot_utils.compare.persons import rows_of
from sleepcot_utils.compare.resampling import bootstrap_means
from sleepcot_utils.errors import InputError

PLANNED = "as planned"
#: The plan's own claim about the students that were trained.
FIXED = "seeds held fixed"


@dataclass(frozen=True)
class Outcome:
    """What one choice gives.

    Attributes
    ----------
    choice, differs_in : str
        Its name, and the decision of the analysis that it changes.
    estimate, low, high, p : float
        NaN where the choice has none.
    reasonable : bool
        False for choices that are known to be too sure, which are shown to warn and not counted.
    scale : str
        ``score`` if the estimate is in units of the score, ``persons`` if it is a share of persons.
    holds_seeds : bool
        Whether it lets the seeds vary, and so speaks of the recipe and not of the students that were trained.
    """

    choice: str
    differs_in: str
    estimate: float
    low: float
    high: float
    p: float
    reasonable: bool = True
    scale: str = "score"
    holds_seeds: bool = False


@dataclass(frozen=True)
class Draws:
    """How every choice draws: from the same state, as often, for the same confidence."""

    state: int
    resamples: int
    level: float

    def generator(self) -> np.random.Generator:
        """A new generator in the state that all choices share."""
        return np.random.default_rng(self.state)


def of_scores(scores: pd.DataFrame, contrast: Contrast, draws: Draws) -> Iterator[Outcome]:
    """The plan itself, and the same with other answers counted."""
    yield _paired(PLANNED, "nothing", scores, contrast, draws)
    finished = _both_finished(scores, contrast)
    if finished is not None:
        yield _paired("unfinished answers left out", "answers", finished, contrast, draws)
    of_metric = scores["metric"] == contrast.metric
    if scores.loc[of_metric, "value"].isna().any():
        zeros = scores[of_metric].fillna({"value": 0.0})
        yield _paired("unscored answers count as 0", "answers", zeros, contrast, draws)


def of_seeds(pairs: PairedScores, draws: Draws) -> Iterator[Outcome]:
    """Other ways to treat the seeds; none where there is only one."""
    if max(len(pairs.first), len(pairs.second)) < 2:
        return
    medians = (pairs.first.median(axis=0) - pairs.second.median(axis=0)).to_numpy()
    yield _by_person("median over seeds", "seeds", medians, draws)
    yield _by_person(FIXED, "seeds", pairs.differences.to_numpy(), draws)
    if pairs.shared_seeds:
        for seed in pairs.first.index:
            alone = (pairs.first.loc[seed] - pairs.second.loc[seed]).dropna().to_numpy()
            if alone.size >= 3:
                yield _by_person(f"seed {seed} alone", "seeds", alone, draws)


def of_tests(differences: np.ndarray, draws: Draws) -> Iterator[Outcome]:
    """Other tests of the persons' differences, seeds averaged."""
    from scipy import stats

    mean = float(differences.mean())
    if differences.std(ddof=1) > 1e-12:
        test = stats.ttest_1samp(differences, 0.0)
        interval = test.confidence_interval(draws.level)
        yield Outcome("paired t test", "test", mean, float(interval.low), float(interval.high), float(test.pvalue))
    level = draws.level
    drawn = posterior_means(differences, draws.generator(), draws=draws.resamples)
    yield Outcome("Bayesian bootstrap", "test", mean, *percentile_interval(drawn, level), np.nan)
    # Means over tasks carry rounding errors; what differs by less is a tie.
    moved = np.where(np.abs(differences) < 1e-9, 0.0, differences)
    if moved.any():
        pvalue = float(stats.wilcoxon(moved, zero_method="pratt").pvalue)
        yield Outcome("Wilcoxon's signed ranks", "test", float(np.median(_walsh(moved))), np.nan, np.nan, pvalue)
    higher, lower = int((moved > 0).sum()), int((moved < 0).sum())
    p = float(stats.binomtest(higher, higher + lower).pvalue) if higher + lower else 1.0
    yield Outcome("sign test", "test", *paired_delta(higher, lower, differences.size, level), p, scale="persons")


def of_units(scores: pd.DataFrame, contrast: Contrast, pairs: PairedScores, draws: Draws) -> Iterator[Outcome]:
    """Other units, the mixed model among them, and two units that are too sure."""
    fitted = mixed_model(scores, contrast.metric, contrast.a, contrast.b, level=draws.level)
    yield Outcome(
        "mixed model",
        "unit",
        fitted["difference"],
        fitted["low"],
        fitted["high"],
        fitted["p"],
        holds_seeds=fitted["holds_seeds"],
    )
    by_task = _task_differences(scores, contrast)
    counts = by_task.groupby("person_id")["value"].agg(["sum", "size"]).to_numpy(dtype="float64")
    drawn = bootstrap_means(counts, draws.generator(), resamples=draws.resamples)
    interval = percentile_interval(drawn[:, 0] / drawn[:, 1], draws.level)
    yield Outcome("every task weighs the same", "unit", float(by_task["value"].mean()), *interval, np.nan)
    try:
        cells = binary_pairs(scores, contrast.metric, contrast.a, contrast.b)
    except InputError:
        pass
    else:
        total = cells.sum(axis=1)
        p = clustered_mcnemar(cells["only_a"].to_numpy(), cells["only_b"].to_numpy(), total.to_numpy())[1]
        share = float(((cells["only_a"] - cells["only_b"]) / total).mean())
        yield Outcome("McNemar for clusters", "test", share, np.nan, np.nan, p)
    yield _naive("tasks as if independent", by_task["value"].to_numpy(), draws.level)
    if pairs.shared_seeds:
        cells_by_seed = (pairs.first - pairs.second).to_numpy().ravel()
        yield _naive("person and seed as if independent", cells_by_seed[np.isfinite(cells_by_seed)], draws.level)


def _paired(choice: str, differs_in: str, scores: pd.DataFrame, contrast: Contrast, draws: Draws) -> Outcome:
    found = paired_effect(
        scores,
        contrast.metric,
        contrast.a,
        contrast.b,
        draws.generator(),
        resamples=draws.resamples,
        level=draws.level,
    )
    holds_seeds = found["interval_method"].endswith("+seeds")
    numbers = (found["difference"], found["low"], found["high"], float(np.fmax(found["p"], found["p_seeds"])))
    return Outcome(choice, differs_in, *numbers, holds_seeds=holds_seeds)


def _by_person(choice: str, differs_in: str, differences: np.ndarray, draws: Draws) -> Outcome:
    # Spawned in the order of ``paired_effect``, so that equal differences get equal resamples and flips.
    by_person, _, by_flip = draws.generator().spawn(3)
    found = person_interval(differences, by_person, level=draws.level, resamples=draws.resamples)
    p = sign_flip_p(differences, by_flip, resamples=draws.resamples)
    return Outcome(choice, differs_in, float(differences.mean()), found.low, found.high, p)


def _naive(choice: str, differences: np.ndarray, level: float) -> Outcome:
    """A t test over units that share persons: too sure, shown as a warning."""
    from scipy import stats

    mean = float(differences.mean())
    if differences.std(ddof=1) <= 1e-12:
        return Outcome(choice, "unit", mean, np.nan, np.nan, np.nan, reasonable=False)
    test = stats.ttest_1samp(differences, 0.0)
    interval = test.confidence_interval(level)
    return Outcome(
        choice, "unit", mean, float(interval.low), float(interval.high), float(test.pvalue), reasonable=False
    )


def _walsh(values: np.ndarray) -> np.ndarray:
    """Means of all pairs of values, each with itself too; their median is Hodges and Lehmann's estimate."""
    first, second = np.triu_indices(values.size)
    return (values[first] + values[second]) / 2


def _task_differences(scores: pd.DataFrame, contrast: Contrast) -> pd.DataFrame:
    """Difference of each task, seeds averaged: ``person_id, value``."""
    rows = rows_of(scores, contrast.metric, contrast.a, contrast.b)
    wide = rows.pivot_table(index=["task_id", "person_id"], columns="source", values="value", aggfunc="mean")
    return (wide[contrast.a] - wide[contrast.b]).dropna().rename("value").reset_index("person_id")


def _both_finished(scores: pd.DataFrame, contrast: Contrast) -> pd.DataFrame | None:
    """Rows of the metric whose answer ended by itself; None where that is not known or all did."""
    ended = scores[(scores["metric"] == FINISHED) & scores["source"].isin([contrast.a, contrast.b])]
    if ended.empty or (ended["value"] == 1).all():
        return None
    cut = ended.loc[ended["value"] != 1, ["task_id", "source", "seed"]]
    keys = ["task_id", "source", "seed"]
    of_metric = scores[scores["metric"] == contrast.metric]
    merged = of_metric.merge(cut, on=keys, how="left", indicator=True)
    left = merged.loc[merged["_merge"] == "left_only"].drop(columns="_merge")
    shared = [set(left.loc[left["source"] == name, "task_id"]) for name in (contrast.a, contrast.b)]
    return left if shared[0] & shared[1] else None
