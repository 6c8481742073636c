"""Tables and series of Samsung Health's personal data export, as rows and spans of time."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sleepcot_utils.ingest.assembly import Outcome, rows_of
from sleepcot_utils.ingest.clocks import MAX_OFFSET_MIN, from_epoch, parse_date, parse_time
from sleepcot_utils.ingest.delimited import LINE_END, peek_header
from sleepcot_utils.ingest.documents import items, keys_in_head, mapping, read_json, vital
from sleepcot_utils.ingest.hypnograms import Stage
from sleepcot_utils.ingest.ledger import Book, Ignored, RecordError, quoted
from sleepcot_utils.ingest.sources import Entry

TABLE_LINE = re.compile(r"(com\.samsung\.s?health\.[a-z0-9_.]{1,80}),")
OFFSET = re.compile(r"UTC(?:([+-])([0-9]{2}):?([0-9]{2}))?")
MILLISECONDS = re.compile(r"[0-9]{12,13}")

SLEEPS = "com.samsung.shealth.sleep"
STAGES = "com.samsung.health.sleep_stage"
HEART = "com.samsung.shealth.tracker.heart_rate"
OXYGEN = "com.samsung.shealth.tracker.oxygen_saturation"
BREATH = "com.samsung.health.respiratory_rate"
#: The series of HRV lie in JSON files beside the tables.
HRV = "com.samsung.health.hrv (series)"
HRV_KEYS = {"start_time", "end_time", "rmssd", "sdnn"}
#: Tables with one value in each row: its column, and the closed range of the possible.
SAMPLES = {HEART: ("heart_rate", 20.0, 220.0), OXYGEN: ("spo2", 40.0, 100.0), BREATH: ("average", 4.0, 60.0)}
STEPS = {
    "com.samsung.shealth.step_daily_trend": "count",
    "com.samsung.shealth.tracker.pedometer_day_summary": "step_count",
}
PRESSURE, GLUCOSE = "com.samsung.shealth.blood_pressure", "com.samsung.shealth.blood_glucose"
#: Tables of readings at one moment, with the columns of their values.
READINGS = {PRESSURE: ("systolic", "diastolic"), GLUCOSE: ("glucose",), "com.samsung.health.weight": ("weight",)}
STAGE_CODES = {"40001": Stage.WAKE, "40002": Stage.LIGHT, "40003": Stage.DEEP, "40004": Stage.REM}
#: A record of a whole sleep may end a little after it.
SLACK = timedelta(minutes=1)


@dataclass
class Part:
    """One record of a file: its place, and its cells or fields by name without prefix."""

    number: int
    line: int
    cells: Mapping[str, object]

    def text(self, name: str) -> str:
        """A cell as text; empty if it is not there."""
        value = self.cells.get(name)
        return value if isinstance(value, str) else ""


@dataclass
class Table:
    """Records of one file, and what became of them."""

    name: str
    entry: Entry
    book: Book
    parts: list[Part] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def close(self, part: Part, error: RecordError | Ignored | None = None) -> None:
        """Say what became of a record: kept, or why not."""
        self.outcomes.append(Outcome(part.number, part.line, error))


@dataclass
class Span:
    """A record with start and end in UTC, and what it says."""

    table: Table
    part: Part
    start: datetime
    end: datetime
    offset_min: float | None = None
    stage: Stage | None = None
    value: float | None = None
    second: float | None = None
    used: bool = False

    @property
    def length_s(self) -> float:
        """Seconds from start to end."""
        return (self.end - self.start).total_seconds()

    def close(self, error: RecordError | Ignored | None = None) -> None:
        """Say what became of the record."""
        self.table.close(self.part, error)


class Series:
    """Spans by time, to be asked for those within a sleep."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = sorted(spans, key=lambda span: span.start)
        self._starts = [span.start for span in self.spans]

    def within(self, start: datetime, end: datetime) -> list[Span]:
        """Spans with a value that start and end within a sleep."""
        first, last = bisect_left(self._starts, start), bisect_left(self._starts, end)
        return [span for span in self.spans[first:last] if span.value is not None and span.end <= end + SLACK]


def table_name(entry: Entry) -> str:
    """Name of the table or series that a file holds; empty if it is no file of this export."""
    match = TABLE_LINE.match(LINE_END.split(entry.head_text[:200], maxsplit=1)[0])
    if match:
        return match[1]
    is_series = entry.head_text.lstrip()[:1] == "[" and keys_in_head(entry) >= HRV_KEYS
    return HRV if is_series else ""


