"""Takes out of a prompt what tells who a person is, before the prompt leaves the machine.

Names, email addresses, phone numbers, ids, places and exact dates become placeholders, the same one for the same thing
throughout a request, so that the teacher can still reason about "two nights later". The reply gets the originals back.

Patterns find what has a shape or a cue ("my name is ...", "Dr. ..."). A bare name in free text has neither: whoever
builds a task states the names and ids that it knows (`TeacherRequest.private_terms`). Masking makes a person hard to
recognize; it does not make a record anonymous in the sense of the law, since ages, habits and nights remain.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.teach.exchange import Message
from sleepcot_utils.teach.identifiers import (
    BIRTH_DATES,
    CHINESE_NAMES,
    CUED_PHONES,
    DATES,
    EMAIL,
    FULL_WIDTH,
    HARDWARE_ADDRESS,
    IDENTITY_NUMBER,
    LABELED_IDS,
    LONG_NUMBER,
    MONTHS,
    NAMES,
    PHONES,
    PLACES,
    SOCIAL_SECURITY,
    UNORDERED_DATE,
    UUID,
)

#: Beyond this distance a date (of birth, of an operation) is given in whole years only: the exact number of days
#: would tell the date to whoever learns one night's date. The HIPAA safe harbor, 45 CFR 164.514(b)(2)(i)(C), likewise
#: keeps no element of a date but the year.
FAR_DAYS = 366


@dataclass(frozen=True)
class Masked:
    """Messages that may leave the machine, and the way back.

    Attributes
    ----------
    messages : tuple of mapping
        The messages with placeholders.
    originals : dict
        Original by placeholder. It never leaves the machine and is never stored.
    """

    messages: tuple[Message, ...]
    originals: dict[str, str]

    def restore(self, text: str) -> str:
        """Put the originals back into a reply."""
        if not self.originals:
            return text
        placeholders = re.compile("|".join(map(re.escape, self.originals)))
        return placeholders.sub(lambda match: self.originals[match[0]], text)


def mask(messages: Iterable[Message], private_terms: Sequence[str] = ()) -> Masked:
    """Replace what identifies a person in the contents of chat messages.

    Day 0 is the end of the year in which most of the named dates lie: the last night of a report, whose nights have
    days at or below 0. Dates without a year are taken to lie within half a year of that day. ``4/12/2016`` is month
    first unless another date of the request shows that it can't be.

    Parameters
    ----------
    messages : iterable of mapping
        With ``role`` and ``content``.
    private_terms : sequence of str
        Names and ids known to stand for the person: whole words, whatever their case.

    Returns
    -------
    Masked
        The same messages give the same placeholders.

    Examples
    --------
    >>> masked = mask([{"role": "user", "content": "I'm called Ann. 2016-04-11: 300 min, 2016-04-12: 412 min"}])
    >>> masked.messages[0]["content"]
    "I'm called [name 1]. [day -1]: 300 min, [day 0]: 412 min"
    >>> masked.restore("[name 1], you slept longer on [day 0].")
    'Ann, you slept longer on 2016-04-12.'
    """
    messages = list(messages)
    masking = _Masking([message["content"].translate(FULL_WIDTH) for message in messages])
    # Before the terms: a name within an address would leave the rest of it.
    masking.replace("email", EMAIL)
    masking.replace_terms(private_terms)
    for pattern in PLACES:
        masking.replace("place", pattern)
    for pattern in (UUID, HARDWARE_ADDRESS, IDENTITY_NUMBER):
        masking.replace("id", pattern)
    masking.replace_dates()
    for pattern in BIRTH_DATES:
        masking.replace("birth date", pattern)
    for pattern in (*PHONES, *CUED_PHONES):
        masking.replace("phone", pattern)
    for pattern in (SOCIAL_SECURITY, *LABELED_IDS, LONG_NUMBER):
        masking.replace("id", pattern)
    masking.replace_names()
    contents = masking.finished()
    return Masked(
        tuple({**message, "content": text} for message, text in zip(messages, contents, strict=True)),
        masking.originals,
    )


class _Masking:
    """The texts of one request while they are being masked."""

    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.originals: dict[str, str] = {}
        self._everything = "\n".join(texts)
        self._placeholders: dict[tuple[str, str], str] = {}
        self._tokens: dict[str, str] = {}
        plane_15 = map(chr, range(0xF0000, 0xFFFFE))
        self._free_characters = (character for character in plane_15 if character not in self._everything)

    def replace(self, kind: str, pattern: re.Pattern[str]) -> None:
        def numbered(match: re.Match[str]) -> str:
            value = match["value"] if "value" in pattern.groupindex else match[0]
            start = match.start("value") - match.start() if "value" in pattern.groupindex else 0
            return match[0][:start] + self._numbered(kind, value) + match[0][start + len(value) :]

        self._substitute(pattern, numbered)

    def replace_terms(self, terms: Sequence[str]) -> None:
        for term in terms:
            if len(term.strip()) < 2:
                raise ParameterError(
                    "a private term of one character would mask ordinary text",
                    where="private_terms",
                    expected="2 characters or more",
                )
        if terms:
            # Longest first, so that "Ann Berg" is not left as "[name 1] Berg".
            longest_first = sorted({term.strip() for term in terms}, key=lambda term: (-len(term), term))
            alternatives = "|".join(re.escape(term) for term in longest_first)
            self.replace("name", re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE))

    def replace_names(self) -> None:
        found = sorted({match["value"] for text in self.texts for pattern in NAMES for match in pattern.finditer(text)})
        for name in sorted(found, key=len, reverse=True):
            token = self._numbered("name", name)
            words = (word for word in name.split() if len(word) > 2 and word[0].isupper())
            # A person introduced as "Ann Berg" is "Ann" later on; each part stands for the same person.
            parts = "|".join(re.escape(part) for part in sorted({name, *words}, key=lambda part: (-len(part), part)))
            pattern = re.compile(rf"(?<!\w)(?:{parts})(?!\w)")
            self.texts = [pattern.sub(token, text) for text in self.texts]
        for pattern in CHINESE_NAMES:
            self._replace_chinese_names(pattern)

    def _replace_chinese_names(self, pattern: re.Pattern[str]) -> None:
        """Names have no edges here: a whole one is found again wherever it stands, a family name alone only in place."""
        found = {match["value"] for text in self.texts for match in pattern.finditer(text)}
        for name in sorted((name for name in found if len(name) > 1), key=lambda name: (-len(name), name)):
            token = self._numbered("name", name)
            self.texts = [text.replace(name, token) for text in self.texts]
        self.replace("name", pattern)

    def replace_dates(self) -> None:
        day_first = any(int(match["first"]) > 12 for text in self.texts for match in UNORDERED_DATE.finditer(text))
        # Where no date at all has a year: a leap year, in which every day and month can be read.
        day_zero = self._day_zero(day_first, None) or self._day_zero(day_first, date(2000, 7, 1))
        if day_zero is None:
            return

        def relative(match: re.Match[str]) -> str:
            read = _read_date(match, day_first, day_zero)
            return match[0] if read is None else self._day(match[0], (read - day_zero).days)

        for pattern in DATES:
            self._substitute(pattern, relative)

    def _day_zero(self, day_first: bool, near: date | None) -> date | None:
        matches = (match for text in self.texts for pattern in DATES for match in pattern.finditer(text))
        days = sorted({read for match in matches if (read := _read_date(match, day_first, near)) is not None})
        # A date of birth or a goal years ahead must not become the origin: the nights would lose their days.
        year_before = {day: sum(0 <= (day - other).days <= FAR_DAYS for other in days) for day in days}
        return max(days, key=lambda day: (year_before[day], day), default=None)

    def _day(self, original: str, days: int) -> str:
        if abs(days) <= FAR_DAYS:
            placeholder = f"[day {days}]"
            self.originals.setdefault(placeholder, original)
        else:
            years = max(1, round(abs(days) / 365.25))
            unit = "year" if years == 1 else "years"
            placeholder = f"[{years} {unit} {'before' if days < 0 else 'after'} day 0]"
            known = self.originals.setdefault(placeholder, original)
            if known != original:
                # Two far dates of one year: there is no telling which one a reply means.
                self.originals[placeholder] = placeholder
        return self._token(placeholder)

    def _numbered(self, kind: str, value: str) -> str:
        identity = (kind, value.casefold())
        if identity not in self._placeholders:
            number = 1
            while f"[{kind} {number}]" in self.originals or f"[{kind} {number}]" in self._everything:
                number += 1
            self._placeholders[identity] = f"[{kind} {number}]"
            self.originals[f"[{kind} {number}]"] = value
        return self._token(self._placeholders[identity])

    def _token(self, placeholder: str) -> str:
        """One private-use character for a placeholder, which no later pattern takes for text."""
        if placeholder not in self._tokens:
            self._tokens[placeholder] = next(self._free_characters)
        return self._tokens[placeholder]

    def finished(self) -> list[str]:
        """The texts with their placeholders."""
        written = str.maketrans({token: placeholder for placeholder, token in self._tokens.items()})
        return [text.translate(written) for text in self.texts]

    def _substitute(self, pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str]) -> None:
        self.texts = [pattern.sub(replacement, text) for text in self.texts]


def _read_date(match: re.Match[str], day_first: bool, day_zero: date | None) -> date | None:
    """The date of a match; None if there is no such day, or if it has no year and no day is near enough to tell."""
    parts = match.groupdict()
    if parts.get("first") is not None:
        parts["day"], parts["month"] = (
            (parts["first"], parts["second"]) if day_first else (parts["second"], parts["first"])
        )
    month = int(parts["month"]) if parts["month"].isdecimal() else _month_number(parts["month"])
    day = int(parts["day"])
    if parts.get("year") is not None:
        year = int(parts["year"])
        return _day_of(year if year > 99 else 2000 + year, month, day)
    if day_zero is None:
        return None
    years = (day_zero.year - 1, day_zero.year, day_zero.year + 1)
    candidates = [found for year in years if (found := _day_of(year, month, day)) is not None]
    return min(candidates, key=lambda found: abs((found - day_zero).days), default=None)


def _month_number(name: str) -> int:
    return next(number for number, full in enumerate(MONTHS, start=1) if full.startswith(name[:3]))


def _day_of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
