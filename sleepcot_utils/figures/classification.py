"""Figures of notebook 07: classifiers on numbers and on text, their calibration, and what their choices change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from sleepcot_utils.figures.labels import need_columns
from sleepcot_utils.figures.theme import (
    BLUE,
    FAINT,
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

#: Fixed looks, by the first words of a source's name; numbers have squares and dashes, text has round marks and lines.
STYLES: dict[str, SourceStyle] = {
    "oracle": SourceStyle(GREEN, "*", "-"),
    "majority": SourceStyle(MUTED, "X", ":"),
    "logistic": SourceStyle(ORANGE, "s", "--"),
    "boosting": SourceStyle(BLUE, "D", "--"),
    "text, ensemble": SourceStyle(VERMILLION, "p", ":"),
    "text, LoRA": SourceStyle(PURPLE, "^", "-."),
    "text, student": SourceStyle(SOFT_INK, "v", "-."),
    "text, levels": SourceStyle(SKY_BLUE, "P", "-"),
    "text": SourceStyle(VERMILLION, "o", "-"),
}
CHANGE_COLUMNS = ("source", "value", "low", "high")


def style_of(source: str) -> SourceStyle:
    """Look of a source by the start of its name."""
    for start, style in STYLES.items():
        if source.startswith(start):
            return style
    return SourceStyle(SOFT_INK, "h", ":")


def draw_metrics(axs: Sequence[Axes], table: pd.DataFrame, metrics: Sequence[str]) -> None:
    """Draw sources with intervals, one panel a metric.

    Parameters
    ----------
    axs : sequence of matplotlib.axes.Axes
        One for each metric; they share their rows.
    table : pandas.DataFrame
        Columns ``source, metric, value, low, high``; sources are drawn in their order, from top to bottom.
    metrics : sequence of str
        Metrics to draw.
    """
    need_columns(table, ("source", "metric", "value", "low", "high"), where="table of scores")
    sources = list(dict.fromkeys(table["source"]))
    for number, (ax, metric) in enumerate(zip(axs, metrics, strict=True)):
        rows = table[table["metric"] == metric].set_index("source")
        for place, source in enumerate(sources):
            if source in rows.index:
                row, style = rows.loc[source], style_of(source)
                ax.plot([row["low"], row["high"]], [place, place], color=style.color, linewidth=2)
                ax.plot(row["value"], place, style.marker, color=style.color, markersize=8)
        ax.set_yticks(range(len(sources)), sources if number == 0 else [""] * len(sources))
        ax.set_ylim(len(sources) - 0.5, -0.5)
        ax.set_xlabel(f"{metric} (0 to 1)")
        ax.locator_params(axis="x", nbins=5)
        ax.grid(visible=False, axis="y")


def draw_reliability(ax: Axes, tables: Mapping[str, pd.DataFrame]) -> Axes:
    """Draw what happened against what was said, one line a source; larger marks stand for more cases.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    tables : mapping of str to pandas.DataFrame
        Source to ``said, happened, cases``, such as ``classify.scoring.reliability`` gives.
    """
    ax.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=(0, (4, 4)), label="honest")
    for source, table in tables.items():
        style = style_of(source)
        ax.plot(table["said"], table["happened"], style.line, color=style.color, linewidth=1.5)
        sizes = 15 + 130 * table["cases"] / table["cases"].sum()
        ax.scatter(table["said"], table["happened"], s=sizes, color=style.color, marker=style.marker, label=source)
    ax.set_xlim(-0.03, 1.03)
    ax.set_ylim(-0.03, 1.03)
    ax.set_xlabel("probability of rest that was said")
    ax.set_ylabel("share of days of rest")
    ax.legend(loc="lower right")
    return ax


def draw_curves(ax: Axes, table: pd.DataFrame, x: str, *, x_label: str, y_label: str, log: bool = False) -> Axes:
    """Draw one line a source, with intervals where the table has them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : pandas.DataFrame
        Columns ``source, value`` and ``x``; ``low, high`` if there are intervals.
    x : str
        Column of the horizontal axis.
    log : bool
        Whether it is logarithmic.
    """
    need_columns(table, ("source", "value", x), where="table of curves")
    for source, part in table.groupby("source", sort=False):
        style, part = style_of(str(source)), part.sort_values(x)
        ax.plot(part[x], part["value"], style.line, marker=style.marker, color=style.color, label=source)
        if "low" in part:
            ax.fill_between(part[x], part["low"], part["high"], color=style.color, alpha=0.12, linewidth=0)
    if log:
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(FixedLocator(sorted(table[x].unique())))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.set_xlabel(x_label)
    ax.set_ylabel(y_label)
    ax.legend(loc="best")
    return ax


def draw_changes(ax: Axes, table: pd.DataFrame, *, band: tuple[float, float], x_label: str) -> Axes:
    """Draw differences to a recipe, one row a change, over the band that another seed alone would make.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : pandas.DataFrame
        Columns ``source, value, low, high`` and, optionally, ``advice``, which is put in front of the name.
    band : tuple of float
        Lowest and highest difference of another seed of the unchanged recipe.
    """
    need_columns(table, CHANGE_COLUMNS, where="table of changes")
    ax.axvspan(*band, color=FAINT, zorder=0)
    ax.axvline(0, color=INK, linewidth=1)
    names = []
    for place, row in enumerate(table.to_dict("records")):
        clear = row["low"] > 0 or row["high"] < 0
        color = VERMILLION if clear else BLUE
        ax.plot([row["low"], row["high"]], [place, place], color=color, linewidth=2)
        ax.plot(row["value"], place, "D" if clear else "o", color=color, markersize=7)
        names.append(f"{row['advice']}: {row['source']}" if row.get("advice") else str(row["source"]))
    ax.set_yticks(np.arange(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel(x_label)
    return ax
