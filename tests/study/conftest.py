"""Tiny notebooks with the names, parameters and artifacts of the real ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from sleepcot_utils.config import NOTEBOOK_PARAMETERS, plain_type
from sleepcot_utils.study.environment import steady_variables
from sleepcot_utils.study.stages import STAGES

WRITE_ALL = """\
for name in artifact_names(session.stage.writes, session.parameters):
    if not name.endswith("/"):
        path = session.output(name)
        path.write_text(f"{name} {session.rng(name).integers(1000)} {session.parameters.model_dump()}")
print("written")
"""
FINISH = 'session.finish({"answer": 42})'


def parameters_cell(notebook: str) -> nbformat.NotebookNode:
    """Parameters cell with the model's defaults, as the real notebooks have it."""
    lines = [
        f"{name}: {plain_type(notebook, name).__name__} = {field.default!r}  # {field.description}"
        for name, field in NOTEBOOK_PARAMETERS[notebook].model_fields.items()
    ]
    cell = nbformat.v4.new_code_cell("\n".join(lines))
    cell.metadata["tags"] = ["parameters"]
    return cell


def write_notebook(folder: Path, notebook: str, body: str = WRITE_ALL, *, finish: str = FINISH) -> Path:
    """Write a notebook with a body between its set-up and its record cell."""
    new = nbformat.v4
    cells = [
        new.new_markdown_cell("# Does this notebook run?"),
        parameters_cell(notebook),
        new.new_markdown_cell("## Set-up"),
        new.new_code_cell(
            "from sleepcot_utils.study.session import open_notebook\n"
            "from sleepcot_utils.study.stages import artifact_names\n"
            f"session = open_notebook({notebook!r}, globals())"
        ),
        new.new_markdown_cell("## What is written\n\nSome prose."),
        new.new_code_cell(body),
        new.new_markdown_cell("## Record"),
        new.new_code_cell(finish),
    ]
    made = new.new_notebook(cells=cells)
    made.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{notebook}.ipynb"
    nbformat.write(made, path)
    return path


@pytest.fixture
def notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of tiny notebooks, and an output root beside it."""
    folder = tmp_path / "notebooks"
    for notebook in NOTEBOOK_PARAMETERS:
        write_notebook(folder, notebook)
    for name in steady_variables(STAGES[0], offline=True):
        # Set, then deleted: what a session sets by default is taken back after the test.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("SLEEPCOT_NOTEBOOKS", str(folder))
    monkeypatch.setenv("SLEEPCOT_ROOT", str(tmp_path / "root"))
    return folder


@pytest.fixture
def write() -> Callable[..., Path]:
    """`write_notebook`, for tests that need a notebook of their own."""
    return write_notebook
