"""What goes into the book: every text and executed notebook, alt texts, links that hold."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from book import notebooks, pages, reference
from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.paths import PROJECT_ROOT


def with_figures(*metadata: dict[str, object]) -> nbformat.NotebookNode:
    outputs = [
        nbformat.v4.new_output("display_data", {"image/png": "iVBORw0KGgo="}, metadata=each) for each in metadata
    ]
    cells = [
        nbformat.v4.new_markdown_cell("# Why look up?\n\nBecause."),
        nbformat.v4.new_code_cell("run = 'x'", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("import numpy"),
        nbformat.v4.new_code_cell("show()", outputs=outputs),
    ]
    return nbformat.v4.new_notebook(cells=cells)


def test_a_figure_brings_its_alt_text_and_settings_are_folded() -> None:
    notebook = notebooks.page(with_figures({"image/png": {"alt": "A line.", "width": 811}}))
    _, parameters, set_up, figure = notebook.cells
    assert figure.metadata.mystnb.image == {"alt": "A line.", "width": "811px"}
    assert "tags" not in figure.metadata
    assert "hide-input" in parameters.metadata.tags and "hide-input" in set_up.metadata.tags
    assert parameters.metadata.mystnb.code_prompt_show != set_up.metadata.mystnb.code_prompt_show
    assert notebooks.title(notebook) == "Why look up?"


@pytest.mark.parametrize("metadata", [[{}], [{"image/png": {"alt": " "}}], [{"image/png": {"alt": "A line."}}] * 2])
def test_a_figure_that_can_not_be_described_is_refused(metadata: list[dict[str, object]]) -> None:
    with pytest.raises(ValueError, match="alt text"):
        notebooks.page(with_figures(*metadata))


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """Sources of the book without the reference, and their names."""
    folder = tmp_path_factory.mktemp("sources")
    return folder, set(pages.gather(folder, api=False))


def test_every_text_executed_notebook_and_linked_file_is_gathered(gathered: tuple[Path, set[str]]) -> None:
    folder, files = gathered
    executed = {path.name for path in (PROJECT_ROOT / "papermill_runs/reference").glob("*.ipynb")}
    assert {Path(name).name for name in files if name.startswith("papermill_runs/reference/0")} >= executed != set()
    assert {path.relative_to(PROJECT_ROOT).as_posix() for path in (PROJECT_ROOT / "docs").rglob("*.md")} <= files
    # The README is the start page, so what linked to it links to the start page.
    assert "README.md" not in files and "](index.md)" in (folder / "README.zh.md").read_text(encoding="utf-8")
    start = (folder / "index.md").read_text(encoding="utf-8")
    assert "](path:data/teachers/teachers.yaml)" in start and "data/teachers/teachers.yaml" in files
    # Each page stands in exactly one list of contents.
    listed = [
        entry.split("<")[-1].rstrip(">")
        for entry in re.findall(r"^[^\n:{}`]+$", start[start.index("```{toctree}") :], re.MULTILINE)
    ]
    documents = {name.rpartition(".")[0] for name in files if name.endswith(".md")} - {"index"}
    assert documents <= set(listed) and len(listed) == len(set(listed))


def test_gathering_again_writes_nothing_and_removes_what_is_no_longer_wanted(gathered: tuple[Path, set[str]]) -> None:
    folder, files = gathered
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    (folder / "old.md").write_text("# Old\n")
    assert set(pages.gather(folder, api=False)) == files
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before


def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    page = tmp_path / "docs" / "a.md"
    with pytest.raises(ArtifactError, match=r"docs/a\.md.*the link to \.\./lost\.md leads nowhere"):
        pages.linked("[lost](../lost.md)", page, tmp_path, {})


def test_the_reference_has_every_public_module_but_those_that_no_reader_imports() -> None:
    rooms = reference.packages()
    modules = {module for listed in rooms.values() for module in listed}
    assert {"sleepcot_utils.config", "sleepcot_utils.figures.save", "sleepcot_utils.tasks.build"} <= modules
    assert not [name for name in modules | set(rooms) if "score.metrics" in name or ".__" in name]
    text = reference.pages()["reference/sleepcot_utils.figures.rst"]
    assert ".. automodule:: sleepcot_utils.figures.save\n   :members:" in text
