"""The embedded expert: answers every task from its report by the study's own rules, rationale then answer.

It is an oracle by construction, because key and expert share their rules: a ceiling for students, never a finding.
"""

from __future__ import annotations

from sleepcot_utils.knowledge import Card
from sleepcot_utils.report.facts import Fact
from sleepcot_utils.report.reports import Report, number_text
from sleepcot_utils.tasks.drivers import BROKEN, NONE, UNEXPLAINED, drivers, find
from sleepcot_utils.tasks.follow_up import CANNOT_SAY, verdict
from sleepcot_utils.tasks.keys import EARLIER_MIN

NO_RED_FLAG = "no red flag in this data"
NOT_ALL_MEASURED = "no red flag in what was measured, oxygen was not measured"


def cite(fact: Fact) -> str:
    """A fact with its value: ``time asleep 372 min``, ``caffeine after 14:00 9 of 13 nights``."""
    unit = f"of {fact.nights} nights" if fact.unit == "nights" else fact.unit
    return f"{fact.label} {number_text(fact)} {unit}"


def cite_against_norm(fact: Fact) -> str:
    """A fact with its value and the side of the norm on which it lies."""
    if fact.direction == "low":
        return f"{cite(fact)}, below the norm of {fact.low:.0f}"
    if fact.direction == "high":
        return f"{cite(fact)}, above the norm of {fact.high:.0f}"
    if fact.low is not None and fact.high is not None:
        return f"{cite(fact)}, inside the norm of {fact.low:.0f} to {fact.high:.0f}"
    return f"{cite(fact)}, inside the norm"


def step(fact: Fact) -> str:
    """One step of a rationale: value, limit where it is missed, level."""
    if fact.direction:
        limit, word = (fact.low, "under") if fact.direction == "low" else (fact.high, "over")
        return f"{fact.label} {number_text(fact)} {word} {limit:.0f}: {fact.level}"
    return f"{fact.label} {number_text(fact)}: ok"


def recommend(report: Report) -> tuple[str, str]:
    """Rationale and answer of a recommendation."""
    found = find(report)
    judged = [fact for fact in report.facts.values() if fact.known and fact.act_low != fact.act_high]
    named = ", ".join(f"{drivers()[name].phrase} {level}" for name, level in found.candidates.items())
    steps = [step(fact) for fact in judged]
    steps.append("problems: " + (", ".join(report.facts[name].label for name in found.problems) or "none"))
    steps.append(f"drivers: {named or 'none'}")
    steps.append(f"main: {driver_phrase(found.main)}, second: {driver_phrase(found.second)}")
    steps.append("red flags: " + (", ".join(report.facts[name].label for name in found.red_flags) or "none"))
    shown = [report.facts[name] for name in found.problems] or [report.facts["total_sleep"]]
    lines = ["Finding: " + ". ".join(cite_against_norm(fact) for fact in shown) + "."]
    lines.append(f"Likely driver: {_driver_with_evidence(report, found.main)}.")
    if found.second != NONE:
        lines.append(f"Second driver: {_driver_with_evidence(report, found.second)}.")
    lines.append(f"Do first: {_action(report, found.main)}.")
    if found.second != NONE:
        lines.append(f"Then: {_action(report, found.second)}.")
    lines.append(f"Safety: {_safety(report, found.red_flags)}.")
    return "\n".join(steps), "\n".join(lines)


def driver_phrase(name: str) -> str:
    """How the expert names a driver, ``none`` or ``no clear driver``."""
    return {NONE: "none", UNEXPLAINED: "no clear driver"}.get(name) or drivers()[name].phrase


def _driver_with_evidence(report: Report, name: str) -> str:
    if name not in drivers():
        return {NONE: "none, your nights are in order", UNEXPLAINED: "no clear driver in this data"}[name]
    facts = [report.facts[fact] for fact in drivers()[name].facts if report.facts[fact].level != "ok"]
    evidence = f" ({cite(facts[0])})" if facts else ""
    return f"{drivers()[name].phrase}{evidence}"


def _action(report: Report, name: str) -> str:
    if name == NONE:
        return "keep your routine"
    if name == UNEXPLAINED:
        return "keep a sleep diary for 2 weeks"
    if name == "short_time_in_bed":
        return f"{drivers()[name].action} by {EARLIER_MIN[report.facts['total_sleep'].level]} min"
    return drivers()[name].action


def _safety(report: Report, flags: tuple[str, ...]) -> str:
    if flags:
        return f"{cite(report.facts[flags[0]])} is a red flag, see a clinician"
    return NO_RED_FLAG if report.facts["lowest_oxygen"].known else NOT_ALL_MEASURED


def follow_up(kind: str, report: Report) -> tuple[str, str]:
    """Rationale and answer of a follow-up question."""
    return _FOLLOW_UPS[kind](report)


def knowledge(card: Card) -> tuple[str, str]:
    """Rationale and answer of a knowledge question: the card's own."""
    return card.why, card.statement


def _steps_until(report: Report, names: tuple[str, ...], stop: str) -> str:
    """Steps over known facts up to the one that decides."""
    lines = []
    for name in names:
        if report.facts[name].known:
            lines.append(step(report.facts[name]))
        if name == stop:
            break
    return "\n".join(lines)


