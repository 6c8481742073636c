"""Scores of all sources, and the paired differences of the plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.figures.labels import metric_label, need_columns
from sleepcot_utils.figures.theme import FAINT, INK, MUTED, SOFT_INK, order_sources, source_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_scores(axs: Any, summary: pd.DataFrame, persons: pd.DataFrame | None = None) -> Any:
    """Draw mean and interval of every source, one axes a metric.

    Parameters
    ----------
    axs : matplotlib.axes.Axes or sequence of them
        As many as the summary has metrics; the metrics take them in the order in which they first appear.
    summary : pandas.DataFrame
        Columns ``metric, source, mean, low, high``; one row a metric and source. A null interval is not drawn.
    persons : pandas.DataFrame, optional
        Columns ``metric, source, person_id, value``: one faint point a person.

    Returns
    -------
    The ``axs`` that were given.
    """
    need_columns(summary, ("metric", "source", "mean", "low", "high"), where="summary")
    metrics = list(dict.fromkeys(summary["metric"]))
    flat = [axs] if not isinstance(axs, (Sequence, np.ndarray)) else list(np.ravel(axs))
    if len(flat) != len(metrics):
        raise ParameterError(
            f"{len(metrics)} metrics can't be drawn on {len(flat)} axes", where="draw_scores", expected="one a metric"
        )
    sources = order_sources(summary["source"])
    place = {source: float(index) for index, source in enumerate(sources)}
    for number, (ax, metric) in enumerate(zip(flat, metrics, strict=True)):
        part = summary[summary["metric"] == metric]
        if persons is not None:
            points = persons[persons["metric"] == metric]
            _draw_persons(ax, points, place)
        for row in part.to_dict("records"):
            _draw_mean(ax, row, place[row["source"]])
        reach = [part[name].dropna() for name in ("mean", "low", "high")]
        fraction = all(values.between(0, 1).all() for values in reach)
        ax.set_title(metric_label(metric))
        ax.set_xlabel("mean over persons (0 to 1)" if fraction else f"mean over persons ({metric_label(metric)})")
        if fraction:
            ax.set_xlim(-0.04, 1.04)
            ax.set_xticks(np.arange(0, 1.01, 0.25), ["0", "0.25", "0.5", "0.75", "1"])
        first_of_row = ax.get_subplotspec() is None or ax.get_subplotspec().is_first_col() or number == 0
        ax.set_yticks(list(place.values()), sources if first_of_row else [""] * len(sources))
        ax.set_ylim(len(sources) - 0.4, -0.6)
        ax.grid(visible=False, axis="y")
    return axs


def draw_forest(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw the paired differences of a comparison table with their intervals.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : pandas.DataFrame
        Columns ``metric, a, b, role, difference, low, high``, and optionally ``margin``, ``claim``,
        ``decision``, ``higher_is_better`` and ``level``; one row a contrast, drawn from top to bottom.

    Returns
    -------
    matplotlib.axes.Axes
        One row a contrast with the numbers to its right; filled marks are primary contrasts, hollow ones secondary;
        the band is the non-inferiority margin to both sides of zero.
    """
    need_columns(table, ("metric", "a", "b", "role", "difference", "low", "high"), where="comparison table")
    rows = table.to_dict("records")
    names, shaded = [], False
    for place, row in enumerate(rows):
        shaded |= _draw_margin(ax, row.get("margin"), place)
        _draw_difference(ax, row, place)
        worse = " (lower is better)" if row.get("higher_is_better") is False else ""
        names.append(f"{metric_label(row['metric'])}{worse}\n{row['a']} \N{MINUS SIGN} {row['b']}")
    ax.axvline(0, color=INK, linewidth=1, zorder=1)
    ax.set_yticks(range(len(rows)), names)
    ax.set_ylim(len(rows) - 0.45, -0.55)
    ax.grid(visible=False, axis="y")
    # Zero is always in the picture, with some air around the intervals.
    ends = np.array([0.0, *table["low"].dropna(), *table["high"].dropna(), *table["difference"].dropna()])
    air = 0.06 * max(np.ptp(ends), 1e-6)
    ax.set_xlim(ends.min() - air, ends.max() + air)
    ax.set_xlabel("paired difference of the means over persons (units of the score)")
    _forest_key(ax, rows, shaded)
    return ax


