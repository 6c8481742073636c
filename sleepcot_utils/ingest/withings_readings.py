"""Readings of Withings' API: bodies of ``measure - getmeas`` with blood pressure and weight.

https://developer.withings.com/api-reference/#tag/measure/operation/measure-getmeas: a group is one measurement at one
instant; a value is ``value`` times ten to the power ``unit``; types are 1 weight (kg), 9 diastolic and 10 systolic pressure
(mmHg); category 2 is a goal and no measurement. Withings measures no glucose.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.clocks import from_epoch
from sleepcot_utils.ingest.documents import items, mapping, number
from sleepcot_utils.ingest.episodes import DayValue, Source
from sleepcot_utils.ingest.ledger import Ignored, RecordError, quoted
from sleepcot_utils.ingest.readings import pressure_values, weight_in_kg
from sleepcot_utils.ingest.sources import Entry

GROUPS = "measuregrps"
WEIGHT, DIASTOLIC, SYSTOLIC = 1, 9, 10
MEASURED = 1


def zone_of(record: Mapping[str, Any]) -> ZoneInfo:
    """Time zone of a record, by its name.

    Raises
    ------
    RecordError
        If there is none.
    """
    name = record.get("timezone")
    if not isinstance(name, str) or name not in _zones():
        raise RecordError("timezone", f"{quoted(name)} is no time zone", "a name such as Europe/Berlin")
    return ZoneInfo(name)


def zone_of_body(body: Mapping[str, Any], entry: Entry) -> ZoneInfo:
    """Time zone of a whole body, without which none of its readings has a day.

    Raises
    ------
    InputError
        If there is none.
    """
    try:
        return zone_of(body)
    except RecordError as error:
        where = f"{entry.name}, field {error.column}"
        raise InputError(error.problem, where=where, expected=error.expected) from error


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def readings_of(group: Mapping[str, Any], zone: ZoneInfo, source: Source, origin: str) -> list[DayValue]:
    """Values of one group.

    Parameters
    ----------
    zone : ZoneInfo
        Of the body, in which its days are.

    Raises
    ------
    RecordError
        If a value can't be, or one pressure stands without the other.
    Ignored
        If the group is a goal or of other measures.
    """
    if group.get("category") != MEASURED:
        raise Ignored
    found: dict[int, float] = {}
    for item in items(group.get("measures"), "measures"):
        measure = mapping(item, "measures")
        kind = number(measure, "type", 0, 10_000)
        if kind in (WEIGHT, DIASTOLIC, SYSTOLIC):
            found[int(kind)] = number(measure, "value", 0, 1e9) * 10 ** number(measure, "unit", -9, 9)
    if not found:
        raise Ignored
    local = from_epoch(group.get("date"), "date", per_second=1.0).replace(tzinfo=UTC).astimezone(zone)
    moment, values = f"reading at {local:%H:%M:%S}", []
    if WEIGHT in found:
        kilograms = weight_in_kg(found[WEIGHT], "kg", "measures.value")
        values.append(DayValue(source, origin, local.date(), "weight_kg", kilograms, moment))
    if (SYSTOLIC in found) != (DIASTOLIC in found):
        raise RecordError("measures", "one pressure stands without the other", "types 9 and 10 together")
    if SYSTOLIC in found:
        pair, columns = (found[SYSTOLIC], found[DIASTOLIC]), ("measures.value", "measures.value")
        values += pressure_values(source, origin, local.date(), pair, moment, columns)
    return values
