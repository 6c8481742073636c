"""Figures about the analysis itself: power, other reasonable choices, and what a score costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from sleepcot_utils.figures.labels import need_columns
from sleepcot_utils.figures.theme import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    PURPLE,
    SOFT_INK,
    VERMILLION,
    order_sources,
    source_style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Looks of the lines of a power curve: color, marker and dashes, so that none is told by color alone.
LINES = ((BLUE, "o", "-"), (VERMILLION, "s", "--"), (GREEN, "^", "-."), (PURPLE, "D", ":"))
#: 20, not 2 x 10^1, at the ticks of a logarithmic axis.
PLAIN_NUMBERS = StrMethodFormatter("{x:g}")
#: Costs of which the largest is this many times the smallest get a logarithmic axis; a choice.
WIDE = 3.0


def draw_power(ax: Axes, curve: pd.DataFrame, *, wanted: float = 0.8) -> Axes:
    """Draw power against the true difference, one line for each number of persons.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    curve : pandas.DataFrame
        Columns ``persons, effect, power, low, high``, such as ``power_curve`` gives.
    wanted : float
        Power that counts as enough; a dashed line.
    """
    need_columns(curve, ("persons", "effect", "power", "low", "high"), where="power curve")
    for place, (persons, part) in enumerate(curve.sort_values("effect").groupby("persons", sort=True)):
        color, marker, dashes = LINES[place % len(LINES)]
        ax.fill_between(part["effect"], part["low"], part["high"], color=color, alpha=0.15, linewidth=0)
        ax.plot(part["effect"], part["power"], dashes, marker=marker, color=color, label=f"{persons} persons")
    ax.axhline(wanted, color=INK, linewidth=1, linestyle=(0, (4, 4)))
    ax.set_ylim(-0.02, 1.02)
    ax.set_xlabel("true difference of the means over persons (units of the score)")
    ax.set_ylabel("share of studies that find it")
    ax.legend(loc="lower right")
    return ax


def draw_multiverse(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw one contrast under all choices, the plan's own on top.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : pandas.DataFrame
        What ``multiverse`` returned. Choices whose estimate is in units of the score get a mark; all say in words what
        they conclude. Hollow marks are choices that are too sure and are not counted.
    """
    need_columns(
        table, ("choice", "estimate", "low", "high", "says", "reasonable", "scale", "agrees"), where="multiverse table"
    )
    rows = table.to_dict("records")
    ends = [0.0]
    for place, row in enumerate(rows):
        color = BLUE if row["agrees"] else VERMILLION
        if row["scale"] == "score" and np.isfinite(row["estimate"]):
            ends += [end for end in (row["estimate"], row["low"], row["high"]) if np.isfinite(end)]
            if np.isfinite(row["low"]) and np.isfinite(row["high"]):
                ax.plot([row["low"], row["high"]], [place, place], color=color, linewidth=2, zorder=2)
            ax.plot(
                row["estimate"],
                place,
                "o" if row["agrees"] else "D",
                color=color,
                markerfacecolor=color if row["reasonable"] else "white",
                markeredgewidth=1.5,
                markersize=8,
                zorder=3,
            )
        words = str(row["says"]) + ("" if row["reasonable"] else " (too sure)")
        ax.text(1.02, place, words, transform=ax.get_yaxis_transform(), va="center", fontsize=9, color=SOFT_INK)
    ax.axvline(0, color=INK, linewidth=1, zorder=1)
    ax.set_yticks(range(len(rows)), [str(row["choice"]) for row in rows])
    ax.set_ylim(len(rows) - 0.45, -0.55)
    ax.grid(visible=False, axis="y")
    air = 0.06 * max(float(np.ptp(ends)), 1e-6)
    ax.set_xlim(min(ends) - air, max(ends) + air)
    ax.locator_params(axis="x", nbins=5)
    ax.set_xlabel("paired difference (units of the score)")
    return ax


def cost_scale(ax: Axes, costs: pd.Series) -> str:
    """Scale the horizontal axis for costs: logarithmic where they differ by much, with plain numbers at 1, 2 and 5.

    Returns
    -------
    str
        ``logarithmic``, or empty where the axis is linear.
    """
    if costs.max() < WIDE * costs.min():
        return ""
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(PLAIN_NUMBERS)
    ax.xaxis.set_minor_formatter(NullFormatter())
    return "logarithmic"


def draw_score_against_cost(
    ax: Axes, table: pd.DataFrame, cost: str, *, score: str = "mean over persons", shown: Sequence[str] | None = None
) -> Axes:
    """Draw every source's score against what an answer costs; costs that differ by much are on a logarithmic scale.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : pandas.DataFrame
        Columns ``source, mean, low, high`` and the cost; one row a source. A source without a cost above 0 is left out.
    cost : str
        Column of the cost, which is also its label, such as ``tokens an answer``.
    score : str
        What the mean is the mean of, with its unit.
    shown : sequence of str, optional
        The sources to draw; the axes stay those of all, so that a figure can grow arm by arm.
    """
    need_columns(table, ("source", "mean", "low", "high", cost), where="table of scores and costs")
    rows = table[table[cost] > 0].set_index("source")
    for source in order_sources(rows.index):
        row, style = rows.loc[source], source_style(source)
        # Drawn without color where it is not its turn yet, so that limits are those of the full figure.
        alpha = 1.0 if shown is None or source in shown else 0.0
        if np.isfinite(row["low"]) and np.isfinite(row["high"]):
            ax.plot(
                [row[cost], row[cost]], [row["low"], row["high"]], color=MUTED, linewidth=1.5, alpha=alpha, zorder=2
            )
        size = 13 if style.marker == "*" else 9
        ax.plot(
            row[cost],
            row["mean"],
            style.marker,
            color=style.color,
            markersize=size,
            markeredgecolor=INK,
            alpha=alpha,
            zorder=3,
            label=source if alpha else "_nolegend_",
        )
    scale = cost_scale(ax, rows[cost])
    # On a line of its own, or the labels of panels side by side would touch.
    ax.set_xlabel(f"{cost}\n({scale})" if scale else cost)
    ax.set_ylabel(score)
    if ax.get_legend_handles_labels()[1]:
        ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return ax
