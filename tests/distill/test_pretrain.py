"""Pretraining in miniature: what it leaves behind, that it goes on, and that its steps hang on nothing but their number."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.distill import pretrain as pretraining
from sleepcot_utils.distill.encoding import Encoded
from sleepcot_utils.distill.packing import pack
from sleepcot_utils.distill.pretrain import (
    Progress,
    base_config,
    optimizers,
    practice_reports,
    practice_row,
    pretrain,
    rate_scale,
    train_step,
)
from sleepcot_utils.distill.student import load_student


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory):
    """Folder of a base trained for a second, and its curve, then for another one."""
    folder, work = tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("work")
    curves = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretraining, "SHAPE", {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1,
                                             "num_attention_heads": 1})  # fmt: skip
        for name, value in {"ROWS_A_STEP": 1, "EXAM_ITEMS": 1}.items():
            patch.setattr(pretraining, name, value)
        for go_on in (False, True):
            pretrain(folder, work, 1 / 60, go_on=go_on, persons=30, layers=2 if go_on else 1, exam_items=1)
            curves.append(json.loads((folder / "training_curve.json").read_text(encoding="utf-8")))
    return folder, work, curves


def test_what_is_left_behind_loads_and_is_described(trained) -> None:
    folder, work, (curve, _) = trained
    student = load_student(str(folder), device="cpu")
    assert student.parameters[0] == sum(p.numel() for p in student.model.parameters())
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert f"{student.parameters[0]:,} parameters" in card and f"{len(student.tokenizer):,} tokens" in card
    exam = json.loads((folder / "exam.json").read_text(encoding="utf-8"))
    assert all(f"| {row['skill']} | {row['right']:.2f} |" in card for row in exam)
    assert len(student.model.model.layers) == 2, "the second training went on with a deeper model"
    assert curve[-1]["step"] > 1 and curve[-1]["train_loss"] > 0
    assert not (work / "state.pt").exists(), "a finished training is not resumed"


def test_going_on_adds_to_what_was_done(trained) -> None:
    _, _, (first, second) = trained
    assert second[: len(first)] == first
    assert second[-1]["step"] > first[-1]["step"] and second[-1]["tokens"] > first[-1]["tokens"]
    assert second[-1]["seconds"] >= first[-1]["seconds"] + 1


def test_the_rate_warms_up_stays_and_falls() -> None:
    assert rate_scale(0, 0.0) < rate_scale(50, 0.0) < 1
    assert {rate_scale(step, 0.5) for step in (100, 5000)} == {1.0}
    falling = [rate_scale(5000, share) for share in (0.8, 0.85, 0.9, 1.0)]
    assert falling == sorted(falling, reverse=True)
    assert falling[0] == pytest.approx(1.0) and 0 < falling[-1] < 0.1


def test_a_training_that_goes_on_knows_what_was_learned(tmp_path) -> None:
    point = {"step": 7, "tokens": 900, "seconds": 3.5, "train_loss": 1.0, "exam": 0.1}
    (tmp_path / "training_curve.json").write_text(json.dumps([point]), encoding="utf-8")
    (tmp_path / "exam.json").write_text(json.dumps([{"skill": "copy", "right": 0.5}]), encoding="utf-8")
    progress = Progress.after(tmp_path)
    assert (progress.step, progress.from_step, progress.share(1.0)) == (7, 7, 0.0)
    progress.examined(pd.DataFrame({"skill": ["copy", "add"], "right": [1.0, 1.0]}))
    assert 0.5 < progress.shares_right["copy"] < 1.0
    assert progress.shares_right["add"] == pytest.approx(pretraining.NEWEST_EXAM)


def test_each_parameter_has_one_optimizer(tiny) -> None:
    model = tiny().model
    held = [p for optimizer in optimizers(model) for group in optimizer.param_groups for p in group["params"]]
    assert sorted(map(id, held)) == sorted(map(id, model.parameters()))
    matrices = optimizers(model)[0].param_groups[0]["params"]
    assert all(p.ndim == 2 for p in matrices) and not any(p is model.get_input_embeddings().weight for p in matrices)


def test_a_row_holds_whole_exercises_and_learns_answers_only(tiny) -> None:
    tokenizer, reports = tiny().tokenizer, practice_reports(5, 31)
    rows = [practice_row(tokenizer, reports, np.random.default_rng([1, step]), {}) for step in (1, 1, 2)]
    assert rows[0] == rows[1] != rows[2]
    for row in rows:
        ends = row.targets.count(tokenizer.eos_token_id)
        assert ends in (pretraining.ON_A_REPORT, pretraining.ON_THEIR_OWN)
        assert len(row.targets) < len(row.input_ids) and len(set(row.branches)) == ends + 1


def _two_steps(rank: int, world: int, folder: str) -> None:
    """Two steps of a small model, its rows shared among processes; the first one saves the weights."""
    import torch
    import torch.distributed as together
    from transformers import Qwen2ForCausalLM

    if world > 1:
        together.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=world)
    torch.manual_seed(3)
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = Qwen2ForCausalLM(base_config(40, 1, 0, shape))
    used = optimizers(model)
    losses = []
    for step in range(2):
        drawn = [np.random.default_rng([step, row]) for row in range(4)]
        rows = [pack([[Encoded(ids := [int(i) for i in rng.integers(2, 40, 5 + number)], [-100, *ids[1:]])]])
                for number, rng in enumerate(drawn)]  # fmt: skip
        losses.append(train_step(model, rows[rank::world], used))
    if rank == 0:
        torch.save((losses, model.state_dict()), f"{folder}/weights-{world}.pt")


def test_rows_shared_by_two_processes_make_the_same_steps(tmp_path) -> None:
    import torch
    from torch.multiprocessing import spawn

    _two_steps(0, 1, str(tmp_path))
    spawn(_two_steps, args=(2, str(tmp_path)), nprocs=2)
    (losses, one), (others, two) = (torch.load(tmp_path / f"weights-{world}.pt") for world in (1, 2))
    assert others == pytest.approx(losses, rel=1e-5) and losses[1] != losses[0]
    assert all(torch.allclose(one[name], two[name], atol=1e-5) for name in one)
