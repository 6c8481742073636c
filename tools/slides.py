"""Make slides of the executed notebooks of a run: ``tools/slides.py [RUN]``, ``reference`` unless named.

Nothing is executed. Cells become slides by their tags and headings: a heading of the first or second level begins a
slide, one of the third level and each figure a slide below it. Code is left out; so are cells with the tags
``parameters``, ``injected-parameters`` and ``no-slide``, code cells that show nothing, and the solutions of exercises.
A page holds its figures, the slide show itself (reveal.js) and its formulas as MathML, so showing needs no network.
"""

from __future__ import annotations

import html
import importlib.resources
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
from docutils.utils.math.latex2mathml import tex2mathml
from nbconvert import SlidesExporter

from sleepcot_utils.errors import ArtifactError, StudyError
from sleepcot_utils.paths import PROJECT_ROOT, RunPaths, relative_name

OUTPUT = PROJECT_ROOT / "build" / "slides"
#: Cells of settings, which an audience doesn't need.
LEFT_OUT = {"parameters", "injected-parameters", "no-slide"}
EXERCISE = "exercise"
#: A figure fills the slide at most, with room for its caption.
FITTING = "max-width: 100%; max-height: 75vh; margin: 0 auto"
DEEPER_HEADING = re.compile(r"^#{3} ")
HEADING = re.compile(r"^#{1,2} ")
BLOCK_FORMULA = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
FORMULA = re.compile(r"(?<![\\$\w])\$([^$\s][^$]*?)\$(?![\d$])")
#: Styles that the template asks for, and what they fetch in turn: a font that most readers' own can stand in for.
STYLESHEET = re.compile(r'<link [^>]*href="\./(dist/[\w/.]+)"[^>]*>')
FETCHED_FONT = re.compile(r"@import url\([^)]*\);")


def slide_type(cell: Any) -> str:
    """Place of a cell in the slide show, in the words of nbconvert.

    Parameters
    ----------
    cell : nbformat.NotebookNode
        A cell of an executed notebook.

    Returns
    -------
    str
        ``slide`` (to the right), ``subslide`` (below), ``-`` (on the same slide) or ``skip``.
    """
    if LEFT_OUT & set(cell.metadata.get("tags", [])):
        return "skip"
    if cell.cell_type == "markdown":
        if HEADING.match(cell.source):
            return "slide"
        return "subslide" if DEEPER_HEADING.match(cell.source) else "-"
    shown = [output for output in cell.get("outputs", []) if output.output_type in ("display_data", "execute_result")]
    if not shown:
        return "skip"
    return "subslide" if any("image/png" in output.data for output in shown) else "-"


def with_slide_types(notebook: Any) -> Any:
    """The notebook with a slide type in each cell's metadata, and without the solutions of its exercises.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place.
    """
    for cell in notebook.cells:
        cell.metadata["slideshow"] = {"slide_type": slide_type(cell)}
        if EXERCISE in cell.metadata.get("tags", []):
            cell.source = cell.source.partition("<details>")[0].rstrip()
        if cell.cell_type == "markdown":
            cell.source = with_formulas(cell.source)
        if cell.cell_type == "code":
            cell.outputs = [_described(output) for output in cell.outputs if output.output_type != "stream"]
    return notebook


def with_formulas(text: str) -> str:
    """Markdown with its formulas as MathML, which browsers draw themselves. Code keeps its dollars."""
    parts = re.split(r"(```.*?```|`[^`]*`)", text, flags=re.DOTALL)
    for place in range(0, len(parts), 2):
        part = BLOCK_FORMULA.sub(lambda match: tex2mathml(match[1], as_block=True), parts[place])
        parts[place] = FORMULA.sub(lambda match: tex2mathml(match[1]), part)
    return "".join(parts)


def reveal_file(name: str) -> str:
    """Text of a file of reveal.js, which the package sphinx-revealjs brings along."""
    return (importlib.resources.files("sphinx_revealjs") / "_static" / "revealjs" / name).read_text(encoding="utf-8")


def _described(output: Any) -> Any:
    """A figure as HTML that fits a slide and keeps its alt text, which nbconvert drops; anything else as it is."""
    png = output.get("data", {}).get("image/png")
    if png is not None:
        alt = html.escape(output.metadata.get("image/png", {}).get("alt", ""), quote=True)
        source = f"data:image/png;base64,{''.join(png.split())}"
        output.data = nbformat.from_dict({"text/html": f'<img src="{source}" alt="{alt}" style="{FITTING}">'})
    return output


def make_slides(source: Path, folder: Path) -> Path:
    """Write the slides of one executed notebook; returns their file."""
    notebook = with_slide_types(nbformat.read(source, as_version=4))
    title = next((cell.source.splitlines()[0].lstrip("# ") for cell in notebook.cells if cell.source), source.stem)
    notebook.metadata["title"] = title
    exporter = SlidesExporter(
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        reveal_scroll=True,
        reveal_theme="white",
        reveal_url_prefix=".",
        extra_template_basedirs=[str(Path(__file__).parent)],
        template_name="slides_offline",
    )
    page, _ = exporter.from_notebook_node(notebook, resources={"reveal_script": reveal_file("dist/reveal.js")})
    page = STYLESHEET.sub(lambda match: f"<style>{FETCHED_FONT.sub('', reveal_file(match[1]))}</style>", page)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{source.stem}.slides.html"
    target.write_text(page, encoding="utf-8")
    return target


def main(arguments: list[str]) -> int:
    """Make the slides of a run; returns the exit code: 2 if there is nothing to make them of."""
    run = arguments[0] if arguments else "reference"
    try:
        executed = RunPaths(run).notebooks
        sources = [path for path in sorted(executed.glob("*.ipynb")) if not path.stem.endswith("_failed")]
        if not sources:
            raise ArtifactError(
                "the run has no executed notebook", where=relative_name(executed), expected="`make study`"
            )
    except StudyError as error:
        print(error, file=sys.stderr)
        return 2
    for source in sources:
        print(relative_name(make_slides(source, OUTPUT / run)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