def _draw_persons(ax: Axes, points: pd.DataFrame, place: dict[str, float]) -> None:
    for source, height in place.items():
        part = points[points["source"] == source]
        if len(part):
            # Scatter by the golden ratio: even, without a random number, the same at every drawing.
            shift = (np.arange(len(part)) * 0.618034) % 1 - 0.5
            ax.scatter(
                part["value"],
                height + 0.56 * shift,
                s=9,
                color=source_style(source).color,
                alpha=0.35,
                linewidths=0,
                zorder=2,
            )


def _draw_mean(ax: Axes, row: dict[Any, Any], place: float) -> None:
    style = source_style(row["source"])
    if np.isfinite(row["low"]) and np.isfinite(row["high"]):
        ax.plot([row["low"], row["high"]], [place, place], color=INK, linewidth=2, solid_capstyle="butt", zorder=3)
    if np.isfinite(row["mean"]):
        size = 12 if style.marker == "*" else 8
        ax.plot(
            row["mean"],
            place,
            style.marker,
            color=style.color,
            markersize=size,
            markeredgecolor=INK,
            markeredgewidth=0.9,
            zorder=4,
        )


def _draw_margin(ax: Axes, margin: Any, place: int) -> bool:
    if margin is None or not np.isfinite(margin):
        return False
    ax.barh(place, 2 * margin, left=-margin, height=0.72, color=FAINT, linewidth=0, zorder=0)
    return True


def _draw_difference(ax: Axes, row: dict[Any, Any], place: int) -> None:
    style = source_style(row["a"])
    if np.isfinite(row["difference"]):
        if np.isfinite(row["low"]):
            ax.plot([row["low"], row["high"]], [place, place], color=INK, linewidth=2, zorder=2)
        fill = style.color if row["role"] == "primary" else "white"
        edge = INK if row["role"] == "primary" else style.color
        ax.plot(
            row["difference"],
            place,
            style.marker,
            markersize=10 if style.marker == "*" else 8,
            markerfacecolor=fill,
            markeredgecolor=edge,
            markeredgewidth=1.2 if fill == style.color else 2,
            zorder=3,
        )
        text = _signed(row["difference"])
        if np.isfinite(row["low"]):
            text += f" [{_signed(row['low'])}, {_signed(row['high'])}]"
        if row.get("claim"):
            text += f"\n{_claim_words(row)}"
    else:
        text = "not computable"
    ax.text(1.02, place, text, transform=ax.get_yaxis_transform(), va="center", fontsize=9, color=SOFT_INK)


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def _claim_words(row: dict[Any, Any]) -> str:
    better = {"a better": row["a"], "b better": row["b"]}.get(row["claim"])
    words = f"{better} better" if better else str(row["claim"])
    decision = row.get("decision")
    return f"{words}; {decision}" if isinstance(decision, str) else words


def _forest_key(ax: Axes, rows: list[dict[Any, Any]], shaded: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    level = 100 * float(rows[0].get("level", 0.95))
    handles: list[Any] = [Line2D([], [], color=INK, linewidth=2, label=f"{level:g}% interval")]
    roles = {row["role"] for row in rows}
    for role, fill in (("primary", MUTED), ("secondary", "white")):
        if role in roles:
            mark = Line2D([], [], color="none", marker="o", markersize=8, markerfacecolor=fill, markeredgecolor=INK)
            mark.set_label(role)
            handles.append(mark)
    if shaded:
        handles.append(Patch(facecolor=FAINT, edgecolor=MUTED, linewidth=0.6, label="within the margin"))
    ax.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(handles), borderaxespad=0.2)
