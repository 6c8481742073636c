"""What training advice is given on: a person's wishes, limits, readings and recent training, and how they are printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sleepcot_utils.errors import InputError
from sleepcot_utils.fencing import fence
from sleepcot_utils.tasks.guide.rules import PREGNANCY, conditions, goals

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONGEST_DAY_MIN = 240


@dataclass(frozen=True)
class Request:
    """What a person asks for and says about themselves.

    Attributes
    ----------
    goal : str
        Id of a goal; empty where none was given.
    conditions : tuple of str
        Ids of conditions that the person has told of.
    injury : str
        What hurts, such as ``sore knee``; empty for nothing.
    day_minutes : int
        Most minutes a day that the person has; 0 where no limit was given.
    busy_days : tuple of str
        Days (``Mon`` to ``Sun``) without time for training.
    note : str
        Free text of the person. It is data: signs in it count, instructions in it don't.
    """

    goal: str = ""
    conditions: tuple[str, ...] = ()
    injury: str = ""
    day_minutes: int = 0
    busy_days: tuple[str, ...] = ()
    note: str = ""


def check_request(request: Request, *, sex: str | None = None, where: str = "request") -> Request:
    """Check what a person asked for, and return it.

    A goal may be missing: then the plan is for the activity guideline, and the answer asks for a goal.

    Raises
    ------
    InputError
        On a goal, condition or day that there is not, on minutes that no day has, or on pregnancy of a man.
    """
    if request.goal and request.goal not in goals():
        raise InputError(f"there is no goal {request.goal!r}", where=where, expected=f"one of {', '.join(goals())}")
    for name in request.conditions:
        if name not in conditions():
            raise InputError(
                f"there is no condition {name!r}", where=where, expected=f"some of {', '.join(conditions())}"
            )
    for day in request.busy_days:
        if day not in DAYS:
            raise InputError(f"there is no day {day!r}", where=where, expected=f"some of {', '.join(DAYS)}")
    if not 0 <= request.day_minutes <= LONGEST_DAY_MIN or 0 < request.day_minutes < 10:
        raise InputError(
            f"{request.day_minutes} min a day leave no plan",
            where=where,
            expected=f"10 to {LONGEST_DAY_MIN}, or 0 for any",
        )
    if sex == "male" and PREGNANCY in request.conditions:
        raise InputError("pregnancy is given for a man", where=where, expected="another condition or sex")
    return request


@dataclass(frozen=True)
class Readiness:
    """What wearable and readings say on the morning of the first day; None is not measured.

    Attributes
    ----------
    hrv_mean, hrv_low, hrv_high : float or None
        7-day mean of ln RMSSD (RMSSD in ms), and the own range (mean and 0.5 standard deviations of the weeks before).
    heart_rate_change, breathing_rate_change : float or None
        Last night against the own baseline, beats and breaths a minute.
    sleep_short_min, last_night_min : float or None
        Mean shortfall of the last 7 nights against the norm, and minutes asleep in the last night.
    systolic, diastolic : float or None
        Highest blood pressure of today or yesterday, mmHg.
    glucose : float or None
        Last glucose of today or yesterday, mg/dL.
    glucose_fasting : bool
        Whether it was taken fasting.
    weekly_min : int or None
        Minutes of training in a week, mean of the three weeks before the last 6 days, in tens.
    done_min : int
        Minutes of training in the last 6 days, in tens.
    hard_days_ago : int
        Days since the last hard day (1 is yesterday); 0 if there is none in four weeks.
    days_in_a_row : int
        Days of training in a row up to yesterday.
    """

    hrv_mean: float | None = None
    hrv_low: float | None = None
    hrv_high: float | None = None
    heart_rate_change: float | None = None
    breathing_rate_change: float | None = None
    sleep_short_min: float | None = None
    last_night_min: float | None = None
    systolic: float | None = None
    diastolic: float | None = None
    glucose: float | None = None
    glucose_fasting: bool = False
    weekly_min: int | None = None
    done_min: int = 0
    hard_days_ago: int = 0
    days_in_a_row: int = 0


@dataclass(frozen=True)
class Situation:
    """A person on the morning of a day: request, readiness and what is known of them.

    Attributes
    ----------
    first_day : str
        Day of the week that is today (``Mon`` to ``Sun``); a plan begins with it.
    age_y : int or None
        Years; None where not given.
    """

    person_id: str
    first_day: str
    age_y: int | None
    request: Request
    readiness: Readiness

    def as_dict(self) -> dict[str, Any]:
        """Plain mapping for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Situation:
        """Inverse of ``as_dict``, also after JSON."""
        asked = dict(entry["request"])
        asked |= {name: tuple(asked[name]) for name in ("conditions", "busy_days")}
        return cls(
            entry["person_id"], entry["first_day"], entry["age_y"], Request(**asked), Readiness(**entry["readiness"])
        )

    def days(self) -> tuple[str, ...]:
        """The seven days of the plan."""
        start = DAYS.index(self.first_day)
        return DAYS[start:] + DAYS[:start]


