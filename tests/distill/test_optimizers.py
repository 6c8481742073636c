"""Optimizers: each weight moves by the one that is meant for it, at the scheduler's rate, and states survive a save."""

from __future__ import annotations

import copy
from itertools import pairwise

import pytest
import torch

from sleepcot_utils.config import OPTIMIZERS
from sleepcot_utils.distill.optimizers import MUON, SideBySide, matrices_by_muon, trainer_option
from sleepcot_utils.errors import ParameterError


def moved(model: torch.nn.Module, optimizer: SideBySide, steps: int, seed: int = 1) -> dict[str, torch.Tensor]:
    """Weights after steps along gradients drawn from a seed."""
    drawn = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        for weight in model.parameters():
            weight.grad = torch.randn(weight.shape, generator=drawn)
        optimizer.step()
        optimizer.zero_grad()
    return {name: weight.detach().clone() for name, weight in model.named_parameters()}


def test_matrices_inside_the_layers_go_to_muon_and_each_weight_to_one(tiny) -> None:
    model = tiny().model
    made = matrices_by_muon(model, 0.01)
    by_muon, by_adamw = ([id(w) for group in one.param_groups for w in group["params"]] for one in made.optimizers)
    names = {id(weight): name for name, weight in model.named_parameters()}
    assert sorted(by_muon + by_adamw) == sorted(names)
    assert all(names[one].startswith("model.layers.") and names[one].endswith("proj.weight") for one in by_muon)
    assert any("embed" in names[one] for one in by_adamw)


def test_an_update_of_a_matrix_moves_all_its_directions_alike(tiny) -> None:
    # What makes Muon Muon. AdamW's first update is the gradient's sign, whose singular values differ widely.
    model = tiny().model
    name, weight = next((n, w) for n, w in model.named_parameters() if n.endswith("q_proj.weight"))
    before = weight.detach().clone()
    after = moved(model, matrices_by_muon(model, 0.01), 1)[name]
    strengths = torch.linalg.svdvals((after - before * (1 - 0.01 * 0.01)) / 0.01)
    assert strengths.max() < 2 * strengths.min()


def test_a_scheduler_reaches_both(tiny) -> None:
    model = tiny().model
    made = matrices_by_muon(model, 0.01)
    scheduler = torch.optim.lr_scheduler.LambdaLR(made, lambda step: 1 / (step + 1))
    rates = []
    for _ in range(3):
        rates.append([group["lr"] for one in made.optimizers for group in one.param_groups])
        moved(model, made, 1)
        scheduler.step()
    assert all(rate == pytest.approx(0.01 / (step + 1)) for step, both in enumerate(rates) for rate in both)
    assert all(later < earlier for one, other in pairwise(rates) for earlier, later in zip(one, other, strict=True))


def test_a_saved_state_goes_on_as_if_nothing_had_happened(tiny) -> None:
    whole, cut = tiny().model, tiny().model
    straight, first = matrices_by_muon(whole, 0.01), matrices_by_muon(cut, 0.01)
    moved(whole, straight, 2)
    moved(cut, first, 2)
    held = copy.deepcopy(first.state_dict())
    second, fresh = matrices_by_muon(cut, 0.5), matrices_by_muon(tiny().model, 0.01)
    assert not fresh.state and first.state
    second.load_state_dict(held)
    expected, found = moved(whole, straight, 2, seed=2), moved(cut, second, 2, seed=2)
    for name, weight in expected.items():
        torch.testing.assert_close(found[name], weight, rtol=0, atol=0)


def test_frozen_weights_stay_and_nothing_to_move_is_said(tiny) -> None:
    model = tiny().model
    for name, weight in model.named_parameters():
        weight.requires_grad_("embed" in name)
    with pytest.raises(ParameterError, match="no matrix inside a layer is trained.*'adamw'"):
        matrices_by_muon(model, 0.01)


def test_the_trainer_gets_muon_or_its_own_adamw() -> None:
    assert trainer_option("adamw", 0.01) is None
    chosen = trainer_option(MUON, 0.01)
    assert chosen is not None and chosen[0]() is matrices_by_muon and chosen[1] == {"lr": 0.01}
    with pytest.raises(ParameterError, match=f"no optimizer 'sgd'.*one of {', '.join(OPTIMIZERS)}"):
        trainer_option("sgd", 0.01)
