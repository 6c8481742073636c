"""Tests over the cards that the study ships."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import pytest

from sleepcot_utils.knowledge import SPLITS, Card, is_right, knowledge_frame, load_cards, question_frame

#: Right answers in other words than the cards', as a stronger model or a person might put them.
PARAPHRASES = {
    "sleep-cycle-length": "It takes roughly 90 min",
    "deep-sleep-first-third": "Mainly in the first third of the night, right after you fall asleep.",
    "rem-sleep-last-third": "You would have lost REM sleep from the final hours before waking.",
    "deep-sleep-purpose": "It repairs tissue and strengthens memory.",
    "rem-sleep-muscles-limp": "Because during REM the muscles are paralyzed.",
    "light-sleep-share": "Stage 2 sleep, around 50% of the night.",
    "body-clock-period": "A bit over 24 hours; daylight resets it daily.",
    "morning-light-advances": "It advances the clock.",
    "evening-light-delays": "It suppresses melatonin and delays the clock.",
    "fixed-wake-time": "Wake up at the same time each day, including Saturday and Sunday.",
    "social-jet-lag": "The mismatch between your sleep schedule on workdays and on weekends.",
    "melatonin-signal": "It's a hormone that signals darkness.",
    "adults-seven-hours": "Seven to nine hours.",
    "older-adults-sleep-need": "7\u20138 hours",
    "sleep-pressure-adenosine": "Adenosine accumulates while you are awake.",
    "six-hours-for-two-weeks": "Your attention is as bad as after two nights without any sleep.",
    "sleep-loss-not-noticed": "No, they usually don't realize how impaired they are.",
    "sleep-efficiency-norm": "At least 85%.",
    "cbt-i-first": "CBT-I.",
    "leave-bed-when-awake": "Leave the bed, do something calm, and return when you're sleepy.",
    "sleep-restriction-therapy": "You spend less time in bed.",
    "chronic-insomnia-definition": "Three or more nights per week for three months or longer.",
    "clock-watching": "Checking the clock makes you anxious.",
    "bedtime-to-do-list": "Writing it down helps you fall asleep more quickly.",
    "sleep-apnea-definition": "His airway collapses repeatedly and he stops breathing.",
    "sleep-apnea-signs": "Snoring with choking sounds and being tired in the day.",
    "cpap-airway": "It keeps your throat open with air pressure.",
    "weight-and-sleep-apnea": "Yes, losing weight can reduce the severity of apnea.",
    "alcohol-and-snoring": "It relaxes throat muscles, so you snore more.",
    "side-sleeping-apnea": "Try lying on your side, as it reduces snoring.",
    "restless-legs-definition": "An irresistible urge to move the legs, mostly in the evening.",
    "restless-legs-iron": "Ferritin",
    "narcolepsy-orexin": "They lack orexin neurons.",
    "sleepwalking-stage": "N3",
    "rem-behavior-disorder": "It could be RBD, so he should see a doctor.",
    "sleep-paralysis-harmless": "You wake but can't move; it is harmless.",
    "caffeine-blocks-adenosine": "It blocks adenosine receptors.",
    "caffeine-half-life": "Half of it is gone after around 5 hours.",
    "caffeine-six-hours-before-bed": "Even 6 hours before bed it can reduce sleep by an hour.",
    "hidden-caffeine": "Tea, chocolate, and soda.",
    "caffeine-lighter-sleep": "Yes, you get less deep sleep.",
    "nicotine-stimulant": "It's a stimulant and disturbs sleep.",
    "alcohol-second-half": "Sleep gets fragmented in the second half of the night.",
    "alcohol-rem-sleep": "It suppresses REM.",
    "alcohol-heart-rate": "Heart rate is higher and HRV is lower.",
    "alcohol-not-a-sleep-aid": "No, it's not a good idea: sleep quality gets worse.",
    "alcohol-with-sleeping-pills": "The combination can depress breathing.",
    "small-drink-recovery": "Yes, even one drink reduces recovery.",
    "regular-exercise": "You will sleep better.",
    "evening-exercise": "No, it does not harm sleep as long as you stop 1 hour before bed.",
    "cool-bedroom": "A cooler room lets your body temperature drop.",
    "warm-bath": "One to two hours before bed; you fall asleep faster.",
    "late-heavy-meal": "You may get acid reflux.",
    "night-noise": "Yes, it fragments sleep even if you don't wake.",
    "short-nap-length": "Around twenty minutes.",
    "sleep-inertia": "The grogginess right after you wake up.",
    "late-nap": "It reduces sleep pressure, so you cannot fall asleep at night.",
    "jet-lag-east": "Flying to Paris, i.e. east, because your clock has to advance.",
    "night-shift-light": "Get bright light at work and wear sunglasses on the way home.",
    "night-shift-nap": "A nap boosts alertness.",
    "teen-body-clock": "Puberty delays the body clock.",
    "teen-sleep-need": "Eight to ten hours.",
    "aging-deep-sleep": "Deep sleep decreases and nights have more awakenings.",
    "menopause-night-sweats": "Night sweats.",
    "pregnancy-side-sleeping": "On your side, since it is safer.",
    "insomnia-and-depression": "Roughly double the risk of depression.",
    "tracker-stage-accuracy": "It's rather inaccurate for sleep stages.",
    "tracker-no-diagnosis": "No, only a doctor can make a diagnosis, a tracker cannot diagnose it.",
    "hrv-own-baseline": "Use your own baseline, since values vary a lot.",
    "orthosomnia": "Being anxious about perfect scores can worsen sleep.",
    "drowsy-driving": "Pull over and nap.",
    "weekend-catch-up": "It only partly makes up for lost sleep.",
}


@pytest.fixture(scope="module")
def cards() -> list[Card]:
    return load_cards()


def test_twelve_topics_of_six(cards: list[Card]) -> None:
    topics = Counter(card.topic for card in cards)
    assert len(topics) == 12
    assert set(topics.values()) == {6}


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
    assert set(PARAPHRASES) == {card.card_id for card in cards}
    missed = [card.card_id for card in cards if not is_right(card, PARAPHRASES[card.card_id])]
    assert missed == []


def test_a_test_question_shares_a_word_with_the_training_questions(cards: list[Card]) -> None:
    for card in cards:
        train = {word[:5] for text in card.phrasings.train for word in text.lower().strip("?").split() if len(word) > 3}
        for text in card.phrasings.test:
            test = {word[:5] for word in text.lower().strip("?").split() if len(word) > 3}
            assert train & test, text


def test_the_vocabulary_stays_small(cards: list[Card]) -> None:
    words = {word.strip(".,").lower() for card in cards for word in card.statement.split()}
    assert len(words) <= 500


def test_tables_hold_every_card_and_every_question(cards: list[Card]) -> None:
    table = knowledge_frame(cards)
    assert list(table["card_id"]) == [card.card_id for card in cards]
    assert not table[["statement", "why", "source"]].eq("").any(axis=None)
    questions = question_frame(cards)
    assert questions.groupby("split").size().to_dict() == {"test": 72, "train": 216, "validation": 72}
    assert questions["question"].str.lower().is_unique
    assert knowledge_frame().equals(table)


def test_an_organization_or_authors_stand_in_every_citation(cards: list[Card]) -> None:
    for card in cards:
        assert bool(card.source.authors) != bool(card.source.organization), card.card_id
