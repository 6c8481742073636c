"""Loss curves of the students."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.figures.labels import EndLabel, need_columns, place_end_labels
from sleepcot_utils.figures.theme import INK, order_sources, source_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOG_COLUMNS = ("source", "seed", "step", "split", "loss")
SPLITS = ("train", "validation")

LOSS_TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 20)


def draw_loss_curves(ax: Axes, log: pd.DataFrame) -> Axes:
    """Draw training and validation loss of every source and seed.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    log : pandas.DataFrame
        Columns ``source, seed, step`` (optimizer steps), ``split`` (``train`` or ``validation``) and ``loss`` (mean
        negative log likelihood in nats a token). Null losses are skipped.

    Returns
    -------
    matplotlib.axes.Axes
        Validation as solid lines with markers, one line a seed, the lowest point ringed; training as thin dotted
        lines; every source named at the end of its lines. The loss is on a logarithmic scale, so that late differences
        can be seen. Sources that learn different target texts have losses that can't be compared with each other.

    Raises
    ------
    InputError
        If a column is missing, a split is unknown, or a loss is not above zero.
    """
    need_columns(log, LOG_COLUMNS, where="training log")
    unknown = sorted(set(log["split"]) - set(SPLITS))
    if unknown:
        raise InputError(f"the split {unknown[0]!r} is unknown", where="training log", expected=" or ".join(SPLITS))
    if not (log["loss"].dropna() > 0).all():
        raise InputError("a loss is not above zero", where="training log", expected="nats a token, above 0")
    log = log.dropna(subset=["loss"]).sort_values("step", kind="stable")
    ends = []
    for source in order_sources(log["source"]):
        style = source_style(source)
        last: dict[str, list[tuple[float, float]]] = {}
        for (split, _), part in log[log["source"] == source].groupby(["split", "seed"], sort=True):
            curve = part.reset_index(drop=True)
            last.setdefault(str(split), []).append((curve["step"].iloc[-1], curve["loss"].iloc[-1]))
            if split == "train":
                ax.plot(curve["step"], curve["loss"], color=style.color, linewidth=1, linestyle=":", alpha=0.8)
                continue
            ax.plot(curve["step"], curve["loss"], color=style.color, linewidth=1.8, marker=style.marker, markersize=5)
            best = curve.iloc[[int(curve["loss"].argmin())]]
            ax.plot(best["step"], best["loss"], "o", markersize=11, markerfacecolor="none", markeredgecolor=INK)
        tips = last.get("validation") or last.get("train", [])
        if tips:
            x = max(step for step, _ in tips)
            y = sum(loss for _, loss in tips) / len(tips)
            seeds = log.loc[log["source"] == source, "seed"].nunique()
            text = f"{source} ({seeds} seed{'' if seeds == 1 else 's'})"
            ends.append(EndLabel(x, y, text, style.color))
    ax.set_xlabel("optimizer step")
    _loss_axis(ax)
    _key(ax)
    place_end_labels(ax, ends)
    return ax


def _loss_axis(ax: Axes) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    ax.set_yscale("log")
    low, high = ax.get_ylim()
    ticks = [tick for tick in LOSS_TICKS if low <= tick <= high]
    # A narrow range may hold hardly any of the round numbers.
    ax.yaxis.set_major_locator(FixedLocator(ticks) if len(ticks) > 2 else MaxNLocator(5))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda loss, _: f"{loss:g}"))
    ax.set_ylabel("loss (nats a token, log scale)")


def _key(ax: Axes) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=INK, linewidth=1.8, label="held-out persons"),
        Line2D([], [], color=INK, linewidth=1, linestyle=":", label="training persons"),
        Line2D([], [], color="none", marker="o", markersize=9, markerfacecolor="none", markeredgecolor=INK),
    ]
    handles[-1].set_label("lowest held-out loss")
    ax.legend(handles=handles, loc="upper right")
