"""Fewer weights: the smallest ones set to zero, or whole layers left out.

Zeros make nothing faster by themselves: torch multiplies by them as by any number, and only a file that leaves them out
is smaller. A layer that is gone saves time, memory and bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sleepcot_utils.distill.packing import Row, row_loss, row_tensors
from sleepcot_utils.errors import ParameterError


def prune_weights(model: Any, share: float, *, at_random: bool = False, seed: int = 0) -> None:
    """Hold a share of the weights of the linear layers at zero, over all layers together; embeddings stay whole.

    The zeros stay zeros in further training, until ``make_permanent``.

    Parameters
    ----------
    share : float
        From 0 to 1; those of the smallest magnitude.
    at_random : bool
        Whether they are drawn instead, which is what choosing by magnitude has to beat.
    """
    import torch
    from torch.nn.utils import prune

    if not 0 < share < 1:
        raise ParameterError(f"a share of {share} can't be pruned", where="share", expected="a number between 0 and 1")
    torch.manual_seed(seed)
    method = prune.RandomUnstructured if at_random else prune.L1Unstructured
    prune.global_unstructured(
        [(layer, "weight") for layer in linear_layers(model)], pruning_method=method, amount=share
    )


def make_permanent(model: Any) -> None:
    """Turn masked weights into plain ones that hold zeros."""
    from torch.nn.utils import prune

    for layer in linear_layers(model):
        if prune.is_pruned(layer):
            prune.remove(layer, "weight")


def zero_share(model: Any) -> float:
    """Share of the weights of the linear layers that are zero."""
    weights = [layer.weight for layer in linear_layers(model)]
    return sum(int((weight == 0).sum()) for weight in weights) / sum(weight.numel() for weight in weights)


def shuffle_weights(model: Any, seed: int) -> None:
    """Put the weights of each linear layer in random order: same size, same values, nothing learned."""
    import torch

    draws = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in linear_layers(model):
            order = torch.randperm(layer.weight.numel(), generator=draws)
            layer.weight.copy_(layer.weight.flatten()[order].reshape(layer.weight.shape))


def losses_without_layers(model: Any, rows: Sequence[Row]) -> list[float]:
    """Mean loss on rows with each layer left out in turn."""
    every = list(model.model.layers)
    losses = []
    for place in range(len(every)):
        _set_layers(model, every[:place] + every[place + 1 :])
        losses.append(mean_loss(model, rows))
    _set_layers(model, every)
    return losses


def drop_layers(model: Any, places: Sequence[int]) -> None:
    """Leave layers out for good.

    Raises
    ------
    ParameterError
        If a layer is not there, or none would stay.
    """
    every = list(model.model.layers)
    kept = [layer for place, layer in enumerate(every) if place not in places]
    if not kept or len(every) - len(kept) != len(set(places)):
        raise ParameterError(
            f"layers {list(places)} can't be left out of {len(every)}", where="places", expected="some, but not all"
        )
    _set_layers(model, kept)


def mean_loss(model: Any, rows: Sequence[Row]) -> float:
    """Mean over rows of the loss a learned token."""
    import torch

    model.eval()
    with torch.no_grad():
        return float(sum(row_loss(model, row_tensors(row)) for row in rows) / len(rows))


def _set_layers(model: Any, layers: Sequence[Any]) -> None:
    """Give a model these layers; each knows its place in the cache by number."""
    import torch

    model.model.layers = torch.nn.ModuleList(layers)
    for place, layer in enumerate(layers):
        layer.self_attn.layer_idx = place
    model.config.num_hidden_layers = len(layers)
    model.config.layer_types = ["full_attention"] * len(layers)


def linear_layers(model: Any) -> list[Any]:
    """The linear layers that are pruned: all but the output layer, which may be the embedding."""
    import torch

    return [layer for layer in model.model.layers.modules() if isinstance(layer, torch.nn.Linear)]
