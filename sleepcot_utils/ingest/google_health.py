"""Google Fit: the folder ``Fit`` of a Takeout, and bodies of the REST API. Health Connect is `health_connect`.

Takeout. A session file of activity ``sleep`` has its times in UTC; the local start and its offset stand in the file's
name (``2024-03-04T23_00_00+01_00_SLEEP.json``) and nowhere else, so a renamed file loses its local clock: its date is
then that of UTC, and its quality says so. ``Daily activity metrics.csv`` gives steps and heart minutes,
and what `sleepcot_utils.ingest.google_days` reads. Heart minutes
are those with heart points, which are given for moderate and vigorous activity
(https://support.google.com/fit/answer/7619539). Its files of 15-minute steps add nothing to the days.

REST bodies and the files of a Takeout's ``All Data`` are lists of points. Types of activity 72, 109, 110, 111 and 112
are sleep, light, deep and REM sleep and waking during sleep (https://developers.google.com/fit/rest/v1/reference/activity-types);
values of ``com.google.sleep.segment`` are 1 awake, 2 sleep, 3 out of bed, 4 light, 5 deep, 6 REM
(https://developers.google.com/fit/scenarios/read-sleep-data). They have no local clock at all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import google_days
from sleepcot_utils.ingest.assembly import (
    NO_ZONE,
    Outcome,
    Stretch,
    count_rows,
    json_object,
    painted,
    rows_of,
    runs,
    settle,
    unzoned,
)
from sleepcot_utils.ingest.clocks import MAX_OFFSET_MIN, Moment, from_epoch, parse_date, parse_time
from sleepcot_utils.ingest.delimited import peek_header
from sleepcot_utils.ingest.documents import items, keys_in_head, mapping, maybe_number
from sleepcot_utils.ingest.episodes import DayValue, Episode, Reading, Source
from sleepcot_utils.ingest.hypnograms import Stage
from sleepcot_utils.ingest.ledger import Book, Ignored, Ledger, RecordError, quoted
from sleepcot_utils.ingest.result import NotGiven
from sleepcot_utils.ingest.sources import Entry

VENDOR = "google_health"
LOOKS_FOR = "Google Fit's sleep sessions of a Takeout, or bodies of its REST API"
SOURCE = Source(VENDOR, "google fit")

SESSION_KEYS = {"fitnessActivity", "startTime", "endTime"}
SESSION_STAGES = {
    "sleep": Stage.ASLEEP,
    "sleep.light": Stage.LIGHT,
    "sleep.deep": Stage.DEEP,
    "sleep.rem": Stage.REM,
    "sleep.awake": Stage.WAKE,
}
#: By name of the data type, what its whole numbers mean.
POINT_STAGES = {
    "com.google.activity.segment": {
        72: Stage.ASLEEP,
        109: Stage.LIGHT,
        110: Stage.DEEP,
        111: Stage.REM,
        112: Stage.WAKE,
    },
    "com.google.sleep.segment": {
        1: Stage.WAKE,
        2: Stage.ASLEEP,
        3: Stage.WAKE,
        4: Stage.LIGHT,
        5: Stage.DEEP,
        6: Stage.REM,
    },
}
#: Bodies of other data types are known as Google Fit's too, and left out.
POINT_NAMES = ("point", "Data Points")
NAME_WITH_START = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2})_([0-9]{2})_([0-9]{2})(?:[_.][0-9]{1,9})?(?:Z|([+-])([0-9]{2})_([0-9]{2}))_"
)
DAYS_COLUMNS = ("Date", "Step count")
SLICE_COLUMNS = ("Start time", "End time")
HEART_MINUTES = "Heart Minutes"
SLICE_COLUMNS = ("Start time", "End time")
NANOSECONDS = re.compile(r"[0-9]{1,19}")
#: In the year 2128.
MAX_NS = 5 * 10**18

_NO_VITALS = "Google Fit's sleep sessions have no vital signs"
NOT_GIVEN = (
    *(NotGiven(name, _NO_VITALS) for name in ("resting_heart_rate_bpm", "hrv_rmssd_ms", "respiratory_rate_brpm")),
    *(NotGiven(name, _NO_VITALS) for name in ("spo2_mean_pct", "spo2_min_pct", "skin_temperature_delta_c")),
    NotGiven("caffeine_after_14h", "Google Fit has no log of drinks"),
    NotGiven("alcohol_units", "Google Fit has no log of drinks"),
)


@dataclass(slots=True)
class _Point:
    """A stage between two instants, and the record that says so."""

    book: Book
    number: int
    origin: str
    giver: str
    stretch: Stretch


def recognizes(entry: Entry) -> bool:
    """Whether a file is a session or daily table of a Takeout, or a list of points with activity or sleep segments."""
    keys = keys_in_head(entry)
    if keys:
        points = keys.intersection(POINT_NAMES) and {"startTimeNanos", "dataTypeName"} <= keys
        return keys >= SESSION_KEYS or bool(points)
    return _table_kind(entry) != ""


def _table_kind(entry: Entry) -> str:
    header = peek_header(entry)
    if set(DAYS_COLUMNS) <= set(header):
        return "days"
    return "slices" if set(SLICE_COLUMNS) <= set(header) and "Step count" in header else ""


def read(entries: Sequence[Entry], ledger: Ledger) -> Reading:
    """Read sleep sessions, sleep segments, and days of steps and activity."""
    reading = Reading(not_given=NOT_GIVEN)
    points: list[_Point] = []
    closed: dict[int, tuple[Book, list[Outcome]]] = {}
    for entry in entries:
        with ledger.file(entry.name) as book:
            if not keys_in_head(entry):
                _read_table(entry, book, reading)
                continue
            document = json_object(entry)
            if SESSION_KEYS <= document.keys():
                with book.record(1):
                    _take_session(document, entry, reading)
                continue
            outcomes = closed.setdefault(id(book), (book, []))[1]
            for number, item in enumerate(_points(document, entry), start=1):
                try:
                    stretch, giver = _stretch(mapping(item, ""))
                except (RecordError, Ignored) as error:
                    outcomes.append(Outcome(number, 0, error))
                else:
                    points.append(_Point(book, number, entry.name, giver, stretch))
    for giver in sorted({point.giver for point in points}):
        _take_points([point for point in points if point.giver == giver], closed, reading)
    for book, outcomes in closed.values():
        settle(book, outcomes)
    return reading


def _read_table(entry: Entry, book: Book, reading: Reading) -> None:
    if _table_kind(entry) == "slices":
        book.ignore(count_rows(entry))
        return
    for row in rows_of(entry, book, DAYS_COLUMNS, optional=(HEART_MINUTES, *google_days.COLUMNS)):
        with book.record(row.number, row.line):
            day = parse_date(row.cells["Date"], "Date")
            measured = google_days.measured(row.cells, SOURCE, entry.name, day)
            steps = maybe_number(row.cells, "Step count", 0, 200_000)
            active = maybe_number(row.cells, HEART_MINUTES, 0, 1440)
            # No step is a day on which nothing was measured; a day without heart points leaves the cell empty.
            if not steps and not measured:
                raise Ignored
            values = [DayValue(SOURCE, entry.name, day, "steps", steps, "day")] if steps else []
            values += measured
            if active is not None and steps:
                values.append(DayValue(SOURCE, entry.name, day, "exercise_min", active, "day"))
            reading.day_values += values


def _take_session(record: Mapping[str, Any], entry: Entry, reading: Reading) -> None:
    if record["fitnessActivity"] != "sleep":
        raise Ignored
    start, end = (_instant(record[name], name) for name in ("startTime", "endTime"))
    stretches = []
    for item in items(record.get("segment"), "segment"):
        part = mapping(item, "segment")
        name = part.get("fitnessActivity")
        stage = SESSION_STAGES.get(name) if isinstance(name, str) else None
        if stage is None:
            raise RecordError("segment", f"{quoted(name)} is no state of sleep", f"one of {', '.join(SESSION_STAGES)}")
        first, last = (_instant(part.get(at), f"segment.{at}") for at in ("startTime", "endTime"))
        stretches.append(Stretch(first, last, stage))
    offset_min = _offset_in_name(entry.base, start)
    known = offset_min is not None
    reading.episodes.append(
        Episode(
            source=SOURCE,
            origin=entry.name,
            start=Moment.from_utc(start, offset_min),
            end=Moment.from_utc(end, offset_min),
            night_date=None if known else end.date(),
            segments=painted(stretches, start, end) if end > start else (),
            quality="ok" if known else NO_ZONE,
        )
    )


def _instant(value: object, column: str) -> datetime:
    time, offset_min = parse_time(value, column)
    return time - timedelta(minutes=offset_min or 0)


def _offset_in_name(name: str, start_utc: datetime) -> float | None:
    """Offset of the local clock in a file's name, if the start in the name is the start in the file."""
    match = NAME_WITH_START.match(name)
    if match is None:
        return None
    try:
        local = datetime.fromisoformat(f"{match[1]}T{match[2]}:{match[3]}:{match[4]}")
    except ValueError:
        return None
    size = int(match[6]) * 60 + int(match[7]) if match[5] else 0
    offset_min = float(-size if match[5] == "-" else size)
    if size > MAX_OFFSET_MIN or abs((local - start_utc).total_seconds() / 60 - offset_min) > 2:
        return None
    return offset_min


