"""The expert's answers to knowledge questions: what a card says and why, open or by choosing among options."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sleepcot_utils.knowledge import Card
from sleepcot_utils.teach.expert.voice import Voice, wording

OPTION = re.compile(r"^(?P<letter>[A-Z])\) (?P<text>.+)$", flags=re.MULTILINE)


def knowledge(card: Card, voice: Voice | None = None) -> tuple[str, str]:
    """Rationale and answer of an open question: the card's own reason and statement."""
    voice = voice or Voice()
    return _said(voice, "knowledge", card)


def choose(card: Card, options: Mapping[str, str], right: str, voice: Voice | None = None) -> tuple[str, str]:
    """Rationale and answer of a question with options.

    Parameters
    ----------
    options : mapping of str to str
        Letter to text, as ``options_in`` reads them.
    right : str
        Letter of the option that says what the card says.
    """
    voice = voice or Voice()
    wrong = ", ".join(letter for letter in options if letter != right)
    return _said(voice, "choice", card, letter=right, option=options[right], wrong=wrong)


def options_in(question: str) -> dict[str, str]:
    """Options of a question, one a line as ``A) text``, by letter; empty where it is an open one."""
    return {found["letter"]: found["text"].strip() for found in OPTION.finditer(question)}


def _said(voice: Voice, kind: str, card: Card, **values: str) -> tuple[str, str]:
    firmness = wording()["firmness"][card.confidence]
    known = {"why": card.why, "statement": card.statement, "firmness": voice.pick(firmness), **values}
    return voice.say(kind, "rationale", **known), voice.say(kind, "answer", **known)
