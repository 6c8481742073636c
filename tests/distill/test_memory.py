"""Memory: estimated before a training, rows split where it is short, and the same weights in the end."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from sleepcot_utils.distill import row_trainer
from sleepcot_utils.distill.encoding import encode_conversation
from sleepcot_utils.distill.memory import available_bytes, needed_bytes, pieces_that_fit, saved_bytes
from sleepcot_utils.distill.packing import Row, pack, row_loss, split_row
from sleepcot_utils.distill.training import Recipe, train
from sleepcot_utils.errors import TrainingError

RECIPE = Recipe(max_steps=6, batch_size=2, learning_rate=0.01, eval_every_steps=2, patience=9, seed=3)
WORDS = ("Keep naps short.", "Sleep more.", "You slept 372 min.", "Wine breaks your sleep.")


def rows(tokenizer) -> list[Row]:
    """Four rows of three conversations each about one made-up report, the later ones longer."""

    def talk(report: int, answer: str):
        asked = {"role": "user", "content": "Asleep 372 min. " * (report + 1) + answer[:5]}
        return [{"role": "system", "content": f"Report {report}"}, asked, {"role": "assistant", "content": answer}]

    return [
        pack([[encode_conversation(tokenizer, talk(n, word), 900) for word in WORDS[: 3 if n % 2 else 4]]])
        for n in range(4)
    ]


def test_what_is_kept_is_what_the_layers_keep(tiny) -> None:
    """By hand: each linear layer keeps its input, and the products of the MLP and of attention some more."""
    student = tiny()
    row = rows(student.tokenizer)[0]
    config = student.model.config
    inputs = 3 * config.hidden_size + config.intermediate_size
    least = len(row.input_ids) * config.num_hidden_layers * inputs * 4
    least += len(row.targets) * config.vocab_size * 4  # log-probabilities of the learned tokens
    assert least < saved_bytes(student.model, row) < 6 * least


def test_the_longest_row_is_estimated_from_the_shortest(tiny) -> None:
    student = tiny()
    made = rows(student.tokenizer)
    trained = sum(p.numel() for p in student.model.parameters())
    estimated = needed_bytes(student.model, made) - 12 * trained
    counted = max(saved_bytes(student.model, row) for row in made)
    assert 0.9 * counted < estimated < 2 * counted
    for parameter in student.model.parameters():
        parameter.requires_grad_(False)
    student.model.lm_head.weight.requires_grad_(True)
    assert needed_bytes(student.model, made) < estimated, "frozen weights need neither gradients nor moments"


def test_rows_are_split_until_they_fit_and_it_is_said(tiny) -> None:
    student = tiny()
    made = rows(student.tokenizer)
    said: list[str] = []
    assert pieces_that_fit(student.model, made, needed_bytes(student.model, made), said.append) == 1
    assert said == []
    assert pieces_that_fit(student.model, made, needed_bytes(student.model, made) - 1, said.append) == 2
    assert len(said) == 1 and "split into 2 pieces" in said[0]
    with pytest.raises(TrainingError, match=r"one conversation at a time: about \d+ MiB are needed, 0 MiB are free"):
        pieces_that_fit(student.model, made, 1000, said.append)


def test_free_memory_is_that_of_this_machine() -> None:
    free = available_bytes("cpu")
    total = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    assert 2**20 < free < 1024 * int(total.split()[1])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_free_memory_is_that_of_the_gpu() -> None:
    assert 2**20 < available_bytes("cuda") <= torch.cuda.get_device_properties(0).total_memory


def trained(tiny, work: Path, **changes):
    student, said = tiny(), []
    set_ = rows(student.tokenizer)
    log = train(student, set_, set_, dataclasses.replace(RECIPE, **changes), work, say=said.append)
    return student.model.state_dict(), log, said


@pytest.mark.parametrize(
    ("at_call", "eval_every_steps"), [(5, 6), (11, 2)], ids=["before the first checkpoint", "after it"]
)
def test_a_training_that_runs_out_of_memory_goes_on_in_pieces(
    tiny, tmp_path: Path, monkeypatch, at_call: int, eval_every_steps: int
) -> None:
    """Two steps are done when it happens: their work is in the weights, and in a checkpoint or not."""
    whole, expected, nothing = trained(tiny, tmp_path / "whole", eval_every_steps=eval_every_steps)
    assert nothing == []
    longest = max(len(row.input_ids) for row in rows(tiny().tokenizer))
    calls = 0

    def short_of_memory(model, tensors, **options):
        nonlocal calls
        calls += 1
        loss = row_loss(model, tensors, **options)
        if calls >= at_call and tensors["input_ids"].shape[1] == longest and model.training:
            # Some gradients are there already, as when memory runs out in the midst of a backward pass.
            loss.backward()
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return loss

    monkeypatch.setattr(row_trainer, "row_loss", short_of_memory)
    split, training, said = trained(tiny, tmp_path / "split", eval_every_steps=eval_every_steps)
    assert said == ["Memory ran out; the training goes on from its last checkpoint, each row split into 2 pieces."]
    assert (training.steps, training.best_step) == (expected.steps, expected.best_step)
    for name, value in whole.items():
        torch.testing.assert_close(split[name], value, rtol=1e-3, atol=1e-4, msg=name)


def test_a_training_for_which_no_piece_is_small_enough_says_so(tiny, tmp_path: Path, monkeypatch) -> None:
    def no_room(model, tensors, **options):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8000 bytes")

    monkeypatch.setattr(row_trainer, "row_loss", no_room)
    with pytest.raises(TrainingError, match="too little for one conversation at a time: DefaultCPUAllocator"):
        trained(tiny, tmp_path)


def test_another_error_is_not_taken_for_one_of_memory(tiny, tmp_path: Path, monkeypatch) -> None:
    def broken(model, tensors, **options):
        raise RuntimeError("shapes can't be multiplied")

    monkeypatch.setattr(row_trainer, "row_loss", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        trained(tiny, tmp_path)


def test_recomputed_activations_give_the_same_training_with_less_kept(tiny, tmp_path: Path) -> None:
    kept, _, _ = trained(tiny, tmp_path / "kept")
    again, _, _ = trained(tiny, tmp_path / "again", recompute_activations=True)
    for name, value in kept.items():
        torch.testing.assert_close(again[name], value, rtol=1e-4, atol=1e-5, msg=name)
    student = tiny()
    row = rows(student.tokenizer)[-1]
    before = saved_bytes(student.model, row)
    student.model.activation_checkpointing_enable()
    assert saved_bytes(student.model, row) < 0.7 * before


def test_pieces_of_these_rows_are_shorter(tiny) -> None:
    row = rows(tiny().tokenizer)[2]
    assert [len(part.targets) for part in split_row(row, 4)] == [
        sum(1 for at in row.targets_at if row.branches[at] == branch) for branch in (1, 2, 3, 4)
    ]
