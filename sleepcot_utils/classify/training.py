"""Fine-tuning a sequence classifier with ``transformers.Trainer``, and asking it for probabilities."""

from __future__ import annotations

import dataclasses
import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.classify.encoder import Encoder, add_adapter, load_encoder, quiet
from sleepcot_utils.classify.tokenizer import LONGEST_TEXT
from sleepcot_utils.errors import InputError, TrainingError

PREDICTED_AT_ONCE = 128


@dataclass(frozen=True)
class Recipe:
    """How a classifier is fine-tuned.

    Attributes
    ----------
    steps : int
        Optimizer steps at most.
    warm_up : float
        Share of the steps in which the rate rises.
    checks : int
        Validations, at equal distances; the weights with the lowest validation loss are kept if ``early_stopping``,
        and training ends after ``patience`` of them without progress.
    adapter : str
        ``full`` (all weights) or ``lora``.
    fresh : bool
        Start from random weights in place of pretrained ones.
    """

    steps: int = 100
    batch_size: int = 32
    learning_rate: float = 1e-3
    warm_up: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.1
    early_stopping: bool = True
    checks: int = 5
    patience: int = 2
    adapter: str = "full"
    fresh: bool = False

    def but(self, **changes: Any) -> Recipe:
        """The same recipe with some fields changed."""
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True)
class FineTuned:
    """A trained classifier and what its training took.

    Attributes
    ----------
    log : pandas.DataFrame
        ``step, split, loss``.
    """

    encoder: Encoder
    log: pd.DataFrame
    steps: int
    seconds: float
    trained_parameters: int


def fine_tune(
    name: str,
    train: tuple[Sequence[str], Sequence[int]],
    validation: tuple[Sequence[str], Sequence[int]],
    recipe: Recipe,
    seed: int,
) -> FineTuned:
    """Fine-tune a model to choose between the labels.

    Parameters
    ----------
    name : str
        As ``load_encoder`` takes it.
    train, validation : tuple of texts and labels
        One label a text, 0 or 1; of other persons each.
    recipe : Recipe
        Sizes and rates.
    seed : int
        Seed of head, order and dropout.

    Raises
    ------
    InputError
        If texts and labels do not go together.
    TrainingError
        If the loss is no number any more.
    """
    from transformers import DataCollatorWithPadding, EarlyStoppingCallback, Trainer, TrainingArguments
    from transformers.trainer_callback import PrinterCallback

    quiet()
    encoder = load_encoder(name, seed, dropout=recipe.dropout, fresh=recipe.fresh)
    if recipe.adapter == "lora":
        encoder = add_adapter(encoder, seed)
    train_set, validation_set = (_encoded(encoder, *part) for part in (train, validation))
    every = max(math.ceil(recipe.steps / recipe.checks), 1)
    kept = {"load_best_model_at_end": True, "metric_for_best_model": "eval_loss", "greater_is_better": False}
    with tempfile.TemporaryDirectory() as work:
        arguments = TrainingArguments(
            output_dir=work,
            max_steps=recipe.steps,
            per_device_train_batch_size=recipe.batch_size,
            per_device_eval_batch_size=PREDICTED_AT_ONCE,
            learning_rate=recipe.learning_rate,
            lr_scheduler_type="linear",
            warmup_steps=recipe.warm_up,
            weight_decay=recipe.weight_decay,
            eval_strategy="steps",
            eval_steps=every,
            prediction_loss_only=True,
            logging_steps=every,
            save_strategy="steps" if recipe.early_stopping else "no",
            save_steps=every,
            save_only_model=True,
            save_total_limit=1,
            seed=seed,
            data_seed=seed,
            disable_tqdm=True,
            report_to="none",
            dataloader_pin_memory=False,  # everything fits; without a GPU the library would warn
            **(kept if recipe.early_stopping else {}),
        )
        trainer = Trainer(
            encoder.model,
            arguments,
            train_dataset=train_set,
            eval_dataset=validation_set,
            data_collator=DataCollatorWithPadding(encoder.tokenizer),
            callbacks=[EarlyStoppingCallback(recipe.patience)] if recipe.early_stopping else [],
        )
        trainer.remove_callback(PrinterCallback)
        started = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - started
    log = _curve(trainer.state.log_history)
    if not np.isfinite(log["loss"]).all():
        raise TrainingError("the loss is no number any more", where="fine_tune", expected="a lower learning rate")
    return FineTuned(encoder, log, trainer.state.global_step, seconds, encoder.parameters[1])


def probabilities(encoder: Encoder, texts: Sequence[str]) -> np.ndarray:
    """Probability of rest of each text."""
    import torch

    encoder.model.eval()
    found = []
    for start in range(0, len(texts), PREDICTED_AT_ONCE):
        batch = encoder.tokenizer(
            list(texts[start : start + PREDICTED_AT_ONCE]),
            padding=True, truncation=True, max_length=LONGEST_TEXT, return_tensors="pt",
        ).to(encoder.model.device)  # fmt: skip
        with torch.inference_mode():
            logits = encoder.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        found.append(torch.softmax(logits.float(), dim=-1)[:, 1].cpu().numpy())
    return np.concatenate(found).astype("float64")


def milliseconds_a_text(encoder: Encoder, texts: Sequence[str]) -> float:
    """Time to read one text alone, as an app would ask for one morning; the first is left out."""
    probabilities(encoder, texts[:1])
    started = time.perf_counter()
    for text in texts:
        probabilities(encoder, [text])
    return 1000 * (time.perf_counter() - started) / len(texts)


def _encoded(encoder: Encoder, texts: Sequence[str], labels: Sequence[int]) -> list[dict[str, Any]]:
    if len(texts) != len(labels) or not len(texts) or not set(labels) <= {0, 1}:
        raise InputError(
            f"{len(texts)} texts do not go with {len(labels)} labels",
            where="fine_tune",
            expected="one label, 0 or 1, for each of at least one text",
        )
    ids = encoder.tokenizer(list(texts), truncation=True, max_length=LONGEST_TEXT)["input_ids"]
    return [
        {"input_ids": row, "attention_mask": [1] * len(row), "labels": int(label)}
        for row, label in zip(ids, labels, strict=True)
    ]


def _curve(history: list[dict[str, float]]) -> pd.DataFrame:
    rows = [(row["step"], "train", row["loss"]) for row in history if "loss" in row]
    rows += [(row["step"], "validation", row["eval_loss"]) for row in history if "eval_loss" in row]
    return pd.DataFrame(rows, columns=["step", "split", "loss"])
