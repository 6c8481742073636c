"""Garmin's readings: blood pressure and weight, and the heart rate of a day.

Bodies of Garmin Connect: ``measurementSummaries`` with ``measurements`` (blood pressure, mmHg), ``dailyWeightSummaries``
with ``allWeightMetrics``, ``dateWeightList`` (weight in grams), and ``heartRateValues`` of a daily heart rate (pairs of
an instant in GMT and beats a minute). The data export has weights in ``*_userBioMetrics.json``, with the day under
``metaData`` and grams under ``weight``. Garmin documents none of them; field names and units are those that open
readers of its answers and exports use, such as python-garminconnect (https://github.com/cyberjunky/python-garminconnect).
Garmin has no glucose.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sleepcot_utils.ingest.clocks import from_epoch, offset_between, parse_date, parse_time
from sleepcot_utils.ingest.documents import items, mapping, maybe_number, number
from sleepcot_utils.ingest.episodes import DayValue, Source
from sleepcot_utils.ingest.heart_rates import HIGHEST_BPM, LOWEST_BPM, HeartRates
from sleepcot_utils.ingest.ledger import RecordError
from sleepcot_utils.ingest.readings import pressure_values, weight_in_kg

PRESSURES, WEIGHTS, WEIGHT_LIST, BIOMETRICS = (
    "measurementSummaries",
    "dailyWeightSummaries",
    "dateWeightList",
    "metaData",
)
SERIES = "heartRateValues"


def recognizes(keys: set[str]) -> bool:
    """Whether these are keys of a body with readings."""
    pressures = {PRESSURES, "systolic"} <= keys
    biometrics = {BIOMETRICS, "calendarDate", "weight"} <= keys
    return pressures or biometrics or bool(keys & {WEIGHTS, WEIGHT_LIST})


def readings_of(record: Mapping[str, Any], source: Source, origin: str) -> list[DayValue] | None:
    """Readings of one body; null if it is another kind of body.

    Raises
    ------
    RecordError
        If a reading can't be.
    """
    if PRESSURES in record:
        days = [mapping(day, PRESSURES) for day in items(record[PRESSURES], PRESSURES)]
        found = [item for day in days for item in items(day.get("measurements"), "measurements")]
        return [value for item in found for value in _pressure(mapping(item, "measurements"), source, origin)]
    if WEIGHTS in record:
        days = [mapping(day, WEIGHTS) for day in items(record[WEIGHTS], WEIGHTS)]
        found = [item for day in days for item in items(day.get("allWeightMetrics"), "allWeightMetrics")]
    elif WEIGHT_LIST in record:
        found = items(record[WEIGHT_LIST], WEIGHT_LIST)
    elif BIOMETRICS in record:
        weight = record.get("weight")
        day = str(mapping(record[BIOMETRICS], BIOMETRICS).get("calendarDate"))[:10]
        found = [{**mapping(weight, "weight"), "calendarDate": day}] if weight is not None else []
    else:
        return None
    return [value for item in found for value in _weight(mapping(item, "weight"), source, origin)]


def _pressure(record: Mapping[str, Any], source: Source, origin: str) -> list[DayValue]:
    at, _ = parse_time(record.get("measurementTimestampLocal"), "measurementTimestampLocal")
    pair = (number(record, "systolic", 0, 1000), number(record, "diastolic", 0, 1000))
    return pressure_values(source, origin, at.date(), pair, f"reading at {at:%H:%M:%S}", ("systolic", "diastolic"))


def _weight(record: Mapping[str, Any], source: Source, origin: str) -> list[DayValue]:
    grams = maybe_number(record, "weight", 0, 1_000_000, missing=(0,))
    if grams is None:
        return []
    at = record.get("timestampGMT")
    moment = "reading" if at is None else f"reading at {_instant(at):%H:%M:%S} UTC"
    day = parse_date(record.get("calendarDate"), "calendarDate")
    return [DayValue(source, origin, day, "weight_kg", weight_in_kg(grams, "g", "weight"), moment)]


def _instant(value: object) -> datetime:
    return parse_time(value, "timestampGMT")[0] if isinstance(value, str) else from_epoch(value, "timestampGMT")


def heart_rate_of_day(body: Mapping[str, Any], source: Source, origin: str) -> list[DayValue]:
    """Mean and highest heart rate of a day, if enough of its hours are in the series.

    Raises
    ------
    RecordError
        If a value or the day's clock can't be.
    """
    series = items(body.get(SERIES), SERIES)
    if not series:
        return []
    local, utc = (
        parse_time(body.get(f"startTimestamp{name}"), f"startTimestamp{name}")[0] for name in ("Local", "GMT")
    )
    offset_min = offset_between(local, utc, "startTimestampLocal")
    rates = HeartRates()
    for pair in series:
        if not isinstance(pair, list) or len(pair) < 2:
            raise RecordError(SERIES, "an entry is no pair", "an instant and a heart rate")
        beats = maybe_number({SERIES: pair[1]}, SERIES, LOWEST_BPM, HIGHEST_BPM, missing=(0, -1))
        if beats is not None:
            rates.add(source, origin, from_epoch(pair[0], SERIES) + timedelta(minutes=offset_min), beats)
    return rates.day_values()
