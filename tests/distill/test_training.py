"""Training: it learns, repeats itself, stops early, and survives being killed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.distill.encoding import encode_conversation, render
from sleepcot_utils.distill.packing import Row, pack, row_loss, row_tensors
from sleepcot_utils.distill.student import EMBEDDED, Student, add_lora, load_student, save_student
from sleepcot_utils.distill.training import Recipe, Training, train
from sleepcot_utils.errors import ParameterError, TrainingError

QUESTIONS = ("Do naps count?", "Is caffeine late?", "Why am I tired?", "Is wine bad?")
ANSWERS = ("Yes, keep naps short.", "Yes, after noon.", "You sleep 372 min.", "It breaks your sleep.")
RECIPE = Recipe(max_steps=12, batch_size=2, learning_rate=0.01, eval_every_steps=4, patience=5, seed=3)

STOPS_EARLY = {"max_steps": 200, "eval_every_steps": 4, "patience": 2, "learning_rate": 0.02}


def rows(tokenizer, answers=ANSWERS) -> list[Row]:
    talks = [
        [{"role": "user", "content": q}, {"role": "assistant", "content": f"Answer:\n{a}"}]
        for q, a in zip(QUESTIONS, answers, strict=True)
    ]
    return [pack([[encode_conversation(tokenizer, talk, 200)]]) for talk in talks]


@pytest.fixture
def fitted(tiny) -> Callable[..., tuple[Student, Training]]:
    """Trains a fresh tiny student on the four questions; validation answers are others unless told."""

    def fit(work: Path, *, lora: bool = False, same: bool = False, **changes) -> tuple[Student, Training]:
        student = tiny()
        if lora:
            # Under the name of the embedded base its tied embeddings are trained too.
            student = add_lora(Student(EMBEDDED, student.model, student.tokenizer), 0)
        train_set = rows(student.tokenizer)
        held_out = train_set if same else rows(student.tokenizer, ANSWERS[::-1])
        return student, train(student, train_set, held_out, dataclasses.replace(RECIPE, **changes), work)

    return fit


def weights(student: Student) -> dict:
    return {name: value.clone() for name, value in student.model.state_dict().items()}


def assert_equal_weights(a: Student, b: Student) -> None:
    import torch

    one, other = weights(a), weights(b)
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(one[name], other[name], rtol=0, atol=0)


@pytest.mark.parametrize("lora", [False, True], ids=["full", "lora"])
def test_four_examples_are_learned(fitted, tmp_path: Path, lora: bool) -> None:
    student, training = fitted(tmp_path, lora=lora, same=True, max_steps=30, eval_every_steps=10)
    losses = training.log.set_index(["split", "step"])["loss"]
    assert losses["train"].iloc[-1] < 0.5 * losses["train"].iloc[0]
    assert losses["validation"][30] < 0.5 * losses["train"].iloc[0]
    assert training.steps == training.best_step == 30
    mean = sum(len(one.input_ids) for one in rows(student.tokenizer)) / 4
    assert training.tokens == round(mean * 2 * 30)


def test_one_seed_gives_one_training(fitted, tmp_path: Path) -> None:
    (first, log), (second, again), (_, other) = (
        fitted(tmp_path / name, seed=seed) for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    pd.testing.assert_frame_equal(log.log, again.log)
    assert_equal_weights(first, second)
    assert not log.log.equals(other.log)


def test_training_stops_when_held_out_loss_only_rises_and_keeps_the_best(fitted, tmp_path: Path) -> None:
    import torch

    student, training = fitted(tmp_path, **STOPS_EARLY)
    held_out = training.log[training.log["split"] == "validation"].set_index("step")["loss"]
    assert training.best_step == held_out.idxmin()
    assert training.steps == training.best_step + 2 * 4 < 200
    student.model.eval()
    with torch.no_grad():
        losses = [float(row_loss(student.model, row_tensors(row))) for row in rows(student.tokenizer, ANSWERS[::-1])]
    kept = sum(losses) / len(losses)
    assert kept == pytest.approx(held_out.min(), abs=1e-4), "the weights in memory are the best, not the last"


def kill_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Let the next training be interrupted right after it has written the checkpoint of a step."""
    import transformers

    def interrupt(self, args, state, control, **_):
        if state.global_step == step:
            raise KeyboardInterrupt

    monkeypatch.setattr(transformers.EarlyStoppingCallback, "on_save", interrupt, raising=False)


@pytest.mark.parametrize("changes", [{}, {"lora": True}, {"optimizer": "muon"}], ids=["full", "lora", "full by muon"])
def test_a_killed_training_ends_as_if_nothing_had_happened(fitted, tmp_path: Path, monkeypatch, changes) -> None:
    whole, expected = fitted(tmp_path / "whole", **changes)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        kill_at(patch, 4)
        fitted(tmp_path / "killed", **changes)
    assert [path.name for path in (tmp_path / "killed").glob("checkpoint-*")] == ["checkpoint-4"]
    resumed, training = fitted(tmp_path / "killed", **changes)
    assert_equal_weights(whole, resumed)
    pd.testing.assert_frame_equal(training.log, expected.log)
    assert (training.steps, training.best_step, training.tokens) == (
        expected.steps,
        expected.best_step,
        expected.tokens,
    )


