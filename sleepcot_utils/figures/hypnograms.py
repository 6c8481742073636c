"""Hypnograms: one night beside what a device made of it, many nights as a raster, and how long bouts last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.figures.labels import need_columns
from sleepcot_utils.figures.theme import BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, SKY_BLUE, STAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EPOCH_H = 30 / 3600
#: Codes of a hypnogram from top to bottom, as sleep laboratories draw it, with color, hatch and name.
ROWS = ((0, "awake", ORANGE), (4, "REM", PURPLE), (1, "N1", MUTED), (2, "N2", SKY_BLUE), (3, "N3", BLUE))
DEVICE_ROWS = ((0, "awake", ORANGE), (4, "REM", PURPLE), (2, "light", SKY_BLUE), (3, "deep", BLUE))
#: Raster: code of a hypnogram to the stage whose look the theme fixes.
LOOKS = {0: "wake", 1: "light", 2: "light", 3: "deep", 4: "rem"}
MARKERS = {"wake": "o", "n1": "v", "n2": "s", "n3": "D", "rem": "^"}
BOUT_COLORS = {"wake": ORANGE, "n1": MUTED, "n2": SKY_BLUE, "n3": BLUE, "rem": PURPLE}


def draw_hypnogram(ax: Axes, stages: np.ndarray, *, device: bool = False) -> Axes:
    """Draw one night, one step an epoch.

    Parameters
    ----------
    stages : numpy.ndarray
        Codes of ``simulate.stages``; -1 where nothing was recorded.
    device : bool
        Whether these are a device's stages: light instead of N1 and N2, deep instead of N3.
    """
    known = np.flatnonzero(stages >= 0)
    if not len(known):
        raise InputError("there is no epoch to draw", where="hypnogram", expected="one scored epoch or more")
    rows = DEVICE_ROWS if device else ROWS
    place = {code: len(rows) - 1 - index for index, (code, _, _) in enumerate(rows)}
    if device:
        place[1] = place[2]
    height = np.array([place[int(code)] for code in stages[known]], dtype=float)
    hours = known * EPOCH_H
    ax.step(
        np.append(hours, hours[-1] + EPOCH_H), np.append(height, height[-1]), where="post", color=INK, linewidth=0.9
    )
    for code, _, color in rows:
        inside = stages[known] == code
        if device and code == 2:
            inside |= stages[known] == 1
        ax.bar(hours[inside], 0.34, width=EPOCH_H, bottom=place[code] - 0.17, color=color, align="edge", linewidth=0)
    ax.set_yticks([place[code] for code, _, _ in rows], [name for _, name, _ in rows])
    ax.set_ylim(-0.5, len(rows) - 0.5)
    ax.set_xlim(0, hours[-1] + EPOCH_H)
    ax.set_xlabel("hours since lights-out")
    ax.grid(visible=False, axis="y")
    return ax


def draw_trace(ax: Axes, values: np.ndarray, label: str, *, color: str = GREEN) -> Axes:
    """Draw a vital sign of one night against hours since lights-out; ``label`` names it with its unit."""
    hours = np.arange(len(values)) * EPOCH_H
    ax.plot(hours, values, color=color, linewidth=1.0)
    ax.set_ylabel(label)
    ax.set_xlim(0, hours[-1] + EPOCH_H)
    ax.set_xlabel("hours since lights-out")
    return ax


def draw_stage_raster(ax: Axes, stages: np.ndarray, bed_h: np.ndarray, labels: list[str]) -> Axes:
    """Draw many nights of one person, one row a night, on the local clock; stages by color and by brightness.

    Parameters
    ----------
    stages : numpy.ndarray
        Codes, shape (nights, epochs); -1 is padding.
    bed_h : numpy.ndarray
        Lights-out of each night in hours from the midnight before the evening; 23.5 is half past eleven.
    labels : list of str
        What to write beside each row.
    """
    from matplotlib.patches import Patch

    if not (len(stages) == len(bed_h) == len(labels)):
        raise InputError(
            f"there are {len(stages)} nights, {len(bed_h)} bedtimes and {len(labels)} labels",
            where="stage raster",
            expected="as many of each",
        )
    for row, (night, bed) in enumerate(zip(stages, bed_h, strict=True)):
        length = int((night >= 0).sum())
        changes = np.flatnonzero(np.diff(night[:length])) + 1
        starts, stops = np.concatenate([[0], changes]), np.concatenate([changes, [length]])
        spans: dict[str, list[tuple[float, float]]] = {name: [] for name in STAGES}
        for start, stop in zip(starts, stops, strict=True):
            spans[LOOKS[int(night[start])]].append((bed + start * EPOCH_H, (stop - start) * EPOCH_H))
        for name, pieces in spans.items():
            ax.broken_barh(pieces, (row - 0.42, 0.84), facecolors=STAGES[name].color, linewidth=0)
    step = max(1, len(labels) // 15)
    ax.set_yticks(range(0, len(labels), step), labels[::step])
    ax.set_ylim(len(labels) - 0.4, -0.6)
    low, high = (
        np.floor(min(bed_h)),
        np.ceil(max(b + (n >= 0).sum() * EPOCH_H for b, n in zip(bed_h, stages, strict=True))),
    )
    ticks = np.arange(low, high + 1, 2)
    ax.set_xlim(low, high)
    ax.set_xticks(ticks, [f"{int(tick) % 24:02d}:00" for tick in ticks])
    ax.set_xlabel("local clock time (h:min)")
    ax.grid(visible=False, axis="y")
    handles = [Patch(facecolor=look.color, label=look.label) for look in STAGES.values()]
    ax.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4, borderaxespad=0.2)
    return ax


def draw_bout_survival(ax: Axes, bouts: pd.DataFrame) -> Axes:
    """Draw how many bouts of each stage last longer than so many epochs, simulated beside real.

    Parameters
    ----------
    bouts : pandas.DataFrame
        ``stage`` (wake, n1, n2, n3, rem), ``epochs``, ``real`` and ``simulated`` (shares of bouts that last longer),
        and ``low`` and ``high``, the interval of the real one.
    """
    need_columns(bouts, ("stage", "epochs", "real", "simulated", "low", "high"), where="bout lengths")
    for stage, marker in MARKERS.items():
        part = bouts[bouts["stage"] == stage].sort_values("epochs")
        if part.empty:
            continue
        color = BOUT_COLORS[stage]
        minutes = part["epochs"] / 2
        ax.fill_between(minutes, part["low"].clip(lower=1e-3), part["high"], color=color, alpha=0.18, linewidth=0)
        ax.plot(minutes, part["real"], color=color, linestyle="--", linewidth=1.6, marker=marker, fillstyle="none")
        ax.plot(
            minutes, part["simulated"], color=color, linewidth=1.6, marker=marker, markersize=6, label=stage.upper()
        )
    ax.plot([], [], color=INK, linewidth=1.6, label="simulated")
    ax.plot([], [], color=INK, linewidth=1.6, linestyle="--", label="real, with interval")
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set_ylim(8e-3, 1.1)
    ax.set_xticks([0.5, 1, 2, 4, 8, 16], ["0.5", "1", "2", "4", "8", "16"])
    ax.set_xlabel("length of the bout (min)")
    ax.set_ylabel("share of bouts that last longer")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=7, borderaxespad=0.2)
    return ax
