"""Comparisons and judgments that a text makes: on which side of a limit a value lies, and what that means.

Read in any prose that puts a relation between two amounts ("5 h 28 min. That is less than the limit of 7 h"), names a
fact and a side of the norm, or ends a statement with a level. Not read: a comparison whose amounts stand in different
lines, or whose relation is told in other words ("misses it", "plenty").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from sleepcot_utils.norms import fact_norms
from sleepcot_utils.tasks.drivers import drivers
from sleepcot_utils.tasks.quantities import CLOCK, Quantity, quantities
from sleepcot_utils.tasks.reading import placed_clauses, placed_facts
from sleepcot_utils.tasks.steps import COMPUTE, RANK
from sleepcot_utils.teach.verify.claims import driver_phrase
from sleepcot_utils.teach.verify.failures import Failure, cut

UNDER, OVER = "under", "over"
_UNDER = r"under|below|less than|short of|fewer than|lower than|shorter than|beneath|smaller than|before|earlier than"
_OVER = r"over|above|more than|beyond|greater than|higher than|exceeds|longer than|larger than|after|later than|past"
_TO_LIMIT = (
    r"(?:\s+(?:the|a|its|of|at|is|limit|norm|end|typical|range|recommended|minimum|maximum|lower|upper|threshold"
    r"|advised|least|for|adults|adult|value|target|goal|line|cut-off|cutoff|mark|asked))*\s*"
)
RELATION = re.compile(
    rf"(?P<lead>[^\n]{{0,60}}?)\b(?P<no>(?:not|no|isn't|never|neither|nor)(?: at all| even)? )?"
    rf"(?:(?P<under>{_UNDER})|(?P<over>{_OVER})){_TO_LIMIT}"
)
RANGE = re.compile(
    r"(?P<lead>[^\n]{0,60}?)\b(?P<no>not |outside )?(?:between|inside|within|in|of)(?: the)?(?: (?:norm|typical|usual|range|of))*\s*"
)
INSIDE_WORDS = re.compile(r"\b(?:between|inside|within|outside)\b")
RANGE_MIDDLE = re.compile(r"\s*(?:to|and|-|\u2013|until)\s*")
NEW_CLAUSE = re.compile(r"[.;]\s+(?!that\b|this\b|it\b|which\b)|\b(?:keep|aim|try|stay|should|get)\b")
#: Signs of comparison between two amounts: "50 < 58", "84 % (< 89 %)".
SIGN = re.compile(r"\s*\(?\s*(?P<sign>[<>])\s*")
MORE_LIMITS = re.compile(r"\b(?:norm|limit|range|and|or|nor)\b")
#: From here on a clock time is no morning, and "after" does not tell which of two comes later in a night.
MORNING_END_MIN = 15 * 60
SIDE_OF_NORM = re.compile(
    r"\b(?P<no>not )?(?:(?P<inside>inside|within)|(?P<outside>outside)|(?P<under>under|below|less than|short of)"
    r"|(?P<over>over|above|more than|beyond)) (?:of )?(?:the|its|your|their) (?:norm|(?P<typical>typical))\b"
    r"|\b(?P<no2>not )?(?:(?P<in2>within)|(?P<under2>below)|(?P<over2>above)) typical\b"
)
SUPPOSES = re.compile(r"\b(?:would|should|could|if|whether|unless|neither|younger|older)\b")
LEVEL = re.compile(r"(?::|=|->|\u2192|\u2014|\()\s*(?P<level>ok|watch|act)\b(?!\w)(?= *(?:[.,;)]|$))", re.MULTILINE)


def wrong_comparisons(text: str, key: Mapping[str, Any], check: str, where: str) -> Iterator[Failure]:
    """Comparisons of two amounts that do not hold, and facts on the wrong side of their norm."""
    found, plain = quantities(text), text.lower()
    for place in range(len(found) - 1):
        value, limit = found[place], found[place + 1]
        between = plain[value.end : limit.start]
        if "\n" in between or len(between) > 100:
            continue
        high = found[place + 2] if place + 2 < len(found) else None
        if high is not None and _is_range(between, limit, high, plain):
            yield from _outside(text, value, limit, high, between, check, where)
            continue
        sign = SIGN.fullmatch(between)
        if sign is not None and _comparable(value, limit) and not _holds(value, limit, sign["sign"] == "<", False):
            expected = f"{value.value:g} is not {sign['sign']} {limit.value:g}"
            yield Failure(check, where, cut(text[value.start : limit.end]), expected)
        match = RELATION.fullmatch(between)
        if (
            match is not None and MORE_LIMITS.search(match["lead"]) and not NEW_CLAUSE.search(match["lead"])
        ):  # "below the 90 % norm and even below 89 %"
            value = found[place - 1] if place else limit
        if match is not None and _comparable(value, limit) and not _new_subject(match["lead"]):
            is_under = bool(match["under"]) != bool(match["no"])
            holds = _holds(value, limit, is_under, bool(match["no"]))
            before = found[place - 1] if place else None
            if not holds and not _is_distance(value, limit, before, is_under, key):
                side = "under" if limit.value > value.value else "not under"
                yield Failure(
                    check, where, cut(text[value.start : limit.end]), f"{value.value:g} is {side} {limit.value:g}"
                )
    yield from _wrong_sides(text, key, check, where)


def wrong_levels(text: str, key: Mapping[str, Any], check: str, where: str) -> Iterator[Failure]:
    """Levels (ok, watch, act) that are not those of the key, for facts and for drivers in a row."""
    for line in text.splitlines():
        plain = line.lower()
        for match in LEVEL.finditer(plain):
            name = _judged_fact(plain[: match.start()], key)
            level = key["flags"].get(name, {}).get("level", "ok")
            if name is not None and level != match["level"]:
                yield Failure(check, where, cut(line), f"{_label(name)}: {level}")
        levels = _driver_levels(key)
        if levels is None or not re.search(r" (?:watch|act)\b", plain):
            continue
        for name, phrase in _driver_phrases():
            said = phrase.search(plain)
            if said and levels.get(name, "ok") != said[1]:
                yield Failure(check, where, cut(line), f"{driver_phrase(name)}: {levels.get(name, 'no driver here')}")


def judges(line: str) -> bool:
    """Whether a line says how something lies."""
    return _JUDGES.search(line.lower()) is not None or LEVEL.search(line.lower()) is not None


def judged_facts(text: str) -> set[str]:
    """Facts of which a text says how they lie: on a side of a limit or norm, or at a level."""
    judged: set[str] = set()
    for line in text.splitlines():
        plain = line.lower()
        for pattern in (LEVEL, SIDE_OF_NORM, _JUDGES):
            for match in pattern.finditer(plain):
                facts = placed_facts(plain[: match.start()])
                if not facts and quantities(line):  # "under the norm is your time asleep of 372 min"
                    facts = placed_facts(plain)[:1]
                judged |= {name for name, _, _ in facts[-1:]}
    return judged


_JUDGES = re.compile(
    rf"\b(?:{_UNDER}|{_OVER}|between|inside|within|outside|at least|meets|reaches|normal|usual|fine|in order|norm|limit|range|raised|okay|too (?:low|high|short|long|much|little)|(?:is|are|not) (?:short|low|high|long|raised|elevated))\b|[<>\u2264\u2265]"
)


def _holds(value: Quantity, limit: Quantity, is_under: bool, is_denied: bool) -> bool:
    """Whether a comparison is true; a denied one leaves equality open ("not after 07:00")."""
    room = (value.tolerance if value.is_decimal or value.is_about else 0.0) + (1e-9 if is_denied else -1e-9)
    return value.value < limit.value + room if is_under else value.value > limit.value - room


def _comparable(value: Quantity, limit: Quantity) -> bool:
    if CLOCK in (value.unit, limit.unit):
        return value.unit == limit.unit and max(value.value, limit.value) < MORNING_END_MIN
    return value.fits(limit.unit) or limit.fits(value.unit)


def _new_subject(lead: str) -> bool:
    """Whether something else begins between an amount and the relation, so that the amount is not what is compared."""
    if NEW_CLAUSE.search(lead):
        return True
    named = placed_facts(lead.strip())
    return bool(named) and not re.match(r"\s*(?:of|for|as|in)\b", lead)


def _is_distance(
    value: Quantity, limit: Quantity, before: Quantity | None, is_under: bool, key: Mapping[str, Any]
) -> bool:
    """Whether an amount is how far something lies from a limit: "600 min is 60 min over 540"."""
    if before is not None and before.unit != CLOCK and value.says(before.value - limit.value):
        return (before.value < limit.value) == is_under
    for own in key["values"].values():
        for one in own:
            if value.says(one - limit.value) and (one < limit.value) == is_under:
                return True
    return False


def _is_range(between: str, low: Quantity, high: Quantity, plain: str) -> bool:
    middle = plain[low.end : high.start]
    has_words = INSIDE_WORDS.search(between) is not None and not RELATION.fullmatch(between)
    return has_words and RANGE_MIDDLE.fullmatch(middle) is not None


def _outside(
    text: str, value: Quantity, low: Quantity, high: Quantity, between: str, check: str, where: str
) -> Iterator[Failure]:
    match = RANGE.fullmatch(between)
    if match is None or not _comparable(value, low) or _new_subject(match["lead"]):
        return
    inside = low.value <= value.value <= high.value
    if inside == bool(match["no"] or "outside" in between):
        word = "inside" if inside else "outside"
        expected = f"{value.value:g} is {word} {low.value:g} to {high.value:g}"
        yield Failure(check, where, cut(text[value.start : high.end]), expected)


def _wrong_sides(text: str, key: Mapping[str, Any], check: str, where: str) -> Iterator[Failure]:
    """Facts that are said to lie on a side of the norm on which they do not."""
    for _, clause in placed_clauses(text):
        if ("norm" not in clause and "typical" not in clause) or SUPPOSES.search(clause):
            continue
        for match in SIDE_OF_NORM.finditer(clause):
            named = [fact for fact in placed_facts(clause) if fact[2] <= match.start()] or placed_facts(clause)[:1]
            side = _side_of(named[-1][0], key) if named else None
            if side is None or _is_computed(clause[: match.start()], named[-1][0], key):
                continue
            said = next(
                name
                for name in ("inside", "outside", UNDER, OVER)
                if match.groupdict().get(name) or match.groupdict().get(_SHORT[name])
            )
            right = side != "inside" if said == "outside" else side == said
            if right == bool(match["no"] or match["no2"]):
                yield Failure(check, where, cut(clause), f"{_label(named[-1][0])} is {side} the norm")


def _is_computed(before: str, name: str, key: Mapping[str, Any]) -> bool:
    """Whether what lies on a side of the norm is no fact but what was worked out from it, as sleep that would be left."""
    results = [step["value"] for step in key.get("steps", ()) if step["act"] == COMPUTE]
    own = key["values"].get(name, [])
    return any(one.says(value) for one in quantities(before) for value in results if value not in own)


_SHORT = {"inside": "in2", "outside": "", UNDER: "under2", OVER: "over2"}


def _side_of(name: str, key: Mapping[str, Any]) -> str | None:
    """On which side of its norm or typical range a fact lies; None where it has none or is not known."""
    limits, own = key["limits"].get(name), key["values"].get(name)
    if not limits or not own:
        return None
    flag = key["flags"].get(name)
    if flag:
        return UNDER if flag["direction"] == "low" else OVER
    if limits["act_low"] is not None or limits["act_high"] is not None:
        return "inside"
    if limits["low"] is not None and own[0] < limits["low"]:
        return UNDER
    return OVER if limits["high"] is not None and own[0] > limits["high"] else "inside"


def _judged_fact(before: str, key: Mapping[str, Any]) -> str | None:
    """Fact that a level is said of: the last one named on the line, else the one that has this value and this limit."""
    named = placed_facts(before)
    if named:
        return named[-1][0]
    amounts = quantities(before)
    if len(amounts) < 2:
        return None
    value, limit = amounts[-2:]
    fitting = [
        name
        for name, own in key["values"].items()
        if value.says(own[0])
        and any(side is not None and limit.says(side) for side in key["limits"].get(name, {}).values())
    ]
    return fitting[0] if len(fitting) == 1 else None


@cache
def _driver_phrases() -> list[tuple[str, re.Pattern[str]]]:
    return [(name, re.compile(rf"\b{re.escape(driver_phrase(name))} (watch|act)\b")) for name in drivers()]


def _driver_levels(key: Mapping[str, Any]) -> dict[str, str] | None:
    ranked = [step for step in key.get("steps", ()) if step["act"] == RANK]
    return {name: {1: "watch", 2: "act"}[int(size)] for name, size in ranked[0]["terms"]} if ranked else None


def _label(name: str) -> str:
    return fact_norms()[name].label if name in fact_norms() else name.replace("_", " ")
