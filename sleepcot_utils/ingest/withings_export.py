"""Withings' data export: ``sleep.csv``, ``aggregates_steps.csv``, ``bp.csv`` and ``weight.csv``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sleepcot_utils.ingest.assembly import rows_of
from sleepcot_utils.ingest.clocks import parse_date, parse_moment
from sleepcot_utils.ingest.delimited import peek_header
from sleepcot_utils.ingest.documents import maybe_number, number, vital
from sleepcot_utils.ingest.episodes import DayValue, Episode, Reading, Source, Totals
from sleepcot_utils.ingest.ledger import Book, Ignored, RecordError
from sleepcot_utils.ingest.readings import pressure_values, weight_in_kg
from sleepcot_utils.ingest.sources import Entry

VENDOR = "withings"
SOURCE = Source(VENDOR, "withings")
DAY_S = 86_400

#: Names of the columns that are translated, by language: start, end, light, deep, awake, count of wakings.
LANGUAGES = (
    ("from", "to", "light (s)", "deep (s)", "awake (s)", "wake up"),
    ("von", "bis", "leicht (s)", "tief (s)", "wach (s)", "Aufwachen"),
    ("de", "a", "ligero (s)", "profundo (s)", "despierto (s)", "despertar"),
)
REM, TO_SLEEP, TO_WAKE = "rem (s)", "Duration to sleep (s)", "Duration to wake up (s)"
#: As in exports of 2023 and later, in English; recalled, as no such file was at hand. The unit is the account's.
PRESSURE_COLUMNS = ("Date", "Systolic", "Diastolic")
WEIGHT_COLUMNS = {"Weight (kg)": "kg", "Weight (lb)": "lb", "Weight (lbs)": "lb"}
LOWEST, AVERAGE = "Heart rate (min)", "Average heart rate"
#: All daily aggregates have these two columns, so only the name tells steps from distances.
STEPS_FILE, STEPS_COLUMNS = "aggregates_steps.csv", ("date", "value")


def table_kind(entry: Entry) -> str:
    """``sleep``, ``steps``, ``pressure``, ``weight``, or empty for a file that is no table of this export."""
    header = peek_header(entry)
    if any(set(names[:4]) <= set(header) for names in LANGUAGES):
        return "sleep"
    if set(PRESSURE_COLUMNS) <= set(header):
        return "pressure"
    if "Date" in header and _weight_column(header):
        return "weight"
    return "steps" if entry.base == STEPS_FILE and header == STEPS_COLUMNS else ""


def read_table(entry: Entry, book: Book, reading: Reading) -> None:
    """Read a table of sleeps, of daily steps, or of readings of blood pressure or weight.

    Raises
    ------
    InputError
        If the file is damaged as a whole or, under ``strict``, for its first bad row.
    """
    kind = table_kind(entry)
    if kind in ("pressure", "weight"):
        _read_readings(entry, kind, book, reading)
        return
    if kind == "steps":
        for row in rows_of(entry, book, STEPS_COLUMNS):
            with book.record(row.number, row.line):
                day = parse_date(row.cells["date"], "date")
                steps = maybe_number(row.cells, "value", 0, 200_000)
                if not steps:
                    raise Ignored
                reading.day_values.append(DayValue(SOURCE, entry.name, day, "steps", steps, "day"))
        return
    header = peek_header(entry)
    names = next(names for names in LANGUAGES if set(names[:4]) <= set(header))
    optional = (names[4], names[5], REM, TO_SLEEP, TO_WAKE, LOWEST, AVERAGE)
    for row in rows_of(entry, book, names[:4], optional=optional):
        with book.record(row.number, row.line):
            take(_episode(row.cells, names, entry.name), vital(row.cells, AVERAGE, 20, 220), reading)


def _weight_column(header: Sequence[str]) -> str:
    return next((name for name in header if name in WEIGHT_COLUMNS), "")


def _read_readings(entry: Entry, kind: str, book: Book, reading: Reading) -> None:
    """Blood pressure or weight, each row with the local date and time of one reading."""
    name = _weight_column(peek_header(entry))
    columns = PRESSURE_COLUMNS if kind == "pressure" else ("Date", name)
    for row in rows_of(entry, book, columns):
        with book.record(row.number, row.line):
            at = parse_moment(row.cells["Date"], "Date").local
            if at is None:
                raise RecordError("Date", "has no local time", "a date and time such as 2024-03-04 07:10:00")
            moment = f"reading at {at:%H:%M:%S}"
            if kind == "pressure":
                upper, lower = (number(row.cells, column, 0, 1000) for column in PRESSURE_COLUMNS[1:])
                names = (PRESSURE_COLUMNS[1], PRESSURE_COLUMNS[2])
                reading.day_values += pressure_values(SOURCE, entry.name, at.date(), (upper, lower), moment, names)
            else:
                mass = maybe_number(row.cells, name, 0, 2000)
                if not mass:
                    raise Ignored  # a measurement of fat or muscle alone
                kilograms = weight_in_kg(mass, WEIGHT_COLUMNS[name], name)
                reading.day_values.append(DayValue(SOURCE, entry.name, at.date(), "weight_kg", kilograms, moment))


def take(episode: Episode, average_bpm: float | None, reading: Reading) -> None:
    """Add a sleep and the mean heart rate during it.

    Parameters
    ----------
    episode : Episode
        The sleep.
    average_bpm : float or None
        Mean heart rate of the sleep.
    reading : Reading
        Receives both.
    """
    if average_bpm is not None:
        value = DayValue(SOURCE, episode.origin, episode.ended_on, "sleeping_heart_rate_bpm", average_bpm, "sleep")
        reading.day_values.append(value)
    reading.episodes.append(episode)


def minutes(seconds: float | None) -> float | None:
    """Seconds in minutes; null stays null."""
    return None if seconds is None else seconds / 60


def _episode(cells: Mapping[str, str], names: tuple[str, ...], origin: str) -> Episode:
    start, end, light, deep, awake, wakings = names
    latency_s = maybe_number(cells, TO_SLEEP, 0, DAY_S) or None
    awake_s = maybe_number(cells, awake, 0, DAY_S)
    rest_s = maybe_number(cells, TO_WAKE, 0, DAY_S) or 0.0
    after_onset_s = awake_s - latency_s - rest_s if awake_s is not None and latency_s is not None else None
    lowest = vital(cells, LOWEST, 20, 220)
    return Episode(
        source=SOURCE,
        origin=origin,
        start=parse_moment(cells[start], start),
        end=parse_moment(cells[end], end),
        totals=Totals(
            light_min=minutes(maybe_number(cells, light, 0, DAY_S)),
            deep_min=minutes(maybe_number(cells, deep, 0, DAY_S)),
            rem_min=minutes(maybe_number(cells, REM, 0, DAY_S) or None),
            latency_min=minutes(latency_s),
            waso_min=minutes(after_onset_s) if after_onset_s is not None and after_onset_s >= 0 else None,
            awakenings=maybe_number(cells, wakings, 0, 200),
        ),
        vitals={} if lowest is None else {"resting_heart_rate_bpm": lowest},
    )
