"""Sums that a text writes out: "446 - 385 = 61", "402 / 475 = 85 %", "00:49 + 7 h 26 min = 08:15", "417 min is 6 h 57 min"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleepcot_utils.report.reports import clock_text
from sleepcot_utils.tasks.quantities import BARE, CLOCK, MIN, MINUTES_A_DAY, PERCENT, Quantity, quantities
from sleepcot_utils.teach.verify.failures import Failure, cut

_WORDS = r"[a-z%'() ]{0,45}"
#: Between two terms of a sum; the sign stands alone, so that "7-9 h" is none.
OPERATOR = re.compile(
    rf"(?:{_WORDS}\s)?(?P<op>[-\u2212\u2013+/\u00f7\u00d7*]|minus|plus|divided by|times)(?:\s{_WORDS})?"
)
TIGHT = re.compile(r"\s*(?P<op>[-\u2212+/\u00f7\u00d7*])\s*")
EQUALS = re.compile(rf",?{_WORDS}(?:=|\bleaves\b|\bequals\b|\bgives\b|\bmakes\b|\bis\b|\bare\b){_WORDS}")
#: Between an amount and the same in other words.
SAME = re.compile(r"\s*(?:=|\(|is|are|, or|or|equals|, which is|, that is|\(that is|means)\s*")
_SIGNS = {"minus": "-", "\u2212": "-", "\u2013": "-", "plus": "+", "divided by": "/", "\u00f7": "/", "times": "*",
          "\u00d7": "*"}  # fmt: skip


def wrong_sums(text: str, check: str, where: str) -> Iterator[Failure]:
    """Sums of a text that do not come out as it says, and amounts that are not the same in other words."""
    found, plain = quantities(text), text.lower()
    for place in range(len(found) - 1):
        first, second = found[place], found[place + 1]
        between = plain[first.end : second.start]
        if "\n" in between:
            continue
        is_result = place > 0 and _operator(plain[found[place - 1].end : first.start]) is not None
        if (
            not is_result
            and _is_restated(first, second, between)
            and abs(first.value - second.value) > _room(first, second)
        ):
            yield Failure(check, where, cut(text[first.start : second.end]), f"{first.value:g} min in both")
        if place + 2 < len(found):
            result = found[place + 2]
            yield from _sum(text, plain, first, second, result, between, check, where)


def _sum(
    text: str, plain: str, first: Quantity, second: Quantity, result: Quantity, between: str, check: str, where: str
) -> Iterator[Failure]:
    sign = _operator(between)
    after = plain[second.end : result.start]
    if sign is None or "\n" in after or not EQUALS.fullmatch(after):
        return
    expected = _compute(_SIGNS.get(sign["op"], sign["op"]), first, second, result)
    if expected is None:
        return
    room = _room(first, second, result)
    off = abs(expected - result.value)
    if CLOCK in (result.unit,):
        off = min(off, MINUTES_A_DAY - off)
    if sign["op"] in ("/", "\u00f7", "divided by"):
        room = max(room, 0.51 if abs(expected) > 1 else 0.006)
    if off > room:
        said = clock_text(expected) if result.unit == CLOCK else f"{expected:.4g}"
        yield Failure(check, where, cut(text[first.start : result.end]), f"the result {said}")


def _operator(between: str) -> re.Match[str] | None:
    return TIGHT.fullmatch(between) or OPERATOR.fullmatch(between)


def _compute(sign: str, first: Quantity, second: Quantity, result: Quantity) -> float | None:
    """What comes out, in the unit of the result; None where units do not allow to tell."""
    clocks = (first.unit == CLOCK, second.unit == CLOCK, result.unit == CLOCK)
    if sign in ("+", "-") and any(clocks):
        if clocks not in ((True, True, False), (True, False, True)) or (clocks[1] and sign == "+"):
            return None
        return (first.value + (second.value if sign == "+" else -second.value)) % MINUTES_A_DAY
    if any(clocks) or not first.fits(second.unit) and not second.fits(first.unit):
        return None
    if sign in ("+", "-"):
        return first.value + second.value if sign == "+" else first.value - second.value
    if sign == "*":
        return None if result.unit == PERCENT else first.value * second.value
    if second.value == 0:
        return None
    share = first.value / second.value
    return share if result.unit == BARE and result.value <= 1 and result.is_decimal else 100 * share


def _is_restated(first: Quantity, second: Quantity, between: str) -> bool:
    if MIN not in (first.unit, second.unit) or {first.unit, second.unit} - {MIN, BARE}:
        return False
    bare_first = first.unit == BARE and between.strip() in ("=", "is", "(")
    return SAME.fullmatch(between) is not None and (first.unit == second.unit or bare_first)


def _room(*amounts: Quantity) -> float:
    return sum(one.tolerance for one in amounts if one.is_decimal or one.is_about) + 0.11
