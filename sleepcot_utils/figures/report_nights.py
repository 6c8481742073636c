"""The figure of a report: one person's nights on the clock, and what the device made of the time in bed.

Most exports say how many minutes of each stage a night had, and not when. So the figure draws no hypnogram: above it
shows when the person was in bed, below it minutes of each kind, sorted by kind.
"""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.figures.labels import need_columns
from sleepcot_utils.figures.theme import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    SKY_BLUE,
    SOFT_INK,
    STAGES,
    new_figure,
)
from sleepcot_utils.report.full import FullReport
from sleepcot_utils.report.statements import KNOWN
from sleepcot_utils.report.wording import Words, clock_text, words_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Narrow, so that a telephone shows its letters in a readable size.
WIDTH_IN = 4.7
ROW_IN = 0.21
#: Minutes of a night that its stages may leave open by rounding.
ROUNDING_MIN = 1.0
_COLUMNS = ("night_date", "sleep_kind", "start_local", "end_local", "time_in_bed_min", "total_sleep_min")
#: Kind of minutes to its color and hatch, in the order in which a row is filled.
KINDS = {
    "deep": (STAGES["deep"].color, STAGES["deep"].hatch),
    "light": (STAGES["light"].color, STAGES["light"].hatch),
    "rem": (STAGES["rem"].color, STAGES["rem"].hatch),
    "asleep": (SKY_BLUE, "--"),
    "awake": (STAGES["wake"].color, STAGES["wake"].hatch),
    "unknown": (FAINT, ""),
}


@dataclass(frozen=True)
class Picture:
    """A figure as inline SVG, with what it shows in words and its caption."""

    svg: str
    alt: str
    caption: str


def shares_of_nights(nights: pd.DataFrame) -> pd.DataFrame:
    """Minutes of the time in bed by kind, one row a main night; the kinds add up to the time in bed.

    Parameters
    ----------
    nights : pandas.DataFrame
        Rows of one person of the nightly table.

    Returns
    -------
    pandas.DataFrame
        Index ``night_date``, columns as in ``KINDS``. A stage that is not known counts under ``asleep``, time in bed
        without a known time asleep under ``unknown``.
    """
    main = nights[nights["sleep_kind"] == "main"].set_index("night_date").sort_index()
    asleep = main["total_sleep_min"]
    stages = main[["deep_min", "light_min", "rem_min"]].fillna(0).set_axis(["deep", "light", "rem"], axis=1)
    stages = stages.where(asleep.notna(), 0.0)
    rest = (asleep.fillna(0) - stages.sum(axis=1)).clip(lower=0)
    in_bed = main["time_in_bed_min"].fillna(asleep.fillna(0))
    left = (in_bed - asleep.fillna(0)).clip(lower=0)
    return stages.assign(
        asleep=rest.where(rest > ROUNDING_MIN, 0.0),
        awake=left.where(asleep.notna(), 0.0),
        unknown=left.where(asleep.isna(), 0.0),
    )[list(KINDS)]


def draw_bed_times(ax: Axes, nights: pd.DataFrame, words: Words) -> Axes:
    """Draw when one person was in bed, one row a date; dates without a record or without clock times say so."""
    dates = _dates(nights)
    row_of = {date: index for index, date in enumerate(dates)}
    timed = nights.dropna(subset=["start_local", "end_local"])
    start, end = (_clock_hours(timed, name) for name in ("start_local", "end_local"))
    rows = timed["night_date"].map(row_of)
    main, weekend = timed["sleep_kind"] == "main", timed["night_date"].dt.day_of_week >= 5
    for key, chosen, height, color, hatch in (
        ("weekday", main & ~weekend, 0.72, BLUE, ""),
        ("weekend", main & weekend, 0.72, ORANGE, "///"),
        ("nap", ~main, 0.36, PURPLE, ""),
    ):
        if chosen.any():
            ax.barh(
                rows[chosen], (end - start)[chosen], left=start[chosen], height=height, color=color, hatch=hatch,
                edgecolor="white", linewidth=0, label=words.figure(key),
            )  # fmt: skip
    recorded = set(nights.loc[nights["sleep_kind"] == "main", "night_date"])
    clocked = set(timed.loc[main, "night_date"])
    low, high = (float(np.floor(start.min())), float(np.ceil(end.max()))) if len(timed) else (-2.0, 10.0)
    for date, row in row_of.items():
        if date not in clocked:
            said = words.figure("no_clock" if date in recorded else "no_record")
            ax.text((low + high) / 2, row, said, ha="center", va="center", fontsize=8, color=SOFT_INK)
    step = 3 if high - low <= 15 else 6
    ticks = np.arange(np.ceil(low / step) * step, high + 0.1, step)
    ax.set_xlim(low - 0.2, high + 0.2)
    ax.set_xticks(ticks, [f"{int(tick) % 24:02d}:00" for tick in ticks])
    ax.set_xlabel(words.figure("clock_axis"))
    return _finish(ax, dates, words.figure("clock_title"), words)


