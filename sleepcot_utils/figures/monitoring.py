"""Figures of notebook 09: a watched person, false alarms, how soon episodes are found, and what strictness costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sleepcot_utils.figures.labels import EndLabel, need_columns, place_end_labels
from sleepcot_utils.figures.theme import BLUE, FAINT, GREEN, INK, MUTED, ORANGE, PURPLE, SKY_BLUE, SOFT_INK, VERMILLION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOKS = ((VERMILLION, "-"), (BLUE, "--"), (GREEN, "-."), (PURPLE, ":"), (ORANGE, "-"), (SKY_BLUE, "--"), (SOFT_INK, "-."),
         (INK, ":"))  # fmt: skip
RATE_LABEL = "alerts per person and month"


def draw_watched(ax: Axes, table: pd.DataFrame, *, label: str) -> Axes:
    """Draw one measure of one person with the own baseline, its threshold and the days of alerts.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    table : pandas.DataFrame
        Columns ``date, value, baseline, threshold, alert`` (whether an alert was raised on that day), by date.
    label : str
        Name and unit of the measure.
    """
    need_columns(table, ("date", "value", "baseline", "threshold", "alert"), where="table of a watched person")
    dates = table["date"]
    ax.plot(dates, table["value"], "o", color=BLUE, markersize=4, label="measured")
    ax.plot(dates, table["baseline"], "-", color=SOFT_INK, linewidth=1.5, label="own baseline")
    ax.plot(dates, table["threshold"], "--", color=ORANGE, linewidth=1.5, label="threshold")
    told = table[table["alert"]]
    ax.plot(told["date"], told["value"], "*", color=VERMILLION, markersize=14, label="alert")
    ax.set_ylabel(label)
    ax.margins(x=0.02)
    ax.legend(loc="upper left", ncols=4)
    ax.set_ylim(top=ax.get_ylim()[1] + 0.25 * np.ptp(ax.get_ylim()))
    ax.tick_params(axis="x", rotation=30)
    return ax


def draw_rates(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw alerts per person-month by rule, simulated and real side by side.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``rule, source, per_person_month, low, high``; a rate of 0 has only an upper end.
    """
    need_columns(table, ("rule", "source", "per_person_month", "low", "high"), where="table of rates")
    rules, sources = list(dict.fromkeys(table["rule"])), list(dict.fromkeys(table["source"]))
    marks = {
        source: (color, mark) for source, color, mark in zip(sources, (BLUE, VERMILLION, GREEN), "osD", strict=False)
    }
    for source, (color, mark) in marks.items():
        rows = table[table["source"] == source].set_index("rule")
        offset = 0.18 * (sources.index(source) - (len(sources) - 1) / 2) * 2
        for place, rule in enumerate(rules):
            if rule in rows.index:
                row = rows.loc[rule]
                ax.plot([row["low"], row["high"]], [place + offset] * 2, color=color, linewidth=2)
                ax.plot(row["per_person_month"], place + offset, mark, color=color, markersize=6)
        ax.plot([], [], mark, color=color, label=source)
    ax.set_yticks(range(len(rules)), [rule.replace("_", " ") for rule in rules])
    ax.set_ylim(len(rules) - 0.5, -0.5)
    ax.set_xlim(left=-0.01)
    ax.set_xlabel(RATE_LABEL)
    ax.grid(visible=False, axis="y")
    ax.legend(loc="upper right")
    return ax


def draw_found_by_day(ax: Axes, table: pd.DataFrame) -> Axes:
    """Draw the share of planted episodes found by each day since their first, one line a kind.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``kind, day, share``, as ``monitor.evaluation.found_by_day`` gives.
    """
    need_columns(table, ("kind", "day", "share"), where="table of found episodes")
    labels = []
    for number, (kind, own) in enumerate(table.groupby("kind", sort=False)):
        color, line = LOOKS[number % len(LOOKS)]
        ax.plot(own["day"], own["share"], line, color=color, drawstyle="steps-post", linewidth=2)
        end = own.iloc[-1]
        labels.append(EndLabel(end["day"], end["share"], str(kind).replace("_", " "), color))
    ax.set_ylim(0, 1.04)
    ax.set_xlim(0, table["day"].max())
    ax.set_xlabel("days since the episode began")
    ax.set_ylabel("share of episodes found")
    place_end_labels(ax, labels)
    return ax


def draw_trade_off(ax: Axes, table: pd.DataFrame, names: Sequence[str]) -> Axes:
    """Draw found episodes against false alarms, one line a rule, a mark a strictness, the shipped one filled.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``rule, factor, per_person_month, share``.
    names : sequence of str
        Rules in the order in which they are drawn.
    """
    need_columns(table, ("rule", "factor", "per_person_month", "share"), where="table of strictness")
    for number, name in enumerate(names):
        color, line = LOOKS[number % len(LOOKS)]
        own = table[table["rule"] == name].sort_values("factor")
        ax.plot(own["per_person_month"], own["share"], line, color=color, linewidth=1.5, label=name.replace("_", " "))
        ax.plot(own["per_person_month"], own["share"], "o", color=color, markersize=5, markerfacecolor="white")
        shipped = own[np.isclose(own["factor"], 1.0)]
        ax.plot(shipped["per_person_month"], shipped["share"], "o", color=color, markersize=9)
    ax.plot([], [], "o", color=MUTED, markersize=9, label="as shipped")
    ax.set_xlabel(f"false alarms: {RATE_LABEL}")
    ax.set_ylabel("share of episodes found")
    ax.set_ylim(0, 1.04)
    ax.set_xlim(left=0)
    ax.axhline(1.0, color=FAINT, linewidth=1)
    ax.legend(loc="lower right")
    return ax
