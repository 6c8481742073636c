"""The paper's table again: what SleepCoT claims, what this run shows, and what could not be found there.

What the paper says stands in ``paper.yaml`` with its source; what is ours is computed from the tables of the run.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from sleepcot_utils.compare.breakdown import cell
from sleepcot_utils.figures.labels import metric_label

NOT_FOUND = "not found"
NO_NUMBER = "no number found"
NOT_IN_RUN = "not in this run"


@cache
def paper() -> dict[str, Any]:
    """What the paper says, as ``paper.yaml`` holds it."""
    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("paper.yaml").read_text(encoding="utf-8"))
    return found


def setup_table(ours: dict[str, str]) -> pd.DataFrame:
    """The set-up side by side.

    Parameters
    ----------
    ours : dict of str to str
        Item to what this run has, for every item of ``paper.yaml``.

    Returns
    -------
    pandas.DataFrame
        Indexed by item: what the paper says, where, and ours.
    """
    rows = {
        entry["item"]: (entry["says"] or NOT_FOUND, entry["where"] or NOT_FOUND, ours.get(entry["item"], NOT_IN_RUN))
        for entry in paper()["setup"]
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["SleepCoT", "where", "this run"])


def result_rows(summary: pd.DataFrame) -> pd.DataFrame:
    """The paper's rows and columns: its dimensions by its groups of models, with our means and intervals.

    Parameters
    ----------
    summary : pandas.DataFrame
        What ``summarize`` returned.

    Returns
    -------
    pandas.DataFrame
        One row a dimension and metric of ours; one column a group of models, each source of ours by name; the paper's
        own cells are all ``no number found``, so they share one column.
    """
    known = {(row["metric"], row["source"]): row for row in summary.to_dict("records")}
    rows = []
    for dimension in paper()["dimensions"]:
        for metric in dimension["metrics"]:
            row = {"dimension": dimension["name"], "asked here as": metric_label(metric), "SleepCoT's cells": NO_NUMBER}
            for column in paper()["columns"]:
                found = [(name, known[metric, name]) for name in column["ours"] if (metric, name) in known]
                told = [f"{name} {cell(one['mean'], one['low'], one['high'])}" for name, one in found]
                row[column["name"]] = "; ".join(told) or NOT_IN_RUN
            rows.append(row)
    return pd.DataFrame(rows).set_index(["dimension", "asked here as"])


def claim_table(comparison: pd.DataFrame) -> pd.DataFrame:
    """The paper's two claims, held against the planned contrasts of this run.

    Parameters
    ----------
    comparison : pandas.DataFrame
        What ``comparison_table`` returned.

    Returns
    -------
    pandas.DataFrame
        One row a claim and metric: ``claim, contrast, metric, difference, this run says``.
    """
    rows = []
    for claim in paper()["claims"]:
        contrast = f"{claim['a']} \N{MINUS SIGN} {claim['b']}"
        part = comparison[(comparison["a"] == claim["a"]) & (comparison["b"] == claim["b"])]
        for row in part.to_dict("records"):
            says = (
                str(row["claim"])
                .replace("a better", f"{claim['a']} better")
                .replace("b better", f"{claim['b']} better")
            )
            if isinstance(row["decision"], str):
                says += f"; {row['decision']} within {row['margin']:g}"
            difference = cell(row["difference"], row["low"], row["high"])
            rows.append((claim["says"], contrast, metric_label(row["metric"]), difference, says))
        if part.empty:
            rows.append((claim["says"], contrast, "", "", NOT_IN_RUN))
    return pd.DataFrame(rows, columns=["claim", "contrast", "metric", "difference", "this run says"])


def claims_sentence(comparison: pd.DataFrame) -> str:
    """How many of the metrics bear the paper's two claims out, in a sentence."""
    better = comparison[(comparison["a"] == "cot") & (comparison["b"] == "base")]
    equal = comparison[(comparison["a"] == "cot") & (comparison["b"] == "teacher")]
    won, level = int((better["claim"] == "a better").sum()), int((equal["decision"] == "non-inferior").sum())
    return (
        f"Better than the untrained small model: shown on {won} of {len(better)} metrics. As good as its teacher within the "
        f"margin: shown on {level} of {len(equal)}. The paper's own numbers could not be read, so nothing here is compared "
        f"with a number of theirs."
    )
