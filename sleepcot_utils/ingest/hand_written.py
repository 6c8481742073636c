"""Tables that a person writes by hand: separators, names of columns, dates and persons, the same for nights and days."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.assembly import rows_of
from sleepcot_utils.ingest.clocks import parse_date
from sleepcot_utils.ingest.delimited import Row, peek_header, shown
from sleepcot_utils.ingest.ledger import Book, RecordError, quoted
from sleepcot_utils.ingest.sources import Entry

SEPARATORS = (",", ";", "\t")
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ]00:00(:00)?)?")
DECIMAL_COMMA = re.compile(r"([+-]?[0-9]+),([0-9]+)")
MAX_PERSON_CHARACTERS = 64
#: Columns of free text that may be there and are not read.
FREE_TEXT = ("notes", "comment")


def separator_of(entry: Entry, is_such: Callable[[set[str]], bool], aliases: Mapping[str, str]) -> str:
    """Separator with which the names of the header are those of such a table; empty if none gives them."""
    for separator in SEPARATORS:
        if is_such({plain_name(name, aliases) for name in peek_header(entry, separator=separator)}):
            return separator
    return ""


def plain_name(name: str, aliases: Mapping[str, str]) -> str:
    """Name of a column without capitals, blanks around it, and aliases."""
    name = name.strip().casefold()
    return aliases.get(name, name)


def named_rows(
    entry: Entry, book: Book, separator: str, read: Sequence[str], not_read: Sequence[str], aliases: Mapping[str, str]
) -> list[Row]:
    """Rows by plain names; decimal commas become points where fields are not separated by commas.

    Raises
    ------
    InputError
        If a column is not known, for a typing error in it would else drop a whole column in silence, or stands twice.
    """
    header = peek_header(entry, separator=separator)
    names = [plain_name(name, aliases) for name in header]
    where = f"{entry.name}, header"
    for name in names:
        if name not in (*read, *not_read):
            near = get_close_matches(name, (*read, *not_read), n=1)
            hint = f"{near[0]}, perhaps" if near else f"one of {', '.join((*read, *not_read))}"
            raise InputError(f"the column {shown(name)} is not known", where=where, expected=hint)
        if names.count(name) > 1:
            raise InputError(f"the column {name} stands there {names.count(name)} times", where=where, expected="once")
    absent = {name: "" for name in read if name != "person"}
    rows = []
    for row in rows_of(entry, book, header, separator=separator):
        cells = {plain: row.cells[name] for plain, name in zip(names, header, strict=True)}
        if separator != ",":
            cells = {name: DECIMAL_COMMA.sub(r"\1.\2", text) for name, text in cells.items()}
        rows.append(Row(row.number, row.line, absent | cells))
    return rows


def several_persons(rows: Sequence[Row]) -> bool:
    """Whether people have to be told apart; a column with one name in it is a personal table."""
    return len({row.cells["person"] for row in rows if "person" in row.cells}) > 1


def person_of(text: str) -> str:
    """Who a row is about.

    Raises
    ------
    RecordError
        If it is empty, too long or not printable.
    """
    if not text or len(text) > MAX_PERSON_CHARACTERS or not text.isprintable():
        expected = f"whose row it is, in every row, 1 to {MAX_PERSON_CHARACTERS} printable characters"
        raise RecordError("person", "is empty, too long or not printable", expected)
    return text


def date_of(text: str, expected: str) -> date:
    """Date of a row, as year-month-day.

    Raises
    ------
    RecordError
        If it is empty or no such date.
    """
    if not text:
        raise RecordError("date", "has no value", expected)
    if not ISO_DATE.fullmatch(text):
        raise RecordError("date", f"{quoted(text)} is not such a date", expected)
    return parse_date(text, "date")
