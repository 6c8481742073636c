"""Loading a student: the embedded base, any checkpoint by folder, or by hub id where a hub can be reached."""

from __future__ import annotations

import importlib.util
import socket
import tempfile
import urllib.request
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.paths import reference_data

EMBEDDED = "embedded"
#: Scale of LoRA over its rank, so that a rate found at one rank serves at another; a common choice, not tuned.
ALPHA_OVER_RANK = 2
#: All linear layers but the output layer, in the words of peft.
ALL_LINEAR = "all-linear"
HUB_TIMEOUT_S = 5.0


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


def load_student(name: str, *, device: str = "auto", quantized: bool = False) -> Student:
    """Load a model and its tokenizer.

    Parameters
    ----------
    name : str
        ``embedded``, a folder, or a hub id such as ``Qwen/Qwen2.5-1.5B-Instruct``.
    quantized : bool
        Whether its weights are held in 4 bits, for a LoRA adapter on top of them (QLoRA, arXiv 2305.14314); GPUs only.

    Raises
    ------
    ParameterError
        If nothing loadable is found under that name, or weights can't be quantized here.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    where = resolve_device(device)
    source = str(reference_data("embedded_student")) if name == EMBEDDED else name
    # Half precision only where the hardware is fast at it; on a CPU its products are several times slower. The embedded
    # base is so small that it stays whole, as its embeddings are trained.
    dtype = torch.bfloat16 if where == "cuda" and name != EMBEDDED else torch.float32
    options: dict[str, Any] = {"dtype": dtype, "attn_implementation": "sdpa"}
    if quantized:
        options |= {"quantization_config": _four_bits(where), "device_map": {"": 0}}
    no_hub = "" if Path(source).is_dir() else _why_no_hub()
    try:
        # Without a hub a model may still lie in the cache; asking all the same would take a minute of retries.
        tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=bool(no_hub))
        model = AutoModelForCausalLM.from_pretrained(source, local_files_only=bool(no_hub), **options)
    except (OSError, ValueError) as problem:
        raise ParameterError(
            f"no model can be loaded from {name!r}{no_hub}: {str(problem).splitlines()[0].rstrip('.')}",
            where="student",
            expected="'embedded', a folder with config.json and weights, or a hub id that this machine can reach",
        ) from None
    _fits(name, model, tokenizer)
    return Student(name, model if quantized else model.to(where), tokenizer)


def _why_no_hub() -> str:
    """Why the hub can't be asked, in brackets for a message; empty if it can."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return " (the hub is switched off: HF_HUB_OFFLINE is set)"
    address = urlsplit(constants.ENDPOINT)
    if urllib.request.getproxies():
        return ""  # a proxy resolves names that this machine can't
    try:
        port = address.port or (443 if address.scheme == "https" else 80)
        socket.create_connection((str(address.hostname), port), timeout=HUB_TIMEOUT_S).close()
    except OSError:
        return " (this machine can't reach the hub, and its cache holds no such model)"
    return ""


def _four_bits(where: str) -> Any:
    """Settings of 4-bit weights, as in QLoRA (Dettmers et al. 2023, arXiv 2305.14314).

    Raises
    ------
    ParameterError
        If there is no GPU, or bitsandbytes is not installed.
    """
    if where != "cuda":
        raise ParameterError(
            "weights in 4 bits (qlora) are for GPUs, and this training runs on a CPU",
            where="adapter",
            expected="adapter=lora or dora here, or device=cuda on a machine with a GPU",
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise ParameterError(
            "weights in 4 bits (qlora) need the package bitsandbytes, which is not installed",
            where="adapter",
            expected="pip install bitsandbytes, or adapter=lora",
        )
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


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


def without_training(student: Student, seed: int) -> Student:
    """A student of the same shape and tokenizer with random weights."""
    import torch

    torch.manual_seed(seed)
    fresh = type(student.model)(student.model.config)
    return Student(student.name, fresh.to(student.model.device), student.tokenizer)


def add_lora(
    student: Student, seed: int, *, rank: int = 32, targets: str = ALL_LINEAR, decomposed: bool = False
) -> Student:
    """The student with a low-rank adapter; the embedded base trains its embeddings as well.

    Without that, words that the base never wrote would have no embedding.

    Parameters
    ----------
    rank : int
        Rank of the two matrices of a layer (LoRA, Hu et al. 2021, arXiv 2106.09685).
    targets : str
        ``all-linear``, or names of layers with commas, such as ``"q_proj,v_proj"``.
    decomposed : bool
        Whether size and direction of a weight are learned apart (DoRA, Liu et al. 2024, arXiv 2402.09353).

    Raises
    ------
    ParameterError
        If the model has no linear layer of a name in ``targets``.
    """
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    embeddings = ["embed_tokens"] if student.name == EMBEDDED else None
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=rank,
        lora_alpha=ALPHA_OVER_RANK * rank,
        lora_dropout=0.0,
        target_modules=_linear_layers(student, targets),
        use_dora=decomposed,
        modules_to_save=embeddings,
        ensure_weight_tying=bool(embeddings),
    )
    with warnings.catch_warnings():
        # peft 0.21 still asks for a property that transformers 5 renamed; nothing that a user could change.
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)
        return Student(student.name, get_peft_model(student.model, config), student.tokenizer)


def _linear_layers(student: Student, targets: str) -> str | list[str]:
    """The layers that an adapter is put on, as peft takes them."""
    import torch

    if targets == ALL_LINEAR:
        return targets
    layers = student.model.named_modules()
    known = sorted({name.rpartition(".")[2] for name, layer in layers if isinstance(layer, torch.nn.Linear)})
    wanted = [name.strip() for name in targets.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise ParameterError(
            f"{student.name!r} has no linear layer named {', '.join(map(repr, unknown)) or repr(targets)}",
            where="lora_targets",
            expected=f"{ALL_LINEAR}, or some of {', '.join(known)}, with commas between them",
        )
    return wanted


def save_student(student: Student, folder: Path) -> None:
    """Save as an ordinary checkpoint: an adapter is merged first, so that any loader reads it."""
    model = student.model
    if getattr(model, "is_loaded_in_4bit", False):
        model = _on_whole_weights(student)
    if hasattr(model, "merge_and_unload"):
        model = model.merge_and_unload()
    model.save_pretrained(folder)
    student.tokenizer.save_pretrained(folder)


def _on_whole_weights(student: Student) -> Any:
    """The adapter of a quantized model on the base as it was before it was quantized."""
    from peft import PeftModel

    with tempfile.TemporaryDirectory() as adapter:
        student.model.save_pretrained(adapter)
        return PeftModel.from_pretrained(load_student(student.name, device="cuda").model, adapter)
