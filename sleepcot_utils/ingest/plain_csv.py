"""A plain table that a person or a lab writes by hand: one row a night or nap, columns as in the nightly table.

``data/samples/plain_csv/README.md`` documents every column; ``template.csv`` beside it is one to fill in. Needed are the
date on which the sleep ended, and either both clock times of the time in bed or its minutes. Fields are separated by
commas, semicolons or tabs; with semicolons and tabs a decimal comma is understood.

A column of an unknown name stops the reading, for a typing error in it would else drop a whole column in silence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from difflib import get_close_matches

from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.assembly import rows_of
from sleepcot_utils.ingest.clocks import Moment, minutes_between, parse_date, parse_moment
from sleepcot_utils.ingest.delimited import Row, listing, peek_header, shown
from sleepcot_utils.ingest.documents import maybe_number, vital
from sleepcot_utils.ingest.episodes import VITALS, DayValue, Episode, Reading, Source, Totals
from sleepcot_utils.ingest.ledger import Book, Ledger, RecordError, quoted
from sleepcot_utils.ingest.sources import Entry

VENDOR = "plain_csv"
LOOKS_FOR = "a table with the columns date, in_bed_from and in_bed_to (or time_in_bed_min)"
DEVICE = "written by hand"
SEPARATORS = (",", ";", "\t")
#: Other names for the same column. The right-hand names are those of the messages.
ALIASES = {"night_date": "date", "start_local": "in_bed_from", "end_local": "in_bed_to", "person_id": "person"}
CLOCKS = ("in_bed_from", "in_bed_to")
DAY_COLUMNS = ("steps", "exercise_min", "caffeine_after_14h", "alcohol_units", "nap_min")
TOTALS = {
    "total_sleep_min": "asleep_min",
    "light_min": "light_min",
    "deep_min": "deep_min",
    "rem_min": "rem_min",
    "sleep_onset_latency_min": "latency_min",
    "wake_after_sleep_onset_min": "waso_min",
    "awakenings": "awakenings",
}
READ = (
    *("date", "person", "sleep_kind", *CLOCKS, "utc_offset_min", "time_in_bed_min"),
    *(*TOTALS, *VITALS, *DAY_COLUMNS),
)
#: Columns that may be there and are not read: free text, and what is computed here anyway.
NOT_READ = ("notes", "comment", "device", "quality", "sleep_efficiency_pct")
CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])(?::[0-5][0-9])?")
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ]00:00(:00)?)?")
DECIMAL_COMMA = re.compile(r"([+-]?[0-9]+),([0-9]+)")
#: Stated minutes and clock times may differ by a change of clocks and a rounding.
MAX_CONTRADICTION_MIN = 65.0
MAX_PERSON_CHARACTERS = 64


def recognizes(entry: Entry) -> bool:
    """Whether a file is a table with a date and a column about the time in bed or asleep."""
    return _separator(entry) != ""


def _separator(entry: Entry) -> str:
    for separator in SEPARATORS:
        names = {_plain(name) for name in peek_header(entry, separator=separator)}
        if "date" in names and names.intersection((*CLOCKS, "time_in_bed_min", "total_sleep_min")):
            return separator
    return ""


def _plain(name: str) -> str:
    name = name.strip().casefold()
    return ALIASES.get(name, name)


def read(entries: Sequence[Entry], ledger: Ledger) -> Reading:
    """Read nights and naps, each with what its row says of the day before."""
    found: list[tuple[Entry, Book, list[Row]]] = []
    for entry in entries:
        with ledger.file(entry.name) as book:
            found.append((entry, book, _rows(entry, book)))
    # A column with one name in it is a personal table, in which nobody has to be told apart.
    several = len({row.cells["person"] for _, _, rows in found for row in rows if "person" in row.cells}) > 1
    reading = Reading()
    for entry, book, rows in found:
        for row in rows:
            with book.record(row.number, row.line):
                _take(row.cells, entry.name, several, reading)
    return reading


def _rows(entry: Entry, book: Book) -> list[Row]:
    separator = _separator(entry)
    header = peek_header(entry, separator=separator)
    names = [_plain(name) for name in header]
    where = f"{entry.name}, header"
    for name in names:
        if name not in (*READ, *NOT_READ):
            near = get_close_matches(name, (*READ, *NOT_READ), n=1)
            hint = f"{near[0]}, perhaps" if near else f"one of {', '.join((*READ, *NOT_READ))}"
            raise InputError(f"the column {shown(name)} is not known", where=where, expected=hint)
        if names.count(name) > 1:
            raise InputError(f"the column {name} stands there {names.count(name)} times", where=where, expected="once")
    if not ({*CLOCKS} <= set(names) or "time_in_bed_min" in names):
        raise InputError(
            f"no columns tell the time in bed (found {listing(names)})",
            where=where,
            expected="in_bed_from and in_bed_to, or time_in_bed_min",
        )
    absent = {name: "" for name in READ if name != "person"}
    rows = []
    for row in rows_of(entry, book, header, separator=separator):
        cells = {plain: row.cells[name] for plain, name in zip(names, header, strict=True)}
        if separator != ",":
            cells = {name: DECIMAL_COMMA.sub(r"\1.\2", text) for name, text in cells.items()}
        rows.append(Row(row.number, row.line, absent | cells))
    return rows


def _take(cells: Mapping[str, str], origin: str, several: bool, reading: Reading) -> None:
    source = Source(VENDOR, DEVICE, _person(cells["person"]) if several and "person" in cells else "")
    ended_on = _date(cells["date"])
    times = _times(cells, ended_on)
    in_bed_min = _number(cells, "time_in_bed_min")
    if times is None and in_bed_min is None:
        raise RecordError(
            "time_in_bed_min",
            "has no value",
            "minutes in bed, or both in_bed_from and in_bed_to such as 23:10 and 07:05",
        )
    if times is not None and in_bed_min is not None:
        between = minutes_between(*times)
        if between is not None and abs(between - in_bed_min) > MAX_CONTRADICTION_MIN:
            raise RecordError(
                "time_in_bed_min",
                f"{in_bed_min:g} minutes contradict the clock times, which are {between:g} minutes apart",
                "one of both, or both alike",
            )
    episode = Episode(
        source=source,
        origin=origin,
        start=times[0] if times else None,
        end=times[1] if times else None,
        night_date=ended_on,
        in_bed_min=in_bed_min,
        totals=_totals(cells),
        kind=_kind(cells["sleep_kind"]),
        vitals=_vitals(cells),
    )
    values = []
    for name in DAY_COLUMNS:
        value = _number(cells, name)
        if value is not None and episode.kind != "nap":
            values.append(DayValue(source, origin, ended_on - timedelta(days=1), name, value, "day"))
    reading.episodes.append(episode)
    reading.day_values += values


def _number(cells: Mapping[str, str], name: str) -> float | None:
    column = nightly.COLUMNS[name]
    return maybe_number(cells, name, column.low, column.high)


def _totals(cells: Mapping[str, str]) -> Totals | None:
    found = {field: _number(cells, name) for name, field in TOTALS.items()}
    return Totals(**found) if any(value is not None for value in found.values()) else None


def _vitals(cells: Mapping[str, str]) -> dict[str, float]:
    found = {}
    for name in VITALS:
        # A difference of temperatures may be 0 or -1; for the others these say "not measured".
        read_one = maybe_number if name == "skin_temperature_delta_c" else vital
        value = read_one(cells, name, nightly.COLUMNS[name].low, nightly.COLUMNS[name].high)
        if value is not None:
            found[name] = value
    return found


def _person(text: str) -> str:
    if not text or len(text) > MAX_PERSON_CHARACTERS or not text.isprintable():
        expected = f"who slept, in every row, 1 to {MAX_PERSON_CHARACTERS} printable characters"
        raise RecordError("person", "is empty, too long or not printable", expected)
    return text


def _kind(text: str) -> str:
    if text.casefold() not in ("", "main", "nap"):
        raise RecordError("sleep_kind", f"{quoted(text)} is no kind of sleep", "main, nap or nothing")
    return text.casefold()


def _date(text: str) -> date:
    expected = "the date on which the sleep ended, as year-month-day such as 2024-01-31"
    if not text:
        raise RecordError("date", "has no value", expected)
    if not ISO_DATE.fullmatch(text):
        raise RecordError("date", f"{quoted(text)} is not such a date", expected)
    return parse_date(text, "date")


def _times(cells: Mapping[str, str], ended_on: date) -> tuple[Moment, Moment] | None:
    texts = [cells[name] for name in CLOCKS]
    if not any(texts):
        return None
    for name, text in zip(CLOCKS, texts, strict=True):
        if not text:
            raise RecordError(name, "has no value, while the other clock time has one", "a time such as 23:10")
    offset_min = _number(cells, "utc_offset_min")
    end = _moment(texts[1], CLOCKS[1], ended_on, offset_min)
    start = _moment(texts[0], CLOCKS[0], ended_on, offset_min)
    assert start.local is not None and end.local is not None
    if CLOCK.fullmatch(texts[0]) and start.local >= end.local:
        # Gone to bed before midnight.
        start = Moment.from_local(start.local - timedelta(days=1), start.offset_min)
    if end.local.date() != ended_on:
        raise RecordError(CLOCKS[1], f"ends on {end.local:%Y-%m-%d}, the row's date is {ended_on}", "the same date")
    return start, end


def _moment(text: str, name: str, day: date, offset_min: float | None) -> Moment:
    match = CLOCK.fullmatch(text)
    if match:
        return Moment.from_local(datetime(day.year, day.month, day.day, int(match[1]), int(match[2])), offset_min)
    try:
        moment = parse_moment(text, name)
    except RecordError as error:
        expected = "a time of 24 hours such as 23:10, or date and time such as 2024-01-30T23:10"
        raise RecordError(name, error.problem, expected) from error
    if moment.offset_min is None and offset_min is not None and moment.local is not None:
        return Moment.from_local(moment.local, offset_min)
    return moment
