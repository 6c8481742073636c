"""Workflow files: valid, pinned, without rights or secrets they don't need, and of commands that exist."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
#: An action is code of somebody else: named by its commit, with the version beside it for readers.
PINNED = re.compile(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
#: What can change what a notebook does.
OF_NOTEBOOKS = {"notebooks/**", "sleepcot_utils/**", "data/**", "Snakefile", "pyproject.toml", "constraints.txt"}


def loaded(path: Path) -> dict[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    # YAML 1.1 reads the key `on` as a truth value.
    return {("on" if key is True else key): value for key, value in content.items()}


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in loaded(path)["jobs"].values() for step in job["steps"]]


def linter(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    assert found, f"{name} belongs to the extra `dev` of pyproject.toml"
    return found


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_the_workflows_are_there() -> None:
    assert [path.stem for path in WORKFLOWS] == ["audit", "environment", "smoke", "tests", "weekly"]


def test_they_follow_the_published_schema() -> None:
    command = [linter("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_known_weakness() -> None:
    command = [linter("zizmor"), "--offline", "--no-progress", "--quiet", str(ROOT / ".github" / "workflows")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linters_notice_what_they_should(tmp_path: Path) -> None:
    text = (ROOT / ".github" / "workflows" / "smoke.yml").read_text(encoding="utf-8")
    (tmp_path / "bad.yml").write_text(text.replace("runs-on: ubuntu-latest", "run-on: ubuntu-latest"))
    schema = [linter("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", str(tmp_path / "bad.yml")]
    assert subprocess.run(schema, check=False, capture_output=True).returncode == 1
    title = "run: echo ${{ github.event.pull_request.title }}"
    (tmp_path / "bad.yml").write_text(text.replace("run: make smoke\n", title + "\n", 1))
    injection = [linter("zizmor"), "--offline", "--no-progress", "--quiet", str(tmp_path / "bad.yml")]
    assert subprocess.run(injection, check=False, capture_output=True).returncode > 0


def test_actions_are_pinned(workflow: Path) -> None:
    used = re.findall(r"uses: (.+)", workflow.read_text(encoding="utf-8"))
    assert len(used) == sum("uses" in step for step in steps(workflow)) > 0
    assert [action for action in used if not PINNED.match(action)] == []


def test_one_commit_stands_for_one_version() -> None:
    used = {action for path in WORKFLOWS for action in re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))}
    assert len(used) == len({action.partition("@")[0] for action in used})


def test_rights_times_and_parallel_runs_are_bounded(workflow: Path) -> None:
    content = loaded(workflow)
    assert content["permissions"] == {"contents": "read"}
    assert content["concurrency"]["group"].startswith("${{ github.workflow }}")
    for job in content["jobs"].values():
        assert 1 <= job["timeout-minutes"] <= 350, "GitHub ends a job after 360 minutes without keeping anything"
    assert "secrets." not in workflow.read_text(encoding="utf-8")
    checkouts = [step for step in steps(workflow) if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts and all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_make_targets_exist(workflow: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    runs = "\n".join(step.get("run", "") for step in steps(workflow))
    assert set(re.findall(r"\bmake ([a-z]+)", runs)) <= targets
    assert all(
        (ROOT / name).exists() for name in re.findall(r"python (tools/\S+)|^(\.ci/run)", runs) for name in name if name
    )


def test_smoke_runs_on_each_change_of_notebooks_or_package() -> None:
    content = loaded(ROOT / ".github" / "workflows" / "smoke.yml")
    for event in ("push", "pull_request"):
        paths = set(content["on"][event]["paths"])
        assert paths >= OF_NOTEBOOKS
        assert all(next(ROOT.glob(path.removesuffix("/**")), None) for path in paths)


def test_the_weekly_run_is_full_compared_and_kept_even_when_it_differs() -> None:
    path = ROOT / ".github" / "workflows" / "weekly.yml"
    assert len(loaded(path)["on"]["schedule"]) == 1
    runs = [step.get("run", "") for step in steps(path)]
    study, compare = (next(i for i, run in enumerate(runs) if f"make {name}" in run) for name in ("study", "compare"))
    assert study < compare and "pipefail" in runs[compare], "`tee` would hide the exit code"
    (upload,) = [step for step in steps(path) if "upload-artifact" in step.get("uses", "")]
    assert upload["if"] == "always()"
    assert {"papermill_runs/laptop", "figures/laptop"} <= set(upload["with"]["path"].split())
    assert "coach" not in upload["with"]["path"], "personal data is never uploaded"


def test_the_environment_is_built_on_change_and_weekly() -> None:
    path = ROOT / ".github" / "workflows" / "environment.yml"
    content = loaded(path)
    assert {"push", "pull_request", "schedule"} <= set(content["on"])
    assert {"environment.yml", "pyproject.toml", "constraints.txt"} <= set(content["on"]["push"]["paths"])
    assert content["on"]["push"]["paths"] == content["on"]["pull_request"]["paths"]
    for entry in content["jobs"]["conda"]["strategy"]["matrix"]["include"]:
        assert entry["make"].endswith("--yes --file environment.yml")
        name = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["name"]
        assert entry["run"].endswith(f"--name {name}")
