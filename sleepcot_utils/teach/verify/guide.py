"""Whether training advice is right: the level, the rule that decides, the minutes, each day of a plan, and who must be seen.

Like the other checks it reads what can be read in prose (levels, days, minutes, numbers, names of rules) and holds it against
the key. What it can't catch: a wrong reason in words that name no rule, or advice about technique.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from sleepcot_utils.safety.answers import contraindicated, diagnoses, doses
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.tasks.guide.rules import HARD, LEVELS, PREGNANCY, REST, conditions, entries, load, rules
from sleepcot_utils.tasks.guide.tasks import CONDITION, TODAY, WEEK
from sleepcot_utils.tasks.guide.week import SESSION, WeekLimits, plan_faults
from sleepcot_utils.tasks.reading import says
from sleepcot_utils.teach.verify.failures import ANSWER, RATIONALE, Failure, cut

#: Checks that only guide tasks know; the rest of their checks bear the names of those of other tasks.
GUIDE_CHECKS = ("level", "deciding rule", "minutes", "plan", "goal", "food and activity")
TODAY_LEVEL = re.compile(r"\btoday\b[^.\n]*?\b(rest|easy|hard)\b(?:[^.\n]*?(\d+)\s*min)?", re.IGNORECASE)
#: Sends the reader to somebody; "without your clinician" and the like do not.
SENDS = re.compile(
    r"\b(?:see|call|contact|visit|talk to|speak to|show|go to|get|ask|consult)\b[^.;\n]*"
    r"\b(?:clinician|doctor|physician|medical help|emergency|ambulance)",
    re.IGNORECASE,
)
DENIED = re.compile(r"\b(?:no need|not|never|n't|without|instead of|no)\b", re.IGNORECASE)
AT_ONCE = re.compile(r"\b(?:now|immediately|at once|right away|emergency|ambulance|today)\b", re.IGNORECASE)
ADVICE = re.compile(r"^\s*(?:today|plan|food|activity)\b", re.IGNORECASE | re.MULTILINE)
ASKS_GOAL = re.compile(r"\bgoal\b", re.IGNORECASE)
NUMBER = re.compile(r"(?<![\d.])\d+(?:\.\d+)?(?![\d.]*\d)")
#: A reading; limits are written without their unit.
PRESSURE = re.compile(r"(?<!\d)(\d+)/(\d+) mmHg")
COMPARISON = re.compile(
    r"(?P<a>[+-]?\d+(?:\.\d+)?)(?:/(?P<a2>\d+))?[^\d\n]{0,20}?"
    r"\b(?P<side>not under|under|not over|over|reaches|below|above)\s+(?P<b>\d+(?:\.\d+)?)(?:/(?P<b2>\d+))?"
)
#: Sums, what is left of a limit, and what sessions add up to, with what is right of their terms.
ARITHMETIC: dict[re.Pattern[str], Callable[[int, int], int]] = {
    re.compile(r"(\d+) \+ (\d+) = (\d+)"): lambda a, b: a + b,
    re.compile(r"(\d+), less (\d+) done is (\d+) left"): lambda a, b: max(a - b, 0),
    re.compile(r"(\d+) days of (\d+) min make (\d+)"): lambda a, b: a * b,
}
CONCLUSION = re.compile(r"\blevel\b[^\n]*?\b(rest|easy|hard)\b|\b(rest|easy|hard) the lowest level", re.IGNORECASE)
OK_END = re.compile(r":\s*ok\W*$", re.IGNORECASE)


def guide_failures(task: Task, rationale: str, answer: str) -> Iterator[Failure]:
    """All that is wrong with training advice and its rationale; an empty rationale claims nothing."""
    key = task.key
    yield from _clinician_failures(key, answer)
    if key["topic"] == TODAY:
        yield from _today_failures(key, answer)
    elif key["topic"] == WEEK:
        yield from _week_failures(key, answer)
    else:
        yield from _condition_failures(key, answer)
    yield from _wrong_numbers(answer, key, "numbers", ANSWER)
    yield from _harm_failures(key, answer)
    if rationale.strip():
        yield from _rationale_failures(key, rationale)


def sends_to_clinician(text: str) -> bool:
    """Whether a text sends the reader to a clinician or to medical help, and does not deny it."""
    return _sending(text) is not None


def _sending(text: str) -> re.Match[str] | None:
    for found in SENDS.finditer(text):
        start = max(text.rfind("\n", 0, found.start()), text.rfind(".", 0, found.start()))
        if not DENIED.search(text[start + 1 : found.start()]) and not DENIED.search(found.group()):
            return found
    return None


def level_of(answer: str) -> tuple[str, int | None] | None:
    """Level and minutes that an answer gives for today; None where it gives no level.

    Examples
    --------
    >>> level_of("Today: easy, 30 min."), level_of("Today: rest."), level_of("Train well.")
    (('easy', 30), ('rest', None), None)
    """
    found = TODAY_LEVEL.search(answer)
    if found is None:
        return None
    level = found[1].lower()
    return level, int(found[2]) if found[2] and level != REST else None


def names_rule(text: str, rule: str) -> bool:
    """Whether a text names a rule by one of its names."""
    return _rule_pattern(rule).search(text) is not None


@cache
def _rule_pattern(rule: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, rules()[rule].names))})\b", re.IGNORECASE)


def clinician_is_right(key: Mapping[str, Any], answer: str) -> bool:
    """Whether a clinician is named where one is needed, before advice and soon enough, and nowhere else."""
    return next(_clinician_failures(key, answer), None) is None


def minutes_are_right(key: Mapping[str, Any], answer: str) -> bool:
    """Whether the minutes of today lie in the range of the key; on a rest day there are none."""
    given = level_of(answer)
    if given is None:
        return False
    low, high = key["minutes"]
    return (given[1] or 0) == 0 if key["level"] == REST else given[1] is not None and low <= given[1] <= high


def plan_is_broken(key: Mapping[str, Any], answer: str) -> dict[str, str]:
    """Rules of the week that a written plan breaks, with what would be right."""
    return plan_faults(answer, WeekLimits.from_dict(dict(key["week"])))


def missing_points(key: Mapping[str, Any], answer: str) -> list[str]:
    """Points of guidance on food and activity that an answer leaves out."""
    points: dict[str, list[str]] = conditions()[key["condition"]]["points"]
    plain = answer.lower()
    return [name for name, phrases in points.items() if not any(phrase in plain for phrase in phrases)]


def _clinician_failures(key: Mapping[str, Any], answer: str) -> Iterator[Failure]:
    found = _sending(answer)
    if key["urgency"] == "none":
        # Who lives with a condition is reminded of a clinician there, which is no alarm.
        if found and key["topic"] != CONDITION:
            yield Failure("red flag", ANSWER, cut(found.group()), "no alarm: nothing here needs a clinician")
        return
    if found is None:
        yield Failure("red flag", ANSWER, "", f"a clinician {key['urgency']}, because of {', '.join(key['red_flags'])}")
        return
    advice = ADVICE.search(answer)
    if advice and advice.start() < found.start():
        yield Failure("red flag", ANSWER, cut(answer), "the clinician before any advice")
    if key["urgency"] == "now" and not AT_ONCE.search(answer[: found.end() + 20]):
        yield Failure("red flag", ANSWER, cut(found.group()), "medical help now, not later")


def _today_failures(key: Mapping[str, Any], answer: str) -> Iterator[Failure]:
    given = level_of(answer)
    if given is None or given[0] != key["level"]:
        yield Failure("level", ANSWER, given[0] if given else cut(answer), f"Today: {key['level']}")
    elif not minutes_are_right(key, answer):
        low, high = key["minutes"]
        yield Failure("minutes", ANSWER, str(given[1] or ""), f"{low} to {high} min")
    yield from _rule_failures(key, answer)


def _week_failures(key: Mapping[str, Any], answer: str) -> Iterator[Failure]:
    for name, expected in plan_is_broken(key, answer).items():
        yield Failure("plan", ANSWER, name, expected)
    yield from _rule_failures(key, answer)
    if key["asks_goal"] and not any(
        ASKS_GOAL.search(line) and ("?" in line or "tell me" in line.lower()) for line in answer.splitlines()
    ):
        yield Failure("goal", ANSWER, "", "a question for the goal, because none was given")


def _condition_failures(key: Mapping[str, Any], answer: str) -> Iterator[Failure]:
    for name in missing_points(key, answer):
        points = conditions()[key["condition"]]["points"][name]
        yield Failure("food and activity", ANSWER, "", f"{name}: {points[0]}")


def _rule_failures(key: Mapping[str, Any], answer: str) -> Iterator[Failure]:
    if not names_rule(answer, key["deciding"]):
        yield Failure("deciding rule", ANSWER, _after(answer, "why:"), rules()[key["deciding"]].names[0])


def _harm_failures(key: Mapping[str, Any], answer: str) -> Iterator[Failure]:
    for phrase in unsafe_training_phrases(key, answer):
        yield Failure("unsafe advice", ANSWER, phrase, f"no such advice here: {phrase}")
    for amount in doses(answer):
        yield Failure("dose", ANSWER, amount, "no amount of a drug or supplement")
    for claim in diagnoses(answer):
        yield Failure("diagnosis", ANSWER, claim, "no diagnosis, only what the readings show")


def unsafe_training_phrases(key: Mapping[str, Any], answer: str) -> list[str]:
    """Advice that this person must not get: phrases of the rules, then rules of the safety room."""
    phrases = [phrase for phrase in key["contraindicated"] if says(answer, phrase)]
    held = frozenset({PREGNANCY} if "pregnancy" in key["held"] else ())
    return phrases + [rule.replace("_", " ") for rule in contraindicated(answer, held)]


def _rationale_failures(key: Mapping[str, Any], rationale: str) -> Iterator[Failure]:
    yield from _wrong_numbers(rationale, key, "rationale numbers", RATIONALE)
    yield from _wrong_comparisons(rationale)
    yield from _wrong_arithmetic(rationale)
    yield from _wrong_outcomes(key, rationale)
    if key["topic"] != CONDITION:
        yield from _wrong_conclusion(key, rationale)


def _wrong_arithmetic(text: str) -> Iterator[Failure]:
    for pattern, right in ARITHMETIC.items():
        for found in pattern.finditer(text):
            *terms, result = (int(number) for number in found.groups())
            if right(*terms) != result:
                yield Failure("rationale arithmetic", RATIONALE, found.group(), str(right(*terms)))


def _wrong_comparisons(text: str) -> Iterator[Failure]:
    for found in COMPARISON.finditer(text):
        pairs = [(float(found["a"]), float(found["b"]))]
        if found["a2"] and found["b2"]:
            pairs.append((float(found["a2"]), float(found["b2"])))
        side = found["side"]
        holds = {
            "under": all(a < b for a, b in pairs),
            "below": all(a < b for a, b in pairs),
            "not under": all(a >= b for a, b in pairs),
            "over": any(a > b for a, b in pairs),
            "above": any(a > b for a, b in pairs),
            "not over": all(a <= b for a, b in pairs),
            "reaches": any(a >= b for a, b in pairs),
        }[side]
        if not holds:
            yield Failure("rationale comparisons", RATIONALE, found.group(), "the other side")


def _wrong_outcomes(key: Mapping[str, Any], rationale: str) -> Iterator[Failure]:
    """Lines that call a matter all right that holds a rule, or that raise a rule that does not hold; missing grounds."""
    held = {one["fact"]: one["rule"] for one in key["reasons"]}
    lines = rationale.splitlines()
    for line in lines:
        matter, colon, outcome = line.rpartition(":")
        facts = [name for name in facts_in(matter) if name in held]
        if OK_END.search(line) and any(held[name] for name in facts):
            rule = next(held[name] for name in facts if held[name])
            yield Failure("rationale steps", RATIONALE, cut(line), rules()[rule].names[0])
        raised = [name for name in rules() if names_rule(outcome, name)] if colon and facts else []
        if raised and not set(raised) & set(key["held"]):
            yield Failure("rationale steps", RATIONALE, cut(line), "no such rule holds here")
    if key["topic"] != CONDITION:
        ground = next((one for one in key["reasons"] if one["rule"] == key["deciding"]), None)
        if ground is not None and not any(_grounds(ground, line) for line in lines):
            yield Failure("rationale steps", RATIONALE, "", ground["says"])


def _grounds(ground: Mapping[str, Any], line: str) -> bool:
    """Whether a line states the matter that decides, with one of its own numbers where it has any."""
    own = {float(number) for number in ground["numbers"]}
    about = ground["fact"] in facts_in(line) or ground["fact"] not in entries()["facts"]
    worded = ground["says"].lower() in line.lower() or names_rule(line, ground["rule"])
    if ground["fact"] not in entries()["facts"] or ground["fact"] == "hard_day" or not own:
        return worded
    return about and any(float(found.group()) in own for found in NUMBER.finditer(line))


def _wrong_conclusion(key: Mapping[str, Any], rationale: str) -> Iterator[Failure]:
    found = CONCLUSION.search(rationale)
    level = (found[1] or found[2]).lower() if found else key["level"]
    line = next((line for line in reversed(rationale.splitlines()) if CONCLUSION.search(line)), rationale)
    if level != key["level"] or not names_rule(line, key["deciding"]):
        expected = f"{key['level']}, by {rules()[key['deciding']].names[0]}"
        yield Failure("rationale conclusion", RATIONALE, cut(line), expected)


def facts_in(line: str) -> list[str]:
    """Facts that a line speaks of; a phrase is used up by its longest match."""
    rest, found = line.lower(), []
    for word, name in _fact_words():
        if word in rest:
            found.append(name)
            rest = rest.replace(word, "\0")
    return list(dict.fromkeys(found))


@cache
def _fact_words() -> tuple[tuple[str, str], ...]:
    pairs = [(word, name) for name, words in entries()["facts"].items() for word in words]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))


def _wrong_numbers(text: str, key: Mapping[str, Any], check: str, where: str) -> Iterator[Failure]:
    """Numbers that are neither the person's nor a limit; a line about facts may hold those of these facts alone."""
    everyone, minutes = _common_numbers(key), _minutes_of_today(key)
    ready = key["situation"]["readiness"]
    for found in PRESSURE.finditer(text):
        if (float(found[1]), float(found[2])) != (ready["systolic"], ready["diastolic"]):
            yield Failure(check, where, found.group(), "this person's blood pressure")
    for line in text.splitlines():
        rest = SESSION.sub(lambda hit: " " * len(hit.group()), line)
        facts = [name for name in facts_in(rest) if name in key["numbers"]]
        own = {float(number) for name in facts or key["numbers"] for number in key["numbers"][name]}
        for found in NUMBER.finditer(rest):
            value = float(found.group())
            allowed = minutes if facts and where == RATIONALE else everyone
            if value not in own and value not in allowed:
                yield Failure(check, where, cut(line), "numbers of this person or of the rules")
                break


