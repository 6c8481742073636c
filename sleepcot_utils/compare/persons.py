"""From the tidy score table to one value a person: persons, not tasks, are the unit of analysis.

Tasks of one person share that person's nights, so they are not independent; counting them as if they were would make
every interval too narrow. Each person therefore counts once, however many tasks he or she got.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sleepcot_utils.columns import refuse
from sleepcot_utils.errors import InputError

#: Name of the table in messages.
TABLE = "score table"
SCORE_COLUMNS = ("task_id", "kind", "person_id", "source", "seed", "metric", "value")


def check_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the score table with plain types, or say what is wrong with it.

    Parameters
    ----------
    scores : pandas.DataFrame
        Columns ``task_id, kind, person_id, source, seed, metric, value``; one row a task, source, seed and metric.
        A null value means that the metric does not apply to that answer. A null seed means that the source has none;
        it then counts as one seed, numbered 0.

    Raises
    ------
    InputError
        On a missing column, an empty table, a value that is infinite or no number, a row that stands twice, or a task
        that belongs to two persons.
    """
    missing = [name for name in SCORE_COLUMNS if name not in scores]
    if missing:
        raise InputError(f"the column {missing[0]!r} is missing", where=TABLE, expected=", ".join(SCORE_COLUMNS))
    if scores.empty:
        raise InputError("there is no row", where=TABLE, expected="one row a task, source, seed and metric")
    frame = scores.loc[:, list(SCORE_COLUMNS)].reset_index(drop=True)
    try:
        frame["value"] = pd.to_numeric(frame["value"]).astype("float64")
        frame["seed"] = pd.to_numeric(frame["seed"]).fillna(0).astype("int64")
    except (TypeError, ValueError) as error:
        raise InputError(
            f"a value or seed is not a number ({error})", where=TABLE, expected="numbers, or null"
        ) from None
    for name in ("task_id", "person_id", "source", "metric"):
        refuse(frame[name].isna(), frame, TABLE, name, "has no value", "a name")
        frame[name] = frame[name].astype("str")
    refuse(np.isinf(frame["value"]), frame, TABLE, "value", "is infinite", "a finite number, or null")
    twice = frame.duplicated(["task_id", "source", "seed", "metric"])
    refuse(twice, frame, TABLE, "task_id", "stands twice", "one row a task, source, seed and metric")
    owners = frame.drop_duplicates(["task_id", "person_id"])
    shared = owners["task_id"][owners["task_id"].duplicated()]
    refuse(frame["task_id"].isin(shared), frame, TABLE, "task_id", "belongs to two persons", "one person a task")
    return frame


def rows_of(scores: pd.DataFrame, metric: str, *sources: str) -> pd.DataFrame:
    """Checked rows of one metric, all sources; the named sources have to be among them.

    Raises
    ------
    InputError
        If the table has no such metric, or no row of a source for it; the message lists what it has.
    """
    frame = check_scores(scores)
    of_metric = frame[frame["metric"] == metric]
    if of_metric.empty:
        raise InputError(f"there is no metric {metric!r}", where=TABLE, expected=_one_of(frame["metric"]))
    for source in sources:
        if not (of_metric["source"] == source).any():
            raise InputError(
                f"there is no source {source!r} for the metric {metric!r}",
                where=TABLE,
                expected=_one_of(of_metric["source"]),
            )
    return of_metric


def seed_person_means(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Mean over tasks of each seed and person for one source and metric.

    Parameters
    ----------
    rows : pandas.DataFrame
        What ``rows_of`` returned.
    source : str
        The source to look at.

    Returns
    -------
    pandas.DataFrame
        Shape (seeds, persons), both sorted; null where no task of that person and seed could be scored.
    """
    part = rows[rows["source"] == source]
    return part.groupby(["seed", "person_id"])["value"].mean().unstack("person_id")


def person_means(scores: pd.DataFrame, metric: str) -> pd.DataFrame:
    """One value a person and source.

    Tasks are averaged within each seed first, then the seeds are averaged, so that every seed weighs the same even if
    more of its answers could be scored.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table.
    metric : str
        One metric of it.

    Returns
    -------
    pandas.DataFrame
        Shape (persons, sources), index ``person_id``, columns ``source``, both sorted; null where nothing could be
        scored.
    """
    rows = rows_of(scores, metric)
    columns = {source: seed_person_means(rows, source).mean(axis=0) for source in sorted(rows["source"].unique())}
    means = pd.DataFrame(columns).sort_index()
    means.index.name = "person_id"
    means.columns.name = "source"
    return means


def person_points(scores: pd.DataFrame) -> pd.DataFrame:
    """The person means of every metric as a tidy table ``metric, source, person_id, value``, nulls left out."""
    frame = check_scores(scores)
    parts = []
    for metric in sorted(frame["metric"].unique()):
        long = person_means(frame, metric).reset_index().melt("person_id", var_name="source", value_name="value")
        parts.append(long.assign(metric=metric))
    points = pd.concat(parts, ignore_index=True).dropna(subset="value")
    return points[["metric", "source", "person_id", "value"]].sort_values(
        ["metric", "source", "person_id"], ignore_index=True
    )


def value_bounds(values: pd.Series) -> tuple[float, float] | None:
    """Range of a metric by its values: (0, 1) if all lie there, else None (unbounded as far as the table tells)."""
    return (0.0, 1.0) if values.dropna().between(0, 1).all() else None


def _one_of(names: pd.Series) -> str:
    return "one of " + ", ".join(sorted(names.astype("str").unique()))
