"""What every notebook of the study reads and writes, in one table.

Names are relative to ``data/runs/<run>``; one that ends in ``/`` is a folder. ``{arm}`` and ``{student_seed}`` are filled
from a notebook's parameters: from its own arm and seed, or from each of its ``arms`` and ``student_seeds``.
"""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path

from sleepcot_utils.allowed import split_list
from sleepcot_utils.config import StudyParameters, parameters_model
from sleepcot_utils.errors import ParameterError
from sleepcot_utils.paths import PROJECT_ROOT, RunPaths

STUDENT = "students/{arm}-s{student_seed}/"


@dataclass(frozen=True)
class Stage:
    """One notebook of the study.

    Attributes
    ----------
    notebook : str
        Stem of the notebook's file name.
    reads, writes : tuple of str
        Artifacts below ``data/runs/<run>``.
    shipped : tuple of str
        Folders below ``data/`` that the notebook reads.
    per_student : bool
        Whether it runs once per arm and student seed.
    in_study : bool
        Whether ``make study`` runs it.
    private : bool
        Whether its executed copy, record and figures hold personal data and stay below ``data/runs``.
    threads : int
        Threads of its numerical libraries. A constant, because sums depend on it in the last digits.
    """

    notebook: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    shipped: tuple[str, ...] = ()
    per_student: bool = False
    in_study: bool = True
    private: bool = False
    threads: int = 1


STAGES: tuple[Stage, ...] = (
    Stage(
        "00_pretrain_embedded_student",
        writes=("base/",),
        shipped=("devices", "embedded_student", "knowledge", "norms", "prompts", "wording"),
    ),
    Stage(
        "01_simulate_wearable_nights",
        writes=("people.parquet", "nights.parquet", "truth.parquet", "reports.jsonl"),
        shipped=("norms", "devices", "prompts", "teachers"),
    ),
    Stage(
        "02_prompt_the_teacher",
        reads=("people.parquet", "nights.parquet", "reports.jsonl"),
        writes=("tasks.jsonl", "teacher_answers.jsonl", "training_set.jsonl"),
        shipped=(
            "devices",
            "embedded_student",
            "exemplars",
            "guide",
            "knowledge",
            "monitor",
            "norms",
            "prompts",
            "safety",
            "teachers",
            "wording",
        ),
    ),
    Stage(
        "03_distill_the_student",
        reads=("tasks.jsonl", "training_set.jsonl"),
        writes=(STUDENT, STUDENT + "answers.jsonl", STUDENT + "training_log.json"),
        shipped=("embedded_student", "guide", "knowledge", "norms", "prompts", "safety"),
        per_student=True,
    ),
    Stage(
        "04_compare_student_and_baselines",
        reads=(
            "reports.jsonl",
            "tasks.jsonl",
            "teacher_answers.jsonl",
            "training_set.jsonl",
            STUDENT,
            STUDENT + "answers.jsonl",
            STUDENT + "training_log.json",
        ),
        writes=("scores.parquet", "comparison.csv", "comparison.json", "rating_kit/key.csv"),
        shipped=(
            "embedded_student",
            "exemplars",
            "guide",
            "knowledge",
            "norms",
            "prompts",
            "safety",
            "teachers",
            "wording",
        ),
    ),
    Stage(
        "05_personalize_from_feedback",
        reads=("people.parquet", "tasks.jsonl", STUDENT),
        writes=("feedback/feedback.jsonl", "feedback/given.jsonl", "personalization.parquet"),
        shipped=(
            "devices",
            "embedded_student",
            "feedback",
            "guide",
            "knowledge",
            "norms",
            "prompts",
            "safety",
            "wording",
        ),
    ),
    Stage(
        "06_deploy_the_student",
        reads=("tasks.jsonl", "teacher_answers.jsonl", "training_set.jsonl", STUDENT),
        writes=("deployed/", "deployment.csv"),
        shipped=("devices", "embedded_student", "guide", "knowledge", "norms", "prompts", "safety", "wording"),
    ),
    Stage(
        "07_rest_or_exercise",
        reads=("people.parquet", "nights.parquet"),
        writes=("rest_or_exercise.parquet", "rest_or_exercise.csv"),
        shipped=("classify", "devices", "embedded_bert", "embedded_student", "monitor", "norms"),
    ),
    Stage(
        "08_coach_your_own_nights",
        reads=(STUDENT,),
        writes=("coach/advice.jsonl",),
        shipped=(
            "devices",
            "embedded_student",
            "exemplars",
            "feedback",
            "guide",
            "knowledge",
            "norms",
            "prompts",
            "safety",
            "wording",
        ),
        in_study=False,
        private=True,
    ),
    Stage(
        "09_monitor_and_guide",
        reads=("people.parquet", "nights.parquet", "tasks.jsonl", "teacher_answers.jsonl", STUDENT + "answers.jsonl"),
        writes=("days.parquet", "alerts.parquet"),
        shipped=(
            "devices",
            "exemplars",
            "guide",
            "knowledge",
            "monitor",
            "norms",
            "prompts",
            "safety",
            "teachers",
            "wording",
        ),
    ),
)