def situation_text(situation: Situation) -> str:
    """The situation as it stands in a task: one line a matter, and the person's note quoted as data.

    Examples
    --------
    >>> print(situation_text(Situation("p", "Mon", 44, Request("run_10k"), Readiness())).splitlines()[1])
    Goal: run 10 km.
    """
    asked, ready = situation.request, situation.readiness
    limits = [asked.injury] if asked.injury else []
    limits += [f"{asked.day_minutes} min a day at most"] if asked.day_minutes else []
    limits += (
        [f"no time on {', '.join(day for day in situation.days() if day in asked.busy_days)}"]
        if asked.busy_days
        else []
    )
    told = [conditions()[name]["text"] for name in asked.conditions]
    age = "not given" if situation.age_y is None else f"{situation.age_y} years"
    lines = [
        f"Training, {situation.first_day} to {situation.days()[-1]}.",
        f"Goal: {goals()[asked.goal]['text'] if asked.goal else 'not given'}.",
        f"Age: {age}. Condition: {', '.join(told) or 'none'}.",
        f"Limits: {'; '.join(limits) or 'none'}.",
        f"Note: {fence(asked.note) if asked.note.strip() else 'none'}",
        f"HRV, 7-day mean: {hrv_text(ready)}.",
        f"Resting heart rate: {_change(ready.heart_rate_change, 'bpm', 0)}.",
        f"Breathing rate: {_change(ready.breathing_rate_change, 'a minute', 1)}.",
        f"Sleep: {_short(ready.sleep_short_min)}; last night {_amount(ready.last_night_min, 'min')}.",
        f"Blood pressure: {pressure_text(ready)}. Glucose: {glucose_text(ready)}.",
        f"Training: {_weekly(ready.weekly_min)}; {ready.done_min} min in the last 6 days.",
        f"Last hard day: {hard_text(ready.hard_days_ago)}. Training days in a row: {ready.days_in_a_row}.",
    ]
    return "\n".join(lines)


def hrv_text(ready: Readiness) -> str:
    """The 7-day mean beside the own range, or that it was not measured."""
    if ready.hrv_mean is None or ready.hrv_low is None or ready.hrv_high is None:
        return "not measured"
    return f"{ready.hrv_mean:.2f}, own range {ready.hrv_low:.2f} to {ready.hrv_high:.2f}"


def pressure_text(ready: Readiness) -> str:
    """Blood pressure with its unit, or that it was not measured."""
    if ready.systolic is None or ready.diastolic is None:
        return "not measured"
    return f"{ready.systolic:.0f}/{ready.diastolic:.0f} mmHg"


def glucose_text(ready: Readiness) -> str:
    """Glucose with its unit, or that it was not measured."""
    fasting = " fasting" if ready.glucose_fasting else ""
    return "not measured" if ready.glucose is None else f"{ready.glucose:.0f} mg/dL{fasting}"


def hard_text(days_ago: int) -> str:
    """When the last hard day was."""
    return {0: "none", 1: "yesterday"}.get(days_ago, f"{days_ago} days ago")


def _amount(value: float | None, unit: str) -> str:
    return "not measured" if value is None else f"{value:.0f} {unit}"


def _change(value: float | None, unit: str, digits: int) -> str:
    return "not measured" if value is None else f"{value:+.{digits}f} {unit}"


def _weekly(value: int | None) -> str:
    return "not measured before" if value is None else f"{value} min a week before"


def _short(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.0f} min a night short"
