"""Order, reruns, failures and interruptions, with the real Snakemake and a stand-in for the notebooks' work."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sleepcot_utils.config import parameters_model
from sleepcot_utils.errors import StudyError
from sleepcot_utils.paths import PROJECT_ROOT, RunPaths
from sleepcot_utils.study.plan import Plan, make_plan
from sleepcot_utils.study.progress import Events, Reporter
from sleepcot_utils.study.runner import NotebookError
from sleepcot_utils.study.stages import STAGES
from sleepcot_utils.study.workflow import planned_jobs, run_plan

DISTILL = "03_distill_the_student"
IN_STUDY = [stage for stage in STAGES if stage.in_study]
#: Numbers of the notebooks that read students, and of those among them that read all students of a run.
AFTER_STUDENTS = {
    stage.notebook[:2]
    for stage in IN_STUDY
    if not stage.per_student and any(name.startswith("students/") for name in stage.reads)
}
AFTER_ALL_STUDENTS = {
    number
    for number in AFTER_STUDENTS
    for stage in IN_STUDY
    if stage.notebook.startswith(number) and "student_seeds" in parameters_model(stage.notebook).model_fields
}
#: Numbers of the notebooks that need nothing of notebook 02, so that they may run at any time.
APART = {"00", "07"}


@pytest.fixture
def root(notebooks: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    stand_in = Path(__file__).with_name("stand_in.py")
    monkeypatch.setenv("SLEEPCOT_EXECUTE", f"{sys.executable} {stand_in}")
    return notebooks.parent / "root"


def small_plan(**overrides: dict[str, int]) -> Plan:
    return make_plan("smoke", arms=["cot"], student_seeds=[1], overrides=overrides)


def executed(plan: Plan) -> list[str]:
    """Run a plan; the numbers of the notebooks that ran, in the order in which they ended."""
    stream = io.StringIO()
    count = run_plan(plan, cores=2, reporter=Reporter({}, 2, stream))
    ended = [
        event["execution"] for event in Events(RunPaths(plan.run).data / "logs" / "events.jsonl").new()
        if event["kind"] == "done"
    ]  # fmt: skip
    assert len(ended) == count
    assert "noise of a job" not in stream.getvalue()
    return [name[:2] + name.partition("__")[2] for name in ended]


def rerun(plan: Plan) -> tuple[str, set[str]]:
    """Run a plan again; what ended first, and what came after it in whatever order."""
    first, *others = executed(plan)
    assert len(others) == len(set(others))
    return first, set(others)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_only_what_depends_on_a_change_runs_again(root: Path, notebooks: Path) -> None:
    first = executed(small_plan())
    assert sorted(first) == sorted({stage.notebook[:2] for stage in IN_STUDY} - {"03"} | {"03cot-s1"})
    needed = [first.index(name) for name in ("01", "02", "03cot-s1")]
    assert needed == sorted(needed) and needed[-1] < min(first.index(number) for number in AFTER_STUDENTS)
    assert "04" in AFTER_ALL_STUDENTS < AFTER_STUDENTS
    assert (root / ".snakemake").is_dir(), "Snakemake's own files stay below the folder that runs write to"
    assert executed(small_plan()) == []

    edit(notebooks / f"{DISTILL}.ipynb", "Some prose.", "Other prose.")
    edit(notebooks / f"{DISTILL}.ipynb", 'print(\\"written\\")', 'print(\\"written\\")  # a comment')
    os.utime(notebooks / "01_simulate_wearable_nights.ipynb")
    assert executed(small_plan()) == []

    edit(notebooks / f"{DISTILL}.ipynb", 'print(\\"written\\")', 'print(\\"all written\\")')
    assert rerun(small_plan()) == ("03cot-s1", AFTER_STUDENTS)

    more = make_plan("smoke", arms=["cot"], student_seeds=[1, 2])
    assert rerun(more) == ("03cot-s2", AFTER_ALL_STUDENTS), "a sweep keeps the students that exist"

    (root / "data/runs/smoke/comparison.csv").unlink()
    longer = small_plan(**{DISTILL: {"max_steps": 31}})
    assert rerun(longer) == ("03cot-s1", AFTER_STUDENTS)
    assert (
        json.loads(RunPaths("smoke").result_record(f"{DISTILL}__cot-s1").read_text())["parameters"]["max_steps"] == 31
    )


def test_a_failure_is_one_message_and_loses_nothing(root: Path) -> None:
    (root / "data").mkdir(parents=True)
    (root / "fail").write_text("")
    with pytest.raises(NotebookError) as caught:
        executed(small_plan())
    assert str(caught.value) == "a.csv, row 3: this is wrong."
    assert caught.value.exit_code == 2
    (root / "fail").unlink()
    left = executed(small_plan())
    assert {"03cot-s1", *AFTER_STUDENTS} <= set(left) <= {"03cot-s1", *AFTER_STUDENTS, *APART}


def start(root: Path) -> subprocess.Popen[bytes]:
    """Start a study as a process of its own and wait until its training has begun."""
    root.mkdir(exist_ok=True)
    (root / "hang").write_text("")
    command = [
        sys.executable,
        "-m",
        "sleepcot_utils.study",
        "run",
        "--profile",
        "smoke",
        "--arms",
        "cot",
        "--seeds",
        "1",
    ]
    # A shell's background job, as which tests may run, ignores interrupts and would pass that on to its children.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    signal.signal(signal.SIGINT, before)
    wait_for(lambda: any((root / "data/runs/smoke/work").glob("*/*/checkpoint")))
    return process


def wait_for(condition: Callable[[], bool], limit_s: float = 240.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(0.05)


def test_a_stopped_or_killed_study_goes_on_where_it_was(root: Path) -> None:
    process = start(root)
    with pytest.raises(StudyError, match=f"the study of run 'smoke' is running already, as process {process.pid}"):
        run_plan(small_plan(), cores=2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=240)
    assert process.returncode == 130
    assert said.decode().rstrip().endswith("Stopped. What was finished is kept; the same command goes on from there.")
    assert "Traceback" not in said.decode()

    checkpoint = next((root / "data/runs/smoke/work").glob("*/*/checkpoint"))
    checkpoint.unlink()
    process = start(root)
    assert checkpoint.exists(), "the second start works in the folder of the first one"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (root / "hang").unlink()
    left = executed(small_plan())
    assert {"03cot-s1", *AFTER_STUDENTS} <= set(left) <= {"03cot-s1", *AFTER_STUDENTS, *APART}
    assert not (root / "data" / "runs" / "smoke" / "work" / "cot-s1").exists()


def test_a_lock_of_a_snakemake_by_hand_is_respected(root: Path) -> None:
    locks = root / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.input.lock").write_text("")
    with pytest.raises(StudyError, match="snakemake --unlock"):
        run_plan(small_plan(), cores=2)


def test_planned_jobs_are_read_from_the_log() -> None:
    table = (
        "Job stats:\njob         count\n--------  -------\nsimulate        1\ndistill         4\nstudy           1\n"
    )
    assert planned_jobs("Building DAG of jobs...\n") is None
    assert planned_jobs(table) is None
    assert planned_jobs(table + "total           6\n") == {"01_simulate_wearable_nights": 1, DISTILL: 4}
    assert planned_jobs("Nothing to be done (all requested files are present and up to date).\n") == {}
