"""Fields of one record of an Apple Health export."""

from __future__ import annotations

from datetime import datetime

from sleepcot_utils.ingest.clocks import FIRST_YEAR, LAST_YEAR
from sleepcot_utils.ingest.ledger import RecordError, quoted

TIME_CHARACTERS = len("2024-01-31 23:05:00 +0100")
EXPECTED_TIME = "a time such as 2024-01-31 23:05:00 +0100"
#: Apps that write sleep into Apple Health, so that several of them can be told apart in the provenance.
APPS = (
    "autosleep",
    "sleep cycle",
    "pillow",
    "sleepwatch",
    "oura",
    "whoop",
    "garmin",
    "withings",
    "fitbit",
    "eight sleep",
)


def device_kind(name: str, device: str, place: int) -> str:
    """Kind of a source in a word or two; names that people gave their devices go no further than here."""
    words = f"{name} {device}".casefold().replace("\xa0", " ")
    if "watch" in device.casefold() or "apple watch" in words:
        return "apple watch"
    for kind in ("iphone", "ipad"):
        if kind in words:
            return kind
    known = next((app for app in APPS if app in words), None)
    return known or f"app {place + 1}"


def number_of(attributes: dict[str, str], low: float, high: float, column: str = "value") -> float:
    """Number in the closed range from `low` to `high`, or `RecordError`."""
    text = attributes.get(column, "")
    try:
        value = float(text)
    except ValueError as error:
        problem = f"{quoted(text)} is not a number" if text else "has no value"
        raise RecordError(column, problem, f"a number from {low:g} to {high:g}") from error
    if not low <= value <= high:
        raise RecordError(column, f"{quoted(text)} is out of range", f"a number from {low:g} to {high:g}")
    return value


def time_of(attributes: dict[str, str], column: str) -> datetime:
    """Time with its offset, or `RecordError`."""
    text = attributes.get(column, "")
    try:
        if len(text) != TIME_CHARACTERS or text[19] != " ":
            raise ValueError
        at = datetime.fromisoformat(text[:19] + text[20:])
        if at.tzinfo is None:
            raise ValueError
    except ValueError as error:
        problem = f"{quoted(text)} is not a time" if text else "has no value"
        raise RecordError(column, problem, EXPECTED_TIME) from error
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise RecordError(column, f"the year {at.year} can't be", f"{FIRST_YEAR} to {LAST_YEAR}")
    return at


def interval_of(attributes: dict[str, str]) -> tuple[datetime, datetime]:
    """Start and end of a record, or `RecordError`."""
    start, end = time_of(attributes, "startDate"), time_of(attributes, "endDate")
    if end < start:
        raise RecordError("endDate", f"{quoted(attributes['endDate'])} is before startDate", "a later time")
    return start, end
