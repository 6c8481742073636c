"""Figures of tasks and of what verification catches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sleepcot_utils.figures.labels import need_columns
from sleepcot_utils.figures.theme import BLUE, INK, ORANGE, PURPLE, VERMILLION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_KINDS = {"recommend": (BLUE, ""), "follow_up": (ORANGE, "//"), "knowledge": (PURPLE, "..")}
_SPLITS = ("train", "validation", "test")


def draw_tasks(ax: Axes, tasks: pd.DataFrame) -> Axes:
    """Draw the number of tasks by split (rows) and kind (stacked, with hatches and counts).

    Parameters
    ----------
    tasks : pandas.DataFrame
        Columns ``split, kind``, one row a task.
    """
    need_columns(tasks, ("split", "kind"), where="tasks")
    counts = pd.crosstab(tasks["split"], tasks["kind"])
    for place, split in enumerate(_SPLITS):
        start = 0
        for kind, (color, hatch) in _KINDS.items():
            number = int(counts.loc[split, kind]) if split in counts.index and kind in counts else 0
            ax.barh(
                place,
                number,
                left=start,
                color=color,
                hatch=hatch,
                edgecolor="white",
                height=0.6,
                label=kind.replace("_", " ") if place == 0 else None,
            )
            start += number
        detail = ", ".join(
            f"{int(counts.loc[split, kind])} {kind.replace('_', ' ')}" for kind in _KINDS if kind in counts
        )
        ax.annotate(detail, (start, place), xytext=(6, 0), textcoords="offset points", va="center", fontsize=9)
    ax.set_yticks(range(len(_SPLITS)), list(_SPLITS))
    ax.set_ylim(len(_SPLITS) - 0.5, -0.5)
    ax.set_xlim(0, 1.55 * max(counts.sum(axis=1)))
    ax.set_xlabel("tasks (count)")
    ax.grid(visible=False, axis="y")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, borderaxespad=0.2)
    return ax


def draw_caught_errors(ax: Axes, caught: pd.DataFrame) -> Axes:
    """Draw the share of planted errors caught by kind, with intervals, and of undamaged answers dropped.

    Parameters
    ----------
    caught : pandas.DataFrame
        As ``teach.filtering.caught_errors`` returns it; the last row is false alarms.
    """
    need_columns(caught, ("error", "planted", "caught", "share", "low", "high"), where="caught errors")
    places = range(len(caught))
    ax.hlines(places, 100 * caught["low"], 100 * caught["high"], color=INK, linewidth=2)
    for place, row in zip(places, caught.to_dict("records"), strict=True):
        alarm = place == len(caught) - 1
        ax.plot(
            100 * row["share"],
            place,
            "X" if alarm else "o",
            color=VERMILLION if alarm else BLUE,
            markeredgecolor=INK,
            markersize=9,
            zorder=3,
        )
    labels = [f"{row['error']}\n{row['caught']} of {row['planted']}" for row in caught.to_dict("records")]
    ax.set_yticks(list(places), labels)
    ax.set_ylim(len(caught) - 0.5, -0.5)
    ax.set_xlim(-4, 104)
    ax.set_xlabel("dropped by the filter (%), 95% Wilson interval")
    ax.grid(visible=False, axis="y")
    return ax
