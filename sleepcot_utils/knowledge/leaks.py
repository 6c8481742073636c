"""How close the questions of the test come to what a student is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.knowledge.answers import normalize
from sleepcot_utils.knowledge.cards import Card
from sleepcot_utils.knowledge.choices import FRAME, is_practiced

if TYPE_CHECKING:
    import pandas as pd

#: Letters a piece; three to five catch both a word's stem and a short phrase.
LETTERS = (3, 5)
#: Cosine above which a test question would count as a near copy of a training item. The bound of the shipped cards.
MOST_SIMILAR = 0.65


@dataclass(frozen=True)
class TrainingItem:
    """One text that training shows: ``kind`` is ``question``, ``statement``, ``reason`` or ``option``."""

    card_id: str
    kind: str
    text: str


def training_items(cards: Sequence[Card]) -> list[TrainingItem]:
    """Every text of the cards that training may show.

    Questions of the training split as they are and in the frame of a choice, statements and reasons of all cards, and
    the options of the cards whose choices are practiced.
    """
    items = []
    for card in cards:
        items += [TrainingItem(card.card_id, "question", text) for text in card.phrasings.train]
        items += [
            TrainingItem(card.card_id, "statement", card.statement),
            TrainingItem(card.card_id, "reason", card.why),
        ]
        if is_practiced(card.card_id):
            items += [TrainingItem(card.card_id, "question", FRAME.format(question=q)) for q in card.phrasings.train]
            options = [card.right_option or card.statement, *card.wrong_options]
            items += [TrainingItem(card.card_id, "option", text) for text in options]
    return items


def exact_matches(cards: Sequence[Card]) -> list[tuple[str, str]]:
    """Test questions, open and in the frame of a choice, that are a training item but for case, spacing and marks.

    Returns
    -------
    list of (str, str)
        Card of the test question, and the question; empty where nothing leaks.
    """
    trained = {_letters_of(item.text) for item in training_items(cards)}
    return [
        (card.card_id, asked)
        for card in cards
        for text in card.phrasings.test
        for asked in (text, FRAME.format(question=text))
        if _letters_of(asked) in trained
    ]


def nearest_items(cards: Sequence[Card]) -> pd.DataFrame:
    """The nearest training item of each test question.

    Similarity is the cosine of TF-IDF weights of letter pieces (three to five letters, within words), with the
    weights of the training items. 1 is a copy, 0 shares no piece.

    Returns
    -------
    pandas.DataFrame
        One row a test question, nearest first: ``card_id, question, nearest_card_id, nearest_kind, nearest_text,
        similarity``. The column ``similarity`` is what a figure of the distribution shows.

    Raises
    ------
    ParameterError
        If there are no cards.
    """
    import pandas as pd
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not cards:
        raise ParameterError("there are no cards", where="cards", expected="at least one")
    items = [item for item in training_items(cards) if not item.text.startswith(FRAME.split("{")[0])]
    asked = [(card.card_id, text) for card in cards for text in card.phrasings.test]
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=LETTERS, preprocessor=normalize, sublinear_tf=True)
    known = pieces.fit_transform([item.text for item in items])
    cosine = (pieces.transform([text for _, text in asked]) @ known.T).toarray()
    rows = []
    for (card_id, text), values in zip(asked, cosine, strict=True):
        place = int(np.argmax(values))
        item = items[place]
        rows.append((card_id, text, item.card_id, item.kind, item.text, float(values[place])))
    columns = ["card_id", "question", "nearest_card_id", "nearest_kind", "nearest_text", "similarity"]
    return pd.DataFrame(rows, columns=columns).sort_values("similarity", ascending=False, ignore_index=True)


def closest_pairs(cards: Sequence[Card], top: int = 20) -> pd.DataFrame:
    """The ``top`` test questions that come closest to a training item; columns as in ``nearest_items``."""
    return nearest_items(cards).head(top)


def _letters_of(text: str) -> str:
    return "".join(letter for letter in normalize(text) if letter.isalnum())
