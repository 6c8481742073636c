"""What a run left behind: where it is, how long it took, and what of it becomes the tracked reference run."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.paths import RunPaths, relative_name
from sleepcot_utils.study.plan import Execution, Plan
from sleepcot_utils.study.records import read_record
from sleepcot_utils.study.scrub import KEPT_CELL_METADATA
from sleepcot_utils.study.stages import record_file, run_paths

#: Run that is tracked in git, with executed notebooks, records, figures and results.
REFERENCE = "reference"
RESULT_TABLE = "comparison.csv"
#: Means of every source and the conclusion; the table of the README is made from it.
RESULT_SUMMARY = "comparison.json"
#: The page of a run's results at a glance, beside its executed notebooks.
PAGE = "results.html"
#: Parameters that change no duration worth speaking of.
WITHOUT_DURATION = ("run", "profile", "seed", "arm", "arms", "arms_once", "student_seed", "student_seeds")
HOME_FOLDER = re.compile(r"(/home/|/Users/|/root/|\b[A-Z]:\\+Users\\)[\w.-]*")
WIDEST_CELL = 28
#: Columns of the result table that the terminal shows; the file has them all.
SHOWN_COLUMNS = (
    "role",
    "metric",
    "a",
    "b",
    "mean_a",
    "mean_b",
    "difference",
    "low",
    "high",
    "p_holm",
    "claim",
    "decision",
)


def executed_copy(execution: Execution) -> Path:
    """Executed notebook of an execution."""
    return run_paths(execution.stage, execution.parameters.run).notebooks / f"{execution.name}.ipynb"


def expected_seconds(plan: Plan) -> dict[str, float]:
    """Notebook to expected seconds of one execution.

    From records of this run or the reference run with the same sizes (their mean), else from the profile's table. A
    notebook that neither knows is left out.
    """
    found = {notebook: minutes * 60 for notebook, minutes in plan.profile.expected_minutes.items()}
    for run in (REFERENCE, plan.run):
        times: defaultdict[str, list[float]] = defaultdict(list)
        for path in RunPaths(run).notebooks.glob("*_result.json"):
            try:
                record = read_record(path)
                sizes = plan.parameters(record["notebook"]).model_dump()
                taken = float(record["wall_time_s"])
            except (ArtifactError, KeyError, ValueError):
                continue
            if _sizes(record["parameters"]) == _sizes(sizes):
                times[record["notebook"]].append(taken)
        found |= {notebook: sum(values) / len(values) for notebook, values in times.items()}
    return found


def _sizes(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if name not in WITHOUT_DURATION}


def summary(run: str) -> str:
    """Where the executed notebooks, figures and the result table of a run are, and the table itself.

    Raises
    ------
    ArtifactError
        If the run has left nothing behind.
    """
    paths = RunPaths(run)
    notebooks = sorted(path for path in paths.notebooks.glob("*.ipynb") if not path.stem.endswith("_failed"))
    if not notebooks:
        raise ArtifactError(
            "there is no executed notebook of this run",
            where=relative_name(paths.notebooks),
            expected="`make study` first",
        )
    figures = sorted(paths.figures.glob("*.png"))
    lines = [f"Executed notebooks: {relative_name(paths.notebooks)}/"]
    lines += [f"  {path.name}" for path in notebooks]
    if figures:
        lines.append(f"Figures: {relative_name(paths.figures)}/")
        lines += [f"  {path.name}" for path in figures]
    table = paths.data / RESULT_TABLE
    if table.exists():
        lines.append(f"Result table: {relative_name(table)}")
        lines += [f"  {line}" for line in _table(table)]
    return "\n".join(lines)


def _table(path: Path, most_rows: int = 24) -> list[str]:
    with open(path, encoding="utf-8", newline="") as stream:
        whole = list(csv.reader(stream))
    header = whole[0] if whole else []
    # A table of another form is shown as it is.
    places = [header.index(name) for name in SHOWN_COLUMNS if name in header] or list(range(len(header)))
    rows = [[_short(row[place]) for place in places if place < len(row)] for row in whole]
    shown = rows[: most_rows + 1]
    widths = (
        [max(len(row[column]) for row in shown if column < len(row)) for column in range(len(shown[0]))]
        if shown
        else []
    )
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in shown]
    if len(rows) > len(shown):
        lines.append(f"... and {len(rows) - len(shown)} rows more")
    return lines


def _short(cell: str) -> str:
    try:
        number = float(cell)
        text = cell if number.is_integer() and len(cell) < 8 else f"{number:.3f}"
    except ValueError:
        text = cell
    return text if len(text) <= WIDEST_CELL else text[: WIDEST_CELL - 3] + "..."


def refresh_prose(source: Path, executed: Path) -> bool:
    """Bring prose and comments of an executed copy up to date with its source, which reruns nothing.

    Parameters
    ----------
    source, executed : Path
        Notebook and its executed copy, of the same code.

    Returns
    -------
    bool
        Whether the copy was changed. It is left alone if the two differ in the number of code cells.
    """
    old = json.loads(executed.read_text(encoding="utf-8"))
    cells = json.loads(source.read_text(encoding="utf-8"))["cells"]
    injected = [cell for cell in old["cells"] if "injected-parameters" in cell["metadata"].get("tags", [])]
    ran = [cell for cell in old["cells"] if cell["cell_type"] == "code" and cell not in injected]
    if len(ran) != sum(cell["cell_type"] == "code" for cell in cells):
        return False
    waiting = iter(ran)
    new: list[dict[str, Any]] = []
    for cell in cells:
        kept = {key: cell["metadata"][key] for key in KEPT_CELL_METADATA if cell["metadata"].get(key)}
        if cell["cell_type"] == "code":
            new.append({**next(waiting), "source": cell["source"], "metadata": kept})
        else:
            new.append({"cell_type": cell["cell_type"], "metadata": kept, "source": cell["source"]})
        if "parameters" in kept.get("tags", []):
            new += injected
    for index, cell in enumerate(new):
        if cell not in injected:
            cell["id"] = f"cell-{index:03d}"
    text = json.dumps({**old, "cells": new}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if json.loads(text) == json.loads(executed.read_text(encoding="utf-8")):
        return False
    executed.write_text(text, encoding="utf-8")
    return True


def promote(plan: Plan) -> list[Path]:
    """Copy a complete run into the tracked reference run: executed notebooks, records, results and figures.

    Notebooks with personal data are never part of it.

    Returns
    -------
    list of Path
        The files of the reference run.

    Raises
    ------
    ArtifactError
        If the run is not complete, or an executed notebook shows a path of this machine or a warning.
    """
    source, target = RunPaths(plan.run), RunPaths(REFERENCE)
    kept: list[Path] = []
    for execution in plan.executions():
        for path in (executed_copy(execution), record_file(execution.stage, execution.parameters)):
            if not path.exists():
                raise ArtifactError("the run is not complete", where=relative_name(path), expected="`make study` first")
            _refuse_leaks(path)
            kept.append(path)
    for name in (RESULT_TABLE, RESULT_SUMMARY):
        result = source.data / name
        if not result.exists():
            raise ArtifactError("the run is not complete", where=relative_name(result), expected="`make study` first")
        _refuse_leaks(result)
        kept.append(result)
    page = source.notebooks / PAGE
    if page.exists():
        _refuse_leaks(page)
        kept.append(page)
    figures = sorted(
        path for path in source.figures.glob("*") if path.is_file() and not path.name.startswith((".", "08_"))
    )
    written: list[Path] = []
    for files, folder in ((kept, target.notebooks), (figures, target.figures)):
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            if old.is_file() and old.name != "README.md":
                old.unlink()
        for path in files:
            written.append(Path(shutil.copyfile(path, folder / path.name)))
    return written


def changed_since_commit(plan: Plan) -> list[str]:
    """Executions of a run whose code was not that of any commit, by their records."""
    records = {one.name: read_record(record_file(one.stage, one.parameters)) for one in plan.executions()}
    return [name for name, record in records.items() if record["dirty"]]


def _refuse_leaks(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    leaked = HOME_FOLDER.search(text)
    if leaked or str(Path.home()) + "/" in text:
        raise ArtifactError(
            f"the file shows a folder of this machine ({leaked.group(0) if leaked else 'a home folder'})",
            where=relative_name(path),
            expected="names relative to the project",
        )
    if path.suffix == ".ipynb":
        for number, cell in enumerate(json.loads(text)["cells"], start=1):
            for output in cell.get("outputs", []):
                if output.get("name") == "stderr" or output["output_type"] == "error":
                    raise ArtifactError(
                        "the executed notebook shows a warning or an error",
                        where=f"{relative_name(path)}, cell {number}",
                        expected="no output on standard error",
                    )
