"""Words to practice on: all that occur in the study's prose, one by one, and the training wordings of its questions."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from sleepcot_utils.knowledge import Card, load_cards

WORD = re.compile(r"[A-Za-z][A-Za-z'-]+")


@cache
def cards() -> tuple[Card, ...]:
    """The knowledge cards, read once."""
    return tuple(load_cards())


@cache
def asked_groups() -> tuple[tuple[str, ...], ...]:
    """Training wordings of each question about sleep; wordings of one group ask the same."""
    return tuple(card.phrasings.train for card in cards())


@cache
def counted_words() -> Counter[str]:
    """How often each word occurs in the training wordings."""
    return Counter(word.lower() for group in asked_groups() for text in group for word in WORD.findall(text))


@cache
def vocabulary() -> tuple[str, ...]:
    """Every word of the knowledge cards on its own, in alphabetical order: no sentence can be read from it."""
    texts = [text for card in cards() for text in (card.statement, card.why, *card.phrasings.train)]
    return tuple(sorted({word for text in texts for word in WORD.findall(text)}))


def key_words(text: str, count: int = 3) -> list[str]:
    """The rarest words of a question, in their order there."""
    found = list(dict.fromkeys(word.lower() for word in WORD.findall(text)))
    rarest = sorted(found, key=lambda word: (counted_words()[word], word))[:count]
    return [word for word in found if word in rarest]
