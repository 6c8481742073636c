"""Fewer bits a weight: 8 with torch's dynamic quantization, 4 by rounding groups of weights.

Torch quantizes ``nn.Linear`` alone. Where the output layer is tied to the embedding, its 8-bit copy would come on top of
the embedding, which stays whole: the file would grow and the tie would be cut. So a tied output layer stays as it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

#: Weights that share a scale and a lowest value; usual choices of 4-bit formats are 32, 64 and 128.
GROUP = 32
LEVELS = 15  # 4 bits tell 16 values apart


def int8_model(model: Any, *, tied_head_too: bool = False) -> Any:
    """A copy whose linear layers hold 8-bit weights; what comes into a layer is rounded as it comes.

    Parameters
    ----------
    tied_head_too : bool
        Whether an output layer that is tied to the embedding is quantized too, and so stored a second time.
    """
    import torch

    layers = {
        name
        for name, layer in model.named_modules()
        if isinstance(layer, torch.nn.Linear) and (tied_head_too or not _shares_embedding(model, layer))
    }
    with warnings.catch_warnings():
        # Eager quantization is announced to move to torchao; in the pinned torch it is there and runs on a CPU as it is.
        warnings.simplefilter("ignore")
        options = dict.fromkeys(layers, torch.ao.quantization.default_dynamic_qconfig)
        return torch.ao.quantization.quantize_dynamic(model, options)


def _shares_embedding(model: Any, layer: Any) -> bool:
    return layer.weight is model.get_input_embeddings().weight


def four_bit_tensors(model: Any, group: int = GROUP) -> dict[str, Any]:
    """All matrices of a model in 4 bits by rounding to nearest, everything else as it is.

    Parameters
    ----------
    group : int
        Weights with a scale of their own.

    Returns
    -------
    dict
        Of a matrix ``name``: ``name.packed`` (two weights a byte), ``name.scale`` and ``name.low`` (float16, one a group).
    """
    tensors: dict[str, Any] = {}
    for name, weight in model.named_parameters():
        if weight.dim() < 2:
            tensors[name] = weight.detach().clone()
        else:
            tensors |= {f"{name}.{part}": value for part, value in packed(weight.detach(), group).items()}
    return tensors


def packed(weight: Any, group: int = GROUP) -> dict[str, Any]:
    """One tensor in 4 bits; the last group is filled up with zeros."""
    import torch

    flat = weight.float().flatten()
    rows = torch.nn.functional.pad(flat, (0, -len(flat) % group)).reshape(-1, group)
    low = rows.min(dim=1, keepdim=True).values.half()
    # Rounding is done with the half-precision numbers that are stored, or loading would shift every weight.
    scale = ((rows.max(dim=1, keepdim=True).values - low.float()) / LEVELS).clamp(min=1e-7).half()
    levels = ((rows - low.float()) / scale.float()).round().clamp(0, LEVELS).to(torch.uint8)
    return {"packed": levels[:, 0::2] * 16 + levels[:, 1::2], "scale": scale[:, 0], "low": low[:, 0]}


def unpacked(tensors: Mapping[str, Any], shape: Any) -> Any:
    """The float32 tensor of a shape that ``packed`` rounded."""
    import torch

    both = torch.stack([tensors["packed"] // 16, tensors["packed"] % 16], dim=2).flatten(1).float()
    rows = both * tensors["scale"].float()[:, None] + tensors["low"].float()[:, None]
    return rows.flatten()[: shape.numel()].reshape(shape)
