"""Training a student with ``transformers.Trainer``: early stopping on held-out persons, resuming after a kill."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from sleepcot_utils.distill.packing import Row, row_loss, row_tensors
from sleepcot_utils.distill.student import Student
from sleepcot_utils.errors import ParameterError, TrainingError

WARM_UP_SHARE = 0.05  # share of the steps in which the rate rises; a common choice, not tuned
LOGGED_POINTS = 60  # points of a training curve


@dataclass(frozen=True)
class Recipe:
    """Sizes of one training; ``batch_size`` counts rows, each a group of examples, an optimizer step."""

    max_steps: int
    batch_size: int
    learning_rate: float
    eval_every_steps: int
    patience: int
    seed: int


@dataclass(frozen=True)
class Training:
    """What a training left behind.

    Attributes
    ----------
    log : pandas.DataFrame
        ``step, split`` (train or validation)``, loss``.
    steps, best_step : int
        Steps done, and the step whose weights were kept.
    tokens : int
        Tokens processed in the steps done, without padding.
    parameters : tuple of int
        All parameters and the trained ones.
    """

    log: pd.DataFrame
    steps: int
    best_step: int
    tokens: int
    wall_time_s: float
    parameters: tuple[int, int] = (0, 0)


def train(
    student: Student, train_set: Sequence[Row], validation_set: Sequence[Row], recipe: Recipe, work: Path
) -> Training:
    """Train until ``max_steps`` or until the validation loss has not improved ``patience`` times; keep the best.

    Parameters
    ----------
    train_set, validation_set : sequence of Row
        Packed conversations, of other persons each.
    work : pathlib.Path
        Folder of checkpoints; a training found there is resumed and ends as if it had not been interrupted.
    """
    from transformers import EarlyStoppingCallback, TrainingArguments

    checkpoint, done = _last_whole_checkpoint(work)
    arguments = TrainingArguments(
        output_dir=str(work),
        max_steps=done["global_step"] if _patience_is_spent(done, recipe.patience) else recipe.max_steps,
        # A row is a batch by itself: nothing is padded, and attention stays within it.
        per_device_train_batch_size=1,
        per_device_eval_batch_size=1,
        gradient_accumulation_steps=_rows_of_a_process(recipe),
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=WARM_UP_SHARE,
        weight_decay=0.01,
        eval_strategy="steps",
        prediction_loss_only=True,
        eval_steps=recipe.eval_every_steps,
        save_strategy="steps",
        save_steps=recipe.eval_every_steps,
        save_total_limit=2,  # the best and the last; with 1 the last is deleted in the end and its steps done again
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        restore_callback_states_from_checkpoint=True,  # else a resumed training would count its patience anew
        logging_steps=_logging_steps(recipe),
        seed=recipe.seed,
        data_seed=recipe.seed,
        use_cpu=student.device == "cpu",
        bf16=student.device == "cuda",
        remove_unused_columns=False,
        disable_tqdm=True,
        report_to="none",
        logging_first_step=True,
    )
    trainer = row_trainer()(
        model=student.model,
        args=arguments,
        train_dataset=list(train_set),  # type: ignore[arg-type]
        eval_dataset=list(validation_set),  # type: ignore[arg-type]
        data_collator=lambda rows: row_tensors(rows[0]),
        callbacks=[EarlyStoppingCallback(recipe.patience)],
    )
    _be_quiet(trainer)
    started = time.perf_counter()
    trainer.train(resume_from_checkpoint=checkpoint)
    state = trainer.state
    best = (
        int(str(state.best_model_checkpoint).rpartition("-")[2]) if state.best_model_checkpoint else state.global_step
    )
    mean_tokens = sum(len(row.input_ids) for row in train_set) / len(train_set)
    return Training(
        log=_curve(state.log_history),
        steps=state.global_step,
        best_step=best,
        tokens=round(mean_tokens * recipe.batch_size * state.global_step),
        wall_time_s=time.perf_counter() - started,
    )


@cache
def row_trainer() -> Any:
    """``transformers.Trainer`` with the loss of packed rows; all else is the library's."""
    from transformers import Trainer

    class RowTrainer(Trainer):
        """Trainer whose batches are rows."""

        loss_is_scaled_for_ga = True  # the sum is divided by the learned tokens of the whole optimizer step

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            loss = row_loss(model, inputs, learned=num_items_in_batch)
            if num_items_in_batch is not None:
                # The tokens are counted over all processes, and gradients are then averaged over them.
                loss = loss * self.accelerator.num_processes
            if not loss.isfinite():
                raise TrainingError(
                    f"the loss became {loss.item()} at step {self.state.global_step + 1}",
                    where=f"training with learning rate {self.args.learning_rate:g}",
                    expected="a lower learning_rate; the checkpoints up to here are kept",
                )
            return (loss, {}) if return_outputs else loss

    return RowTrainer


def _rows_of_a_process(recipe: Recipe) -> int:
    """Rows of an optimizer step that each process works through; the step is the same however many there are."""
    from accelerate import PartialState

    processes = PartialState().num_processes
    if recipe.batch_size % processes:
        raise ParameterError(
            f"{recipe.batch_size} rows a step can't be shared among {processes} processes",
            where="batch_size",
            expected=f"a multiple of {processes}",
        )
    return recipe.batch_size // processes


def _logging_steps(recipe: Recipe) -> int:
    """Steps that one point of the curve averages: a divisor of the steps between checkpoints.

    Otherwise a resumed training would average its first point over fewer steps than one that was not interrupted.
    """
    most = max(recipe.max_steps // LOGGED_POINTS, 1)
    return max(steps for steps in range(1, most + 1) if recipe.eval_every_steps % steps == 0)


def _last_whole_checkpoint(work: Path) -> tuple[str | None, dict[str, Any]]:
    """Newest checkpoint with its state, or None with an empty one.

    The state is the last file of a checkpoint that is written: where it is missing or cut short, a kill came in between,
    and the folder is removed.
    """
    for folder in sorted(work.glob("checkpoint-*"), key=lambda path: -int(path.name.rpartition("-")[2])):
        try:
            return str(folder), json.loads((folder / "trainer_state.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            shutil.rmtree(folder)
    return None, {}


def _patience_is_spent(state: dict[str, Any], patience: int) -> bool:
    """Whether the training had stopped early when this state was written: resumed, it would take further steps."""
    callback = state.get("stateful_callbacks", {}).get("EarlyStoppingCallback", {})
    return callback.get("attributes", {}).get("early_stopping_patience_counter", 0) >= patience


def _be_quiet(trainer: Any) -> None:
    """Take out the callback that prints every log entry; curves are drawn instead.

    Warnings of the library are silenced too: it calls the output layer missing, which is tied to the embedding.
    """
    from transformers.trainer_callback import PrinterCallback
    from transformers.utils import logging

    logging.set_verbosity_error()
    trainer.remove_callback(PrinterCallback)


def _curve(history: Sequence[dict[str, Any]]) -> pd.DataFrame:
    rows = [
        {"step": entry["step"], "split": split, "loss": float(entry[name])}
        for entry in history
        for name, split in (("loss", "train"), ("eval_loss", "validation"))
        if name in entry
    ]
    return pd.DataFrame(rows, columns=["step", "split", "loss"])
