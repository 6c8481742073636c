"""A server under load: answers a second, and how long an answer takes, against the number of people who ask at once."""

from __future__ import annotations

from typing import Any

import pandas as pd

from sleepcot_utils.figures.labels import need_columns
from sleepcot_utils.figures.theme import BLUE, INK, ORANGE, SOFT_INK, VERMILLION

#: Columns of the table of a load test that are drawn.
COLUMNS = ("clients", "answers_per_s", "p50_s", "p99_s")
#: Free space around numbers on an axis that doubles.
ROOM = 1.25


def draw_load(
    axs: Any, load: pd.DataFrame, *, one_by_one: pd.DataFrame | None = None, longest_s: float | None = None
) -> Any:
    """Draw throughput on the first axes and waiting times on the second.

    Parameters
    ----------
    axs : array of matplotlib.axes.Axes
        Two.
    load : pandas.DataFrame
        One row a number of clients, with the columns `COLUMNS`; times in seconds.
    one_by_one : pandas.DataFrame, optional
        The same of a server that answers questions one by one: the control.
    longest_s : float, optional
        Longest wait that is allowed, as a line.
    """
    need_columns(load, COLUMNS, where="table of the load test")
    throughput, waiting = axs
    throughput.plot(load["clients"], load["answers_per_s"], "o-", color=BLUE, label="answered together")
    if one_by_one is not None:
        throughput.plot(
            one_by_one["clients"], one_by_one["answers_per_s"], "s--", color=SOFT_INK, label="one by one (control)"
        )
        throughput.legend(loc="upper left")
    throughput.set_ylim(0, throughput.get_ylim()[1] * ROOM)
    throughput.set_ylabel("answers a second")
    waiting.plot(load["clients"], load["p99_s"], "^-", color=ORANGE, label="99th percentile")
    waiting.plot(load["clients"], load["p50_s"], "o-", color=BLUE, label="median")
    if longest_s is not None:
        waiting.axhline(longest_s, color=VERMILLION, linewidth=1, linestyle="--", label="longest wait asked for")
    waiting.set_yscale("log")
    waiting.yaxis.set_major_formatter("{x:g}")
    waiting.set_ylabel("time to an answer (s)")
    waiting.legend(loc="upper left")
    for ax in axs:
        ax.set_xscale("log", base=2)
        ax.set_xticks(load["clients"], [str(number) for number in load["clients"]])
        ax.minorticks_off()
        ax.set_xlim(load["clients"].min() / ROOM, load["clients"].max() * ROOM)
        ax.set_xlabel("clients who ask at once", color=INK)
    low, high = waiting.get_ylim()
    waiting.set_ylim(low, high * 4)  # room for the key
    return axs
