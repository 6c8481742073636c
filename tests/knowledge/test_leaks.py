from __future__ import annotations

from dataclasses import replace

import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.knowledge import Card, load_cards
from sleepcot_utils.knowledge.choices import FRAME, is_practiced
from sleepcot_utils.knowledge.leaks import MOST_SIMILAR, closest_pairs, exact_matches, nearest_items, training_items


@pytest.fixture(scope="module")
def cards() -> list[Card]:
    return load_cards()


def with_test_question(cards: list[Card], question: str) -> list[Card]:
    """The cards, where the second test question of the first card is another."""
    first = cards[0]
    phrasings = replace(first.phrasings, test=(first.phrasings.test[0], question))
    return [replace(first, phrasings=phrasings), *cards[1:]]


def test_training_items_hold_what_training_shows_and_nothing_of_the_test(cards: list[Card]) -> None:
    texts = {item.text for item in training_items(cards)}
    for card in cards:
        assert {card.statement, card.why, *card.phrasings.train} <= texts
        assert (card.wrong_options[0] in texts) == is_practiced(card.card_id)
        assert not texts & set(card.phrasings.test)


def test_no_test_question_and_no_stem_of_a_choice_is_a_training_item(cards: list[Card]) -> None:
    assert exact_matches(cards) == []


@pytest.mark.parametrize("change", [str, str.upper, lambda text: "  " + text.replace(" ", "  ").rstrip("?") + " ??"])
def test_a_copied_question_is_found_whatever_its_marks(cards: list[Card], change) -> None:
    copied = change(cards[5].phrasings.train[1])
    found = exact_matches(with_test_question(cards, copied))
    assert (cards[0].card_id, copied) in found


def test_a_copied_statement_is_found(cards: list[Card]) -> None:
    assert exact_matches(with_test_question(cards, cards[9].statement)) == [(cards[0].card_id, cards[9].statement)]


def test_a_stem_in_the_frame_is_found(cards: list[Card]) -> None:
    practiced = next(card for card in cards if is_practiced(card.card_id))
    stem = FRAME.format(question=practiced.phrasings.train[0])
    assert (cards[0].card_id, stem) in exact_matches(with_test_question(cards, stem))


def test_a_near_copy_comes_first_and_names_its_model(cards: list[Card]) -> None:
    original = cards[20].phrasings.train[0]
    table = closest_pairs(with_test_question(cards, original.rstrip("?") + " then?"), top=3)
    assert len(table) == 3
    assert table.loc[0, "nearest_text"] == original
    assert table.loc[0, "nearest_card_id"] == cards[20].card_id
    assert table.loc[0, "nearest_kind"] == "question"
    assert table.loc[0, "similarity"] > 0.8 > MOST_SIMILAR
    assert table["similarity"].is_monotonic_decreasing


def test_a_copy_has_similarity_one(cards: list[Card]) -> None:
    table = closest_pairs(with_test_question(cards, cards[7].why), top=1)
    assert table.loc[0, "similarity"] == pytest.approx(1)
    assert table.loc[0, "nearest_kind"] == "reason"


def test_every_shipped_test_question_stays_below_the_bound(cards: list[Card]) -> None:
    table = nearest_items(cards)
    assert len(table) == sum(len(card.phrasings.test) for card in cards)
    assert table["similarity"].max() < MOST_SIMILAR
    assert 0.25 < table["similarity"].median() < 0.4


def test_no_cards() -> None:
    with pytest.raises(ParameterError, match="no cards"):
        nearest_items([])
