"""Cells of Health Connect's tables: values that can be, offsets of the clock, and local days."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sleepcot_utils.ingest.clocks import EPOCH, MAX_OFFSET_MIN, from_epoch
from sleepcot_utils.ingest.ledger import RecordError, quoted


def value_of(value: object, column: str, low: float, high: float) -> float | None:
    """A measured value; null and, where 0 can't be true, 0 are what apps write for "not measured".

    Raises
    ------
    RecordError
        If it is no number or can't be.
    """
    # As a difference of temperatures 0 is true.
    if value is None or (low > 0 and value == 0):
        return None
    if not isinstance(value, int | float) or not low <= value <= high:
        raise RecordError(column, f"{quoted(value)} can't be", f"a number from {low:g} to {high:g}")
    return float(value)


def offset_min_of(seconds: object, column: str) -> float:
    """Offset of the local clock in minutes.

    Raises
    ------
    RecordError
        If it is none.
    """
    if not isinstance(seconds, int) or abs(seconds) > 60 * MAX_OFFSET_MIN:
        raise RecordError(column, f"{quoted(seconds)} is no offset", "seconds from UTC, 14 hours at most")
    return seconds / 60


def day_of(time: object, zone: object, local_date: object, time_column: str, zone_column: str) -> date:
    """Local day of a record: by its offset or, without one, by the day that Health Connect gave it.

    Raises
    ------
    RecordError
        If neither is there, or one can't be.
    """
    utc = from_epoch(time, time_column)
    if zone is not None:
        return (utc + timedelta(minutes=offset_min_of(zone, zone_column))).date()
    if not isinstance(local_date, int) or not 0 <= local_date <= 50_000:
        raise RecordError(zone_column, "has no value", "seconds from UTC")
    return (EPOCH + timedelta(days=local_date)).date()


def local_time_of(time: object, zone: object, time_column: str, zone_column: str) -> datetime:
    """Time on the person's clock.

    Raises
    ------
    RecordError
        If the offset is missing or can't be.
    """
    return from_epoch(time, time_column) + timedelta(minutes=offset_min_of(zone, zone_column))
