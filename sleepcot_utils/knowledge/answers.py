"""Whether a text says what a card says.

The test is one of words, not of meaning, so that a score can be traced to the string that earned or lost it. Texts and
card strings are first brought to one form (``normalize``). A card string then matches where a word begins with it, so
that ``block`` finds "blocks"; a last word of three letters or fewer has to be the whole word but for a plural s, so
that ``rem`` does not find "remain", and a last number has to be the whole number.

A match does not count where it is denied in the same clause: by a word such as "not", "never" or "rather than" among
the four words before it, or by "is a myth" or "is false" behind it. Phrases that only look like a denial ("no more
than", "not only") or name a condition ("a night without sleep") are let through, and a string that holds a negation of
its own ("not dangerous") is taken as it stands.

A question asserts nothing, so an answer that only repeats the question earns nothing.

Limits: a denial further away, across "and", or by irony, quotation or hedging is not seen; nor is a wrong claim that no
contradiction of the card spells out. Hence ``is_right`` is strict about what is missing and lenient about the rest.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from sleepcot_utils.knowledge.cards import Card

#: Words between a denial and what it denies: "does not, as a rule, ..." is cut by its comma; within a clause English
#: rarely puts more than an auxiliary, an adverb and an article between.
DENIAL_REACH_WORDS = 4
SHORT_WORD_LETTERS = 3

NUMBERS = {
    "twenty four": "24",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
    "fifteen": "15",
    "twenty": "20",
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "ninety": "90",
}
_NUMBER = re.compile(rf"\b(?:{'|'.join(NUMBERS)})\b")
_DENIAL = re.compile(
    r"\b(?:(?:not|no)(?! (?:only|just|it|you|they|this|that|there|(?:more|longer|later|less|fewer|earlier) than)\b)"
    r"|never|without(?! (?:sleep|electric|artificial)\w*\b)|nor|neither|rather than|instead of|(?:myth|false|wrong|untrue) that)\b"
)
_DENIED_BEHIND = re.compile(r"[^.;!?]{0,40}\b(?:is|are) (?:a (?:common )?myth|false|wrong|untrue|not true)\b")
_OWN_DENIAL = re.compile(r"\b(?:not|no|never|without|nor|neither)\b")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_CLAUSE_BREAK = re.compile(
    r"[.,;:!?](?:\s|$)"
    r"|\b(?:but|and|because|so|although|though|while|whereas|however|which|when|if|since)\b"
)


@lru_cache(maxsize=2**15)
def normalize(text: str) -> str:
    """Bring a text to the form in which it is compared.

    Lower case, plain apostrophes, single spaces; "n't" and "cannot" become "not"; number words up to twelve (and 15,
    20, 24, 30, 40, 50, 60, 90) become digits; "7-9" becomes "7 to 9"; "90 min" and "1 h" become "90 minutes" and
    "1 hours"; "per week" becomes "a week"; "%" becomes "percent"; hyphens become spaces; quotes, brackets and emphasis
    marks are dropped.

    Examples
    --------
    >>> normalize("Most adults don't do well on 4–5 hours;  SEVEN is better.")
    'most adults do not do well on 4 to 5 hours; 7 is better.'
    """
    text = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'").replace("\u2018", "'")
    text = re.sub(r"(?<=\d)\s*[-\u2010-\u2014]\s*(?=\d)", " to ", text)
    text = re.sub(r"\s[-\u2010-\u2014]+\s|\u2014", ", ", text)
    text = re.sub(r"[-\u2010-\u2013]", " ", text)
    text = re.sub(r"n't\b", " not", text).replace("cannot", "can not")
    text = text.replace("ca not", "can not").replace("wo not", "will not")
    text = text.replace("%", " percent").replace("per cent", "percent")
    text = re.sub(r"[\"\u201c\u201d*_`()\[\]{}<>#]", " ", text)
    text = re.sub(r"\s+", " ", text).strip()
    text = _NUMBER.sub(lambda found: NUMBERS[found.group()], text)
    text = re.sub(r"(?<=\d)\s*(?:min|mins|minute|minutes)\b", " minutes", text)
    text = re.sub(r"(?<=\d)\s*(?:h|hr|hrs|hour|hours)\b", " hours", text)
    return re.sub(r"\bper (?=(?:day|night|week|month)\b)", "a ", text)


@lru_cache(maxsize=2**15)
def _pattern(phrase: str) -> re.Pattern[str]:
    wanted = normalize(phrase)
    last_word = re.findall(r"[a-z0-9']+", wanted)[-1]
    if last_word[-1].isdigit():
        end = r"(?![0-9]|[.:][0-9])"
    elif len(last_word) <= SHORT_WORD_LETTERS:
        end = r"s?(?![a-z0-9])"
    else:
        end = ""
    return re.compile(rf"(?<![a-z0-9])(?<![0-9][.:]){re.escape(wanted)}{end}")


def _asserts(text: str, phrase: str) -> bool:
    """Whether a normalized text says the phrase at least once without denying it."""
    wanted = normalize(phrase)
    if wanted not in text:  # nearly always so when every text is held against every card, and cheaper than the pattern
        return False
    if _OWN_DENIAL.search(wanted):
        return _pattern(phrase).search(text) is not None
    return any(not _denied(text, found) for found in _pattern(phrase).finditer(text))


@lru_cache(maxsize=4096)
def _claims(text: str) -> str:
    """Normalized text without its questions."""
    return " ".join(part for part in _SENTENCE_END.split(normalize(text)) if not part.endswith("?"))


def _denied(text: str, found: re.Match[str]) -> bool:
    before = _CLAUSE_BREAK.split(text[: found.start()])[-1].split()
    reach = " ".join(before[-DENIAL_REACH_WORDS:])
    return bool(_DENIAL.search(reach) or _DENIED_BEHIND.match(text, found.end()))


def covers(card: Card, text: str) -> list[bool]:
    """Which key points of a card a text makes.

    Parameters
    ----------
    card : Card
        The card that the text should say.
    text : str
        Any text; case, spacing and number words do not matter.

    Returns
    -------
    list of bool
        One value a key point, in the order of the card.
    """
    said = _claims(text)
    return [any(_asserts(said, alternative) for alternative in point) for point in card.key_points]


def contradicted(card: Card, text: str) -> list[str]:
    """The contradictions of a card that a text asserts, in the order of the card."""
    said = _claims(text)
    return [phrase for phrase in card.contradictions if _asserts(said, phrase)]


def is_right(card: Card, text: str) -> bool:
    """Whether a text makes every key point of a card and asserts none of its contradictions."""
    return all(covers(card, text)) and not contradicted(card, text)
