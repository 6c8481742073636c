"""Recipes: what single functions, smaller sets, adapters and a token teacher change, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sleepcot_utils.config import DistillParameters, validate_parameters
from sleepcot_utils.distill.arms import ARMS, chosen_examples, persons_of_share
from sleepcot_utils.distill.recipes import fit, loss_with_swapped_reports
from sleepcot_utils.distill.student import Student, save_student, without_training
from sleepcot_utils.errors import ParameterError
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND

SIZES = {"max_steps": 4, "batch_size": 2, "eval_every_steps": 2, "max_new_tokens": 6, "lora_rank": 2}


def parameters(**values) -> DistillParameters:
    chosen = validate_parameters("03_distill_the_student", SIZES | values)
    assert isinstance(chosen, DistillParameters)
    return chosen


@pytest.fixture(scope="module")
def few(examples):
    """Three persons to learn from, two held out, and some knowledge."""
    of_reports = {
        split: [e for e in examples if e.split == split and e.kind != KNOWLEDGE] for split in ("train", "validation")
    }
    persons = {split: sorted({e.person_id for e in of_reports[split]})[:3] for split in of_reports}
    kept = [e for split, found in of_reports.items() for e in found if e.person_id in persons[split]]
    return kept + [e for e in examples if e.kind == KNOWLEDGE][:6] + [e for e in examples if e.kind == KNOWLEDGE][-6:]


@pytest.fixture
def fitted(tiny, few, tmp_path: Path) -> Callable:
    def run(name: str = "run", **values):
        said: list[str] = []
        student, training = fit(
            tiny(), few, parameters(**values), work=tmp_path / name, rng=np.random.default_rng(1), say=said.append
        )
        return student, training, said

    return run


def test_smaller_sets_are_parts_of_larger_ones(examples) -> None:
    whole = persons_of_share(examples, 1.0)
    half, quarter = persons_of_share(examples, 0.5), persons_of_share(examples[::-1], 0.25)
    assert quarter < half < whole
    assert (len(half), len(quarter)) == (round(len(whole) / 2 + 0.01), -(-len(whole) // 4))
    assert whole == {e.person_id for e in examples if e.split == "train" and e.kind != KNOWLEDGE}


@pytest.mark.parametrize("arm", [name for name, arm in ARMS.items() if arm.persons_share < 1])
def test_an_arm_of_fewer_persons_keeps_knowledge_and_held_out_people(examples, arm: str) -> None:
    persons = persons_of_share(examples, ARMS[arm].persons_share)
    expected = [
        e
        for e in chosen_examples(examples, "cot")
        if e.split != "train" or e.kind == KNOWLEDGE or e.person_id in persons
    ]
    assert chosen_examples(examples, arm) == expected
    assert 0 < len(expected) < len(chosen_examples(examples, "cot"))


def test_arms_of_one_function_share_out_what_the_joint_arm_learns(examples) -> None:
    joint = chosen_examples(examples, "cot")
    parts = {kind: chosen_examples(examples, f"cot_{kind}_only") for kind in (RECOMMEND, FOLLOW_UP, KNOWLEDGE)}
    assert sum(map(len, parts.values())) == len(joint)
    for kind, part in parts.items():
        assert part == [e for e in joint if e.kind == kind]
        assert {e.split for e in part} == {"train", "validation"}


def test_a_student_of_knowledge_alone_is_held_against_reports_too(fitted, few) -> None:
    student, training, _ = fitted(arm="cot_knowledge_only")
    assert training.steps == 4
    own, swapped = loss_with_swapped_reports(student, few, "cot_knowledge_only")
    assert 0 < own < 20 and 0 < swapped < 20


@pytest.mark.parametrize("adapter", ["lora", "dora", "full"])
def test_an_adapter_trains_what_it_should(fitted, tiny, adapter: str) -> None:
    student, training, _ = fitted(adapter=adapter)
    whole, trained = training.parameters
    assert (trained == whole) is (adapter == "full")
    names = {
        name.rpartition("lora_")[2].partition(".")[0] for name, _ in student.model.named_parameters() if "lora" in name
    }
    assert names == {"lora": {"A", "B"}, "dora": {"A", "B", "magnitude_vector"}, "full": set()}[adapter]


@pytest.mark.parametrize(("arm", "adapter"), [("cot_lora", "full"), ("cot_full", "lora"), ("cot_dora", "full")])
def test_an_arm_may_bring_its_own_adapter(fitted, arm: str, adapter: str) -> None:
    student, training, _ = fitted(arm=arm, adapter=adapter)
    whole, trained = training.parameters
    assert (trained == whole) is (arm == "cot_full")
    assert any("lora_magnitude" in name for name, _ in student.model.named_parameters()) is (arm == "cot_dora")


def test_from_scratch_nothing_of_the_base_is_left(tiny) -> None:
    base = tiny()
    fresh, again, other = (without_training(base, seed) for seed in (1, 1, 2))
    named = [dict(student.model.named_parameters()) for student in (base, fresh, again, other)]
    # The row of the padding token is zero in every fresh model.
    matrices = [name for name, value in named[0].items() if value.ndim == 2 and "embed" not in name]
    assert len(matrices) > 10
    for name in matrices:
        before, first, second, third = (weights[name] for weights in named)
        assert before.shape == first.shape and bool((first == second).all())
        assert not bool((first == before).any()) and not bool((first == third).all())


def test_four_bits_need_a_base_that_was_loaded_so(fitted) -> None:
    with pytest.raises(ParameterError, match="adapter: the base was not loaded in 4 bits"):
        fitted(adapter="qlora")


def test_a_target_that_the_base_lacks_is_named(fitted) -> None:
    with pytest.raises(ParameterError, match="no linear layer named 'c_attn'"):
        fitted(lora_targets="c_attn")


@pytest.fixture(scope="module")
def larger(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wider model with the tokenizer of the tiny one, and with more places in its output than there are tokens."""
    import torch
    from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

    folder = tmp_path_factory.mktemp("models") / "larger"
    config = Qwen2Config.from_pretrained(tiny_folder)
    config.update({"hidden_size": 48, "intermediate_size": 96, "vocab_size": config.vocab_size + 12})
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = Qwen2ForCausalLM(config)
    save_student(Student("larger", model, AutoTokenizer.from_pretrained(tiny_folder)), folder)
    return folder


