"""Words on axes, and labels at the ends of lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.figures.theme import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Last part of a column name and the unit that it stands for.
UNITS = {
    "min": "min",
    "pct": "%",
    "bpm": "beats/min",
    "brpm": "breaths/min",
    "ms": "ms",
    "c": "°C",
    "h": "h",
    "y": "years",
    "m": "m",
    "kg": "kg",
}

#: Columns whose unit is a count, or whose name alone does not say enough.
NAMED = {
    "time_in_bed_min": "time in bed (min)",
    "total_sleep_min": "total sleep time (min)",
    "spo2_mean_pct": "mean oxygen saturation (%)",
    "spo2_min_pct": "lowest oxygen saturation (%)",
    "hrv_rmssd_ms": "heart rate variability, RMSSD (ms)",
    "light_min": "light sleep (min)",
    "deep_min": "deep sleep (min)",
    "rem_min": "REM sleep (min)",
    "awakenings": "awakenings (count a night)",
    "steps": "steps (count a day)",
    "alcohol_units": "alcohol (standard drinks)",
    "caffeine_after_14h": "caffeine after 14:00 (share of days)",
}


def column_label(column: str) -> str:
    """Axis label of a column, with its unit.

    Raises
    ------
    InputError
        If the name ends in no known unit; an axis without a unit is not drawn.

    Examples
    --------
    >>> column_label("wake_after_sleep_onset_min")
    'wake after sleep onset (min)'
    """
    if column in NAMED:
        return NAMED[column]
    words, _, ending = column.rpartition("_")
    if not words or ending not in UNITS:
        raise InputError(
            f"the unit of the column {column!r} is unknown",
            where="figure",
            expected=f"a name that ends in one of {', '.join('_' + unit for unit in UNITS)}",
        )
    return f"{words.replace('_', ' ')} ({UNITS[ending]})"


def metric_label(metric: str) -> str:
    """A metric's name in words."""
    return metric.replace("_", " ")


def need_columns(table: pd.DataFrame, names: Sequence[str], *, where: str) -> None:
    """Refuse a table that lacks a column or has no row."""
    missing = [name for name in names if name not in table]
    if missing:
        raise InputError(f"the column {missing[0]!r} is missing", where=where, expected=", ".join(names))
    if table.empty:
        raise InputError("there is no row to draw", where=where, expected="one row or more")


@dataclass(frozen=True)
class EndLabel:
    """Text to stand at the end of a line, in data coordinates of that end."""

    x: float
    y: float
    text: str
    color: str


def place_end_labels(ax: Axes, labels: Sequence[EndLabel], *, size_pt: float = 9) -> None:
    """Write labels to the right of the axes, apart from each other, each with a leader in the color of its line.

    Call it last: it reads the limits of the axes.
    """
    if not labels:
        return
    # The layout settles the height of the axes, and with it the gap between labels.
    ax.figure.canvas.draw()
    height_pt = ax.get_window_extent().height / ax.figure.dpi * 72
    ordered = sorted(labels, key=lambda label: label.y)
    to_axes = ax.transData + ax.transAxes.inverted()
    ends = [to_axes.transform((label.x, label.y)) for label in ordered]
    heights = spread([end[1] for end in ends], gap=1.25 * size_pt / height_pt)
    for label, end, height in zip(ordered, ends, heights, strict=True):
        ax.annotate(
            label.text,
            xy=(end[0], end[1]),
            xytext=(1.03, height),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            ha="left",
            fontsize=size_pt,
            color=INK,
            fontweight="bold",
            annotation_clip=False,
            # A leader ends at the left of its label, so that it crosses no other.
            arrowprops={"arrowstyle": "-", "color": label.color, "linewidth": 1.2, "relpos": (0, 0.5)},
        )


def spread(places: Sequence[float], gap: float, low: float = 0.0, high: float = 1.0) -> list[float]:
    """Move sorted places as little as needed so that neighbors are at least ``gap`` apart, within low to high.

    Examples
    --------
    >>> [round(place, 2) for place in spread([0.5, 0.5, 0.9], gap=0.1)]
    [0.45, 0.55, 0.9]
    """
    # Groups of labels that touch are placed around their common center; touching groups are merged.
    groups: list[list[float]] = []
    for place in places:
        groups.append([place])
        while len(groups) > 1 and _top(groups[-2], gap, low, high) + gap > _bottom(groups[-1], gap, low, high):
            groups[-2:] = [groups[-2] + groups[-1]]
    return [_bottom(group, gap, low, high) + gap * index for group in groups for index in range(len(group))]


def _bottom(group: list[float], gap: float, low: float, high: float) -> float:
    half = gap * (len(group) - 1) / 2
    return max(low, min(high - 2 * half, sum(group) / len(group) - half))


def _top(group: list[float], gap: float, low: float, high: float) -> float:
    return _bottom(group, gap, low, high) + gap * (len(group) - 1)
