"""Fitabase's ``weightLogInfo_merged.csv``: weights in kilograms and in pounds, with the date that its row means.

Trap, seen in the Fitbit Fitness Tracker Data (https://doi.org/10.5281/zenodo.53894): a spreadsheet read dates of the form
month/day/year as day/month/year where it could and wrote them back zero-padded, so that ``02/05/2016`` is the second of
May and ``4/13/2016`` the thirteenth of April, in one file. ``LogId`` is the instant in milliseconds, rounded by the same
spreadsheet to some hours, which is enough to tell: of the two readings of a date the one counts that lies within a day of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sleepcot_utils.ingest import cells, delimited
from sleepcot_utils.ingest.clocks import EPOCH
from sleepcot_utils.ingest.delimited import Row
from sleepcot_utils.ingest.ledger import RecordError
from sleepcot_utils.ingest.problems import Problem, shown
from sleepcot_utils.ingest.readings import KG_PER_LB, weight_in_kg
from sleepcot_utils.ingest.result import FileCount, refuse_problems
from sleepcot_utils.ingest.sources import Entry

FILE = "weightLogInfo_merged.csv"
COLUMNS = ("Id", "Date", "WeightKg", "WeightPounds", "LogId")
#: A clock may be 14 hours from UTC, and the rounded id another two.
MOST_APART = timedelta(days=1)
#: Both columns hold the same weight; rounding leaves grams.
ROUNDING_KG = 0.1


@dataclass(frozen=True)
class Weight:
    """One weighing.

    Attributes
    ----------
    moment : str
        Time of day as it is written, which keeps two weighings of a day apart.
    """

    day: date
    moment: str
    kilograms: float


def read_weights(
    file: Entry, persons: set[str], *, strict: bool
) -> tuple[list[tuple[str, Weight]], FileCount, list[Problem]]:
    """Weights of the persons of the sleep file; those of others are counted and left out.

    Parameters
    ----------
    persons : set of str
        The vendor's identifiers of the sleep file.

    Raises
    ------
    InputError
        If the file is damaged as a whole or, under `strict`, for its first bad row.
    """
    rows, problems = delimited.read_rows(file, COLUMNS)
    total = len(rows) + len(problems)
    found: dict[tuple[str, Weight], None] = {}
    duplicates = others = 0
    for row in rows:
        try:
            key = (cells.identifier(row, "Id"), weight_of(row))
        except RecordError as error:
            problems.append(Problem(file.name, row.number, row.line, error.column, error.problem, error.expected))
            continue
        duplicates += key in found
        others += key[0] not in persons
        if key[0] in persons:
            found[key] = None
    problems.sort(key=lambda problem: problem.row)
    refuse_problems(problems, strict=strict, rows_left=total - len(problems))
    return list(found), FileCount(file.name, total, len(found), duplicates, len(problems), others), problems


def weight_of(row: Row) -> Weight:
    """Read one row.

    Raises
    ------
    RecordError
        If a cell can't be, both weights are not the same, or the id tells neither reading of the date.
    """
    kilograms = weight_in_kg(cells.number(row, "WeightKg", 0, 1000), "kg", "WeightKg")
    pounds = cells.number(row, "WeightPounds", 0, 2500)
    if abs(pounds * KG_PER_LB - kilograms) > ROUNDING_KG:
        problem = f"{pounds:g} lb are not {kilograms:g} kg"
        raise RecordError("WeightPounds", problem, "the weight of WeightKg in pounds")
    return Weight(_day(row), row.cells["Date"].partition(" ")[2], kilograms)


def _day(row: Row) -> date:
    text = row.cells["Date"].partition(" ")[0]
    try:
        instant = EPOCH + timedelta(milliseconds=float(row.cells["LogId"]))
    except (ValueError, OverflowError) as error:
        raise RecordError("LogId", f"{shown(row.cells['LogId'])} is no instant", "milliseconds since 1970") from error
    for form in ("%m/%d/%Y", "%d/%m/%Y"):
        try:
            found = datetime.strptime(text, form)
        except ValueError:
            continue
        # The whole day counts: which hour it was is written in the row's own clock.
        if found - MOST_APART <= instant <= found + timedelta(days=1) + MOST_APART:
            return found.date()
    raise RecordError(
        "Date", f"{shown(text)} is not the day of LogId, in either order", "month/day/year or day/month/year"
    )
