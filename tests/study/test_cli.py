"""The command line: exit codes, and one message instead of a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sleepcot_utils.paths import RunPaths
from sleepcot_utils.study import cli
from sleepcot_utils.study.cli import main
from sleepcot_utils.study.plan import make_plan
from sleepcot_utils.study.records import write_json
from sleepcot_utils.study.workflow import plan_file

SIMULATE = "01_simulate_wearable_nights"

pytestmark = pytest.mark.usefixtures("notebooks")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--profile", "huge"], "no profile named 'huge'"),
        (["run", "--profile", "smoke", "--set", "03.max_step=3"], "did you mean 'max_steps'?"),
        (["run", "--profile", "smoke", "--set", "01.persons=many"], "an integer from 12"),
        (["run", "--profile", "smoke", "--set", "01.persons=1"], "parameter persons can't be 1"),
        (["run", "--profile", "smoke", "--run", "Not good"], "starting with a letter or digit"),
        (["run", "--profile", "smoke", "--arms", "cat"], "parameter arm can't be 'cat'"),
        (["run", "--profile", "smoke", "--seeds", "one"], "student_seeds"),
        (["run", "--profile", "smoke", "--cores", "0"], "0 cores"),
        (["sweep", "--seeds", ""], "student_seeds"),
        (["notebook", SIMULATE, "--parameters", "nothing"], "no JSON object"),
        (["notebook", SIMULATE, "--set", "person=3"], "did you mean 'persons'?"),
        (["notebook", "02_prompt_the_teacher"], "data/runs/smoke/people.parquet"),
        (["notebook", "09_nothing"], "no notebook named '09_nothing'"),
        (["coach", "--export", ""], "make coach EXPORT=path"),
        (["coach", "--export", "no/such/folder"], "no/such/folder: there is no such folder or file"),
        (["coach", "--export", "."], "`make study` first"),
        (["coach", "--export", ".", "--run", "mine"], "`make study RUN=mine` first"),
        (["promote", "--run", "mine"], "there is no run named 'mine'"),
        (["where", "--run", "mine"], "there is no executed notebook of this run"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert len([line for line in error.splitlines() if not line.startswith("Study of profile")]) == 1


def test_an_unknown_command_is_exit_code_2() -> None:
    with pytest.raises(SystemExit) as caught:
        main(["rum"])
    assert caught.value.code == 2


def test_a_missing_student_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = make_plan("smoke", run="mine")
    write_json(plan_file("mine"), plan.as_config())
    assert main(["coach", "--export", str(tmp_path), "--run", "mine"]) == 2
    assert "students/cot-s1: this artifact of an earlier notebook is missing" in capsys.readouterr().err


def test_one_notebook_by_hand(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["notebook", SIMULATE, "--parameters", '{"run": "hand"}', "--set", "persons=20"]) == 0
    record = json.loads(RunPaths("hand").result_record(SIMULATE).read_text())
    assert record["parameters"]["persons"] == 20
    assert "01 simulate wearable nights: done" in capsys.readouterr().err


def test_a_failing_notebook_names_the_copy_that_is_kept(
    notebooks: Path, write: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    write(notebooks, SIMULATE, "1 / 0")
    assert main(["notebook", SIMULATE]) == 1
    error = capsys.readouterr().err
    assert "ZeroDivisionError" in error and "Traceback" not in error
    assert f"papermill_runs/smoke/{SIMULATE}_failed.ipynb" in error


def test_nothing_to_do_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cli, "run_plan", lambda plan, cores: 0)
    monkeypatch.setattr(cli, "summary", lambda run: "where things are")
    assert main(["run", "--profile", "smoke"]) == 0
    assert capsys.readouterr().out == "Nothing to do: run 'smoke' is up to date.\nwhere things are\n"
