"""A deeper model that does at first exactly what a shallower one does: the start of a larger sibling."""

from __future__ import annotations

import copy
from typing import Any

from sleepcot_utils.errors import ParameterError


def grown(model: Any, layers: int) -> Any:
    """The model with more layers, each new one a copy of the one before it that adds nothing yet.

    What a layer writes back goes through two matrices, of attention and of the feed-forward part. Where both are zero the
    layer passes its input on, so the deeper model says the same; training then puts the new layers to use. The idea is
    that of function-preserving growth (Net2Net, Chen et al. 2015, arXiv 1511.05641).

    Parameters
    ----------
    model : transformers.Qwen2ForCausalLM
        Left as it is where it already has that many layers.
    layers : int
        Layers of the result.

    Raises
    ------
    ParameterError
        If the model has more layers than that.
    """
    import torch

    config = copy.deepcopy(model.config)
    had = int(config.num_hidden_layers)
    if layers < had:
        raise ParameterError(f"the base has {had} layers already", where="layers", expected=f"{had} or more")
    if layers == had:
        return model
    config.num_hidden_layers = layers
    config.layer_types = None  # one entry a layer; made anew for the new number
    deeper = type(model)(type(config)(**config.to_dict()))
    weights = model.state_dict()
    # New layers stand evenly among the old ones: layer i of the deeper model comes from this one of the shallower.
    source = [place * had // layers for place in range(layers)]
    moved = {name: value for name, value in weights.items() if ".layers." not in name}
    for place, old in enumerate(source):
        is_new = place > 0 and source[place - 1] == old
        for name, value in weights.items():
            if f".layers.{old}." not in name:
                continue
            writes_back = is_new and name.endswith(("o_proj.weight", "down_proj.weight"))
            moved[name.replace(f".layers.{old}.", f".layers.{place}.")] = (
                torch.zeros_like(value) if writes_back else value
            )
    deeper.load_state_dict(moved)
    return deeper.to(model.device)
