"""Keys: what a right answer to a task must, may and must not say."""

from __future__ import annotations

from typing import Any

from sleepcot_utils.report.reports import FULL, RAW, Report, as_shown, clock_minutes, rise_minutes
from sleepcot_utils.tasks.drivers import Findings, drivers, find
from sleepcot_utils.tasks.follow_up import default_option, follow_ups, remarks, verdict
from sleepcot_utils.tasks.follow_up.kinds import REMARK
from sleepcot_utils.tasks.follow_up.ranking import ranking_steps
from sleepcot_utils.tasks.steps import COMPUTE, Step, compute, conclude

#: Minutes by which bedtime moves, by the level of the shortfall: half an hour at a time up to the shortest shortfall,
#: an hour at the act limit. A convention of this study.
EARLIER_MIN = {"watch": 30, "act": 60}
#: Urgencies from none to most; a red flag of a report is for a clinician, soon.
URGENCIES = ("none", "soon", "now")
HARDEST = 4
#: Kinds of question that weigh all problems, and so sleep efficiency, before they answer.
RANKING = ("first", "second")
#: Computations whose results are amounts, not clock times.
MINUTES_COMPUTED = ("awake", "sleep_left", "difference")


def recommend_key(report: Report, detail: str = FULL) -> dict[str, Any]:
    """Key of a recommendation.

    Parameters
    ----------
    detail : str
        How much of the report the task prints; the key is that of a reader of what is printed.

    Returns
    -------
    dict
        ``required_facts`` (remarkable ones; time asleep if there are none), ``numbers`` (fact to the numbers that may
        be cited of it), ``values`` (fact to those among them that are the person's own), ``flags`` (fact to level and
        direction), ``limits`` (fact to low, high, act_low, act_high), ``main_driver``, ``second_driver``,
        ``red_flags``, ``contraindicated`` (phrases), ``trend``, ``unknown`` (labels), ``steps`` (the derivation),
        ``urgency``, ``difficulty`` (1 to 4), ``detail``, and for follow-ups ``verdict``, ``answer_value``, ``about``
        and ``remark``.
    """
    shown = as_shown(report, detail)
    found = find(shown)
    required = list(found.problems) or ["total_sleep"]
    if found.main in drivers():
        required += [n for n in drivers()[found.main].facts if shown.facts[n].level != "ok" and n not in required]
    steps = (*ranking_steps(shown, found), conclude(found.main))
    steps = (*_derived(shown, detail, steps, weighs_all=True), *steps)
    return _common(shown, found, detail, steps) | {
        "required_facts": required,
        "verdict": None,
        "answer_value": None,
        "about": "",
        "remark": None,
        "difficulty": HARDEST,
    }


def follow_up_key(kind: str, report: Report, about: str = "", detail: str = FULL) -> dict[str, Any]:
    """Key of a follow-up question: as of a recommendation, with the verdict and the facts that carry it.

    Parameters
    ----------
    about : str
        What the question asks about, for kinds with a slot.
    detail : str
        As in ``recommend_key``.
    """
    about = about or default_option(kind)
    shown = as_shown(report, detail)
    right = verdict(kind, shown, about)
    steps = (*_derived(shown, detail, right.steps, weighs_all=kind in RANKING), *right.steps)
    key = _common(shown, find(shown), detail, steps)
    _allow_computed(key["numbers"], right.steps)
    said = remarks()[about] if kind == REMARK else None
    urgencies = (key["urgency"], said.urgency if said else "none")
    return key | {
        "required_facts": list(right.facts),
        "verdict": right.name,
        "answer_value": right.value,
        "about": about,
        "remark": said and {"id": said.remark_id, "text": said.text, "flag": said.flag, "urgency": said.urgency},
        "urgency": max(urgencies, key=URGENCIES.index),
        "difficulty": min(HARDEST, follow_ups()[kind]["difficulty"] + int(detail != FULL)),
    }


def knowledge_key(card_id: str, choice: str = "") -> dict[str, Any]:
    """Key of a knowledge question: the card, which holds key points and contradictions; or the letter that is right."""
    return {"card_id": card_id} | ({"choice": choice} if choice else {})


def _common(report: Report, found: Findings, detail: str, steps: tuple[Step, ...]) -> dict[str, Any]:
    never = [phrase for name in found.candidates for phrase in drivers()[name].never]
    return {
        "report_id": report.report_id,
        "detail": detail,
        "numbers": allowed_numbers(report),
        "values": own_values(report),
        "flags": {
            name: {"level": fact.level, "direction": fact.direction}
            for name, fact in report.facts.items()
            if fact.level != "ok"
        },
        "limits": {
            name: {"low": fact.low, "high": fact.high, "act_low": fact.act_low, "act_high": fact.act_high}
            for name, fact in report.facts.items()
            if fact.known and (fact.low is not None or fact.high is not None)
        },
        "main_driver": found.main,
        "second_driver": found.second,
        "red_flags": list(found.red_flags),
        "contraindicated": never,
        "trend": report.trend["direction"],
        "unknown": list(report.missing),
        "steps": [step.as_dict() for step in steps],
        "urgency": "soon" if found.red_flags else "none",
    }


def _derived(report: Report, detail: str, steps: tuple[Step, ...], *, weighs_all: bool) -> tuple[Step, ...]:
    """What a reader of raw detail has to compute before `steps`: time in bed, and sleep efficiency."""
    asleep, in_bed, efficiency = (report.facts[name] for name in ("total_sleep", "time_in_bed", "sleep_efficiency"))
    used = {step.fact for step in steps} | {name for step in steps for name, _ in step.terms}
    needs_efficiency = weighs_all or "sleep_efficiency" in used
    known = asleep.known and in_bed.known and efficiency.known
    if detail != RAW or not known or not (needs_efficiency or "time_in_bed" in used):
        return ()
    derived = []
    rise = rise_minutes(report)
    if report.bedtime is not None and rise is not None:
        bed = float(clock_minutes(report.bedtime))
        derived.append(compute("time_in_bed", ("rise", rise), ("bedtime", bed), result=in_bed.value))
    if needs_efficiency:
        share = (("total_sleep", asleep.value), ("time_in_bed", in_bed.value))
        derived.append(compute("sleep_efficiency", *share, result=efficiency.value))
    return tuple(derived)


def _allow_computed(numbers: dict[str, list[float]], steps: tuple[Step, ...]) -> None:
    """Let the minutes of a computation be cited in one breath with the facts that it uses; clock times are apart."""
    for step in steps:
        if step.act == COMPUTE and step.says in MINUTES_COMPUTED:
            used = [abs(number) for _, number in step.terms]
            for name, _ in step.terms:
                if name in numbers:
                    numbers[name] = sorted({*numbers[name], *used})


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
