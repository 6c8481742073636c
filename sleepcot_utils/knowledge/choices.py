"""Multiple-choice questions from the cards, and the test set that they make together with the open questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.knowledge.cards import SPLITS, Card

#: What stands before the question of a card, so that it reads as a choice; one wording, so that the format is learned.
FRAME = "Choose the right statement. {question}"
OPEN, CHOICE = "open", "choice"


@dataclass(frozen=True)
class Choice:
    """A question with four options.

    Attributes
    ----------
    card_id : str
        The card that it was made from.
    split : str
        One of ``SPLITS``.
    question : str
        A phrasing of the card in this split, in the frame of a choice.
    options : tuple of str
        The options in the order in which they are shown.
    right : int
        Place of the right option, from 0.
    """

    card_id: str
    split: str
    question: str
    options: tuple[str, ...]
    right: int


@dataclass(frozen=True)
class TestQuestion:
    """One question of the knowledge test; ``options`` is empty and ``right`` is -1 for an open question."""

    card_id: str
    form: str
    question: str
    options: tuple[str, ...] = ()
    right: int = -1


def is_practiced(card_id: str) -> bool:
    """Whether choices on this card may be practiced in training.

    About half of the cards, picked by a checksum of the id, so that a new card changes no other. The options of the
    other cards are seen in the test alone, so a student that only learned by heart which option is right shows it by
    the difference between the two halves.
    """
    return crc32(card_id.encode()) % 2 == 0


def make_choices(cards: Iterable[Card], rng: np.random.Generator, split: str = "test") -> list[Choice]:
    """Make one multiple-choice question a card.

    Parameters
    ----------
    cards : iterable of Card
        In ``train`` and ``validation`` only those that ``is_practiced`` allows are used.
    rng : numpy.random.Generator
        Draws the order of the options and, among several phrasings, the question.
    split : str
        Whose phrasings to ask in.

    Returns
    -------
    list of Choice
        In the order of the cards. Each place holds the right option equally often, or once more where the number of
        questions is no multiple of four.

    Raises
    ------
    ParameterError
        If there is no such split.
    """
    if split not in SPLITS:
        raise ParameterError(f"{split!r} is no split", where="split", expected=f"one of {', '.join(SPLITS)}")
    used = [card for card in cards if split == "test" or is_practiced(card.card_id)]
    # Rounds through a shuffled order of the places, so that neither A nor D gets the remainder by rule.
    places = rng.permutation(4)[np.arange(len(used)) % 4]
    rng.shuffle(places)
    choices = []
    for card, place in zip(used, places, strict=True):
        phrasings = card.phrasings.of(split)
        options = [card.wrong_options[i] for i in rng.permutation(len(card.wrong_options))]
        options.insert(int(place), card.right_option or card.statement)
        question = FRAME.format(question=phrasings[int(rng.integers(len(phrasings)))])
        choices.append(Choice(card.card_id, split, question, tuple(options), int(place)))
    return choices


def test_questions(cards: Sequence[Card], rng: np.random.Generator) -> list[TestQuestion]:
    """Every question of the knowledge test: all test phrasings as open questions, and one choice a card.

    Parameters
    ----------
    cards : sequence of Card
        The shipped cards make more than 1,000 questions.
    rng : numpy.random.Generator
        For ``make_choices``.

    Returns
    -------
    list of TestQuestion
        The open questions, then the choices, both in the order of the cards.
    """
    asked = [TestQuestion(card.card_id, OPEN, text) for card in cards for text in card.phrasings.test]
    chosen = make_choices(cards, rng)
    return asked + [TestQuestion(one.card_id, CHOICE, one.question, one.options, one.right) for one in chosen]


# pytest collects what is named like a test wherever it is imported.
test_questions.__test__ = False  # type: ignore[attr-defined]
TestQuestion.__test__ = False  # type: ignore[attr-defined]
