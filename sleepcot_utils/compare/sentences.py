"""What a comparison table shows, in sentences that are built from its numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.compare.contrasts import ENOUGH_SEEDS, NO_DIFFERENCE, NOT_COMPUTABLE, ROLES, records_of


def conclusion(table: pd.DataFrame) -> str:
    """What a comparison table shows, as Markdown sentences built from its numbers.

    Parameters
    ----------
    table : pandas.DataFrame
        What ``comparison_table`` returned.

    Returns
    -------
    str
        One opening line that counts the claims, one bullet a contrast (negative results are said as results), and one
        closing line about the seeds.
    """
    records = records_of(table)
    opening = f"A difference is shown in {_counts(records, 'claim')}."
    if any(row["claim"] != row["claim_students"] for row in records):
        opening += (
            " For the students that were trained, with no word about another training, it is shown in "
            f"{_counts(records, 'claim_students')}."
        )
    lines = [opening, ""]
    lines += [f"- {_sentence(row)}" for row in records]
    return "\n".join([*lines, "", _seed_sentence(records)])


def _counts(records: list[dict[str, Any]], column: str) -> str:
    """How many contrasts of each role claim a difference."""
    counts = []
    for role in ROLES:
        family = [row for row in records if row["role"] == role]
        shown = sum(row[column].endswith("better") for row in family)
        if family:
            counts.append(f"{shown} of {many(len(family), f'{role} contrast')}")
    return " and in ".join(counts)


def _sentence(row: dict[str, Any]) -> str:
    head = f"**{row['metric']}** ({row['role']}), {row['a']} against {row['b']}: "
    if row["claim"] == NOT_COMPUTABLE:
        return head + f"{NOT_COMPUTABLE}, because no person has a value under both sources."
    difference = float(row["difference"])
    numbers = (
        f"{row['mean_a']:.3f} against {row['mean_b']:.3f}, difference {_signed(difference)}, {_interval_words(row)}, "
        f"Holm-adjusted {_p_words(row['p_holm'])}, {many(row['n_persons'], _unit(row))}"
    )
    if row["claim"] == NO_DIFFERENCE:
        text = f"{NO_DIFFERENCE} ({numbers})."
        if row["low"] <= 0 <= row["high"]:
            text += " Every difference within that interval remains possible."
        elif np.isfinite(row["low"]):
            text += " The interval excludes zero, but the adjusted p value does not support a claim."
    else:
        direction = "higher" if difference > 0 else "lower"
        judged = "better" if row["claim"] == "a better" else "worse"
        text = f"{row['a']} is {direction}, which is {judged} ({numbers})."
    return head + text + _student_sentence(row) + _margin_sentence(row) + _dropped_sentence(row)


def _unit(row: dict[str, Any]) -> str:
    """The unit of analysis: the card for knowledge, where nobody's nights are asked about, else the person."""
    return "card" if str(row["metric"]).startswith(("knowledge", "choice")) else "person"


def _interval_words(row: dict[str, Any]) -> str:
    level = f"{100 * row['level']:g}%"
    if not np.isfinite(row["low"]):
        return f"no {level} interval can be given"
    words = f"{level} interval {_signed(row['low'])} to {_signed(row['high'])}"
    return words + (" (bound: all persons differ alike)" if row["interval_method"].startswith("bound") else "")


def _student_sentence(row: dict[str, Any]) -> str:
    """What holds for these students though not for their recipe; empty where both claims are the same."""
    if row["claim_students"] == row["claim"] or not row["claim_students"].endswith("better"):
        return ""
    judged = "better" if row["claim_students"] == "a better" else "worse"
    return (
        f" With the seeds held fixed, that is for these students alone, {row['a']} is {judged} "
        f"({_signed(row['persons_low'])} to {_signed(row['persons_high'])}, "
        f"Holm-adjusted {_p_words(row['p_students'])})."
    )


def _margin_sentence(row: dict[str, Any]) -> str:
    if row["decision"] is None or pd.isna(row["decision"]):
        return ""
    meaning = {
        "non-inferior": f"{row['a']} is non-inferior: a loss of {row['margin']:g} or more is excluded.",
        "inferior": f"{row['a']} is inferior: it loses more than {row['margin']:g}.",
        "inconclusive": f"Non-inferiority is inconclusive: a loss of {row['margin']:g} can't be excluded.",
    }
    return " " + meaning[row["decision"]]


def _dropped_sentence(row: dict[str, Any]) -> str:
    text = ""
    for count, noun, reason in (
        (row["n_persons_dropped"], "person", "without a value under both sources"),
        (row["n_tasks_unmatched"], "task", "asked of one source alone"),
    ):
        if count:
            text += f" {many(count, noun)} {reason} {'is' if count == 1 else 'are'} left out."
    return text


def _seed_sentence(records: list[dict[str, Any]]) -> str:
    seeds = [max(row["n_seeds_a"], row["n_seeds_b"]) for row in records]
    fewest, most = min(seeds), max(seeds)
    if most == 1:
        return "No source has more than one seed, so nothing is known about the spread between trainings."
    text = (
        f"Trained sources have {many(most, 'seed')}; where a source has two or more, the interval also covers the "
        "spread of the seeds that were run."
    )
    few = most if fewest == 1 else fewest
    if few < ENOUGH_SEEDS:
        text += (
            f" Fewer than {ENOUGH_SEEDS} seeds say little about a next training, so the claims are about these "
            "students, not about the recipe in general."
        )
    return text


def _signed(value: float) -> str:
    """Three decimals with a sign; a value that rounds to zero has none."""
    text = f"{value:+.3f}"
    return "0.000" if float(text) == 0 else text


def _p_words(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def many(count: int, noun: str) -> str:
    """A count with its noun, such as ``1 person`` or ``2 persons``."""
    return f"{count} {noun}" + ("" if count == 1 else "s")
