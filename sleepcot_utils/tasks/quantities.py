"""Quantities in a text: values with their units, from "7h12" and "82%" to "half past eleven" and "9 of 13 nights".

A compound amount ("7 h 26 min") is one quantity. Amounts of time are given in minutes, clock times in minutes after
midnight. What only looks like a quantity (dates, numbering, "24/7", "N3", "CBT-I", "SpO2", "PHQ-9") is passed over.

What is not read: number words without a unit ("one thing"), Roman numerals, and fractions other than halves and
quarters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from sleepcot_utils.tasks.quantity_patterns import (
    A_DAY,
    A_MINUTE,
    ABOUT,
    AGE,
    BARE,
    BPM,
    CLOCK,
    CLOCK_TIME,
    DENIED,
    HOURS,
    MIN,
    MINUTES_A_DAY,
    MINUTES_AN_HOUR,
    MS,
    NIGHTS,
    PARTS,
    PERCENT,
    PLAIN,
    RANGE,
    SHARE,
    SPELLED,
    SPOKEN,
    TRAP,
    UNIT_PATTERNS,
    WORDS,
    YEARS,
)

#: Room for a value that was rounded to one decimal before it was held against another.
ROUNDING = 0.051


@dataclass(frozen=True)
class Quantity:
    """One amount in a text.

    Attributes
    ----------
    value : float
        With its sign, in `unit`; amounts of time in minutes, clock times in minutes after midnight.
    unit : str
        One of the units of ``quantity_patterns``; empty for a bare number.
    start, end : int
        Place in the text.
    step : float
        Size of the last printed digit, in `unit`: 6 for "7.2 hours", 60 for "7 hours", 1 for "432 min".
    is_decimal, is_signed, is_about, is_denied : bool
        Printed with a decimal part; with a sign; after a word such as "about"; after a word such as "not".
    total : float or None
        What a share is out of: 13 in "9 of 13 nights".
    scale : float
        What one of the printed unit is in `unit`: 60 for hours.
    """

    value: float
    unit: str
    start: int
    end: int
    step: float = 1.0
    is_decimal: bool = False
    is_signed: bool = False
    is_about: bool = False
    is_denied: bool = False
    total: float | None = None
    scale: float = 1.0

    @property
    def tolerance(self) -> float:
        """How far off the true value may lie: half of the last digit where the amount was plainly rounded."""
        if not (self.is_decimal or self.is_about):
            return ROUNDING
        step = self.step
        if self.is_about and not self.is_decimal and self.value and self.value % (10 * step) == 0:
            step *= 10
        return max(ROUNDING, step / 2)

    def fits(self, unit: str) -> bool:
        """Whether an amount can be one of `unit`; a bare number can be one of any, but of no clock time."""
        if unit == CLOCK or self.unit == CLOCK:
            return unit == self.unit
        alike = {"min a day": MIN, BPM: A_MINUTE}
        return self.unit == BARE or alike.get(self.unit, self.unit) == alike.get(unit, unit)

    def says(self, value: float) -> bool:
        """Whether this amount, as exact as it was printed, is the size `value`."""
        return abs(abs(self.value) - abs(value)) <= self.tolerance + 1e-9


@lru_cache(maxsize=2**13)
def quantities(text: str) -> tuple[Quantity, ...]:
    """Quantities of a text in order.

    Examples
    --------
    >>> [(q.value, q.unit) for q in quantities("You slept 7h12 (82%), to bed at half past eleven, 9 of 13 nights.")]
    [(432.0, 'min'), (82.0, '%'), (690.0, 'clock'), (9.0, 'nights')]
    """
    plain = text.lower()
    if len(plain) != len(text):  # a few letters grow when they are made small, which would move what follows
        plain = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
    plain = plain.replace("\u2019", "'").replace("\u00a0", " ").replace("\u202f", " ")
    found: list[Quantity] = []
    rest = plain
    for pattern, read in _READERS:
        rest = _take(pattern, read, rest, found)
    found.sort(key=lambda one: one.start)
    return tuple(_in_context(found, plain))


def _take(
    pattern: re.Pattern[str], read: Callable[[re.Match[str]], Quantity | None], text: str, found: list[Quantity]
) -> str:
    """Read what a pattern finds, and blank it so that no later pattern reads it again."""

    def blank(match: re.Match[str]) -> str:
        quantity = read(match)
        if quantity is not None:
            found.append(quantity)
        elif read is not _skip:
            return match.group()  # looked like it and is not; a later pattern may read it
        return "\u0000" * len(match.group())

    return pattern.sub(blank, text)


def _in_context(found: list[Quantity], text: str) -> list[Quantity]:
    """Units of ranges, and words before a quantity that change what it claims."""
    read: list[Quantity] = []
    for number, quantity in enumerate(found, start=1):
        following = found[number] if number < len(found) else None
        if following is not None and quantity.unit == BARE and following.unit not in (BARE, CLOCK):
            between = text[quantity.end : following.start]
            is_range = RANGE.fullmatch(between) and ("and" not in between or "between" in text[: quantity.start][-12:])
            if is_range:
                scale = following.scale
                value, step = quantity.value * scale, quantity.step * scale
                quantity = replace(quantity, unit=following.unit, value=value, step=step, scale=scale)
        before = text[max(0, quantity.start - 24) : quantity.start]
        about, denied = ABOUT.search(before) is not None, DENIED.search(before) is not None
        read.append(replace(quantity, is_about=about, is_denied=denied) if about or denied else quantity)
    return read


def _amount(text: str) -> tuple[float, float, bool]:
    """Value, size of the last digit, and whether there are decimals, of a number in digits or words."""
    text = text.strip()
    half = text.endswith(" and a half")
    text = text.removesuffix(" and a half")
    if text[-1] in PARTS:
        return (float(text[:-1]) if text[:-1] else 0.0) + PARTS[text[-1]], 0.0, False
    if text[0].isdigit():
        digits = len(text.partition(".")[2])
        value, step = float(text.replace(",", "")), 10.0**-digits
        return value + 0.5 * half, 0.0 if half else step, digits > 0
    hundreds, _, rest = text.partition(" hundred") if " hundred" in text else ("", "", text)
    value = 100.0 * sum(WORDS[word] for word in re.split("[ -]", hundreds) if word)
    value += sum(WORDS[word] for word in re.split("[ -]", rest.strip()) if word and word != "and")
    return value + 0.5 * half, 0.0 if half else 1.0, False


def _signed(value: float, sign: str | None) -> float:
    return -value if sign in ("-", "\u2212") else value


def _skip(match: re.Match[str]) -> None:
    return None


def _read_age(match: re.Match[str]) -> Quantity:
    return Quantity(float(match["n"]), YEARS, match.start("n"), match.end())


def _read_clock(match: re.Match[str]) -> Quantity | None:
    if match["named"]:
        return _clock(0 if match["named"] == "midnight" else 12, 0, match)
    if match["oclock"]:
        return _clock(int(_amount(match["oclock"])[0]), 0, match)
    if match["half"]:
        hour = int(match["h"])
        return _clock(hour % 12 + 12 * (match["half"] == "p"), int(match["m"] or 0), match) if hour <= 12 else None
    hour, minute = int(match["ch"]), int(match["cm"])
    if match["unit"] and hour <= 12:
        return Quantity(float(hour * MINUTES_AN_HOUR + minute), MIN, match.start(), match.end())
    return _clock(hour, minute, match) if hour <= 24 else None


def _clock(hour: int, minute: int, match: re.Match[str]) -> Quantity:
    minutes = float((hour * MINUTES_AN_HOUR + minute) % MINUTES_A_DAY)
    return Quantity(minutes, CLOCK, match.start(), match.end())


def _read_spoken(match: re.Match[str]) -> Quantity | None:
    part = match["part"]
    named = 30.0 if part == "half" else 15.0 if part.endswith("quarter") else None
    minutes = named if named is not None else _amount(re.sub(r" minutes?$", "", part))[0]
    hour = _amount(match["hour"])[0]
    # "8 to 9 hours" and "58 to 92" are ranges; told times have five-minute steps and hours up to twelve.
    if hour > 12 or minutes >= 60 or (named is None and match["side"] == "to" and (minutes % 5 or part[0].isdigit())):
        return None
    told = hour * MINUTES_AN_HOUR + (minutes if match["side"] == "past" else -minutes)
    return Quantity(told % MINUTES_A_DAY, CLOCK, match.start(), match.end())


def _read_share(match: re.Match[str]) -> Quantity:
    part, whole = match["a"] or match["a2"], match["b"] or match["b2"]
    unit = NIGHTS if match["u"] or match["ua"] or match["u2"] else BARE
    return Quantity(_amount(part)[0], unit, match.start(), match.end(), total=_amount(whole)[0])


def _read_spelled(match: re.Match[str]) -> Quantity:
    names = {"three": 45.0, "quarter": 15.0, "half": 30.0, "anhalf": 90.0, "anquarter": 75.0}
    minutes = next((value for name, value in names.items() if match[name]), 60.0)
    if match["anmin"]:
        minutes += _amount(match["anmin"])[0]
    exact = match["anmin"] or minutes != MINUTES_AN_HOUR
    return Quantity(minutes, MIN, match.start(), match.end(), step=1.0 if exact else 60.0)


def _read_hours(match: re.Match[str]) -> Quantity:
    hours, step, is_decimal = _amount(match["n"] + (match["nhalf"] or ""))
    value, size = hours * MINUTES_AN_HOUR, step * MINUTES_AN_HOUR
    if match["half"]:
        value, size = value + MINUTES_AN_HOUR / 2, 1.0
    minutes = match["m"] or match["bare"]
    if minutes:
        value, size, is_decimal = value + _amount(minutes)[0], 1.0, False
    sign = match["sign"]
    return Quantity(
        _signed(value, sign), MIN, match.start(), match.end(), size or 1.0, is_decimal, is_signed=bool(sign),
        scale=float(MINUTES_AN_HOUR),
    )  # fmt: skip


def _read_plain(match: re.Match[str]) -> Quantity:
    value, step, is_decimal = _amount(match["n"] or match["word"] or match["begin"])
    written = match["unit"] or match["wunit"]
    unit, size = (MIN, 1.0) if match.group().endswith("m") and not written else (BARE, 1.0)
    if written:
        unit, size = next((name, one) for pattern, name, one in UNIT_PATTERNS if pattern.fullmatch(written))
    sign = match["sign"]
    value = _signed(value * size, sign)
    return Quantity(
        value, unit, match.start(), match.end(), (step or 1.0) * size, is_decimal, is_signed=bool(sign), scale=size
    )


#: Readers in the order in which they take their part of a text.
_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Quantity | None]], ...] = (
    (TRAP, _skip),
    (AGE, _read_age),
    (CLOCK_TIME, _read_clock),
    (SPOKEN, _read_spoken),
    (SPELLED, _read_spelled),
    (HOURS, _read_hours),
    (SHARE, _read_share),
    (PLAIN, _read_plain),
)

__all__ = [
    "A_DAY",
    "A_MINUTE",
    "BARE",
    "BPM",
    "CLOCK",
    "MIN",
    "MINUTES_A_DAY",
    "MS",
    "NIGHTS",
    "PERCENT",
    "ROUNDING",
    "Quantity",
    "quantities",
]
