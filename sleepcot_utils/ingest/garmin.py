"""Garmin: JSON bodies of Garmin Connect, and the ``*_sleepData.json`` and ``UDSFile_*.json`` of the data export.

Bodies of Garmin Connect come alone, in lists, or as recordings (``{"endpoint": ..., "body": ...}``):
``dailySleepDTO`` with its neighbors, ``hrvSummary``, ``dailyHeartRate`` and daily summaries. Blood pressure and weight are
read in `sleepcot_utils.ingest.garmin_readings`.

Traps: ``*TimestampGMT`` and ``*TimestampLocal`` are both milliseconds since 1970; the local one is the clock written as
if it were UTC, so their difference is the offset. The data export has GMT only; there the offset of the day comes from
``wellnessStartTimeLocal`` and ``wellnessStartTimeGmt`` of the daily summaries, and without them the local clock stays
unknown. A day without data is all null. -1 and -2 mean "not measured".

In ``sleepLevels`` an activity level is 0 deep, 1 light, 2 REM and 3 awake. Garmin documents this nowhere, so the levels
are held against the seconds of deep and REM sleep that the same body states, and left out where they disagree.

The sleep window runs from the first to the last sleep: lights out is not in the data, so there is no latency, and
time in bed is the length of that window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sleepcot_utils.ingest import garmin_readings
from sleepcot_utils.ingest.clocks import Moment, from_epoch, offset_between, parse_date, parse_time
from sleepcot_utils.ingest.documents import items, keys_in_head, mapping, maybe_number, number, read_json, vital
from sleepcot_utils.ingest.episodes import DayValue, Episode, Reading, Source, Totals
from sleepcot_utils.ingest.hypnograms import Segment, Stage, paint
from sleepcot_utils.ingest.ledger import Book, Ignored, Ledger, RecordError, quoted
from sleepcot_utils.ingest.result import NotGiven
from sleepcot_utils.ingest.sources import Entry

VENDOR = "garmin"
LOOKS_FOR = "JSON of Garmin Connect (dailySleepDTO, hrvSummary) or *_sleepData.json of the data export"
SOURCE = Source(VENDOR, "garmin")

NOTES = ("HRV is RMSSD, the mean of 5-minute windows over the sleep (lastNightAvg)",)
NOT_GIVEN = (
    NotGiven("sleep_onset_latency_min", "Garmin's sleep window starts at the first sleep, not at lights out"),
    NotGiven("caffeine_after_14h", "Garmin's exports have no such log"),
    NotGiven("alcohol_units", "Garmin's exports have no such log"),
)

#: A body is known by one of these fields.
SLEEP, HRV, HEART_RATE, SUMMARY, EXPORTED = (
    "dailySleepDTO",
    "hrvSummary",
    "lastSevenDaysAvgRestingHeartRate",
    "totalSteps",
    "sleepWindowConfirmationType",
)
LEVELS = {0: Stage.DEEP, 1: Stage.LIGHT, 2: Stage.REM, 3: Stage.WAKE}
DAY_S = 24 * 3600
MAX_DISAGREEMENT_MIN = 10.0


def recognizes(entry: Entry) -> bool:
    """Whether a JSON file has the fields of one of Garmin's bodies."""
    keys = keys_in_head(entry)
    if "endpoint" in keys and "body" in keys:
        return True
    return (
        bool(keys & {SLEEP, HRV, HEART_RATE})
        or garmin_readings.recognizes(keys)
        or {"sleepStartTimestampGMT", "deepSleepSeconds"} <= keys
        or {SUMMARY, "calendarDate"} <= keys
    )


def read(entries: Sequence[Entry], ledger: Ledger) -> Reading:
    """Read Garmin's files; daily summaries first, because the sleep of a data export takes its offset from them."""
    reading = Reading(not_given=NOT_GIVEN, notes=NOTES)
    offsets: dict[date, float] = {}
    for entry in sorted(entries, key=lambda entry: SUMMARY not in keys_in_head(entry)):
        with ledger.file(entry.name) as book:
            for number_, body in enumerate(_bodies(read_json(entry)), start=1):
                with book.record(number_):
                    _read_body(body, entry.name, book, reading, offsets)
    return reading


def _bodies(document: Any) -> Iterator[Any]:
    for item in document if isinstance(document, list) else [document]:
        if isinstance(item, dict) and "endpoint" in item and "body" in item:
            body = item["body"]
            yield from body if isinstance(body, list) else [body]
        else:
            yield item


