"""Whoop's data export: ``physiological_cycles.csv`` and ``sleeps.csv``.

A cycle runs from one main sleep to the next and starts with that sleep, so its recovery values (resting heart rate,
HRV, oxygen saturation) are those of the sleep. ``sleeps.csv`` repeats the main sleeps and adds naps; where both files
are there, sleeps come from ``sleeps.csv`` and recovery from the cycles. The last cycle has no end yet, and while a
sleep is not scored its cells are empty or 0: both are missing values.

Times are local; ``Cycle timezone`` gives the offset of a whole cycle, so a night with a change of clocks keeps the
offset that it began with. "Sleep onset" is the start of the time in bed: asleep and awake minutes add up to it.

HRV is RMSSD (https://developer.whoop.com/docs/developing/user-data/recovery names it ``hrv_rmssd_milli``). Skin
temperature is absolute and has no column here, which holds differences from the own baseline.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sleepcot_utils import nights as nightly
from sleepcot_utils.ingest.assembly import count_rows, rows_of
from sleepcot_utils.ingest.clocks import MAX_OFFSET_MIN, Moment, parse_time
from sleepcot_utils.ingest.delimited import peek_header
from sleepcot_utils.ingest.documents import maybe_number, vital
from sleepcot_utils.ingest.episodes import DayValue, Episode, Reading, Source, Totals
from sleepcot_utils.ingest.ledger import Ignored, Ledger, RecordError, quoted
from sleepcot_utils.ingest.result import NotGiven
from sleepcot_utils.ingest.sources import Entry

VENDOR = "whoop"
LOOKS_FOR = "sleeps.csv or physiological_cycles.csv of the data export"
SOURCE = Source(VENDOR, "whoop band")

SLEEP_COLUMNS = ("Cycle timezone", "Sleep onset", "Wake onset", "Asleep duration (min)", "In bed duration (min)")
STAGE_COLUMNS = ("Light sleep duration (min)", "Deep (SWS) duration (min)", "REM duration (min)")
BREATH = "Respiratory rate (rpm)"
NAP = "Nap"
#: Column of a cycle, column of the nightly table, and the closed range of the possible.
RECOVERY = (
    ("Resting heart rate (bpm)", "resting_heart_rate_bpm", 20, 220),
    ("Heart rate variability (ms)", "hrv_rmssd_ms", 1, 400),
    ("Blood oxygen %", "spo2_mean_pct", 40, 100),
)
#: Tables of the same export that have no sleep: workouts, and answers to the daily questions.
OTHER_TABLES = ({"Cycle start time", "Workout start time"}, {"Cycle start time", "Question text"})
ZONE = re.compile(r"(?:UTC|GMT)?(?:Z|([+-])([0-9]{2}):?([0-9]{2}))?")

NOT_GIVEN = (
    NotGiven("sleep_onset_latency_min", "Whoop's export has no time of falling asleep"),
    NotGiven("wake_after_sleep_onset_min", "Whoop's export does not tell waking after sleep onset from other waking"),
    NotGiven("awakenings", "Whoop's export has no count of awakenings"),
    NotGiven("spo2_min_pct", "Whoop gives the average oxygen saturation of a sleep, not the lowest"),
    NotGiven("skin_temperature_delta_c", "Whoop gives the skin temperature itself, not its difference from a baseline"),
    NotGiven("steps", "Whoop's export has no steps"),
    NotGiven("exercise_min", "Whoop's heart rate zones are no minutes of moderate or vigorous activity"),
    NotGiven("caffeine_after_14h", "Whoop's journal says yes or no for a day, not when"),
    NotGiven("alcohol_units", "Whoop's journal says yes or no for a day, not how much"),
)
NOTES = ("Whoop's HRV is RMSSD, weighted towards the deep sleep of the night",)


def recognizes(entry: Entry) -> bool:
    """Whether a file is a table of Whoop's data export."""
    header = set(peek_header(entry))
    return _has_sleep(header) or _is_other(header)


