"""Follow-up questions: what the report allows to answer, as a verdict and the facts that an answer must cite."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from sleepcot_utils.paths import reference_data
from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.drivers import BROKEN, NONE, UNEXPLAINED, drivers, find

CANNOT_SAY = "cannot_say"
#: Points of sleep efficiency below which a difference after alcohol is not called one; a choice, about the error of a
#: consumer device's weekly mean.
ALCOHOL_DIFFERENCE_PCT = 3


@dataclass(frozen=True)
class Verdict:
    """Right answer of a follow-up question in short, and the facts that carry it."""

    name: str
    facts: tuple[str, ...] = ()


@cache
def follow_ups() -> dict[str, Any]:
    """Kinds of question with phrasings by split and the words by which a verdict is recognized."""
    kinds: dict[str, Any] = yaml.safe_load(reference_data("norms", "follow_ups.yaml").read_text(encoding="utf-8"))
    for kind in kinds.values():
        if kind["verdicts"] == "drivers":
            named = {name: list(driver.names) for name, driver in drivers().items()}
            kind["verdicts"] = named | {NONE: ["nothing needs to change"], UNEXPLAINED: ["no clear driver"]}
    return kinds


def verdict(kind: str, report: Report) -> Verdict:
    """Right verdict of one kind of question for one report.

    Parameters
    ----------
    kind : str
        A key of ``follow_ups()``.
    """
    return _RULES[kind](report)


def _tired(report: Report) -> Verdict:
    facts = report.facts
    if facts["lowest_oxygen"].level == "act":
        return Verdict("breathing", ("lowest_oxygen",))
    if facts["heart_rate_change"].level != "ok":
        return Verdict("strain", ("heart_rate_change",))
    if facts["total_sleep"].direction == "low":
        return Verdict("short", ("total_sleep",))
    broken = tuple(name for name in BROKEN if facts[name].level != "ok")
    return Verdict("broken", broken[:1]) if broken else Verdict(CANNOT_SAY, ("total_sleep",))


def _deep(report: Report) -> Verdict:
    deep = report.facts["deep_sleep"]
    if not deep.known or deep.low is None or deep.high is None:
        return Verdict(CANNOT_SAY)
    name = "below" if deep.value < deep.low else "above" if deep.value > deep.high else "within"
    return Verdict(name, ("deep_sleep",))


def _alcohol(report: Report) -> Verdict:
    if report.alcohol is None:
        return Verdict(CANNOT_SAY)
    lower = report.alcohol["otherwise_pct"] - report.alcohol["after_pct"] >= ALCOHOL_DIFFERENCE_PCT
    return Verdict("lower" if lower else "no_difference", ("efficiency_after_alcohol",))


def _first(report: Report) -> Verdict:
    found = find(report)
    facts = tuple(
        name
        for name in (drivers()[found.main].facts if found.main in drivers() else ())
        if report.facts[name].level != "ok"
    )
    return Verdict(found.main, facts[:1])


def _danger(report: Report) -> Verdict:
    flags = find(report).red_flags
    if flags:
        return Verdict("see_clinician", flags[:1])
    if not report.facts["lowest_oxygen"].known:
        return Verdict(CANNOT_SAY)
    return Verdict("no_red_flag", ("lowest_oxygen",))


def _weekend(report: Report) -> Verdict:
    shift = report.facts["weekend_shift"]
    if not shift.known:
        return Verdict(CANNOT_SAY)
    return Verdict("later" if shift.level != "ok" else "same", ("weekend_shift",))


def _trend(report: Report) -> Verdict:
    names = {"falling": "falling", "rising": "rising", "no clear trend": "no_trend"}
    return Verdict(names.get(report.trend["direction"], CANNOT_SAY))


def _bedtime(report: Report) -> Verdict:
    sleep = report.facts["total_sleep"]
    if sleep.direction != "low":
        return Verdict("not_needed", ("total_sleep",))
    if "short_time_in_bed" not in find(report).candidates:
        # Awake in bed, or in bed inefficiently: more time in bed would be more time awake.
        broken = tuple(name for name in BROKEN if report.facts[name].level != "ok")
        return Verdict("not_earlier", broken[:1])
    return Verdict("earlier_60" if sleep.level == "act" else "earlier_30", ("total_sleep",))


_RULES = {
    "tired": _tired,
    "deep": _deep,
    "alcohol": _alcohol,
    "first": _first,
    "danger": _danger,
    "weekend": _weekend,
    "trend": _trend,
    "bedtime": _bedtime,
}
