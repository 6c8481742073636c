"""A derivation in the expert's words: one line, sometimes two, for each step of a key."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sleepcot_utils.norms import fact_norms
from sleepcot_utils.report.reports import Report, clock_text
from sleepcot_utils.safety.flags import lexicon
from sleepcot_utils.tasks.drivers import find
from sleepcot_utils.tasks.follow_up import ALCOHOL_DIFFERENCE_PCT, things
from sleepcot_utils.tasks.follow_up.remarks import HARMLESS
from sleepcot_utils.tasks.follow_up.stages import PLACES
from sleepcot_utils.tasks.steps import COMPARE, COMPUTE, INSIDE, RANK, READ, UNKNOWN, Step, has_norm
from sleepcot_utils.tasks.working import addition_to_clock, subtraction
from sleepcot_utils.teach.expert.facts import state, step, writes_bare
from sleepcot_utils.teach.expert.ranking import driver_lines
from sleepcot_utils.teach.expert.voice import Voice, hours_text, wording

#: Results that the short form subtracts digit by digit. A small student can't subtract three digits at a glance.
SUBTRACTED = ("awake", "sleep_left")
#: What of a computation is a clock time, in minutes after midnight.
CLOCKS = ("bedtime", "rise")


def derivation_lines(steps: Iterable[Step], report: Report, voice: Voice) -> list[str]:
    """Lines of a rationale; a conclusion has none of its own, because the answer says it."""
    said: dict[str, Callable[[Step, Report, Voice], str]] = {
        COMPARE: _compare,
        COMPUTE: _compute,
        RANK: _rank,
        READ: _read,
        UNKNOWN: _unknown,
    }
    lines: list[str] = []
    for one in steps:
        if one.act in said:
            lines += said[one.act](one, report, voice).splitlines()
    return lines


def reasons(steps: Iterable[Step], voice: Voice) -> str:
    """Why something can't be known, as part of a sentence: "it has no measurement of bedtime"."""
    names: dict[str, list[str]] = {}
    for one in steps:
        if one.act == UNKNOWN:
            names.setdefault(one.says, []).append(name_of(one.fact))
    said = [voice.pick(wording()["reasons"][why]).format(name=" and ".join(listed)) for why, listed in names.items()]
    return " and ".join(said)


def name_of(word: str) -> str:
    """What a step speaks of, as it is called within a sentence."""
    return wording()["names"].get(word) or things().get(word, word)


def about_remark(flag: str) -> str:
    """What a remark was about: a red flag in words, or that it was harmless."""
    return flag if flag == HARMLESS else lexicon().flags[flag].label["en"]


def bare_or_spelled(value: float, unit: str, voice: Voice) -> str:
    """A number of a short step as this text writes them: bare, or with its unit."""
    number = f"{value:.0f}"
    return number if not voice.is_long and writes_bare(voice) else voice.spell(value, unit, number)


def _compare(one: Step, report: Report, voice: Voice) -> str:
    if one.fact == "rise":
        limit = one.limit if one.limit is not None else dict(one.terms)["high"]
        name = "rise_by_then" if one.relation == INSIDE else "rise_later"
        return voice.say("steps", name, r=clock_text(one.value or 0), limit=clock_text(limit))
    if one.fact == "sleep_left":
        limit = one.limit if one.limit is not None else dict(one.terms)["low"]
        name = "left_inside" if one.relation == INSIDE else "left_under"
        left, least = (bare_or_spelled(minutes, "min", voice) for minutes in (one.value or 0, limit))
        return voice.say("steps", name, r=left, limit=least)
    fact = report.facts[one.fact]
    if has_norm(fact):
        return step(fact, voice)
    place, ends = PLACES[one.relation], {"low": fact.low or 0.0, "high": fact.high or 0.0}
    low, high = (bare_or_spelled(limit, fact.unit, voice) for limit in ends.values())
    if one.relation == INSIDE:
        return voice.say("steps", "stage_inside", stated=state(fact, voice), low=low, high=high)
    missed, word = (low, "low") if place == "below" else (high, "high")
    return voice.say(
        "steps", "stage_outside", stated=state(fact, voice), limit=missed, place=place,
        side=voice.pick(wording()["sides"][word]),
    )  # fmt: skip


def _compute(one: Step, report: Report, voice: Voice) -> str:
    (first, a), (second, b), (_, result) = one.terms
    units = {name: norm.unit for name, norm in fact_norms().items()} | {
        "efficiency_after_alcohol": "%",
        "otherwise": "%",
    }

    def written(name: str, value: float) -> str:
        if name in CLOCKS:
            return clock_text(value)
        return bare_or_spelled(value, units.get(name, "min"), voice)

    values = {"a": written(first, a), "b": written(second, b), "r": written(one.says, result)}
    if one.says == "difference":
        lower = result >= ALCOHOL_DIFFERENCE_PCT
        values["found"] = voice.pick(wording()["found"]["lower" if lower else "no_difference"])
    if one.says == "rise":
        values["hours"] = hours_text(b)
        values["working"] = "\n".join(addition_to_clock(a, b))
    if one.says in SUBTRACTED:
        values["working"] = "\n".join(subtraction(round(a), round(b)))
    return voice.say("steps", f"compute_{one.says}", **values)


def _rank(one: Step, report: Report, voice: Voice) -> str:
    return "\n".join(driver_lines(find(report), voice))


def _read(one: Step, report: Report, voice: Voice) -> str:
    if one.fact == "age":
        return voice.say("steps", "read_age", age=f"{one.value:.0f}")
    if one.fact in ("trend", "remark"):
        said = about_remark(one.says) if one.fact == "remark" else one.says
        return voice.say("steps", f"read_{one.fact}", says=said)
    return voice.say("steps", "read", stated=state(report.facts[one.fact], voice))


def _unknown(one: Step, report: Report, voice: Voice) -> str:
    label = report.facts[one.fact].label if one.fact in report.facts and not voice.is_long else name_of(one.fact)
    return voice.say("steps", "unknown", name=label, reason=one.says)
