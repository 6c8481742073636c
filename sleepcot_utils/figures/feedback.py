"""How advice is taken over rounds, what that does to sleep, and what is lost against an oracle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sleepcot_utils.figures.labels import EndLabel, need_columns, place_end_labels
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

#: Look of each way to adapt, in the order in which they are listed.
WAYS = {
    "no adaptation": SourceStyle(SOFT_INK, "o", ":"),
    "memory by rules": SourceStyle(ORANGE, "s", "--"),
    "memory in prompt": SourceStyle(SKY_BLUE, "v", "-."),
    "bandit": SourceStyle(VERMILLION, "D", "-"),
    "tuned by cluster": SourceStyle(PURPLE, "^", "-."),
    "bandit, shuffled": SourceStyle(MUTED, "X", ":"),
    "oracle": SourceStyle(GREEN, "*", "-"),
}


def draw_over_rounds(ax: Axes, table: pd.DataFrame, label: str) -> Axes:
    """Draw one line a way to adapt over the rounds.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : pandas.DataFrame
        ``arm, round, value`` and, where there is an interval, ``low, high``.
    label : str
        Label of the vertical axis, with its unit.
    """
    need_columns(table, ("arm", "round", "value"), where="rounds")
    ends = []
    names = [name for name in WAYS if name in set(table["arm"])]
    for place, name in enumerate(names):
        style = WAYS[name]
        part = table[table["arm"] == name].sort_values("round")
        x = part["round"] + 0.05 * (
            place - (len(names) - 1) / 2
        )  # beside each other, so that intervals can be told apart
        if "low" in part:
            ax.vlines(x, part["low"], part["high"], color=style.color, linewidth=1, alpha=0.6)
        ax.plot(x, part["value"], style.line, color=style.color, marker=style.marker, markersize=6, linewidth=1.6)
        ends.append(EndLabel(float(x.iloc[-1]), float(part["value"].iloc[-1]), name, style.color))
    ax.set_xlabel("round of advice")
    ax.set_xticks(sorted(table["round"].unique()))
    ax.set_ylabel(label)
    place_end_labels(ax, ends)
    return ax


def draw_against(ax: Axes, table: pd.DataFrame, label: str, other: str) -> Axes:
    """Draw differences of each way to adapt against another one, with intervals, by row.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : pandas.DataFrame
        ``arm, value, low, high``.
    label, other : str
        What was measured, with its unit, and the way that all are held against.
    """
    need_columns(table, ("arm", "value", "low", "high"), where="differences")
    names = [name for name in WAYS if name in set(table["arm"])]
    part = table.set_index("arm").loc[names]
    for row, name in enumerate(names):
        ax.hlines(row, part["low"].iloc[row], part["high"].iloc[row], color=INK, linewidth=1.5)
        style = WAYS[name]
        ax.plot(part["value"].iloc[row], row, style.marker, color=style.color, markeredgecolor=INK, markersize=8)
    ax.axvline(0, color=BLUE, linewidth=1, linestyle="--")
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(f"{label},\nagainst {other}")
    return ax
