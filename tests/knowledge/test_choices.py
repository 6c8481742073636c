from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.knowledge import Card, Phrasings, Source, is_right, load_cards
from sleepcot_utils.knowledge import choices as module
from sleepcot_utils.knowledge.choices import CHOICE, OPEN, Choice, is_practiced, make_choices
from sleepcot_utils.knowledge.give_aways import (
    ALL_OPTIONS_MODEL,
    MOST_GIVEN_AWAY,
    NEAREST_STATEMENT,
    RULES,
    give_away_baselines,
    wilson,
)
from sleepcot_utils.tasks.build import choice_task

SEED = 20240229


@pytest.fixture(scope="module")
def cards() -> list[Card]:
    return load_cards()


@pytest.fixture(scope="module")
def asked(cards: list[Card]) -> list[Choice]:
    return make_choices(cards, np.random.default_rng(SEED))


def small_card(number: int) -> Card:
    return Card(
        card_id=f"card-{number}",
        topic="topic",
        statement=f"Right {number}.",
        why="Because.",
        source=Source(2001, "Title"),
        confidence="high",
        key_points=(("right",),),
        contradictions=("wrong",),
        phrasings=Phrasings(("Train?",), ("Validate?",), (f"First {number}?", f"Second {number}?")),
        wrong_options=("Wrong a.", "Wrong b.", "Wrong c."),
    )


def test_a_choice_holds_the_right_option_and_the_three_wrong_ones() -> None:
    card = small_card(1)
    (choice,) = make_choices([card], np.random.default_rng(0))
    assert choice.card_id == "card-1"
    assert choice.options[choice.right] == "Right 1."
    assert sorted(choice.options) == ["Right 1.", "Wrong a.", "Wrong b.", "Wrong c."]
    assert choice.question in {f"Choose the right statement. {text}" for text in ("First 1?", "Second 1?")}


def test_the_right_option_in_other_words_takes_the_place_of_the_statement() -> None:
    card = replace(small_card(1), right_option="Right, in other words.")
    (choice,) = make_choices([card], np.random.default_rng(0))
    assert choice.options[choice.right] == "Right, in other words."
    assert "Right 1." not in choice.options


@pytest.mark.parametrize(("count", "fewest"), [(4, 1), (40, 10), (42, 10)])
def test_places_are_balanced_exactly(count: int, fewest: int) -> None:
    made = make_choices([small_card(number) for number in range(count)], np.random.default_rng(3))
    places = Counter(choice.right for choice in made)
    assert set(places) == {0, 1, 2, 3}
    assert min(places.values()) == fewest
    assert max(places.values()) - fewest == (1 if count % 4 else 0)


def test_places_do_not_follow_the_order_of_the_cards() -> None:
    made = make_choices([small_card(number) for number in range(40)], np.random.default_rng(3))
    assert [choice.right for choice in made[:8]] != [choice.right for choice in made[4:12]]


def test_the_generator_alone_decides(cards: list[Card], asked: list[Choice]) -> None:
    assert make_choices(cards, np.random.default_rng(SEED)) == asked
    assert make_choices(cards, np.random.default_rng(SEED + 1)) != asked


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(ParameterError, match="'dev' is no split"):
        make_choices([small_card(1)], np.random.default_rng(0), split="dev")


@pytest.mark.parametrize("split", ["train", "validation"])
def test_training_practices_choices_on_half_of_the_cards_in_its_own_words(cards: list[Card], split: str) -> None:
    made = make_choices(cards, np.random.default_rng(SEED), split=split)
    assert {choice.card_id for choice in made} == {card.card_id for card in cards if is_practiced(card.card_id)}
    assert 0.4 < len(made) / len(cards) < 0.6
    phrasings = {card.card_id: card.phrasings.of(split) for card in cards}
    assert all(choice.question.split(". ", 1)[1] in phrasings[choice.card_id] for choice in made)


