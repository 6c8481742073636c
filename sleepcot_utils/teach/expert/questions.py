"""The expert's answers to follow-up questions: the derivation of the verdict, then the verdict with what carries it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sleepcot_utils.report.reports import Report, clock_text
from sleepcot_utils.safety.advice import SUICIDE
from sleepcot_utils.safety.advice import wording as safety_wording
from sleepcot_utils.tasks.drivers import NONE, find
from sleepcot_utils.tasks.follow_up import Verdict, default_option, remarks, verdict
from sleepcot_utils.tasks.keys import EARLIER_MIN
from sleepcot_utils.tasks.steps import COMPARE, UNKNOWN, Step
from sleepcot_utils.teach.expert.derivation import about_remark, derivation_lines, reasons
from sleepcot_utils.teach.expert.facts import cite, cite_against_norm, state, why
from sleepcot_utils.teach.expert.ranking import driver_phrase
from sleepcot_utils.teach.expert.recommendation import advice, with_evidence
from sleepcot_utils.teach.expert.voice import SHORT, Voice, wording

#: Kinds whose answer advises something, before which a red flag of the report has to be said.
ADVISING = ("tired", "first", "second", "bedtime", "weekend", "regular", "caffeine", "naps", "ill")
#: Kinds that weigh all their comparisons together, so that none has to come before another.
IN_ANY_ORDER = ("first", "second", "danger", "ill", "remark")
CLINICIAN = "clinician"
Places = dict[str, str]  # what the places of an answer's phrase are filled with


def follow_up(
    kind: str, report: Report, voice: Voice | None = None, *, about: str = "", before: Iterable[Step] = ()
) -> tuple[str, str]:
    """Rationale and answer of a follow-up question.

    Parameters
    ----------
    kind : str
        A key of ``tasks.follow_up.follow_ups()``.
    about : str
        What the question asks about, for kinds with a slot; empty takes the kind's first option.
    before : iterable of Step
        Steps that come before the verdict's own, such as a time in bed that has to be computed.
    """
    voice, about = voice or Voice(), about or default_option(kind)
    right = verdict(kind, report, about)
    lines = [voice.pick(wording()["openings"]["follow_up"])] if voice.is_long else []
    steps = _reordered(right.steps, voice) if kind in IN_ANY_ORDER else right.steps
    lines += derivation_lines((*before, *steps), report, voice)
    if voice.is_long and kind in wording()["rules"]:
        lines.append(voice.pick(wording()["rules"][kind]))
    places = _common(report, right, voice)
    if kind in _PLACES:
        places |= _PLACES[kind](report, right, about, voice)
    is_driver = kind in ("first", "second") and right.name != NONE
    answer = voice.say("answers", kind, "driver" if is_driver else right.name, **places)
    flags = find(report).red_flags
    if flags and kind in ADVISING and CLINICIAN not in answer:
        answer = f"{voice.say('red_flag_first', cited=cite(report.facts[flags[0]], voice))} {answer}"
    return "\n".join(lines), " ".join(answer.split())


def _reordered(steps: tuple[Step, ...], voice: Voice) -> list[Step]:
    """Steps with their comparisons in any order; what comes before and after these stays."""
    looks = [place for place, one in enumerate(steps) if one.act in (COMPARE, UNKNOWN)]
    moved = dict(zip(looks, voice.shuffled(looks), strict=True))
    return [steps[moved.get(place, place)] for place in range(len(steps))]


def _common(report: Report, right: Verdict, voice: Voice) -> Places:
    """The facts that carry the verdict, and why something is not known."""
    places: Places = {"why": "", "claim": ""}
    facts = [report.facts[name] for name in right.facts if name in report.facts]
    for number, fact in enumerate(facts, start=1):
        mark = "" if number == 1 else str(number)
        places |= {f"cite{mark}": cite(fact, voice), f"cited{mark}": cite_against_norm(fact, voice)}
        places[f"of{mark}"] = f"{fact.label} of {voice.amount(fact)}"
    if facts:
        places["why"] = why(facts[0], voice)
        places |= {"amount": voice.amount(facts[0]), "stated": state(facts[0], voice)}
        sides = {"low": facts[0].low, "high": facts[0].high}
        places |= {side: voice.limit(facts[0], limit) for side, limit in sides.items() if limit is not None}
    return places | {"reason": reasons(right.steps, voice)}


def _stage(report: Report, right: Verdict, about: str, voice: Voice) -> Places:
    if not right.facts:
        return {}
    fact = report.facts[right.facts[0]]
    low, high = (voice.spell(side, fact.unit, f"{side:.0f}") for side in (fact.low or 0.0, fact.high or 0.0))
    # Plain wording writes the unit once: "58 to 92 min".
    return {"place": right.name, "low": f"{fact.low:.0f}" if voice.rng is None else low, "high": high}


def _alcohol(report: Report, right: Verdict, about: str, voice: Voice) -> Places:
    if report.alcohol is None:
        return {}
    after, other = (report.alcohol[name] for name in ("after_pct", "otherwise_pct"))
    return {"after": voice.spell(after, "%", f"{after:.0f}"), "otherwise": voice.spell(other, "%", f"{other:.0f}")}


def _driver(report: Report, right: Verdict, about: str, voice: Voice) -> Places:
    found = find(report)
    only = voice.pick(wording()["only"].get(found.main, wording()["only"]["driver"]))
    if right.name == NONE:
        return {"only": only.format(driver=driver_phrase(found.main))}
    # Cited briefly in both forms: the sentence goes on with what to do.
    named = with_evidence(report, right.name, Voice(SHORT, voice.rng, voice.styles))
    return {"driver": named.removesuffix("."), "advice": advice(report, right.name, voice)}


def _bedtime(report: Report, right: Verdict, about: str, voice: Voice) -> Places:
    return {"minutes": str(EARLIER_MIN.get(report.facts["total_sleep"].level, ""))}


def _awake(report: Report, right: Verdict, about: str, voice: Voice) -> Places:
    if right.value is None:
        return {}
    claim = voice.pick(wording()["claims"]["awake"][right.name])
    efficiency = cite_against_norm(report.facts["sleep_efficiency"], voice)
    return {"value": voice.spell(right.value, "min", f"{right.value:.0f}"), "claim": claim, "efficiency": efficiency}


def _rise(report: Report, right: Verdict, about: str, voice: Voice) -> Places:
    if right.value is None:
        return {}
    claim = voice.pick(wording()["claims"]["rise"][right.name]).format(asked=about)
    return {"value": clock_text(right.value), "bedtime": report.bedtime or "", "claim": claim}


def _what_if(report: Report, right: Verdict, about: str, voice: Voice) -> Places:
    left, low = right.value or 0.0, report.facts["total_sleep"].low or 0.0
    spelled = {"asked": float(about), "value": left, "low": low}
    return {name: voice.spell(minutes, "min", f"{minutes:.0f}") for name, minutes in spelled.items()}


def _remark(report: Report, right: Verdict, about: str, voice: Voice) -> Places:
    said = remarks()[about]
    flag, places = about_remark(said.flag) if said.flag else "", {}
    if right.name == "now":
        calls, safety = wording()["call"], safety_wording()
        # Where the call itself is about this flag, the safety room's sentence would say it twice.
        more = "" if said.flag in calls else safety["now_each"].get(said.flag, "")
        places = {"call": voice.pick(calls.get(said.flag, calls["other"])), "more": more}
        if voice.is_long and said.flag == SUICIDE:
            places["call"] = safety["now_suicide"].format(crisis=safety["crisis"], emergency=safety["emergency"])
    if right.name == "soon":
        cited = cite_against_norm(report.facts[right.facts[0]], voice) if right.facts else ""
        if voice.is_long:
            cited = cited[:1].lower() + cited[1:]
        ground = "both" if flag and cited else "remark" if flag else "fact"
        places = {"grounds": voice.pick(wording()["grounds"][ground]).format(flag=flag, cited=cited)}
    return places | {"flag": flag}


_PLACES: dict[str, Callable[[Report, Verdict, str, Voice], Places]] = {
    "deep": _stage,
    "rem": _stage,
    "alcohol": _alcohol,
    "first": _driver,
    "second": _driver,
    "bedtime": _bedtime,
    "awake": _awake,
    "rise": _rise,
    "what_if": _what_if,
    "remark": _remark,
}
