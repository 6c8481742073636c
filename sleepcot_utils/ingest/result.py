"""What reading an export gives: nights, an account of every source row, and what the vendor does not give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.problems import Problem, listing, plural

SKIPPED_COLUMNS = ("file", "row", "line", "column", "reason")


class NotGiven(NamedTuple):
    """A column of the nightly table that stays null, and why."""

    column: str
    reason: str


class Unread(NamedTuple):
    """A file of the export that was not read, or not to its end, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class FileCount:
    """Account of one source file: ``rows == kept + duplicates + skipped + ignored`` always holds.

    Attributes
    ----------
    file : str
        Name of the file.
    rows : int
        Records found in it.
    kept : int
        Records that say something in the result.
    duplicates : int
        Exact repetitions of a kept record, in this or another file.
    skipped : int
        Bad records.
    ignored : int
        Sound records that the nightly table has no place for: other measures, days without any value.
    """

    file: str
    rows: int
    kept: int
    duplicates: int
    skipped: int
    ignored: int = 0


PROVENANCE_COLUMNS = ("person_id", "night_date", "sleep_kind", "start_local", "column", "vendor", "device")
DAY_VALUE_COLUMNS = ("person_id", "date", "measure", "value", "window", "vendor", "device")


def _no_rows(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="object") for name in columns})


@dataclass(frozen=True)
class Merged:
    """What the integration did, in counts.

    Attributes
    ----------
    duplicate_episodes, duplicate_values : int
        Exact repetitions that were dropped.
    joined : int
        Episodes that were joined to the one before, because the gap between them was short.
    outranked : int
        Episodes that overlap a better one of the same person and were left out.
    without_sleep : int
        Short times in bed without a record of sleep, which were left out.
    """

    duplicate_episodes: int = 0
    duplicate_values: int = 0
    joined: int = 0
    outranked: int = 0
    without_sleep: int = 0


@dataclass(frozen=True)
class IngestResult:
    """Nights read from an export.

    Attributes
    ----------
    vendor : str
        Name of the vendor's module; several are joined by ``+``.
    nights : pandas.DataFrame
        Nightly table, conformed and validated.
    skipped : pandas.DataFrame
        One row for each source record that was left out: ``file, row, line, column, reason``. ``row`` counts records
        from 1, ``line`` is the line in the file (0 in formats without lines), ``column`` is empty where the whole
        record is at fault. Empty if nothing was skipped.
    files : tuple of FileCount
        Account of every file read, the sleep file first.
    not_given : tuple of NotGiven
        Columns of the nightly table that this export can't fill, each with the reason in words.
    provenance : pandas.DataFrame
        Which vendor and device gave a value: one row a value, with the columns of `PROVENANCE_COLUMNS`.
    day_values : pandas.DataFrame
        Values of days and nights as they were found, those too that the nightly table has no column for, such as HRV
        as SDNN: one row a value, with the columns of `DAY_VALUE_COLUMNS`. ``window`` says over what it was measured.
    unread : tuple of Unread
        Files that were not read, or not to their end.
    merged : Merged
        What the integration joined and dropped.
    notes : tuple of str
        What a reader of the values has to know, such as the window of the HRV.
    not_given_by_vendor : mapping of str to tuple of NotGiven
        What each vendor's format does not give, whoever else gave it.
    """

    vendor: str
    nights: pd.DataFrame
    skipped: pd.DataFrame
    files: tuple[FileCount, ...]
    not_given: tuple[NotGiven, ...]
    provenance: pd.DataFrame = field(default_factory=lambda: _no_rows(PROVENANCE_COLUMNS))
    day_values: pd.DataFrame = field(default_factory=lambda: _no_rows(DAY_VALUE_COLUMNS))
    unread: tuple[Unread, ...] = ()
    merged: Merged = Merged()
    notes: tuple[str, ...] = ()
    not_given_by_vendor: Mapping[str, tuple[NotGiven, ...]] = field(default_factory=dict)


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


def describe(result: IngestResult) -> str:
    """Say in a few lines what was read, in aggregate numbers only: no person's values, no identifier.

    Returns
    -------
    str
        Five lines, and one more each for skipped rows, files not read, several devices, and notes.
    """
    nights = result.nights
    main = nights[nights["sleep_kind"] == "main"]
    a_person = main.groupby("person_id").size()
    fair = int((nights["quality"] == "ok").sum())
    dates = nights["night_date"]
    each = "no main night"
    if len(a_person):
        each = f"median {a_person.median():g}, from {a_person.min()} to {a_person.max()}"
    reasons: dict[str, list[str]] = {}
    for missing in result.not_given:
        reasons.setdefault(missing.reason, []).append(missing.column)
    absent = "; ".join(f"{', '.join(columns)} ({reason})" for reason, columns in reasons.items())
    lines = [
        (
            f"{result.vendor}: {plural(nights['person_id'].nunique(), 'person')}, {plural(len(main), 'main night')} "
            f"from {dates.min():%Y-%m-%d} to {dates.max():%Y-%m-%d}."
        ),
        f"Nights a person: {each}; {fair:,} of {len(nights):,} rows have quality 'ok'.",
        (
            f"Day before known: steps for {nights['steps'].notna().sum():,} and exercise for "
            f"{nights['exercise_min'].notna().sum():,} of {len(nights):,} rows."
        ),
        f"Read: {_counted(result.files)}.",
        f"Not given: {absent or 'nothing'}.",
    ]
    if len(result.skipped):
        by_column = result.skipped["column"].replace("", "whole row").value_counts()
        named = ", ".join(f"{name} {count}" for name, count in by_column.items())
        lines.append(f"Skipped rows by column at fault: {named}.")
    if result.unread:
        lines.append(
            f"Not read: {plural(len(result.unread), 'file')} ({listing(item.file for item in result.unread)})."
        )
    done = result.merged
    if done != Merged():
        lines.append(
            f"Integration: {plural(done.duplicate_episodes + done.duplicate_values, 'exact duplicate')} dropped, "
            f"{plural(done.joined, 'episode')} joined over a short gap, "
            f"{plural(done.outranked, 'episode')} left out for a better overlapping one."
        )
    lines += [f"Note: {note}." for note in result.notes]
    return "\n".join(lines)


#: A Takeout has a file a day; beyond this many the accounts are added up.
MAX_COUNTED_FILES = 6


def _counted(files: tuple[FileCount, ...]) -> str:
    if len(files) > MAX_COUNTED_FILES:
        sums = (sum(getattr(account, name) for account in files) for name in ("rows", "duplicates", "skipped"))
        rows, duplicates, skipped = sums
        label = plural(len(files), "file")
        files = (FileCount(f"{label} with", rows, 0, duplicates, skipped, sum(account.ignored for account in files)),)
    parts = []
    for account in files:
        ignored = f", {account.ignored:,} without a value for the table" if account.ignored else ""
        parts.append(
            f"{account.file} {plural(account.rows, 'row')}, {plural(account.duplicates, 'exact duplicate')} dropped, "
            f"{account.skipped:,} skipped{ignored}"
        )
    return "; ".join(parts)
