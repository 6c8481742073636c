"""Would another reasonable analysis say something else? One contrast under many choices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sleepcot_utils.compare.bayes import posterior_means
from sleepcot_utils.compare.binary import binary_pairs, clustered_mcnemar
from sleepcot_utils.compare.checks import FINISHED
from sleepcot_utils.compare.contrasts import NO_DIFFERENCE, Contrast
from sleepcot_utils.compare.effect_sizes import paired_delta
from sleepcot_utils.compare.effects import paired_effect, sign_flip_p
from sleepcot_utils.compare.intervals import check_level, percentile_interval, person_interval
from sleepcot_utils.compare.mixed import mixed_model
from sleepcot_utils.compare.pairs import PairedScores, pair
from sleepcot_utils.compare.persons import rows_of
from sleepcot_utils.compare.resampling import bootstrap_means
from sleepcot_utils.errors import InputError

PLANNED = "as planned"
COLUMNS = ("choice", "differs_in", "estimate", "low", "high", "p", "says", "reasonable", "scale", "agrees")


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
    """

    choice: str
    differs_in: str
    estimate: float
    low: float
    high: float
    p: float
    reasonable: bool = True
    scale: str = "score"


@dataclass(frozen=True)
class _Draws:
    """How every choice draws: from the same state, as often, for the same confidence."""

    state: int
    resamples: int
    level: float

    def generator(self) -> np.random.Generator:
        return np.random.default_rng(self.state)


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
        the estimate and ``agrees`` (with the first row). A choice that the table does not allow, such as one about a
        second seed, has no row.

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
    draws = _Draws(int(rng.integers(2**63)), resamples, level)
    outcomes = [
        *_of_scores(scores, contrast, draws),
        *_of_seeds(pairs, draws),
        *_of_tests(pairs.differences.to_numpy(), draws),
        *_of_units(scores, contrast, pairs, draws),
    ]
    rows = []
    for item in outcomes:
        says = _says(item, contrast.higher_is_better, 1 - level)
        numbers = (item.estimate, item.low, item.high, item.p)
        rows.append((item.choice, item.differs_in, *numbers, says, item.reasonable, item.scale))
    table = pd.DataFrame(rows, columns=list(COLUMNS[:-1]))
    return table.assign(agrees=table["says"] == table["says"].iloc[0])


def multiverse_sentence(table: pd.DataFrame) -> str:
    """How many reasonable choices say what the plan says, and which do not."""
    others = table[table["reasonable"] & (table["choice"] != PLANNED)]
    agreeing = int(others["agrees"].sum())
    text = (
        f'The plan says "{table["says"].iloc[0]}"; {agreeing} of {len(others)} other reasonable choices say the same.'
    )
    for says, part in others[~others["agrees"]].groupby("says", sort=True):
        text += f' "{says}" say: {", ".join(part["choice"])}.'
    return text


def _of_scores(scores: pd.DataFrame, contrast: Contrast, draws: _Draws) -> Iterator[Outcome]:
    """The plan itself, and the same with other answers counted."""
    yield _paired(PLANNED, "nothing", scores, contrast, draws)
    finished = _both_finished(scores, contrast)
    if finished is not None:
        yield _paired("unfinished answers left out", "answers", finished, contrast, draws)
    of_metric = scores["metric"] == contrast.metric
    if scores.loc[of_metric, "value"].isna().any():
        zeros = scores[of_metric].fillna({"value": 0.0})
        yield _paired("unscored answers count as 0", "answers", zeros, contrast, draws)


def _of_seeds(pairs: PairedScores, draws: _Draws) -> Iterator[Outcome]:
    if max(len(pairs.first), len(pairs.second)) < 2:
        return
    medians = (pairs.first.median(axis=0) - pairs.second.median(axis=0)).to_numpy()
    yield _by_person("median over seeds", "seeds", medians, draws)
    yield _by_person("seeds held fixed", "seeds", pairs.differences.to_numpy(), draws)
    if pairs.shared_seeds:
        for seed in pairs.first.index:
            alone = (pairs.first.loc[seed] - pairs.second.loc[seed]).dropna().to_numpy()
            if alone.size >= 3:
                yield _by_person(f"seed {seed} alone", "seeds", alone, draws)


def _of_tests(differences: np.ndarray, draws: _Draws) -> Iterator[Outcome]:
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


def _of_units(scores: pd.DataFrame, contrast: Contrast, pairs: PairedScores, draws: _Draws) -> Iterator[Outcome]:
    fitted = mixed_model(scores, contrast.metric, contrast.a, contrast.b, level=draws.level)
    yield Outcome("mixed model", "unit", fitted["difference"], fitted["low"], fitted["high"], fitted["p"])
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


def _paired(choice: str, differs_in: str, scores: pd.DataFrame, contrast: Contrast, draws: _Draws) -> Outcome:
    found = paired_effect(
        scores,
        contrast.metric,
        contrast.a,
        contrast.b,
        draws.generator(),
        resamples=draws.resamples,
        level=draws.level,
    )
    return Outcome(choice, differs_in, found["difference"], found["low"], found["high"], found["p"])


def _by_person(choice: str, differs_in: str, differences: np.ndarray, draws: _Draws) -> Outcome:
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


def _says(item: Outcome, higher_is_better: bool, alpha: float) -> str:
    """A difference is claimed if the interval excludes zero and p is below alpha, as far as the choice has them."""
    known = [item.low > 0 or item.high < 0] if np.isfinite(item.low) and np.isfinite(item.high) else []
    known += [item.p < alpha] if np.isfinite(item.p) else []
    if not known or not all(known) or item.estimate == 0:
        return NO_DIFFERENCE
    return "a better" if (item.estimate > 0) == higher_is_better else "b better"
