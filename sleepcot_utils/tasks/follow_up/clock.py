"""Questions about clock times and minutes in bed, some of which have to be computed."""

from __future__ import annotations

from sleepcot_utils.report.reports import Report, clock_minutes, rise_minutes
from sleepcot_utils.tasks.follow_up.verdicts import CANNOT_SAY, Verdict, decide
from sleepcot_utils.tasks.steps import COMPARE, INSIDE, OVER, Step, compare, compute, unknown


def weekend(report: Report, about: str) -> Verdict:
    """Whether the middle of the night lies later on weekends."""
    shift = report.facts["weekend_shift"]
    name = CANNOT_SAY if not shift.known else "later" if shift.level != "ok" else "same"
    return decide(name, ("weekend_shift",) if shift.known else (), compare(report, "weekend_shift"))


def regular(report: Report, about: str) -> Verdict:
    """How much bedtime varies."""
    spread = report.facts["bedtime_spread"]
    if not spread.known:
        return decide(CANNOT_SAY, (), unknown("bedtime_spread"))
    name = {"ok": "regular", "watch": "somewhat", "act": "irregular"}[spread.level]
    return decide(name, ("bedtime_spread",), compare(report, "bedtime_spread"))


def awake(report: Report, about: str) -> Verdict:
    """Minutes in bed that are not sleep, and whether sleep efficiency makes them many."""
    facts = report.facts
    in_bed, asleep, efficiency = facts["time_in_bed"], facts["total_sleep"], facts["sleep_efficiency"]
    if not (in_bed.known and asleep.known and efficiency.known):
        return decide(CANNOT_SAY, (), *(unknown(fact.name) for fact in (in_bed, asleep, efficiency) if not fact.known))
    minutes = in_bed.value - asleep.value
    step = compute("awake", ("time_in_bed", in_bed.value), ("total_sleep", asleep.value), result=minutes)
    name = "much" if efficiency.direction == "low" else "usual"
    cited = ("time_in_bed", "total_sleep", "sleep_efficiency")
    return decide(name, cited, step, compare(report, "sleep_efficiency"), value=minutes)


def rise(report: Report, about: str) -> Verdict:
    """Average time of getting up, from bedtime and time in bed, against the clock time `about`.

    Both times are read as mornings: somebody who gets up at noon is not up by seven.
    """
    minutes, in_bed = rise_minutes(report), report.facts["time_in_bed"]
    if report.bedtime is None or minutes is None:
        return decide(CANNOT_SAY, (), unknown("bedtime" if report.bedtime is None else "time_in_bed"))
    bed = float(clock_minutes(report.bedtime))
    step = compute("rise", ("bedtime", bed), ("time_in_bed", in_bed.value), result=minutes)
    limit = float(clock_minutes(about))
    late = minutes > limit
    against = Step(
        COMPARE, "rise", minutes, limit if late else None, OVER if late else INSIDE, terms=_high(late, limit)
    )
    return decide("later" if late else "by_then", ("time_in_bed",), step, against, value=minutes)


def _high(late: bool, limit: float) -> tuple[tuple[str, float], ...]:
    return () if late else (("high", limit),)
