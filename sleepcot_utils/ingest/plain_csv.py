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

from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.clocks import Moment, minutes_between, parse_moment
from sleepcot_utils.ingest.delimited import Row, listing, peek_header
from sleepcot_utils.ingest.documents import maybe_number, vital
from sleepcot_utils.ingest.episodes import VITALS, DayValue, Episode, Reading, Source, Totals
from sleepcot_utils.ingest.hand_written import (
    FREE_TEXT,
    date_of,
    named_rows,
    person_of,
    plain_name,
    separator_of,
    several_persons,
)
from sleepcot_utils.ingest.ledger import Book, Ledger, RecordError, quoted
from sleepcot_utils.ingest.sources import Entry

VENDOR = "plain_csv"
LOOKS_FOR = "a table with the columns date, in_bed_from and in_bed_to (or time_in_bed_min)"
DEVICE = "written by hand"
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
NOT_READ = (*FREE_TEXT, "device", "quality", "sleep_efficiency_pct")
CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])(?::[0-5][0-9])?")
#: Stated minutes and clock times may differ by a change of clocks and a rounding.
MAX_CONTRADICTION_MIN = 65.0
EXPECTED_DATE = "the date on which the sleep ended, as year-month-day such as 2024-01-31"


def recognizes(entry: Entry) -> bool:
    """Whether a file is a table with a date and a column about the time in bed or asleep."""
    return _separator(entry) != ""


def _separator(entry: Entry) -> str:
    about_bed = {*CLOCKS, "time_in_bed_min", "total_sleep_min"}
    return separator_of(entry, lambda names: "date" in names and bool(names & about_bed), ALIASES)


def read(entries: Sequence[Entry], ledger: Ledger) -> Reading:
    """Read nights and naps, each with what its row says of the day before."""
    found: list[tuple[Entry, Book, list[Row]]] = []
    for entry in entries:
        with ledger.file(entry.name) as book:
            found.append((entry, book, _rows(entry, book)))
    several = several_persons([row for _, _, rows in found for row in rows])
    reading = Reading()
    for entry, book, rows in found:
        for row in rows:
            with book.record(row.number, row.line):
                _take(row.cells, entry.name, several, reading)
    return reading


def _rows(entry: Entry, book: Book) -> list[Row]:
    separator = _separator(entry)
    rows = named_rows(entry, book, separator, READ, NOT_READ, ALIASES)
    names = {plain_name(name, ALIASES) for name in peek_header(entry, separator=separator)}
    if not ({*CLOCKS} <= names or "time_in_bed_min" in names):
        raise InputError(
            f"no columns tell the time in bed (found {listing(sorted(names))})",
            where=f"{entry.name}, header",
            expected="in_bed_from and in_bed_to, or time_in_bed_min",
        )
    return rows


def _take(cells: Mapping[str, str], origin: str, several: bool, reading: Reading) -> None:
    source = Source(VENDOR, DEVICE, person_of(cells["person"]) if several and "person" in cells else "")
    ended_on = date_of(cells["date"], EXPECTED_DATE)
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


def _kind(text: str) -> str:
    if text.casefold() not in ("", "main", "nap"):
        raise RecordError("sleep_kind", f"{quoted(text)} is no kind of sleep", "main, nap or nothing")
    return text.casefold()


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
