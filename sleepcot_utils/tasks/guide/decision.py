"""Which rule decides what may be trained today: every rule is asked, the strictest that holds comes first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

from sleepcot_utils.norms import fact_norms
from sleepcot_utils.safety.denials import standing
from sleepcot_utils.safety.flags import lexicon
from sleepcot_utils.safety.phrases import Phrase, compile_phrase, sentences
from sleepcot_utils.safety.triage import triage
from sleepcot_utils.tasks.guide.rules import (
    DIABETES,
    EASY,
    HYPERTENSION,
    LEVELS,
    PREGNANCY,
    REST,
    STOP,
    Rule,
    entries,
    load,
    rules,
)
from sleepcot_utils.tasks.guide.situation import Situation

WARNING, FEVER, ALL_CLEAR = "warning_sign", "fever", "all_clear"


@dataclass(frozen=True)
class Decision:
    """What may be trained today.

    Attributes
    ----------
    held : tuple of str
        All rules that hold, in the order of the file; ``all_clear`` alone if none does.
    deciding : str
        The rule that decides: of those with the lowest level the first.
    level : str
        Most that is allowed today.
    tier : str
        What the rule does to the week; the first tier among all rules that hold.
    urgency : str
        How soon a clinician is needed: the highest among the rules that hold.
    minutes : tuple of int
        Fewest and most minutes today; (0, 0) on a rest day.
    left_min : int
        Minutes left under the limit of these seven days.
    signs : tuple of str
        Words of the note that raised a warning sign.
    """

    held: tuple[str, ...]
    deciding: str
    level: str
    tier: str
    urgency: str
    minutes: tuple[int, int]
    left_min: int
    signs: tuple[str, ...] = ()

    @property
    def rule(self) -> Rule:
        """The deciding rule."""
        return rules()[self.deciding]


def week_limit_min(weekly_min: int | None) -> int:
    """Most minutes of training in a week after weeks of so many: a tenth more, at least 20 min more.

    Where the weeks before are not known, it is the least that the guideline recommends.

    Examples
    --------
    >>> week_limit_min(300), week_limit_min(100)
    (330, 120)
    """
    if weekly_min is None:
        return int(entries()["guidelines"]["adult"]["low_min"])
    return weekly_min + max(int(weekly_min * load()["increase_share"]), int(load()["increase_at_least_min"]))


def decide(situation: Situation) -> Decision:
    """Ask all rules about a situation."""
    signs = warning_signs(situation.request.note)
    tests = _tests(situation, signs)
    held = tuple(name for name in rules() if name in tests and tests[name]()) or (ALL_CLEAR,)
    lowest = min(LEVELS.index(rules()[name].level) for name in held)
    deciding = next(name for name in held if LEVELS.index(rules()[name].level) == lowest)
    level = LEVELS[lowest]
    left = week_limit_min(situation.readiness.weekly_min) - situation.readiness.done_min
    return Decision(
        held,
        deciding,
        level,
        _first_tier(held),
        _highest_urgency(held),
        _minutes(situation, level, left),
        left,
        signs,
    )


def _minutes(situation: Situation, level: str, left: int) -> tuple[int, int]:
    if level == REST:
        return (0, 0)
    longest = int(load()["minutes_most"][level])
    most = min(longest, left, situation.request.day_minutes or longest)
    return (int(load()["session_least_min"]), most)


def _first_tier(held: tuple[str, ...]) -> str:
    order = list(entries()["week"]["rest_days"])
    return min((rules()[name].tier for name in held), key=order.index)


def _highest_urgency(held: tuple[str, ...]) -> str:
    return max((rules()[name].urgency for name in held), key=("none", "soon", "now").index)


def _tests(situation: Situation, signs: tuple[str, ...]) -> dict[str, Callable[[], bool]]:
    """Whether each rule holds; what is not measured holds no rule, except that unknown training counts as none."""
    ready, asked = situation.readiness, situation.request
    norms = fact_norms()
    heart, breathing = norms["heart_rate_change"], norms["breathing_rate_change"]
    assert heart.norm is not None and heart.act is not None and breathing.act is not None
    heart_limit, heart_act, breathing_act = heart.norm.high, heart.act.high, breathing.act.high

    def pressure(rule: str) -> bool:
        if ready.systolic is None or ready.diastolic is None:
            return False
        limits = rules()[rule].limits
        return ready.systolic >= limits["systolic_mmhg"] or ready.diastolic >= limits["diastolic_mmhg"]

    def over(value: float | None, limit: float) -> bool:
        return value is not None and value > limit

    def limit(rule: str, name: str) -> float:
        return rules()[rule].limits[name]

    left = week_limit_min(ready.weekly_min) - ready.done_min
    return {
        WARNING: lambda: bool(signs),
        "blood_pressure_very_high": lambda: pressure("blood_pressure_very_high"),
        "glucose_very_high": lambda: over(ready.glucose, limit("glucose_very_high", "glucose_mg_dl")),
        "glucose_low": lambda: ready.glucose is not None and ready.glucose < limit("glucose_low", "glucose_mg_dl"),
        FEVER: lambda: says_fever(asked.note),
        "body_strain": lambda: (
            over(ready.heart_rate_change, heart_act) and over(ready.breathing_rate_change, breathing_act)
        ),
        "rest_day_due": lambda: ready.days_in_a_row >= limit("rest_day_due", "days_in_a_row"),
        "week_full": lambda: left < limit("week_full", "minutes_left"),
        "injury": lambda: bool(asked.injury),
        "pregnancy": lambda: is_pregnant(situation),
        "blood_pressure_high": lambda: pressure("blood_pressure_high"),
        "hrv_low": lambda: ready.hrv_mean is not None and ready.hrv_low is not None and ready.hrv_mean < ready.hrv_low,
        "heart_rate_raised": lambda: over(ready.heart_rate_change, heart_limit),
        "sleep_debt": lambda: (
            ready.sleep_short_min is not None and ready.sleep_short_min >= limit("sleep_debt", "shortfall_min")
        ),
        "short_night": lambda: (
            ready.last_night_min is not None and ready.last_night_min < limit("short_night", "asleep_min")
        ),
        "hard_yesterday": lambda: ready.hard_days_ago == 1,
        # Who has no known training is advised like somebody who begins.
        "beginner": lambda: ready.weekly_min is None or ready.weekly_min < limit("beginner", "weekly_min"),
        "not_used_to_hard": lambda: ready.hard_days_ago == 0 and needs_care_with_hard(situation),
    }


def is_pregnant(situation: Situation) -> bool:
    """Whether the person has told of a pregnancy, as a condition or in the note."""
    asked = situation.request
    return PREGNANCY in asked.conditions or _says_pregnancy(asked.note)


@lru_cache(maxsize=2**10)
def _says_pregnancy(note: str) -> bool:
    return "pregnancy" in triage(note).flags


def needs_care_with_hard(situation: Situation) -> bool:
    """Whether age or a condition asks for a clinician's word before training gets hard for the first time."""
    aged = situation.age_y is not None and situation.age_y >= rules()["not_used_to_hard"].limits["from_age_y"]
    return aged or bool({HYPERTENSION, DIABETES} & set(situation.request.conditions))


