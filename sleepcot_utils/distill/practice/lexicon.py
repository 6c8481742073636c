"""Words to practice on: all that occur in the study's prose, one by one, and the training wordings of its questions."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

from sleepcot_utils.knowledge import Card, load_cards
from sleepcot_utils.tasks.follow_up import follow_ups, things
from sleepcot_utils.tasks.follow_up.kinds import MEASURED, SLOT

WORD = re.compile(r"[A-Za-z][A-Za-z'-]+")


@cache
def cards() -> tuple[Card, ...]:
    """The knowledge cards, read once."""
    return tuple(load_cards())


@cache
def card_groups() -> tuple[tuple[str, ...], ...]:
    """Training wordings of each question about sleep; wordings of one group ask the same."""
    return tuple(card.phrasings.train for card in cards())


@cache
def report_groups() -> tuple[tuple[str, ...], ...]:
    """Training wordings of each question about a report, once for each thing that it may ask about."""
    groups = []
    for kind, entry in follow_ups().items():
        slots = things().values() if kind == MEASURED else entry.get("about", [""])
        for slot in slots:
            groups.append(tuple(wording.replace(SLOT, str(slot)) for wording in entry["train"]))
    return tuple(groups)


@cache
def asked_groups() -> tuple[tuple[str, ...], ...]:
    """Training wordings of all questions, those of the cards first."""
    return card_groups() + report_groups()


@cache
def counted_words() -> Counter[str]:
    """How often each word occurs in the training wordings."""
    return Counter(word.lower() for group in asked_groups() for text in group for word in WORD.findall(text))


@cache
def vocabulary() -> tuple[str, ...]:
    """Every word of the knowledge cards and of the questions on its own, in alphabetical order: no sentence can be read from it."""
    texts = [text for card in cards() for text in (card.statement, card.why)]
    texts += [text for group in asked_groups() for text in group]
    return tuple(sorted({word for text in texts for word in WORD.findall(text)}))


def key_words(text: str, count: int = 3) -> list[str]:
    """The rarest words of a question, in their order there."""
    found = list(dict.fromkeys(word.lower() for word in WORD.findall(text)))
    rarest = sorted(found, key=lambda word: (counted_words()[word], word))[:count]
    return [word for word in found if word in rarest]
