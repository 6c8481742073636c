"""The expert's voice: every way of writing an amount keeps its value, draws are repeatable, and words are well kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from string import Formatter
from typing import Any

import numpy as np
import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.tasks.drivers import drivers
from sleepcot_utils.tasks.reading import mentioned_facts
from sleepcot_utils.teach.expert.facts import limit_of, state
from sleepcot_utils.teach.expert.voice import FORMS, Voice, make_voice, wording


def read_back(text: str) -> float:
    """Value of an amount in its own unit, read by a rule of the test's own."""
    number = r"([+-]?[\d,]+(?:\.\d+)?)"
    hours = re.fullmatch(rf"{number} (?:h|hours?)(?: (\d+) (?:min|minutes?))?", text)
    if hours:
        return round(60 * float(hours[1]) + float(hours[2] or 0), 6)
    return float(re.match(number, text)[1].replace(",", ""))


def phrases(entry: Any) -> Iterator[str]:
    """All texts of an entry of the wording."""
    if isinstance(entry, str):
        yield entry
    for part in entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ():
        yield from phrases(part)


@pytest.mark.parametrize("minutes", [*range(130), 372, 374, 420, 432, 480, 599, 600, 719])
def test_every_way_of_writing_minutes_gives_them_back(minutes: int) -> None:
    for style in wording()["amounts"]["min"]:
        text = Voice(styles={"min": style}).spell(float(minutes), "min", str(minutes))
        assert read_back(text) == minutes, text
        assert not re.search(r"(?<![\d.])1 (hours|minutes)\b", text)


@pytest.mark.parametrize("unit", ["%", "bpm", "a minute", "min a day", "a day", "nights"])
def test_every_way_of_writing_another_unit_gives_the_number_back(unit: str) -> None:
    for style in wording()["amounts"][unit]:
        for value, number in ((85.0, "85"), (12345.0, "12345"), (2.4, "+2.4"), (-3.0, "-3"))[
            : 2 if unit == "a day" else 4
        ]:
            text = Voice(styles={unit: style}).spell(value, unit, number, 14)
            assert read_back(text) == value, text


def test_a_signed_change_is_never_written_in_hours() -> None:
    for style in wording()["amounts"]["min"]:
        assert Voice(styles={"min": style}).spell(150.0, "min", "+150").startswith("+150 min")


def test_a_text_keeps_one_way_of_writing_a_unit() -> None:
    voice = Voice(rng=np.random.default_rng(1))
    ends = {voice.spell(float(value), "%", str(value)).removeprefix(str(value)) for value in range(60, 99)}
    assert len(ends) == 1


def test_draws_depend_on_task_and_sample_alone() -> None:
    def drawn(task: str, sample: int) -> list[int]:
        return [make_voice("short", "varied", seed_text=task, sample=sample).shuffled(range(20))[0] for _ in range(2)]

    assert drawn("a", 0)[0] == drawn("a", 0)[1]
    voices = [
        make_voice("short", "varied", seed_text=task, sample=s).shuffled(range(50)) for task in "ab" for s in (0, 1)
    ]
    assert len({tuple(order) for order in voices}) == 4


def test_a_mix_draws_about_half_of_the_tasks_long_and_the_same_ones_again() -> None:
    forms = [make_voice("mix", seed_text=f"task{n}").form for n in range(400)]
    assert forms == [make_voice("mix", "varied", seed_text=f"task{n}", sample=3).form for n in range(400)]
    assert 150 < forms.count("long") < 250 and set(forms) == set(FORMS[:2])


@pytest.mark.parametrize(
    ("settings", "where"),
    [({"form": "terse"}, "form"), ({"wording": "free"}, "wording"), ({"sample": -1}, "sample")],
)
def test_an_unknown_setting_is_named(settings: dict, where: str) -> None:
    with pytest.raises(ParameterError, match=f"{where}.*Expected"):
        make_voice(**settings)


def test_each_statement_of_a_fact_is_read_as_that_fact(hand_report) -> None:
    for name, fact in hand_report().facts.items():
        for form in ("short", "long"):
            for seed in range(12):
                said = state(fact, Voice(form, np.random.default_rng(seed)))
                assert mentioned_facts(said.lower()) == (name,), said


def test_every_limit_and_every_driver_has_its_words(hand_report) -> None:
    words = wording()
    for name, fact in hand_report().facts.items():
        assert set(words["facts"][name]) == {"short", "long"}
        for direction in ("low", "high"):
            if limit_of(replace(fact, direction=direction)) is not None and fact.act_low != fact.act_high:
                assert words["why"][name][direction]
    assert set(words["how"]) == set(drivers())
    assert set(words["amounts"]) == {norm.unit for norm in fact_norms().values()}


def test_explanations_hold_no_number_no_dose_and_no_contraindicated_advice() -> None:
    never = {phrase for driver in drivers().values() for phrase in driver.never}
    for text in (*phrases(wording()["why"]), *phrases(wording()["how"])):
        assert not re.search(r"\d", text)
        assert not [phrase for phrase in never if phrase in text.lower()], text


def test_no_phrase_stands_twice_in_a_list() -> None:
    def lists(entry: Any) -> Iterator[list[str]]:
        if isinstance(entry, list):
            yield entry
        for part in entry.values() if isinstance(entry, dict) else ():
            yield from lists(part)

    for group in lists(wording()):
        assert len(set(group)) == len(group) and all(text == text.strip() for text in group), group


def test_places_of_a_list_are_filled_from_the_same_values() -> None:
    """Equivalent phrases may leave a value out, but none asks for one that the first of its form does not know."""
    for kind, verdicts in wording()["answers"].items():
        for verdict, forms in verdicts.items():
            for form, group in forms.items():
                places = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in group]
                assert all(found <= places[0] for found in places), (kind, verdict, form)
