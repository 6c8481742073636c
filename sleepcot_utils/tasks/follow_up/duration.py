"""Questions about how long somebody sleeps: tired, enough, what if, bedtime, trend."""

from __future__ import annotations

from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.drivers import BROKEN, find
from sleepcot_utils.tasks.follow_up.verdicts import CANNOT_SAY, Verdict, decide, remarkable
from sleepcot_utils.tasks.steps import (
    COMPARE,
    INSIDE,
    NOT_GIVEN,
    READ,
    TOO_FEW_NIGHTS,
    UNDER,
    Step,
    compare,
    compare_until,
    compute,
    read,
    unknown,
)

TIRED_ORDER = ("lowest_oxygen", "heart_rate_change", "total_sleep", *BROKEN)
TRENDS = {"falling": "falling", "rising": "rising", "no clear trend": "no_trend"}


def tired(report: Report, about: str) -> Verdict:
    """The first of oxygen, strain, short and broken sleep that stands out."""
    facts = report.facts
    broken = remarkable(report, BROKEN)
    if facts["lowest_oxygen"].level == "act":
        name, cited = "breathing", "lowest_oxygen"
    elif facts["heart_rate_change"].level != "ok":
        name, cited = "strain", "heart_rate_change"
    elif facts["total_sleep"].direction == "low":
        name, cited = "short", "total_sleep"
    elif broken:
        name, cited = "broken", broken[0]
    else:
        return decide(CANNOT_SAY, ("total_sleep",), *compare_until(report, TIRED_ORDER))
    return decide(name, (cited,), *compare_until(report, TIRED_ORDER, cited))


def enough(report: Report, about: str) -> Verdict:
    """Time asleep against the recommendation for the person's age.

    Without an age only sleep below the adult limit can be judged: it is too short at every age, while what is enough
    for an adult is short for a teenager and may be long for somebody older (Hirshkowitz et al. 2015).
    """
    sleep = report.facts["total_sleep"]
    if report.age_y is None and sleep.direction != "low":
        return decide(CANNOT_SAY, ("total_sleep",), read(report, "total_sleep"), unknown("age", NOT_GIVEN))
    age = Step(READ, "age", report.age_y) if report.age_y is not None else unknown("age", NOT_GIVEN)
    name = {"low": "too_short", "high": "longer", "": "enough"}[sleep.direction]
    return decide(name, ("total_sleep",), age, compare(report, "total_sleep"))


def what_if(report: Report, about: str) -> Verdict:
    """Whether time asleep would still reach the recommendation if bedtime moved `about` minutes later.

    Every minute of a later bedtime counts as a minute of sleep lost (choice). That is the most it can cost when getting
    up stays as it is; people who lie awake lose less.
    """
    sleep, later = report.facts["total_sleep"], float(about)
    now = compare(report, "total_sleep")
    left = sleep.value - later
    moved = compute("sleep_left", ("total_sleep", sleep.value), ("later", later), result=left)
    if sleep.direction == "low":
        return decide("already_short", ("total_sleep",), now, moved, value=left)
    low = sleep.low or 0.0
    then = Step(COMPARE, "sleep_left", left, low, UNDER) if left < low else _inside(left, low)
    return decide("too_short" if left < low else "still_enough", ("total_sleep",), now, moved, then, value=left)


def _inside(left: float, low: float) -> Step:
    return Step(COMPARE, "sleep_left", left, None, INSIDE, terms=(("low", low),))


def bedtime(report: Report, about: str) -> Verdict:
    """Earlier by half an hour or an hour where sleep is short and unbroken, else not.

    Awake in bed, or in bed inefficiently, more time in bed would be more time awake.
    """
    sleep = report.facts["total_sleep"]
    order = ("total_sleep", *BROKEN)
    if sleep.direction != "low":
        return decide("not_needed", ("total_sleep",), compare(report, "total_sleep"))
    if "short_time_in_bed" not in find(report).candidates:
        broken = remarkable(report, BROKEN)[:1]
        return decide("not_earlier", broken, *compare_until(report, order, broken[0] if broken else ""))
    name = "earlier_60" if sleep.level == "act" else "earlier_30"
    return decide(name, ("total_sleep",), *compare_until(report, order))


def trend(report: Report, about: str) -> Verdict:
    """Direction of time asleep over the nights, where its interval allows to name one."""
    direction = report.trend["direction"]
    if direction not in TRENDS:
        return decide(CANNOT_SAY, (), unknown("trend", TOO_FEW_NIGHTS))
    return decide(TRENDS[direction], (), Step(READ, "trend", says=direction))