@pytest.mark.parametrize(("share", "steps_before"), [(0.5, 2), (1.0, 0)])
def test_on_policy_takes_the_steps_of_other_arms(
    fitted, larger: Path, tmp_path: Path, share: float, steps_before: int
) -> None:
    _, training, _ = fitted(arm="on_policy", token_teacher=str(larger), on_policy_share=share)
    assert training.steps == 4
    validated = training.log.loc[training.log["split"] == "validation", "step"].tolist()
    assert validated == [step for step in (2, 4) if step > steps_before]
    assert training.best_step in validated
    folders = {path.name for path in (tmp_path / "run").iterdir()} - {"curves"}
    assert folders == ({"answers", "own_words"} if steps_before else {"own_words"})


def test_on_policy_without_a_teacher_is_refused_before_anything_runs(fitted, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="token_teacher: the arm 'on_policy' needs a larger model"):
        fitted(arm="on_policy")
    assert not (tmp_path / "run").exists()


def test_curves_lie_where_they_are_asked_for(tiny, few, tmp_path: Path) -> None:
    options = {"work": tmp_path / "work", "curves": tmp_path / "curves", "say": lambda line: None}
    fit(tiny(), few, parameters(arm="cot"), rng=np.random.default_rng(1), **options)
    assert len(list((tmp_path / "curves").glob("events.out.tfevents.*"))) == 1
