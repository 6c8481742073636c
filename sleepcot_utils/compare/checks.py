"""What is wrong or thin in a score table, by name, before a plan is carried out on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from sleepcot_utils.compare.contrasts import ENOUGH_SEEDS, Contrast
from sleepcot_utils.compare.equivalence import persons_for_margin
from sleepcot_utils.compare.intervals import BOOTSTRAP_FROM_PERSONS
from sleepcot_utils.compare.pairs import PairedScores, pair
from sleepcot_utils.compare.persons import check_scores
from sleepcot_utils.compare.sentences import many
from sleepcot_utils.errors import InputError

ERROR, WARNING = "error", "warning"
COLUMNS = ("severity", "where", "problem", "consequence")

#: The metric that says whether an answer ended by itself.
FINISHED = "finished"


def score_problems(
    scores: pd.DataFrame, plan: Sequence[Contrast], *, level: float = 0.95, power: float = 0.8
) -> pd.DataFrame:
    """Everything that a reader of the comparison has to know about the table.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table.
    plan : sequence of Contrast
        The contrasts that are to be computed.
    level : float
        Confidence; ``1 - level`` is the significance level.
    power : float
        Power that a number of persons should have for the margin.

    Returns
    -------
    pandas.DataFrame
        ``severity`` (``error``: a contrast can't be computed; ``warning``: it says less than it seems to), ``where``,
        ``problem`` and ``consequence``; errors first; no row if nothing is wrong. Duplicated rows, tasks of two persons
        and values that are no numbers raise ``InputError`` at once, because no contrast could be trusted.
    """
    frame = check_scores(scores)
    rows: list[tuple[str, str, str, str]] = list(_of_sources(frame))
    for contrast in plan:
        rows += _of_contrast(frame, contrast, plan, level, power)
    table = pd.DataFrame(rows, columns=list(COLUMNS)).drop_duplicates(ignore_index=True)
    return table.sort_values("severity", kind="stable", ignore_index=True)


def require_plan(scores: pd.DataFrame, plan: Sequence[Contrast]) -> None:
    """Refuse a score table that lacks a metric, a source or common tasks of the plan; names all of them at once."""
    found = score_problems(scores, plan)
    errors = found[found["severity"] == ERROR]
    if len(errors):
        raise InputError(
            "; ".join(f"{row.where}: {row.problem}" for row in errors.itertuples()),
            where="score table",
            expected="a score of every source and metric of the plan",
        )


def _of_sources(frame: pd.DataFrame) -> Iterator[tuple[str, str, str, str]]:
    for source, part in frame.groupby("source"):
        seeds = part.groupby("seed")["task_id"].agg(set)
        everything = set().union(*seeds)
        for seed, tasks in seeds.items():
            if tasks != everything:
                lacking = sorted(everything - tasks)
                yield (
                    WARNING,
                    f"{source}, seed {seed}",
                    f"no score of {many(len(lacking), 'task')} that other seeds answered, the first is {lacking[0]!r}",
                    "persons are averaged over fewer tasks under this seed",
                )
        ended = part.loc[part["metric"] == FINISHED, "value"]
        if len(ended) and ended.mean() < 1:
            yield (
                WARNING,
                str(source),
                f"{1 - ended.mean():.1%} of the answers did not end within their limit",
                "they are scored as they stand, mostly as wrong",
            )
        for metric, values in part.groupby("metric")["value"]:
            if values.isna().any():
                yield (
                    WARNING,
                    f"{source} on {metric}",
                    f"{values.isna().mean():.1%} of the answers have no value",
                    "means are over the others, which may be easier ones",
                )


def _of_contrast(
    frame: pd.DataFrame, contrast: Contrast, plan: Sequence[Contrast], level: float, power: float
) -> Iterator[tuple[str, str, str, str]]:
    where = f"{contrast.a} against {contrast.b} on {contrast.metric}"
    of_metric = frame[frame["metric"] == contrast.metric]
    if of_metric.empty:
        yield ERROR, contrast.metric, "no source has a score for this metric", "its contrasts can't be computed"
        return
    present = set(of_metric["source"])
    for source in (contrast.a, contrast.b):
        if source not in present:
            yield ERROR, f"{source} on {contrast.metric}", "the source has no score", "its contrasts can't be computed"
    if not {contrast.a, contrast.b} <= present:
        return
    try:
        pairs = pair(of_metric, contrast.metric, contrast.a, contrast.b)
    except InputError:
        yield ERROR, where, "the sources have no task in common", "the contrast can't be computed"
        return
    yield from _of_pairs(where, contrast, pairs)
    yield from _of_sizes(where, contrast, pairs, _family(plan, contrast), level, power)


def _family(plan: Sequence[Contrast], contrast: Contrast) -> int:
    return sum(item.role == contrast.role for item in plan)


def _of_pairs(where: str, contrast: Contrast, pairs: PairedScores) -> Iterator[tuple[str, str, str, str]]:
    if pairs.n_tasks_unmatched:
        yield (
            WARNING,
            where,
            f"{many(pairs.n_tasks_unmatched, 'task')} asked of one source alone",
            "they are left out of this contrast",
        )
    if pairs.n_persons_dropped:
        yield (
            WARNING,
            where,
            f"{many(pairs.n_persons_dropped, 'person')} without a value under both sources",
            "they are left out of this contrast",
        )
    # What is true of all metrics of two sources is said once: equal rows are dropped at the end.
    sources = f"{contrast.a} against {contrast.b}"
    seeds = {contrast.a: len(pairs.first), contrast.b: len(pairs.second)}
    most = max(seeds.values())
    if most == 1:
        yield WARNING, sources, "one seed a source", "intervals do not hold the spread between trainings"
    elif most < ENOUGH_SEEDS:
        yield WARNING, sources, f"{most} seeds at most", "the spread between trainings is known poorly"
    if min(seeds.values()) > 1 and not pairs.shared_seeds:
        yield WARNING, sources, "the sources have different seeds", "every seed of one meets every seed of the other"


def _of_sizes(
    where: str, contrast: Contrast, pairs: PairedScores, family: int, level: float, power: float
) -> Iterator[tuple[str, str, str, str]]:
    count = len(pairs.differences)
    alpha = 1 - level
    if count == 0:
        yield ERROR, where, "no person has a value under both sources", "the contrast can't be computed"
        return
    if count < BOOTSTRAP_FROM_PERSONS:
        yield WARNING, where, f"only {many(count, 'person')}", "the interval is Student's t, no bootstrap"
    # The smallest p of sign flips times the number of tests is the smallest adjusted p of the family's strongest test.
    if 2.0 ** (1 - count) * family >= alpha:
        yield (
            WARNING,
            where,
            f"{many(count, 'person')} for {many(family, 'test')}",
            f"no adjusted p can fall below {alpha:.2g}",
        )
    if contrast.margin is None or count < 2:
        return
    needed = persons_for_margin(float(pairs.differences.std(ddof=1)), contrast.margin, power=power, alpha=alpha / 2)
    if count < needed:
        yield (
            WARNING,
            where,
            f"{many(count, 'person')}, a margin of {contrast.margin:g} needs {needed} for a power of {power:.0%}",
            "an inconclusive answer is no sign of a loss",
        )
