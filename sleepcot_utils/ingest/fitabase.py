"""Fitabase exports of Fitbit data: ``sleepDay_merged.csv`` and, if they are there, ``dailyActivity_merged.csv`` and
``weightLogInfo_merged.csv`` (`sleepcot_utils.ingest.fitabase_weights`).

Checked against the Fitbit Fitness Tracker Data (Furberg et al. 2016, https://doi.org/10.5281/zenodo.53894, CC0).

What a row of the sleep file is. Totals of all sleep records that Fitbit gave to one date: minutes asleep, minutes in
bed, and how many records. With more than one record a nap or a split night is inside and can't be told apart; such
rows stay main nights and their ``quality`` says so.

Which date. ``SleepDay`` is taken as the date on which the sleep ended, as Fitbit's own ``dateOfSleep`` is defined
(https://dev.fitbit.com/build/reference/web-api/sleep/get-sleep-log-by-date-range/). The files do not say it, but they
support it: in the data above all eight rows of the last date are full nights (5 to 9 hours in bed), while the hourly
steps of the same persons stop between 03:00 and 16:00 of that date, so none of them can have begun on that evening.
So the day before the night is ``SleepDay`` minus one day, and steps and exercise are joined from there.

Not worn. A day of 0 steps and no active minute is a day off the wrist, not a day of rest: 76 of 940 days there, 72 of
them with 1,440 sedentary minutes. Its steps and exercise are null.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

import pandas as pd

from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import cells, delimited, fitabase_weights
from sleepcot_utils.ingest.delimited import Row
from sleepcot_utils.ingest.fitabase_weights import Weight
from sleepcot_utils.ingest.ledger import RecordError
from sleepcot_utils.ingest.problems import Problem
from sleepcot_utils.ingest.result import (
    DAY_VALUE_COLUMNS,
    FileCount,
    IngestResult,
    NotGiven,
    refuse_problems,
    skipped_table,
)
from sleepcot_utils.ingest.sources import Entry

VENDOR = "fitabase"
SLEEP_FILE = "sleepDay_merged.csv"
SLEEP_COLUMNS = ("Id", "SleepDay", "TotalSleepRecords", "TotalMinutesAsleep", "TotalTimeInBed")
ACTIVITY_FILE = "dailyActivity_merged.csv"
ACTIVITY_COLUMNS = (
    "Id",
    "ActivityDate",
    "TotalSteps",
    "VeryActiveMinutes",
    "FairlyActiveMinutes",
    "LightlyActiveMinutes",
)
LOOKS_FOR = f"{SLEEP_FILE}, a comma-separated file with the columns {', '.join(SLEEP_COLUMNS)}"
#: Columns that make a renamed sleep file known as one; fewer than all, so that a missing one can be named.
ENOUGH_SLEEP_COLUMNS = 3
#: The shortest day total in the data above is 61 minutes in bed; a day has room for 24 such records.
MAX_RECORDS = 24

_NO_CLOCK = "a row is a day's total, with no time of day"
_NO_COURSE = "a row is a day's total, with nothing about the course of the night"
_NO_VITALS = "the daily sleep file has no vital signs"
_NO_LOG = "Fitabase's daily files have no such log"
_NO_NAPS = "naps are inside the day's total and can't be separated"
NOT_GIVEN = (
    *(NotGiven(name, _NO_CLOCK) for name in ("start_local", "end_local", "utc_offset_min")),
    *(NotGiven(name, _NO_COURSE) for name in ("sleep_onset_latency_min", "wake_after_sleep_onset_min", "awakenings")),
    *(NotGiven(name, _NO_COURSE) for name in ("light_min", "deep_min", "rem_min")),
    *(NotGiven(name, _NO_VITALS) for name in ("resting_heart_rate_bpm", "hrv_rmssd_ms", "respiratory_rate_brpm")),
    *(NotGiven(name, _NO_VITALS) for name in ("spo2_mean_pct", "spo2_min_pct", "skin_temperature_delta_c")),
    *(NotGiven(name, _NO_LOG) for name in ("caffeine_after_14h", "alcohol_units")),
    NotGiven("nap_min", _NO_NAPS),
)
_NO_ACTIVITY = f"no {ACTIVITY_FILE} was read with the sleep file"


Day = TypeVar("Day")


@dataclass(frozen=True)
class _Sleep:
    records: int
    asleep_min: float
    in_bed_min: float


@dataclass(frozen=True)
class _Activity:
    steps: float
    very_min: float
    fairly_min: float
    lightly_min: float

    @property
    def exercise_min(self) -> float:
        """Moderate or vigorous minutes."""
        return self.very_min + self.fairly_min

    @property
    def active_min(self) -> float:
        """Minutes of any activity."""
        return self.exercise_min + self.lightly_min


def recognizes(entry: Entry) -> bool:
    """Whether a file is the sleep, the activity or the weight file of a Fitabase export, by its name or by its columns."""
    others = ((ACTIVITY_FILE, ACTIVITY_COLUMNS), (fitabase_weights.FILE, fitabase_weights.COLUMNS))
    return _is_alike(entry, SLEEP_FILE, SLEEP_COLUMNS, ENOUGH_SLEEP_COLUMNS) or any(
        _is_alike(entry, name, columns, len(columns)) for name, columns in others
    )


def read(entries: Sequence[Entry], *, strict: bool = True) -> IngestResult:
    """Read a Fitabase export.

    Persons are named ``fitabase-01``, ``fitabase-02`` and so on, in the order of the vendor's identifiers in the
    sleep file (shorter first, then by character, which is numerical order for numbers). These names are stable for
    one file and change if persons are added to it. The vendor's identifiers leave this function neither in
    the result nor in a message, because they lead back to accounts.

    Parameters
    ----------
    entries : sequence of Entry
        The sleep file, and the activity file of the same folder if it is there; without it steps and exercise are
        null.
    strict : bool
        Whether one bad row stops the reading; otherwise it is skipped and listed.

    Returns
    -------
    IngestResult
        One main night a person and date. ``sleep_efficiency_pct`` is 100 * asleep / in bed of the day's total.

    Raises
    ------
    InputError
        If a file is damaged as a whole, no row is usable or, under `strict`, any row of either file is bad.
    """
    sleep_file = _find(entries, SLEEP_FILE, SLEEP_COLUMNS, ENOUGH_SLEEP_COLUMNS)
    if sleep_file is None:
        raise InputError("there is no Fitabase sleep file", where=entries[0].name, expected=LOOKS_FOR)
    neighbors = [entry for entry in entries if entry.folder == sleep_file.folder and entry is not sleep_file]
    activity_file = _find(neighbors, ACTIVITY_FILE, ACTIVITY_COLUMNS, len(ACTIVITY_COLUMNS))
    slept, persons, count, problems = _read_days(sleep_file, SLEEP_COLUMNS, "SleepDay", _sleep_of, strict=strict)
    counts, not_given = [count], NOT_GIVEN
    active: dict[tuple[str, date], _Activity] = {}
    if activity_file is None:
        not_given = (*NOT_GIVEN, NotGiven("steps", _NO_ACTIVITY), NotGiven("exercise_min", _NO_ACTIVITY))
    else:
        active, _, count, bad = _read_days(activity_file, ACTIVITY_COLUMNS, "ActivityDate", _activity_of, strict=strict)
        counts.append(count)
        problems = [*problems, *bad]
    weights_file = _find(neighbors, fitabase_weights.FILE, fitabase_weights.COLUMNS, len(fitabase_weights.COLUMNS))
    weighed: list[tuple[str, Weight]] = []
    if weights_file is not None:
        weighed, count, bad = fitabase_weights.read_weights(weights_file, persons, strict=strict)
        counts.append(count)
        problems = [*problems, *bad]
    table = nightly.validate(nightly.conform(_night_rows(slept, active, _masks(persons))), where=sleep_file.name)
    return IngestResult(
        VENDOR,
        table,
        skipped_table(problems),
        tuple(counts),
        not_given,
        day_values=_day_values(active, weighed, _masks(persons)),
    )


def _is_alike(entry: Entry, name: str, columns: tuple[str, ...], enough: int) -> bool:
    if entry.base.casefold() == name.casefold():
        return True
    return len(set(columns).intersection(delimited.peek_header(entry))) >= enough


def _find(entries: Sequence[Entry], name: str, columns: tuple[str, ...], enough: int) -> Entry | None:
    named = [entry for entry in entries if entry.base.casefold() == name.casefold()]
    alike = named or [entry for entry in entries if _is_alike(entry, name, columns, enough)]
    if len(alike) > 1:
        raise InputError(
            f"several files have the columns of {name}: {delimited.listing(entry.name for entry in alike)}",
            where=alike[0].folder or alike[0].name,
            expected=f"one of them, or one named {name}",
        )
    return alike[0] if alike else None


def _read_days(
    file: Entry, columns: tuple[str, ...], date_column: str, read_day: Callable[[Row], Day], *, strict: bool
) -> tuple[dict[tuple[str, date], Day], set[str], FileCount, list[Problem]]:
    rows, problems = delimited.read_rows(file, columns)
    total = len(rows) + len(problems)
    days: dict[tuple[str, date], Day] = {}
    first_row: dict[tuple[str, date], int] = {}
    persons: set[str] = set()
    duplicates = 0
    for row in rows:
        try:
            person = cells.identifier(row, "Id")
            persons.add(person)
            key = (person, cells.us_date(row, date_column))
            day = read_day(row)
            if key not in days:
                days[key], first_row[key] = day, row.number
            elif days[key] == day:
                duplicates += 1
            else:
                raise RecordError(
                    date_column,
                    f"the row contradicts row {first_row[key]}, which has the same person and date",
                    "one row a person and date; exact repetitions are dropped",
                )
        except RecordError as error:
            problems.append(Problem(file.name, row.number, row.line, error.column, error.problem, error.expected))
    problems.sort(key=lambda problem: problem.row)
    refuse_problems(problems, strict=strict, rows_left=len(days))
    return days, persons, FileCount(file.name, total, len(days), duplicates, len(problems)), problems


def _sleep_of(row: Row) -> _Sleep:
    records = cells.number(row, "TotalSleepRecords", 1, MAX_RECORDS, whole=True)
    in_bed_min = cells.number(row, "TotalTimeInBed", 1, nightly.DAY_MIN)
    asleep_min = cells.number(row, "TotalMinutesAsleep", 0, nightly.DAY_MIN)
    if asleep_min > in_bed_min:
        raise RecordError(
            "TotalMinutesAsleep",
            f"{asleep_min:g} minutes asleep exceed {in_bed_min:g} minutes in bed",
            "asleep at most as long as in bed",
        )
    return _Sleep(int(records), asleep_min, in_bed_min)


def _activity_of(row: Row) -> _Activity:
    steps = cells.number(row, "TotalSteps", 0, nightly.COLUMNS["steps"].high, whole=True)
    very, fairly, lightly = (
        cells.number(row, name, 0, nightly.DAY_MIN)
        for name in ("VeryActiveMinutes", "FairlyActiveMinutes", "LightlyActiveMinutes")
    )
    if very + fairly + lightly > nightly.DAY_MIN:
        raise RecordError(
            "VeryActiveMinutes", "very, fairly and lightly active minutes add up to more than a day", "1440 at most"
        )
    return _Activity(steps, very, fairly, lightly)


def _masks(persons: set[str]) -> dict[str, str]:
    ordered = sorted(persons, key=lambda person: (len(person), person))
    width = max(2, len(str(len(ordered))))
    return {person: f"{VENDOR}-{position:0{width}d}" for position, person in enumerate(ordered, start=1)}


def _night_rows(
    slept: dict[tuple[str, date], _Sleep], active: dict[tuple[str, date], _Activity], masks: dict[str, str]
) -> pd.DataFrame:
    records = []
    for (person, ended_on), sleep in slept.items():
        day_before = active.get((person, ended_on - timedelta(days=1)))
        worn = day_before is not None and (day_before.steps > 0 or day_before.active_min > 0)
        # Active minutes without a step come from an activity that was entered by hand: the steps were not measured.
        stepped = day_before is not None and day_before.steps > 0
        records.append(
            {
                "person_id": masks[person],
                "night_date": pd.Timestamp(ended_on),
                "sleep_kind": "main",
                "device": "fitbit",
                "time_in_bed_min": sleep.in_bed_min,
                "total_sleep_min": sleep.asleep_min,
                "sleep_efficiency_pct": 100 * sleep.asleep_min / sleep.in_bed_min,
                "steps": day_before.steps if day_before and stepped else None,
                "exercise_min": day_before.exercise_min if day_before and worn else None,
                "quality": _quality(sleep),
            }
        )
    return pd.DataFrame(records)


def _day_values(
    active: dict[tuple[str, date], _Activity], weighed: list[tuple[str, Weight]], masks: dict[str, str]
) -> pd.DataFrame:
    """Steps and active minutes of every day that was worn, and weights, for persons with any sleep."""
    records = [
        (masks[person], pd.Timestamp(one.day), "weight_kg", one.kilograms, f"reading at {one.moment}", VENDOR, "fitbit")
        for person, one in weighed
    ]
    for (person, day), activity in active.items():
        if person not in masks or activity.active_min + activity.steps == 0:
            continue
        given = {
            "steps": activity.steps if activity.steps else None,
            "light_activity_min": activity.lightly_min,
            "moderate_activity_min": activity.fairly_min,
            "vigorous_activity_min": activity.very_min,
            "exercise_min": activity.exercise_min,
        }
        records += [
            (masks[person], pd.Timestamp(day), measure, value, "day", VENDOR, "fitbit")
            for measure, value in given.items()
            if value is not None
        ]
    return pd.DataFrame(records, columns=list(DAY_VALUE_COLUMNS))


def _quality(sleep: _Sleep) -> str:
    if sleep.asleep_min == 0:
        return "no minute asleep was recorded"
    if sleep.records > 1:
        return f"total of {sleep.records} sleep records; naps can't be separated"
    return "ok"
