"""How well triage does: recall and false alarms of every red flag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.figures.labels import need_columns
from sleepcot_utils.figures.theme import BLUE, INK, VERMILLION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Measure to marker, color and shift from the middle of its row; the shapes tell them apart without color.
MEASURES = {"recall": ("o", BLUE, -0.14), "false alarms": ("X", VERMILLION, 0.14)}


def draw_triage(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw recall and false alarms by flag with their intervals.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : pandas.DataFrame
        As ``safety.evaluation.evaluate_triage`` returns it: ``flag, measure, hits, of, share, low, high``, shares from
        0 to 1. A flag that no input has shows no recall.

    Returns
    -------
    matplotlib.axes.Axes
        One row a flag in the table's order, with the counts beside its name.

    Raises
    ------
    InputError
        If a column is missing or a measure is unknown.
    """
    need_columns(table, ("flag", "measure", "hits", "of", "share", "low", "high"), where="triage table")
    unknown = sorted(set(table["measure"]) - set(MEASURES))
    if unknown:
        raise InputError(f"the measure {unknown[0]!r} is unknown", where="triage table", expected=" or ".join(MEASURES))
    flags = list(dict.fromkeys(table["flag"]))
    for measure, (marker, color, shift) in MEASURES.items():
        part = table[(table["measure"] == measure) & (table["of"] > 0)]
        places = [flags.index(name) + shift for name in part["flag"]]
        ax.hlines(places, 100 * part["low"], 100 * part["high"], color=INK, linewidth=1.5, zorder=2)
        ax.plot(
            100 * part["share"],
            places,
            marker,
            color=color,
            markeredgecolor=INK,
            markersize=8,
            zorder=3,
            label=f"{measure} (with 95% Wilson interval)",
        )
    ax.set_yticks(range(len(flags)), [_row_name(table, name) for name in flags])
    ax.set_ylim(len(flags) - 0.5, -0.5)
    ax.set_xlim(-4, 104)
    ax.set_xlabel("share of inputs (%)")
    ax.grid(visible=False, axis="y")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return ax


def _row_name(table: pd.DataFrame, flag: str) -> str:
    found = table[(table["flag"] == flag) & (table["measure"] == "recall")]
    counts = f" ({found['hits'].iloc[0]} of {found['of'].iloc[0]})" if len(found) else ""
    return f"{flag.replace('_', ' ')}{counts}"
