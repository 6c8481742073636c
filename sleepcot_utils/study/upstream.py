"""Checks that what a notebook is about to read is what the earlier notebooks of this run wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sleepcot_utils.config import StudyParameters
from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.paths import RunPaths, reference_data, relative_name
from sleepcot_utils.study.hashing import files_below, sha256_file
from sleepcot_utils.study.records import read_record
from sleepcot_utils.study.stages import Stage, artifact_names, run_paths, writer_of


def shipped_paths(stage: Stage) -> list[Path]:
    """Shipped folders that a stage reads and that exist."""
    return [path for path in (reference_data(name) for name in stage.shipped) if path.exists()]


def check_upstream(stage: Stage, parameters: StudyParameters) -> list[Path]:
    """Check that everything a stage reads exists and is what the records of this run say.

    Returns
    -------
    list of Path
        The artifacts, files and folders, in the order of the stage's ``reads``.

    Raises
    ------
    ArtifactError
        If an artifact is missing, has no record, differs from its record, or was made from other inputs than those
        that stand in the run now. The message names the file and the notebook to run.
    """
    paths = RunPaths(parameters.run)
    found: list[Path] = []
    for name in artifact_names(stage.reads, parameters):
        writer = writer_of(name)
        execution = writer[1] if writer else "an earlier notebook"
        path = paths.artifact(name.rstrip("/"), written_by=execution)
        if writer:
            record = _record_of(paths.run, *writer, needed_for=path)
            for file in files_below(path):
                recorded = record["outputs"].get(relative_name(file))
                if recorded != sha256_file(file):
                    raise ArtifactError(
                        "this artifact is not the one that this run wrote: it differs from its result record"
                        if recorded
                        else "this artifact does not stand in the result record of its notebook",
                        where=relative_name(file),
                        expected=f"the output of {execution}; run it again for run '{paths.run}'",
                    )
        found.append(path)
    return found


def _record_of(run: str, stage: Stage, execution: str, *, needed_for: Path) -> dict[str, Any]:
    """Record of an execution, after checking that what it read is what its own upstream wrote."""
    path = run_paths(stage, run).result_record(execution)
    if not path.exists():
        raise ArtifactError(
            f"nothing says where this artifact comes from: {relative_name(path)} is missing",
            where=relative_name(needed_for),
            expected=f"run {execution} for run '{run}' first, or `make study`",
        )
    record = read_record(path)
    if record["run"] != run:
        raise ArtifactError(
            f"this artifact belongs to run {record['run']!r}, not to run {run!r}",
            where=relative_name(needed_for),
            expected=f"the output of {execution} of run '{run}'",
        )
    prefix = f"data/runs/{run}/"
    for name, digest in record["inputs"].items():
        source = writer_of(name.removeprefix(prefix)) if name.startswith(prefix) else None
        if source is None or source[0] is stage:
            continue
        upstream = _record_of(run, *source, needed_for=needed_for)
        if upstream["outputs"].get(name) != digest:
            raise ArtifactError(
                f"this artifact was made from another {name}", where=relative_name(needed_for),
                expected=f"run {execution} again for run '{run}'",
            )  # fmt: skip
    return record
