"""A week of training: what it must keep to, how a plan is written and read, and whether it keeps to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from sleepcot_utils.tasks.guide.decision import Decision, decide, is_pregnant, week_limit_min
from sleepcot_utils.tasks.guide.rules import (
    DIABETES,
    EASY,
    GO,
    HARD,
    HYPERTENSION,
    LEVELS,
    RECOVER,
    REST,
    RESTING,
    STOP,
    TODAY,
    entries,
    goals,
    guideline,
    load,
)
from sleepcot_utils.tasks.guide.situation import DAYS, Situation

FULL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NO_LIMIT = 7
SESSION = re.compile(
    r"\b(?P<day>mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?:?\s+(?P<level>rest|easy|hard)\b"
    r"(?:,?\s*(?P<minutes>\d+)\s*min(?:utes)?)?(?P<more>[^;.\n]*)",
    re.IGNORECASE,
)
TOTAL = re.compile(r"\btotal:?\s*(?P<total>\d+)\s*min", re.IGNORECASE)
STRENGTH = re.compile(r"\bstrength\b", re.IGNORECASE)
BALANCE = re.compile(r"\bbalance\b", re.IGNORECASE)


@dataclass(frozen=True)
class WeekLimits:
    """What a week must keep to.

    Attributes
    ----------
    days : tuple of str
        The seven days in order.
    total_low_min, total_high_min : int
        Fewest and most minutes in all; both 0 where nobody may train before a clinician has looked.
    day_most_min : int
        Most minutes on one day.
    hard_most : int
        Most hard days; no two of them follow each other.
    first_level : str
        Most that is allowed on the first day.
    rest_first : int
        Days at the beginning without any training.
    rest_least : int
        Rest days that the week needs, busy days among them.
    rest_run_most : int
        Most rest days in a row (7 for no limit).
    busy : tuple of str
        Days without time, which must be rest days.
    strength_least : int
        Days with strength exercises that the week needs.
    balance : bool
        Whether balance belongs to them.
    guideline_low_min : int
        Weekly minutes that the guideline recommends at least.
    """

    days: tuple[str, ...]
    total_low_min: int
    total_high_min: int
    day_most_min: int
    hard_most: int
    first_level: str
    rest_first: int
    rest_least: int
    rest_run_most: int
    busy: tuple[str, ...]
    strength_least: int
    balance: bool
    guideline_low_min: int

    def as_dict(self) -> dict[str, Any]:
        """Plain mapping for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, entry: dict[str, Any]) -> WeekLimits:
        """Inverse of ``as_dict``, also after JSON."""
        return cls(**(entry | {"days": tuple(entry["days"]), "busy": tuple(entry["busy"])}))


@dataclass(frozen=True)
class Session:
    """One day of a plan; a rest day has 0 minutes."""

    day: str
    level: str
    minutes: int
    strength: bool = False
    balance: bool = False