def test_more_than_a_thousand_test_questions_none_twice(cards: list[Card]) -> None:
    questions = module.test_questions(cards, np.random.default_rng(SEED))
    forms = Counter(question.form for question in questions)
    assert forms == {OPEN: 2 * len(cards), CHOICE: len(cards)}
    assert len(questions) == 1161
    assert len({question.question for question in questions}) == len(questions)
    assert all((question.right == -1) == (question.options == ()) for question in questions)


def test_the_right_option_of_every_card_is_right_and_the_others_are_not(cards: list[Card], asked: list[Choice]) -> None:
    card_of = {card.card_id: card for card in cards}
    for choice in asked:
        right = [is_right(card_of[choice.card_id], option) for option in choice.options]
        assert right == [place == choice.right for place in range(4)], choice.card_id


def test_no_right_option_is_a_sentence_of_training(cards: list[Card]) -> None:
    known = {text for card in cards for text in (card.statement, card.why)}
    assert all(card.right_option and card.right_option not in known for card in cards)


def test_a_choice_becomes_a_task(asked: list[Choice]) -> None:
    task = choice_task(asked[0], 1)
    assert task.key["choice"] == "ABCD"[asked[0].right]
    assert asked[0].options[3] in task.messages[1]["content"]


def three_choices() -> list[Choice]:
    """Right: the longest with "often"; the shortest and A; one of two that tie in length."""
    return [
        Choice("a", "test", "Does tea wake?", ("Never.", "Tea often wakes people.", "No.", "All of it."), 1),
        Choice("b", "test", "How long?", ("Two.", "Exactly two.", "About three.", "Only four."), 0),
        Choice("c", "test", "Which color?", ("Light red.", "Dark blue.", "Red.", "Blue."), 1),
    ]


def test_rules_by_hand() -> None:
    table = give_away_baselines(three_choices()).set_index("baseline")["share_right"]
    assert table["always A"] == pytest.approx(1 / 3)
    assert table["always B"] == pytest.approx(2 / 3)
    assert table["always D"] == 0
    assert table["longest"] == pytest.approx((1 + 0 + 1 / 2) / 3)
    assert table["shortest"] == pytest.approx((0 + 1 + 0) / 3)
    assert table["most hedging words"] == pytest.approx((1 + 0 + 1 / 4) / 3)
    assert table["fewest absolute words"] == pytest.approx((1 + 1 / 2 + 1 / 4) / 3)
    assert table["most words of the question"] == pytest.approx((1 + 1 / 4 + 1 / 4) / 3)
    assert table["most numbers"] == pytest.approx((1 / 4 + 1 / 4 + 1 / 4) / 3)
    assert ALL_OPTIONS_MODEL not in table


def test_wilson_against_the_closed_form() -> None:
    # Newcombe RG (1998), Statistics in Medicine 17:857, table I: 81 of 263.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    low, high = wilson(0, 10)
    assert low == pytest.approx(0, abs=1e-12)
    assert high == pytest.approx(3.8415 / 13.8415, abs=1e-4)


def test_baselines_refuse_no_choices() -> None:
    with pytest.raises(ParameterError, match="no choices"):
        give_away_baselines([])


def test_no_rule_gives_the_shipped_choices_away(cards: list[Card], asked: list[Choice]) -> None:
    table = give_away_baselines(asked, cards).set_index("baseline")
    assert set(RULES) <= set(table.index)
    assert table.loc[list(RULES), "share_right"].max() < MOST_GIVEN_AWAY
    assert (table["low"] <= table["share_right"]).all() and (table["share_right"] <= table["high"]).all()
    # What a model of the options' words still finds, and what a look into the training answers earns; see README.md.
    assert table.loc[ALL_OPTIONS_MODEL, "share_right"] < 0.55
    assert 0.5 < table.loc[NEAREST_STATEMENT, "share_right"] < 0.75


def test_the_options_model_finds_a_planted_give_away(asked: list[Choice]) -> None:
    marked = [
        replace(one, options=tuple(f"Truly, {text}" if i == one.right else text for i, text in enumerate(one.options)))
        for one in asked
    ]
    shares = give_away_baselines(marked).set_index("baseline")["share_right"]
    assert shares[ALL_OPTIONS_MODEL] > 0.95
