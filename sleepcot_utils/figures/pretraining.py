"""How the base came along: exam over tokens, and what each skill reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sleepcot_utils.figures.labels import need_columns
from sleepcot_utils.figures.theme import BLUE, INK, MUTED, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CURVE_COLUMNS = ("tokens", "exam", "train_loss")
EXAM_COLUMNS = ("skill", "right")
MILLION = 1e6


def draw_base_curve(ax: Axes, curve: pd.DataFrame) -> Axes:
    """Share of the exam answered right, and the training loss, over the tokens read.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    curve : pandas.DataFrame
        Columns ``tokens``, ``exam`` (share of exercises answered exactly right) and ``train_loss`` (nats a token).

    Returns
    -------
    matplotlib.axes.Axes
        The exam on the left axis, the loss dotted on the right one.
    """
    need_columns(curve, CURVE_COLUMNS, where="training curve")
    millions = curve["tokens"] / MILLION
    ax.plot(millions, curve["exam"], color=BLUE, marker="o", markersize=4, linewidth=1.8)
    ax.set_xlabel("tokens read (millions)")
    ax.set_ylabel("exam answered right (share)", color=BLUE)
    ax.set_ylim(0, 1)
    beside = ax.twinx()
    beside.plot(millions, curve["train_loss"], color=ORANGE, linestyle=":", linewidth=1.8)
    beside.set_ylabel("training loss (nats a token, dotted)", color=INK)
    beside.set_ylim(0, None)
    beside.grid(visible=False)
    return ax


def draw_exam(axes: Sequence[Axes], exam: pd.DataFrame, families: Mapping[str, str]) -> None:
    """Each skill's share of right answers, a panel a family of skills.

    Parameters
    ----------
    axes : sequence of matplotlib.axes.Axes
        One for each family, in the order in which families first occur in ``exam``.
    exam : pandas.DataFrame
        Columns ``skill`` and ``right``.
    families : mapping of str to str
        Family of each skill; skills that it lacks stand in the last family.
    """
    need_columns(exam, EXAM_COLUMNS, where="exam")
    last = list(dict.fromkeys(families.values()))[-1]
    family = exam["skill"].map(dict(families)).fillna(last)
    for ax, (name, part) in zip(axes, exam.groupby(family, sort=False), strict=True):
        ordered = part.sort_values("right")
        places = np.arange(len(ordered))
        ax.hlines(places, 0, ordered["right"], color=MUTED, linewidth=1)
        ax.plot(ordered["right"], places, "o", color=BLUE, markersize=5)
        ax.set_yticks(places, ordered["skill"], fontsize=7)
        ax.set_xlim(-0.02, 1.05)
        ax.set_xticks([0, 0.5, 1])
        ax.set_ylim(-0.7, len(ordered) - 0.3)
        ax.set_title(str(name), fontsize=9)
        ax.grid(axis="y", visible=False)