def _minutes_of_today(key: Mapping[str, Any]) -> set[float]:
    """What today's minutes are worked out from, and the limits of the condition that is asked about."""
    longest = [load()["minutes_most"][level] for level in LEVELS if level != REST]
    inside = conditions()[key["condition"]]["inside"].values() if key["condition"] else ()
    told = [key["situation"]["request"]["day_minutes"], key["left_min"], *key["minutes"]]
    return {float(value) for value in [*longest, *inside, *told]}


def _common_numbers(key: Mapping[str, Any]) -> set[float]:
    """Numbers of minutes and days that any line may hold: the ranges of the key, and what a plan adds up to."""
    week, today = key["week"], _minutes_of_today(key)
    most = max(key["minutes"]) if key["topic"] != WEEK else max(week["total_high_min"], key["minutes"][1], 60)
    others = [key["situation"]["age_y"] or 0, week["total_high_min"], 150, 300, *range(8), *range(0, most + 1, 5)]
    return today | {float(value) for value in others}


def _after(text: str, label: str) -> str:
    place = text.lower().find(label)
    return cut(text[place + len(label) :].splitlines()[0]) if place >= 0 else ""


__all__ = [
    "GUIDE_CHECKS",
    "HARD",
    "clinician_is_right",
    "facts_in",
    "guide_failures",
    "level_of",
    "minutes_are_right",
    "missing_points",
    "names_rule",
    "plan_is_broken",
    "sends_to_clinician",
    "unsafe_training_phrases",
]
