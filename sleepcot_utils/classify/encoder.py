"""Loading what reads the texts: the embedded encoder, a BERT by name, or a causal student with a head on top."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sleepcot_utils.classify.rules import LABELS
from sleepcot_utils.errors import ParameterError
from sleepcot_utils.paths import reference_data

EMBEDDED, STUDENT = "embedded", "student"
#: Scale of LoRA over its rank; a common choice, not tuned.
ALPHA_OVER_RANK = 2


@dataclass
class Encoder:
    """A sequence classifier with its tokenizer."""

    name: str
    model: Any
    tokenizer: Any

    @property
    def parameters(self) -> tuple[int, int]:
        """Number of all and of trainable parameters."""
        sizes = [(p.numel(), p.requires_grad) for p in self.model.parameters()]
        return sum(n for n, _ in sizes), sum(n for n, trains in sizes if trains)


def quiet() -> None:
    """Take out progress bars and the notice that the head of a classifier is new."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    logging.set_verbosity_error()


def load_encoder(name: str, seed: int, *, dropout: float = 0.1, fresh: bool = False) -> Encoder:
    """Load a model with a new head of two labels.

    Parameters
    ----------
    name : str
        ``embedded`` (the small BERT), ``student`` (the embedded causal student), a folder, or a hub id such as
        ``bert-base-cased``.
    seed : int
        Seed of the new head.
    dropout : float
        Share of activations dropped in training.
    fresh : bool
        Whether all weights are drawn anew, which shows what pretraining is worth.

    Raises
    ------
    ParameterError
        If nothing loadable is found under that name.
    """
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    quiet()
    shipped = {EMBEDDED: "embedded_bert", STUDENT: "embedded_student"}
    source = str(reference_data(shipped[name])) if name in shipped else name
    labels = {"num_labels": len(LABELS), "id2label": dict(enumerate(LABELS)), "label2id": _numbers()}
    torch.manual_seed(seed)
    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
        config = AutoConfig.from_pretrained(source, **labels)
        for field in ("hidden_dropout_prob", "attention_probs_dropout_prob", "attention_dropout"):
            if hasattr(config, field):
                setattr(config, field, dropout)
        config.pad_token_id = tokenizer.pad_token_id
        if fresh:
            model = AutoModelForSequenceClassification.from_config(config)
        else:
            model = AutoModelForSequenceClassification.from_pretrained(source, config=config, dtype=torch.float32)
    except (OSError, ValueError) as problem:
        raise ParameterError(
            f"no encoder can be loaded from {name!r}: {str(problem).splitlines()[0].rstrip('.')}",
            where="encoder",
            expected="'embedded', 'student', a folder, or a hub id that this machine can reach",
        ) from None
    return Encoder(name, model, tokenizer)


def _numbers() -> dict[str, int]:
    return {label: number for number, label in enumerate(LABELS)}


def add_adapter(encoder: Encoder, seed: int, *, rank: int = 16) -> Encoder:
    """The encoder with LoRA on all linear layers (Hu et al. 2021, arXiv 2106.09685); the new head is trained whole."""
    import torch
    from peft import LoraConfig, TaskType, get_peft_model

    torch.manual_seed(seed)
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS, r=rank, lora_alpha=ALPHA_OVER_RANK * rank, target_modules="all-linear"
    )
    with warnings.catch_warnings():
        # peft 0.21 still asks for a property that transformers 5 renamed; nothing that a user could change.
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)
        return Encoder(encoder.name, get_peft_model(encoder.model, config), encoder.tokenizer)


def save_encoder(encoder: Encoder, folder: Path) -> None:
    """Save as an ordinary checkpoint; an adapter is merged first."""
    model = encoder.model
    if hasattr(model, "merge_and_unload"):
        model = model.merge_and_unload()
    model.save_pretrained(folder)
    encoder.tokenizer.save_pretrained(folder)
