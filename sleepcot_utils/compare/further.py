"""Further arms, one student each, against one arm that they vary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sleepcot_utils.compare.learned_too import with_and_without

FURTHER_COLUMNS = ("metric", "a", "b", "role", "mean_a", "mean_b", "difference", "low", "high", "persons")


def further_arms(
    scores: pd.DataFrame, arms: Sequence[str], metrics: Sequence[str], rng: np.random.Generator, *, resamples: int,
    against: str = "cot",
) -> pd.DataFrame:  # fmt: skip
    """Each arm minus the arm that it varies, paired by person, one student of each.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table, one seed a source.
    arms, metrics : sequence of str
        Arms in the order of the rows; an arm that was asked for no answer to a metric has no row for it.

    Returns
    -------
    pandas.DataFrame
        ``FURTHER_COLUMNS``: what ``draw_forest`` takes. Means and differences are over persons, with 95 % intervals over
        persons for these very students.
    """
    has = set(zip(scores["source"], scores["metric"], strict=True))
    rows = []
    for arm, own in zip(arms, rng.spawn(len(arms)), strict=True):
        told = [metric for metric in metrics if (arm, metric) in has and (against, metric) in has]
        for row in with_and_without(scores, told, arm, against, own, resamples=resamples).to_dict("records"):
            rows.append(
                (row["metric"], arm, against, "secondary", row["more"], row["less"], row["difference"], row["low"],
                 row["high"], row["persons"])
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(FURTHER_COLUMNS))


def further_sentence(table: pd.DataFrame, metric: str) -> str:
    """Which students do better or worse than the one they are held against, and of which that can't be told."""
    part = table[table["metric"] == metric]
    if part.empty:
        return "No further arm is in this run."
    groups = {
        "higher": part[part["low"] > 0],
        "lower": part[part["high"] < 0],
        "not told apart": part[(part["low"] <= 0) & (part["high"] >= 0)],
    }
    said = [f"{name}: {', '.join(rows['a'])}" for name, rows in groups.items() if len(rows)]
    return f"On {metric}, beside {part['b'].iloc[0]} and by these students alone, {'; '.join(said)}."
