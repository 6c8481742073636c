"""Plans: settings from the command line and what they may change."""

from __future__ import annotations

from typing import Any

import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.study.plan import make_plan, parse_settings, plan_from_config
from sleepcot_utils.study.stages import students_of


def test_settings_reach_their_notebook_alone() -> None:
    overrides, seed = parse_settings(["03.max_steps=7", "04_compare_student_and_baselines.margin=0.2", "seed=5"])
    plan = make_plan("smoke", run="mine", seed=seed, overrides=overrides, student_seeds=[3], arms=["cot"])
    found = {execution.stage.notebook[:2]: execution.parameters.model_dump() for execution in plan.executions()}
    third, last = found["03"], found["04"]
    assert third["max_steps"] == 7 and third["student_seed"] == 3 and third["arm"] == "cot"
    assert last["margin"] == 0.2 and last["arms"] == "cot" and last["student_seeds"] == "3"
    assert {values["seed"] for values in found.values()} == {5}
    assert {values["run"] for values in found.values()} == {"mine"}
    assert (found["05"]["arm"], found["05"]["student_seed"]) == ("cot", 3), "one student that the study trains"


def test_arms_trained_once_come_with_the_first_seed_alone() -> None:
    plan = make_plan("smoke", arms=["answer_only", "cot"], student_seeds=[3, 4], arms_once=["cot_half", "cot_long"])
    trained = [execution.name.partition("__")[2] for execution in plan.executions() if "__" in execution.name]
    assert trained == ["answer_only-s3", "answer_only-s4", "cot-s3", "cot-s4", "cot_half-s3", "cot_long-s3"]
    compare = plan.execution("04_compare_student_and_baselines")
    assert [f"{arm}-s{seed}" for arm, seed in students_of(compare.parameters)] == trained
    assert plan_from_config(plan.as_config()) == plan
    assert plan_from_config({"profile": "smoke", "arms_once": "cot_half"}).arms_once == ("cot_half",)
    with pytest.raises(ParameterError, match="cot can't be trained once and with every seed"):
        make_plan("smoke", arms=["answer_only", "cot"], arms_once=["cot"])
    with pytest.raises(ParameterError, match="cot_huge"):
        make_plan("smoke", arms_once=["cot_huge"])


def test_a_text_parameter_stays_a_text() -> None:
    overrides, _ = parse_settings(["03.student=007"])
    assert overrides == {"03_distill_the_student": {"student": "007"}}


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("03.max_steps", "'03.max_steps' can't be read"),
        ("max_steps=3", "can't be read"),
        ("03.max_step=3", "did you mean 'max_steps'?"),
        ("03.max_steps=many", "can't be read from 'many'"),
        ("03.max_steps=1.5", "an integer from 1"),
        ("9.persons=3", "no notebook named '9'"),
        ("0.persons=3", "no notebook named '0'"),
        ("seed=x", "seed can't be read"),
    ],
)
def test_unreadable_settings(setting: str, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        parse_settings([setting])
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"arms": []},
        {"arms": ["cat"]},
        {"student_seeds": [1, 1]},
        {"seed": -1},
        {"run": "Not A Folder"},
        {"overrides": {"03_distill_the_student": {"max_steps": 0}}},
        {"overrides": {"03_distill_the_student": {"arm": "cot"}}},
        {"overrides": {"04_compare_student_and_baselines": {"student_seeds": "1"}}},
        {"overrides": {"01_simulate_wearable_nights": {"nights": 14, "window_nights": 30}}},
    ],
)
def test_a_wrong_plan_fails_before_anything_runs(changes: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        make_plan("smoke", **changes)


def test_a_plan_survives_its_file() -> None:
    plan = make_plan("laptop", run="x", overrides={"03_distill_the_student": {"max_steps": 9}}, student_seeds=[4, 5])
    assert plan_from_config(plan.as_config()).executions() == plan.executions()


def test_config_by_hand() -> None:
    assert plan_from_config({}).profile.name == "laptop"
    assert plan_from_config({"profile": "smoke", "student_seeds": "1,2,3"}).student_seeds == (1, 2, 3)
    assert plan_from_config({"profile": "smoke", "student_seeds": 7, "arms": "cot"}).student_seeds == (7,)
    with pytest.raises(ParameterError, match="unknown key 'profil'"):
        plan_from_config({"profil": "smoke"})
