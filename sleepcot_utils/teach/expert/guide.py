"""The expert's training advice: from each matter to its outcome, to the rule that decides, and from there to a plan.

Like all that the embedded expert says it follows the rules that made the key; words stand in ``data/wording/guide.en.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from sleepcot_utils.paths import reference_data
from sleepcot_utils.tasks.guide.decision import week_limit_min
from sleepcot_utils.tasks.guide.reasons import OK
from sleepcot_utils.tasks.guide.rules import (
    DIABETES,
    EASY,
    RECOVER,
    REST,
    RESTING,
    STOP,
    conditions,
    guideline,
    load,
    rules,
)
from sleepcot_utils.tasks.guide.situation import Readiness, Situation, glucose_text, pressure_text
from sleepcot_utils.tasks.guide.tasks import CONDITION, TODAY
from sleepcot_utils.tasks.guide.week import WeekLimits, plan_text, plan_week
from sleepcot_utils.teach.expert.voice import Voice

#: Matters that can need a clinician; the others are passed over where only food and activity are asked about.
URGENT_FACTS = ("note", "blood_pressure", "glucose", "heart_rate")
FEWEST_STEP_MIN = 5


@cache
def guide_wording() -> dict[str, Any]:
    """All phrases of training advice."""
    loaded: dict[str, Any] = yaml.safe_load(reference_data("wording", "guide.en.yaml").read_text(encoding="utf-8"))
    return loaded


def guide(key: Mapping[str, Any], voice: Voice | None = None) -> tuple[str, str]:
    """Rationale and answer to a guide task, from its key.

    A clinician, where one is needed, is named before anything else. Instructions in a person's note are not followed:
    only signs in it count.
    """
    voice = voice or Voice()
    situation, limits = Situation.from_dict(key["situation"]), WeekLimits.from_dict(key["week"])
    if key["topic"] == CONDITION:
        rationale, answer = _condition(key, situation, voice)
    else:
        rationale = [*_reasons(key, voice, only_held=key["topic"] != TODAY), _conclusion(key, voice)]
        if key["topic"] == TODAY:
            rationale += _minutes(key, situation, voice)
            answer = _today(key, voice)
        else:
            lines, answer = _week(key, situation, limits, voice)
            rationale += lines
    return "\n".join(rationale), "\n".join([*_clinician(key, voice), *answer])


def say(voice: Voice, *path: str, **values: object) -> str:
    """A phrase with its places filled, in the form of the voice where an entry has forms."""
    entry: Any = guide_wording()
    for name in path:
        entry = entry[name]
    phrases = entry[voice.form] if isinstance(entry, dict) else entry
    return str(voice.pick(phrases)).format(**values)


def _reasons(
    key: Mapping[str, Any], voice: Voice, *, only_held: bool = False, facts: tuple[str, ...] = ()
) -> list[str]:
    """A line for each matter; for a week only those that hold a rule."""
    lines = []
    for one in key["reasons"]:
        rule = one["rule"]
        if (facts and one["fact"] not in facts) or (only_held and not rule):
            continue
        outcome = f"{rules()[rule].level}, {rules()[rule].names[0]}" if rule else OK
        lines.append(say(voice, "reason", says=one["says"], outcome=outcome))
    return lines


def _conclusion(key: Mapping[str, Any], voice: Voice) -> str:
    return say(voice, "conclusion", level=key["level"], rule=rules()[key["deciding"]].names[0])


def _minutes(key: Mapping[str, Any], situation: Situation, voice: Voice) -> list[str]:
    if key["level"] == REST:
        return []
    low, high = key["minutes"]
    own = situation.request.day_minutes
    day = say(voice, "day_limit", minutes=own) if own else ""
    longest = load()["minutes_most"][key["level"]]
    return [
        say(voice, "minutes", longest=longest, level=key["level"], left=key["left_min"], day=day, low=low, high=high)
    ]


def _clinician(key: Mapping[str, Any], voice: Voice) -> list[str]:
    if key["urgency"] == "none":
        return []
    name = next(name for name in key["held"] if rules()[name].urgency == key["urgency"])
    why = rules()[name].names[0]
    if key["signs"] and name == "warning_sign":
        why = say(voice, "sign", rule=why, words=key["signs"][0])
    return [say(voice, key["urgency"], why=why)]


def _today(key: Mapping[str, Any], voice: Voice) -> list[str]:
    if key["level"] == REST:
        answer = [say(voice, "today_rest")]
    else:
        minutes = max(key["minutes"][1] // FEWEST_STEP_MIN * FEWEST_STEP_MIN, key["minutes"][0])
        answer = [say(voice, "today", level=key["level"], minutes=minutes)]
    answer.append(say(voice, "why", rule=rules()[key["deciding"]].names[0]))
    if voice.is_long or key["tier"] == STOP:
        answer.append(voice.pick(guide_wording()["how"][STOP if key["tier"] == STOP else key["level"]]))
    return answer


def _week(
    key: Mapping[str, Any], situation: Situation, limits: WeekLimits, voice: Voice
) -> tuple[list[str], list[str]]:
    plan = plan_week(situation, limits)
    trained = [one for one in plan if one.level != REST]
    total = sum(one.minutes for one in plan)
    strength = "strength and balance" if limits.balance else "strength"
    lines = [say(voice, "no_goal")] if key["asks_goal"] else []
    if not trained:
        lines.append(say(voice, "week_minutes", "stop"))
    else:
        before, high = situation.readiness.weekly_min, limits.total_high_min
        grown = week_limit_min(before)
        if before is None:
            lines.append(say(voice, "week_minutes", "unknown", high=high))
        elif key["tier"] in (RECOVER, RESTING):
            lines.append(say(voice, "week_minutes", "kept", high=high))
        else:
            lines.append(
                say(voice, "week_minutes", "grown", before=before, more=grown - before, grown=grown, high=high)
            )
        busy = say(voice, "busy", days=", ".join(limits.busy)) if limits.busy else ""
        days = say(
            voice, "week_days", rest=limits.rest_least, busy=busy, hard=limits.hard_most, strength=strength,
            strong=limits.strength_least,
        )  # fmt: skip
        lines += [days, say(voice, "sessions", count=len(trained), each=trained[0].minutes, total=total)]
    answer = [say(voice, "ask_goal")] if key["asks_goal"] else []
    answer.append(say(voice, "plan", plan=plan_text(plan)))
    answer.append(say(voice, "total", total=total, high=limits.total_high_min) if trained else say(voice, "total_zero"))
    answer.append(say(voice, "why", rule=rules()[key["deciding"]].names[0]))
    if trained:
        advised = guideline(situation.age_y, "pregnancy" in key["held"])
        answer.append(say(voice, "guideline", low=advised["low_min"], strength=strength, days=advised["strength_days"]))
    if voice.is_long or key["tier"] == STOP:
        answer.append(voice.pick(guide_wording()["how"][STOP if key["tier"] == STOP else EASY]))
    return lines, answer


def _condition(key: Mapping[str, Any], situation: Situation, voice: Voice) -> tuple[list[str], list[str]]:
    entry = conditions()[key["condition"]]
    value, side = reading_of(key["condition"], situation.readiness)
    rationale = _reasons(key, voice, facts=URGENT_FACTS)
    rationale.append(f"{entry['reading']} {value}" + (f" {side}" if side else ""))
    answer = [
        say(voice, "reading", reading=entry["reading"], value=f"{value}, {side}" if side else value),
        *(say(voice, name, **{name: entry[name]}) for name in ("food", "activity", "medicine")),
    ]
    return rationale, answer


def reading_of(condition: str, ready: Readiness) -> tuple[str, str]:
    """The reading of a condition in words, and on which side of its limits it lies; empty where that can't be said.

    Glucose is held against limits only where it was taken fasting.
    """
    inside = conditions()[condition]["inside"]
    if condition == DIABETES:
        if ready.glucose is None or not ready.glucose_fasting:
            return glucose_text(ready), ""
        low, high = inside["glucose_low_mg_dl"], inside["glucose_mg_dl"]
        side = (
            f"over {high}"
            if ready.glucose > high
            else f"under {low}"
            if ready.glucose < low
            else f"from {low} to {high}"
        )
        return glucose_text(ready), side
    if ready.systolic is None or ready.diastolic is None:
        return pressure_text(ready), ""
    limits = f"{inside['systolic_mmhg']}/{inside['diastolic_mmhg']}"
    raised = ready.systolic >= inside["systolic_mmhg"] or ready.diastolic >= inside["diastolic_mmhg"]
    return pressure_text(ready), f"{'reaches' if raised else 'under'} {limits}"