def _has_sleep(header: set[str]) -> bool:
    return "Cycle start time" in header and len(header.intersection(SLEEP_COLUMNS)) >= 3


def _is_other(header: set[str]) -> bool:
    return any(marks <= header for marks in OTHER_TABLES)


def read(entries: Sequence[Entry], ledger: Ledger) -> Reading:
    """Read sleeps, naps and recovery."""
    reading = Reading(not_given=NOT_GIVEN, notes=NOTES)
    # Files with the column of naps come first: they have every sleep.
    for entry in sorted(entries, key=lambda entry: NAP not in peek_header(entry)):
        header = set(peek_header(entry))
        with ledger.file(entry.name) as book:
            if not _has_sleep(header):
                book.ignore(count_rows(entry))
                continue
            recovery = tuple(name for name, *_ in RECOVERY)
            known = {_sleep_key(episode) for episode in reading.episodes} if NAP not in header else set()
            for row in rows_of(entry, book, SLEEP_COLUMNS, optional=(*STAGE_COLUMNS, BREATH, NAP, *recovery)):
                with book.record(row.number, row.line):
                    _take(row.cells, entry.name, known, reading)
    return reading


def _take(cells: Mapping[str, str], origin: str, known: set[object], reading: Reading) -> None:
    if not cells["Sleep onset"] or not cells["Wake onset"]:
        # A cycle in which the band was off, or a sleep that has not ended.
        raise Ignored
    episode = _episode(cells, origin)
    values = []
    for name, measure, low, high in RECOVERY:
        value = vital(cells, name, low, high)
        if value is not None:
            values.append(DayValue(SOURCE, origin, episode.ended_on, measure, value, "sleep"))
    new = _sleep_key(episode) not in known
    if not new and not values:
        raise Ignored
    if new:
        reading.episodes.append(episode)
    reading.day_values += values


def _sleep_key(episode: Episode) -> object:
    return (episode.start, episode.end)


def _episode(cells: Mapping[str, str], origin: str) -> Episode:
    offset_min = _offset(cells["Cycle timezone"])
    breath = vital(cells, BREATH, 4, 60)
    light, deep, rem = (maybe_number(cells, name, 0, nightly.DAY_MIN) for name in STAGE_COLUMNS)
    asleep = maybe_number(cells, "Asleep duration (min)", 0, nightly.DAY_MIN)
    # A sleep that is not scored yet has zeros in all of them.
    scored = any((light, deep, rem, asleep))
    return Episode(
        source=SOURCE,
        origin=origin,
        start=_moment(cells, "Sleep onset", offset_min),
        end=_moment(cells, "Wake onset", offset_min),
        in_bed_min=vital(cells, "In bed duration (min)", 1, nightly.DAY_MIN),
        totals=Totals(asleep_min=asleep, light_min=light, deep_min=deep, rem_min=rem) if scored else None,
        kind=_kind(cells.get(NAP, "")),
        vitals={} if breath is None else {"respiratory_rate_brpm": breath},
    )


def _kind(nap: str) -> str:
    if nap.casefold() not in ("", "true", "false"):
        raise RecordError(NAP, f"{quoted(nap)} says neither yes nor no", "true or false")
    return "nap" if nap.casefold() == "true" else ""


def _moment(cells: Mapping[str, str], name: str, offset_min: float) -> Moment:
    time, own_offset_min = parse_time(cells[name], name)
    return Moment.from_local(time, offset_min if own_offset_min is None else own_offset_min)


def _offset(text: str) -> float:
    match = ZONE.fullmatch(text)
    minutes = int(match[2]) * 60 + int(match[3]) if match and match[1] else 0
    if match is None or not text or minutes > MAX_OFFSET_MIN:
        raise RecordError("Cycle timezone", f"{quoted(text)} is no offset", "an offset such as UTC-05:00")
    return float(-minutes if match[1] == "-" else minutes)
