"""The numbers of the data card, computed again."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sleepcot_utils.knowledge import SPLITS, Card, load_cards
from sleepcot_utils.knowledge.choices import make_choices, test_questions
from sleepcot_utils.knowledge.give_aways import ALL_OPTIONS_MODEL, NEAREST_STATEMENT, give_away_baselines
from sleepcot_utils.knowledge.leaks import MOST_SIMILAR, nearest_items
from sleepcot_utils.knowledge.spot_checks import load_spot_checks, spot_check_counts
from sleepcot_utils.paths import reference_data

SEED = 20240229
#: Row of the data card's table of rules, and the baseline that it shows.
RULE_ROWS = {
    "longest": "longest",
    "shortest": "shortest",
    "fewest absolute words (always, never, only, ...)": "fewest absolute words",
    "most hedging words (often, about, may, ...)": "most hedging words",
    "most numbers": "most numbers",
    "most words of the question": "most words of the question",
    "most like the other options": "most like the other options",
    "model of the options alone, fitted on other cards": ALL_OPTIONS_MODEL,
}


@pytest.fixture(scope="module")
def text() -> str:
    return " ".join(reference_data("knowledge", "README.md").read_text(encoding="utf-8").split())


@pytest.fixture(scope="module")
def rows() -> dict[str, list[str]]:
    """Rows of all tables of the data card by their first cell."""
    lines = reference_data("knowledge", "README.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {first: rest for first, *rest in cells}


@pytest.fixture(scope="module")
def cards() -> list[Card]:
    return load_cards()


def test_topics_and_tiers(cards: list[Card], rows: dict[str, list[str]], text: str) -> None:
    for topic in {card.topic for card in cards}:
        assert int(rows[topic][1]) == sum(card.topic == topic for card in cards), topic
    core = load_cards(tier="core")
    topics, core_topics = {card.topic for card in cards}, {card.topic for card in core}
    assert (
        f"{len(cards)} cards on {len(topics)} topics: {len(core)} in the {len(core_topics)} core topics, "
        f"{len(cards) - len(core)} in the {len(topics - core_topics)} others"
    ) in text


def test_training_questions_of_a_card(text: str) -> None:
    core, others = ({len(card.phrasings.train) for card in load_cards(tier=tier)} for tier in ("core", "more"))
    assert others == {3}
    assert f"A core card has {min(core)} to {max(core)} training questions" in text


def test_questions_by_split(cards: list[Card], rows: dict[str, list[str]], text: str) -> None:
    for split in SPLITS:
        choices = make_choices(cards, np.random.default_rng(SEED), split=split)
        assert rows[split] == [str(sum(len(card.phrasings.of(split)) for card in cards)), str(len(choices))]
    assert f"The test has {len(test_questions(cards, np.random.default_rng(SEED)))} questions in all" in text


def test_spot_checks(cards: list[Card], rows: dict[str, list[str]], text: str) -> None:
    checks = load_spot_checks(cards=cards)
    assert f"Of {len(cards)} cards, {len(checks)} were held against a second source" in text
    assert f"The other {len(cards) - len(checks)} cards rest on their own source alone" in text
    assert "No clinician has reviewed any card" in text
    for verdict, other_study, same_study in spot_check_counts(checks).itertuples(index=False):
        assert rows[verdict] == [str(other_study), str(same_study)]


def test_give_aways(cards: list[Card], rows: dict[str, list[str]], text: str) -> None:
    table = give_away_baselines(make_choices(cards, np.random.default_rng(SEED)), cards).set_index("baseline")
    for row, baseline in RULE_ROWS.items():
        share, low, high = (float(number) for number in re.findall(r"\d\.\d\d", rows[row][1]))
        measured = table.loc[baseline]
        assert share == pytest.approx(measured["share_right"], abs=0.0051), row
        assert (low, high) == (pytest.approx(measured["low"], abs=0.0051), pytest.approx(measured["high"], abs=0.0051))
    assert f"earns {table.loc[NEAREST_STATEMENT, 'share_right']:.2f}" in text
    assert f"held to {table.loc[ALL_OPTIONS_MODEL, 'share_right']:.2f}, not to 0.25" in text


def test_closeness(cards: list[Card], text: str) -> None:
    similarity = nearest_items(cards)["similarity"]
    assert (
        f"lies at {similarity.median():.2f} in the median, {similarity.quantile(0.95):.2f} at the 95th percentile "
        f"and {similarity.max():.2f} at most, and a test holds every one below {MOST_SIMILAR}"
    ) in text
