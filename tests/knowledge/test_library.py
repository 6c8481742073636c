from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sleepcot_utils.errors import InputError
from sleepcot_utils.knowledge import load_cards

CARD: dict[str, Any] = {
    "id": "coffee-blocks",
    "statement": "Coffee blocks adenosine.",
    "why": "It sits on the receptor.",
    "source": {"authors": "Someone A", "year": 2001, "title": "A title", "doi": "10.1000/xyz"},
    "confidence": "high",
    "key_points": [["adenosine"], ["block", "antagon"]],
    "contradictions": ["deepens sleep"],
    "phrasings": {
        "train": ["What does coffee do?", "How does coffee work?", "Why drink coffee?"],
        "validation": ["What is coffee for?"],
        "test": ["What is the effect of coffee?"],
    },
    "wrong_options": ["Coffee adds adenosine.", "Coffee blocks light.", "Coffee blocks adenosine and deepens sleep."],
}


def other_card() -> dict[str, Any]:
    card = copy.deepcopy(CARD)
    card["id"] = "tea-blocks"
    card["statement"] = "Tea blocks adenosine."
    card["phrasings"] = {
        split: [text.replace("coffee", "tea") for text in texts] for split, texts in CARD["phrasings"].items()
    }
    return card


def write(folder: Path, *cards: Any, topic: str = "drinks") -> None:
    text = yaml.safe_dump({"topic": topic, "title": "Drinks", "tier": "core", "cards": list(cards)}, sort_keys=False)
    (folder / f"{topic}.yaml").write_text(text, encoding="utf-8")


