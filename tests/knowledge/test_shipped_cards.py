"""Tests over the cards that the study ships."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest
import yaml

from sleepcot_utils.knowledge import SPLITS, Card, is_right, knowledge_frame, load_cards, normalize, question_frame

#: Right answers in other words than the cards', as a stronger model or a person might put them; one file a topic.
PARAPHRASES = Path(__file__).parent / "paraphrases"
#: Answers that miss or turn the point of a card, and right answers that mention another subject in passing.
MISSES = Path(__file__).parent / "misses.yaml"
MENTIONS = Path(__file__).parent / "mentions.yaml"
#: Share of word trigrams that a test question may have in common with a training question of any card.
MOST_SHARED_TRIGRAMS = 0.3


@pytest.fixture(scope="module")
def cards() -> list[Card]:
    return load_cards()


def test_every_topic_has_at_least_six_cards(cards: list[Card]) -> None:
    topics = Counter(card.topic for card in cards)
    assert len(topics) >= 12
    assert min(topics.values()) >= 6


def test_the_statement_is_right_with_its_reason_before_or_behind_it(cards: list[Card]) -> None:
    for card in cards:
        assert is_right(card, f"{card.why} {card.statement}"), card.card_id
        assert is_right(card, f"{card.statement.upper()}  {card.why}"), card.card_id


def test_no_card_is_answered_by_the_statement_of_another(cards: list[Card]) -> None:
    wrong = [(card.card_id, other.card_id) for card, other in permutations(cards, 2) if is_right(card, other.statement)]
    assert wrong == []


def test_no_card_is_answered_by_a_wrong_option_of_another(cards: list[Card]) -> None:
    wrong = [
        (card.card_id, option)
        for card, other in permutations(cards, 2)
        for option in other.wrong_options
        if is_right(card, option)
    ]
    assert wrong == []


def test_no_question_answers_itself(cards: list[Card]) -> None:
    for card in cards:
        for split in SPLITS:
            for question in card.phrasings.of(split):
                assert not is_right(card, question), question


def test_paraphrases_of_right_answers_are_right(cards: list[Card]) -> None:
    card_of = {card.card_id: card for card in cards}
    for file in sorted(PARAPHRASES.glob("*.yaml")):
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert set(said) == {card.card_id for card in cards if card.topic == file.stem}, file.name
        assert [card_id for card_id, text in said.items() if not is_right(card_of[card_id], text)] == [], file.name


def test_no_card_is_answered_by_the_right_option_of_another(cards: list[Card]) -> None:
    wrong = [
        (card.card_id, other.card_id) for card, other in permutations(cards, 2) if is_right(card, other.right_option)
    ]
    assert wrong == []


def test_answers_that_miss_the_point_are_wrong(cards: list[Card]) -> None:
    card_of = {card.card_id: card for card in cards}
    said = yaml.safe_load(MISSES.read_text(encoding="utf-8"))
    assert len(said) >= 20
    passed = [text for card_id, texts in said.items() for text in texts if is_right(card_of[card_id], text)]
    assert passed == []


def test_a_right_answer_may_mention_another_subject(cards: list[Card]) -> None:
    card_of = {card.card_id: card for card in cards}
    said = yaml.safe_load(MENTIONS.read_text(encoding="utf-8"))
    assert len(said) >= 20
    assert [text for card_id, text in said.items() if not is_right(card_of[card_id], text)] == []


def test_every_card_has_two_test_questions(cards: list[Card]) -> None:
    assert [card.card_id for card in cards if len(card.phrasings.test) != 2] == []


def test_every_topic_has_its_paraphrases(cards: list[Card]) -> None:
    assert {card.topic for card in cards} == {file.stem for file in PARAPHRASES.glob("*.yaml")}


def test_a_test_question_shares_a_word_with_the_training_questions(cards: list[Card]) -> None:
    for card in cards:
        train = _stems(*card.phrasings.train)
        assert any(train & _stems(text) for text in card.phrasings.test), card.card_id


def test_no_test_question_comes_close_to_a_training_question(cards: list[Card]) -> None:
    trained = [(_trigrams(text), text) for card in cards for text in card.phrasings.train]
    for card in cards:
        for text in card.phrasings.test:
            asked = _trigrams(text)
            shared, nearest = max((len(asked & known) / len(asked | known), other) for known, other in trained)
            assert shared <= MOST_SHARED_TRIGRAMS, (text, nearest)


def test_the_vocabulary_stays_small(cards: list[Card]) -> None:
    words = {word.strip(".,").lower() for card in cards for word in card.statement.split()}
    assert len(words) <= 5 * len(cards)


def test_tables_hold_every_card_and_every_question(cards: list[Card]) -> None:
    table = knowledge_frame(cards)
    assert list(table["card_id"]) == [card.card_id for card in cards]
    assert not table[["statement", "why", "source"]].eq("").any(axis=None)
    questions = question_frame(cards)
    assert questions.groupby("split").size().to_dict() == {
        "test": sum(len(card.phrasings.test) for card in cards),
        "train": sum(len(card.phrasings.train) for card in cards),
        "validation": len(cards),
    }
    assert questions["question"].str.lower().is_unique
    assert knowledge_frame().equals(table)


def test_an_organization_or_authors_stand_in_every_citation(cards: list[Card]) -> None:
    for card in cards:
        assert bool(card.source.authors) != bool(card.source.organization), card.card_id


def _stems(*texts: str) -> set[str]:
    return {word[:5] for text in texts for word in text.lower().strip("?").split() if len(word) > 3}


def _trigrams(text: str) -> set[tuple[str, ...]]:
    words = normalize(text).strip("?").split()
    return set(zip(words, words[1:], words[2:], strict=False))
