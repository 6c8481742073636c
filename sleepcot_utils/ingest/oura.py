"""Oura ring: documents of the API v2 (JSON), the account export (a CSV a category), and the trends CSV.

Documents and fields are those of https://cloud.ouraring.com/v2/docs. The account export has the same fields, separated
by semicolons; the trends export of the dashboard has one row a day with names in words.

What is taken. A ``sleep`` document of type ``long_sleep``, ``sleep`` or ``late_nap`` is a sleep; ``rest`` (lay still,
did not sleep) and ``deleted`` are none. Its stated durations are exact to 30 seconds, while ``sleep_phase_5_min`` gives
one code in 5 minutes. So the phases become the course of the night only if they agree with the stated time asleep to
one code; ``sleep_phase_30_sec``, where it is given, always does.

HRV is RMSSD: ``average_hrv`` is the mean of 5-minute windows over the sleep. ``lowest_heart_rate``, the lowest
5-minute mean of the sleep, is what Oura shows as the resting heart rate. Activity of medium and high intensity is that
above 3 and 6 MET, so both together are the minutes of moderate and vigorous activity.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.assembly import activity_values, rows_of
from sleepcot_utils.ingest.clocks import minutes_between, parse_date, parse_moment
from sleepcot_utils.ingest.delimited import peek_header
from sleepcot_utils.ingest.documents import keys_in_head, mapping, maybe_number, read_json, vital
from sleepcot_utils.ingest.episodes import DayValue, Episode, Reading, Source, Totals
from sleepcot_utils.ingest.hypnograms import Segment, Stage, paint
from sleepcot_utils.ingest.ledger import Book, Ignored, Ledger, RecordError, quoted
from sleepcot_utils.ingest.result import NotGiven
from sleepcot_utils.ingest.sources import Entry

VENDOR = "oura"
LOOKS_FOR = "documents of the API v2 (bedtime_start, ...), the account export or the trends CSV"
SOURCE = Source(VENDOR, "oura ring")
DAY_S = 86_400

#: Fields that tell the kinds of documents apart, and no other vendor's.
KINDS = {
    "sleep": {"day", "bedtime_start", "bedtime_end"},
    "readiness": {"day", "temperature_deviation"},
    "oxygen": {"day", "spo2_percentage"},
    "activity": {"day", "steps", "medium_activity_time"},
    "scores": {"day", "score", "contributors"},
}
STAGES = {"1": Stage.DEEP, "2": Stage.LIGHT, "3": Stage.REM, "4": Stage.WAKE}
NO_SLEEP_TYPES = ("rest", "deleted")
NAP_TYPES = ("late_nap", "nap")

#: Names in the trends CSV, and the fields of the API that mean the same. Older exports say "Time" for "Duration".
TRENDS = {
    "Total Sleep Duration": "total_sleep_duration",
    "Total Sleep Time": "total_sleep_duration",
    "REM Sleep Duration": "rem_sleep_duration",
    "REM Sleep Time": "rem_sleep_duration",
    "Light Sleep Duration": "light_sleep_duration",
    "Light Sleep Time": "light_sleep_duration",
    "Deep Sleep Duration": "deep_sleep_duration",
    "Deep Sleep Time": "deep_sleep_duration",
    "Sleep Latency": "latency",
    "Bedtime Start": "bedtime_start",
    "Bedtime End": "bedtime_end",
    "Average Resting Heart Rate": "average_heart_rate",
    "Lowest Resting Heart Rate": "lowest_heart_rate",
    "Average HRV": "average_hrv",
    "Temperature Deviation (°C)": "temperature_deviation",
    "Respiratory Rate": "average_breath",
    "Steps": "steps",
    "Medium Activity Time": "medium_activity_time",
    "High Activity Time": "high_activity_time",
}
TRENDS_MARKS = {"date", "Bedtime Start", "Bedtime End"}

#: A cell of the account export holds the object of the API as text.
AVERAGE_IN_TEXT = re.compile(r'"average"\s*:\s*([0-9.]{1,12}|null)')

NOT_GIVEN = (
    NotGiven("spo2_min_pct", "Oura gives the average oxygen saturation of a sleep, not the lowest"),
    NotGiven("caffeine_after_14h", "Oura's tags are free text, which is not read"),
    NotGiven("alcohol_units", "Oura's tags are free text, which is not read"),
)
NOTES = (
    "Oura's HRV is RMSSD, the mean of 5-minute windows over the sleep",
    "Oura's resting heart rate is the lowest 5-minute mean of the sleep",
)


def recognizes(entry: Entry) -> bool:
    """Whether a file holds documents of the API v2, a table of the account export, or the trends CSV."""
    keys = keys_in_head(entry)
    if keys:
        return any(kind <= keys for kind in KINDS.values())
    return _table_kind(entry) != ""


def _table_kind(entry: Entry) -> str:
    header = set(peek_header(entry))
    if header >= TRENDS_MARKS:
        return "trends"
    for separator in (";", ","):
        header = set(peek_header(entry, separator=separator))
        if any(kind <= header for kind in KINDS.values()):
            return separator
    return ""


def read(entries: Sequence[Entry], ledger: Ledger) -> Reading:
    """Read sleeps, and days of activity, oxygen saturation and temperature."""
    reading = Reading(not_given=NOT_GIVEN, notes=NOTES)
    for entry in entries:
        with ledger.file(entry.name) as book:
            if keys_in_head(entry):
                for count, item in enumerate(_documents(entry), start=1):
                    with book.record(count):
                        _take(mapping(item, ""), entry.name, reading)
            else:
                _read_table(entry, book, reading)
    return reading


def _read_table(entry: Entry, book: Book, reading: Reading) -> None:
    kind = _table_kind(entry)
    header = peek_header(entry, separator="," if kind == "trends" else kind)
    if kind == "trends":
        for row in rows_of(entry, book, ("date",), optional=tuple(name for name in TRENDS if name in header)):
            with book.record(row.number, row.line):
                record = {TRENDS[name]: text for name, text in row.cells.items() if name in TRENDS}
                _take_trend(record | {"day": row.cells["date"]}, entry.name, reading)
        return
    for row in rows_of(entry, book, ("day",), optional=tuple(dict.fromkeys(header)), separator=kind):
        with book.record(row.number, row.line):
            _take(row.cells, entry.name, reading)


def _documents(entry: Entry) -> Iterator[Any]:
    """Documents of a page of the API, of a plain list, of several endpoints under their names, or one alone."""
    document = read_json(entry)
    if isinstance(document, list):
        yield from document
        return
    if not isinstance(document, dict):
        raise InputError("the JSON holds no documents", where=entry.name, expected="a list, or an object with 'data'")
    if "day" in document:
        yield document
        return
    pages = [document] if isinstance(document.get("data"), list) else list(document.values())
    found = False
    for page in pages:
        listed = page.get("data") if isinstance(page, dict) else page
        if isinstance(listed, list):
            found = True
            yield from listed
    if not found:
        raise InputError("the JSON holds no list of documents", where=entry.name, expected="a list under 'data'")


def _take(record: Mapping[str, Any], origin: str, reading: Reading) -> None:
    kind = next((name for name, marks in KINDS.items() if marks <= record.keys()), "")
    if kind == "sleep":
        _take_sleep(record, origin, reading)
    elif kind == "readiness":
        _put(reading, _temperature(record, origin))
    elif kind == "oxygen":
        _put(reading, _oxygen(record, origin))
    elif kind == "activity":
        _put(reading, _activity(record, origin))
    elif kind == "scores":
        raise Ignored
    else:
        raise RecordError("", "the document is of no known kind", "a document of sleep, readiness, oxygen or activity")


def _put(reading: Reading, values: list[DayValue]) -> None:
    if not values:
        raise Ignored
    reading.day_values += values


def _take_sleep(record: Mapping[str, Any], origin: str, reading: Reading) -> None:
    kind = record.get("type") or ""
    if not isinstance(kind, str):
        raise RecordError("type", f"{quoted(kind)} is no type of sleep", "long_sleep, sleep, late_nap, rest or deleted")
    if kind in NO_SLEEP_TYPES:
        raise Ignored
    episode = _episode(record, origin, kind="nap" if kind in NAP_TYPES else "")
    reading.day_values += _sleeping_heart_rate(record, episode)
    reading.episodes.append(episode)


def _take_trend(record: Mapping[str, Any], origin: str, reading: Reading) -> None:
    values = _activity(record, origin)
    if record.get("bedtime_start"):
        episode = _episode(record, origin)
        values += _temperature(record, origin) + _sleeping_heart_rate(record, episode)
        reading.episodes.append(episode)
    elif not values:
        raise Ignored
    reading.day_values += values


def _episode(record: Mapping[str, Any], origin: str, kind: str = "") -> Episode:
    start = parse_moment(record.get("bedtime_start"), "bedtime_start")
    end = parse_moment(record.get("bedtime_end"), "bedtime_end")
    asleep_s = maybe_number(record, "total_sleep_duration", 0, DAY_S)
    totals = Totals(
        asleep_min=_minutes(asleep_s),
        light_min=_minutes(maybe_number(record, "light_sleep_duration", 0, DAY_S)),
        deep_min=_minutes(maybe_number(record, "deep_sleep_duration", 0, DAY_S)),
        rem_min=_minutes(maybe_number(record, "rem_sleep_duration", 0, DAY_S)),
        latency_min=_minutes(maybe_number(record, "latency", 0, DAY_S)),
    )
    vitals = {
        "resting_heart_rate_bpm": vital(record, "lowest_heart_rate", 20, 220),
        "hrv_rmssd_ms": vital(record, "average_hrv", 1, 400),
        "respiratory_rate_brpm": vital(record, "average_breath", 4, 60),
    }
    length_min = minutes_between(start, end)
    return Episode(
        source=SOURCE,
        origin=origin,
        start=start,
        end=end,
        segments=_phases(record, asleep_s, 60 * length_min) if length_min is not None and length_min > 0 else (),
        totals=totals,
        kind=kind,
        vitals={name: value for name, value in vitals.items() if value is not None},
    )


def _phases(record: Mapping[str, Any], asleep_s: float | None, length_s: float) -> tuple[Segment, ...]:
    for name, step_s in (("sleep_phase_30_sec", 30), ("sleep_phase_5_min", 300)):
        codes = record.get(name)
        if codes is None or codes == "":
            continue
        if not isinstance(codes, str) or not (codes.isascii() and codes.isdigit()) or len(codes) * 30 > 2 * DAY_S:
            raise RecordError(name, f"{quoted(codes)} are no phases of sleep", "digits 1 to 4, one for each period")
        segments = paint(
            [
                Segment(step_s * place, step_s * (place + 1), STAGES[code])
                for place, code in enumerate(codes)
                if code in STAGES
            ],
            length_s=length_s,
        )
        slept_s = sum(part.end_s - part.start_s for part in segments if part.stage is not Stage.WAKE)
        if asleep_s is None or abs(slept_s - asleep_s) <= 300:
            return segments
    return ()


def _sleeping_heart_rate(record: Mapping[str, Any], episode: Episode) -> list[DayValue]:
    value = vital(record, "average_heart_rate", 20, 220)
    if value is None or episode.kind == "nap":
        return []
    return [DayValue(SOURCE, episode.origin, episode.ended_on, "sleeping_heart_rate_bpm", value, "sleep")]


def _temperature(record: Mapping[str, Any], origin: str) -> list[DayValue]:
    # 0 and -1 are true deviations here, so no value counts as a sentinel.
    value = maybe_number(record, "temperature_deviation", -10, 10)
    day = parse_date(record.get("day"), "day")
    return [] if value is None else [DayValue(SOURCE, origin, day, "skin_temperature_delta_c", value, "sleep")]


def _oxygen(record: Mapping[str, Any], origin: str) -> list[DayValue]:
    day = parse_date(record.get("day"), "day")
    given = record.get("spo2_percentage")
    if given is None or given == "":
        return []
    if isinstance(given, str) and (match := AVERAGE_IN_TEXT.search(given)):
        given = {"average": None if match[1] == "null" else match[1]}
    if isinstance(given, Mapping):
        value = vital(given, "average", 40, 100, column="spo2_percentage.average")
    else:
        value = vital(record, "spo2_percentage", 40, 100)
    return [] if value is None else [DayValue(SOURCE, origin, day, "spo2_mean_pct", value, "sleep")]


def _activity(record: Mapping[str, Any], origin: str) -> list[DayValue]:
    day = parse_date(record.get("day"), "day")
    steps = maybe_number(record, "steps", 0, 200_000)
    active = [maybe_number(record, f"{level}_activity_time", 0, DAY_S) for level in ("medium", "high")]
    active_s = None if None in active else sum(value for value in active if value is not None)
    return activity_values(SOURCE, origin, day, steps, active_s)


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / 60
