"""Sweeps: one table over arms and seeds, in which what failed is kept and named."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.compare.plan import ENDPOINTS
from sleepcot_utils.paths import RunPaths
from sleepcot_utils.score.answers import held_out_tasks
from sleepcot_utils.study.cli import main
from sleepcot_utils.study.plan import Plan, make_plan
from sleepcot_utils.study.records import read_record
from sleepcot_utils.study.session import open_notebook
from sleepcot_utils.study.sweep import COLUMNS, DONE, FAILED, NOT_RUN, Failure, SweepError, sweep_plans, sweep_table
from sleepcot_utils.tasks.answers import Answer, write_answers
from sleepcot_utils.tasks.build import RECOMMEND, Task, write_tasks

DISTILL = "03_distill_the_student"
PERSONS = 12
SWEEP = ["sweep", "--profile", "smoke", "--arms", "cot", "--seeds", "1,2", "--cores", "2"]


@pytest.fixture(scope="session")
def recommendations(study) -> list[Task]:
    """One recommendation of each of a few held-out persons."""
    tasks = [task for task in held_out_tasks(study.tasks, "test") if task.kind == RECOMMEND]
    return tasks[:PERSONS]


@pytest.fixture
def answers(study, recommendations: list[Task]) -> list[Answer]:
    """The expert's answers under the name of a student, of which the first three say nothing."""
    said = [Answer(task.task_id, "cot", 1, *study.answers[task.task_id], "stop", 9, 0.1) for task in recommendations]
    return [replace(answer, answer="I can't say.") for answer in said[:3]] + said[3:]


@pytest.fixture
def root(notebooks: Path, recommendations: list[Task], answers: list[Answer], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Output root whose stand-in notebooks write real tasks and answers."""
    monkeypatch.setenv("SLEEPCOT_EXECUTE", f"{sys.executable} {Path(__file__).with_name('stand_in.py')}")
    root = notebooks.parent / "root"
    (root / "samples").mkdir(parents=True)
    write_tasks(root / "samples" / "tasks.jsonl", recommendations)
    write_answers(root / "samples" / "answers.jsonl", answers)
    return root


def trained(plan: Plan, arm: str, seed: int, answers: list[Answer]) -> None:
    """Leave a student behind as notebook 03 does."""
    session = open_notebook(DISTILL, plan.parameters(DISTILL, arm=arm, student_seed=seed).model_dump())
    write_answers(session.output(f"students/{arm}-s{seed}/answers.jsonl"), answers)
    session.output(f"students/{arm}-s{seed}/training_log.json").write_text("{}")
    session.finish({})


def test_a_failed_student_is_kept_and_named_and_the_sweep_resumes(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "fail").write_text("cot-s2")
    assert main(SWEEP) == 2
    said = capsys.readouterr()
    assert f"smoke, {DISTILL}__cot-s2: a.csv, row 3: this is wrong." in said.err
    assert "Table of the sweep: data/runs/smoke/sweep.csv" in said.out
    table = pd.read_csv(RunPaths("smoke").data / "sweep.csv")
    assert tuple(table.columns) == COLUMNS
    assert len(table) == 2 * len(ENDPOINTS)
    first, second = table[table["student_seed"] == 1], table[table["student_seed"] == 2]
    driver = first.set_index("endpoint").loc["main_driver_right"]
    assert (driver["persons"], driver["estimate"], driver["status"]) == (PERSONS, 1 - 3 / PERSONS, DONE)
    assert 0 < driver["low"] < 1 - 3 / PERSONS < driver["high"] <= 1
    assert set(second["status"]) == {FAILED} and set(second["reason"]) == {"a.csv, row 3: this is wrong."}
    assert second[["persons", "estimate", "low", "high"]].isna().all(axis=None)
    written = RunPaths("smoke").result_record(f"{DISTILL}__cot-s1").stat().st_mtime_ns

    (root / "fail").unlink()
    assert main(SWEEP) == 0
    table = pd.read_csv(RunPaths("smoke").data / "sweep.csv")
    assert set(table["status"]) == {DONE}
    estimates = table.pivot(index="endpoint", columns="student_seed", values="estimate")
    pd.testing.assert_series_equal(estimates[1], estimates[2], check_names=False)
    assert RunPaths("smoke").result_record(f"{DISTILL}__cot-s1").stat().st_mtime_ns == written, "not trained again"
    record = read_record(RunPaths("smoke").result_record("04_compare_student_and_baselines"))
    assert record["parameters"]["student_seeds"] == "1,2", "what depends on all students runs when all are there"


@pytest.mark.usefixtures("notebooks")
def test_what_did_not_run_says_why(recommendations: list[Task], answers: list[Answer]) -> None:
    plan = make_plan("smoke", arms=["answer_only", "cot"], student_seeds=[1])
    for notebook in ("01_simulate_wearable_nights", "02_prompt_the_teacher"):
        session = open_notebook(notebook, plan.parameters(notebook).model_dump())
        for name in session.stage.writes:
            session.output(name).write_text(name)
        if notebook.startswith("02"):
            write_tasks(session.output("tasks.jsonl"), recommendations)
        session.finish({})
    trained(plan, "cot", 1, answers)
    table = sweep_table([plan], [Failure("smoke", "02_prompt_the_teacher", "no key", 2)])
    of_arm = table.drop_duplicates("arm").set_index("arm")
    assert of_arm.loc["cot", "status"] == DONE
    assert of_arm.loc["answer_only", "status"] == NOT_RUN
    assert of_arm.loc["answer_only", "reason"] == "02_prompt_the_teacher failed: no key"
    unscored = table[(table["arm"] == "cot") & (table["endpoint"] == "knowledge_right")].iloc[0]
    assert unscored["reason"] == "no answer can be scored by it"

    other = make_plan("smoke", arms=["cot"], student_seeds=[1], overrides={DISTILL: {"max_steps": 31}})
    assert set(sweep_table([other], [])["status"]) == {NOT_RUN}, "a student of other parameters is another student"

    RunPaths("smoke").student("cot", 1).joinpath("answers.jsonl").write_text("{broken\n")
    broken = sweep_table([plan], [])
    cot = broken[broken["arm"] == "cot"]
    assert set(cot["status"]) == {FAILED} and "answers.jsonl" in cot["reason"].iloc[0]


def test_each_study_seed_is_a_run_of_its_own() -> None:
    plan = make_plan("smoke")
    assert sweep_plans(plan) == [plan]
    assert [(one.run, one.seed, one.parameters(DISTILL, arm="cot", student_seed=1).seed) for one in sweep_plans(plan, [4, 5])] == [
        ("smoke-seed4", 4, 4),
        ("smoke-seed5", 5, 5),
    ]  # fmt: skip


def test_exit_code_of_a_sweep() -> None:
    bad_input, broken = Failure("a", "01", "no file", 2), Failure("b", "03", "no memory", 1)
    assert SweepError([bad_input]).exit_code == 2
    assert SweepError([bad_input, broken]).exit_code == 1
    assert SweepError([]).exit_code == 1
    assert "  b, 03: no memory" in str(SweepError([bad_input, broken])).splitlines()
