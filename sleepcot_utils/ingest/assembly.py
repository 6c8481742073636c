"""Pieces that several vendor modules are built from: rows with their account, runs of stages, sleeps without a clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.clocks import Moment
from sleepcot_utils.ingest.delimited import LINE_END, Row, peek_header, read_rows, read_text
from sleepcot_utils.ingest.documents import read_json
from sleepcot_utils.ingest.hypnograms import Segment, Stage, paint
from sleepcot_utils.ingest.ledger import Book, Ignored, RecordError
from sleepcot_utils.ingest.sources import HEAD_BYTES, Entry
from sleepcot_utils.ingest.values import DayValue, Source

#: Quality of a sleep whose export gives instants but no time zone, so that its date may be one day off.
NO_ZONE = "time zone not given; the date is that of UTC"
#: Stage records of one night follow each other; a longer pause is the start of another sleep. The integration joins
#: parts of a night by its own rule.
MAX_PAUSE_S = 300.0


def activity_values(
    source: Source, origin: str, day: date, steps: float | None, active_s: float | None
) -> list[DayValue]:
    """Steps and minutes of exercise of a day; neither where both are nothing, for then the device lay in a drawer.

    Parameters
    ----------
    steps, active_s : float or None
        Count of steps, and seconds of moderate or vigorous activity; None where not given.
    """
    values = []
    if steps:
        values.append(DayValue(source, origin, day, "steps", steps, "day"))
    if active_s is not None and (steps or active_s):
        values.append(DayValue(source, origin, day, "exercise_min", active_s / 60, "day"))
    return values


class Outcome(NamedTuple):
    """What became of one record, to be entered into its book when all files of the export have been seen."""

    number: int
    line: int
    error: RecordError | Ignored | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stage between two instants."""

    start: datetime
    end: datetime
    stage: Stage


def settle(book: Book, outcomes: Iterable[Outcome]) -> None:
    """Enter the outcomes of records into the book of their file.

    Raises
    ------
    InputError
        For the first bad record, under ``strict``.
    """
    for outcome in sorted(outcomes, key=lambda outcome: outcome.number):
        with book.record(outcome.number, outcome.line):
            if outcome.error is not None:
                raise outcome.error


def rows_of(
    entry: Entry,
    book: Book,
    columns: Sequence[str],
    *,
    optional: Sequence[str] = (),
    separator: str = ",",
    skip_lines: int = 0,
    trailing: bool = False,
) -> list[Row]:
    """Rows of a table that can be split; the others are entered into the book. A header alone gives no rows.

    Raises
    ------
    InputError
        If the file is damaged as a whole or lacks a column or, under ``strict``, for the first row that can't be split.
    """
    header = peek_header(entry, separator=separator, skip_lines=skip_lines)
    # A header fits into the first bytes of a file, so a larger file has rows.
    if entry.size <= HEAD_BYTES and set(columns) <= set(header) and count_rows(entry, skip_lines) == 0:
        return []
    rows, problems = read_rows(
        entry, columns, optional=optional, separator=separator, skip_lines=skip_lines, trailing=trailing
    )
    for problem in problems:
        book.skip(problem.row, RecordError(problem.column, problem.problem, problem.expected), problem.line)
    return rows


def count_rows(entry: Entry, skip_lines: int = 0) -> int:
    """Lines of a text file that are not blank, without the header and the lines before it.

    Raises
    ------
    InputError
        If the file is damaged as a whole.
    """
    lines = sum(1 for line in LINE_END.split(read_text(entry)) if line.strip())
    return max(lines - 1 - skip_lines, 0)


def json_object(entry: Entry) -> dict[str, object]:
    """Read a JSON file that has to be an object.

    Raises
    ------
    InputError
        If it is damaged or something else.
    """
    document = read_json(entry)
    if not isinstance(document, dict):
        raise InputError("the JSON is no object", where=entry.name, expected="an object with named fields")
    return document


def runs(stretches: Sequence[Stretch]) -> list[list[Stretch]]:
    """Split stretches, by start, where none goes on for more than `MAX_PAUSE_S` seconds."""
    found: list[list[Stretch]] = []
    reached = datetime.min
    for stretch in sorted(stretches, key=lambda stretch: (stretch.start, stretch.end)):
        if not found or (stretch.start - reached).total_seconds() > MAX_PAUSE_S:
            found.append([])
            reached = stretch.end
        found[-1].append(stretch)
        reached = max(reached, stretch.end)
    return found


def painted(stretches: Iterable[Stretch], start: datetime, end: datetime) -> tuple[Segment, ...]:
    """Segments of a sleep from `start` to `end`; what lies outside is cut off."""
    return paint(
        [
            Segment((part.start - start).total_seconds(), (part.end - start).total_seconds(), part.stage)
            for part in stretches
        ],
        length_s=(end - start).total_seconds(),
    )


def unzoned(utc: datetime) -> Moment:
    """Moment of an instant whose local clock is not known."""
    return Moment.from_utc(utc)


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean of at least one value."""
    return sum(values) / len(values)
