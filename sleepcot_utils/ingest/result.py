"""What reading an export gives: nights, an account of every source row, and what the vendor does not give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.delimited import Problem

SKIPPED_COLUMNS = ("file", "row", "line", "column", "reason")


class NotGiven(NamedTuple):
    """A column of the nightly table that stays null, and why."""

    column: str
    reason: str


@dataclass(frozen=True)
class FileCount:
    """Account of one source file: ``rows == kept + duplicates + skipped`` always holds."""

    file: str
    rows: int
    kept: int
    duplicates: int
    skipped: int


@dataclass(frozen=True)
class IngestResult:
    """Nights read from an export.

    Attributes
    ----------
    vendor : str
        Name of the vendor's module.
    nights : pandas.DataFrame
        Nightly table, conformed and validated.
    skipped : pandas.DataFrame
        One row for each source row that was left out: ``file, row, line, column, reason``. ``row`` counts data rows
        from 1, ``line`` is the line in the file, ``column`` is empty where the whole row is at fault. Empty if
        nothing was skipped.
    files : tuple of FileCount
        Account of every file read, the sleep file first.
    not_given : tuple of NotGiven
        Columns of the nightly table that this export can't fill, each with the reason in words.
    """

    vendor: str
    nights: pd.DataFrame
    skipped: pd.DataFrame
    files: tuple[FileCount, ...]
    not_given: tuple[NotGiven, ...]


def refuse_problems(problems: Sequence[Problem], *, strict: bool, rows_left: int) -> None:
    """Raise for the first bad row of one file if the reading is strict or no row is left.

    Raises
    ------
    InputError
        Names the first bad row and how many others are bad.
    """
    if not problems or not (strict or rows_left == 0):
        return
    first = min(problems, key=lambda problem: problem.row)
    others = len(problems) - 1
    more = f"; {plural(others, 'other row')} of this file {'is' if others == 1 else 'are'} bad too" if others else ""
    if rows_left == 0:
        more = f"{more}; no usable row is left"
    raise InputError(f"{first.problem}{more}", where=first.where, expected=first.expected)


def skipped_table(problems: Sequence[Problem]) -> pd.DataFrame:
    """List bad rows as a tidy table with the columns of ``IngestResult.skipped``."""
    records = [
        (problem.file, problem.row, problem.line, problem.column, f"{problem.problem}; expected {problem.expected}")
        for problem in problems
    ]
    table = pd.DataFrame(records, columns=list(SKIPPED_COLUMNS))
    return table.astype({"row": "int64", "line": "int64"})


def plural(count: int, noun: str) -> str:
    """Count a thing in words: ``1 night``, ``410 nights``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def describe(result: IngestResult) -> str:
    """Say in a few lines what was read, in aggregate numbers only: no person's values, no identifier.

    Returns
    -------
    str
        Five lines, six if a row was skipped.
    """
    nights = result.nights
    main = nights[nights["sleep_kind"] == "main"]
    a_person = main.groupby("person_id").size()
    fair = int((nights["quality"] == "ok").sum())
    dates = nights["night_date"]
    counted = "; ".join(
        f"{account.file} {plural(account.rows, 'row')}, {plural(account.duplicates, 'exact duplicate')} dropped, "
        f"{account.skipped:,} skipped"
        for account in result.files
    )
    reasons: dict[str, list[str]] = {}
    for missing in result.not_given:
        reasons.setdefault(missing.reason, []).append(missing.column)
    lines = [
        (
            f"{result.vendor}: {plural(nights['person_id'].nunique(), 'person')}, {plural(len(main), 'main night')} "
            f"from {dates.min():%Y-%m-%d} to {dates.max():%Y-%m-%d}."
        ),
        (
            f"Nights a person: median {a_person.median():g}, from {a_person.min()} to {a_person.max()}; "
            f"{fair:,} of {len(nights):,} rows have quality 'ok'."
        ),
        (
            f"Day before known: steps for {nights['steps'].notna().sum():,} and exercise for "
            f"{nights['exercise_min'].notna().sum():,} of {len(nights):,} rows."
        ),
        f"Read: {counted}.",
        "Not given: " + "; ".join(f"{', '.join(columns)} ({reason})" for reason, columns in reasons.items()) + ".",
    ]
    if len(result.skipped):
        by_column = result.skipped["column"].replace("", "whole row").value_counts()
        named = ", ".join(f"{name} {count}" for name, count in by_column.items())
        lines.append(f"Skipped rows by column at fault: {named}.")
    return "\n".join(lines)