def _read_body(body: Any, origin: str, book: Book, reading: Reading, offsets: dict[date, float]) -> None:
    if body is None or body == []:
        raise Ignored
    record = mapping(body, "")
    if SLEEP in record:
        episode, values = _sleep(mapping(record[SLEEP] or {}, SLEEP), record, origin, offsets)
    elif HRV in record:
        episode, values = None, _hrv(record, origin)
    elif "deepSleepSeconds" in record or EXPORTED in record:
        episode, values = _sleep(record, record, origin, offsets)
    elif SUMMARY in record or "restingHeartRate" in record:
        episode, values = None, _summary(record, origin, offsets)
    else:
        episode, values = None, garmin_readings.readings_of(record, SOURCE, origin) or []
    if episode is None and not values:
        raise Ignored
    if episode is not None:
        reading.episodes.append(episode)
    reading.day_values += values


def _sleep(
    sleep: Mapping[str, Any], body: Mapping[str, Any], origin: str, offsets: Mapping[date, float]
) -> tuple[Episode | None, list[DayValue]]:
    if sleep.get("sleepStartTimestampGMT") is None and sleep.get("sleepEndTimestampGMT") is None:
        of_stages = [sleep.get(f"{name}SleepSeconds") for name in ("deep", "light", "rem", "awake")]
        if any(value not in (None, 0) for value in of_stages):
            raise RecordError("sleepStartTimestampGMT", "has no value, though stages have", "the start of the sleep")
        return None, []
    ended_on = parse_date(sleep.get("calendarDate"), "calendarDate")
    start = _moment(sleep, "sleepStart", offsets.get(ended_on))
    end = _moment(sleep, "sleepEnd", offsets.get(ended_on))
    segments = _levels(body.get("sleepLevels"), start, end)
    asleep = [_minutes(sleep, f"{name}SleepSeconds") for name in ("deep", "light", "rem")]
    stated = _minutes(sleep, "sleepTimeSeconds")
    # A device without REM writes no or null seconds of it; so do nights that were entered by hand.
    totals = Totals(
        asleep_min=stated if stated is not None else sum(value for value in asleep if value is not None),
        deep_min=asleep[0],
        light_min=asleep[1],
        rem_min=asleep[2],
        waso_min=_minutes(sleep, "awakeSleepSeconds"),
        awakenings=maybe_number(sleep, "awakeCount", 0, 200),
    )
    if stated is None and not any(value for value in asleep):
        raise RecordError("sleepTimeSeconds", "has no value, nor has any stage", "seconds asleep")
    unmeasurable = _minutes(sleep, "unmeasurableSleepSeconds") or _minutes(sleep, "unmeasurableSeconds") or 0.0
    episode = Episode(
        source=SOURCE,
        origin=origin,
        start=start,
        end=end,
        night_date=ended_on,
        segments=segments if _agree(segments, totals) else (),
        totals=totals,
        kind="main",
        bed_known=False,
        vitals=_vitals(sleep, body),
        quality="ok" if unmeasurable < 1 else f"{unmeasurable:.0f} minutes could not be measured",
    )
    return episode, _naps_and_pulse(sleep, body, ended_on, origin)


def _moment(sleep: Mapping[str, Any], name: str, offset_min: float | None) -> Moment:
    utc = _instant(sleep.get(f"{name}TimestampGMT"), f"{name}TimestampGMT")
    local = sleep.get(f"{name}TimestampLocal")
    if local is None:
        return Moment.from_utc(utc, offset_min)
    column = f"{name}TimestampLocal"
    return Moment.from_utc(utc, offset_between(_instant(local, column), utc, column))


def _instant(value: object, column: str) -> datetime:
    if isinstance(value, str):
        return parse_time(value, column)[0]
    return from_epoch(value, column)


def _levels(levels: object, start: Moment, end: Moment) -> tuple[Segment, ...]:
    parts = []
    assert start.utc and end.utc
    for level in items(levels, "sleepLevels"):
        record = mapping(level, "sleepLevels")
        code = number(record, "activityLevel", 0, 3, column="sleepLevels.activityLevel")
        if code not in LEVELS:
            raise RecordError("sleepLevels.activityLevel", f"{code:g} is no level", "0, 1, 2 or 3")
        begins = _instant(record.get("startGMT"), "sleepLevels.startGMT")
        ends = _instant(record.get("endGMT"), "sleepLevels.endGMT")
        if ends < begins:
            raise RecordError("sleepLevels.endGMT", f"{quoted(record.get('endGMT'))} is before the start", "after it")
        parts.append(
            Segment((begins - start.utc).total_seconds(), (ends - start.utc).total_seconds(), LEVELS[int(code)])
        )
    return paint(parts, length_s=max((end.utc - start.utc).total_seconds(), 0.0))