def test_patience_is_remembered_over_a_kill(fitted, tmp_path: Path, monkeypatch) -> None:
    """Otherwise a killed training would run on for longer than one that was left alone."""
    whole, expected = fitted(tmp_path / "whole", **STOPS_EARLY)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        kill_at(patch, expected.best_step + 4)
        fitted(tmp_path / "killed", **STOPS_EARLY)
    resumed, training = fitted(tmp_path / "killed", **STOPS_EARLY)
    assert training.steps == expected.steps
    pd.testing.assert_frame_equal(training.log, expected.log)
    assert_equal_weights(whole, resumed)


@pytest.mark.parametrize("damage", ["state missing", "state cut short"])
def test_a_checkpoint_cut_off_in_writing_is_passed_over(fitted, tmp_path: Path, monkeypatch, damage: str) -> None:
    whole, expected = fitted(tmp_path / "whole")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        kill_at(patch, 4)
        fitted(tmp_path / "killed")
    half = tmp_path / "killed" / "checkpoint-8"
    half.mkdir()
    (half / "model.safetensors").write_bytes(b"\x00" * 10)
    if damage == "state cut short":
        (half / "trainer_state.json").write_text('{"global_step": 8,', encoding="utf-8")
    resumed, training = fitted(tmp_path / "killed")
    assert_equal_weights(whole, resumed)
    assert training.steps == expected.steps


@pytest.mark.parametrize("sizes", [{}, STOPS_EARLY], ids=["all steps", "stopped early"])
def test_a_finished_training_that_is_started_again_changes_nothing(fitted, tmp_path: Path, sizes: dict) -> None:
    """As when a notebook is killed after training, while it writes its answers."""
    first, expected = fitted(tmp_path, **sizes)
    second, training = fitted(tmp_path, **sizes)
    assert_equal_weights(first, second)
    assert (training.steps, training.best_step) == (expected.steps, expected.best_step)
    pd.testing.assert_frame_equal(training.log, expected.log)


@pytest.mark.parametrize("name", [EMBEDDED, "any checkpoint"])
def test_lora_is_merged_on_saving(tiny, tmp_path: Path, name: str) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = tiny()
    before = {key: value.clone() for key, value in base.model.state_dict().items()}
    student = add_lora(Student(name, base.model, base.tokenizer), 0)
    total, trained = student.parameters
    assert 0 < trained < total
    set_ = rows(student.tokenizer)
    train(student, set_, set_, dataclasses.replace(RECIPE, max_steps=20), tmp_path / "work")
    text = render(student.tokenizer, [{"role": "user", "content": QUESTIONS[2]}], add_generation_prompt=True)
    ids = torch.tensor([student.tokenizer(text, add_special_tokens=False)["input_ids"]])

    def greedy(model):
        return model.eval().generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False)[0]

    expected = greedy(student.model).tolist()
    save_student(student, tmp_path / "saved")
    assert not list((tmp_path / "saved").glob("adapter*"))
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "saved")
    assert type(loaded).__name__ == "Qwen2ForCausalLM"
    assert loaded.get_output_embeddings().weight is loaded.get_input_embeddings().weight
    assert greedy(loaded).tolist() == expected
    changed = {key for key, value in loaded.state_dict().items() if not torch.equal(value, before[key])}
    assert {key for key in changed if "embed" in key} == ({"model.embed_tokens.weight"} if name == EMBEDDED else set())
    assert "model.layers.0.mlp.up_proj.weight" in changed
    again = AutoTokenizer.from_pretrained(tmp_path / "saved")
    assert again(text)["input_ids"] == student.tokenizer(text)["input_ids"]


def test_a_loss_that_is_no_number_stops_the_training_and_keeps_the_checkpoint(
    fitted, tmp_path: Path, monkeypatch
) -> None:
    with pytest.raises(TrainingError, match=r"loss became (nan|inf) at step \d+.*lower learning_rate"):
        fitted(tmp_path, learning_rate=1e18, max_steps=12, eval_every_steps=1)
    assert list(tmp_path.glob("checkpoint-*")), "the last good checkpoint stays"


def test_a_checkpoint_that_cannot_be_asked_is_refused(tiny, tmp_path: Path) -> None:
    student = tiny()
    save_student(student, tmp_path / "whole")
    assert load_student(str(tmp_path / "whole"), device="cpu").parameters == student.parameters
    template = student.tokenizer.chat_template
    student.tokenizer.chat_template = None
    save_student(student, tmp_path / "mute")
    with pytest.raises(ParameterError, match="mute' has no chat template"):
        load_student(str(tmp_path / "mute"), device="cpu")
    student.tokenizer.chat_template = template
    student.tokenizer.add_tokens([f"word{i}" for i in range(9)])
    save_student(student, tmp_path / "stranger")
    with pytest.raises(ParameterError, match=r"tokenizer of .*stranger' has 709 tokens.*embeddings for 700"):
        load_student(str(tmp_path / "stranger"), device="cpu")
