"""Nights of one person, means over people by age, and the effects of habits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.figures.labels import column_label, need_columns
from sleepcot_utils.figures.theme import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, SOFT_INK, VERMILLION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Fewer persons than this make no point of the curve over age: their interval would hide all others.
PERSONS_A_BIN = 5


def draw_person_nights(ax: Axes, nights: pd.DataFrame) -> Axes:
    """Draw when one person was in bed, one row a date, on the local clock.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    nights : pandas.DataFrame
        Rows of one person of the nightly table.

    Returns
    -------
    matplotlib.axes.Axes
        A bar from bedtime to rise for every main night, hatched if it ends on a Saturday or Sunday; naps as thin bars;
        dates of the span that have no clock times say "no record".

    Raises
    ------
    InputError
        If the rows are of several persons, or none has clock times (some exports give durations only).
    """
    need_columns(nights, ("person_id", "night_date", "sleep_kind", "start_local", "end_local"), where="nightly table")
    if nights["person_id"].nunique() != 1:
        raise InputError(
            f"there are {nights['person_id'].nunique()} persons in one timing figure",
            where="nightly table",
            expected="rows of one person",
        )
    timed = nights.dropna(subset=["start_local", "end_local"])
    if timed.empty:
        raise InputError("no night has clock times", where="nightly table", expected="start_local and end_local")
    dates = pd.date_range(nights["night_date"].min(), nights["night_date"].max(), freq="D")
    row_of = {date: index for index, date in enumerate(dates)}
    start, end = (_clock_hours(timed, name) for name in ("start_local", "end_local"))
    weekend = timed["night_date"].dt.day_of_week >= 5
    main = timed["sleep_kind"] == "main"
    rows = timed["night_date"].map(row_of)
    kinds: tuple[tuple[str, pd.Series, float, dict[str, Any]], ...] = (
        ("ends on a weekday", main & ~weekend, 0.74, {"color": BLUE}),
        ("ends on Saturday or Sunday", main & weekend, 0.74, {"color": ORANGE, "hatch": "///", "edgecolor": "white"}),
        ("nap", ~main, 0.36, {"color": PURPLE}),
    )
    for label, chosen, height, look in kinds:
        if chosen.any():
            width = (end - start)[chosen]
            ax.barh(rows[chosen], width, left=start[chosen], height=height, label=label, linewidth=0, **look)
    middle = float(((start + end) / 2)[main if main.any() else ~main].median())
    _name_gaps(ax, dates, set(timed.loc[main, "night_date"]), middle)
    _clock_axis(ax, float(start.min()), float(end.max()))
    _date_axis(ax, dates)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, borderaxespad=0.2)
    return ax


def draw_age_slope(
    ax: Axes,
    people_nights: pd.DataFrame,
    column: str,
    norm: pd.DataFrame | None = None,
    *,
    norm_label: str = "published norm",
) -> Axes:
    """Draw the person means of a nightly quantity against age.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    people_nights : pandas.DataFrame
        Columns ``person_id``, ``age_y`` (years) and ``column``; one row a night.
    column : str
        A nightly quantity; its unit is read from the name.
    norm : pandas.DataFrame, optional
        Columns ``age_y`` and ``value``, and ``low`` and ``high`` for a band; the quantity expected at that age.
    norm_label : str
        Name of the norm, best with its source.

    Returns
    -------
    matplotlib.axes.Axes
        One faint point a person; mean of each ten years of age with ``PERSONS_A_BIN`` persons or more, at their mean
        age, with its 95% Student interval over persons; the norm as a dashed line.
    """
    from scipy import stats

    need_columns(people_nights, ("person_id", "age_y", column), where="people and nights")
    persons = people_nights.groupby("person_id")[["age_y", column]].mean().dropna()
    if persons.empty:
        raise InputError(f"no person has a value of {column!r}", where="people and nights", expected="one or more")
    ax.scatter(persons["age_y"], persons[column], s=14, color=BLUE, alpha=0.35, linewidths=0, label="one person")
    bins = persons.groupby(persons["age_y"] // 10)
    large = [group for _, group in bins if len(group) >= PERSONS_A_BIN]
    if large:
        age = [group["age_y"].mean() for group in large]
        mean = [group[column].mean() for group in large]
        half = [stats.t.ppf(0.975, len(group) - 1) * group[column].sem() for group in large]
        ax.errorbar(
            age,
            mean,
            yerr=half,
            color=INK,
            marker="o",
            markersize=6,
            linewidth=1.5,
            capsize=3,
            label="mean by decade of age, 95% interval",
        )
    if norm is not None:
        _draw_norm(ax, norm, norm_label)
    ax.set_xlabel(column_label("age_y"))
    ax.set_ylabel(column_label(column))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=1, borderaxespad=0.2)
    return ax


def draw_driver_effects(ax: Axes, effects: pd.DataFrame, *, outcome: str = "total_sleep_min") -> Axes:
    """Draw what each habit does to a nightly quantity, beside what was planted.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    effects : pandas.DataFrame
        Columns ``driver, estimate, low, high`` in the unit of the outcome, and optionally ``planted``, the effect that
        the simulator was given; one row a driver, drawn from top to bottom.
    outcome : str
        The nightly quantity; its unit is read from the name.

    Returns
    -------
    matplotlib.axes.Axes
    """
    need_columns(effects, ("driver", "estimate", "low", "high"), where="driver effects")
    places = np.arange(len(effects))
    ax.axvline(0, color=INK, linewidth=1, zorder=1)
    ax.hlines(places, effects["low"], effects["high"], color=INK, linewidth=2, zorder=2, label="95% interval")
    ax.plot(effects["estimate"], places, "o", color=BLUE, markersize=8, markeredgecolor=INK, label="found", zorder=3)
    if "planted" in effects and effects["planted"].notna().any():
        ax.plot(
            effects["planted"],
            places + 0.27,
            "^",
            markerfacecolor="white",
            markeredgecolor=VERMILLION,
            markeredgewidth=1.8,
            markersize=8,
            label="planted",
            zorder=3,
        )
    ax.set_yticks(places, [str(driver).replace("_", " ") for driver in effects["driver"]])
    ax.set_ylim(len(effects) - 0.4, -0.6)
    ax.set_xlabel(f"change in {column_label(outcome)}")
    ax.grid(visible=False, axis="y")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, borderaxespad=0.2)
    return ax


def _clock_hours(timed: pd.DataFrame, name: str) -> pd.Series:
    """Hours since local midnight at the start of the night's date; the evening before is negative."""
    return (timed[name] - timed["night_date"]).dt.total_seconds() / 3600


