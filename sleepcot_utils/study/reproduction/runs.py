"""Two runs side by side: which files are compared, and what is said about them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sleepcot_utils.errors import ArtifactError, StudyError
from sleepcot_utils.paths import PROJECT_ROOT, RunPaths, relative_name
from sleepcot_utils.study.records import comparable, read_record
from sleepcot_utils.study.reproduction.copies import compare_copies
from sleepcot_utils.study.reproduction.findings import BAD, Finding, compare_values, flat, table_of
from sleepcot_utils.study.reproduction.tolerances import Tolerances, load_tolerances
from sleepcot_utils.study.results import REFERENCE, RESULT_SUMMARY, RESULT_TABLE

RECORD = "_result.json"
#: Table of everything that was compared, beside the executed notebooks of the run.
DIFFERENCES = "differences.csv"
#: Columns of the result table that name a row.
RESULT_KEYS = ("role", "metric", "a", "b")
#: Findings that a report shows in full.
MOST_SHOWN = 40


class NotReproducedError(StudyError):
    """A run differs from the reference run by more than the tolerances."""

    exit_code = 1


def compare_runs(run: str, reference: str = REFERENCE, tolerances: Tolerances | None = None) -> pd.DataFrame:
    """Compare a run with another one, which is the tracked reference run if none is named.

    Parameters
    ----------
    run, reference : str
        Names of runs.
    tolerances : Tolerances, optional
        The shipped ones if not given.

    Returns
    -------
    pandas.DataFrame
        One row for each thing that was compared: ``file, kind, name, reference, run, difference, tolerance, status``.

    Raises
    ------
    ArtifactError
        If one of the runs has no record, or a file of it can't be read.
    """
    return table_of(_findings(run, reference, tolerances or load_tolerances()))


def report(table: pd.DataFrame, run: str, reference: str = REFERENCE) -> str:
    """What `compare_runs` found, in lines: the differences by name, or how near the two runs are."""
    bad = [Finding(**row) for row in table[table["status"].isin(BAD)].to_dict("records")]
    counts = table["status"].value_counts()
    told = ", ".join(f"{counts[status]} {status}" for status in ("equal", "within", "noted") if status in counts)
    lines = [f"Run '{run}' against run '{reference}': {len(table)} comparisons, {told or 'none equal'}."]
    used = table.loc[table["tolerance"] > 0, "difference"] / table.loc[table["tolerance"] > 0, "tolerance"]
    if not bad:
        nearest = f" The largest difference uses {used.max():.0%} of its tolerance." if len(used) else ""
        return "\n".join([*lines, f"No difference beyond the tolerances.{nearest}"])
    lines.append(f"{len(bad)} differences beyond the tolerances:")
    lines += [f"  {finding.sentence()}" for finding in bad[:MOST_SHOWN]]
    if len(bad) > MOST_SHOWN:
        lines.append(f"  ... and {len(bad) - MOST_SHOWN} more")
    return "\n".join(lines)


def save_table(table: pd.DataFrame, run: str) -> Path:
    """Write the table of findings beside the executed notebooks of the run; its path."""
    path = RunPaths(run).notebooks / DIFFERENCES
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n")
    return path


def _findings(run: str, reference: str, tolerances: Tolerances) -> Iterator[Finding]:
    expected, found = _records(reference), _records(run)
    for name in sorted({*expected, *found}):
        if name not in found:
            yield Finding(name, "file", "record", "has one", "", "missing")
        elif name not in expected:
            yield Finding(name, "file", "record", "", "has one", "noted")
        else:
            old, new = read_record(expected[name]), read_record(found[name])
            yield from _of_records(name, old, new, tolerances)
            copies = [path.with_name(f"{name}.ipynb") for path in (expected[name], found[name])]
            yield from compare_copies(name, _json(copies[0]), _json(copies[1]), tolerances)
    for file, read in ((RESULT_TABLE, _result_rows), (RESULT_SUMMARY, _result_means)):
        yield from compare_values(
            file, "result", read(_result_file(reference, file)), read(_result_file(run, file)), tolerances
        )


def _of_records(
    name: str, reference: Mapping[str, Any], run: Mapping[str, Any], tolerances: Tolerances
) -> Iterator[Finding]:
    old, new = comparable(reference), comparable(run)
    yield from _equal_values(name, "parameter", flat(old["parameters"]), flat(new["parameters"]), "other")
    yield from compare_values(name, "metric", flat(reference["metrics"]), flat(run["metrics"]), tolerances)
    before, after = ({**record["versions"], "device": record["device"]} for record in (old, new))
    yield from _equal_values(name, "version", before, after, "noted")
    shared = sorted({*old["outputs"]} & {*new["outputs"]})
    same = sum(old["outputs"][path] == new["outputs"][path] for path in shared)
    status = "equal" if same == len(old["outputs"]) else "other" if tolerances.exact else "noted"
    yield Finding(name, "hash", "outputs with equal bytes", str(len(old["outputs"])), str(same), status)


def _equal_values(
    file: str, kind: str, reference: Mapping[str, Any], run: Mapping[str, Any], otherwise: str
) -> Iterator[Finding]:
    for name in sorted({*reference, *run}):
        values = str(reference.get(name, "none")), str(run.get(name, "none"))
        yield Finding(file, kind, name, *values, "equal" if values[0] == values[1] else otherwise)


def _folder(run: str) -> Path:
    """Executed notebooks of a run; the tracked reference run is found from any output root."""
    folder = RunPaths(run).notebooks
    return PROJECT_ROOT / "papermill_runs" / run if run == REFERENCE and not folder.is_dir() else folder


def _records(run: str) -> dict[str, Path]:
    found = {path.name.removesuffix(RECORD): path for path in sorted(_folder(run).glob(f"*{RECORD}"))}
    if not found:
        raise ArtifactError(
            f"there is no record of a run named '{run}'",
            where=relative_name(_folder(run)),
            expected="`make study` first",
        )
    return found


def _result_file(run: str, name: str) -> Path:
    """A promoted run holds its results beside its notebooks, another one below ``data/runs``."""
    beside = _folder(run) / name
    return beside if beside.exists() else RunPaths(run).data / name


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ArtifactError(
            f"it can't be read ({type(error).__name__})", where=relative_name(path), expected="a file of a complete run"
        ) from None


def _result_rows(path: Path) -> dict[str, Any]:
    """Cells of ``comparison.csv`` by ``role/metric/a - b/column``."""
    try:
        with open(path, encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except OSError as error:
        raise ArtifactError(
            f"it can't be read ({type(error).__name__})", where=relative_name(path), expected="a file of a complete run"
        ) from None
    found: dict[str, Any] = {}
    for row in rows:
        role, metric, a, b = (row[key] for key in RESULT_KEYS)
        cells = {name: _cell(text) for name, text in row.items() if name not in RESULT_KEYS}
        found |= {f"{role}/{metric}/{a} - {b}/{name}": value for name, value in cells.items()}
    return found


def _cell(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _result_means(path: Path) -> dict[str, Any]:
    """Means and intervals of ``comparison.json`` by ``metric/source/column``."""
    return {
        f"{row['metric']}/{row['source']}/{column}": row[column]
        for row in _json(path)["summary"]
        for column in ("mean", "low", "high", "n_persons", "n_tasks", "n_seeds")
    }
