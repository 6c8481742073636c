"""Fitbit's daily values: resting heart rate, HRV, oxygen saturation, respiration, skin temperature, steps, activity,
heart rate, weight.

Files of a Google Takeout: ``resting_heart_rate-*.json``, ``very_active_minutes-*.json``,
``moderately_active_minutes-*.json``, ``lightly_active_minutes-*.json``, ``steps-*.json`` and the CSV files *Daily Heart Rate Variability Summary*,
*Daily Respiratory Rate Summary*, *Daily SpO2* and *Computed Temperature*. Bodies of the Web API: time series of
``activities-heart``, ``activities-steps`` and active minutes, ``hrv``, ``br``, ``tempSkin`` and SpO2.

Content decides what a file is. Only the Takeout's minutes of steps and of activity look all alike, as dates with a
number, so their names decide between them.

Steps of a Takeout are minutes in UTC. They become days by the time zone in the Takeout's profile; without a profile
they are not counted, because days in UTC are not the person's days. Nothing else of the profile is read.

Fitbit writes 0 for a resting heart rate that was not measured, ``NaN`` for temperatures, and 50 for an oxygen
saturation that it could not trust.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import delimited, fitbit_readings
from sleepcot_utils.ingest.assembly import rows_of
from sleepcot_utils.ingest.clocks import FIRST_YEAR, parse_date, parse_time
from sleepcot_utils.ingest.documents import items, keys_in_head, mapping, maybe_number, number, read_json, vital
from sleepcot_utils.ingest.episodes import DayValue, Reading, Source
from sleepcot_utils.ingest.fitbit_readings import ACTIVE, LIGHT, MODERATE, VIGOROUS
from sleepcot_utils.ingest.heart_rates import HeartRates
from sleepcot_utils.ingest.ledger import Book, Ignored, Ledger, RecordError, quoted
from sleepcot_utils.ingest.result import NotGiven
from sleepcot_utils.ingest.sources import Entry

VENDOR = "fitbit"
SOURCE = Source(VENDOR, "fitbit")
US_TIME = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{2}) ([0-9]{2}):([0-9]{2}):([0-9]{2})")
UNTRUSTED_SPO2 = 50.0
NO_ZONE = "the steps of a Takeout are minutes in UTC, and no profile with a time zone was found beside them"

#: Keys at the top of Web API bodies, with measure, the field of the value, and the window.
API_SERIES: dict[str, tuple[str, str, str]] = {
    "activities-heart": ("resting_heart_rate_bpm", "restingHeartRate", "day"),
    "activities-steps": ("steps", "", "day"),
    "activities-minutesVeryActive": ("vigorous_activity_min", "", "day"),
    "activities-minutesFairlyActive": ("moderate_activity_min", "", "day"),
    "activities-minutesLightlyActive": ("light_activity_min", "", "day"),
    "hrv": ("hrv_rmssd_ms", "dailyRmssd", "main sleep"),
    "br": ("respiratory_rate_brpm", "breathingRate", "main sleep"),
    "tempSkin": ("skin_temperature_delta_c", "nightlyRelative", "main sleep"),
}
#: Columns that make a CSV file of the Takeout known: measure, column of the value, window.
CSV_FILES: dict[str, tuple[tuple[str, ...], tuple[tuple[str, str], ...]]] = {
    "hrv": (("timestamp", "rmssd", "nremhr"), (("hrv_rmssd_ms", "rmssd"),)),
    "respiration": (("timestamp", "daily_respiratory_rate"), (("respiratory_rate_brpm", "daily_respiratory_rate"),)),
    "oxygen": (
        ("timestamp", "average_value", "lower_bound"),
        (("spo2_mean_pct", "average_value"), ("spo2_min_pct", "lower_bound")),
    ),
    "temperature": (("sleep_end", "temperature_samples", "baseline_relative_sample_sum"), ()),
}
RANGES = {
    "hrv_rmssd_ms": (1.0, 400.0),
    "respiratory_rate_brpm": (4.0, 60.0),
    "spo2_mean_pct": (40.0, 100.0),
    "spo2_min_pct": (40.0, 100.0),
    "resting_heart_rate_bpm": (20.0, 220.0),
    "steps": (0.0, 200_000.0),
    **dict.fromkeys(ACTIVE, (0.0, 1440.0)),
    "skin_temperature_delta_c": (-10.0, 10.0),
}
#: Files of a Takeout with a number each minute or day, by the beginning of their name.
MINUTE_FILES = {
    "steps": "steps",
    "very_active_minutes": VIGOROUS,
    "moderately_active_minutes": MODERATE,
    "lightly_active_minutes": LIGHT,
}
#: Days to measure to where it stands and its value.
Active = dict[date, dict[str, tuple[str, float]]]


def kind_of(entry: Entry) -> str | None:
    """What daily values a file holds; null if it is none of these files."""
    keys = keys_in_head(entry)
    if keys:
        for name, (_, value, _) in API_SERIES.items():
            if name in keys and (value in keys or not value or "value" in keys):
                return "api"
        if {"dateTime", "value", "avg", "min", "max"} <= keys:
            return "api oxygen"
        if {"dateTime", "value", "date", "error"} <= keys:
            return "resting"
        if keys >= fitbit_readings.WEIGHT_KEYS:
            return "weight"
        if keys == {"dateTime", "value", "bpm", "confidence"}:
            return "heart"
        if keys == {"dateTime", "value"}:
            return next((name for name in MINUTE_FILES if entry.base.startswith(f"{name}-")), None)
        return None
    header = set(delimited.peek_header(entry))
    if header.issuperset(fitbit_readings.CSV_COLUMNS):
        return "weight table"
    for name, (columns, _) in CSV_FILES.items():
        if header.issuperset(columns):
            return name
    return "profile" if {"timezone", "member_since", "sleep_tracking"} <= header else None


def read_days(entries: Sequence[Entry], ledger: Ledger, reading: Reading) -> None:
    """Read all daily values into `reading`."""
    kinds = {entry.name: kind_of(entry) for entry in entries}
    zones = [_zone(entry, ledger) for entry in entries if kinds[entry.name] == "profile"]
    zone = next((zone for zone in zones if zone), None)
    steps: dict[date, tuple[str, float]] = {}
    active: Active = {}
    rates = HeartRates()
    for entry in entries:
        kind = kinds[entry.name]
        if kind == "profile" or kind is None:
            continue
        with ledger.file(entry.name) as book:
            if kind in CSV_FILES:
                _read_csv(entry, kind, book, reading)
                continue
            if kind == "weight table":
                for row in rows_of(entry, book, fitbit_readings.CSV_COLUMNS):
                    with book.record(row.number, row.line):
                        reading.day_values += fitbit_readings.weight_row(row.cells, SOURCE, entry.name, zone)
                continue
            document = read_json(entry)
            if kind == "api":
                _read_api(document, entry.name, book, reading, active)
            elif kind == "heart":
                fitbit_readings.take_heart_rates(document, SOURCE, book, zone, _us_time, rates)
            elif kind == "weight":
                fitbit_readings.take_weights(document, entry.name, book, SOURCE, reading)
            elif kind in MINUTE_FILES:
                _read_minutes(document, entry.name, book, kind, zone, steps, active)
            else:
                _read_each(document, entry.name, book, _api_oxygen if kind == "api oxygen" else _resting, reading)
    for day, (origin, total) in steps.items():
        if 0 < total <= RANGES["steps"][1]:
            reading.day_values.append(DayValue(SOURCE, origin, day, "steps", total, "day"))
    for day, parts in active.items():
        reading.day_values += fitbit_readings.activity_of(day, parts, SOURCE)
    reading.day_values += rates.day_values()
    if zone is None and "steps" in kinds.values():
        reading.not_given = (*reading.not_given, NotGiven("steps", NO_ZONE))


def _read_each(
    document: Any, origin: str, book: Book, read: Callable[[Mapping[str, Any], str], list[DayValue]], reading: Reading
) -> None:
    for place, item in enumerate(document if isinstance(document, list) else [document], start=1):
        with book.record(place):
            reading.day_values += read(mapping(item, ""), origin)


def _read_api(document: Any, origin: str, book: Book, reading: Reading, active: Active) -> None:
    place = 0
    for body in document if isinstance(document, list) else [document]:
        if not isinstance(body, dict):
            place += 1
            with book.record(place):
                mapping(body, "")
            continue
        for name, (measure, field, window) in API_SERIES.items():
            if name not in body:
                continue
            series = body[name] if isinstance(body[name], list) else [body[name]]
            for item in series:
                place += 1
                with book.record(place):
                    value = _of_series(mapping(item, name), measure, field, name)
                    day = parse_date(item.get("dateTime"), f"{name}.dateTime")
                    if measure in ACTIVE:
                        active.setdefault(day, {}).setdefault(measure, (origin, value))
                    else:
                        reading.day_values.append(DayValue(SOURCE, origin, day, measure, value, window))


def _of_series(item: Mapping[str, Any], measure: str, field: str, name: str) -> float:
    low, high = RANGES[measure]
    column = f"{name}.value"
    if field:
        # The oldest bodies have the mean heart rate of the day as text in place of the object.
        inner = item.get("value")
        if not isinstance(inner, dict) and measure == "resting_heart_rate_bpm":
            raise Ignored
        record, key = mapping(inner, column), field
    else:
        record, key = item, "value"
    if measure == "skin_temperature_delta_c" or measure in ACTIVE:
        value = maybe_number(record, key, low, high, column=column)
    elif measure == "steps":
        value = maybe_number(record, key, low, high, column=column, missing=(0.0,))
    else:
        value = vital(record, key, low, high, column=column)
    if value is None:
        raise Ignored
    return value


def _api_oxygen(item: Mapping[str, Any], origin: str) -> list[DayValue]:
    day = parse_date(item.get("dateTime"), "dateTime")
    value = mapping(item.get("value"), "value")
    return _oxygen(day, origin, vital(value, "avg", 40, 100), vital(value, "min", 40, 100))


def _oxygen(day: date, origin: str, mean: float | None, lowest: float | None) -> list[DayValue]:
    found = {"spo2_mean_pct": mean, "spo2_min_pct": lowest}
    values = [
        DayValue(SOURCE, origin, day, measure, value, "main sleep")
        for measure, value in found.items()
        if value is not None and value != UNTRUSTED_SPO2
    ]
    if not values:
        raise Ignored
    return values


def _resting(item: Mapping[str, Any], origin: str) -> list[DayValue]:
    record = mapping(item.get("value"), "value")
    value = vital(record, "value", 20, 220, column="value.value")
    if value is None:
        raise Ignored
    day = _us_time(item.get("dateTime"), "dateTime").date()
    return [DayValue(SOURCE, origin, day, "resting_heart_rate_bpm", value, "day")]


def _read_minutes(
    document: Any,
    origin: str,
    book: Book,
    kind: str,
    zone: ZoneInfo | None,
    steps: dict[date, tuple[str, float]],
    active: Active,
) -> None:
    for place, item in enumerate(items(document, "") if isinstance(document, list) else [document], start=1):
        with book.record(place):
            record = mapping(item, "")
            time = _us_time(record.get("dateTime"), "dateTime")
            value = number(record, "value", *RANGES[MINUTE_FILES[kind]])
            if kind != "steps":
                active.setdefault(time.date(), {}).setdefault(MINUTE_FILES[kind], (origin, value))
            elif zone is None:
                raise Ignored
            else:
                day = time.replace(tzinfo=UTC).astimezone(zone).date()
                steps[day] = (origin, steps.get(day, ("", 0.0))[1] + value)


def _us_time(value: object, column: str) -> datetime:
    expected = "month/day/year and a time, such as 01/31/24 00:00:00"
    match = US_TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise RecordError(column, f"{quoted(value)} is not a time", expected)
    month, day, year, hour, minute, second = (int(part) for part in match.groups())
    try:
        return datetime(FIRST_YEAR + year, month, day, hour, minute, second)
    except ValueError as error:
        raise RecordError(column, f"{quoted(value)} is not a time of the calendar", expected) from error


def _read_csv(entry: Entry, kind: str, book: Book, reading: Reading) -> None:
    columns, measures = CSV_FILES[kind]
    rows, problems = delimited.read_rows(entry, columns)
    for problem in problems:
        book.skip(problem.row, RecordError(problem.column, problem.problem, problem.expected), problem.line)
    for row in rows:
        with book.record(row.number, row.line):
            cells = {name: "" if text.casefold() == "nan" else text for name, text in row.cells.items()}
            if kind == "temperature":
                reading.day_values.append(_temperature(cells, entry.name))
                continue
            day = parse_date(cells["timestamp"], "timestamp")
            found = {measure: vital(cells, column, *RANGES[measure]) for measure, column in measures}
            if kind == "oxygen":
                reading.day_values += _oxygen(day, entry.name, found["spo2_mean_pct"], found["spo2_min_pct"])
                continue
            values = [
                DayValue(SOURCE, entry.name, day, measure, value, "main sleep")
                for measure, value in found.items()
                if value is not None
            ]
            if not values:
                raise Ignored
            reading.day_values += values


def _temperature(cells: Mapping[str, str], origin: str) -> DayValue:
    """Mean of the night against the person's baseline: sum of the relative samples over their number."""
    total = maybe_number(cells, "baseline_relative_sample_sum", -1e5, 1e5)
    count = maybe_number(cells, "temperature_samples", 0, 1e5, missing=(0,))
    if total is None or count is None:
        raise Ignored
    ended, _ = parse_time(cells["sleep_end"], "sleep_end")
    if abs(total / count) > RANGES["skin_temperature_delta_c"][1]:
        raise RecordError("baseline_relative_sample_sum", f"{total / count:g} degrees a sample can't be", "-10 to 10")
    return DayValue(SOURCE, origin, ended.date(), "skin_temperature_delta_c", total / count, "main sleep")


def _zone(entry: Entry, ledger: Ledger) -> ZoneInfo | None:
    """Time zone of the profile. Its other cells, which are personal, are not looked at, and no problem quotes them."""
    try:
        rows, _ = delimited.read_rows(entry, ("timezone",))
        zone = ZoneInfo(rows[0].cells["timezone"]) if rows else None
    except (InputError, ValueError, OSError):
        return None
    with ledger.file(entry.name) as book:
        book.keep()
    return zone
