"""Slides: which cells are shown, where, and that figures keep their alt texts."""

from __future__ import annotations

import html
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

from sleepcot_utils.paths import PROJECT_ROOT

PNG = "iVBORw0KGgo="
ALT = 'A line that rises, with "quotes" and <marks>.'


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.setenv("SLEEPCOT_ROOT", str(tmp_path))
    specification = importlib.util.spec_from_file_location("slides", PROJECT_ROOT / "tools" / "slides.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.setattr(module, "OUTPUT", tmp_path / "build" / "slides")
    return module


def executed() -> nbformat.NotebookNode:
    figure = nbformat.v4.new_output("display_data", {"image/png": PNG}, metadata={"image/png": {"alt": ALT}})
    table = nbformat.v4.new_output("display_data", {"text/html": "<b>table</b>"})
    said = nbformat.v4.new_output("stream", name="stderr", text="half-way there")
    markdown, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    return nbformat.v4.new_notebook(
        cells=[
            markdown("# Why look up?"),
            code("run = 'x'", metadata={"tags": ["parameters"]}, outputs=[table]),
            code("secret_name = 1"),
            markdown("## A section"),
            markdown("Some words."),
            code("show()", outputs=[said, figure]),
            code("table", outputs=[table]),
            code("loud()", outputs=[said]),
            markdown("### A detail"),
            markdown("## Not for talks", metadata={"tags": ["no-slide"]}),
            markdown("## Exercises\n\n1. Why?\n\n<details>\n\n1. Hidden.\n</details>", metadata={"tags": ["exercise"]}),
        ]
    )


def test_headings_figures_and_tags_decide(tool: ModuleType) -> None:
    notebook = tool.with_slide_types(executed())
    assert [cell.metadata.slideshow.slide_type for cell in notebook.cells] == [
        "slide", "skip", "skip", "slide", "-", "subslide", "-", "skip", "subslide", "skip", "slide",
    ]  # fmt: skip


def test_a_page_shows_figures_with_alt_texts_and_no_code_or_solution(tool: ModuleType, tmp_path: Path) -> None:
    folder = tmp_path / "papermill_runs" / "mine"
    folder.mkdir(parents=True)
    nbformat.write(executed(), folder / "01_sky.ipynb")
    (folder / "02_broken_failed.ipynb").write_text("not read")
    assert tool.main(["mine"]) == 0
    (page,) = (tmp_path / "build" / "slides" / "mine").iterdir()
    text = page.read_text(encoding="utf-8")
    shown = text[text.index('<div class="slides">') :]
    assert ALT in html.unescape(shown) and PNG in shown
    assert "Some words." in shown and "<b>table</b>" in shown and "Why?" in shown
    assert not [word for word in ("Hidden.", "secret_name", "half-way there", "Not for talks") if word in shown]
    assert "<title>Why look up?" in text
    # Nothing is fetched: the slide show stands in the page.
    assert re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=\"(?!data:)([^\"]*)", text) == []
    assert "Reveal.initialize" in text and "@import url(" not in text and "MathJax" not in text


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        (r"efficiency is $\text{TST} / 3$ here", 1),
        ("costs $5 or $6 a month", 0),
        ("the shell's `$HOME` and `$PATH`", 0),
        ("$$a + b$$ and $c$", 2),
    ],
)
def test_formulas_are_drawn_by_the_browser_and_dollars_stay(tool: ModuleType, text: str, formulas: int) -> None:
    shown = tool.with_formulas(text)
    assert shown.count("<math ") == formulas
    assert formulas or shown == text


def test_a_run_without_notebooks_is_named(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["nothing-here"]) == 2
    assert "papermill_runs/nothing-here" in capsys.readouterr().err
