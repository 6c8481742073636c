"""The plan of the comparison, stated before any score is seen: endpoints, contrasts, margin, roles."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sleepcot_utils.compare.contrasts import Contrast

#: One primary endpoint for each thing that the student does, and one for the numbers that it cites.
ENDPOINTS = ("main_driver_right", "verdict_right", "knowledge_right", "numbers_right")


def study_plan(arms: Sequence[str], margin: float) -> list[Contrast]:
    """Contrasts of the study for the arms that were trained.

    Primary: does the rationale help at equal steps (``cot`` against ``answer_only``)? Secondary: does it help at equal
    tokens, is the student as good as its teacher within the margin, does it beat the untrained base and retrieval?

    Parameters
    ----------
    arms : sequence of str
        Trained arms; a contrast whose arm was not trained is left out.
    margin : float
        Largest loss against the teacher that still counts as equally good, on each score from 0 to 1.
    """
    best = "cot" if "cot" in arms else arms[0]
    plan = [Contrast(metric, "cot", "answer_only") for metric in ENDPOINTS if {"cot", "answer_only"} <= set(arms)]
    others: list[tuple[str, float | None]] = [
        ("answer_only_equal_tokens", None),
        ("teacher", margin),
        ("base", None),
        ("nearest", None),
    ]
    for other, allowed in others:
        if other == "answer_only_equal_tokens" and not {other, "cot"} <= set(arms):
            continue
        plan += [Contrast(metric, best, other, margin=allowed, role="secondary") for metric in ENDPOINTS]
    if {"cot", "answer_only"} <= set(arms):
        plan.append(Contrast("pair_right", "cot", "answer_only", role="secondary"))
    return plan


def plan_table(plan: Sequence[Contrast]) -> pd.DataFrame:
    """The plan as a table: one row a pair of sources and role, with its metrics and margin."""
    rows: dict[tuple[str, str, str], list[Contrast]] = {}
    for contrast in plan:
        rows.setdefault((contrast.role, contrast.a, contrast.b), []).append(contrast)
    return pd.DataFrame(
        [
            (role, a, b, ", ".join(c.metric for c in group), "" if group[0].margin is None else f"{group[0].margin:g}")
            for (role, a, b), group in rows.items()
        ],
        columns=["role", "a", "b", "metrics", "margin"],
    )


def result_table(summary: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """One row a source, one column a metric: ``mean [low, high]`` with two decimals; empty where it does not apply."""
    rows: dict[str, dict[str, str]] = {}
    for row in summary[summary["metric"].isin(metrics)].to_dict("records"):
        interval = f" [{row['low']:.2f}, {row['high']:.2f}]" if pd.notna(row["low"]) else ""
        rows.setdefault(str(row["source"]), {})[str(row["metric"])] = f"{row['mean']:.2f}{interval}"
    table = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=list(metrics))
    return table.fillna("").rename_axis("source")