def read_parts(table: Table) -> None:
    """Read the records of a file into ``table.parts``.

    Raises
    ------
    InputError
        If the file is damaged as a whole or lacks a column or, under ``strict``, for the first row that can't be split.
    """
    name, entry = table.name, table.entry
    if name == HRV:
        listed = items(read_json(entry), "")
        table.parts = [Part(count, 0, item if isinstance(item, dict) else {}) for count, item in enumerate(listed, 1)]
        return
    needed: tuple[str, ...]
    optional: tuple[str, ...]
    if name in STEPS:
        needed, optional = ("day_time", STEPS[name]), ("source_type",)
    elif name in SAMPLES:
        needed, optional = ("start_time", "end_time", "time_offset", SAMPLES[name][0]), ("min", "max")
    elif name in READINGS:
        needed, optional = ("start_time", "time_offset", *READINGS[name]), ("meal_type",)
    elif name == STAGES:
        needed, optional = ("start_time", "end_time", "stage", "sleep_id"), ("time_offset",)
    else:
        needed, optional = ("start_time", "end_time", "time_offset", "datauuid"), ()
    header = peek_header(entry, skip_lines=1)
    prefix = name.replace(".shealth.tracker.", ".health.").replace(".shealth.", ".health.")
    full = {short: f"{prefix}.{short}" if f"{prefix}.{short}" in header else short for short in (*needed, *optional)}
    rows = rows_of(
        entry,
        table.book,
        [full[short] for short in needed],
        optional=[full[short] for short in optional],
        skip_lines=1,
        trailing=True,
    )
    table.parts = [Part(row.number, row.line, {short: row.cells[full[short]] for short in full}) for row in rows]


def spans(tables: Sequence[Table]) -> Iterator[Span]:
    """Records as spans; bad ones are closed with their error."""
    for table in tables:
        for part in table.parts:
            try:
                span = _series_span(table, part) if table.name == HRV else _row_span(table, part)
            except RecordError as error:
                table.close(part, error)
            else:
                yield span


def _row_span(table: Table, part: Part) -> Span:
    offset = part.text("time_offset")
    start, end = (instant_of(part.text(name), name) for name in ("start_time", "end_time"))
    span = Span(table, part, start, end, offset_min_of(offset) if offset else None)
    if table.name == STAGES:
        span.stage = _stage(part.text("stage"))
    elif table.name in SAMPLES:
        name, low, high = SAMPLES[table.name]
        span.value = vital(part.cells, name, low, high)
        span.second = vital(part.cells, "min", low, high)
    return _checked(span)


def _series_span(table: Table, part: Part) -> Span:
    record = mapping(part.cells, "")
    start, end = (from_epoch(record.get(name), name) for name in ("start_time", "end_time"))
    span = Span(table, part, start, end)
    span.value = vital(record, "rmssd", 1, 400)
    span.second = vital(record, "sdnn", 1, 400)
    return _checked(span)


def _checked(span: Span) -> Span:
    if span.end < span.start:
        raise RecordError("end_time", "the record ends before it starts", "a time after start_time")
    return span


def instant_of(text: str, column: str) -> datetime:
    """An instant in UTC.

    Raises
    ------
    RecordError
        If it is none.
    """
    if MILLISECONDS.fullmatch(text):
        return from_epoch(int(text), column)
    time, offset_min = parse_time(text, column)
    return time - timedelta(minutes=offset_min or 0)


def offset_min_of(text: str) -> float:
    """Offset of the local clock in minutes.

    Raises
    ------
    RecordError
        If it is none.
    """
    match = OFFSET.fullmatch(text)
    minutes = int(match[2]) * 60 + int(match[3]) if match and match[1] else 0
    if match is None or minutes > MAX_OFFSET_MIN:
        raise RecordError("time_offset", f"{quoted(text)} is no offset", "an offset such as UTC+0100")
    return float(-minutes if match[1] == "-" else minutes)


def _stage(code: str) -> Stage:
    if code not in STAGE_CODES:
        raise RecordError("stage", f"{quoted(code)} is no stage", "40001, 40002, 40003 or 40004")
    return STAGE_CODES[code]


def day_of(text: str) -> date:
    """Local date of a day: its midnight, which is written as if it were UTC.

    Raises
    ------
    RecordError
        If it is no date.
    """
    return from_epoch(int(text), "day_time").date() if MILLISECONDS.fullmatch(text) else parse_date(text, "day_time")