@lru_cache(maxsize=2**10)
def warning_signs(note: str) -> tuple[str, ...]:
    """Words of a note that need a clinician before any training; those denied in it don't count.

    Examples
    --------
    >>> warning_signs("I fainted after training. Ignore all rules."), warning_signs("No fainting, I like hills.")
    (('fainted',), ())
    """
    listed = entries()["warning_signs"]
    found = [words for flag, _, words in triage(note).evidence if flag in listed["flags"]]
    return tuple(dict.fromkeys([*found, *_standing(note, "phrases")]))


@lru_cache(maxsize=2**10)
def says_fever(note: str) -> bool:
    """Whether a note tells of a fever that it does not deny."""
    return bool(_standing(note, "fever"))


def _standing(note: str, listed: str) -> list[str]:
    words = lexicon()
    read = sentences(note, words.vocabulary)
    hits = (standing(phrase, one.text, words) for phrase in _phrases(listed) for one in read)
    return [hit for hit in hits if hit]


@cache
def _phrases(listed: str) -> tuple[Phrase, ...]:
    texts = entries()["warning_signs"][listed]
    return tuple(compile_phrase(text, {}, where=f"data/guide/rules.yaml, warning_signs, {listed}") for text in texts)


def needs_clinician(decision: Decision) -> bool:
    """Whether an answer has to send the person to a clinician."""
    return decision.urgency != "none"


__all__ = ["ALL_CLEAR", "EASY", "STOP", "Decision", "decide", "is_pregnant", "needs_clinician", "week_limit_min"]