class PrivatePaths(RunPaths):
    """Paths of a run for a notebook whose outputs hold personal data: everything stays below ``data/runs``."""

    @property
    def notebooks(self) -> Path:
        """Executed notebooks and their records."""
        return self.data / "coach"

    @property
    def figures(self) -> Path:
        """Figures with their alt texts."""
        return self.data / "coach" / "figures"


def stage_of(notebook: str) -> Stage:
    """Stage of a notebook.

    Raises
    ------
    ParameterError
        If the study has no notebook of this name.
    """
    parameters_model(notebook)
    for stage in STAGES:
        if stage.notebook == notebook:
            return stage
    raise ParameterError(f"{notebook} has parameters but no stage", where="notebook", expected="an entry in STAGES")


def notebook_folder() -> Path:
    """Folder of the source notebooks; ``SLEEPCOT_NOTEBOOKS`` replaces it, which the tests use."""
    return Path(os.environ.get("SLEEPCOT_NOTEBOOKS") or PROJECT_ROOT / "notebooks").resolve()


def notebook_file(notebook: str) -> Path:
    """Source file of a notebook."""
    return notebook_folder() / f"{notebook}.ipynb"


def run_paths(stage: Stage, run: str) -> RunPaths:
    """Folders that a stage of a run writes to."""
    return PrivatePaths(run) if stage.private else RunPaths(run)


def execution_name(stage: Stage, parameters: StudyParameters) -> str:
    """Name of one execution: the notebook's stem, with arm and student seed where it runs once for each."""
    if not stage.per_student:
        return stage.notebook
    values = parameters.model_dump()
    return f"{stage.notebook}__{values['arm']}-s{values['student_seed']}"


def record_file(stage: Stage, parameters: StudyParameters) -> Path:
    """``NN_result.json`` of one execution."""
    return run_paths(stage, parameters.run).result_record(execution_name(stage, parameters))


def students_of(parameters: StudyParameters) -> list[tuple[str, int]]:
    """Arm and student seed of each student that the parameters name, in their order.

    Arms that are trained once come last, each with the first seed.
    """
    values = parameters.model_dump()
    arms = split_list(values["arms"]) if "arms" in values else [values["arm"]] if "arm" in values else []
    seeds = (
        [int(seed) for seed in split_list(values["student_seeds"])]
        if "student_seeds" in values
        else [values["student_seed"]]
        if "student_seed" in values
        else []
    )
    once = split_list(values.get("arms_once", ""))
    return [*itertools.product(arms, seeds), *((arm, seeds[0]) for arm in once)]


def artifact_names(templates: tuple[str, ...], parameters: StudyParameters) -> list[str]:
    """Names of a stage's ``reads`` or ``writes`` with arms and seeds filled in."""
    names: list[str] = []
    for template in templates:
        if "{" in template:
            names += [template.format(arm=arm, student_seed=seed) for arm, seed in students_of(parameters)]
        else:
            names.append(template)
    return names


def writer_of(name: str) -> tuple[Stage, str] | None:
    """Stage that writes an artifact, and the name of the execution that wrote it.

    Parameters
    ----------
    name : str
        Name of the artifact below ``data/runs/<run>``.

    Returns
    -------
    tuple of Stage and str, or None
        None if no stage writes it.
    """
    for stage in STAGES:
        for template in stage.writes:
            pattern = re.escape(template).replace(r"\{arm\}", r"(?P<arm>\w+)")
            pattern = pattern.replace(r"\{student_seed\}", r"(?P<student_seed>\d+)")
            match = re.fullmatch(pattern + (".*" if template.endswith("/") else ""), name)
            if match:
                found = match.groupdict()
                suffix = f"__{found['arm']}-s{found['student_seed']}" if stage.per_student else ""
                return stage, stage.notebook + suffix
    return None
