"""Figures that grow arm by arm, curves over arms, and reliability."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.figures.analyses import cost_scale, draw_score_against_cost
from sleepcot_utils.figures.labels import metric_label, need_columns
from sleepcot_utils.figures.theme import INK, MUTED, SOFT_INK, order_sources, source_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


#: Intervals of what was drawn in an earlier panel: paler than marks, darker than the grid.
PALE = "#B5B5B5"


def draw_growth(axs: Any, table: pd.DataFrame, cost: str, score: str) -> list[str]:
    """Draw score against cost once for each source, each time with one more: the new one in color, those before in gray.

    Parameters
    ----------
    axs : array of matplotlib.axes.Axes
        At least as many as the table has sources with a cost; what is left over is hidden.
    table : pandas.DataFrame
        Columns ``source, mean, low, high`` and the cost.
    cost, score : str
        Column of the cost, and what the mean is the mean of, for the axes.

    Returns
    -------
    list of str
        The sources in the order in which they were added.
    """
    need_columns(table, ("source", "mean", "low", "high", cost), where="table of scores and costs")
    rows = table[table[cost] > 0].set_index("source")
    sources = order_sources(rows.index)
    flat = list(np.ravel(axs))
    if len(flat) < len(sources):
        raise ParameterError(f"{len(sources)} sources do not fit on {len(flat)} axes", where="draw_growth")
    low, high = rows[cost].min() / 1.5, rows[cost].max() * 1.5
    for number, ax in enumerate(flat):
        if number >= len(sources):
            ax.set_visible(False)
            continue
        for source in sources[: number + 1]:
            _mark(ax, rows.loc[source], cost, source, is_new=source == sources[number])
        ax.set_title(f"{'+ ' if number else ''}{sources[number]}", fontsize=9.5)
        cost_scale(ax, rows[cost])
        ax.set_xlim(low, high)
        ax.set_ylim(-0.03, 1.03)
        place = ax.get_subplotspec()
        ax.set_ylabel(score if place is None or place.is_first_col() else "")
        ax.set_xlabel(cost)
    return sources


def draw_costs(axs: Any, table: pd.DataFrame, costs: Sequence[str], score: str) -> Any:
    """Draw the same scores against several costs, one axes a cost, with one legend for all.

    Parameters
    ----------
    axs : array of matplotlib.axes.Axes
        As many as there are costs.
    table : pandas.DataFrame
        Columns ``source, mean, low, high`` and the costs.
    costs : sequence of str
        Columns of the costs, which are also their labels.
    score : str
        What the mean is the mean of.
    """
    flat = list(np.ravel(axs))
    if len(flat) != len(costs):
        raise ParameterError(f"{len(costs)} costs do not fit on {len(flat)} axes", where="draw_costs")
    for number, (ax, cost) in enumerate(zip(flat, costs, strict=True)):
        draw_score_against_cost(ax, table, cost, score=score if number == 0 else "")
        ax.set_ylim(-0.03, 1.03)
        legend = ax.get_legend()
        if legend is not None and number < len(flat) - 1:
            legend.remove()
    return axs


def _mark(ax: Axes, row: pd.Series, cost: str, source: str, *, is_new: bool) -> None:
    style = source_style(source)
    color = style.color if is_new else MUTED
    if np.isfinite(row["low"]) and np.isfinite(row["high"]):
        ends = [row["low"], row["high"]]
        ax.plot([row[cost]] * 2, ends, color=INK if is_new else PALE, linewidth=2 if is_new else 1.5, zorder=2)
    size = (13 if style.marker == "*" else 9) * (1.1 if is_new else 0.8)
    edge = INK if is_new else "white"
    ax.plot(row[cost], row["mean"], style.marker, color=color, markersize=size, markeredgecolor=edge, zorder=3 + is_new)


def draw_curve(ax: Axes, curve: pd.DataFrame, *, x_label: str) -> Axes:
    """Draw one metric over arms, one line a family, with intervals.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    curve : pandas.DataFrame
        Columns ``metric, family, source, x, mean, low, high`` of one metric.
    x_label : str
        Label of the horizontal axis, with its unit.
    """
    need_columns(curve, ("metric", "family", "source", "x", "mean", "low", "high"), where="curve")
    for family, part in curve.groupby("family", sort=False):
        style = source_style(str(family) if str(family) in ("cot", "answer_only") else str(part["source"].iloc[-1]))
        ordered = part.sort_values("x")
        ax.plot(
            ordered["x"], ordered["mean"], color=style.color, linestyle=style.line, linewidth=1.5, label=str(family)
        )
        for row in ordered.to_dict("records"):
            mark = source_style(row["source"])
            if np.isfinite(row["low"]) and np.isfinite(row["high"]):
                ax.plot([row["x"]] * 2, [row["low"], row["high"]], color=INK, linewidth=1.5, zorder=2)
            ax.plot(row["x"], row["mean"], mark.marker, color=mark.color, markeredgecolor=INK, markersize=8, zorder=3)
            ax.annotate(
                row["source"], (row["x"], row["mean"]), xytext=(6, 5), textcoords="offset points", fontsize=8, color=SOFT_INK,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5},
            )  # fmt: skip
    ax.set_title(metric_label(str(curve["metric"].iloc[0])))
    ax.set_ylim(-0.03, 1.03)
    ax.margins(x=0.2)
    ax.set_xlabel(x_label)
    ax.set_ylabel("mean over persons")
    return ax


def draw_reliability(axs: Any, bins: pd.DataFrame) -> Any:
    """Draw share right against certainty, one axes a source; on the diagonal certainty is borne out.

    Parameters
    ----------
    axs : matplotlib.axes.Axes or array of them
        As many as the table has sources.
    bins : pandas.DataFrame
        What ``reliability_bins`` returned.
    """
    need_columns(bins, ("source", "certainty", "right", "low", "high", "answers"), where="reliability bins")
    flat = list(np.ravel(axs)) if isinstance(axs, (Sequence, np.ndarray)) else [axs]
    sources = order_sources(bins["source"])
    if len(flat) != len(sources):
        raise ParameterError(f"{len(sources)} sources do not fit on {len(flat)} axes", where="draw_reliability")
    for ax, source in zip(flat, sources, strict=True):
        part, style = bins[bins["source"] == source].sort_values("certainty"), source_style(source)
        ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 4)), zorder=1)
        ax.text(0.03, 0.09, "borne out", color=SOFT_INK, fontsize=8.5, rotation=38, rotation_mode="anchor")
        ax.vlines(part["certainty"], part["low"], part["high"], color=INK, linewidth=1.5, zorder=2)
        ax.plot(part["certainty"], part["right"], style.line, color=style.color, linewidth=1.2, zorder=3)
        ax.plot(
            part["certainty"],
            part["right"],
            style.marker,
            color=style.color,
            markeredgecolor=INK,
            markersize=8,
            zorder=4,
        )
        ax.set_title(f"{source} ({int(part['answers'].sum())} verdicts)")
        ax.set_xlim(-0.03, 1.03)
        ax.set_ylim(-0.03, 1.03)
        ax.set_aspect("equal")
        ax.set_xlabel("certainty (probability of the verdict)")
        ax.set_ylabel("share of right verdicts")
    return axs
