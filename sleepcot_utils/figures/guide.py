"""Figures of training advice: a week's plan against its limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sleepcot_utils.errors import InputError
from sleepcot_utils.figures.theme import FAINT, INK, ORANGE, SKY_BLUE, SOFT_INK
from sleepcot_utils.tasks.guide.rules import EASY, HARD, REST
from sleepcot_utils.tasks.guide.week import Session, WeekLimits

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOKS = {EASY: (SKY_BLUE, ""), HARD: (ORANGE, "//")}


def draw_week(ax: Axes, plan: Sequence[Session], limits: WeekLimits) -> Axes:
    """Draw the minutes of each day by level; busy days are shaded, strength is written above.

    Parameters
    ----------
    plan : sequence of Session
        Seven days.
    limits : WeekLimits
        Of the same week.

    Raises
    ------
    InputError
        If the plan has other days than the limits.
    """
    if tuple(one.day for one in plan) != limits.days:
        raise InputError("these are not the days of the week", where="plan", expected=", ".join(limits.days))
    for level, (color, hatch) in LOOKS.items():
        places = [place for place, one in enumerate(plan) if one.level == level]
        minutes = [plan[place].minutes for place in places]
        if not places:
            continue
        ax.bar(places, minutes, color=color, hatch=hatch, edgecolor=INK, linewidth=0.8, label=level)
    for place, one in enumerate(plan):
        if one.day in limits.busy:
            ax.axvspan(place - 0.45, place + 0.45, color=FAINT, zorder=0)
        words = (
            REST
            if one.level == REST
            else "strength\nand balance"
            if one.balance
            else "strength"
            if one.strength
            else ""
        )
        ax.annotate(
            words, (place, one.minutes), xytext=(0, 4), textcoords="offset points", ha="center", color=SOFT_INK, size=9
        )
    ax.axhline(limits.day_most_min, color=SOFT_INK, linestyle="--", linewidth=1.2, label="most a day")
    ax.set_xticks(range(len(plan)), limits.days)
    ax.set_ylabel("minutes of training")
    ax.set_ylim(0, limits.day_most_min * 1.35)
    ax.legend(loc="upper right", ncols=3)
    return ax
