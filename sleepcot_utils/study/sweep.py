"""A sweep over arms, student seeds and study seeds: failed executions are kept and named, and one tidy table holds all.

A study seed draws people, nights and tasks anew, in a run of its own; a student seed trains another student on the same
ones. An execution that fails stops only what depends on it. The same command runs again what failed or is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from sleepcot_utils.compare.plan import ENDPOINTS
from sleepcot_utils.compare.statistics import summarize
from sleepcot_utils.errors import StudyError
from sleepcot_utils.knowledge import load_cards
from sleepcot_utils.paths import RunPaths
from sleepcot_utils.score.answers import held_out_tasks, score_answers
from sleepcot_utils.study.plan import Execution, Plan
from sleepcot_utils.study.progress import Reporter
from sleepcot_utils.study.records import read_record
from sleepcot_utils.study.results import expected_seconds
from sleepcot_utils.study.runner import NotebookError
from sleepcot_utils.study.stages import record_file, stage_of, students_of, writer_of
from sleepcot_utils.study.workflow import run_plan
from sleepcot_utils.tasks.answers import read_answers
from sleepcot_utils.tasks.build import Task, read_tasks

#: One row a student and endpoint. ``persons`` counts cards where the endpoint is knowledge; ``low`` and ``high`` are a
#: 95 % interval over persons.
COLUMNS = (
    "run", "seed", "student_seed", "arm", "endpoint", "persons", "estimate", "low", "high", "status", "reason",
)  # fmt: skip
DONE, FAILED, NOT_RUN = "done", "failed", "not run"
#: File of the table below ``data/runs/<run>``.
TABLE = "sweep.csv"
RESAMPLES = 2000
DISTILL = "03_distill_the_student"


@dataclass(frozen=True)
class Failure:
    """One execution that failed.

    Attributes
    ----------
    run, execution : str
        Run and name of the execution; the execution is ``study`` where none of the run could start.
    message : str
        What was wrong.
    exit_code : int
        2 for bad input, 1 for anything else.
    """

    run: str
    execution: str
    message: str
    exit_code: int


class SweepError(StudyError):
    """A sweep is not complete. ``exit_code`` is 2 if only input was at fault and 1 otherwise."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        self.exit_code = 1 if not failures or any(failure.exit_code == 1 for failure in failures) else 2
        lines = [f"  {failure.run}, {failure.execution}: {failure.message}" for failure in failures]
        told = "Failed, while the others went on:" if lines else "The answers of some students can't be scored."
        Exception.__init__(self, "\n".join([told, *lines, "The same command runs again what failed or is missing."]))


def sweep_plans(plan: Plan, study_seeds: Sequence[int] = ()) -> list[Plan]:
    """One plan a study seed, each in a run of its own (``laptop-seed5``); the plan itself if no seed is named."""
    return [replace(plan, run=f"{plan.run}-seed{seed}", seed=seed) for seed in study_seeds] or [plan]


def run_sweep(plans: Iterable[Plan], *, cores: int) -> list[Failure]:
    """Run all plans; a failure stops neither the other executions of its run nor the other runs.

    Returns
    -------
    list of Failure
        What failed, in its order.

    Raises
    ------
    Stopped
        If the user stopped it.
    """
    failures: list[Failure] = []
    for plan in plans:
        reporter = Reporter(expected_s=expected_seconds(plan), at_once=cores)
        try:
            run_plan(plan, cores=cores, reporter=reporter, keep_going=True)
        except StudyError as error:
            named = [Failure(plan.run, f["execution"], f["message"], f["exit_code"]) for f in reporter.failures]
            code = error.exit_code if isinstance(error, NotebookError) else 2
            failures += named or [Failure(plan.run, "study", str(error), code)]
    return failures


def sweep_table(plans: Iterable[Plan], failures: Sequence[Failure]) -> pd.DataFrame:
    """Endpoints of every student that the plans name, also of those that failed or did not run.

    Parameters
    ----------
    plans : iterable of Plan
        Plans of the sweep.
    failures : sequence of Failure
        What `run_sweep` returned.

    Returns
    -------
    pandas.DataFrame
        ``COLUMNS``; values are null where the status is not ``done``.
    """
    rows: list[dict[str, object]] = []
    for plan in plans:
        of_run = [failure for failure in failures if failure.run == plan.run]
        tasks: list[Task] | None = None
        for execution in plan.executions():
            if execution.stage.notebook != DISTILL:
                continue
            status, reason = _status(execution, of_run)
            found: Mapping[str, Mapping[str, float]] = {}
            if status == DONE:
                try:
                    tasks = _held_out(plan.run) if tasks is None else tasks
                    found = _endpoints(plan, execution, tasks)
                except StudyError as error:
                    status, reason = FAILED, str(error)
            rows += [_row(plan, execution, endpoint, found.get(endpoint), status, reason) for endpoint in ENDPOINTS]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"persons": "Int64"})


def save_sweep(table: pd.DataFrame, run: str) -> Path:
    """Write the table of a sweep below ``data/runs/<run>``; its path."""
    path = RunPaths(run).data / TABLE
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n")
    return path


def _status(execution: Execution, failures: Sequence[Failure]) -> tuple[str, str]:
    own = [failure.message for failure in failures if failure.execution == execution.name]
    if own:
        return FAILED, own[0]
    record = record_file(execution.stage, execution.parameters)
    if record.exists() and read_record(record)["parameters"] == execution.parameters.model_dump():
        return DONE, ""
    before = [failure for failure in failures if _comes_before(failure.execution)]
    return NOT_RUN, f"{before[0].execution} failed: {before[0].message}" if before else "it was not reached"


def _comes_before(execution: str) -> bool:
    """Whether a student needs what this execution writes."""
    writers = (writer_of(name) for name in stage_of(DISTILL).reads)
    return execution in {"study", "01_simulate_wearable_nights", *(found[1] for found in writers if found)}


def _held_out(run: str) -> list[Task]:
    return held_out_tasks(read_tasks(RunPaths(run).data / "tasks.jsonl"), "test")


def _endpoints(plan: Plan, execution: Execution, tasks: list[Task]) -> dict[str, dict[str, float]]:
    """Means over persons with their intervals, by endpoint."""
    ((arm, student_seed),) = students_of(execution.parameters)
    answers = read_answers(RunPaths(plan.run).student(arm, student_seed) / "answers.jsonl")
    asked = {task.task_id for task in tasks}
    cards = {card.card_id: card for card in load_cards()}
    scores = score_answers([answer for answer in answers if answer.task_id in asked], tasks, cards)
    scores = scores[scores["metric"].isin(ENDPOINTS)]
    rng = np.random.default_rng([plan.seed, student_seed])
    summary = summarize(scores, rng, resamples=RESAMPLES).set_index("metric")
    return {str(name): row.to_dict() for name, row in summary.iterrows()}


def _row(
    plan: Plan, execution: Execution, endpoint: str, found: Mapping[str, float] | None, status: str, reason: str
) -> dict[str, object]:
    ((arm, student_seed),) = students_of(execution.parameters)
    if found is None and status == DONE:
        reason = "no answer can be scored by it"
    values = found or {}
    return {
        "run": plan.run,
        "seed": plan.seed,
        "student_seed": student_seed,
        "arm": arm,
        "endpoint": endpoint,
        "persons": values.get("n_persons"),
        "estimate": values.get("mean"),
        "low": values.get("low"),
        "high": values.get("high"),
        "status": status,
        "reason": reason,
    }
