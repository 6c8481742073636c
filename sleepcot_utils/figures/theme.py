"""The one theme of all figures: sizes, colors, markers, and the fixed look of every source and sleep stage.

Nothing is told by color alone: a source also has its marker and line style, a stage its place and hatch.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Colors that stay apart for people with any common kind of color blindness (Okabe and Ito 2008, Color Universal
#: Design, https://jfly.uni-koeln.de/color/). Yellow is left out: it is too pale for lines on white.
ORANGE = "#E69F00"
SKY_BLUE = "#56B4E9"
GREEN = "#009E73"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"

#: Grays by their contrast against white (WCAG 2.1): INK 15:1, SOFT_INK 7:1 (both fit for text), MUTED 3.4:1 (marks
#: only), FAINT for bands and grid lines.
INK = "#222222"
SOFT_INK = "#595959"
MUTED = "#8C8C8C"
FAINT = "#E4E4E4"

WIDTH_IN = 8.0
ROW_HEIGHT_IN = 3.6
DOTS_PER_INCH = 150


@dataclass(frozen=True)
class SourceStyle:
    """How one source of answers is drawn everywhere."""

    color: str
    marker: str
    line: str = "-"


@dataclass(frozen=True)
class StageStyle:
    """How one sleep stage is drawn everywhere."""

    color: str
    hatch: str
    label: str


#: In the order in which they are listed and drawn: controls, untrained model, students, teacher.
SOURCES: dict[str, SourceStyle] = {
    "constant": SourceStyle(MUTED, "X", ":"),
    "template": SourceStyle(ORANGE, "s", "--"),
    "nearest": SourceStyle(SKY_BLUE, "v", "-."),
    "logistic_regression": SourceStyle(SKY_BLUE, "<", ":"),
    "gradient_boosting": SourceStyle(GREEN, "d", "--"),
    "base": SourceStyle(SOFT_INK, "o", ":"),
    "base_few_shot": SourceStyle(SOFT_INK, "P", "--"),
    "answer_only": SourceStyle(BLUE, "D", "--"),
    "answer_only_equal_tokens": SourceStyle(BLUE, "s", ":"),
    "cot": SourceStyle(VERMILLION, "o", "-"),
    "step_by_step": SourceStyle(PURPLE, "^", "-."),
    "cot_long": SourceStyle(VERMILLION, ">", "--"),
    "cot_mix": SourceStyle(VERMILLION, "h", "-."),
    "cot_unfiltered": SourceStyle(ORANGE, "d", ":"),
    "cot_samples": SourceStyle(VERMILLION, "p", "--"),
    "cot_with_guide": SourceStyle(GREEN, "P", "--"),
    "on_policy": SourceStyle(PURPLE, "H", "-"),
    "teacher": SourceStyle(GREEN, "*", "-"),
}

#: Top to bottom as in a hypnogram.
STAGES: dict[str, StageStyle] = {
    "wake": StageStyle(ORANGE, "//", "awake"),
    "rem": StageStyle(PURPLE, "..", "REM sleep"),
    "light": StageStyle(SKY_BLUE, "", "light sleep"),
    "deep": StageStyle(BLUE, "xx", "deep sleep"),
}

_SPARE_COLORS = (BLUE, GREEN, PURPLE, VERMILLION, SOFT_INK)
_SPARE_MARKERS = ("8", "<", ">", "d", "p", "H", "P")


def source_style(name: str) -> SourceStyle:
    """Look of a source; a name that the study does not know gets a look that depends on the name alone."""
    if name in SOURCES:
        return SOURCES[name]
    code = zlib.crc32(name.encode())
    marker = _SPARE_MARKERS[(code // len(_SPARE_COLORS)) % len(_SPARE_MARKERS)]
    return SourceStyle(_SPARE_COLORS[code % len(_SPARE_COLORS)], marker, "--")


def order_sources(names: Any) -> list[str]:
    """The distinct names in the fixed order of ``SOURCES``; unknown ones follow, by alphabet, before the teacher."""
    known = list(SOURCES)
    place = {name: float(index) for index, name in enumerate(known)}
    before_teacher = place["teacher"] - 0.5
    return sorted(set(names), key=lambda name: (place.get(name, before_teacher), name))


def theme_parameters() -> dict[str, Any]:
    """Matplotlib settings of the theme.

    The font is DejaVu Sans, because it comes with matplotlib and so is the same on every machine.
    """
    return {
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 10,
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.labelsize": 10,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "legend.fontsize": 9,
        "legend.frameon": False,
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.edgecolor": MUTED,
        "axes.linewidth": 0.8,
        "grid.color": FAINT,
        "grid.linewidth": 0.8,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "savefig.facecolor": "white",
        "figure.dpi": 100,
        "hatch.linewidth": 0.5,
    }


def apply_theme() -> None:
    """Make the theme the default of this process; calling it again changes nothing."""
    import seaborn

    seaborn.set_theme(context="notebook", style="whitegrid", rc=theme_parameters())


def new_figure(
    rows: int = 1, columns: int = 1, *, height_in: float | None = None, width_in: float = WIDTH_IN, **options: Any
) -> tuple[Figure, Any]:
    """Figure and axes in the theme.

    Parameters
    ----------
    rows, columns : int
        Grid of axes.
    height_in, width_in : float
        Size in inches; the height is ``ROW_HEIGHT_IN`` a row unless given.
    **options
        For ``matplotlib.pyplot.subplots``, such as ``sharey=True`` or ``width_ratios``.

    Returns
    -------
    tuple
        The figure, and one axes or an array of them as ``subplots`` gives it. Several drawing functions put their key
        where an axes title would stand; use ``fig.suptitle`` for a title.
    """
    from matplotlib import pyplot

    apply_theme()
    size = (width_in, ROW_HEIGHT_IN * rows if height_in is None else height_in)
    return pyplot.subplots(rows, columns, figsize=size, layout="constrained", **options)
