"""Contrasts stated before the scores are seen, the table of their results, and the sentences that follow from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.compare.effects import noninferiority, paired_effect
from sleepcot_utils.compare.persons import check_scores
from sleepcot_utils.compare.statistics import holm
from sleepcot_utils.errors import ParameterError

ROLES = ("primary", "secondary")

#: Below this number of seeds a conclusion says that it speaks of the trained students, not of the recipe.
ENOUGH_SEEDS = 5

NO_DIFFERENCE = "no difference shown"
NOT_COMPUTABLE = "not computable"


@dataclass(frozen=True)
class Contrast:
    """One comparison of the plan: source a against source b on one metric.

    Attributes
    ----------
    metric, a, b : str
        The difference is a minus b.
    margin : float, optional
        If given, it is also asked whether a is at most this much worse than b.
    role : str
        ``primary`` or ``secondary``; each role is one family for Holm's correction.
    higher_is_better : bool
        False for a metric that counts errors.
    """

    metric: str
    a: str
    b: str
    margin: float | None = None
    role: str = "primary"
    higher_is_better: bool = True

    def __post_init__(self) -> None:
        where = f"contrast of {self.a} and {self.b} on {self.metric}"
        if self.a == self.b:
            raise ParameterError("a source is compared with itself", where=where, expected="two different sources")
        if self.role not in ROLES:
            raise ParameterError(f"the role {self.role!r} is unknown", where=where, expected=" or ".join(ROLES))
        if self.margin is not None and not 0 < self.margin < np.inf:
            raise ParameterError(
                f"the margin is {self.margin}", where=where, expected="a finite number above 0, or None"
            )


def comparison_table(
    scores: pd.DataFrame,
    plan: Sequence[Contrast],
    rng: np.random.Generator,
    *,
    resamples: int = 9999,
    level: float = 0.95,
) -> pd.DataFrame:
    """Results of all contrasts of a plan, in its order.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table.
    plan : sequence of Contrast
        The contrasts, written down before the scores are seen.
    rng : numpy.random.Generator
        Each contrast gets its own child, so a contrast added at the end changes no earlier interval.
    resamples : int
        Bootstrap resamples and random sign flips.
    level : float
        Confidence; ``1 - level`` is also the significance level of the claim.

    Returns
    -------
    pandas.DataFrame
        One row a contrast: ``role``, all of ``paired_effect``, ``p_holm`` (the larger of ``p`` and ``p_seeds``,
        adjusted within the role), ``margin``,
        ``decision`` and ``equivalence_p`` (null without a margin), ``higher_is_better``, ``level`` and ``claim``.

        ``claim`` is ``a better`` or ``b better`` only if the interval excludes zero and ``p_holm`` is below
        ``1 - level``; else ``no difference shown``, or ``not computable`` if no person has a value under both sources.
    """
    if not plan:
        raise ParameterError("the plan is empty", where="plan", expected="one Contrast or more")
    if len({(item.metric, *sorted((item.a, item.b))) for item in plan}) < len(plan):
        raise ParameterError("a contrast stands twice", where="plan", expected="each metric and pair of sources once")
    frame = check_scores(scores)
    metrics = set(frame["metric"])
    rows = []
    for item, child in zip(plan, rng.spawn(len(plan)), strict=True):
        # A metric that is not in the table is left to the error that lists those that are.
        of_metric = frame[frame["metric"] == item.metric] if item.metric in metrics else frame
        found = _result(of_metric, item, child, resamples, level)
        rows.append({"role": item.role, **found, "higher_is_better": item.higher_is_better, "level": level})
    table = pd.DataFrame(rows)
    table["p_holm"] = np.nan
    for role in ROLES:
        family = table["role"] == role
        # The larger p counts: a claim has to stand over other persons and, where there are seeds, over other trainings.
        table.loc[family, "p_holm"] = holm(table.loc[family, ["p", "p_seeds"]].max(axis=1).tolist())
    table["claim"] = [_claim(row) for row in _records(table)]
    return table


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
    records = _records(table)
    counts = []
    for role in ROLES:
        family = [row for row in records if row["role"] == role]
        shown = sum(row["claim"].endswith("better") for row in family)
        if family:
            counts.append(f"{shown} of {many(len(family), f'{role} contrast')}")
    lines = [f"A difference is shown in {' and in '.join(counts)}.", ""]
    lines += [f"- {_sentence(row)}" for row in records]
    return "\n".join([*lines, "", _seed_sentence(records)])


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _result(
    rows: pd.DataFrame, item: Contrast, rng: np.random.Generator, resamples: int, level: float
) -> dict[str, Any]:
    sources = (rows, item.metric, item.a, item.b, rng)
    if item.margin is None:
        effect = paired_effect(*sources, resamples=resamples, level=level)
        return {**effect, "margin": np.nan, "decision": None, "equivalence_p": np.nan}
    return noninferiority(
        *sources, margin=item.margin, higher_is_better=item.higher_is_better, resamples=resamples, level=level
    )


def _claim(row: dict[str, Any]) -> str:
    if row["n_persons"] == 0:
        return NOT_COMPUTABLE
    outside_zero = row["low"] > 0 or row["high"] < 0
    if not (outside_zero and row["p_holm"] < 1 - row["level"]):
        return NO_DIFFERENCE
    return "a better" if (row["difference"] > 0) == row["higher_is_better"] else "b better"


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
    return head + text + _margin_sentence(row) + _dropped_sentence(row)


def _unit(row: dict[str, Any]) -> str:
    """The unit of analysis: the card for knowledge, where nobody's nights are asked about, else the person."""
    return "card" if str(row["metric"]).startswith("knowledge") else "person"


def _interval_words(row: dict[str, Any]) -> str:
    level = f"{100 * row['level']:g}%"
    if not np.isfinite(row["low"]):
        return f"no {level} interval can be given"
    words = f"{level} interval {_signed(row['low'])} to {_signed(row['high'])}"
    return words + (" (bound: all persons differ alike)" if row["interval_method"].startswith("bound") else "")


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
