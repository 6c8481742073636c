"""Loading a student: the embedded base, any checkpoint by folder, or by hub id where a hub can be reached."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.paths import reference_data

EMBEDDED = "embedded"
#: Rank and scale of LoRA. The embedded base needs its embeddings trained too: words that it never wrote have none.
LORA = {"r": 32, "lora_alpha": 64, "lora_dropout": 0.0, "target_modules": "all-linear"}


@dataclass
class Student:
    """A causal language model with its tokenizer."""

    name: str
    model: Any
    tokenizer: Any

    @property
    def device(self) -> str:
        """``cpu`` or ``cuda``."""
        return str(self.model.device.type)

    @property
    def parameters(self) -> tuple[int, int]:
        """Number of all and of trainable parameters."""
        sizes = [(p.numel(), p.requires_grad) for p in self.model.parameters()]
        return sum(n for n, _ in sizes), sum(n for n, trains in sizes if trains)


def resolve_device(device: str) -> str:
    """``cuda`` for ``auto`` where there is one, else ``cpu``.

    Raises
    ------
    ParameterError
        If ``cuda`` is asked for and there is none.
    """
    import torch

    if device == "cuda" and not torch.cuda.is_available():
        raise ParameterError("no CUDA device is visible", where="device", expected="'cpu' or 'auto'")
    return "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"


def load_student(name: str, *, device: str = "auto") -> Student:
    """Load a model and its tokenizer.

    Parameters
    ----------
    name : str
        ``embedded``, a folder, or a hub id such as ``Qwen/Qwen2.5-1.5B-Instruct``.

    Raises
    ------
    ParameterError
        If nothing loadable is found under that name.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    where = resolve_device(device)
    source = str(reference_data("embedded_student")) if name == EMBEDDED else name
    # Half precision only where the hardware is fast at it; on a CPU its products are several times slower.
    dtype = torch.bfloat16 if where == "cuda" else torch.float32
    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
        model = AutoModelForCausalLM.from_pretrained(source, dtype=dtype, attn_implementation="sdpa")
    except (OSError, ValueError) as problem:
        offline = " (the hub is switched off: HF_HUB_OFFLINE is set)" if os.environ.get("HF_HUB_OFFLINE") else ""
        raise ParameterError(
            f"no model can be loaded from {name!r}{offline}: {str(problem).splitlines()[0]}",
            where="student",
            expected="'embedded', a folder with config.json and weights, or a hub id that this machine can reach",
        ) from None
    _fits(name, model, tokenizer)
    return Student(name, model.to(where), tokenizer)


def _fits(name: str, model: Any, tokenizer: Any) -> None:
    """Refuse what would fail late, or would train and mean nothing."""
    if not tokenizer.chat_template:
        raise ParameterError(
            f"the checkpoint {name!r} has no chat template, so it can't be asked in turns",
            where="student",
            expected="an instruction-tuned checkpoint, or a chat_template.jinja beside its tokenizer",
        )
    rows = model.get_input_embeddings().num_embeddings
    if len(tokenizer) > rows:
        raise ParameterError(
            f"the tokenizer of {name!r} has {len(tokenizer)} tokens, the model has embeddings for {rows}",
            where="student",
            expected="model and tokenizer of one checkpoint",
        )
    if tokenizer.eos_token_id is None or tokenizer.pad_token_id is None:
        raise ParameterError(
            f"the tokenizer of {name!r} lacks an end-of-turn or a padding token",
            where="student",
            expected="eos_token and pad_token in tokenizer_config.json",
        )


def add_lora(student: Student, seed: int) -> Student:
    """The student with a LoRA adapter on all linear layers; the embedded base trains its embeddings as well."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    embeddings = ["embed_tokens"] if student.name == EMBEDDED else None
    config = LoraConfig(task_type="CAUSAL_LM", modules_to_save=embeddings, ensure_weight_tying=bool(embeddings), **LORA)
    with warnings.catch_warnings():
        # peft 0.21 still asks for a property that transformers 5 renamed; nothing that a user could change.
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)
        return Student(student.name, get_peft_model(student.model, config), student.tokenizer)


def save_student(student: Student, folder: Path) -> None:
    """Save as an ordinary checkpoint: an adapter is merged first, so that any loader reads it."""
    model = student.model
    if hasattr(model, "merge_and_unload"):
        model = model.merge_and_unload()
    model.save_pretrained(folder)
    student.tokenizer.save_pretrained(folder)
