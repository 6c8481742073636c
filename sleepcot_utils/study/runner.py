"""The strict notebook runner: Papermill, with everything checked before and after.

Papermill alone lets an unknown parameter pass with a warning, accepts any type, calls ``sys.exit`` in a cell a success
and runs in the folder of whoever calls it. Here parameters and upstream artifacts are checked before a kernel starts, the
notebook always runs in its own folder, every cell has to run, and what the notebook declares has to be there and new.
"""

from __future__ import annotations

import inspect
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import sleepcot_utils.errors
from sleepcot_utils.config import StudyParameters, parameters_model, validate_parameters
from sleepcot_utils.errors import ArtifactError, InputError, ParameterError, StudyError
from sleepcot_utils.paths import private_files, relative_name
from sleepcot_utils.study.environment import kernel_variables, variables_set
from sleepcot_utils.study.hashing import files_below
from sleepcot_utils.study.locks import exclusive
from sleepcot_utils.study.profiles import load_profile
from sleepcot_utils.study.progress import send, title_of
from sleepcot_utils.study.records import read_record, schema
from sleepcot_utils.study.scrub import scrub, without_machine
from sleepcot_utils.study.stages import (
    Stage,
    artifact_names,
    execution_name,
    notebook_file,
    record_file,
    run_paths,
    stage_of,
)
from sleepcot_utils.study.upstream import check_upstream

#: Errors of the user's input; the exit code tells them from failures of the code.
INPUT_ERRORS = (InputError, ParameterError, ArtifactError)
STUDY_ERRORS = {
    name: kind
    for name, kind in inspect.getmembers(sleepcot_utils.errors, inspect.isclass)
    if issubclass(kind, StudyError)
}
#: Unix domain sockets take paths of 104 bytes on macOS and 108 on Linux; a kernel's socket adds 9.
LONGEST_RUNTIME_FOLDER = 90


class NotebookError(StudyError):
    """A notebook failed. ``exit_code`` is 2 if its input was at fault and 1 otherwise."""

    def __init__(self, message: str, *, exit_code: int, kept: Path | None = None) -> None:
        self.exit_code = exit_code
        self.kept = kept
        Exception.__init__(self, message)


def check_before(notebook: str, values: Mapping[str, Any]) -> tuple[Stage, StudyParameters]:
    """Check everything that can be checked without running a notebook.

    Parameters
    ----------
    notebook : str
        Stem of the notebook's file name.
    values : mapping
        Parameter values; what is not given takes its default.

    Raises
    ------
    ParameterError
        If a parameter is unknown to the study or to the notebook, ill-typed or out of range.
    ArtifactError
        If an upstream artifact is missing or foreign.
    """
    stage = stage_of(notebook)
    parameters = validate_parameters(notebook, values)
    load_profile(parameters.profile)
    source = notebook_file(notebook)
    if not source.is_file():
        raise ParameterError("there is no such notebook", where=relative_name(source), expected="a notebook file")
    shown = _cell_parameters(source)
    wanted = set(parameters_model(notebook).model_fields)
    for name in sorted(wanted ^ shown):
        problem = "lacks" if name in wanted else "has, and the study does not know,"
        raise ParameterError(
            f"the parameters cell {problem} {name!r}",
            where=relative_name(source),
            expected=f"exactly {', '.join(sorted(wanted))}",
        )
    check_upstream(stage, parameters)
    return stage, parameters


def run_notebook(notebook: str, values: Mapping[str, Any]) -> Path:
    """Execute a notebook and keep the executed copy.

    Parameters
    ----------
    notebook : str
        Stem of the notebook's file name.
    values : mapping
        Parameter values; what is not given takes its default.

    Returns
    -------
    Path
        The executed copy, without times, paths and random ids.

    Raises
    ------
    ParameterError, ArtifactError
        Before anything runs; see `check_before`.
    NotebookError
        If the notebook failed. The executed copy up to the failure is kept beside where the good one would be.
    """
    stage, parameters = check_before(notebook, values)
    paths = run_paths(stage, parameters.run)
    name = execution_name(stage, parameters)
    working = paths.data / "logs" / f"{name}.working.ipynb"
    alone = private_files(paths.notebooks) if stage.private else nullcontext()
    with alone, exclusive(paths.data / "logs" / f"{name}.lock", holder=title_of(name), wait_s=30.0):
        declared = [paths.data / item for item in artifact_names(stage.writes, parameters)]
        declared.append(record_file(stage, parameters))
        before = {path: _fingerprint(path) for path in declared}
        send("started", name)
        error = _execute(stage, parameters, working, name)
        executed = _read(working)
        final = paths.notebooks / f"{name}.ipynb"
        failed = paths.notebooks / f"{name}_failed.ipynb"
        error = error or _first_error(executed, name) or _undeclared_end(declared, before, parameters, name)
        _write(failed if error else final, scrub(executed))
        working.unlink()
        if error:
            error.kept = failed
            raise error
        failed.unlink(missing_ok=True)
        send("done", name)
        return final


def _cell_parameters(source: Path) -> set[str]:
    import papermill
    from papermill.exceptions import PapermillException

    try:
        return set(papermill.inspect_notebook(str(source)))
    except (OSError, ValueError, LookupError, AttributeError, TypeError, PapermillException) as error:
        raise InputError(
            f"the notebook can't be read ({type(error).__name__})", where=relative_name(source), expected="a notebook"
        ) from None


