"""Curves over arms: score against the share of the persons learned from, and against the length of the rationale."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from sleepcot_utils.distill.arms import ARMS

#: Arms that differ in the share of the persons alone, by family.
SIZE_FAMILIES = {
    "cot": ("cot_quarter", "cot_half", "cot"),
    "answer_only": ("answer_only_quarter", "answer_only_half", "answer_only"),
}
#: Arms that differ in the length of the rationale alone, which ``answer_only`` has none of.
LENGTH_ARMS = ("answer_only", "cot", "cot_mix", "cot_long")
EQUAL_STEPS, EQUAL_TOKENS = "answer_only", "answer_only_equal_tokens"
CURVE_COLUMNS = ("metric", "family", "source", "x", "mean", "low", "high")


def size_curve(summary: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """Score of each arm over the share of the training persons that it learned from.

    Parameters
    ----------
    summary : pandas.DataFrame
        What ``summarize`` returned.
    metrics : sequence of str
        In their order.

    Returns
    -------
    pandas.DataFrame
        ``CURVE_COLUMNS`` with the share as ``x``; families of which the run has one arm alone are left out.
    """
    places = {arm: (family, ARMS[arm].persons_share) for family, arms in SIZE_FAMILIES.items() for arm in arms}
    curve = _curve(summary, metrics, places)
    several = curve.groupby("family")["source"].transform("nunique") > 1
    return curve[several].reset_index(drop=True)


def length_curve(summary: pd.DataFrame, metrics: Sequence[str], costs: pd.DataFrame) -> pd.DataFrame:
    """Score of each arm over the mean tokens of its rationales, as written in its answers.

    Parameters
    ----------
    costs : pandas.DataFrame
        Columns ``source`` and ``tokens of the rationale``, such as ``answer_costs`` gives.
    """
    tokens = costs.set_index("source")["tokens of the rationale"]
    places = {arm: ("rationale", float(tokens[arm])) for arm in LENGTH_ARMS if arm in tokens}
    return _curve(summary, metrics, places)


def budget_table(comparison: pd.DataFrame, spent: pd.DataFrame) -> pd.DataFrame:
    """The rationale against the answer alone, at equal steps and at equal tokens, as far as the run holds the arms.

    Parameters
    ----------
    comparison : pandas.DataFrame
        What ``comparison_table`` returned.
    spent : pandas.DataFrame
        Columns ``arm, steps, tokens``; one row a student.

    Returns
    -------
    pandas.DataFrame
        One row a contrast: ``equal, metric, difference, low, high, p_holm, claim`` and mean ``steps`` and ``tokens`` of
        both arms.
    """
    means = spent.groupby("arm")[["steps", "tokens"]].mean()
    rows = []
    for equal, other in (("steps", EQUAL_STEPS), ("tokens", EQUAL_TOKENS)):
        part = comparison[(comparison["a"] == "cot") & (comparison["b"] == other)]
        for row in part.to_dict("records"):
            taken = {
                f"{name} {arm}": round(means.loc[arm, name]) for name in ("steps", "tokens") for arm in ("cot", other)
            }
            shown = {name: row[name] for name in ("metric", "difference", "low", "high", "p_holm", "claim")}
            spelled = {f"{name} of {side}": taken[f"{name} {arm}"] for name in ("steps", "tokens")
                       for side, arm in (("cot", "cot"), ("the other", other))}  # fmt: skip
            rows.append({"equal": equal, "against": other, **shown, **spelled})
    return pd.DataFrame(rows)


def not_run(wanted: Collection[str], present: Collection[str], what: str, *, once: bool = False) -> str:
    """A sentence that names the arms that a figure or contrast needs and this run does not hold; empty if it holds all.

    Parameters
    ----------
    once : bool
        Whether one student of each is enough.
    """
    missing = [arm for arm in wanted if arm not in set(present)]
    if not missing:
        return ""
    arms = ",".join(missing) if once else ",".join(dict.fromkeys(["answer_only", "cot", *missing]))
    return (
        f"Not in this run: {', '.join(missing)}, so {what}. They run with `python -m sleepcot_utils.study run --run curves "
        f"{'--arms-once' if once else '--arms'} {arms}`."
    )


def _curve(summary: pd.DataFrame, metrics: Sequence[str], places: dict[str, tuple[str, float]]) -> pd.DataFrame:
    rows = [
        (row["metric"], *places[row["source"]][:1], row["source"], places[row["source"]][1], row["mean"], row["low"], row["high"])
        for metric in metrics
        for row in summary[summary["metric"] == metric].to_dict("records")
        if row["source"] in places
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS)).sort_values(["metric", "family", "x"], ignore_index=True)
