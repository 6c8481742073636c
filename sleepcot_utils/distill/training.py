"""Training a student with ``transformers.Trainer``: early stopping on held-out persons, resuming after a kill.

Where memory runs out, rows are split and the training goes on from its last checkpoint; the weights that come out are the
same but for the order of sums.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from sleepcot_utils.distill.memory import available_bytes, is_out_of_memory, pieces_that_fit, too_little_memory
from sleepcot_utils.distill.on_policy import TokenTeacher, on_policy_trainer
from sleepcot_utils.distill.packing import Row
from sleepcot_utils.distill.row_trainer import be_quiet, row_batch, row_trainer
from sleepcot_utils.distill.student import Student
from sleepcot_utils.errors import ParameterError

WARM_UP_SHARE = 0.05  # share of the steps in which the rate rises; a common choice, not tuned
LOGGED_POINTS = 60  # points of a training curve


@dataclass(frozen=True)
class Recipe:
    """Sizes of one training.

    Attributes
    ----------
    batch_size : int
        Rows, each a group of examples, an optimizer step.
    recompute_activations : bool
        Compute activations twice instead of keeping them: less memory, about a third slower.
    optimizer : str
        ``adamw`` or ``muon``, which is for all weights and not for adapters.
    """

    max_steps: int
    batch_size: int
    learning_rate: float
    eval_every_steps: int
    patience: int
    seed: int
    recompute_activations: bool = False
    optimizer: str = "adamw"


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
    student: Student,
    train_set: Sequence[Row],
    validation_set: Sequence[Row],
    recipe: Recipe,
    work: Path,
    *,
    teacher: TokenTeacher | None = None,
    curves: Path | None = None,
    say: Callable[[str], None] = print,
    callbacks: Sequence[Any] = (),
) -> Training:
    """Train until ``max_steps`` or until the validation loss has not improved ``patience`` times; keep the best.

    Parameters
    ----------
    train_set, validation_set : sequence of Row
        Packed conversations, of other persons each.
    work : pathlib.Path
        Folder of checkpoints; a training found there is resumed and ends as if it had not been interrupted.
    teacher : TokenTeacher, optional
        Whose distributions are learned, on what the student itself says to the prompts of the training set; without
        one, the answers of the training set are learned.
    curves : pathlib.Path, optional
        Folder of the files that TensorBoard reads; ``curves`` in ``work`` if left out.
    say : callable, optional
        Takes lines about progress and memory.
    callbacks : sequence of transformers.TrainerCallback
        Others that watch the training.

    Raises
    ------
    TrainingError
        If the loss is no number any more, or memory does not hold one conversation.
    """
    pieces = pieces_that_fit(student.model, train_set, available_bytes(student.device), say)
    at_first = _trained_weights(student)
    while True:
        try:
            return _attempt(
                student,
                train_set,
                validation_set,
                recipe,
                work,
                teacher,
                curves or work / "curves",
                say,
                pieces,
                callbacks,
            )
        except (RuntimeError, MemoryError) as problem:
            if not is_out_of_memory(problem):
                raise
            found = str(problem).splitlines()[0]
        # Outside of the handler, because the error holds on to the tensors of the step that failed.
        pieces = _more_pieces(train_set, pieces, found)
        say(f"Memory ran out; the training goes on from its last checkpoint, each row split into {pieces} pieces.")
        _restore(student, at_first)


def _trained_weights(student: Student) -> dict[str, Any]:
    """Copies, in main memory, of the weights that the training changes."""
    named = student.model.named_parameters()
    return {name: value.detach().to("cpu", copy=True) for name, value in named if value.requires_grad}


def _restore(student: Student, weights: dict[str, Any]) -> None:
    import torch

    student.model.zero_grad(set_to_none=True)
    with torch.no_grad():
        for name, value in student.model.named_parameters():
            if name in weights:
                value.copy_(weights[name])
    if student.device == "cuda":
        torch.cuda.empty_cache()


def _more_pieces(rows: Sequence[Row], pieces: int, found: str) -> int:
    """Twice as many pieces a row, unless that splits no row any further."""
    from accelerate import PartialState

    most = max(len(set(zip(row.trees, row.branches, strict=True))) for row in rows)
    # Other processes would wait for ever for the one whose memory ran out.
    if pieces >= most or PartialState().num_processes > 1:
        raise too_little_memory(found)
    return pieces * 2


def _attempt(
    student: Student,
    train_set: Sequence[Row],
    validation_set: Sequence[Row],
    recipe: Recipe,
    work: Path,
    teacher: TokenTeacher | None,
    curves: Path,
    say: Callable[[str], None],
    pieces: int,
    callbacks: Sequence[Any],
) -> Training:
    from transformers import EarlyStoppingCallback, TrainingArguments

    from sleepcot_utils.distill.optimizers import trainer_option
    from sleepcot_utils.distill.progress import Speed, Watch, trackers

    checkpoint, done = _last_whole_checkpoint(work)
    arguments = TrainingArguments(
        output_dir=str(work),
        max_steps=done["global_step"] if _patience_is_spent(done, recipe.patience) else recipe.max_steps,
        # A row is a batch by itself: nothing is padded, and attention stays within it.
        per_device_train_batch_size=1,
        per_device_eval_batch_size=1,
        gradient_accumulation_steps=_rows_of_a_process(recipe),
        activation_checkpointing=recipe.recompute_activations,
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
        report_to=trackers(say=say),
        logging_first_step=True,
    )
    speed = Speed()
    trainer_class = row_trainer() if teacher is None else partial(on_policy_trainer(), teacher)
    trainer = trainer_class(
        pieces,
        speed,
        model=student.model,
        args=arguments,
        train_dataset=list(train_set),
        eval_dataset=list(validation_set),
        data_collator=lambda rows: row_batch(rows[0]),
        callbacks=[EarlyStoppingCallback(recipe.patience), Watch(speed, curves, say), *callbacks],
        optimizer_cls_and_kwargs=trainer_option(recipe.optimizer, recipe.learning_rate),
    )
    be_quiet(trainer)
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


def _curve(history: Sequence[dict[str, Any]]) -> pd.DataFrame:
    rows = [
        {"step": entry["step"], "split": split, "loss": float(entry[name])}
        for entry in history
        for name, split in (("loss", "train"), ("eval_loss", "validation"))
        if name in entry
    ]
    return pd.DataFrame(rows, columns=["step", "split", "loss"])