def week_limits(situation: Situation, decision: Decision | None = None) -> WeekLimits:
    """What the week of a person must keep to."""
    decision = decision or decide(situation)
    asked, week = situation.request, entries()["week"]
    tier, pregnant = decision.tier, is_pregnant(situation)
    advised = guideline(situation.age_y, pregnant)
    goal = goals()[asked.goal] if asked.goal else {"hard_days": 1, "strength_days": 0}
    first_rest = int(week["rest_first_days"][tier])
    days = situation.days()
    free = [day for day in days[first_rest:] if day not in asked.busy_days]
    if decision.level == REST and first_rest == 0:
        free = [day for day in free if day != days[0]]
    rest_least = max(int(week["rest_days"][tier]), 7 - len(free))
    sessions = 7 - rest_least
    day_most = asked.day_minutes or int(load()["minutes_most"][EASY])
    grown = week_limit_min(situation.readiness.weekly_min)
    before = situation.readiness.weekly_min
    high = grown
    if tier in (RECOVER, RESTING):
        high = grown // 2 if before is None else before
    # Who has trained next to nothing still gets the shortest sessions of a plan.
    high = 0 if tier == STOP else min(max(high, 2 * int(load()["session_least_min"])), sessions * day_most)
    high = high // 5 * 5
    may_go_hard = tier in (GO, TODAY) and day_most >= int(load()["session_least_min"])
    has_diabetes = DIABETES in asked.conditions
    strength = max(int(advised["strength_days"]), int(goal["strength_days"]))
    return WeekLimits(
        days=days,
        total_low_min=int(high * float(load()["week_share_least"])) // 5 * 5,
        total_high_min=high,
        day_most_min=day_most,
        hard_most=int(goal["hard_days"]) if may_go_hard else 0,
        first_level=decision.level,
        rest_first=first_rest,
        rest_least=rest_least,
        rest_run_most=_run_most(week, asked.busy_days, days) if has_diabetes and tier in (GO, TODAY) else NO_LIMIT,
        busy=tuple(day for day in days if day in asked.busy_days),
        strength_least=0
        if tier in (STOP, RESTING)
        else min(strength, sessions, high // int(load()["session_least_min"])),
        balance=bool(advised["balance"]),
        guideline_low_min=int(advised["low_min"]),
    )


def _run_most(week: dict[str, Any], busy: Sequence[str], days: Sequence[str]) -> int:
    """Two days in a row, unless the person's busy days and the day after them make a longer run."""
    allowed, run, longest = int(week["rest_days_in_a_row_most"]), 0, 0
    for day in days:
        run = run + 1 if day in busy else 0
        longest = max(longest, run)
    return max(allowed, longest + 1)


def plan_week(situation: Situation, limits: WeekLimits) -> list[Session]:
    """A plan that keeps to the limits: equal sessions on spread days, hard ones apart from each other."""
    if limits.total_high_min == 0:
        return [Session(day, REST, 0) for day in limits.days]
    shortest = int(load()["session_least_min"])
    open_days = [
        number
        for number, day in enumerate(limits.days)
        if number >= limits.rest_first and day not in limits.busy and (number or limits.first_level != REST)
    ]
    # With long sessions fewer days are enough; short ones are spread over as many days as may be.
    count = min(len(open_days), 7 - limits.rest_least, max(limits.total_high_min // shortest, 1))
    chosen = _spread(open_days, count)
    each = min(limits.total_high_min // count // 5 * 5, limits.day_most_min // 5 * 5, int(load()["minutes_most"][HARD]))
    hard = _hard_days(chosen, limits)
    strong = _spread(chosen, min(limits.strength_least, count))
    return [
        Session(day, HARD if number in hard else EASY, each, number in strong, number in strong and limits.balance)
        if number in chosen
        else Session(day, REST, 0)
        for number, day in enumerate(limits.days)
    ]


def _spread(days: Sequence[int], count: int) -> list[int]:
    """So many of the days, spread over them."""
    return [days[number * len(days) // count] for number in range(count)] if count else []


def _hard_days(chosen: Sequence[int], limits: WeekLimits) -> list[int]:
    picked: list[int] = []
    for number in chosen:
        is_open = number > 0 or limits.first_level == HARD
        if is_open and len(picked) < limits.hard_most and (not picked or number - picked[-1] >= 2):
            picked.append(number)
    return picked


def plan_text(plan: Sequence[Session]) -> str:
    """A plan in its fixed form.

    Examples
    --------
    >>> plan_text([Session("Mon", "rest", 0), Session("Tue", "easy", 30, True)])
    'Mon rest; Tue easy 30 min + strength'
    """
    return "; ".join(
        f"{one.day} {one.level}"
        + (f" {one.minutes} min" if one.level != REST else "")
        + (" + strength and balance" if one.balance else " + strength" if one.strength else "")
        for one in plan
    )


def read_plan(text: str) -> list[Session]:
    """Days of a plan in the order in which they stand; a training day without minutes has none.

    Examples
    --------
    >>> [(one.day, one.minutes) for one in read_plan("Plan: Monday rest; Tue easy 30 min + strength.")]
    [('Mon', 0), ('Tue', 30)]
    """
    plan = []
    for found in SESSION.finditer(text):
        level = found["level"].lower()
        more = found["more"]
        plan.append(
            Session(
                found["day"].capitalize(),
                level,
                int(found["minutes"] or 0) if level != REST else 0,
                bool(STRENGTH.search(more)),
                bool(BALANCE.search(more)),
            )
        )
    return plan


def plan_faults(text: str, limits: WeekLimits) -> dict[str, str]:
    """What a written plan does against the limits.

    Parameters
    ----------
    text : str
        Answer that holds a plan in its fixed form, and ``Total: N min``.

    Returns
    -------
    dict of str to str
        Name of each rule that is broken (of ``PLAN_RULES``) to what would be right.
    """
    plan = read_plan(text)
    if tuple(one.day for one in plan) != limits.days:
        return {"days": f"seven days in order, {limits.days[0]} to {limits.days[-1]}"}
    faults: dict[str, str] = {}
    total = sum(one.minutes for one in plan)
    stated = TOTAL.search(text)
    if stated is None or int(stated["total"]) != total:
        faults["stated total"] = f"Total: {total} min, the sum of the days"
    if not limits.total_low_min <= total <= limits.total_high_min:
        faults["week minutes"] = f"{limits.total_low_min} to {limits.total_high_min} min in all"
    shortest = int(load()["session_least_min"])
    longest = {level: min(limits.day_most_min, minutes) for level, minutes in load()["minutes_most"].items()}
    if any(one.level != REST and not shortest <= one.minutes <= longest[one.level] for one in plan):
        faults["day minutes"] = f"{shortest} to {longest[EASY]} min easy, to {longest[HARD]} min hard"
    if sum(one.level == HARD for one in plan) > limits.hard_most:
        faults["hard days"] = f"at most {limits.hard_most} hard days"
    if any(one.level == other.level == HARD for one, other in pairwise(plan)):
        faults["hard days in a row"] = "a day between two hard ones"
    if LEVELS.index(plan[0].level) > LEVELS.index(limits.first_level):
        faults["first day"] = f"at most {limits.first_level} on the first day"
    if any(one.level != REST for one in plan[: limits.rest_first]):
        faults["first days rest"] = f"rest on the first {limits.rest_first} days"
    if sum(one.level == REST for one in plan) < limits.rest_least:
        faults["rest days"] = f"at least {limits.rest_least} rest days"
    if _longest_rest(plan) > limits.rest_run_most:
        faults["rest days in a row"] = f"at most {limits.rest_run_most} rest days in a row"
    if any(one.day in limits.busy and one.level != REST for one in plan):
        faults["busy days"] = f"rest on {', '.join(limits.busy)}"
    trained = [one for one in plan if one.level != REST]
    strong = [one for one in trained if one.strength and (one.balance or not limits.balance)]
    if len(strong) < limits.strength_least:
        name = "strength and balance" if limits.balance else "strength"
        faults["strength days"] = f"{name} on at least {limits.strength_least} days of training"
    return faults


#: Names of what a plan can break.
PLAN_RULES = (
    "days",
    "stated total",
    "week minutes",
    "day minutes",
    "hard days",
    "hard days in a row",
    "first day",
    "first days rest",
    "rest days",
    "rest days in a row",
    "busy days",
    "strength days",
)


def _longest_rest(plan: Sequence[Session]) -> int:
    longest = run = 0
    for one in plan:
        run = run + 1 if one.level == REST else 0
        longest = max(longest, run)
    return longest


__all__ = [
    "DAYS",
    "HYPERTENSION",
    "PLAN_RULES",
    "Session",
    "WeekLimits",
    "plan_faults",
    "plan_text",
    "plan_week",
    "read_plan",
    "week_limits",
]
