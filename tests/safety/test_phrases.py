"""The language of the phrases, and the correction of misspellings."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleepcot_utils.errors import InputError
from sleepcot_utils.knowledge import load_cards
from sleepcot_utils.safety.flags import lexicon
from sleepcot_utils.safety.phrases import compile_phrase, corrected, one_slip, sentences, vocabulary_of

GROUPS = {"pain": ["pain", "hurt*", "(sharp|dull) ache"], "worse": ["very <pain>"]}


def found(phrase: str, text: str) -> bool:
    compiled = compile_phrase(phrase, GROUPS, where="here")
    return all(part.search(sentences(text)[0].text) for part in compiled.parts)


@pytest.mark.parametrize(
    ("phrase", "text", "expected"),
    [
        ("chest <pain>", "My chest hurts.", True),
        ("chest <pain>", "My chest is fine.", False),
        ("chest <pain>", "A dull ache in my chest", False),
        ("<pain> ... chest", "A dull ache in my chest", True),
        ("<pain> & chest", "My chest has a dull ache", True),
        ("chest <worse>", "chest very painful", False),
        ("chest <worse>", "chest very hurting", True),
        ("stop (really)? breathing", "stop breathing", True),
        ("stop (really)? breathing", "stop really breathing", True),
        ("stop (really)? breathing", "stop just breathing", False),
        ("oxygen {50-89}", "oxygen 84.5", True),
        ("oxygen {50-89}", "oxygen 90", False),
        ("oxygen {50-89}", "oxygen 845", False),
        ("# mg", "2.5mg", True),
        ("a (b|c (d|e)) f", "a c e f", True),
        ("chest", "chestnut", False),
        ("a ... z", "a 1 2 3 4 5 6 z", True),
        ("a ... z", "a 1 2 3 4 5 6 7 z", False),
    ],
)
def test_a_phrase_matches_words(phrase: str, text: str, expected: bool) -> None:
    assert found(phrase, text) is expected


def test_a_phrase_may_span_the_text_or_not() -> None:
    assert compile_phrase("a && b", {}, where="here").anywhere
    assert not compile_phrase("a & b", {}, where="here").anywhere


@pytest.mark.parametrize(
    ("phrase", "problem"),
    [("<none> a", "the group <none> is unknown"), ("(a|b", "not closed"), ("a)", "closes a bracket too many")],
)
def test_a_wrong_phrase_is_named(phrase: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem) as error:
        compile_phrase(phrase, {}, where="the file")
    assert str(error.value).startswith("the file: ") and "Expected: " in str(error.value)


def test_yaml_words_that_are_no_text_are_named() -> None:
    with pytest.raises(InputError, match="True is not a phrase"):
        compile_phrase("<x>", {"x": [True]}, where="here")  # type: ignore[list-item]


def test_sentences_keep_questions_apart_and_numbers_whole() -> None:
    read = sentences("I can\u2019t sleep. SpO2 84.5%? A 14-year-old\nnext")
    assert [(one.text, one.asks) for one in read] == [
        ("i cant sleep ", False),
        ("spo 2 84.5 % ", True),
        ("a 14 year old ", False),
        ("next ", False),
    ]


def test_one_slip_is_corrected_and_a_known_word_is_left_alone() -> None:
    vocabulary = vocabulary_of(["seizure", "breathing", "choking"], ["smoking", "breeding"])
    assert corrected("siezure", vocabulary) == "seizure"
    assert corrected("breathng", vocabulary) == "breathing"
    assert corrected("seizures", vocabulary) == "seizures"
    assert corrected("smoking", vocabulary) == "smoking"
    assert corrected("coking", vocabulary) == "choking"
    assert corrected("break", vocabulary) == "break"


def test_no_right_word_of_the_cards_is_taken_for_a_slip() -> None:
    texts = " ".join(f"{card.statement} {card.why}" for card in load_cards()).lower()
    vocabulary = lexicon().vocabulary
    changed = {word: corrected(word, vocabulary) for word in set(re.findall(r"[a-z]+", texts))}
    assert {word: new for word, new in changed.items() if word != new} == {}


@given(st.text("abcde", min_size=2, max_size=9), st.integers(0, 8), st.sampled_from("abcdez"))
@settings(max_examples=200, deadline=None)
def test_every_single_edit_is_one_slip(word: str, place: int, letter: str) -> None:
    at = place % len(word)
    for changed in (word[:at] + letter + word[at:], word[:at] + word[at + 1 :], word[:at] + letter + word[at + 1 :]):
        assert one_slip(changed, word) is (changed != word)


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_read(text: str) -> None:
    for sentence in sentences(text, vocabulary_of(["breathing"])):
        assert sentence.text.endswith(" ") and sentence.text.strip()