def draw_shares(ax: Axes, nights: pd.DataFrame, words: Words) -> Axes:
    """Draw how many minutes in bed were of which kind, one row a date, sorted by kind and not by time."""
    dates = _dates(nights)
    shares = shares_of_nights(nights).reindex(dates)
    rows, left = np.arange(len(dates)), np.zeros(len(dates))
    for kind, (color, hatch) in KINDS.items():
        width = shares[kind].fillna(0).to_numpy()
        if width.any():
            ax.barh(
                rows, width, left=left, height=0.72, color=color, hatch=hatch, edgecolor="white", linewidth=0,
                label=words.figure(kind),
            )  # fmt: skip
            left += width
    for row in np.flatnonzero(shares.isna().all(axis=1)):
        ax.text(6, float(row), words.figure("no_record"), ha="left", va="center", fontsize=8, color=SOFT_INK)
    ax.set_xlabel(words.figure("share_axis"))
    ax.set_xlim(0, max(60.0, 1.02 * left.max()))
    return _finish(ax, dates, words.figure("share_title"), words)


def draw_report(full: FullReport, language: str = "en") -> Figure:
    """The figure of a report: time in bed on the clock above (where there are clock times), minutes by kind below."""
    need_columns(full.nights, _COLUMNS, where="nightly table")
    words = words_of(language)
    clocks = _has_clocks(full)
    panels = 1 + clocks
    height = panels * (ROW_IN * len(_dates(full.nights)) + 1.5)
    fig, axes = new_figure(panels, 1, height_in=height, width_in=WIDTH_IN, squeeze=False)
    if clocks:
        draw_bed_times(axes[0, 0], full.nights, words)
    draw_shares(axes[-1, 0], full.nights, words)
    return fig


def report_picture(full: FullReport, language: str = "en") -> Picture:
    """The figure of a report for a page: text stays text, and its grays are the page's, light or dark."""
    from matplotlib import pyplot, rc_context

    out = io.StringIO()
    with warnings.catch_warnings(), rc_context({"svg.fonttype": "none", "svg.hashsalt": "sleepcot"}):
        # The browser draws the letters; the plotting font need not have them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        fig = draw_report(full, language)
        fig.savefig(out, format="svg", transparent=True, bbox_inches="tight", metadata={"Date": None, "Creator": None})
        pyplot.close(fig)
    alt = alt_text(full, language)
    return Picture(_inline(out.getvalue(), alt), alt, caption_text(full, language))


def caption_text(full: FullReport, language: str = "en") -> str:
    """What a reader has to know of the figure."""
    words = words_of(language)
    gap = "" if language == "zh" else " "
    return words.figure("caption_clock" if _has_clocks(full) else "no_clocks") + gap + words.figure("caption_share")


def alt_text(full: FullReport, language: str = "en") -> str:
    """What the figure shows, for those who can't see it."""
    words, nights = words_of(language), full.nights
    main = nights[nights["sleep_kind"] == "main"]
    staged = int(main[["deep_min", "light_min", "rem_min"]].notna().all(axis=1).sum())
    bed, rise = full["mean_bedtime"], full["mean_rise"]
    clock = words.figure("alt_no_clock")
    if bed.status == rise.status == KNOWN:
        clock = words.figure("alt_clock", bed=clock_text(bed.value), rise=clock_text(rise.value))
    means = ""
    in_bed, asleep = full["time_in_bed"], full["total_sleep"]
    if in_bed.status == asleep.status == KNOWN:
        means = words.figure("alt_means", in_bed=f"{in_bed.value:.0f}", asleep=f"{asleep.value:.0f}")
    return words.figure(
        "alt",
        first=full.first_date,
        last=full.last_date,
        nights=len(main),
        gaps=len(_dates(nights)) - len(main),
        clock=clock,
        means=means,
        stages=words.figure("alt_stages", count=staged) if staged else words.figure("alt_no_stages"),
    )


def _has_clocks(full: FullReport) -> bool:
    return bool(full.nights[["start_local", "end_local"]].notna().all(axis=1).any())


def _clock_hours(timed: pd.DataFrame, name: str) -> pd.Series:
    """Hours since local midnight at the start of the night's date; the evening before is negative."""
    return (timed[name] - timed["night_date"]).dt.total_seconds() / 3600


def _dates(nights: pd.DataFrame) -> pd.DatetimeIndex:
    main = nights.loc[nights["sleep_kind"] == "main", "night_date"]
    if main.empty:
        raise InputError("there is no main night to draw", where="nightly table", expected="one or more")
    return pd.date_range(main.min(), main.max(), freq="D")


def _finish(ax: Axes, dates: pd.DatetimeIndex, title: str, words: Words) -> Axes:
    ax.set_title(title, loc="left", pad=6)
    step = max(1, int(np.ceil(len(dates) / 16)))
    shown = dates[::step]
    ax.set_yticks(range(0, len(dates), step), [f"{words.days[date.day_of_week]} {date:%m-%d}" for date in shown])
    ax.set_ylim(len(dates) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper left", bbox_to_anchor=(-0.3, -0.44 / max(1.2, ROW_IN * len(dates))), ncols=2)
    return ax


def _inline(svg: str, alt: str) -> str:
    """An SVG file as a part of a page: no prologue, its own description, grays by the variables of the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'^<svg([^>]*?) width="[^"]*"', r"<svg\1", svg, count=1)
    svg = re.sub(r'^<svg([^>]*?) height="[^"]*"', r"<svg\1", svg, count=1)
    for gray, variable in ((INK, "ink"), (SOFT_INK, "soft"), (MUTED, "soft"), (FAINT, "line"), ("#ffffff", "card")):
        svg = svg.replace(gray.lower(), f"var(--{variable})")
    end = svg.index(">")
    return f'{svg[:end]} role="img" aria-label="{escape(alt)}"{svg[end:]}'