def _tired(report: Report) -> tuple[str, str]:
    right = verdict("tired", report)
    order = ("lowest_oxygen", "heart_rate_change", "total_sleep", *BROKEN)
    decisive = right.facts[0] if right.name != CANNOT_SAY else order[-1]
    rationale = _steps_until(report, order, decisive)
    fact = report.facts[right.facts[0]]
    answer = {
        "breathing": f"Your oxygen falls at night: {cite_against_norm(fact)}. Show this to a clinician.",
        "strain": f"Your body is under strain: {cite_against_norm(fact)}. Rest.",
        "short": f"You sleep too little: {cite_against_norm(fact)}.",
        "broken": f"Your sleep is broken: {cite_against_norm(fact)}.",
        CANNOT_SAY: f"This data can't say: {cite_against_norm(fact)}, and nothing else stands out.",
    }[right.name]
    return rationale, answer


def _deep(report: Report) -> tuple[str, str]:
    fact = report.facts["deep_sleep"]
    name = verdict("deep", report).name
    if name == CANNOT_SAY:
        known = "deep sleep is not measured" if not fact.known else "age or sex is not given"
        return known, f"This data can't say: {known}."
    bound, word = {
        "below": (fact.low, "under"),
        "above": (fact.high, "over"),
        "within": (fact.low, "at or over"),
    }[name]
    rationale = f"deep sleep {fact.value:.0f} {word} {bound:.0f}: {name} typical"
    if name == "within":
        rationale = f"deep sleep {fact.value:.0f} between {fact.low:.0f} and {fact.high:.0f}: within typical"
    answer = (
        f"Your deep sleep of {fact.value:.0f} min is {name} the typical {fact.low:.0f} to {fact.high:.0f} min. "
        "A wearable only estimates it."
    )
    return rationale, answer


def _alcohol(report: Report) -> tuple[str, str]:
    right = verdict("alcohol", report).name
    if report.alcohol is None:
        return "efficiency after alcohol: too few nights", "This data can't say: there are too few nights with alcohol."
    after, other = report.alcohol["after_pct"], report.alcohol["otherwise_pct"]
    word = "clearly lower" if right == "lower" else "no clear difference"
    rationale = f"efficiency after alcohol {after:.0f}, otherwise {other:.0f}: {word}"
    start = "Yes, your efficiency is lower" if right == "lower" else "There is no clear difference in efficiency"
    return rationale, f"{start} after alcohol: {after:.0f} %, otherwise {other:.0f} %."


def _first(report: Report) -> tuple[str, str]:
    found = find(report)
    named = ", ".join(f"{drivers()[name].phrase} {level}" for name, level in found.candidates.items())
    rationale = "\n".join(step(report.facts[name]) for name in found.problems)
    rationale = "\n".join(
        filter(None, [rationale, f"drivers: {named or 'none'}", f"main: {driver_phrase(found.main)}"])
    )
    if found.main == NONE:
        return rationale, "Nothing needs to change: keep your routine."
    return rationale, f"Start with {_driver_with_evidence(report, found.main)}: {_action(report, found.main)}."


def _danger(report: Report) -> tuple[str, str]:
    right = verdict("danger", report)
    watched = ("lowest_oxygen", "heart_rate_change", "breathing_rate_change")
    rationale = "\n".join(step(report.facts[name]) for name in watched if report.facts[name].known)
    if right.name == "see_clinician":
        return rationale, f"Show this to a clinician: {cite_against_norm(report.facts[right.facts[0]])}."
    if right.name == CANNOT_SAY:
        rationale = "\n".join(filter(None, [rationale, "lowest oxygen: not measured"]))
        return rationale, "This data can't say for all: oxygen was not measured."
    return rationale, f"There is no red flag: {cite_against_norm(report.facts['lowest_oxygen'])}."


def _weekend(report: Report) -> tuple[str, str]:
    fact = report.facts["weekend_shift"]
    right = verdict("weekend", report).name
    if right == CANNOT_SAY:
        return (
            "weekend sleep shift: not measured",
            "This data can't say: no clock times of your weekends were measured.",
        )
    start = "Your weekends shift later" if right == "later" else "Weekends and work days are about the same"
    return step(fact), f"{start}: {cite_against_norm(fact)}."


def _trend(report: Report) -> tuple[str, str]:
    rationale = f"trend of time asleep: {report.trend['direction']}"
    answer = {
        "falling": "Your time asleep is falling.",
        "rising": "Your time asleep is rising.",
        "no_trend": "There is no clear trend in your time asleep.",
        CANNOT_SAY: "This data can't say: there are too few nights.",
    }[verdict("trend", report).name]
    return rationale, answer


def _bedtime(report: Report) -> tuple[str, str]:
    right = verdict("bedtime", report)
    decisive = {"not_needed": "total_sleep", "not_earlier": right.facts[0]}.get(right.name, BROKEN[-1])
    rationale = _steps_until(report, ("total_sleep", *BROKEN), decisive)
    fact = report.facts[right.facts[0]]
    answer = {
        "earlier_60": f"Go to bed 60 min earlier: {cite_against_norm(fact)}.",
        "earlier_30": f"Go to bed 30 min earlier: {cite_against_norm(fact)}.",
        "not_earlier": f"Do not go to bed earlier: {cite_against_norm(fact)}. Lying longer would not bring sleep.",
        "not_needed": f"It is not needed: {cite_against_norm(fact)}.",
    }[right.name]
    return rationale, answer


_FOLLOW_UPS = {
    "tired": _tired,
    "deep": _deep,
    "alcohol": _alcohol,
    "first": _first,
    "danger": _danger,
    "weekend": _weekend,
    "trend": _trend,
    "bedtime": _bedtime,
}
