"""What the Snakefile needs to know about the notebooks: files in, files out, and what makes a notebook run again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from sleepcot_utils.paths import reference_data
from sleepcot_utils.study.hashing import tree_digest
from sleepcot_utils.study.plan import Plan
from sleepcot_utils.study.sources import code_hash
from sleepcot_utils.study.stages import STAGES, Stage, artifact_names, notebook_file, stage_of, writer_of

#: Rule of the Snakefile to its notebook.
RULES = {
    "simulate": "01_simulate_wearable_nights",
    "teach": "02_prompt_the_teacher",
    "distill": "03_distill_the_student",
    "compare": "04_compare_student_and_baselines",
    "personalize": "05_personalize_from_feedback",
    "deploy": "06_deploy_the_student",
    "classify": "07_rest_or_exercise",
    "monitor": "09_monitor_and_guide",
}


def declared_outputs(run: str, notebook: str, *, arm: str = "", student_seed: Any = "") -> tuple[list[str], list[str]]:
    """Outputs of one execution, relative to the folder below which runs write.

    Parameters
    ----------
    run : str
        Name of the run.
    notebook : str
        Stem of the notebook's file name.
    arm, student_seed : optional
        Of a student; may be Snakemake wildcards such as ``"{arm}"``.

    Returns
    -------
    tuple of two lists of str
        Files, with the result record as the last one, and folders. A file inside of a declared folder stands for
        itself nowhere, because Snakemake takes a folder as a whole.
    """
    stage = stage_of(notebook)
    names = [template.format(arm=arm, student_seed=student_seed) for template in stage.writes]
    folders = [name for name in names if name.endswith("/")]
    files = [name for name in names if name not in folders and not name.startswith(tuple(folders))]
    suffix = f"__{arm}-s{student_seed}" if stage.per_student else ""
    return (
        [*(f"data/runs/{run}/{name}" for name in files), f"papermill_runs/{run}/{notebook}{suffix}_result.json"],
        [f"data/runs/{run}/{name.rstrip('/')}" for name in folders],
    )


def outputs_of_study(plan: Plan) -> list[str]:
    """Every file and folder that the whole study declares."""
    found: list[str] = []
    for execution in plan.executions():
        files, folders = _outputs(plan, execution.stage, execution.parameters.model_dump())
        found += [*files, *folders]
    return found


def upstream_outputs(plan: Plan, notebook: str) -> list[str]:
    """Artifacts that a notebook reads; the folder stands for a file inside of a declared folder."""
    stage = stage_of(notebook)
    found: list[str] = []
    for name in artifact_names(stage.reads, _any_parameters(plan, stage)):
        path = f"data/runs/{plan.run}/{name}"
        writer = writer_of(name)
        if writer is not None and writer[0].per_student:
            path = "/".join(path.split("/")[:5])
        found.append(path.rstrip("/"))
    return list(dict.fromkeys(found))


def upstream_records(plan: Plan, notebook: str) -> list[str]:
    """Result records of the executions whose artifacts a notebook reads."""
    stage = stage_of(notebook)
    writers = (writer_of(name) for name in artifact_names(stage.reads, _any_parameters(plan, stage)))
    names = dict.fromkeys(writer[1] for writer in writers if writer is not None)
    return [f"papermill_runs/{plan.run}/{name}_result.json" for name in names]


def job_params(plan: Plan, notebook: str) -> dict[str, Any]:
    """Snakemake ``params`` of a notebook's rule: its code, its shipped data and its resolved parameters.

    A change of any of them, and nothing else but its inputs, makes the notebook run again.
    """
    stage = stage_of(notebook)
    shipped = {name: tree_digest(reference_data(name)) for name in stage.shipped}
    parameters: str | Callable[[Any], str]
    if stage.per_student:

        def parameters(wildcards: Any) -> str:
            return _as_text(plan, notebook, arm=wildcards.arm, student_seed=int(wildcards.student_seed))

    else:
        parameters = _as_text(plan, notebook)
    return {"code": code_hash(notebook_file(notebook)), "shipped": json.dumps(shipped), "parameters": parameters}


def notebooks_of_study() -> list[str]:
    """Notebooks of the study in their order."""
    return [stage.notebook for stage in STAGES if stage.in_study]


def _as_text(plan: Plan, notebook: str, **own: Any) -> str:
    return json.dumps(plan.parameters(notebook, **own).model_dump(), sort_keys=True)


def _any_parameters(plan: Plan, stage: Stage) -> Any:
    own = {"arm": plan.arms[0], "student_seed": plan.student_seeds[0]} if stage.per_student else {}
    return plan.parameters(stage.notebook, **own)


def _outputs(plan: Plan, stage: Stage, values: dict[str, Any]) -> tuple[list[str], list[str]]:
    own = {"arm": values["arm"], "student_seed": values["student_seed"]} if stage.per_student else {}
    return declared_outputs(plan.run, stage.notebook, **own)
