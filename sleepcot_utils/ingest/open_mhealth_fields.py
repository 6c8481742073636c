"""Values, units and time frames of Open mHealth and IEEE 1752.1 bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sleepcot_utils.ingest.clocks import Moment, parse_time
from sleepcot_utils.ingest.documents import mapping, number
from sleepcot_utils.ingest.ledger import RecordError, quoted

FRAME = "effective_time_frame"
DAY_MIN = 1440.0
#: Units of a duration, https://w3id.org/ieee/ieee-1752-schema/duration-unit-value.json, that a sleep can have.
MINUTES_IN = {"ms": 1 / 60_000, "sec": 1 / 60, "min": 1.0, "h": 60.0, "d": DAY_MIN}


@dataclass(frozen=True, slots=True)
class Frame:
    """A time frame.

    Attributes
    ----------
    start, end : Moment
        Without local clock where the times are in UTC or have no zone.
    length_min : float
        Minutes between them.
    """

    start: Moment
    end: Moment
    length_min: float

    @property
    def local(self) -> bool:
        """Whether the local clock is known."""
        return self.end.local is not None


def quantity(body: Mapping[str, Any], name: str, unit: str, low: float, high: float) -> float:
    """Read a value with its unit, or a plain number as the first versions of the step schema have it.

    Raises
    ------
    RecordError
        If it is missing, of another unit, no number or out of range.
    """
    if not isinstance(body.get(name), dict):
        return number(body, name, low, high)
    value = field_object(body, name)
    if value.get("unit") != unit:
        raise RecordError(f"{name}.unit", f"{quoted(value.get('unit'))} is no unit of it", unit)
    return number(value, "value", low, high, column=f"{name}.value")


def minutes(body: Mapping[str, Any], name: str) -> float | None:
    """Read a duration in minutes; null if it is not there.

    Raises
    ------
    RecordError
        If it has no known unit, is no number or can't be.
    """
    if body.get(name) is None:
        return None
    value = field_object(body, name)
    unit = value.get("unit")
    if not isinstance(unit, str) or unit not in MINUTES_IN:
        raise RecordError(f"{name}.unit", f"{quoted(unit)} is no unit of it", f"one of {', '.join(MINUTES_IN)}")
    return number(value, "value", 0, 10_000_000_000, column=f"{name}.value") * MINUTES_IN[unit]


def field_object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Read a field that has to be an object.

    Raises
    ------
    RecordError
        If it is missing or something else.
    """
    if body.get(name) is None:
        raise RecordError(name, "has no value", "an object with named fields")
    return mapping(body[name], name)


def time_frame(body: Mapping[str, Any], *, instant: bool = False) -> Frame:
    """Read the effective time frame.

    Parameters
    ----------
    body : mapping
        The body of a document.
    instant : bool
        Whether a point in time will do; else it has to be an interval.

    Raises
    ------
    RecordError
        If it is missing, incomplete or no time.
    """
    frame = field_object(body, FRAME)
    if instant and "date_time" in frame:
        moment = _moment(frame["date_time"], "date_time")
        return Frame(moment, moment, 0.0)
    if "time_interval" not in frame:
        raise RecordError(FRAME, "holds no time interval", "an object 'time_interval'")
    interval = field_object(frame, "time_interval")
    start = _moment(interval["start_date_time"], "start_date_time") if "start_date_time" in interval else None
    end = _moment(interval["end_date_time"], "end_date_time") if "end_date_time" in interval else None
    length_min = minutes(interval, "duration")
    if start is None and end is not None and length_min is not None:
        start = later(end, -length_min)
    elif end is None and start is not None and length_min is not None:
        end = later(start, length_min)
    if start is None or end is None:
        raise RecordError(FRAME, "the time interval is not complete", "two of start, end and duration")
    if (start.local is None) != (end.local is None):
        start, end = Moment.from_utc(instant_of(start)), Moment.from_utc(instant_of(end))
    return Frame(start, end, (instant_of(end) - instant_of(start)).total_seconds() / 60)


def _moment(value: object, name: str) -> Moment:
    time, offset_min = parse_time(value, name)
    if offset_min is None or (isinstance(value, str) and value.strip().endswith("Z")):
        return Moment.from_utc(time)
    return Moment.from_local(time, offset_min)


def instant_of(moment: Moment) -> datetime:
    """Instant in UTC of a moment of these documents, all of which have one."""
    assert moment.utc is not None
    return moment.utc


def later(moment: Moment, minutes_later: float) -> Moment:
    """Moment some minutes later, or earlier, on a clock of the same offset.

    Raises
    ------
    RecordError
        If it is more than a year away.
    """
    if abs(minutes_later) > 366 * DAY_MIN:
        raise RecordError("duration.value", f"{minutes_later:,.0f} minutes can't be", "a year at most")
    return Moment.from_utc(instant_of(moment) + timedelta(minutes=minutes_later), moment.offset_min)
