"""Tables by function, by driver and by kind of question, each cell with its interval by person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sleepcot_utils.compare.persons import check_scores
from sleepcot_utils.compare.statistics import summarize
from sleepcot_utils.figures.theme import order_sources


def cell_table(
    scores: pd.DataFrame, rng: np.random.Generator, *, rows: Sequence[str] | None = None, resamples: int = 2000
) -> pd.DataFrame:
    """Metrics as rows, sources as columns, ``mean [low, high]`` in the cells; empty where nothing applies.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table.
    rng : numpy.random.Generator
        Source of the resamples.
    rows : sequence of str, optional
        Metrics in their order; all that the table has by default. One that it lacks is left out.
    resamples : int
        Bootstrap resamples.

    Returns
    -------
    pandas.DataFrame
        First column ``persons`` (or cards): units behind the row's best-covered source.
    """
    if scores.empty:
        return pd.DataFrame(columns=["persons"])
    summary = summarize(scores, rng, resamples=resamples)
    wanted = (
        list(dict.fromkeys(summary["metric"])) if rows is None else [r for r in rows if (summary["metric"] == r).any()]
    )
    table = pd.DataFrame(index=pd.Index(wanted, name=""), columns=["persons", *order_sources(summary["source"])])
    for row in summary.to_dict("records"):
        if row["metric"] in wanted:
            table.loc[row["metric"], row["source"]] = cell(row["mean"], row["low"], row["high"])
    table["persons"] = [int(summary.loc[summary["metric"] == name, "n_persons"].max()) for name in wanted]
    return table.fillna("")


def cell(mean: float, low: float, high: float) -> str:
    """A mean with its interval.

    Examples
    --------
    >>> cell(0.5, 0.25, 0.75), cell(1.0, float("nan"), float("nan"))
    ('0.50 [0.25, 0.75]', '1.00')
    """
    return f"{mean:.2f} [{low:.2f}, {high:.2f}]" if np.isfinite(low) and np.isfinite(high) else f"{mean:.2f}"


def by_group(scores: pd.DataFrame, metric: str, groups: pd.Series) -> pd.DataFrame:
    """Rows of one metric with the group of each task as their metric, such as the kind of question.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table.
    metric : str
        One metric of it.
    groups : pandas.Series
        Group by task id.
    """
    frame = check_scores(scores)
    part = frame[frame["metric"] == metric]
    return part.assign(metric=part["task_id"].map(groups).astype("str")).reset_index(drop=True)


def unanswered(scores: pd.DataFrame, metrics: Sequence[str]) -> dict[str, list[str]]:
    """Sources that have no score at all of some metrics, with these metrics; they are left out, not scored as zero."""
    found: dict[str, list[str]] = {}
    present = set(zip(scores["source"], scores["metric"], strict=True))
    for source in order_sources(scores["source"]):
        missing = [metric for metric in metrics if (source, metric) not in present]
        if missing:
            found[source] = missing
    return found
