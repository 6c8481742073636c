"""Reading answers: numbers with the facts that they are said of, negation, and what comes first."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleepcot_utils.norms import fact_norms
from sleepcot_utils.tasks.drivers import drivers
from sleepcot_utils.tasks.follow_up import follow_ups
from sleepcot_utils.tasks.reading import (
    CONTRAST,
    cited_numbers,
    clauses,
    first_named,
    line_after,
    mentioned_facts,
    says,
    split_answer,
)
from sleepcot_utils.teach.verification import named_driver, named_verdict

#: Ways of saying a number of a fact.
SENTENCES = (
    "{fact} {value} {unit}",
    "Your {fact} was {value} {unit}, which stands out.",
    "{fact}: {value}{unit}",
    "- **{fact}** = {value} {unit}",
    "With {value} {unit} of {fact}, you are not alone!",
    "Nothing else. {fact} at {value} {unit}; that matters",
    "It is {value}. {fact} was {value} {unit}?",
    "{fact} went from {value} to {value} {unit}.",
)
UNITS = {"min": "min", "%": "%", "bpm": "bpm"}


def said(text: str) -> list[tuple[float, tuple[str, ...]]]:
    return [(citation.value, citation.facts) for citation in cited_numbers(text)]


@pytest.mark.parametrize("name", list(fact_norms()))
def test_a_number_is_read_with_the_fact_of_its_clause(name: str) -> None:
    """Eight sentences for every phrase of a fact and its label: a few hundred in all."""
    norm = fact_norms()[name]
    unit = UNITS.get(norm.unit, "")
    for phrase, sentence, value in product((norm.label, *norm.words), SENTENCES, ("37", "1,240", "6.5")):
        text = sentence.format(fact=phrase, value=value, unit=unit)
        of_fact = [number for number, facts in said(text) if facts == (name,)]
        assert of_fact and set(of_fact) == {float(value.replace(",", ""))}, text
        assert mentioned_facts(text.lower().replace("nothing else. ", "")) == (name,), text


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Go to bed at 23:41.", []),
        ("no caffeine after 14:00, then 9 of 13 nights", [9, 13]),
        ("a rate of 15.2 a minute", [15.2]),
        ("It was 372.", [372]),
        ("It was 372.5.", [372.5]),
        ("7,204 steps, 10,000 steps", [7204, 10000]),
        ("85 %, 90% and 88 per cent", [85, 90, 88]),
        ("+6 bpm, -0.4 a minute", [6, 0.4]),
        ("between 420-540 min", [420, 540]),
        ("372min and 61bpm", [372, 61]),
        ("stage N3, p00012, SpO2, B12x, 3rd", []),
        ("7h, 7 h 12 min and 7.5 hours", [420, 432, 450]),
        ("version 1.2.3", []),
        ("one hour and ten minutes", [70]),
        ("", []),
    ],
)
def test_what_is_a_number(text: str, numbers: list[float]) -> None:
    assert [value for value, _ in said(text)] == numbers


@given(value=st.integers(0, 99_999) | st.decimals(0, 999, places=1), sign=st.sampled_from(["", "+", "-"]))
@settings(max_examples=100, deadline=None)
def test_any_written_number_is_read_back_without_its_sign(value, sign: str) -> None:
    assert said(f"Time asleep: {sign}{value} min.") == [(float(value), ("total_sleep",))]


@given(hours=st.integers(0, 23), minutes=st.integers(0, 59))
def test_clock_times_are_not_numbers(hours: int, minutes: int) -> None:
    assert said(f"To bed at {hours:02d}:{minutes:02d}, up at {hours}:{minutes:02d}.") == []


def test_facts_are_named_by_their_longest_phrase() -> None:
    assert mentioned_facts("time to fall asleep 40 min") == ("sleep_latency",)
    assert mentioned_facts("time asleep 400, time in bed 480") == ("total_sleep", "time_in_bed")
    assert mentioned_facts("irregular bedtime, naps and rem sleep") == ("bedtime_spread", "nap_mean", "rem_sleep")
    assert mentioned_facts("your weekends are later") == ("weekend_shift",)
    assert mentioned_facts("remarkable remedies and snapshots of stepsons") == ()
    assert mentioned_facts("sleep efficiency after alcohol") == (CONTRAST,)
    assert mentioned_facts("evenings with alcohol 3, sleep efficiency 80") == (CONTRAST,)


def test_numbers_of_one_clause_are_not_those_of_the_next() -> None:
    text = "Time asleep is 400 min. Heart rate is up by 6 bpm\nKeep this for 2 weeks; naps of 40 min hurt"
    assert said(text) == [
        (400, ("total_sleep",)), (6, ("heart_rate_change",)), (2, ()), (40, ("nap_mean",)),
    ]  # fmt: skip
    assert clauses("A 7.5 b. C! D?\n\nE; f") == ["a 7.5 b", "c", "d", "e", "f"]


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("Go to bed earlier.", True),
        ("You should GO TO BED EARLIER tonight", True),
        ("Do not go to bed earlier.", False),
        ("Don't go to bed earlier.", False),
        ("Don\u2019t go to bed earlier.", False),
        ("You shouldn't go to bed earlier.", False),
        ("Never go to bed earlier.", False),
        ("Get up at the same time instead of trying to go to bed earlier.", False),
        ("There is no doubt. Go to bed earlier.", True),
        ("Do not worry, go to bed earlier.", True),
        ("Do not wait!\nGo to bed earlier", True),
        ("Do not go to bed earlier. But on Friday, go to bed earlier.", True),
        ("This is not about the weekday evenings at all and so go to bed earlier", True),
        ("Do not wait but go to bed earlier", True),
        ("forgo to bed earlier", False),
        ("Nothing of it.", False),
    ],
)
def test_a_negated_phrase_is_not_said(text: str, is_said: bool) -> None:
    assert says(text, "go to bed earlier") is is_said


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("alcohol and caffeine", "alcohol"),
        ("CAFFEINE, then alcohol", "caffeine"),
        ("late caffeine", "late"),
        ("decaffeinated", None),
        ("nothing", None),
        ("", None),
        ("not the caffeine but the alcohol", "caffeine"),
    ],
)
def test_what_comes_first_is_named_and_the_longest_phrase_wins(text: str, name: str | None) -> None:
    assert first_named(text, {"alcohol": ["alcohol"], "caffeine": ["caffeine"], "late": ["late caffeine"]}) == name


def test_at_one_place_the_longest_phrase_wins_in_any_order() -> None:
    names = {"short": ["no clear"], "long": ["no clear difference"]}
    for order in (names, dict(reversed(names.items()))):
        assert first_named("There is no clear difference, no clear one.", order) == "long"
        assert first_named("There is no clear answer; no clear difference.", order) == "short"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("not the caffeine but the alcohol", "alcohol"),
        ("It isn't caffeine. It is caffeine after all", "caffeine"),
        ("no clear driver, such as alcohol", "unclear"),
        ("not alcohol", None),
        ("none of it", None),
    ],
)
def test_denied_names_are_passed_over_on_request(text: str, name: str | None) -> None:
    names = {"alcohol": ["alcohol"], "caffeine": ["caffeine"], "unclear": ["no clear driver"]}
    assert first_named(text, names, skip_denied=True) == name


VERDICT_SENTENCES = ("{}", "In short: {}.", "Looking at the numbers, {} (372 min).", "Well.\n{}", "I see that {}, yes.")


@pytest.mark.parametrize("topic", list(follow_ups()))
def test_every_phrase_of_a_verdict_is_recognized_in_a_sentence(topic: str) -> None:
    for name, phrases in follow_ups()[topic]["verdicts"].items():
        for phrase, sentence in product(phrases, VERDICT_SENTENCES):
            for text in (
                sentence.format(phrase),
                sentence.format(phrase.capitalize()),
                sentence.format(phrase.upper()),
            ):
                assert named_verdict(topic, text) == name, text


@pytest.mark.parametrize(
    ("topic", "text", "name"),
    [
        ("danger", "No, you do not need to see a doctor: there is no red flag.", "no_red_flag"),
        ("danger", "You needn't see a doctor.", None),
        ("danger", "Please see a doctor, this is no red flag to ignore.", "see_clinician"),
        ("danger", "Is it harmless? No\nSee a doctor.", "see_clinician"),
        ("danger", "Without oxygen data I can't say.", "cannot_say"),
        ("deep", "It is not below the typical range but within the typical one.", "within"),
        ("bedtime", "Do not go to bed earlier, certainly not 60 min earlier.", "not_earlier"),
        ("bedtime", "Don\u2019t go to bed earlier.", "not_earlier"),
        ("trend", "Your time asleep isn't rising; there is no clear trend.", "no_trend"),
        ("alcohol", "There is no clear difference, although efficiency is lower by 1 point.", "no_difference"),
        ("first", "Avoid alcohol, then look at caffeine.", "alcohol"),
        ("first", "Drink no coffee after noon.", "late_caffeine"),
        ("weekend", "This data can't say.", "cannot_say"),
        ("weekend", "This data can\u2019t say.", "cannot_say"),
    ],
)
def test_verdicts_in_free_words(topic: str, text: str, name: str | None) -> None:
    assert named_verdict(topic, text) == name


def test_every_name_of_a_driver_is_recognized() -> None:
    for name, driver in drivers().items():
        for phrase in driver.names:
            assert named_driver(f"Finding: time asleep 400 min.\nLikely driver: {phrase} (7 of 13 nights).") == name
            assert named_driver(f"I think {phrase} is behind it.") == name
    assert named_driver("Finding: alcohol 3 of 13 nights.\nLikely driver: none, your nights are in order.") == "none"
    assert named_driver("Likely driver: no clear driver in this data.\nDo first: less alcohol.") == "unexplained"
    assert named_driver("Likely driver: not alcohol but late caffeine.") == "late_caffeine"
    assert named_driver("Likely driver: the moon.\nDo first: avoid alcohol.") is None
    assert named_driver("Avoid alcohol.") == "alcohol"
    assert named_driver("Sleep well.") is None


def test_rationale_and_answer_are_split_at_the_last_mark() -> None:
    assert split_answer("Reasoning: a\nb\nAnswer: c") == ("a\nb", "c")
    assert split_answer("Answer: c") == ("", "c")
    assert split_answer("just text ") == ("", "just text")
    assert split_answer("Reasoning: Answer: x. Answer: y") == ("Answer: x.", "y")
    assert split_answer("Reasoning: cut off in the mid") == ("", "Reasoning: cut off in the mid")


def test_a_labeled_line_is_found_in_any_case() -> None:
    text = "Finding: x.\n  likely driver:  alcohol. \nSafety: y."
    assert line_after(text, "Likely driver:") == "alcohol."
    assert line_after(text, "Do first:") is None
    assert line_after("The Likely driver: z", "Likely driver:") is None
