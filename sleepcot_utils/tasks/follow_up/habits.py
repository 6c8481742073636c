"""Questions about habits: did alcohol, caffeine or naps change the nights."""

from __future__ import annotations

from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.drivers import OUTCOMES
from sleepcot_utils.tasks.follow_up.verdicts import CANNOT_SAY, Verdict, decide, remarkable
from sleepcot_utils.tasks.steps import TOO_FEW_NIGHTS, compare, compare_until, compute, unknown

#: Points of sleep efficiency below which a difference after alcohol is not called one; a choice, about the error of a
#: consumer device's weekly mean.
ALCOHOL_DIFFERENCE_PCT = 3
CONTRAST = "efficiency_after_alcohol"


def alcohol(report: Report, about: str) -> Verdict:
    """Sleep efficiency after evenings with alcohol against the others."""
    if report.alcohol is None:
        return decide(CANNOT_SAY, (), unknown(CONTRAST, TOO_FEW_NIGHTS))
    after, other = report.alcohol["after_pct"], report.alcohol["otherwise_pct"]
    lower = other - after >= ALCOHOL_DIFFERENCE_PCT
    step = compute("difference", ("otherwise", other), (CONTRAST, after), result=other - after)
    return decide("lower" if lower else "no_difference", (CONTRAST,), step)


def caffeine(report: Report, about: str) -> Verdict:
    """Whether late caffeine may lie behind disturbed nights."""
    return _blame(report, "late_caffeine_nights")


def naps(report: Report, about: str) -> Verdict:
    """Whether naps may lie behind disturbed nights."""
    return _blame(report, "nap_mean")


def _blame(report: Report, habit: str) -> Verdict:
    """A habit may be to blame where it goes over its norm and sleep is short or broken; nothing here proves it."""
    fact = report.facts[habit]
    if not fact.known:
        return decide(CANNOT_SAY, (), unknown(habit))
    if fact.level == "ok":
        return decide("unlikely", (habit,), compare(report, habit))
    disturbed = tuple(name for name in remarkable(report, OUTCOMES) if not _is_long(report, name))
    if not disturbed:
        return decide("no_harm", (habit,), compare(report, habit), *compare_until(report, OUTCOMES))
    steps = compare_until(report, OUTCOMES, disturbed[0])
    return decide("may_be", (habit, disturbed[0]), compare(report, habit), *steps)


def _is_long(report: Report, name: str) -> bool:
    """Long sleep is no disturbed sleep."""
    return name == "total_sleep" and report.facts[name].direction == "high"
