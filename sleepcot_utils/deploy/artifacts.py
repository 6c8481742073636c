"""A variant as a folder: written once, measured in bytes, loaded by whoever runs it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from sleepcot_utils.deploy.quantization import four_bit_tensors, int8_model, unpacked
from sleepcot_utils.errors import ArtifactError

#: Ways in which weights can lie in a folder.
WHOLE, INT8, INT4, SPARSE, ONNX = "whole", "int8", "int4", "sparse", "onnx"
FORMATS = (WHOLE, INT8, INT4, SPARSE, ONNX)
FORMAT_FILE, GRAPH_FILE = "format.json", "model.onnx"
PACKED_FILE, INT8_FILE = "weights.safetensors", "weights.pt"


def save_variant(model: Any, folder: Path, form: str) -> Path:
    """Write a model in one of the forms but ONNX, whose files come from ``export``; returns the folder.

    Parameters
    ----------
    form : str
        ``whole`` (32 bits a weight), ``int8``, ``int4``, or ``sparse`` (one bit a weight says whether it is zero, and
        only the others are stored).
    """
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    model.config.save_pretrained(folder)
    if form == WHOLE:
        model.save_pretrained(folder)
    elif form == INT8:
        torch.save(int8_model(model).state_dict(), folder / INT8_FILE)
    elif form == INT4:
        save_file({name: value.contiguous() for name, value in four_bit_tensors(model).items()}, folder / PACKED_FILE)
    else:
        save_file(_without_zeros(model), folder / PACKED_FILE)
    return mark_format(folder, form)


def mark_format(folder: Path, form: str) -> Path:
    """Write down how the weights of a folder are to be read; returns the folder."""
    (folder / FORMAT_FILE).write_text(json.dumps({"format": form}), encoding="utf-8")
    return folder


def format_of(folder: Path) -> str:
    """How the weights of a folder are to be read.

    Raises
    ------
    ArtifactError
        If the folder is no variant, or of a form that is not known.
    """
    try:
        form = json.loads((folder / FORMAT_FILE).read_text(encoding="utf-8"))["format"]
    except (OSError, ValueError, KeyError, TypeError):
        form = None
    if form not in FORMATS:
        raise ArtifactError(
            f"there is no variant of a student ({FORMAT_FILE} names {form!r})",
            where=str(folder),
            expected=f"a format among {', '.join(FORMATS)}, as notebook 06 writes it",
        )
    return form


def load_model(folder: Path) -> Any:
    """The torch model of a folder, ready to answer.

    Raises
    ------
    ArtifactError
        If the folder is no variant for torch, or its weights are missing or damaged.
    """
    from safetensors import SafetensorError

    form = format_of(folder)
    if form == ONNX:
        raise ArtifactError("a graph is no torch model", where=str(folder), expected="deploy.runners for an ONNX file")
    try:
        return _loaded(folder, form).eval()
    except (OSError, RuntimeError, ValueError, KeyError, EOFError, SafetensorError) as problem:
        raise ArtifactError(
            f"the weights can't be read: {str(problem).splitlines()[0]}",
            where=str(folder),
            expected="the folder as notebook 06 wrote it",
        ) from None


def size_bytes(folder: Path) -> int:
    """Bytes of all files of a variant; the tokenizer, which is the same for all, is not among them."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _loaded(folder: Path, form: str) -> Any:
    import torch
    from safetensors.torch import load_file
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    options: dict[str, Any] = {"dtype": torch.float32, "attn_implementation": "sdpa"}
    if form == WHOLE:
        return AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, **options)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder, local_files_only=True), **options)
    if form == INT8:
        model = int8_model(model)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch reads its own quantized weights by a way that it deprecates
            model.load_state_dict(torch.load(folder / INT8_FILE, weights_only=True))
        return model
    stored = load_file(folder / PACKED_FILE)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(_whole(stored, name, weight.shape))
    return model


def _without_zeros(model: Any) -> dict[str, Any]:
    """Tensors of a model; of one with zeros, where they are and what the others hold."""
    import numpy as np
    import torch

    tensors: dict[str, Any] = {}
    for name, weight in model.named_parameters():
        values = weight.detach().clone()
        filled = values != 0
        if filled.all():
            tensors[name] = values
        else:
            tensors[f"{name}.filled"] = torch.from_numpy(np.packbits(filled.numpy().ravel()))
            tensors[f"{name}.values"] = values[filled]
    return tensors


def _whole(stored: dict[str, Any], name: str, shape: Any) -> Any:
    import numpy as np
    import torch

    if name in stored:
        return stored[name]
    if f"{name}.packed" in stored:
        return unpacked({part: stored[f"{name}.{part}"] for part in ("packed", "scale", "low")}, shape)
    filled = np.unpackbits(stored[f"{name}.filled"].numpy(), count=shape.numel()).astype(bool)
    flat = torch.zeros(shape.numel())
    flat[torch.from_numpy(filled)] = stored[f"{name}.values"]
    return flat.reshape(shape)
