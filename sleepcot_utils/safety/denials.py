"""Whether a phrase stands in a sentence or is denied there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sleepcot_utils.safety.flags import Lexicon
from sleepcot_utils.safety.phrases import Phrase

#: Farther away than this a denial hardly ever belongs to the match.
DENIAL_REACH_WORDS = 7
#: Words and letters read around a match, so that a false denial ("I don't know why") is seen whole.
CONTEXT_WORDS, CONTEXT_LETTERS = 16, 240
SELF = frozenset({"i", "im", "my"})


def standing(phrase: Phrase, text: str, words: Lexicon) -> str:
    """Words that match a phrase, each part undenied; empty where a part is missing or denied."""
    hits = []
    for part in phrase.parts:
        kept = (match for match in part.finditer(text) if not _denied(match, part, text, words))
        match = next(kept, None)
        if match is None:
            return ""
        hits.append(match.group().strip())
    return " ... ".join(hits)


def _denied(match: re.Match[str], part: re.Pattern[str], text: str, words: Lexicon) -> bool:
    start, end = match.span()
    before = _without_false_denials(text[max(0, start - CONTEXT_LETTERS) : start].split()[-CONTEXT_WORDS:], words)
    inside = set(_without_false_denials(match.group().split(), words))
    denials = words.words["denials"]
    if inside & denials - set(re.findall(r"[a-z]+", part.pattern)):
        return True  # the phrase asks for no denial, so one in its gap turns it around: "chest checked, no pain"
    behind = " ".join(text[end : end + CONTEXT_LETTERS].split()[:3]) + " "
    if any(after.match(behind) for phrase in words.phrases["after_denials"] for after in phrase.parts):
        return True
    for at in range(len(before) - 1, max(-1, len(before) - 1 - DENIAL_REACH_WORDS), -1):
        if before[at] in words.words["boundaries"]:
            return False
        if before[at] in denials:
            return _reaches(before[at], before[at + 1 :], words)
    return False


def _without_false_denials(row: list[str], words: Lexicon) -> list[str]:
    text = "".join(f"{word} " for word in row)
    for phrase in words.phrases["false_denials"]:
        for part in phrase.parts:
            text = part.sub(lambda found: "_ " * len(found.group().split()), text)
    return text.split()


def _reaches(denial: str, between: list[str], words: Lexicon) -> bool:
    fillers = words.words["fillers"]
    if "," in between:
        # "no cough, fever, chest pain" is one list; "not tired, my chest hurts" is not.
        return denial in words.words["listing_denials"] and not SELF & set(between)
    if all(word in fillers for word in between):
        return True
    return ("or" in between or "nor" in between) or (denial in words.words["strong_denials"] and len(between) <= 1)


def any_found(phrases: Iterable[Phrase], text: str) -> bool:
    """Whether one of the phrases stands in the text, denied or not."""
    return any(all(part.search(text) for part in phrase.parts) for phrase in phrases)
