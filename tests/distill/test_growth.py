"""A deeper model says what the shallower one said, until it is trained."""

from __future__ import annotations

import pytest

from sleepcot_utils.distill.growth import grown
from sleepcot_utils.errors import ParameterError


@pytest.mark.parametrize("layers", [3, 4, 7])
def test_a_deeper_model_says_the_same_and_can_be_trained(tiny, layers: int) -> None:
    import torch

    model = tiny().model.eval()
    deeper = grown(model, layers).eval()
    ids = torch.tensor([[5, 9, 17, 3, 44]])
    with torch.no_grad():
        assert torch.allclose(deeper(ids).logits, model(ids).logits, atol=1e-5)
    assert len(deeper.model.layers) == layers == deeper.config.num_hidden_layers
    assert deeper.num_parameters() > model.num_parameters()
    deeper(ids, labels=ids).loss.backward()
    new = [layer for layer in deeper.model.layers if not bool(layer.mlp.down_proj.weight.any())]
    assert len(new) == layers - 2
    assert all(bool(layer.mlp.down_proj.weight.grad.any()) for layer in new), "a new layer must be able to wake up"


def test_as_many_layers_change_nothing_and_fewer_are_refused(tiny) -> None:
    model = tiny().model
    assert grown(model, 2) is model
    with pytest.raises(ParameterError, match="layers: the base has 2 layers already"):
        grown(model, 1)
