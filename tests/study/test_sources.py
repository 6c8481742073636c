"""The code hash: what changes it and what does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.study.sources import code_hash, imported_files

CELL = '''\
"""A text."""
%matplotlib inline
from sleepcot_utils.alpha import value  # a comment

x = value(1)
'''
FILES = {
    "sleepcot_utils/__init__.py": '"""Package."""\n__version__ = "1"\n',
    "sleepcot_utils/alpha.py": '"""Alpha."""\n\n\ndef value(x):\n    """Give a value."""\n    from .beta import more\n    return more(x)\n',
    "sleepcot_utils/beta/__init__.py": '"""Beta."""\nfrom sleepcot_utils.beta import gamma\n\n\ndef more(x):\n    return gamma.THREE * x\n',
    "sleepcot_utils/beta/gamma.py": "THREE = 3\n",
    "sleepcot_utils/beta/table.yaml": "a: 1\n",
    "sleepcot_utils/unused.py": "X = 1\n",
    "sleepcot_utils/errors.py": "class StudyError(Exception): ...\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def hash_of(project: Path) -> Callable[..., str]:
    def compute(cell: str = CELL, prose: str = "# Title", parameters: str = "seed: int = 1  # help") -> str:
        new = nbformat.v4
        tagged = new.new_code_cell(parameters, metadata={"tags": ["parameters"]})
        notebook = new.new_notebook(cells=[new.new_markdown_cell(prose), tagged, new.new_code_cell(cell)])
        nbformat.write(notebook, project / "notebook.ipynb")
        return code_hash(project / "notebook.ipynb", root=project)

    return compute


def test_prose_comments_and_defaults_change_nothing(hash_of: Callable[..., str]) -> None:
    before = hash_of()
    assert hash_of(prose="# Another title\n\nAnd more.") == before
    assert hash_of(parameters="seed: int = 2  # other help") == before
    assert hash_of(cell=CELL.replace("# a comment", "# another").replace("\n\n", "\n\n\n")) == before
    assert hash_of(cell=CELL.replace("A text.", "Another text.")) == before


def test_code_and_magics_change_it(hash_of: Callable[..., str]) -> None:
    before = hash_of()
    assert hash_of(cell=CELL.replace("value(1)", "value(2)")) != before
    assert hash_of(cell=CELL.replace("%matplotlib inline", "%matplotlib agg")) != before
    assert hash_of(cell="%%bash\necho a") != hash_of(cell="%%bash\necho b")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("sleepcot_utils/alpha.py", "return more(x)", "return more(x) + 1"),
        ("sleepcot_utils/beta/gamma.py", "3", "4"),
        ("sleepcot_utils/beta/table.yaml", "1", "2"),
        ("sleepcot_utils/__init__.py", '"1"', '"2"'),
    ],
)
def test_a_module_at_any_depth_changes_it(
    hash_of: Callable[..., str], project: Path, name: str, old: str, new: str
) -> None:
    before = hash_of()
    path = project / name
    path.write_text(path.read_text().replace(old, new))
    assert hash_of() != before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sleepcot_utils/unused.py", "X = 2\n"),
        ("sleepcot_utils/errors.py", "class StudyError(ValueError): ...\n"),
        ("sleepcot_utils/beta/gamma.py", '"""Now with a docstring."""\n\n# and a comment\nTHREE = 3\n'),
    ],
)
def test_other_modules_and_docstrings_do_not(hash_of: Callable[..., str], project: Path, name: str, text: str) -> None:
    before = hash_of()
    (project / name).write_text(text)
    assert hash_of() == before


def test_closure_names_what_is_covered(hash_of: Callable[..., str], project: Path) -> None:
    hash_of()
    found = {path.relative_to(project).as_posix() for path in imported_files(project / "notebook.ipynb", root=project)}
    assert found == set(FILES) - {"sleepcot_utils/unused.py", "sleepcot_utils/errors.py"}


def test_unreadable_sources_are_said(hash_of: Callable[..., str], project: Path) -> None:
    hash_of()
    (project / "sleepcot_utils/alpha.py").write_text("def (")
    with pytest.raises(InputError, match=r"alpha\.py, line 1.*no valid Python"):
        hash_of()
    (project / "broken.ipynb").write_text("{")
    with pytest.raises(InputError, match="broken.ipynb"):
        code_hash(project / "broken.ipynb", root=project)


def test_real_modules_are_found(tmp_path: Path) -> None:
    cell = nbformat.v4.new_code_cell("from sleepcot_utils.study.session import open_notebook")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "notebook.ipynb")
    found = {path.relative_to(PROJECT_ROOT).as_posix() for path in imported_files(tmp_path / "notebook.ipynb")}
    assert found == {"sleepcot_utils/__init__.py", "sleepcot_utils/paths.py", "sleepcot_utils/study/session.py"}
