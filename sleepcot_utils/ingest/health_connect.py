"""Health Connect: the database that Android's own export writes (``health_connect_export.db``, alone or in its zip).

Tables and columns are those of the Android source, packages/modules/HealthFitness. Times are milliseconds since 1970,
zone offsets seconds; stage types are 0 not known, 1 awake, 2 asleep, 3 out of bed, 4 light, 5 deep, 6 REM, 7 awake in
bed (https://developer.android.com/reference/androidx/health/connect/client/records/SleepSessionRecord). Titles and
notes of sessions are not read.

Health Connect keeps what apps write into it, so one night may stand there once an app; each app counts as a device of
its own. Vital signs are instants; those within a sleep belong to it, whichever app wrote them, and the others are left
out. HRV is RMSSD by definition of its record type; over which window is up to the app.

Days (steps, heart rate, blood pressure, glucose, weight) are read in `sleepcot_utils.ingest.health_connect_days`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.assembly import Outcome, Stretch, mean, painted, settle
from sleepcot_utils.ingest.clocks import Moment, from_epoch
from sleepcot_utils.ingest.episodes import Episode, Reading, Source
from sleepcot_utils.ingest.health_connect_days import Export, read_days
from sleepcot_utils.ingest.health_connect_fields import offset_min_of, value_of
from sleepcot_utils.ingest.hypnograms import Stage
from sleepcot_utils.ingest.ledger import Book, Ignored, Ledger, RecordError, quoted
from sleepcot_utils.ingest.result import NotGiven
from sleepcot_utils.ingest.sources import Entry
from sleepcot_utils.ingest.sqlite_file import MAGIC, Database

VENDOR = "health_connect"
LOOKS_FOR = "health_connect_export.db, the database of Android's Health Connect export"
MARKS = (b"sleep_session_record_table", b"steps_record_table", b"heart_rate_record_table")
CHUNK_BYTES = 2**20
PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}(\.[A-Za-z][A-Za-z0-9_]{0,40}){1,5}")

APPS, SESSIONS, STAGES = "application_info_table", "sleep_session_record_table", "sleep_stages_table"
STAGE_TYPES = {
    1: Stage.WAKE,
    2: Stage.ASLEEP,
    3: Stage.WAKE,
    4: Stage.LIGHT,
    5: Stage.DEEP,
    6: Stage.REM,
    7: Stage.WAKE,
}
NO_STAGE = 0
#: Tables of vital signs: the columns of time and value, that of the nightly table, the closed range of the possible.
VITAL_TABLES = {
    "heart_rate_variability_rmssd_record_table": ("time", "heart_rate_variability_millis", "hrv_rmssd_ms", 1.0, 400.0),
    "oxygen_saturation_record_table": ("time", "percentage", "spo2_mean_pct", 40.0, 100.0),
    "respiratory_rate_record_table": ("time", "rate", "respiratory_rate_brpm", 4.0, 60.0),
    "skin_temperature_delta_table": ("epoch_millis", "delta", "skin_temperature_delta_c", -10.0, 10.0),
}

NOT_GIVEN = (
    NotGiven("exercise_min", "Health Connect has sessions of exercise, not minutes of moderate or vigorous activity"),
    NotGiven("caffeine_after_14h", "Health Connect's log of meals is not read"),
    NotGiven("alcohol_units", "Health Connect has no record of alcohol"),
)
NOTES = ("Health Connect's HRV is RMSSD, the mean of the records within the sleep; their window is up to the app",)


class _Sample(NamedTuple):
    time: datetime
    value: float
    number: int


@dataclass
class _Series:
    """Values of one table by time, and which of them lie in a sleep."""

    book: Book
    column: str
    samples: list[_Sample]
    used: set[int]

    def within(self, start: datetime, end: datetime) -> list[float]:
        first = bisect_left(self.samples, start, key=lambda sample: sample.time)
        last = bisect_right(self.samples, end, key=lambda sample: sample.time)
        self.used.update(sample.number for sample in self.samples[first:last])
        return [sample.value for sample in self.samples[first:last]]


def recognizes(entry: Entry) -> bool:
    """Whether a file is a database with the tables of Health Connect."""
    if not entry.head.startswith(MAGIC):
        return False
    # The names of tables may stand anywhere in a database.
    try:
        with entry.open() as stream:
            before = b""
            while chunk := stream.read(CHUNK_BYTES):
                if any(mark in before + chunk for mark in MARKS):
                    return True
                before = chunk[-max(map(len, MARKS)) :]
    except (OSError, InputError):
        pass
    return False


def read(entries: Sequence[Entry], ledger: Ledger) -> Reading:
    """Read sleep sessions with their stages, vital signs and steps; the account has a book a table."""
    reading = Reading(not_given=NOT_GIVEN, notes=NOTES)
    for entry in entries:
        try:
            with Database(entry) as database:
                _Export(database, ledger, reading).read()
        except InputError as error:
            if ledger.strict:
                raise
            ledger.lose(entry.name, error)
    return reading


class _Export:
    """One database on its way into a reading."""

    def __init__(self, database: Database, ledger: Ledger, reading: Reading) -> None:
        self._database = database
        self._ledger = ledger
        self._reading = reading
        self._devices = {key: _device(package) for key, package in database.rows(APPS, ("row_id", "package_name"))}

    def read(self) -> None:
        series = [self._series(table) for table in VITAL_TABLES if self._database.has(table)]
        if self._database.has(SESSIONS):
            self._sessions(series)
        for one in series:
            one.book.keep(len(one.used))
            one.book.ignore(len(one.samples) - len(one.used))
        read_days(Export(self._database, self._ledger, self._reading, self._source))

    def _label(self, table: str) -> str:
        return f"{self._database.name}/{table}"

    def _source(self, app: object) -> Source:
        return Source(VENDOR, self._devices.get(app, "health connect"))

    def _series(self, table: str) -> _Series:
        time_column, value_column, column, low, high = VITAL_TABLES[table]
        samples = []
        with self._ledger.file(self._label(table)) as book:
            rows = self._database.rows(table, (time_column, value_column))
            for number, (time, value) in enumerate(rows, start=1):
                try:
                    found = value_of(value, value_column, low, high)
                    if found is None:
                        book.ignore()
                    else:
                        samples.append(_Sample(from_epoch(time, time_column), found, number))
                except RecordError as error:
                    book.skip(number, error)
        return _Series(book, column, sorted(samples), set())

    def _sessions(self, series: Sequence[_Series]) -> None:
        stages, outcomes = self._stages()
        columns = ("row_id", "start_time", "start_zone_offset", "end_time", "end_zone_offset", "app_info_id")
        with self._ledger.file(self._label(SESSIONS)) as book:
            for number, row in enumerate(self._database.rows(SESSIONS, columns), start=1):
                key, start, start_zone, end, end_zone, app = row
                own = stages.pop(key, {})
                outcomes += [Outcome(place, 0, None) for place in own]
                with book.record(number):
                    first = Moment.from_utc(
                        from_epoch(start, "start_time"), offset_min_of(start_zone, "start_zone_offset")
                    )
                    last = Moment.from_utc(from_epoch(end, "end_time"), offset_min_of(end_zone, "end_zone_offset"))
                    episode = _episode(self._source(app), book.name, (first, last), list(own.values()), series)
                    self._reading.episodes.append(episode)
        orphan = RecordError("parent_key", "the stage belongs to no sleep", "the row_id of a session")
        outcomes += [Outcome(place, 0, orphan) for own in stages.values() for place in own]
        with self._ledger.file(self._label(STAGES)) as book:
            settle(book, outcomes)

    def _stages(self) -> tuple[dict[object, dict[int, Stretch]], list[Outcome]]:
        """Stages by session and row, and what became of the rows that are no stage."""
        stages: dict[object, dict[int, Stretch]] = {}
        outcomes = []
        columns = ("parent_key", "stage_start_time", "stage_end_time", "stage_type")
        for number, (parent, start, end, kind) in enumerate(self._database.rows(STAGES, columns), start=1):
            try:
                stages.setdefault(parent, {})[number] = _stretch(start, end, kind)
            except (RecordError, Ignored) as error:
                outcomes.append(Outcome(number, 0, error))
        return stages, outcomes


def _stretch(start: object, end: object, kind: object) -> Stretch:
    if not isinstance(kind, int) or (kind != NO_STAGE and kind not in STAGE_TYPES):
        raise RecordError("stage_type", f"{quoted(kind)} is no stage", "a number from 0 to 7")
    first, last = from_epoch(start, "stage_start_time"), from_epoch(end, "stage_end_time")
    if last < first:
        raise RecordError("stage_end_time", "the stage ends before it starts", "a time after stage_start_time")
    if kind == NO_STAGE:
        raise Ignored
    return Stretch(first, last, STAGE_TYPES[kind])


def _episode(
    source: Source,
    origin: str,
    times: tuple[Moment, Moment],
    stages: Sequence[Stretch],
    series: Sequence[_Series],
) -> Episode:
    start, end = (moment.utc for moment in times)
    assert start is not None and end is not None
    segments = painted(stages, start, end) if end > start else ()
    episode = Episode(source=source, origin=origin, start=times[0], end=times[1], segments=segments)
    vitals: dict[str, float] = {}
    for one in series:
        values = one.within(start, end)
        if values:
            vitals[one.column] = mean(values)
            if one.column == "spo2_mean_pct":
                vitals["spo2_min_pct"] = min(values)
    return replace(episode, vitals=vitals)


def _device(package: object) -> str:
    return package[:64] if isinstance(package, str) and PACKAGE.fullmatch(package) else "health connect"
