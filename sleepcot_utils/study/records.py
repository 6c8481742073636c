"""``NN_result.json``: what a notebook read, wrote, measured and was run with.

A record is the proof of origin of its outputs: a later notebook compares the hash of what it is about to read with
the hash in the record of the notebook that wrote it, all the way up.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from sleepcot_utils import __version__
from sleepcot_utils.config import StudyParameters
from sleepcot_utils.errors import ArtifactError, StudyError
from sleepcot_utils.paths import PROJECT_ROOT, relative_name
from sleepcot_utils.study.hashing import hashes
from sleepcot_utils.study.stages import Stage, record_file

SCHEMA_VERSION = 1
#: Packages whose version can change a number or a figure.
PACKAGES = (
    "accelerate", "matplotlib", "numpy", "pandas", "peft", "pyarrow", "pydantic", "scipy", "seaborn",
    "statsmodels", "tokenizers", "torch", "transformers",
)  # fmt: skip
VOLATILE = ("commit", "dirty", "wall_time_s")
#: Metrics whose names end like this are timings; they differ between two equal runs.
TIMING_SUFFIXES = ("_s", "_min_elapsed", "_per_second")


def schema() -> dict[str, Any]:
    """JSON Schema of a record."""
    text = resources.files("sleepcot_utils.study").joinpath("record.schema.json").read_text(encoding="utf-8")
    return json.loads(text)


def package_versions() -> dict[str, str]:
    """Versions of Python, this package and the libraries that can change a number; absent ones are left out."""
    found = {"python": platform.python_version(), "sleepcot_utils": __version__}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return dict(sorted(found.items()))


def source_commit() -> tuple[str, bool]:
    """Commit of the project and whether tracked files differ from it; ``unknown`` outside of a repository."""
    try:
        commit = _git("rev-parse", "HEAD")
        return commit, bool(_git("status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return "unknown", False


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def device_name(device: object = None) -> str:
    """Device that did the computing: ``cpu``, or ``cuda:`` with the name of the GPU.

    Parameters
    ----------
    device : object, optional
        What a model says its device is, as a text or a ``torch.device``; found out if not given.
    """
    torch = sys.modules.get("torch")
    if device is None:
        used = torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized()
        device = "cuda" if used else "cpu"
    text = str(device)
    if text.startswith("cuda") and torch is not None and torch.cuda.is_available():
        return f"cuda: {torch.cuda.get_device_name(torch.device(text))}"
    return text


def write_record(
    *,
    stage: Stage,
    parameters: StudyParameters,
    reads: Iterable[Path],
    writes: Iterable[Path],
    metrics: Mapping[str, Any],
    started: float,
    device: object = None,
) -> Path:
    """Write the record of one execution, in one piece.

    Parameters
    ----------
    stage : Stage
        The notebook's entry in the table of stages.
    parameters : StudyParameters
        Complete parameters, defaults included.
    reads, writes : iterable of Path
        Files and folders that were read and written.
    metrics : mapping
        Metric name to a number, text, truth value, None, or a list or mapping of those. A name that ends in ``_s``
        or ``_per_second`` is a timing.
    started : float
        ``time.perf_counter()`` at the notebook's start.
    device : object, optional
        Device that did the computing, a text or a ``torch.device``; found out if not given.

    Returns
    -------
    Path
        The record's file.

    Raises
    ------
    StudyError
        If a metric is no finite number and nothing else that JSON can hold.
    """
    commit, dirty = source_commit()
    record = {
        "schema_version": SCHEMA_VERSION,
        "run": parameters.run,
        "profile": parameters.profile,
        "notebook": stage.notebook,
        "parameters": parameters.model_dump(),
        "seed": parameters.seed,
        "commit": commit,
        "dirty": dirty,
        "device": device_name(device),
        "versions": package_versions(),
        "inputs": hashes(reads),
        "outputs": hashes(writes),
        "metrics": {str(name): _plain(value, str(name)) for name, value in metrics.items()},
        "wall_time_s": round(time.perf_counter() - started, 3),
    }
    path = record_file(stage, parameters)
    write_json(path, record)
    return path


def write_json(path: Path, content: Any) -> None:
    """Write JSON with sorted keys, so that a reader sees either the old file or the whole new one."""
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def _plain(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item, f"{name}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, name) for item in value]
    if not isinstance(value, str | bool | int | float | None) and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        raise StudyError(f"the metric can't be {value}", where=f"metrics, {name}", expected="a finite number, or None")
    if not isinstance(value, str | bool | int | float | None):
        raise StudyError(
            f"the metric is a {type(value).__name__}", where=f"metrics, {name}", expected="a number, a text or None"
        )
    return value


def read_record(path: Path) -> dict[str, Any]:
    """Read a record.

    Raises
    ------
    ArtifactError
        If the file is no record of the schema version that this code writes.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"the result record can't be read ({type(error).__name__})",
            where=relative_name(path),
            expected="a JSON file",
        ) from None
    version = record.get("schema_version") if isinstance(record, dict) else None
    if version != SCHEMA_VERSION:
        raise ArtifactError(
            f"the result record has schema version {version!r}",
            where=relative_name(path),
            expected=f"version {SCHEMA_VERSION}; run {path.name.removesuffix('_result.json')} again",
        )
    return record


def comparable(record: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a record that two equal runs share: no commit, no times, and ``<run>`` for the run's name."""
    run = record["run"]

    def neutral(value: Any, key: str = "") -> Any:
        if isinstance(value, Mapping):
            return {
                neutral_path(name): neutral(item, name)
                for name, item in value.items()
                if not name.endswith(TIMING_SUFFIXES)
            }
        return [neutral(item) for item in value] if isinstance(value, list) else value

    def neutral_path(name: str) -> str:
        for folder in ("data/runs", "papermill_runs", "figures"):
            if name.startswith(f"{folder}/{run}/"):
                return name.replace(f"/{run}/", "/<run>/", 1)
        return name

    kept = {name: value for name, value in record.items() if name not in VOLATILE and name != "metrics"}
    kept["parameters"] = {**record["parameters"], "run": "<run>"}
    kept["run"] = "<run>"
    kept["inputs"] = {neutral_path(name): value for name, value in record["inputs"].items()}
    kept["outputs"] = {neutral_path(name): value for name, value in record["outputs"].items()}
    kept["metrics"] = neutral(record["metrics"])
    return kept
