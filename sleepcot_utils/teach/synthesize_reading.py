"""Reads what a language model imagined: one person and their nights as JSON, each night checked before it counts.

A model that imagines nights gets sums wrong, forgets nights and invents impossible ones. How often it does is a result
of its own, so that nothing is mended here: a night that fails a check is refused under the name of that check.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd

from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import InputError

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY_MIN = 24 * 60

#: Columns of the nightly table that the model fills, and whether only whole numbers are asked for.
ASKED = {
    "time_in_bed_min": True,
    "sleep_onset_latency_min": True,
    "total_sleep_min": True,
    "wake_after_sleep_onset_min": True,
    "awakenings": True,
    "light_min": True,
    "deep_min": True,
    "rem_min": True,
    "sleep_efficiency_pct": False,
    "resting_heart_rate_bpm": False,
    "hrv_rmssd_ms": False,
    "respiratory_rate_brpm": False,
    "spo2_mean_pct": False,
    "spo2_min_pct": False,
    "steps": True,
    "exercise_min": True,
    "caffeine_after_14h": True,
    "alcohol_units": False,
    "nap_min": True,
}
#: Room for rounding: a sum of three rounded minutes against a fourth is off by at most 4 * 0.5 minutes.
ROUNDING_MIN = 2.0
#: Body mass index outside which a person is taken for a slip of the model. A choice: hardly anyone lives outside of it.
BODY_MASS_INDEX = (12.0, 80.0)

#: Checks of this module, in the order in which they are made; a night counts under the first that it fails. Checks of
#: the nightly table (`sleepcot_utils.nights.validate`) come after ``weekday`` and carry the column and its problem.
NIGHT_REASONS = {
    "answer failed": "no usable answer came for this person",
    "missing": "fewer nights came than were asked for",
    "surplus": "its number lies outside of the nights that were asked for",
    "repeated": "its number was given to an earlier night",
    "weekday": "the weekday is not that of the night's number",
    "clock": "a clock time is not HH:MM from 00:00 to 23:59",
    "clock span": "from bed to rise is not the time in bed",
    "parts of the time in bed": "to fall asleep, asleep and awake do not add up to the time in bed",
    "parts of sleep": "light, deep and REM do not add up to the minutes asleep",
    "oxygen": "the lowest oxygen saturation is above the mean",
    "overlap": "it begins before the night before has ended",
}
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)
_THOUGHTS = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
#: How `sleepcot_utils.nights` names a bad cell.
_BAD_CELL = re.compile(r"row (\d+), column (\w+): \w+ (.+?) \(found ")


class AnswerError(ValueError):
    """An answer that is no JSON of the schema.

    Attributes
    ----------
    reason : str
        ``no JSON`` or ``wrong schema``.
    problem : str
        What is wrong, as it may be said to the model.
    """

    def __init__(self, reason: str, problem: str) -> None:
        self.reason = reason
        self.problem = problem
        super().__init__(f"{reason}: {problem}")


@dataclass(frozen=True)
class ImaginedNights:
    """The nights of one answer, told apart.

    Attributes
    ----------
    accepted : pandas.DataFrame
        Nightly table.
    rejected : dict of int to str
        Reason by the number of each night that was asked for and is not in the table.
    extra : list of (int, str)
        Number and reason of what came on top: surplus and repeated nights.
    """

    accepted: pd.DataFrame
    rejected: dict[int, str]
    extra: list[tuple[int, str]] = field(default_factory=list)


@cache
def answer_schema() -> dict[str, Any]:
    """JSON schema of an answer.

    Only what every server's strict mode understands: types, names and lists of values, no ranges. Ranges are checked
    here, so that impossible values show.
    """
    night: dict[str, Any] = {
        "night": {"type": "integer", "description": "1 for the first night"},
        "weekday": {"type": "string", "enum": list(WEEKDAYS), "description": "day on which the night ends"},
        "bed_clock": {"type": "string", "description": "start of the time in bed, local, HH:MM"},
        "rise_clock": {"type": "string", "description": "end of the time in bed, local, HH:MM"},
    }
    for name, whole in ASKED.items():
        night[name] = {"type": "integer" if whole else "number", "description": nightly.COLUMNS[name].meaning}
    person = {
        "occupation": {"type": "string"},
        "body_mass_index": {"type": "number"},
        "story": {"type": "string", "description": "one sentence on what shapes the nights"},
    }
    return _object({"person": _object(person), "nights": {"type": "array", "items": _object(night)}})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def read_answer(text: str) -> dict[str, Any]:
    """The JSON object of an answer; a code fence around it and thoughts before it are taken off.

    Raises
    ------
    AnswerError
        If it is no JSON or not of the schema, or the body mass index is not one of a living person.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    bare = _THOUGHTS.sub("", text)
    fenced = _FENCE.match(bare)
    try:
        answer = json.loads(fenced[1] if fenced else bare, parse_constant=_no_number)
    except (ValueError, RecursionError) as problem:
        raise AnswerError("no JSON", f"it is no JSON ({_short(str(problem))})") from None
    error = best_match(Draft202012Validator(answer_schema()).iter_errors(answer))
    if error is not None:
        raise AnswerError("wrong schema", _short(f"at {error.json_path}: {error.message}"))
    index = answer["person"]["body_mass_index"]
    low, high = BODY_MASS_INDEX
    if not low <= index <= high:
        raise AnswerError("wrong schema", _short(f"at $.person.body_mass_index: {index} is not {low:g} to {high:g}"))
    return answer


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def whole_characters(text: str) -> str:
    """A text without halves of characters (lone surrogates), which can be neither sent nor written to a file."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:200]}..."


def check_nights(
    given: list[dict[str, Any]], asked: int, *, person_id: str, device: str, first_date: pd.Timestamp
) -> ImaginedNights:
    """Tell the nights of one answer apart into those that can be true and those that can't.

    Parameters
    ----------
    given : list of dict
        ``nights`` of an answer that `read_answer` has let through.
    asked : int
        Nights that were asked for.
    person_id, device : str
        As they stand in the nightly table.
    first_date : pandas.Timestamp
        Date on which night 1 ends.
    """
    rejected: dict[int, str] = {}
    extra: list[tuple[int, str]] = []
    sound: dict[int, dict[str, Any]] = {}
    seen: set[int] = set()
    for night in given:
        number = int(night["night"])
        if not 1 <= number <= asked or number in seen:
            extra.append((number, "repeated" if number in seen else "surplus"))
            continue
        seen.add(number)
        if night["weekday"] == WEEKDAYS[_date(first_date, number).day_of_week]:
            sound[number] = night
        else:
            rejected[number] = "weekday"
    rejected |= {number: "missing" for number in range(1, asked + 1) if number not in seen}
    constant = {"person_id": person_id, "sleep_kind": "main", "device": device, "quality": "ok"}
    rows = [
        constant | {"night_date": _date(first_date, number)} | {name: _number(sound[number][name]) for name in ASKED}
        for number in sorted(sound)
    ]
    # Rows are in the order of their numbers, which is that of their dates: conforming keeps it.
    table = nightly.conform(pd.DataFrame(rows, columns=[*constant, "night_date", *ASKED]))
    table.index = pd.Index(sorted(sound), dtype="int64")
    table, refused = _refused_by_schema(table)
    rejected |= refused
    last_end: pd.Timestamp | None = None
    for number in table.index:
        reason, start, end = _first_fault(sound[number], table.loc[number], last_end)
        if reason:
            rejected[number] = reason
        else:
            table.loc[number, ["start_local", "end_local"]] = [start, end]
            last_end = end
    accepted = table.drop(index=[number for number in table.index if number in rejected]).reset_index(drop=True)
    return ImaginedNights(accepted, dict(sorted(rejected.items())), extra)


def _date(first_date: pd.Timestamp, number: int) -> pd.Timestamp:
    return first_date + pd.Timedelta(days=number - 1)


def _number(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _refused_by_schema(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[int, str]]:
    """What the nightly table lets through, and what it refuses, in its own words, by the number of the night."""
    refused: dict[int, str] = {}
    while True:
        try:
            return nightly.validate(table), refused
        except InputError as problem:
            cell = _BAD_CELL.search(str(problem))
            if cell is None:
                raise
            number = table.index[int(cell[1]) - 1]
            refused[number] = f"{cell[2]} {cell[3]}"
            table = table.drop(index=number)


def _first_fault(said: dict[str, Any], row: pd.Series, last_end: pd.Timestamp | None) -> tuple[str, Any, Any]:
    """Name of the first check that a night fails, or nothing, and its start and end on the local clock."""
    bed, rise = _CLOCK.fullmatch(said["bed_clock"]), _CLOCK.fullmatch(said["rise_clock"])
    if bed is None or rise is None:
        return "clock", None, None
    rise_min = 60 * int(rise[1]) + int(rise[2])
    span = (rise_min - 60 * int(bed[1]) - int(bed[2])) % DAY_MIN
    if span == 0 or abs(span - row["time_in_bed_min"]) > ROUNDING_MIN:
        return "clock span", None, None
    end = row["night_date"] + pd.Timedelta(minutes=rise_min)
    start = end - pd.Timedelta(minutes=span)
    parts = row["sleep_onset_latency_min"] + row["total_sleep_min"] + row["wake_after_sleep_onset_min"]
    if abs(parts - row["time_in_bed_min"]) > ROUNDING_MIN:
        return "parts of the time in bed", start, end
    if abs(row["light_min"] + row["deep_min"] + row["rem_min"] - row["total_sleep_min"]) > ROUNDING_MIN:
        return "parts of sleep", start, end
    if row["spo2_min_pct"] > row["spo2_mean_pct"]:
        return "oxygen", start, end
    if last_end is not None and start < last_end:
        return "overlap", start, end
    return "", start, end
