"""Moments as exports write them, with the local clock kept and durations taken from instants.

A vendor gives either a local time with its offset (Apple), an instant and a local time (Garmin Connect), an instant
alone (Garmin's data export) or a local time alone (Fitbit). `Moment` holds what there is and makes up nothing: an
offset that is not in the export stays unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sleepcot_utils.ingest.ledger import RecordError, quoted

#: The first consumer sleep trackers are of the 2000s.
FIRST_YEAR, LAST_YEAR = 2000, 2100
#: Offsets of the world's clocks run from UTC-12:00 to UTC+14:00, https://data.iana.org/time-zones/tzdb/
MAX_OFFSET_MIN = 840
TIMESTAMP = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(:(?P<second>[0-9]{2})"
    r"([.,](?P<fraction>[0-9]{1,9}))?)? ?(?P<zone>Z|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)?"
)
PLAIN_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time as far as the export tells it.

    Attributes
    ----------
    local : datetime or None
        Time on the person's clock, without zone.
    utc : datetime or None
        Instant in UTC, without zone.
    """

    local: datetime | None
    utc: datetime | None

    @classmethod
    def from_local(cls, local: datetime, offset_min: float | None = None) -> Moment:
        """Moment of a local time, with its offset from UTC in minutes where it is known."""
        if local.tzinfo is not None:
            raise ValueError("a local time has no zone of its own; its offset is given in minutes")
        return cls(local, None if offset_min is None else local - timedelta(minutes=offset_min))

    @classmethod
    def from_utc(cls, utc: datetime, offset_min: float | None = None) -> Moment:
        """Moment of an instant, with the offset of the local clock in minutes where it is known."""
        return cls(None if offset_min is None else utc + timedelta(minutes=offset_min), utc)

    @property
    def offset_min(self) -> float | None:
        """Offset of the local clock from UTC in minutes, if both are known."""
        if self.local is None or self.utc is None:
            return None
        return (self.local - self.utc).total_seconds() / 60


def minutes_between(start: Moment, end: Moment) -> float | None:
    """Minutes from one moment to another: between instants where both are known, else between local clocks.

    Local clocks alone are wrong by an hour in the two nights a year in which they are changed.
    """
    if start.utc is not None and end.utc is not None:
        return (end.utc - start.utc).total_seconds() / 60
    if start.local is not None and end.local is not None:
        return (end.local - start.local).total_seconds() / 60
    return None


def parse_date(value: object, column: str) -> date:
    """Read a date of the form 2024-01-31; a time of day after it is dropped.

    Raises
    ------
    RecordError
        If it is no such date, or before 2000 or after 2100.
    """
    expected = "a date such as 2024-01-31"
    if not isinstance(value, str) or not PLAIN_DATE.match(value):
        raise RecordError(column, f"{quoted(value)} is not a date", expected)
    try:
        found = date.fromisoformat(value[:10])
    except ValueError as error:
        raise RecordError(column, f"{quoted(value)} is not a date of the calendar", expected) from error
    return _in_range(found, column)


def parse_time(value: object, column: str) -> tuple[datetime, float | None]:
    """Read a time such as ``2024-01-31T23:05:00.000``, ``2024-01-31 23:05:00 +0100`` or ``...Z``.

    Returns
    -------
    time : datetime
        As written, without zone.
    offset_min : float or None
        Offset from UTC in minutes, if it is written there.

    Raises
    ------
    RecordError
        If it is no such time.
    """
    expected = "a time such as 2024-01-31T23:05:00 or 2024-01-31 23:05:00 +0100"
    match = TIMESTAMP.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= 64 else None
    if match is None:
        raise RecordError(column, f"{quoted(value)} is not a time", expected)
    fraction = int(((match["fraction"] or "") + "000000")[:6])
    try:
        day = date.fromisoformat(match["date"])
        found = datetime(
            day.year, day.month, day.day, int(match["hour"]), int(match["minute"]), int(match["second"] or 0), fraction
        )
    except ValueError as error:
        raise RecordError(column, f"{quoted(value)} is not a time of the calendar", expected) from error
    _in_range(day, column)
    return found, _offset(match["zone"], value, column)


def parse_moment(value: object, column: str) -> Moment:
    """Read a time as a local one, with its offset where one is written.

    Raises
    ------
    RecordError
        If it is no such time.
    """
    time, offset_min = parse_time(value, column)
    return Moment.from_local(time, offset_min)


def from_epoch(value: object, column: str, *, per_second: float = 1000.0) -> datetime:
    """Read an instant given as a count since 1970 (milliseconds unless said otherwise), as UTC without zone.

    Raises
    ------
    RecordError
        If it is no such number, or before 2000 or after 2100.
    """
    expected = f"{'milliseconds' if per_second == 1000 else 'seconds'} since 1970"
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 5e12:
        raise RecordError(column, f"{quoted(value)} is not an instant", expected)
    found = EPOCH + timedelta(seconds=value / per_second)
    _in_range(found.date(), column)
    return found


def epoch_s(utc: datetime) -> float:
    """Seconds since 1970 of an instant in UTC without zone."""
    return utc.replace(tzinfo=UTC).timestamp()


def offset_between(local: datetime, utc: datetime, column: str) -> float:
    """Offset in minutes of a local time from its instant.

    Raises
    ------
    RecordError
        If no clock of the world has such an offset.
    """
    offset_min = (local - utc).total_seconds() / 60
    if abs(offset_min) > MAX_OFFSET_MIN or offset_min % 15:
        raise RecordError(
            column,
            f"the local time is {offset_min:g} minutes from its instant, which is no offset of a clock",
            "quarters of an hour, 14 hours at most",
        )
    return offset_min


def _offset(zone: str | None, value: object, column: str) -> float | None:
    if zone is None:
        return None
    if not zone.startswith(("+", "-")):
        return 0.0
    digits = zone[1:].replace(":", "")
    offset_min = int(digits[:2]) * 60 + int(digits[2:] or 0)
    if offset_min > MAX_OFFSET_MIN or int(digits[2:] or 0) >= 60:
        raise RecordError(column, f"{quoted(value)} has no offset of a clock", "UTC-12:00 to UTC+14:00")
    return float(-offset_min if zone[0] == "-" else offset_min)


def _in_range(day: date, column: str) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise RecordError(column, f"the year {day.year} can't be", f"{FIRST_YEAR} to {LAST_YEAR}")
    return day
