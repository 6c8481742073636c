"""The one way to save and show a figure: same bytes every time, alt text and origin of the data never missing."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.figures.theme import DOTS_PER_INCH, SOFT_INK
from sleepcot_utils.paths import RunPaths, relative_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = re.compile(r"[0-9]{2}_[a-z0-9]+([_-]+[a-z0-9]+)*")
ALT_WORDS = 8
ALT_FILE = "alt_text.json"
SIMULATED = "simulated data"

_STAMP = "sleepcot-origin"


def save_figure(
    fig: Figure,
    run_paths: RunPaths,
    name: str,
    *,
    alt: str,
    caption: str,
    simulated: bool = True,
    note: str = "",
) -> Path:
    """Save a figure as PNG and SVG and write its alt text down beside it.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The figure; the origin of its data is stamped below its lower right corner.
    run_paths : RunPaths
        The run whose figure folder is written.
    name : str
        ``NN_slug``: two digits of the notebook, then lower-case words joined by ``_``.
    alt : str
        What the figure shows, for those who can't see it: one paragraph of at least eight words.
    caption : str
        What a reader should take from it.
    simulated : bool
        Whether the data are simulated; the stamp says so.
    note : str
        Origin of the data if they are not simulated, such as "real data, aggregated"; added to the stamp otherwise.

    Returns
    -------
    pathlib.Path
        The PNG. The SVG has the same name; ``alt_text.json`` in the same folder holds alt text, caption and origin.

    Raises
    ------
    ParameterError
        If the name, alt text, caption or note is not as above.

    Notes
    -----
    Two saves of the same figure give the same bytes: no date, no software version, and fixed ids in the SVG.
    """
    from matplotlib import rc_context

    alt, caption, origin = _check(name, alt, caption, simulated, note)
    _stamp(fig, origin)
    png, svg = io.BytesIO(), io.StringIO()
    with rc_context({"svg.hashsalt": "sleepcot", "svg.fonttype": "path"}):
        options: dict[str, Any] = {"bbox_inches": "tight", "pad_inches": 0.08}
        fig.savefig(png, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None}, **options)
        fig.savefig(svg, format="svg", metadata={"Date": None, "Creator": None}, **options)
    folder = run_paths.figures
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    _replace(path, png.getvalue())
    _replace(folder / f"{name}.svg", _describe(svg.getvalue(), name, alt).encode())
    _note_down(folder, name, {"alt": alt, "caption": caption, "origin": origin})
    return path


def show_figure(
    fig: Figure,
    run_paths: RunPaths,
    name: str,
    *,
    alt: str,
    caption: str,
    simulated: bool = True,
    note: str = "",
) -> None:
    """Save a figure, show the saved PNG in the notebook with its alt text, write the caption below it, and close it.

    Parameters are those of ``save_figure``. The notebook holds the very bytes of the file, whatever the settings of its
    plotting backend. Nothing is returned, so that a cell which ends in this call does not print a machine's own path.
    """
    from IPython.display import Image, Markdown, display
    from matplotlib import pyplot

    path = save_figure(fig, run_paths, name, alt=alt, caption=caption, simulated=simulated, note=note)
    data = path.read_bytes()
    width_px = round(int.from_bytes(data[16:20], "big") * 100 / DOTS_PER_INCH)
    display(Image(data=data, format="png", width=width_px, alt=alt))
    display(Markdown(f"*{caption.strip()}*"))
    pyplot.close(fig)


def _check(name: str, alt: str, caption: str, simulated: bool, note: str) -> tuple[str, str, str]:
    where = f"figure {name}"
    if not NAME.fullmatch(name):
        raise ParameterError(f"the name {name!r} can't be used", where="figure", expected="such as '04_scores'")
    alt, caption, note = alt.strip(), " ".join(caption.split()), " ".join(note.split())
    if len(alt.split()) < ALT_WORDS or "\n" in alt:
        raise ParameterError(
            f"the alt text {alt!r} is not enough", where=where, expected=f"one paragraph of {ALT_WORDS} words or more"
        )
    if not caption:
        raise ParameterError("the caption is empty", where=where, expected="a sentence that says what is to be seen")
    if not simulated and not note:
        raise ParameterError(
            "the figure does not say where its data come from",
            where=where,
            expected="simulated=True, or a note such as 'real data, aggregated'",
        )
    return alt, caption, "; ".join(part for part in (SIMULATED if simulated else "", note) if part)


def _stamp(fig: Figure, origin: str) -> None:
    """Write the origin below the lower right corner, outside of the layout; a second save replaces it."""
    from matplotlib.transforms import ScaledTranslation

    for text in [text for text in fig.texts if text.get_gid() == _STAMP]:
        text.remove()
    below = fig.transFigure + ScaledTranslation(0, -2 / 72, fig.dpi_scale_trans)
    fig.text(1, 0, origin, transform=below, ha="right", va="top", fontsize=8, color=SOFT_INK, gid=_STAMP)


def _describe(svg: str, title: str, alt: str) -> str:
    """Give an SVG the title and description that screen readers read."""
    head = f'<title id="title">{escape(title)}</title>\n <desc id="description">{escape(alt)}</desc>'
    start = svg.index("<svg")
    end = svg.index(">", start)
    opened = f'{svg[:end]} role="img" aria-labelledby="title description">\n {head}'
    return opened + svg[end + 1 :]


def _note_down(folder: Path, name: str, entry: dict[str, str]) -> None:
    path = folder / ALT_FILE
    with _only_one(folder):
        try:
            known = dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}
        except (ValueError, TypeError):
            raise InputError(
                "this file is damaged", where=relative_name(path), expected="JSON; delete it and draw again"
            ) from None
        known[name] = entry
        text = json.dumps(known, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        _replace(path, text.encode())


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Let notebooks that run at the same time wait for each other; the lock ends with the process that holds it."""
    try:
        import fcntl
    except ImportError:  # Windows, where the study runs one notebook at a time
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old or the new one, never half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(data)
    os.replace(temporary, path)