def _agree(segments: Sequence[Segment], totals: Totals) -> bool:
    for stage, stated in ((Stage.DEEP, totals.deep_min), (Stage.REM, totals.rem_min)):
        found = sum(part.end_s - part.start_s for part in segments if part.stage is stage) / 60
        if stated is not None and abs(found - stated) > MAX_DISAGREEMENT_MIN:
            return False
    return True


def _minutes(record: Mapping[str, Any], name: str) -> float | None:
    seconds = maybe_number(record, name, 0, DAY_S)
    return None if seconds is None else seconds / 60


def _vitals(sleep: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, float]:
    oxygen = body.get("wellnessSpO2SleepSummaryDTO") or body.get("spo2SleepSummary") or {}
    oxygen = mapping(oxygen, "spo2SleepSummary")
    found = {
        "spo2_mean_pct": _first(vital(sleep, "averageSpO2Value", 40, 100), vital(oxygen, "averageSPO2", 40, 100)),
        "spo2_min_pct": _first(vital(sleep, "lowestSpO2Value", 40, 100), vital(oxygen, "lowestSPO2", 40, 100)),
        "respiratory_rate_brpm": _first(
            vital(sleep, "averageRespirationValue", 4, 60), vital(sleep, "averageRespiration", 4, 60)
        ),
        "hrv_rmssd_ms": vital(body, "avgOvernightHrv", 1, 400),
        "resting_heart_rate_bpm": vital(body, "restingHeartRate", 20, 220),
        # Against the person's own baseline of 19 and more days, so 0 and -1 are values and not sentinels.
        "skin_temperature_delta_c": maybe_number(body, "avgSkinTempDeviationC", -10, 10),
    }
    return {name: value for name, value in found.items() if value is not None}


def _first(one: float | None, other: float | None) -> float | None:
    return other if one is None else one


def _naps_and_pulse(sleep: Mapping[str, Any], body: Mapping[str, Any], ended_on: date, origin: str) -> list[DayValue]:
    # The naps of the calendar date are those of the day that follows the sleep.
    nap_min = _minutes(sleep, "napTimeSeconds")
    return [] if nap_min is None else [DayValue(SOURCE, origin, ended_on, "nap_min", nap_min, "day")]


def _hrv(body: Mapping[str, Any], origin: str) -> list[DayValue]:
    if body[HRV] is None:
        return []
    summary = mapping(body[HRV], HRV)
    value = vital(summary, "lastNightAvg", 1, 400)
    if value is None:
        return []
    ended_on = parse_date(summary.get("calendarDate"), "calendarDate")
    return [DayValue(SOURCE, origin, ended_on, "hrv_rmssd_ms", value, "mean of 5 minutes, sleep")]


def _summary(body: Mapping[str, Any], origin: str, offsets: dict[date, float]) -> list[DayValue]:
    if body.get("calendarDate") is None:
        return []
    day = parse_date(body["calendarDate"], "calendarDate")
    values = []
    steps = maybe_number(body, SUMMARY, 0, 200_000, missing=(-1,))
    if steps:
        # 0 steps in a whole day is a watch in a drawer.
        values.append(DayValue(SOURCE, origin, day, "steps", steps, "day"))
        exercise = {
            name: maybe_number(body, f"{name}IntensityMinutes", 0, 1440, missing=(-1,))
            for name in ("moderate", "vigorous")
        }
        known = {name: minutes for name, minutes in exercise.items() if minutes is not None}
        if known:
            total = min(sum(known.values()), 1440.0)
            values.append(DayValue(SOURCE, origin, day, "exercise_min", total, "day"))
        if len(known) == len(exercise) and sum(known.values()) <= 1440:
            for name, minutes in known.items():
                values.append(DayValue(SOURCE, origin, day, f"{name}_activity_min", minutes, "day"))
    pulse = vital(body, "restingHeartRate", 20, 220)
    if pulse is not None:
        values.append(DayValue(SOURCE, origin, day, "resting_heart_rate_bpm", pulse, "day"))
    values += garmin_readings.heart_rate_of_day(body, SOURCE, origin)
    local, utc = body.get("wellnessStartTimeLocal"), body.get("wellnessStartTimeGmt")
    if isinstance(local, str) and isinstance(utc, str):
        clock = parse_time(local, "wellnessStartTimeLocal")[0]
        offsets[day] = offset_between(clock, parse_time(utc, "wellnessStartTimeGmt")[0], "wellnessStartTimeLocal")
    return values
