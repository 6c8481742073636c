"""Ways in by Binder and Colab: addresses that fit the repository, cells that are Python, nothing without an address."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest
import yaml
from IPython.core.inputtransformer2 import TransformerManager

from sleepcot_utils.paths import PROJECT_ROOT

ADDRESS = "https://github.com/someone/some-study"


def module() -> ModuleType:
    specification = importlib.util.spec_from_file_location("ways_in", PROJECT_ROOT / "tools" / "ways_in.py")
    assert specification is not None and specification.loader is not None
    loaded = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(loaded)
    return loaded


tool = module()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files that the tool reads, with no address in them."""
    (tmp_path / "notebooks").mkdir()
    for name in tool.NOTEBOOKS:
        shutil.copy(PROJECT_ROOT / "notebooks" / f"{name}.ipynb", tmp_path / "notebooks")
    for name in ("README.md", "README.zh.md", "CITATION.cff"):
        text = (PROJECT_ROOT / name).read_text(encoding="utf-8")
        text = re.sub(f"({tool.START}).*?({tool.END})", r"\1\2", tool.FIELD.sub("", text), flags=re.DOTALL)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_tracked_files_agree() -> None:
    assert tool.main(["--check"]) == 0


def test_an_address_is_written_everywhere_once_and_can_be_changed(clone: Path) -> None:
    assert tool.main(["--check"], clone) == 0
    assert tool.main([ADDRESS], clone) == 0
    assert tool.main(["--check"], clone) == 0
    assert yaml.safe_load((clone / "CITATION.cff").read_text())["repository-code"] == ADDRESS
    for page in ("README.md", "README.zh.md"):
        found = re.findall(r"https://(?:mybinder|colab)[^)]*", (clone / page).read_text(encoding="utf-8"))
        assert len(found) == 4 and all("/someone/some-study/" in link for link in found)
    assert tool.main(["https://github.com/other/fork"], clone) == 0
    assert "someone" not in (clone / "README.md").read_text() + (clone / "CITATION.cff").read_text()
    (clone / "notebooks/colab/01_simulate_wearable_nights.ipynb").unlink()
    assert tool.main(["--check"], clone) == 1


@pytest.mark.parametrize("address", ["https://example.org/a/b", "someone/some-study", "https://github.com/someone"])
def test_an_address_of_no_use_changes_nothing(clone: Path, address: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in clone.rglob("*") if path.is_file()}
    assert tool.main([address], clone) == 2
    assert "Expected: https://github.com/OWNER/NAME" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in clone.rglob("*") if path.is_file()} == before


def test_links_lead_to_notebooks_that_exist(clone: Path) -> None:
    tool.main([ADDRESS], clone)
    addresses = re.findall(r"\((https://[^)]*)\)", tool.links(ADDRESS))
    for address in addresses:
        parts = urlsplit(address)
        if parts.hostname == "mybinder.org":
            (place,) = parse_qs(parts.query)["urlpath"]
            assert (clone / place.removeprefix("lab/tree/")).is_file()
        else:
            assert parts.hostname == "colab.research.google.com"
            assert (clone / parts.path.partition("/blob/HEAD/")[2]).is_file()


@pytest.mark.parametrize("name", tool.NOTEBOOKS)
def test_the_copy_for_colab_is_the_notebook_behind_one_cell_of_python(name: str) -> None:
    source = PROJECT_ROOT / "notebooks" / f"{name}.ipynb"
    copy = nbformat.reads(tool.for_colab(source, ADDRESS), as_version=4)
    nbformat.validate(copy)
    added = copy.cells.pop(1)
    assert copy == nbformat.read(source, as_version=4)
    ast.parse(TransformerManager().transform_cell(added.source))
    commands = re.findall(r"^!(.*)$", added.source, re.MULTILINE)
    assert commands[0] == f"git clone --quiet --depth 1 {ADDRESS} sleepcot"
    for command in commands:
        subprocess.run(["bash", "-n", "-c", command], check=True)
    assert any("--profile smoke" in command for command in commands) == tool.NOTEBOOKS[name]


def test_binder_has_what_it_builds_from() -> None:
    folder = PROJECT_ROOT / "binder"
    environment = yaml.safe_load((folder / "environment.yml").read_text())
    assert {"pip", "git", "make"} <= set(environment["dependencies"])
    torch = next(name for name in environment["dependencies"] if name.startswith("pytorch"))
    wanted = re.search(r'"torch(>=[\d.]+)"', (PROJECT_ROOT / "pyproject.toml").read_text())
    assert wanted is not None and torch == f"pytorch-cpu{wanted[1]}"
    assert os.access(folder / "postBuild", os.X_OK)
    subprocess.run(["bash", "-n", str(folder / "postBuild")], check=True)
    assert "pip install" in (folder / "postBuild").read_text()
