"""Keys: what a right answer to a task must, may and must not say."""

from __future__ import annotations

from typing import Any

from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.drivers import Findings, drivers, find
from sleepcot_utils.tasks.follow_up import verdict

#: Minutes by which bedtime moves, by the level of the shortfall: half an hour at a time up to the shortest shortfall,
#: an hour at the act limit. A convention of this study.
EARLIER_MIN = {"watch": 30, "act": 60}


def recommend_key(report: Report) -> dict[str, Any]:
    """Key of a recommendation.

    Returns
    -------
    dict
        ``required_facts`` (remarkable ones; time asleep if there are none), ``numbers`` (fact to the numbers that may
        be cited of it), ``values`` (fact to those among them that are the person's own), ``flags`` (fact to level and direction), ``main_driver``, ``second_driver``, ``red_flags``,
        ``contraindicated`` (phrases), ``trend``, ``unknown`` (labels).
    """
    found = find(report)
    required = list(found.problems) or ["total_sleep"]
    if found.main in drivers():
        required += [n for n in drivers()[found.main].facts if report.facts[n].level != "ok" and n not in required]
    return _common(report, found) | {"required_facts": required, "verdict": None}


def follow_up_key(kind: str, report: Report) -> dict[str, Any]:
    """Key of a follow-up question: as of a recommendation, with the verdict and the facts that carry it."""
    right = verdict(kind, report)
    return _common(report, find(report)) | {"required_facts": list(right.facts), "verdict": right.name}


def knowledge_key(card_id: str) -> dict[str, Any]:
    """Key of a knowledge question: the card, which holds key points and contradictions."""
    return {"card_id": card_id}


def _common(report: Report, found: Findings) -> dict[str, Any]:
    never = [phrase for name in found.candidates for phrase in drivers()[name].never]
    return {
        "report_id": report.report_id,
        "numbers": allowed_numbers(report),
        "values": own_values(report),
        "flags": {
            name: {"level": fact.level, "direction": fact.direction}
            for name, fact in report.facts.items()
            if fact.level != "ok"
        },
        "main_driver": found.main,
        "second_driver": found.second,
        "red_flags": list(found.red_flags),
        "contraindicated": never,
        "trend": report.trend["direction"],
        "unknown": list(report.missing),
    }


def own_values(report: Report) -> dict[str, list[float]]:
    """Values (or sizes of a change) of each known fact, without the limits that hold for everybody."""
    values = {name: [abs(fact.value)] for name, fact in report.facts.items() if fact.known}
    if report.alcohol is not None:
        values["efficiency_after_alcohol"] = [report.alcohol["after_pct"], report.alcohol["otherwise_pct"]]
    return values


def allowed_numbers(report: Report) -> dict[str, list[float]]:
    """Numbers that may be cited of each known fact: its value (or the size of a change), limits and nights."""
    numbers: dict[str, list[float]] = {}
    for name, fact in report.facts.items():
        if fact.known:
            limits = (fact.low, fact.high)
            numbers[name] = sorted({abs(fact.value), *(abs(limit) for limit in limits if limit is not None)})
            if fact.unit == "nights":
                numbers[name].append(float(fact.nights))
    if report.alcohol is not None:
        numbers["efficiency_after_alcohol"] = [report.alcohol["after_pct"], report.alcohol["otherwise_pct"]]
    return numbers
