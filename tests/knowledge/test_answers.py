from __future__ import annotations

import pytest

from sleepcot_utils.knowledge import Card, Phrasings, Source, contradicted, covers, is_right, normalize


@pytest.fixture
def card() -> Card:
    return Card(
        card_id="example",
        topic="example",
        statement="Coffee blocks adenosine for 7 to 9 hours.",
        why="It sits on the receptor.",
        source=Source(year=2000, title="A title", authors="Someone A"),
        confidence="high",
        key_points=(("adenosine",), ("block", "antagon"), ("7 to 9",)),
        contradictions=("deepens sleep", "rem"),
        phrasings=Phrasings(("A?", "B?", "C?"), ("D?",), ("E?",)),
        wrong_options=("X.", "Y.", "Z."),
    )


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("  Seven   Hours\n", "7 hours"),
        ("7-9 h", "7 to 9 hours"),
        ("7 \u2013 9 hrs per night", "7 to 9 hours a night"),
        ("It can\u2019t; it won't, it doesn't, it cannot", "it can not; it will not, it does not, it can not"),
        ("**85%** (sleep-efficiency)", "85 percent sleep efficiency"),
        ("twenty-four hours, ninety min", "24 hours, 90 minutes"),
        ("light \u2014 and dark", "light, and dark"),
    ],
)
def test_normalize_brings_spellings_to_one_form(text: str, form: str) -> None:
    assert normalize(text) == form
    assert normalize(form) == form


def test_each_key_point_is_reported_in_order(card: Card) -> None:
    assert covers(card, "It is an ANTAGONIST, for seven-nine hours") == [False, True, False]
    assert covers(card, "It is an ANTAGONIST, for 7\u20139 hours") == [False, True, True]
    assert covers(card, "") == [False, False, False]


def test_right_needs_every_point_and_no_contradiction(card: Card) -> None:
    right = "Adenosine is blocked for seven to nine hours."
    assert is_right(card, right)
    assert not is_right(card, right.replace("blocked", "raised"))
    assert not is_right(card, f"{right} It deepens sleep.")
    assert contradicted(card, f"{right} It deepens sleep.") == ["deepens sleep"]


@pytest.mark.parametrize(
    "text", ["7 to 90 hours", "17 to 9 hours", "6.7 to 9 hours", "7 to 9.5 hours", "unblock", "deoxyadenosine"]
)
def test_neither_part_of_a_number_nor_the_inside_of_a_word_counts(card: Card, text: str) -> None:
    assert covers(card, text) == [False, False, False]


def test_a_short_word_has_to_be_whole(card: Card) -> None:
    assert contradicted(card, "Some remain awake and remember") == []
    assert contradicted(card, "It ends REM.") == ["rem"]


@pytest.mark.parametrize(
    "denial",
    [
        "It never deepens sleep",
        "It fragments rather than deepens sleep",
        "There is no proof it deepens sleep",
        "It is a myth that it deepens sleep",
        "That it deepens sleep is a myth",
        "That it deepens sleep is not true.",
    ],
)
def test_a_denied_contradiction_is_none(card: Card, denial: str) -> None:
    assert contradicted(card, denial) == []


@pytest.mark.parametrize(
    "claim",
    [
        "It not only deepens sleep",
        "No, it deepens sleep",
        "No it deepens sleep",
        "It does not wake you but deepens sleep",
        "In no more than 5 minutes it deepens sleep",
        "It never deepens sleep at noon; at night it deepens sleep",
    ],
)
def test_what_only_looks_like_a_denial_is_none(card: Card, claim: str) -> None:
    assert contradicted(card, claim) == ["deepens sleep"]


def test_a_denied_key_point_does_not_count(card: Card) -> None:
    assert covers(card, "It does not block adenosine") == [False, False, False]


def test_a_key_point_with_its_own_negation_counts() -> None:
    card = Card(
        "example", "example", "It is not harmful.", "So.", Source(2000, "T", "A"), "high",
        (("not harm", "not dangerous"),), ("kills",), Phrasings(("A?",), ("B?",), ("C?",)), ("X.",),
    )  # fmt: skip
    assert is_right(card, "No, it isn't dangerous")
    assert not is_right(card, "It is dangerous")


def test_a_question_asserts_nothing(card: Card) -> None:
    question = "Is adenosine blocked for 7 to 9 hours?"
    assert covers(card, question) == [False, False, False]
    assert is_right(card, f"{question} Yes: adenosine is blocked for 7 to 9 hours.")


def test_splits_of_phrasings(card: Card) -> None:
    assert card.phrasings.of("validation") == ("D?",)
    with pytest.raises(KeyError, match="train, validation, test"):
        card.phrasings.of("dev")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("After a night without sleep adenosine is high.", True),
        ("In people without electric light adenosine falls.", True),
        ("It works without adenosine.", False),
        ("It works without any adenosine.", False),
    ],
)
def test_without_denies_what_is_missing_but_not_what_follows_a_condition(card: Card, text: str, said: bool) -> None:
    assert covers(card, text)[0] is said
