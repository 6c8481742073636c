"""Questions about sleep stages, held against what wearable users of that age and sex see."""

from __future__ import annotations

from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.follow_up.verdicts import CANNOT_SAY, Verdict, decide
from sleepcot_utils.tasks.steps import NOT_GIVEN, compare, unknown

PLACES = {"under": "below", "over": "above", "inside": "within"}


def deep(report: Report, about: str) -> Verdict:
    """Deep sleep against its typical range."""
    return _stage(report, "deep_sleep")


def rem(report: Report, about: str) -> Verdict:
    """REM sleep against its typical range."""
    return _stage(report, "rem_sleep")


def _stage(report: Report, name: str) -> Verdict:
    fact = report.facts[name]
    if not fact.known:
        return decide(CANNOT_SAY, (), unknown(name))
    if fact.low is None or fact.high is None:
        return decide(CANNOT_SAY, (), unknown("age or sex", NOT_GIVEN))
    step = compare(report, name)
    return decide(PLACES[step.relation], (name,), step)
