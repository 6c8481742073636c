"""Where a run's files lie, and names that hold no machine's own path."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sleepcot_utils.errors import ArtifactError, ParameterError
from sleepcot_utils.paths import PROJECT_ROOT, RunPaths, output_root, private_files, reference_data, relative_name


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLEEPCOT_ROOT", str(tmp_path))
    return tmp_path.resolve()


def test_runs_write_into_the_project_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SLEEPCOT_ROOT", raising=False)
    assert output_root() == PROJECT_ROOT
    assert (PROJECT_ROOT / "sleepcot_utils").is_dir()
    monkeypatch.setenv("SLEEPCOT_ROOT", str(tmp_path))
    assert output_root() == tmp_path.resolve()
    assert RunPaths("r").data.is_relative_to(tmp_path.resolve())


def test_all_folders_of_a_run_hold_its_name_and_two_runs_share_none(root: Path) -> None:
    folders = {
        name: {paths.data, paths.notebooks, paths.figures, paths.student("cot", 1)}
        for name in ("one", "two")
        for paths in [RunPaths(name)]
    }
    assert all(path.is_relative_to(root) for paths in folders.values() for path in paths)
    assert not folders["one"] & folders["two"]
    paths = RunPaths("one")
    assert paths.student("cot", 1) != paths.student("cot", 2) != paths.student("base", 2)
    assert paths.result_record("03_x").parent == paths.notebooks


@pytest.mark.parametrize("name", ["", "A", "a b", "../up", ".hidden", "-x", "a/b", "a\n", "é", "x" * 65])
def test_names_that_are_no_folder_name_are_refused(name: str) -> None:
    with pytest.raises(ParameterError, match=r"^run: the run name .* can't be used .* Expected: 1 to 64"):
        RunPaths(name)


@pytest.mark.parametrize("name", ["a", "7", "laptop", "gpu-2.b_c", "x" * 64])
def test_plain_names_are_taken(name: str, root: Path) -> None:
    assert RunPaths(name).data.name == name


def test_names_in_records_are_relative(root: Path) -> None:
    assert relative_name(root / "data" / "runs" / "r" / "people.parquet") == "data/runs/r/people.parquet"
    assert relative_name(PROJECT_ROOT / "data" / "norms" / "facts.yaml") == "data/norms/facts.yaml"
    assert relative_name(root.parent / "elsewhere" / "export.csv") == "export.csv"


def test_a_missing_artifact_is_named_with_the_notebook_that_writes_it(root: Path) -> None:
    paths = RunPaths("mine")
    with pytest.raises(ArtifactError) as caught:
        paths.artifact("tasks.jsonl", written_by="02_prompt_the_teacher")
    assert "data/runs/mine/tasks.jsonl" in str(caught.value)
    assert "02_prompt_the_teacher" in str(caught.value) and str(root) not in str(caught.value)
    paths.data.mkdir(parents=True)
    (paths.data / "tasks.jsonl").touch()
    assert paths.artifact("tasks.jsonl", written_by="02_prompt_the_teacher") == paths.data / "tasks.jsonl"


def test_shipped_files_are_found_from_any_working_directory(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.chdir(root)
    assert reference_data("norms", "facts.yaml").is_file()


def test_private_files_are_their_users_alone(tmp_path) -> None:
    folder = tmp_path / "data" / "coach"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    before = os.umask(0o022)
    try:
        with private_files(folder):
            (folder / "advice.jsonl").write_text("x", encoding="utf-8")
            (folder / "pages").mkdir()
            subprocess.run([sys.executable, "-c", "open('child', 'w').close()"], cwd=folder, check=True)
        (tmp_path / "open").write_text("x", encoding="utf-8")
        assert os.umask(0o022) == 0o022, "as before"
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.iterdir(), tmp_path / "open"]}
    assert modes == {"coach": 0o700, "advice.jsonl": 0o600, "pages": 0o700, "child": 0o600, "open": 0o644}
