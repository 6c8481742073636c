"""Who is asked for: varied, reproducible, and in words that may leave the machine as they are."""

from __future__ import annotations

import numpy as np
import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.simulate.constants import NONE, SCENARIOS
from sleepcot_utils.teach.masking import mask
from sleepcot_utils.teach.synthesize_personas import PERSONS, draw_personas, messages, prompt_version, repair
from sleepcot_utils.teach.synthesize_reading import AnswerError, read_answer


def test_the_same_seed_gives_the_same_people_however_many_follow() -> None:
    many = draw_personas(60, np.random.default_rng(7))
    assert draw_personas(20, np.random.default_rng(7)) == many[:20]
    assert draw_personas(20, np.random.default_rng(8)) != many[:20]
    assert [persona.person_id for persona in many[:2]] == ["i00001", "i00002"]
    assert draw_personas(1, np.random.default_rng(7), prefix="g")[0].person_id == "g00001"


def test_no_two_prompts_are_equal() -> None:
    personas = draw_personas(PERSONS[-1], np.random.default_rng(0))
    assert len({messages(persona, 14, "Tuesday")[1]["content"] for persona in personas}) == len(personas)
    assert [persona.person_id for persona in personas] == [f"i{number:05d}" for number in PERSONS]


def test_people_are_varied_adults() -> None:
    personas = draw_personas(600, np.random.default_rng(3))
    assert {persona.sex for persona in personas} == {"female", "male"}
    ages = [persona.age_y for persona in personas]
    assert min(ages) == 18 and max(ages) == 80
    students = [persona.age_y for persona in personas if persona.condition == "social_jetlag"]
    assert students and max(students) <= 40
    assert all(persona.severity == "" for persona in personas if persona.condition == "well")


def test_conditions_correspond_to_scenarios_of_the_simulator() -> None:
    asked_for = {persona.scenario for persona in draw_personas(600, np.random.default_rng(3))}
    assert NONE in asked_for and asked_for <= {NONE, *SCENARIOS} and len(asked_for) > len(SCENARIOS) / 2


def test_nothing_of_a_prompt_is_masked() -> None:
    for persona in draw_personas(60, np.random.default_rng(5)):
        prompt = messages(persona, 30, "Tuesday")
        assert mask(prompt).messages == prompt, "a masked prompt would ask for something else"
        assert persona.person_id not in prompt[0]["content"] + prompt[1]["content"]


def test_what_goes_back_survives_masking_and_braces() -> None:
    with pytest.raises(AnswerError) as caught:
        read_answer('{"person": {"{x}": 1}}')
    back = repair('{"person": {"{x}": 1}}', caught.value.problem)
    assert mask(back).messages == back and caught.value.problem in back[1]["content"]


def test_version_names_the_words() -> None:
    number, digest = prompt_version().split("-")
    assert int(number) >= 1 and len(digest) == 12


@pytest.mark.parametrize("persons", [0, -1, PERSONS[-1] + 1])
def test_a_wrong_number_of_persons_is_refused(persons: int) -> None:
    with pytest.raises(ParameterError, match=f"persons is {persons}. Expected: 1 to 2000"):
        draw_personas(persons, np.random.default_rng(1))