def message(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_cards(folder)
    return str(caught.value)


def set_at(*keys: Any, value: Any) -> Callable[[dict], None]:
    def change(card: dict) -> None:
        target: Any = card
        for key in keys[:-1]:
            target = target[key]
        target[keys[-1]] = value

    return change


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    write(tmp_path, CARD, other_card())
    first, second = load_cards(tmp_path)
    assert (first.card_id, first.topic, second.card_id) == ("coffee-blocks", "drinks", "tea-blocks")
    assert first.key_points == (("adenosine",), ("block", "antagon"))
    assert first.phrasings.train[1] == "How does coffee work?"
    assert first.source.citation() == "Someone A (2001). A title. doi:10.1000/xyz"
    assert len({first, second}) == 2


def test_the_right_option_may_be_left_out_or_said_in_other_words(tmp_path: Path) -> None:
    card = other_card() | {"right_option": "What tea blocks is adenosine."}
    write(tmp_path, CARD, card)
    assert [card.right_option for card in load_cards(tmp_path)] == [
        "",
        "What tea blocks is adenosine.",
    ]


def test_one_or_two_test_questions_are_read(tmp_path: Path) -> None:
    card = other_card()
    card["phrasings"]["test"] = ["What is the effect of tea?", "I drink tea; what happens?"]
    write(tmp_path, CARD, card)
    assert [card.phrasings.test for card in load_cards(tmp_path)] == [
        ("What is the effect of coffee?",),
        ("What is the effect of tea?", "I drink tea; what happens?"),
    ]


DAMAGES = [
    (set_at("id", value="Coffee Blocks"), "'id'", "is not a slug"),
    (set_at("statement", value="Coffee blocks adenosine"), "'statement'", "is not one sentence"),
    (set_at("statement", value="Coffee blocks adenosine. It tastes good."), "'statement'", "is not one sentence"),
    (set_at("statement", value="Coffee blocks adenosine" + " a lot" * 12 + "."), "'statement'", "27 words"),
    (set_at("statement", value="Coffee wakes people."), "'key_points'", "the statement makes none of ['adenosine']"),
    (set_at("statement", value="Coffee does not block adenosine."), "'key_points'", "the statement makes none"),
    (set_at("contradictions", value=["adenosine"]), "'contradictions'", "the statement itself says 'adenosine'"),
    (set_at("contradictions", value=["receptor"]), "'contradictions'", "the why itself says 'receptor'"),
    (set_at("contradictions", value=[]), "'contradictions'", "the list is empty"),
    (set_at("contradictions", value=["Deepens"]), "'contradictions'", "can't be looked for"),
    (set_at("contradictions", value=["..."]), "'contradictions'", "can't be looked for"),
    (set_at("why", value=7), "'why'", "7 is not a text"),
    (set_at("confidence", value="certain"), "'confidence'", "Expected: high, moderate, low"),
    (set_at("key_points", value=[]), "'key_points'", "missing or too many"),
    (set_at("key_points", value=[["adenosine"]] * 4), "'key_points'", "missing or too many"),
    (set_at("key_points", value=[[90]]), "'key_points'", "90 is not a text"),
    (set_at("key_points", value=["adenosine"]), "'key_points'", "is not a list"),
    (set_at("source", value="Someone 2001"), "'source'", "is not a mapping"),
    (set_at("source", "year", value="2001"), "'source.year'", "is not a year"),
    (set_at("source", "year", value=3001), "'source.year'", "is not a year"),
    (set_at("source", "doi", value="https://doi.org/10.1000/xyz"), "'source.doi'", "is not a DOI"),
    (set_at("source", "url", value="here"), "'source.url'", "unknown"),
    (lambda card: card["source"].pop("authors"), "'source'", "names nobody"),
    (lambda card: card["source"].pop("title"), "'source.title'", "no title"),
    (
        set_at("phrasings", "train", value=["What does coffee do?"]),
        "'phrasings.train'",
        "Expected: 3 to 60 for 'train'",
    ),
    (set_at("phrasings", "train", value=[f"Cup {cup}?" for cup in range(61)]), "'phrasings.train'", "questions is 61"),
    (set_at("phrasings", "test", value=["One?", "Two?", "Three?"]), "'phrasings.test'", "Expected: 1 to 2 for 'test'"),
    (set_at("phrasings", "test", value=[]), "'phrasings.test'", "questions is 0"),
    (set_at("phrasings", "test", value=["One?", "one?"]), "'phrasings.test'", "stands already"),
    (set_at("phrasings", "validation", value=["One?", "Two?"]), "'phrasings.validation'", "Expected: 1 for 'val"),
    (set_at("phrasings", "dev", value=["One?"]), "'phrasings.dev'", "unknown"),
    (set_at("phrasings", "validation", value=["Tell me."]), "'phrasings.validation'", "is not a question"),
    (set_at("phrasings", "validation", value=["what does  COFFEE do?"]), "'phrasings.validation'", "stands already"),
    (set_at("wrong_options", value=["Only one."]), "'wrong_options'", "too few"),
    (set_at("wrong_options", 1, value="coffee adds  adenosine."), "'wrong_options'", "repeated"),
    (set_at("wrong_options", 0, value="Milk blocks adenosine."), "'wrong_options'", "counts as a right answer"),
    (set_at("right_option", value="Coffee blocks sleep."), "'right_option'", "does not count as a right answer"),
    (set_at("right_option", value="Coffee blocks adenosine"), "'right_option'", "is not one sentence"),
    (set_at("notes", value="x"), "'notes'", "unknown"),
    (lambda card: card.pop("why"), "'why'", "missing"),
]


@pytest.mark.parametrize(("damage", "field", "problem"), DAMAGES)
def test_a_damaged_card_is_refused_with_its_place(
    tmp_path: Path, damage: Callable[[dict], None], field: str, problem: str
) -> None:
    card = copy.deepcopy(CARD)
    damage(card)
    write(tmp_path, other_card(), card)
    text = message(tmp_path)
    assert field in text
    assert problem in text
    assert "drinks.yaml, line " in text
    assert f"card {card['id']}" in text
    assert "Expected: " in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize("field", ["id", "statement", "phrasings"])
def test_what_two_cards_share_is_refused_across_files(tmp_path: Path, field: str) -> None:
    card = other_card()
    card[field] = CARD[field]
    write(tmp_path, CARD)
    write(tmp_path, card, topic="more-drinks")
    text = message(tmp_path)
    assert text.startswith("more-drinks.yaml, line 5")
    assert "stands already at drinks.yaml, line 5" in text


def test_yaml_errors_name_the_line(tmp_path: Path) -> None:
    (tmp_path / "drinks.yaml").write_text("topic: drinks\ntitle: [open\ncards: x\n", encoding="utf-8")
    assert message(tmp_path).startswith("drinks.yaml, line 3: this is not readable YAML")


def test_a_repeated_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "drinks.yaml").write_text("topic: drinks\ntitle: a\ntitle: b\n", encoding="utf-8")
    assert message(tmp_path).startswith("drinks.yaml, line 3: this is not readable YAML: the key 'title' stands twice")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "does not hold a topic"),
        (b"- 1\n", "does not hold a topic"),
        (b"topic: drinks\ncards: []\n", "does not hold a topic"),
        (b"topic: food\ntitle: Food\ntier: core\ncards: []\n", "'food' differs from the file name"),
        (b"topic: drinks\ntitle: Drinks\ntier: more\ncards: []\n", "has no cards"),
        (b"topic: drinks\ntitle: Drinks\ntier: basic\ncards: []\n", "the tier 'basic' is unknown"),
        (b"topic: drinks\ntitle: Drinks\ncards: []\n", "does not hold a topic"),
        (b"topic: drinks\ntitle: Drinks\ntier: core\ncards: [tea]\n", "card 1: this card is not a mapping"),
        (b"topic: \xff\n", "byte 8 is not UTF-8"),
        (b"version https://git-lfs.github.com/spec/v1\n", "does not hold a topic"),
    ],
)
def test_files_that_are_no_topic(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "drinks.yaml").write_bytes(content)
    text = message(tmp_path)
    assert text.startswith("drinks.yaml")
    assert problem in text


def test_a_folder_without_cards(tmp_path: Path) -> None:
    assert "there are no knowledge cards here" in message(tmp_path)
    assert "there are no knowledge cards here" in message(tmp_path / "missing")
