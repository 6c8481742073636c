"""The student as an ONNX file: one step of generation, with the keys and values of what was read so far going in and out.

Greedy decoding around it stands in ``runners``. The mask and the places of tokens are computed inside of the graph, so
that a caller gives tokens and the past alone; batches and padding are left to the model in torch.
"""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

from sleepcot_utils.errors import ParameterError

#: Names of what goes in and out of the graph.
TOKENS, PAST, LOGITS, PRESENT = "tokens", "past", "logits", "present"
#: A file of a graph can't be larger than 2 GB (protobuf); weights above that would lie beside it.
LARGEST_BYTES = 1_900_000_000
#: Tokens and past of the example that is traced; any other numbers, but no 1 or 0, would do.
TRACED_TOKENS, TRACED_PAST = 7, 5


def past_shape(config: Any, tokens: int) -> tuple[int, int, int, int, int]:
    """Shape of the past: layers, keys and values, heads, tokens, width of a head."""
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return config.num_hidden_layers, 2, config.num_key_value_heads, tokens, width


def export_onnx(model: Any, file: Path) -> None:
    """Write the graph with its weights.

    Raises
    ------
    ParameterError
        If the model is too large for one file.
    """
    import torch

    size = sum(weight.numel() * weight.element_size() for weight in model.parameters())
    if size > LARGEST_BYTES:
        raise ParameterError(
            f"the model has {size / 1e9:.1f} GB", where="export_onnx", expected=f"at most {LARGEST_BYTES / 1e9:.1f} GB"
        )
    tokens = torch.ones((1, TRACED_TOKENS), dtype=torch.long)
    past = torch.zeros(past_shape(model.config, TRACED_PAST))
    longest = model.config.max_position_embeddings // 2 - 1
    shapes = {TOKENS: {1: torch.export.Dim("read", max=longest)}, PAST: {3: torch.export.Dim("before", max=longest)}}
    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    quiet.setLevel(logging.ERROR)  # it reports that torchvision, which nothing here uses, is not installed
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter calls names that its own library deprecates
            torch.onnx.export(
                _step(model).eval(), (tokens, past), str(file), input_names=[TOKENS, PAST],
                output_names=[LOGITS, PRESENT], dynamic_shapes=shapes, dynamo=True, external_data=False, verbose=False,
            )  # fmt: skip
    finally:
        quiet.setLevel(level)


def quantize_onnx(file: Path, smaller: Path) -> None:
    """Write a copy of the graph whose weights have 8 bits, by ONNX Runtime's dynamic quantization."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # it recommends a preprocessing that changes nothing for this graph
    try:
        quantize_dynamic(str(file), str(smaller), weight_type=QuantType.QInt8)
    finally:
        root.setLevel(level)


def _step(model: Any) -> Any:
    import torch
    from transformers import DynamicCache

    class Step(torch.nn.Module):
        """Reads tokens behind a past; gives the logits after the last of them, and past and tokens as the new past."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, tokens: Any, past: Any) -> tuple[Any, Any]:
            before, read = past.shape[3], tokens.shape[1]
            cache = DynamicCache()
            for layer in range(past.shape[0]):
                cache.update(past[layer, 0][None], past[layer, 1][None], layer)
            places = torch.arange(read)[None] + before
            seen = torch.arange(before + read)[None, :] <= torch.arange(read)[:, None] + before
            mask = torch.where(seen, 0.0, torch.finfo(torch.float32).min)[None, None]
            said = self.model(
                input_ids=tokens,
                attention_mask=mask,
                position_ids=places,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
            layers = said.past_key_values.layers
            return said.logits[0, -1], torch.stack([torch.stack([one.keys[0], one.values[0]]) for one in layers])

    return Step()
