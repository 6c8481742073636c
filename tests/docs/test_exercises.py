"""Exercise notebooks: made from tagged cells, without solutions for students, and up to date."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.paths import PROJECT_ROOT

CELL = """## Exercises

1. *Recall.* Why is the sky blue?
2. *Change.* Look at it
   by night.
3. *Extend.* Paint it.

<details><summary>Solutions</summary>

1. Short waves scatter more.
2. It is black: see 1. above, and
   the next sunrise.
3. `paint(sky)`.

</details>
"""


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The tool, over a folder with one made-up notebook."""
    specification = importlib.util.spec_from_file_location("exercises", PROJECT_ROOT / "tools" / "exercises.py")
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    monkeypatch.setattr(module, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(module, "FOLDER", tmp_path / "exercises")
    write(tmp_path, CELL)
    return module


def write(folder: Path, cell: str, times: int = 1) -> None:
    cells = [nbformat.v4.new_markdown_cell("# Why look up?\n\nWe see.")]
    cells += [nbformat.v4.new_markdown_cell(cell, metadata={"tags": ["exercise"]}) for _ in range(times)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "07_sky.ipynb")


def cells_of(folder: Path, name: str) -> list[tuple[str, str]]:
    notebook = nbformat.read(folder / "exercises" / name, as_version=4)
    nbformat.validate(notebook)
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def test_students_get_statements_and_empty_cells(tool: ModuleType, tmp_path: Path) -> None:
    assert tool.main([]) == 0
    first, *rest = cells_of(tmp_path, "07_exercises.ipynb")
    assert first[0] == "markdown" and "[Why look up?](../07_sky.ipynb)" in first[1]
    assert "papermill notebooks/07_sky.ipynb" in first[1]
    assert rest == [
        ("markdown", "## Exercise 1\n\n*Recall.* Why is the sky blue?"),
        ("code", ""),
        ("markdown", "## Exercise 2\n\n*Change.* Look at it\nby night."),
        ("code", ""),
        ("markdown", "## Exercise 3\n\n*Extend.* Paint it."),
        ("code", ""),
    ]
    text = (tmp_path / "exercises" / "07_exercises.ipynb").read_text(encoding="utf-8")
    assert not [word for word in ("scatter", "black", "paint(sky)") if word in text]


def test_solutions_stand_behind_their_statements(tool: ModuleType, tmp_path: Path) -> None:
    assert tool.main([]) == 0
    sources = [source for _, source in cells_of(tmp_path, "07_solutions.ipynb")]
    assert len(sources) == 7
    assert sources[1].endswith("Why is the sky blue?") and sources[2] == "### Solution\n\nShort waves scatter more."
    assert sources[4] == "### Solution\n\nIt is black: see 1. above, and\nthe next sunrise."


def test_check_notices_a_change_and_a_file_too_many(
    tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main(["--check"]) == 1 and not (tmp_path / "exercises").exists()
    assert tool.main([]) == 0 and tool.main(["--check"]) == 0
    write(tmp_path, CELL.replace("blue", "gray"))
    capsys.readouterr()
    assert tool.main(["--check"]) == 1
    assert "07_exercises.ipynb, 07_solutions.ipynb" in capsys.readouterr().err
    assert tool.main([]) == 0
    (tmp_path / "exercises" / "06_exercises.ipynb").write_text("{}")
    assert tool.main(["--check"]) == 1 and "06_exercises.ipynb" in capsys.readouterr().err
    assert tool.main([]) == 0 and tool.main(["--check"]) == 0


@pytest.mark.parametrize(
    ("cell", "times", "message"),
    [
        (CELL, 0, "0 cells have the tag"),
        (CELL, 2, "2 cells have the tag"),
        (CELL.replace("3. *Extend", "4. *Extend"), 1, "not numbered in order"),
        (CELL.replace("3. `paint(sky)`.", ""), 1, "differ in number"),
        (CELL.partition("<details>")[0], 1, "solutions can't be found"),
    ],
)
def test_a_cell_at_fault_is_named(tool: ModuleType, tmp_path: Path, cell: str, times: int, message: str) -> None:
    write(tmp_path, cell, times)
    with pytest.raises(InputError, match=message):
        tool.all_notebooks(tmp_path)
    assert tool.main([]) == 2 and not (tmp_path / "exercises").exists()


def test_tracked_exercises_are_up_to_date(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "NOTEBOOKS", PROJECT_ROOT / "notebooks")
    monkeypatch.setattr(tool, "FOLDER", PROJECT_ROOT / "notebooks" / "exercises")
    assert tool.main(["--check"]) == 0
