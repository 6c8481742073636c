"""Variants of a student: score against size, one more in each panel, and what each of them costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.figures.analyses import cost_scale
from sleepcot_utils.figures.labels import need_columns
from sleepcot_utils.figures.theme import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    SKY_BLUE,
    SOFT_INK,
    VERMILLION,
    SourceStyle,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WHOLE = "whole"
#: Look of each variant in the order in which they are drawn: one color a family, one marker a member, gray for controls.
LOOKS = {
    WHOLE: SourceStyle(VERMILLION, "o"),
    "int8": SourceStyle(BLUE, "s"),
    "int4": SourceStyle(BLUE, "D"),
    "pruned_30": SourceStyle(ORANGE, "^"),
    "pruned_50": SourceStyle(ORANGE, "v"),
    "pruned_70": SourceStyle(ORANGE, "<"),
    "layer_out": SourceStyle(PURPLE, "P"),
    "two_layers_out": SourceStyle(PURPLE, "d"),
    "onnx": SourceStyle(SKY_BLUE, "h"),
    "onnx_int8": SourceStyle(SKY_BLUE, "p"),
    "healed": SourceStyle(MUTED, "o"),
    "random_50": SourceStyle(MUTED, "v"),
    "shuffled": SourceStyle(MUTED, "X"),
}
#: Intervals of what was drawn in an earlier panel.
PALE = "#B5B5B5"


def draw_growing(axs: Any, table: pd.DataFrame, cost: str, score: str, *, ceiling: float | None = None) -> list[str]:
    """Draw score against a cost, each panel with one variant more: the new one in color, those before in gray.

    Parameters
    ----------
    axs : array of matplotlib.axes.Axes
        At least as many as the table has variants; what is left over is hidden.
    table : pandas.DataFrame
        Columns ``source, mean, low, high`` and the cost.
    cost, score : str
        Column of the cost, and what the mean is the mean of.
    ceiling : float, optional
        Score of the teacher, which has no such cost.

    Returns
    -------
    list of str
        The variants in the order in which they were added.
    """
    need_columns(table, ("source", "mean", "low", "high", cost), where="table of variants")
    rows = table.set_index("source")
    names = [name for name in LOOKS if name in rows.index]
    flat = list(np.ravel(axs))
    if len(flat) < len(names):
        raise ParameterError(f"{len(names)} variants do not fit on {len(flat)} axes", where="draw_growing")
    for number, ax in enumerate(flat):
        if number >= len(names):
            ax.set_visible(False)
            continue
        ax.axhline(rows.loc[WHOLE, "mean"], color=VERMILLION, linewidth=1, linestyle="--", zorder=1)
        if ceiling is not None:
            ax.axhline(ceiling, color=GREEN, linewidth=1.2, zorder=1)
        for name in names[: number + 1]:
            _mark(ax, rows.loc[name], cost, name, is_new=name == names[number])
        ax.set_title(f"{'+ ' if number else ''}{names[number]}", fontsize=9.5)
        cost_scale(ax, rows[cost])
        ax.set_xlim(rows[cost].min() / 1.5, rows[cost].max() * 1.5)
        ax.set_ylim(-0.03, 1.05)
        place = ax.get_subplotspec()
        ax.set_ylabel(score if place is None or place.is_first_col() else "")
        ax.set_xlabel(cost)
    return names


def draw_prices(axs: Any, table: pd.DataFrame, costs: Sequence[str]) -> Any:
    """Draw each cost of each variant, one axes a cost, one row a variant; the dashed line is the whole student.

    Parameters
    ----------
    axs : array of matplotlib.axes.Axes
        As many as there are costs.
    table : pandas.DataFrame
        Column ``source`` and the costs.
    costs : sequence of str
        Columns of the costs, which are also their labels.
    """
    need_columns(table, ("source", *costs), where="table of variants")
    rows = table.set_index("source")
    names = [name for name in LOOKS if name in rows.index]
    for number, (ax, cost) in enumerate(zip(np.ravel(axs), costs, strict=True)):
        for place, name in enumerate(names):
            look = LOOKS[name]
            ax.hlines(place, 0, rows.loc[name, cost], color=MUTED, linewidth=1)
            ax.plot(rows.loc[name, cost], place, look.marker, color=look.color, markeredgecolor=INK, markersize=8)
        ax.axvline(rows.loc[WHOLE, cost], color=VERMILLION, linewidth=1, linestyle="--", zorder=1)
        ax.set_yticks(range(len(names)), names if number == 0 else [""] * len(names))
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.set_xlim(0, rows[cost].max() * 1.1)
        ax.grid(visible=False, axis="y")
        ax.set_xlabel(cost, color=SOFT_INK)
    return axs


def _mark(ax: Axes, row: pd.Series, cost: str, name: str, *, is_new: bool) -> None:
    look = LOOKS[name]
    if np.isfinite(row["low"]) and np.isfinite(row["high"]):
        ends = [row["low"], row["high"]]
        ax.plot([row[cost]] * 2, ends, color=INK if is_new else PALE, linewidth=2 if is_new else 1.2, zorder=2)
    color, edge = (look.color, INK) if is_new else (PALE, "white")
    size = 10 if is_new else 7
    ax.plot(row[cost], row["mean"], look.marker, color=color, markersize=size, markeredgecolor=edge, zorder=3 + is_new)
