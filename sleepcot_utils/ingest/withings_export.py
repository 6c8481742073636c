"""Withings' data export: ``sleep.csv`` and ``aggregates_steps.csv``."""

from __future__ import annotations

from collections.abc import Mapping

from sleepcot_utils.ingest.assembly import rows_of
from sleepcot_utils.ingest.clocks import parse_date, parse_moment
from sleepcot_utils.ingest.delimited import peek_header
from sleepcot_utils.ingest.documents import maybe_number, vital
from sleepcot_utils.ingest.episodes import DayValue, Episode, Reading, Source, Totals
from sleepcot_utils.ingest.ledger import Book, Ignored
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
LOWEST, AVERAGE = "Heart rate (min)", "Average heart rate"
#: All daily aggregates have these two columns, so only the name tells steps from distances.
STEPS_FILE, STEPS_COLUMNS = "aggregates_steps.csv", ("date", "value")


def table_kind(entry: Entry) -> str:
    """``sleep``, ``steps``, or empty for a file that is no table of this export."""
    header = peek_header(entry)
    if any(set(names[:4]) <= set(header) for names in LANGUAGES):
        return "sleep"
    return "steps" if entry.base == STEPS_FILE and header == STEPS_COLUMNS else ""


def read_table(entry: Entry, book: Book, reading: Reading) -> None:
    """Read a table of sleeps or of daily steps.

    Raises
    ------
    InputError
        If the file is damaged as a whole or, under ``strict``, for its first bad row.
    """
    if table_kind(entry) == "steps":
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
