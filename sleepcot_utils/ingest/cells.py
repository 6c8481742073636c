"""From the text of one cell to a checked value. Each function raises `RecordError`, never guesses.

Only plain ASCII notation counts: ``float`` and ``int`` would also take ``1_000``, ``nan``, ``1e3`` and other scripts'
digits, none of which a vendor writes and all of which mean that the file was altered.
"""

from __future__ import annotations

import re
from datetime import date

from sleepcot_utils.ingest.clocks import FIRST_YEAR, LAST_YEAR
from sleepcot_utils.ingest.delimited import Row
from sleepcot_utils.ingest.ledger import RecordError
from sleepcot_utils.ingest.problems import shown

NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?")
US_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?: +(.+))?")
TWELVE_HOUR = re.compile(r"(0?[1-9]|1[0-2]):[0-5][0-9](:[0-5][0-9])? ?[AaPp][Mm]")
TWENTY_FOUR_HOUR = re.compile(r"([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?")
#: What a spreadsheet leaves of a long number. Its last digits are lost, so two persons may have become one.
ROUNDED_NUMBER = re.compile(r"[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+")
MAX_IDENTIFIER_CHARACTERS = 64


def number(row: Row, column: str, low: float, high: float, *, whole: bool = False) -> float:
    """Read a number in the closed range from `low` to `high`.

    Raises
    ------
    RecordError
        If the cell is empty, no plain decimal number, out of range or, under `whole`, has a fraction.
    """
    text = row.cells[column]
    expected = f"{'a whole number' if whole else 'a number'} from {low:g} to {high:g}"
    if not text:
        raise RecordError(column, "has no value", expected)
    if not NUMBER.fullmatch(text):
        raise RecordError(column, f"{shown(text)} is not a plain number", expected)
    value = float(text)
    if value < 0 <= low:
        raise RecordError(column, f"{shown(text)} is negative", expected)
    if not low <= value <= high:
        raise RecordError(column, f"{shown(text)} is out of range", expected)
    if whole and value != int(value):
        raise RecordError(column, f"{shown(text)} is not a whole number", expected)
    return value


def us_date(row: Row, column: str) -> date:
    """Read a date of the form month/day/year, zero-padded or not; a time of day after it is checked and dropped.

    Raises
    ------
    RecordError
        If the cell is empty or no such date. A day-first date is noticed only where its day exceeds 12.
    """
    text = row.cells[column]
    expected = "month/day/year, such as 4/12/2016, with or without a time"
    if not text:
        raise RecordError(column, "has no value", expected)
    match = US_DATE.fullmatch(text)
    if not match:
        raise RecordError(column, f"{shown(text)} is not a date", expected)
    month, day, year = (int(part) for part in match.groups()[:3])
    if month > 12 >= day:
        raise RecordError(column, f"{shown(text)} has no such month; it may be written day first", expected)
    time_of_day = match.group(4)
    if time_of_day and not (TWELVE_HOUR.fullmatch(time_of_day) or TWENTY_FOUR_HOUR.fullmatch(time_of_day)):
        raise RecordError(column, f"{shown(text)} has no valid time of day", expected)
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise RecordError(column, f"{shown(text)} is not a date of the calendar", expected) from error
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise RecordError(column, f"the year {year} can't be", f"{FIRST_YEAR} to {LAST_YEAR}")
    return found


def identifier(row: Row, column: str) -> str:
    """Read who a row belongs to. The messages never repeat the identifier itself.

    Raises
    ------
    RecordError
        If the cell is empty, longer than 64 characters, unprintable, or rounded by a spreadsheet (``1.50E+09``).
    """
    text = row.cells[column]
    expected = f"the vendor's identifier of the person, 1 to {MAX_IDENTIFIER_CHARACTERS} printable characters"
    if not text:
        raise RecordError(column, "has no value", expected)
    if ROUNDED_NUMBER.fullmatch(text):
        raise RecordError(column, "the identifier was rounded by a spreadsheet", "all its digits, as exported")
    if len(text) > MAX_IDENTIFIER_CHARACTERS or not text.isprintable():
        raise RecordError(column, "the identifier is too long or not printable", expected)
    return text
