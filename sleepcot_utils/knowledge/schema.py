"""What the knowledge files must look like, and the one sentence that says where they don't."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NoReturn

from sleepcot_utils.errors import InputError
from sleepcot_utils.knowledge.answers import contradicted, covers, is_right, normalize
from sleepcot_utils.knowledge.cards import SPLITS, Card, Phrasings, Source

#: A student of about a million parameters has to be able to write the sentence whole.
LONGEST_SENTENCE_WORDS = 25
#: Fewest and most questions of a split.
PHRASING_COUNTS = {"train": (3, 60), "validation": (1, 1), "test": (1, 2)}
WRONG_OPTIONS = 3
MOST_KEY_POINTS = 3
CONFIDENCES = ("high", "moderate", "low")
FIELDS = (
    "id",
    "statement",
    "why",
    "source",
    "confidence",
    "key_points",
    "contradictions",
    "phrasings",
    "wrong_options",
)
#: Left out, the statement stands among the wrong options of a choice.
OPTIONAL_FIELDS = ("right_option",)
SOURCE_FIELDS = ("authors", "organization", "year", "title", "doi")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_DOI = re.compile(r"10\.\d{4,9}/\S+")


def refuse(place: str, field: str, problem: str, expected: str) -> NoReturn:
    """Raise the error for one field of one card."""
    raise InputError(problem, where=f"{place}, field '{field}'" if field else place, expected=expected)


def card_from(raw: Any, *, topic: str, place: str) -> Card:
    """Build a card from what a file holds, checking the card by itself.

    Parameters
    ----------
    raw : object
        One entry of the list ``cards``.
    topic : str
        Topic of the file.
    place : str
        File, line and id of the card, for the message.

    Raises
    ------
    InputError
        On the first field that is missing, unknown, ill-typed or inconsistent with the others.
    """
    if not isinstance(raw, Mapping):
        refuse(place, "", "this card is not a mapping", f"the fields {', '.join(FIELDS)}")
    _known(raw, FIELDS + OPTIONAL_FIELDS, place, "")
    for name in FIELDS:
        if name not in raw:
            refuse(place, name, "this field is missing", f"a card has {', '.join(FIELDS)}")
    if not _SLUG.fullmatch(_text(raw["id"], place, "id")):
        refuse(place, "id", f"{raw['id']!r} is not a slug", "lower-case words and digits joined by '-'")
    if raw["confidence"] not in CONFIDENCES:
        refuse(place, "confidence", f"{raw['confidence']!r} is unknown", ", ".join(CONFIDENCES))
    card = Card(
        card_id=raw["id"],
        topic=topic,
        statement=_sentence(raw["statement"], place, "statement"),
        why=_sentence(raw["why"], place, "why"),
        source=_source(raw["source"], place),
        confidence=raw["confidence"],
        key_points=_key_points(raw["key_points"], place),
        contradictions=_marks(raw["contradictions"], place, "contradictions"),
        phrasings=_phrasings(raw["phrasings"], place),
        wrong_options=_texts(raw["wrong_options"], place, "wrong_options"),
        right_option=_sentence(raw["right_option"], place, "right_option") if "right_option" in raw else "",
    )
    _consistent(card, place)
    return card


def unique_across(cards: Iterable[tuple[Card, str]]) -> None:
    """Refuse an id, a statement or a phrasing that two cards, or two splits of a card, share.

    Parameters
    ----------
    cards : iterable of (Card, str)
        Every card with its place.
    """
    seen: dict[str, dict[str, str]] = {"id": {}, "statement": {}, "phrasings": {}}
    for card, place in cards:
        asked = [(f"phrasings.{split}", text) for split in SPLITS for text in card.phrasings.of(split)]
        for field, text in [("id", card.card_id), ("statement", card.statement), *asked]:
            taken = seen[field.split(".")[0]]
            form = " ".join(text.lower().split())
            if form in taken:
                refuse(place, field, f"{text!r} stands already at {taken[form]}", "each one once among all cards")
            taken[form] = f"{place}, field '{field}'"


def _consistent(card: Card, place: str) -> None:
    for point, made in zip(card.key_points, covers(card, card.statement), strict=True):
        if not made:
            refuse(place, "key_points", f"the statement makes none of {list(point)}", "points that it makes itself")
    for field, text in (("statement", card.statement), ("why", card.why)):
        against = contradicted(card, text)
        if against:
            refuse(place, "contradictions", f"the {field} itself says {against[0]!r}", "what no right answer says")
    if (
        len(card.wrong_options) != WRONG_OPTIONS
        or len({normalize(text) for text in card.wrong_options}) != WRONG_OPTIONS
    ):
        refuse(
            place,
            "wrong_options",
            "the wrong options are too few, too many or repeated",
            f"{WRONG_OPTIONS}, all different",
        )
    for option in card.wrong_options:
        if is_right(card, option):
            refuse(
                place,
                "wrong_options",
                f"{option!r} counts as a right answer",
                "an option that misses a key point or says a contradiction",
            )

    if card.right_option and not is_right(card, card.right_option):
        refuse(
            place,
            "right_option",
            f"{card.right_option!r} does not count as a right answer",
            "one that makes every key point and says no contradiction",
        )


def _source(raw: Any, place: str) -> Source:
    if not isinstance(raw, Mapping):
        refuse(place, "source", "the source is not a mapping", f"the fields {', '.join(SOURCE_FIELDS)}")
    _known(raw, SOURCE_FIELDS, place, "source.")
    year = raw.get("year")
    if not isinstance(year, int) or isinstance(year, bool) or not 1900 <= year <= date.today().year:
        refuse(place, "source.year", f"{year!r} is not a year of publication", f"1900 to {date.today().year}")
    if not raw.get("authors") and not raw.get("organization"):
        refuse(place, "source", "the source names nobody", "'authors' or 'organization'")
    texts = {
        name: _text(raw[name], place, f"source.{name}") for name in SOURCE_FIELDS if name != "year" and name in raw
    }
    if "title" not in texts:
        refuse(place, "source.title", "the source has no title", "the title of the paper or guideline")
    if "doi" in texts and not _DOI.fullmatch(texts["doi"]):
        refuse(
            place,
            "source.doi",
            f"{texts['doi']!r} is not a DOI",
            "10.<registrant>/<suffix>, with no resolver before it",
        )
    return Source(year=year, **texts)


def _phrasings(raw: Any, place: str) -> Phrasings:
    if not isinstance(raw, Mapping):
        refuse(place, "phrasings", "the phrasings are not a mapping", f"the splits {', '.join(SPLITS)}")
    _known(raw, SPLITS, place, "phrasings.")
    texts = {}
    for split in SPLITS:
        field = f"phrasings.{split}"
        texts[split] = _texts(raw.get(split, []), place, field)
        found, (fewest, most) = len(texts[split]), PHRASING_COUNTS[split]
        if not fewest <= found <= most:
            wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            refuse(place, field, f"the number of questions is {found}", f"{wanted} for '{split}'")
        for text in texts[split]:
            # People also ask with a request, or leave the mark out: training takes that, held-out questions are plain ones.
            if split != "train" and not text.endswith("?"):
                refuse(place, field, f"{text!r} is not a question", "one question that ends in '?'")
    return Phrasings(**texts)


def _key_points(raw: Any, place: str) -> tuple[tuple[str, ...], ...]:
    if not isinstance(raw, list) or not 1 <= len(raw) <= MOST_KEY_POINTS:
        refuse(place, "key_points", "the key points are missing or too many", f"a list of 1 to {MOST_KEY_POINTS} lists")
    return tuple(_marks(point, place, "key_points") for point in raw)


def _marks(raw: Any, place: str, field: str) -> tuple[str, ...]:
    marks = _texts(raw, place, field)
    if not marks:
        refuse(place, field, "the list is empty", "at least one string")
    for mark in marks:
        if mark != mark.lower() or not re.search(r"[a-z0-9]", normalize(mark)):
            refuse(place, field, f"{mark!r} can't be looked for", "lower-case letters or digits")
    return marks


def _texts(raw: Any, place: str, field: str) -> tuple[str, ...]:
    if not isinstance(raw, list):
        refuse(place, field, f"{raw!r} is not a list", "a list of strings")
    return tuple(_text(entry, place, field) for entry in raw)


def _text(raw: Any, place: str, field: str) -> str:
    # YAML reads a bare 90 as a number and a bare no as false, so the remedy is nearly always a pair of quotes.
    if not isinstance(raw, str) or not raw.strip():
        refuse(
            place, field, f"{raw!r} is not a text", "a string that is not empty, in quotes if it is a number or yes/no"
        )
    return " ".join(raw.split())


def _sentence(raw: Any, place: str, field: str) -> str:
    text = _text(raw, place, field)
    words = len(text.split())
    if words > LONGEST_SENTENCE_WORDS:
        refuse(place, field, f"the sentence has {words} words", f"at most {LONGEST_SENTENCE_WORDS}")
    if not text.endswith(".") or re.search(r"[.!?]\s", text):
        refuse(place, field, f"{text!r} is not one sentence", "one sentence that ends in '.'")
    return text


def _known(raw: Mapping, allowed: tuple[str, ...], place: str, prefix: str) -> None:
    for name in raw:
        if name not in allowed:
            refuse(place, f"{prefix}{name}", "this field is unknown", f"one of {', '.join(allowed)}")
