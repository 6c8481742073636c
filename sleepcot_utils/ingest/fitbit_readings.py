"""Fitbit's weights, and its heart rate and activity as days.

A Takeout has weights twice: in ``weight-*.json`` with the date as month/day/year, the local time and the body mass index,
and in tables ``weight.csv`` (``timestamp,weight grams,data source``) with times in UTC. Numbers of the former are in
pounds whatever the account shows, as readers of such exports found (https://github.com/danlsn/fitport); bodies of the Web
API have kilograms or pounds as the caller's header asked
(https://dev.fitbit.com/build/reference/web-api/developer-guide/application-design/#Unit-System). Neither states its
unit, but the body mass index that stands beside the weight tells it: only one unit gives a height that people have.

Fitbit gives out no blood pressure and, in the exports that this package knows, no glucose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from typing import Any
from zoneinfo import ZoneInfo

from sleepcot_utils.ingest.clocks import parse_date, parse_time
from sleepcot_utils.ingest.documents import items, mapping, maybe_number, number
from sleepcot_utils.ingest.episodes import DayValue, Reading, Source
from sleepcot_utils.ingest.heart_rates import HIGHEST_BPM, LOWEST_BPM, HeartRates
from sleepcot_utils.ingest.ledger import Book, Ignored, RecordError, quoted
from sleepcot_utils.ingest.readings import KG_PER_LB, weight_in_kg

ACTIVE = VIGOROUS, MODERATE, LIGHT = ("vigorous_activity_min", "moderate_activity_min", "light_activity_min")
#: Heights of adults, m. Read in the wrong unit a height is off by the root of 2.2, nearly a half: 1.35 becomes 2.0. So in
#: these limits a body mass index leaves one unit, or it can't be.
SHORTEST_M, TALLEST_M = 1.36, 2.02
WEIGHT_KEYS = {"weight", "bmi", "date", "logId"}
CSV_COLUMNS = ("timestamp", "weight grams")


def weight_unit(weight: float, bmi: float | None, assumed: str) -> str:
    """Unit of a weight, by the height that it and the body mass index make.

    Parameters
    ----------
    bmi : float or None
        Body mass index in kg/m2.
    assumed : str
        Unit where no index stands there: ``kg`` or ``lb``.

    Raises
    ------
    RecordError
        If neither unit gives a height of an adult.

    Examples
    --------
    >>> weight_unit(191.8, 27.77, "lb"), weight_unit(87.0, 27.77, "lb")
    ('lb', 'kg')
    """
    if bmi is None or weight == 0:
        return assumed
    fits = [
        unit
        for unit, factor in (("lb", KG_PER_LB), ("kg", 1.0))
        if SHORTEST_M <= sqrt(weight * factor / bmi) <= TALLEST_M
    ]
    if len(fits) != 1:
        raise RecordError("weight", f"{weight:g} with the index {bmi:g} is neither kg nor lb", "a weight of an adult")
    return fits[0]


def weight_log(log: Mapping[str, Any], source: Source, origin: str, *, is_takeout: bool) -> list[DayValue]:
    """One weight of ``weight-*.json`` or of a body of the Web API.

    Parameters
    ----------
    is_takeout : bool
        Whether the date is month/day/year, and the unit pounds where no index tells it.

    Raises
    ------
    RecordError
        If a field can't be.
    """
    weight = number(log, "weight", 0, 1500)
    unit = weight_unit(weight, maybe_number(log, "bmi", 5, 120, missing=(0,)), "lb" if is_takeout else "kg")
    day = _takeout_date(log.get("date")) if is_takeout else parse_date(log.get("date"), "date")
    moment = f"reading at {quoted(log.get('time'), 12)}"
    return [DayValue(source, origin, day, "weight_kg", weight_in_kg(weight, unit, "weight"), moment)]


def _takeout_date(value: object) -> date:
    try:
        return datetime.strptime(str(value), "%m/%d/%y").date()
    except ValueError as error:
        raise RecordError("date", f"{quoted(value)} is not a date", "month/day/year, such as 01/31/24") from error


def weight_row(cells: Mapping[str, str], source: Source, origin: str, zone: ZoneInfo | None) -> list[DayValue]:
    """One row of ``weight.csv``; without the time zone of the profile its day is not known.

    Raises
    ------
    RecordError
        If a cell can't be.
    Ignored
        Without a time zone, or without a weight.
    """
    grams = maybe_number(cells, "weight grams", 0, 1_000_000, missing=(0,))
    time, offset_min = parse_time(cells["timestamp"], "timestamp")
    if grams is None or zone is None or offset_min is None:
        raise Ignored
    local = (time - timedelta(minutes=offset_min)).replace(tzinfo=UTC).astimezone(zone)
    kilograms = weight_in_kg(grams, "g", "weight grams")
    return [DayValue(source, origin, local.date(), "weight_kg", kilograms, f"reading at {local:%H:%M:%S}")]


def take_heart_rates(
    document: Any,
    source: Source,
    book: Book,
    zone: ZoneInfo | None,
    time_of: Callable[[object, str], datetime],
    rates: HeartRates,
) -> None:
    """Take a file ``heart_rate-*.json`` of a Takeout: a reading every few seconds, in UTC.

    Parameters
    ----------
    zone : ZoneInfo or None
        Of the profile; without it the readings are counted and left out, for their day is not known.
    time_of : callable
        Reads a time of a Takeout, given with the name of its field.
    """
    for place, item in enumerate(items(document, ""), start=1):
        with book.record(place):
            record = mapping(item, "")
            time = time_of(record.get("dateTime"), "dateTime")
            beats = maybe_number(mapping(record.get("value"), "value"), "bpm", LOWEST_BPM, HIGHEST_BPM, missing=(0,))
            if beats is None or zone is None:
                raise Ignored
            rates.add(source, book.name, time.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None), beats)


def activity_of(day: date, parts: Mapping[str, tuple[str, float]], source: Source) -> list[DayValue]:
    """Minutes of activity; very and fairly active minutes are two series, and one alone is half of the exercise."""
    values = [DayValue(source, origin, day, name, value, "day") for name, (origin, value) in parts.items()]
    if VIGOROUS in parts and MODERATE in parts:
        total = min(parts[VIGOROUS][1] + parts[MODERATE][1], 1440.0)
        values.append(DayValue(source, parts[VIGOROUS][0], day, "exercise_min", total, "day"))
    return values


def take_weights(document: Any, origin: str, book: Book, source: Source, reading: Reading) -> None:
    """Weights of a Takeout, which are a list, or of a body of the Web API, in which they stand under ``weight``."""
    is_takeout = isinstance(document, list)
    logs = document if is_takeout else mapping(document, "").get("weight")
    for place, item in enumerate(items(logs, "weight"), start=1):
        with book.record(place):
            log = mapping(item, "weight")
            reading.day_values += weight_log(log, source, origin, is_takeout=is_takeout)