def _points(document: Mapping[str, Any], entry: Entry) -> list[Any]:
    for name in POINT_NAMES:
        if isinstance(document.get(name), list):
            return document[name]
    raise InputError("the JSON holds no list of points", where=entry.name, expected="a list 'point' or 'Data Points'")


def _stretch(record: Mapping[str, Any]) -> tuple[Stretch, str]:
    name = record.get("dataTypeName")
    if not isinstance(name, str):
        raise RecordError(
            "dataTypeName", f"{quoted(name)} is no type of data", "a name such as com.google.sleep.segment"
        )
    if name not in POINT_STAGES:
        raise Ignored
    start, end = (_from_ns(record.get(at), at) for at in ("startTimeNanos", "endTimeNanos"))
    code = _code(record)
    stage = POINT_STAGES[name].get(code)
    if stage is None:
        # Another activity, such as walking.
        raise Ignored
    if end <= start:
        raise RecordError("endTimeNanos", "the point ends before it starts", "a time after startTimeNanos")
    giver = record.get("originDataSourceId")
    return Stretch(start, end, stage), giver if isinstance(giver, str) else ""


def _code(record: Mapping[str, Any]) -> int:
    given = record.get("value") if "value" in record else record.get("fitValue")
    values = items(given, "value")
    first = mapping(values[0], "value") if values else {}
    inner = first.get("value") if isinstance(first.get("value"), dict) else first
    code = inner.get("intVal") if isinstance(inner, Mapping) else None
    if isinstance(code, bool) or not isinstance(code, int):
        raise RecordError("value.intVal", f"{quoted(code)} is no code", "a whole number")
    return code


def _from_ns(value: object, column: str) -> datetime:
    if isinstance(value, str) and NANOSECONDS.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_NS:
        raise RecordError(column, f"{quoted(value)} is no instant", "nanoseconds since 1970")
    return from_epoch(value // 1_000_000, column)


def _take_points(points: Sequence[_Point], closed: Mapping[int, tuple[Book, list[Outcome]]], reading: Reading) -> None:
    by_stretch = {id(point.stretch): point for point in points}
    for run in runs([point.stretch for point in points]):
        own = [by_stretch[id(stretch)] for stretch in run]
        start, end = min(stretch.start for stretch in run), max(stretch.end for stretch in run)
        error: RecordError | None = None
        try:
            reading.episodes.append(
                Episode(
                    source=SOURCE,
                    origin=own[0].origin,
                    start=unzoned(start),
                    end=unzoned(end),
                    night_date=end.date(),
                    segments=painted(run, start, end),
                    quality=NO_ZONE,
                )
            )
        except RecordError as found:
            error = found
        for point in own:
            closed[id(point.book)][1].append(Outcome(point.number, 0, error))