def _execute(stage: Stage, parameters: StudyParameters, working: Path, name: str) -> NotebookError | None:
    """Run a notebook into a working copy; what the cells raise stays in the copy, what the kernel did is returned."""
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    from sleepcot_utils.study.engine import ENGINE, StepEngine

    papermill_engines.register(ENGINE, StepEngine)
    source = notebook_file(stage.notebook)
    profile = load_profile(parameters.profile)
    working.parent.mkdir(parents=True, exist_ok=True)
    runtime = _runtime_folder()
    # Sockets in a folder of this user alone; loopback ports can be read by every user of a machine. Without an `ip` the
    # sockets would get one fixed name in the current folder, and two kernels would answer each other's calls.
    fits = len(runtime) <= LONGEST_RUNTIME_FOLDER
    sockets = {"transport": "ipc", "ip": f"{runtime}/kernel"} if fits else {"transport": "tcp"}
    variables = kernel_variables(stage, offline=profile.offline and not needs_hub(parameters), runtime_folder=runtime)
    try:
        with variables_set(variables):
            papermill.execute_notebook(
                str(source),
                str(working),
                parameters=parameters.model_dump(),
                engine_name=ENGINE,
                kernel_name="python3",
                progress_bar=False,
                cwd=str(source.parent),
                start_timeout=120,
                execution_timeout=int(profile.cell_timeout_min * 60),
                record_timing=False,
                config=Config({"KernelManager": sockets}),
                on_step=lambda title, index, count: send("step", name, title=title, index=index, count=count),
            )
    except PapermillExecutionError:
        return None
    except CellTimeoutError:
        return NotebookError(
            f"{title_of(name)}: a cell took longer than {profile.cell_timeout_min:g} min, the limit of profile "
            f"{profile.name}.",
            exit_code=1,
        )
    except (DeadKernelError, RuntimeError) as error:
        return NotebookError(
            f"{title_of(name)}: the notebook's process ended by itself, often for want of memory "
            f"({without_machine(str(error)).splitlines()[0]}).",
            exit_code=1,
        )
    finally:
        shutil.rmtree(runtime, ignore_errors=True)
    return None


def needs_hub(parameters: StudyParameters) -> bool:
    """Whether parameters name a model that has to come from a model hub: neither shipped nor a folder."""
    values = parameters.model_dump()
    models = [values.get("student", "embedded")]
    if values.get("teacher") == "local":
        models.append(values["teacher_model"])
    return any(model != "embedded" and not Path(model).expanduser().exists() for model in models)


def _runtime_folder() -> str:
    """New folder for a kernel's connection file and sockets, with as short a name as can be had."""
    short = Path("/tmp")
    parent = str(short) if short.is_dir() and os.access(short, os.W_OK) else None
    return tempfile.mkdtemp(prefix="sleepcot-", dir=parent)


def _read(path: Path) -> Any:
    import nbformat

    if not path.exists():
        raise NotebookError("the notebook's kernel could not be started.", exit_code=1)
    return nbformat.read(path, as_version=4)


def _write(path: Path, notebook: Any) -> None:
    import nbformat

    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def _first_error(executed: Any, name: str) -> NotebookError | None:
    from sleepcot_utils.study.engine import headings

    titles = headings(executed["cells"])
    number = 0
    for index, cell in enumerate(executed["cells"]):
        if cell["cell_type"] != "code" or not cell["source"].strip():
            continue
        number += 1
        place = f"{title_of(name)}, code cell {number}" + (f" in '{titles[index]}'" if titles[index] else "")
        for output in cell["outputs"]:
            if output["output_type"] != "error":
                continue
            message = without_machine(output["evalue"])
            if output["ename"] in STUDY_ERRORS:
                kind = STUDY_ERRORS[output["ename"]]
                return NotebookError(message, exit_code=2 if issubclass(kind, INPUT_ERRORS) else 1)
            if output["ename"] == "SystemExit":
                return NotebookError(f"{place}: the cell left the notebook with SystemExit({message}).", exit_code=1)
            return NotebookError(f"{place}: {output['ename']}: {message}", exit_code=1)
        if cell["execution_count"] is None and not cell["outputs"]:
            return NotebookError(f"{place}: the notebook stopped before this cell.", exit_code=1)
    return None


def _fingerprint(path: Path) -> tuple[Any, ...]:
    """What changes when a file, or anything in a folder, is written again; empty if there is nothing."""
    if not path.exists():
        return ()
    status = [(str(file), file.stat().st_mtime_ns, file.stat().st_ino) for file in files_below(path)]
    return tuple(status)


def _undeclared_end(
    declared: list[Path], before: dict[Path, tuple[Any, ...]], parameters: StudyParameters, name: str
) -> NotebookError | None:
    for path in declared:
        now = _fingerprint(path)
        if not now or now == before[path]:
            problem = "did not write" if not now else "did not write anew"
            return NotebookError(
                f"{title_of(name)} ended but {problem} {relative_name(path)}, which it declares.", exit_code=1
            )
    import jsonschema

    record = read_record(declared[-1])
    try:
        jsonschema.validate(record, schema())
    except jsonschema.ValidationError as error:
        return NotebookError(f"{relative_name(declared[-1])}: {error.message}.", exit_code=1)
    if record["parameters"] != parameters.model_dump():
        return NotebookError(f"{relative_name(declared[-1])}: the parameters are not those of this run.", exit_code=1)
    return None
