"""Health Connect's days: resting heart rate, steps, heart rate, blood pressure, glucose and weight.

Columns and units are those of the Android source (packages/modules/HealthFitness, the ``*RecordHelper`` classes) and of
the record classes: pressures in mmHg, glucose in mmol/L, weight in grams
(https://developer.android.com/reference/android/health/connect/datatypes). ``relation_to_meal`` is 0 not known,
1 general, 2 fasting, 3 before a meal, 4 after a meal, stored as text.

Apps hand readings on to each other, so one reading may stand there once an app: of the same instant and values the first
counts, the others are its duplicates. Steps of a day are those of the app that counted most.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import date
from typing import NamedTuple

from sleepcot_utils.ingest.assembly import mean
from sleepcot_utils.ingest.clocks import from_epoch
from sleepcot_utils.ingest.episodes import DayValue, Reading, Source
from sleepcot_utils.ingest.health_connect_fields import day_of, local_time_of, value_of
from sleepcot_utils.ingest.heart_rates import HIGHEST_BPM, LOWEST_BPM, HeartRates
from sleepcot_utils.ingest.ledger import Ignored, Ledger, RecordError
from sleepcot_utils.ingest.readings import MMOL_L, glucose_in_mg_dl, pressure_values, weight_in_kg
from sleepcot_utils.ingest.sqlite_file import Database

RESTING, STEPS = "resting_heart_rate_record_table", "steps_record_table"
HEART, HEART_SERIES = "heart_rate_record_table", "heart_rate_record_series_table"
INSTANT = ("time", "zone_offset", "local_date", "app_info_id")
MEALS = {"2": "fasting_glucose_mg_dl", "4": "not_fasting_glucose_mg_dl"}
MAX_DAY_STEPS = 200_000
SOURCE = Source("health_connect", "health connect")


class Export(NamedTuple):
    """A database, and where what is read from it goes.

    Attributes
    ----------
    source_of : callable
        Gives the source for an app's row.
    """

    database: Database
    ledger: Ledger
    reading: Reading
    source_of: Callable[[object], Source]

    def label(self, table: str) -> str:
        """Name of a table for accounts and messages."""
        return f"{self.database.name}/{table}"


def read_days(export: Export) -> None:
    """Read all that Health Connect says of days."""
    if export.database.has(RESTING):
        _resting(export)
    if export.database.has(STEPS):
        _steps(export)
    for table in READINGS:
        if export.database.has(table):
            _readings(export, table)
    if export.database.has(HEART_SERIES):
        _heart(export)


def _resting(export: Export) -> None:
    days: dict[tuple[date, Source], list[float]] = {}
    columns = ("time", "zone_offset", "local_date", "beats_per_minute", "app_info_id")
    with export.ledger.file(export.label(RESTING)) as book:
        for number, (time, zone, local_date, beats, app) in enumerate(export.database.rows(RESTING, columns), start=1):
            with book.record(number):
                value = value_of(beats, "beats_per_minute", 20.0, 220.0)
                day = day_of(time, zone, local_date, "time", "zone_offset")
                if value is None:
                    raise Ignored
                days.setdefault((day, export.source_of(app)), []).append(value)
    for (day, source), values in days.items():
        resting = DayValue(source, book.name, day, "resting_heart_rate_bpm", mean(values), "day")
        export.reading.day_values.append(resting)


def _steps(export: Export) -> None:
    counts: dict[date, dict[object, float]] = {}
    columns = ("start_time", "start_zone_offset", "local_date", "count", "app_info_id")
    with export.ledger.file(export.label(STEPS)) as book:
        for number, (time, zone, local_date, count, app) in enumerate(export.database.rows(STEPS, columns), start=1):
            with book.record(number):
                value = value_of(count, "count", 0.0, MAX_DAY_STEPS)
                by_app = counts.setdefault(day_of(time, zone, local_date, "start_time", "start_zone_offset"), {})
                by_app[app] = by_app.get(app, 0.0) + (value or 0.0)
    for day, by_app in counts.items():
        most = max(by_app.values())
        if 0 < most <= MAX_DAY_STEPS:
            export.reading.day_values.append(DayValue(SOURCE, book.name, day, "steps", most, "day"))


def _readings(export: Export, table: str) -> None:
    columns, values_of = READINGS[table]
    seen: set[tuple[object, ...]] = set()
    with export.ledger.file(export.label(table)) as book:
        rows = export.database.rows(table, (*INSTANT, *columns))
        for number, (time, zone, local_date, app, *cells) in enumerate(rows, start=1):
            if (time, *cells) in seen:
                book.drop_duplicate()
                continue
            with book.record(number):
                day = day_of(time, zone, local_date, "time", "zone_offset")
                moment = f"reading at {from_epoch(time, 'time'):%H:%M:%S} UTC"
                export.reading.day_values += values_of(cells, export.source_of(app), book.name, day, moment)
                seen.add((time, *cells))


def _number(cell: object, column: str) -> float:
    """A reading before its unit is looked at; 0 is what apps write for none."""
    value = value_of(cell, column, 0.0, 1e6)
    if not value:
        raise Ignored
    return value


def _pressure(cells: list[object], source: Source, origin: str, day: date, moment: str) -> list[DayValue]:
    if bool(cells[0]) != bool(cells[1]):
        missing = "diastolic" if cells[0] else "systolic"
        raise RecordError(missing, "has no value, while the other pressure has one", "both pressures of a reading")
    pair = (_number(cells[0], "systolic"), _number(cells[1], "diastolic"))
    return pressure_values(source, origin, day, pair, moment, ("systolic", "diastolic"))


def _glucose(cells: list[object], source: Source, origin: str, day: date, moment: str) -> list[DayValue]:
    mass = glucose_in_mg_dl(_number(cells[0], "level"), MMOL_L, "level")
    return [DayValue(source, origin, day, MEALS.get(str(cells[1]), "glucose_mg_dl"), mass, moment)]


def _weight(cells: list[object], source: Source, origin: str, day: date, moment: str) -> list[DayValue]:
    kilograms = weight_in_kg(_number(cells[0], "weight"), "g", "weight")
    return [DayValue(source, origin, day, "weight_kg", kilograms, moment)]


#: Tables of readings: their columns, and what makes values of a row.
READINGS = {
    "blood_pressure_record_table": (("systolic", "diastolic"), _pressure),
    "blood_glucose_record_table": (("level", "relation_to_meal"), _glucose),
    "weight_record_table": (("weight",), _weight),
}


def _heart(export: Export) -> None:
    parents = {
        key: (zone, app)
        for key, zone, app in export.database.rows(HEART, ("row_id", "start_zone_offset", "app_info_id"))
    }
    rates = HeartRates()
    columns = ("parent_key", "epoch_millis", "beats_per_minute")
    with (
        export.ledger.file(export.label(HEART_SERIES)) as book,
        closing(export.database.stream(HEART_SERIES, columns)) as rows,
    ):
        for number, (parent, time, beats) in enumerate(rows, start=1):
            try:
                value = value_of(beats, "beats_per_minute", LOWEST_BPM, HIGHEST_BPM)
                if parent not in parents:
                    raise RecordError("parent_key", "the reading belongs to no record", "the row_id of a record")
                zone, app = parents[parent]
                if value is None:
                    book.ignore()
                    continue
                local = local_time_of(time, zone, "epoch_millis", "start_zone_offset")
                rates.add(export.source_of(app), book.name, local, value)
                book.keep()
            except RecordError as error:
                book.skip(number, error)
    export.reading.day_values += rates.day_values()
