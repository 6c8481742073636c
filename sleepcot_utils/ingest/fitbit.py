"""Fitbit: sleep logs and daily values of a Google Takeout and of the Web API.

Sleep logs (https://dev.fitbit.com/build/reference/web-api/sleep/) are those of ``sleep-*.json`` and of bodies
``{"sleep": [...]}``. *Stages* logs have ``levels.data`` in stretches of 30 s and longer and, in ``levels.shortData``,
wakings of up to 3 minutes, which lie on top of it. *Classic* logs have asleep, restless and awake; Fitbit counts
restless as awake (``minutesAwake``), and so does this module.

Times are the local clock without offset, so the instant is unknown; lengths come from ``duration`` and the stretches,
which makes them right in the nights in which clocks are changed.

Latency: ``minutesToFallAsleep`` is 0 in nearly every log, which means "not measured". It is taken from a stretch of
wake at the start of the log, and is unknown in a log that starts asleep.

Daily values are read in `sleepcot_utils.ingest.fitbit_days`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sleepcot_utils import nights as nightly
from sleepcot_utils.ingest import fitbit_days
from sleepcot_utils.ingest.clocks import Moment, parse_time
from sleepcot_utils.ingest.documents import items, keys_in_head, mapping, maybe_number, number, read_json
from sleepcot_utils.ingest.episodes import Episode, Reading, Totals
from sleepcot_utils.ingest.fitbit_days import SOURCE
from sleepcot_utils.ingest.hypnograms import SLEEP_STAGES, Segment, Stage, paint
from sleepcot_utils.ingest.ledger import Book, Ledger, RecordError, quoted
from sleepcot_utils.ingest.result import NotGiven
from sleepcot_utils.ingest.sources import Entry

VENDOR = fitbit_days.VENDOR
LOOKS_FOR = "sleep-*.json of a Google Takeout, or bodies of the Web API with 'sleep'"

NOTES = (
    "HRV is RMSSD over the main sleep (daily summary), from heart beats measured by light",
    "oxygen saturation is that of the main sleep, as Fitbit's daily mean and lower bound",
)
NOT_GIVEN = (
    NotGiven("utc_offset_min", "Fitbit's sleep logs have local times without offset"),
    NotGiven("caffeine_after_14h", "Fitbit's exports have no such log"),
    NotGiven("alcohol_units", "Fitbit's exports have no such log"),
)
LEVELS = {
    "wake": Stage.WAKE,
    "light": Stage.LIGHT,
    "deep": Stage.DEEP,
    "rem": Stage.REM,
    "asleep": Stage.ASLEEP,
    "restless": Stage.WAKE,
    "awake": Stage.WAKE,
}
UNKNOWN_LEVEL = "unknown"
HOUR_S = 3600.0


def recognizes(entry: Entry) -> bool:
    """Whether a file holds sleep logs, or daily values of `fitbit_days`."""
    return _holds_logs(entry) or fitbit_days.kind_of(entry) is not None


def _holds_logs(entry: Entry) -> bool:
    keys = keys_in_head(entry)
    if "dateOfSleep" in keys:
        return True
    return keys == {"sleep"} or {"sleep", "totalSleepRecords"} <= keys


def read(entries: Sequence[Entry], ledger: Ledger) -> Reading:
    """Read sleep logs and daily values."""
    reading = Reading(not_given=NOT_GIVEN, notes=NOTES)
    daily = []
    for entry in entries:
        if not _holds_logs(entry):
            daily.append(entry)
            continue
        with ledger.file(entry.name) as book:
            _read_logs(read_json(entry), entry, book, reading)
    fitbit_days.read_days(daily, ledger, reading)
    return reading


def _read_logs(document: Any, entry: Entry, book: Book, reading: Reading) -> None:
    logs = document.get("sleep") if isinstance(document, dict) and "dateOfSleep" not in document else document
    for place, log in enumerate(logs if isinstance(logs, list) else [logs], start=1):
        with book.record(place):
            reading.episodes.append(_episode(mapping(log, ""), entry.name))


def _episode(log: Mapping[str, Any], origin: str) -> Episode:
    start, _ = parse_time(log.get("startTime"), "startTime")
    end, _ = parse_time(log.get("endTime"), "endTime")
    milliseconds = maybe_number(log, "duration", 60_000, nightly.DAY_MIN * 60_000)
    stated = maybe_number(log, "timeInBed", 1, nightly.DAY_MIN)
    in_bed_min = milliseconds / 60_000 if milliseconds is not None else stated
    clock_min = (end - start).total_seconds() / 60
    if in_bed_min is None and clock_min <= 0:
        raise RecordError("endTime", f"{quoted(log.get('endTime'))} is not after startTime", "a later time")
    length_s = 60 * (clock_min if in_bed_min is None else in_bed_min)
    # Apart from a change of clocks, the length and the clock times say the same; a journey may add some hours.
    if abs(length_s - 60 * clock_min) > 15 * HOUR_S:
        raise RecordError(
            "duration", f"{length_s / 60:,.0f} minutes contradict startTime and endTime", "the time between them"
        )
    levels = mapping(log.get("levels") or {}, "levels")
    segments = _segments(levels, start, length_s, length_s - 60 * clock_min)
    main = log.get("isMainSleep", log.get("mainSleep"))
    return Episode(
        source=SOURCE,
        origin=origin,
        start=Moment.from_local(start),
        end=Moment.from_local(end),
        in_bed_min=length_s / 60,
        segments=segments if any(part.stage in SLEEP_STAGES for part in segments) else (),
        totals=_totals(log, levels),
        kind="main" if main is True else "",
        latency_known=bool(segments) and segments[0].stage is Stage.WAKE and segments[0].start_s == 0,
        quality="entered by hand" if log.get("logType") == "manual" else "ok",
    )


def _segments(levels: Mapping[str, Any], start: datetime, length_s: float, shift_s: float) -> tuple[Segment, ...]:
    """Stretches in elapsed time. `shift_s` is by how much the clock was changed in the night, or 0."""
    changed_s = shift_s if abs(abs(shift_s) - HOUR_S) < 120 else 0.0
    base: list[Segment] = []
    changes = [(start, 0.0)]
    for begins, seconds, stage in _stretches(levels, "data"):
        shift = changes[-1][1]
        place = (begins - start).total_seconds() + shift
        reached = base[-1].end_s if base else 0.0
        if changed_s and not shift and abs(place + changed_s - reached) < 60:
            shift = changed_s
            place += shift
            changes.append((begins, shift))
        if stage is not None:
            base.append(Segment(place, place + seconds, stage))
    short = []
    for begins, seconds, stage in _stretches(levels, "shortData"):
        shift = next((shift for moment, shift in reversed(changes) if moment <= begins), 0.0)
        place = (begins - start).total_seconds() + shift
        if stage is not None:
            short.append(Segment(place, place + seconds, stage))
    for part in (*base, *short):
        if part.start_s < -60 or part.end_s > length_s + 120:
            raise RecordError("levels", "a stretch lies outside of the sleep", "stretches within the sleep")
    return paint(base, short, length_s=length_s)


def _stretches(levels: Mapping[str, Any], name: str) -> list[tuple[datetime, float, Stage | None]]:
    column = f"levels.{name}"
    found = []
    for item in items(levels.get(name), column):
        stretch = mapping(item, column)
        level = stretch.get("level")
        if level != UNKNOWN_LEVEL and (not isinstance(level, str) or level not in LEVELS):
            raise RecordError(f"{column}.level", f"{quoted(level)} is no level", ", ".join(LEVELS))
        seconds = number(stretch, "seconds", 0, nightly.DAY_MIN * 60, column=f"{column}.seconds")
        begins, _ = parse_time(stretch.get("dateTime"), f"{column}.dateTime")
        found.append((begins, seconds, LEVELS.get(level)))
    return found


def _totals(log: Mapping[str, Any], levels: Mapping[str, Any]) -> Totals:
    summary = mapping(levels.get("summary") or {}, "levels.summary")

    def minutes(level: str) -> float | None:
        part = summary.get(level)
        return (
            None
            if part is None
            else maybe_number(
                mapping(part, f"levels.summary.{level}"),
                "minutes",
                0,
                nightly.DAY_MIN,
                column=f"levels.summary.{level}",
            )
        )

    return Totals(
        asleep_min=maybe_number(log, "minutesAsleep", 0, nightly.DAY_MIN),
        light_min=minutes("light"),
        deep_min=minutes("deep"),
        rem_min=minutes("rem"),
        latency_min=maybe_number(log, "minutesToFallAsleep", 0, nightly.DAY_MIN, missing=(0,)),
    )