def _clock_axis(ax: Axes, low: float, high: float) -> None:
    low, high = np.floor(low), np.ceil(high)
    step = 2 if high - low <= 18 else 3
    ticks = np.arange(np.ceil(low / step) * step, high + 0.1, step)
    ax.set_xlim(low - 0.2, high + 0.2)
    ax.set_xticks(ticks, [f"{int(tick) % 24:02d}:00" for tick in ticks])
    ax.set_xlabel("local clock time (h:min)")


def _date_axis(ax: Axes, dates: pd.DatetimeIndex) -> None:
    step = max(1, int(np.ceil(len(dates) / 15)))
    ax.set_yticks(range(0, len(dates), step), [f"{date:%a} {date:%Y-%m-%d}" for date in dates[::step]])
    ax.set_ylim(len(dates) - 0.4, -0.6)
    ax.set_ylabel("date on which the sleep ended")
    ax.grid(visible=False, axis="y")


def _name_gaps(ax: Axes, dates: pd.DatetimeIndex, present: set[Any], middle: float) -> None:
    for index, date in enumerate(dates):
        if date not in present:
            ax.text(middle, index, "no record", ha="center", va="center", fontsize=8, color=SOFT_INK, style="italic")


def _draw_norm(ax: Axes, norm: pd.DataFrame, label: str) -> None:
    need_columns(norm, ("age_y", "value"), where="norm")
    norm = norm.sort_values("age_y")
    if {"low", "high"} <= set(norm):
        ax.fill_between(norm["age_y"], norm["low"], norm["high"], color=GREEN, alpha=0.15, linewidth=0)
        ax.plot(norm["age_y"], norm["low"], norm["age_y"], norm["high"], color=MUTED, linewidth=0.8)
    ax.plot(norm["age_y"], norm["value"], color=GREEN, linewidth=2, linestyle="--", label=label)
