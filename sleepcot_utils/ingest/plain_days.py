"""A plain table of days that a person writes by hand: one row a day or a reading, columns as in the day table.

``data/samples/plain_days/README.md`` documents every column. A day may have several rows with readings of blood
pressure, glucose and weight; counts such as steps may stand once a day only. Glucose needs a unit, in the name of the
column or in ``glucose_unit``; without one the table is read only where all its numbers can be in one unit alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from sleepcot_utils.days import COLUMNS
from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.delimited import Row
from sleepcot_utils.ingest.documents import maybe_number
from sleepcot_utils.ingest.episodes import DayValue, Reading, Source
from sleepcot_utils.ingest.hand_written import (
    FREE_TEXT,
    date_of,
    named_rows,
    person_of,
    separator_of,
    several_persons,
)
from sleepcot_utils.ingest.ledger import Book, Ignored, Ledger, RecordError, quoted
from sleepcot_utils.ingest.readings import (
    MG_DL,
    MMOL_L,
    glucose_in_mg_dl,
    glucose_unit,
    pressure_values,
    unit_of_all,
    weight_in_kg,
)
from sleepcot_utils.ingest.sources import Entry

VENDOR = "plain_days"
LOOKS_FOR = "a table with the columns date and steps, systolic_mmhg, glucose_mg_dl or others"
DEVICE = "written by hand"
ALIASES = {"person_id": "person"}
ONCE_A_DAY = (
    *("steps", "exercise_min", "light_activity_min", "moderate_activity_min", "vigorous_activity_min"),
    *("mean_heart_rate_bpm", "max_heart_rate_bpm", "resting_heart_rate_bpm"),
)
PRESSURES = ("systolic_mmhg", "diastolic_mmhg")
GLUCOSE = {"glucose_mg_dl": MG_DL, "glucose_mmol_l": MMOL_L, "glucose": ""}
WEIGHTS = {"weight_kg": "kg", "weight_lb": "lb"}
MEASURED = (*ONCE_A_DAY, *PRESSURES, *GLUCOSE, *WEIGHTS)
READ = ("date", "person", "time", *MEASURED, "glucose_unit", "glucose_fasting")
NOT_READ = (*FREE_TEXT, "source", "device")
CLOCK = re.compile(r"([01]?[0-9]|2[0-3])[:.]([0-5][0-9])(?::[0-5][0-9])?")
EXPECTED_DATE = "the day, as year-month-day such as 2024-01-31"
#: Columns of a table about the night, which `plain_csv` reads with the day before it.
OF_NIGHTS = {"in_bed_from", "in_bed_to", "start_local", "end_local", "time_in_bed_min", "total_sleep_min"}


def recognizes(entry: Entry) -> bool:
    """Whether a file is a table with a date, something measured on that day, and nothing about a night."""
    return _separator(entry) != ""


def _separator(entry: Entry) -> str:
    return separator_of(entry, _is_of_days, ALIASES)


def _is_of_days(names: set[str]) -> bool:
    # Tables of other vendors have a date and steps too, among many names of their own.
    known = names & {*READ, *NOT_READ}
    return "date" in names and bool(names & {*MEASURED}) and not names & OF_NIGHTS and 2 * len(known) > len(names)


def read(entries: Sequence[Entry], ledger: Ledger) -> Reading:
    """Read days; the table says nothing about sleep."""
    found: list[tuple[Entry, Book, list[Row], str | RecordError]] = []
    for entry in entries:
        with ledger.file(entry.name) as book:
            rows = named_rows(entry, book, _separator(entry), READ, NOT_READ, ALIASES)
            unit = _unit_of_file(rows)
            if ledger.strict and isinstance(unit, RecordError):
                where = f"{entry.name}, column {unit.column}"
                raise InputError(unit.problem, where=where, expected=unit.expected) from unit
            found.append((entry, book, rows, unit))
    several = several_persons([row for _, _, rows, _ in found for row in rows])
    reading = Reading()
    stated: dict[tuple[str, date, str], float] = {}
    for entry, book, rows, unit in found:
        for row in rows:
            with book.record(row.number, row.line):
                _take(row, entry.name, several, unit, stated, reading)
    return reading


def _unit_of_file(rows: Sequence[Row]) -> str | RecordError:
    """Unit of the column ``glucose`` where no row states one; empty if there is nothing to tell.

    Where the numbers don't tell, it is the error of each reading without a unit, and no other reading's.
    """
    silent = [row for row in rows if row.cells["glucose"] and not row.cells["glucose_unit"]]
    values = []
    for row in silent:
        try:
            values.append(float(row.cells["glucose"]))
        except ValueError:
            continue  # its own row says so
    if not values:
        return ""
    try:
        return unit_of_all(values, "glucose")
    except RecordError as error:
        return error


def _take(
    row: Row,
    origin: str,
    several: bool,
    unit: str | RecordError,
    stated: dict[tuple[str, date, str], float],
    reading: Reading,
) -> None:
    cells = row.cells
    person = person_of(cells["person"]) if several and "person" in cells else ""
    source = Source(VENDOR, DEVICE, person)
    day = date_of(cells["date"], EXPECTED_DATE)
    moment = _moment(cells["time"], row.number)
    values = []
    for name in ONCE_A_DAY:
        value = maybe_number(cells, name, COLUMNS[name].low, COLUMNS[name].high)
        if value is None:
            continue
        if stated.setdefault((person, day, name), value) != value:
            raise RecordError(name, f"{value:g} contradicts another row of the same day", "one value a day")
        values.append(DayValue(source, origin, day, name, value, "day"))
    values += _pressure(cells, source, origin, day, moment)
    values += _glucose(cells, source, origin, day, moment, unit)
    for name, mass_unit in WEIGHTS.items():
        mass = maybe_number(cells, name, 0, 2000)
        if mass is not None:
            kilograms = weight_in_kg(mass, mass_unit, name)
            values.append(DayValue(source, origin, day, "weight_kg", kilograms, moment))
    if not values:
        raise Ignored
    reading.day_values += values


def _moment(text: str, number: int) -> str:
    if not text:
        return f"reading {number}"
    if not CLOCK.fullmatch(text):
        raise RecordError("time", f"{quoted(text)} is no time of day", "a time of 24 hours such as 07:10")
    return f"reading at {text}"


def _pressure(cells: Mapping[str, str], source: Source, origin: str, day: date, moment: str) -> list[DayValue]:
    upper, lower = (maybe_number(cells, name, 0, 1000) for name in PRESSURES)
    if upper is None and lower is None:
        return []
    if upper is None or lower is None:
        name = PRESSURES[0] if upper is None else PRESSURES[1]
        raise RecordError(name, "has no value, while the other pressure has one", "both pressures of a reading")
    return pressure_values(source, origin, day, (upper, lower), moment, (PRESSURES[0], PRESSURES[1]))


def _glucose(
    cells: Mapping[str, str], source: Source, origin: str, day: date, moment: str, unit: str | RecordError
) -> list[DayValue]:
    given = [name for name in GLUCOSE if cells[name]]
    if not given:
        return []
    if len(given) > 1:
        raise RecordError(given[1], f"stands beside {given[0]}", "one glucose reading a row")
    name = given[0]
    value = maybe_number(cells, name, 0, 2000)
    if value is None:
        return []
    stated = glucose_unit(cells["glucose_unit"], "glucose_unit") if cells["glucose_unit"] else ""
    if stated and GLUCOSE[name] and stated != GLUCOSE[name]:
        raise RecordError("glucose_unit", f"{stated} contradicts the column {name}", "one unit")
    own = stated or GLUCOSE[name] or unit
    if isinstance(own, RecordError):
        raise own
    mass = glucose_in_mg_dl(value, own, name)
    fasting = maybe_number(cells, "glucose_fasting", 0, 1)
    measure = {1.0: "fasting_glucose_mg_dl", 0.0: "not_fasting_glucose_mg_dl", None: "glucose_mg_dl"}.get(fasting)
    if measure is None:
        raise RecordError("glucose_fasting", f"{fasting:g} is neither yes nor no", "1, 0 or nothing")
    return [DayValue(source, origin, day, measure, mass, moment)]
