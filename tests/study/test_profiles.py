"""Profiles: the four shipped ones, and what is refused in one."""

from __future__ import annotations

import pytest

from sleepcot_utils.config import NOTEBOOK_PARAMETERS, PROFILE_NAMES
from sleepcot_utils.errors import ParameterError
from sleepcot_utils.study.plan import make_plan
from sleepcot_utils.study.profiles import load_profile, parse_profile
from sleepcot_utils.study.stages import STAGES

GOOD = """\
description: made up
arms: [cot]
student_seeds: [1]
parameters:
  01_simulate_wearable_nights:
    persons: 20
"""


@pytest.mark.parametrize("name", PROFILE_NAMES)
def test_shipped_profiles_make_a_complete_plan(name: str) -> None:
    plan = make_plan(name)
    executions = [execution.name for execution in plan.executions()]
    once = [stage.notebook for stage in STAGES if stage.in_study and not stage.per_student]
    assert len(executions) == len(once) + len(plan.arms) * len(plan.student_seeds)
    assert [name for name in executions if name in once] == once
    assert "04_compare_student_and_baselines" in once and "07_rest_or_exercise" in once
    assert all(execution.parameters.profile == name for execution in plan.executions())


def test_smoke_overrides_nothing_but_names() -> None:
    plan = make_plan("smoke")
    for execution in plan.executions():
        fields = NOTEBOOK_PARAMETERS[execution.stage.notebook].model_fields
        defaults = {name: field.default for name, field in fields.items() if name not in ("arm", "student_seed")}
        assert {name: execution.parameters.model_dump()[name] for name in defaults} == defaults


def test_only_profiles_for_a_gpu_need_a_hub() -> None:
    assert {name for name in PROFILE_NAMES if not load_profile(name).offline} == {"gpu", "paper"}
    assert all(load_profile(name).gpus == (0 if load_profile(name).offline else 1) for name in PROFILE_NAMES)


def test_paper_names_its_scale_and_its_teacher() -> None:
    simulate = make_plan("paper").parameters("01_simulate_wearable_nights").model_dump()
    teach = make_plan("paper").parameters("02_prompt_the_teacher").model_dump()
    assert simulate["persons"] == 100
    assert teach["teacher"] == "dashscope-qwen-max", "Qwen-max wrote the paper's instruction set"
    assert teach["max_cost"] > 0, "a run that costs money has a cap"


def test_unknown_profile_names_the_known_ones() -> None:
    with pytest.raises(ParameterError, match=r"no profile named 'labtop' \(did you mean 'laptop'\?\).*smoke, laptop"):
        load_profile("labtop")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("description:", "descripton:"), ["unknown key 'descripton'", "did you mean 'description'?"]),
        (("arms: [cot]", "arms: [cat]"), ["profile smoke", "arms", "answer_only"]),
        (("arms: [cot]", "arms: []"), ["arms"]),
        (("arms: [cot]", "arms: cot"), ["arms", "list"]),
        (("student_seeds: [1]", "student_seeds: ['1']"), ["student_seeds", "'1'", "integer"]),
        (("student_seeds: [1]", "student_seeds: [1, 1]"), ["student_seeds", "1,1"]),
        (("    persons: 20", "    persons: twenty"), ["smoke, 01_simulate_wearable_nights", "'twenty'", "from 12 to"]),
        (("    persons: 20", "    person: 20"), ["did you mean 'persons'?"]),
        (("    persons: 20", "    seed: 2"), ["seed does not belong here"]),
        (("01_simulate_wearable_nights", "01_simulate"), ["no notebook named '01_simulate'", "parameters"]),
        (("    persons: 20", "    persons: 20\n    persons: 30"), ["the key 'persons' stands twice", "line 7"]),
        (("arms: [cot]", "arms: [cot"), ["no valid YAML", "line"]),
        ((GOOD, "- a\n"), ["holds no keys"]),
        ((GOOD, ""), ["holds no keys"]),
    ],
)
def test_refused(change: tuple[str, str], said: list[str]) -> None:
    assert change[0] in GOOD
    with pytest.raises(ParameterError) as caught:
        parse_profile("smoke", GOOD.replace(*change))
    for words in said:
        assert words in str(caught.value)


def test_a_float_that_yaml_reads_as_text_is_explained() -> None:
    text = GOOD + "  03_distill_the_student:\n    learning_rate: 1e-3\n"
    with pytest.raises(ParameterError, match=r"learning_rate is the text '1e-3'.*1\.0e-3"):
        parse_profile("smoke", text)
