"""Parameters of the notebooks: what is refused, and what the refusal says."""

from __future__ import annotations

from typing import Any

import pytest

from sleepcot_utils.config import (
    ARMS,
    NOTEBOOK_PARAMETERS,
    allowed_values,
    parameters_model,
    plain_type,
    validate_parameters,
)
from sleepcot_utils.errors import ParameterError

SIMULATE = "01_simulate_wearable_nights"
TEACH = "02_prompt_the_teacher"
DISTILL = "03_distill_the_student"
COMPARE = "04_compare_student_and_baselines"


@pytest.mark.parametrize(
    ("notebook", "values", "said"),
    [
        (SIMULATE, {"person": 30}, ["unknown parameter 'person'", "did you mean 'persons'?", "window_nights"]),
        (SIMULATE, {"persons": 11}, ["persons", "11", "an integer from 12 to 20000"]),
        (SIMULATE, {"persons": 20_001}, ["20001"]),
        (SIMULATE, {"persons": "48"}, ["persons", "'48' (str)", "an integer"]),
        (SIMULATE, {"persons": 48.0}, ["48.0 (float)"]),
        (SIMULATE, {"persons": True}, ["True (bool)"]),
        (SIMULATE, {"persons": None}, ["None"]),
        (SIMULATE, {"window_nights": 10}, ["window_nights", "one of 7, 14, 30"]),
        (SIMULATE, {"nights": 14, "window_nights": 30}, ["window_nights is 30", "14 nights"]),
        (SIMULATE, {"seed": -1}, ["seed", "from 0"]),
        (SIMULATE, {"seed": 2**32}, ["seed"]),
        (SIMULATE, {"run": "../elsewhere"}, ["run", "starting with a letter or digit"]),
        (SIMULATE, {"run": ""}, ["run"]),
        (SIMULATE, {"profile": "huge"}, ["profile", "'smoke', 'laptop', 'gpu', 'paper'"]),
        (TEACH, {"planted_error_rate": 0.6}, ["a number from 0.0 to 0.5"]),
        (TEACH, {"planted_error_rate": float("nan")}, ["planted_error_rate", "nan"]),
        (TEACH, {"teacher": "openai"}, ["teacher_model is empty", "'openai'"]),
        (TEACH, {"teacher": "oracle"}, ["teacher", "'oracle'", "expert, openai, local", "data/teachers/teachers.yaml"]),
        (DISTILL, {"arm": "cott"}, ["arm", "cott", "'answer_only'"]),
        (DISTILL, {"learning_rate": 0.0}, ["a number above 0.0 to 1.0"]),
        (DISTILL, {"learning_rate": float("inf")}, ["learning_rate"]),
        (DISTILL, {"student": " "}, ["a text that is not empty"]),
        (COMPARE, {"arms": "cot,dog"}, ["arms", "cot,dog", f"arms among {', '.join(ARMS)}"]),
        (COMPARE, {"arms": ""}, ["arms"]),
        (COMPARE, {"student_seeds": "1,1"}, ["student_seeds", "1,1"]),
        (COMPARE, {"student_seeds": "1,-2"}, ["student_seeds", 'such as "1,2"']),
        (COMPARE, {"student_seeds": 1}, ["1 (int)", 'such as "1,2"']),
        ("05_unknown", {}, ["no notebook named '05_unknown'", SIMULATE]),
        ("03_distill_the_studnet", {}, ["did you mean '03_distill_the_student'?"]),
    ],
)
def test_refused(notebook: str, values: dict[str, Any], said: list[str]) -> None:
    with pytest.raises(ParameterError) as caught:
        validate_parameters(notebook, values)
    for words in said:
        assert words in str(caught.value)


def test_where_replaces_the_notebook_in_the_message() -> None:
    with pytest.raises(ParameterError, match=r"^profile laptop: "):
        validate_parameters(SIMULATE, {"persons": 1}, where="profile laptop")


def test_a_listed_teacher_needs_no_model() -> None:
    from sleepcot_utils.teach.registry import teachers

    for name, entry in teachers().items():
        assert validate_parameters(TEACH, {"teacher": name}).model_dump()["teacher_model"] == ""
        if "synthesizer" in entry.roles:
            assert validate_parameters(SIMULATE, {"synthesizer": name}).model_dump()["synthesizer"] == name
        else:
            with pytest.raises(ParameterError, match="with the role synthesizer"):
                validate_parameters(SIMULATE, {"synthesizer": name})


@pytest.mark.parametrize("notebook", NOTEBOOK_PARAMETERS)
def test_defaults_are_valid_and_complete(notebook: str) -> None:
    fields = parameters_model(notebook).model_fields
    defaults = {name: field.default for name, field in fields.items()}
    assert validate_parameters(notebook, defaults).model_dump() == defaults
    assert {"run", "profile", "seed"} <= set(fields)


@pytest.mark.parametrize("notebook", NOTEBOOK_PARAMETERS)
def test_every_parameter_is_plain_and_explained(notebook: str) -> None:
    for name, field in parameters_model(notebook).model_fields.items():
        assert plain_type(notebook, name) in (int, float, str, bool)
        assert field.description and not set("#=") & set(field.description), name
        # Papermill misreads a `#` or `=` inside of a default.
        assert not set("#=") & set(str(field.default)), name
        assert allowed_values(notebook, name)


def test_whole_numbers_are_numbers_but_not_the_reverse() -> None:
    assert validate_parameters(DISTILL, {"learning_rate": 1}).model_dump()["learning_rate"] == 1.0


def test_parameters_are_frozen() -> None:
    parameters = validate_parameters(SIMULATE, {})
    with pytest.raises(ValueError, match="frozen"):
        parameters.run = "other"  # type: ignore[misc]


def test_every_arm_can_be_distilled_and_compared() -> None:
    for arm in ARMS:
        assert validate_parameters(DISTILL, {"arm": arm})
    assert validate_parameters(COMPARE, {"arms": ", ".join(ARMS)})
