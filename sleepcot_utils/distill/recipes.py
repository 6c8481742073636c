"""Fitting a student to an arm: a few lines over ``training``, the same for the embedded base and any checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sleepcot_utils.config import OPTIMIZERS, DistillParameters
from sleepcot_utils.distill.arms import ARMS, chosen_examples
from sleepcot_utils.distill.encoding import IGNORED, encode_conversation
from sleepcot_utils.distill.on_policy import token_teacher
from sleepcot_utils.distill.packing import Row, summed_loss
from sleepcot_utils.distill.student import Student, add_lora, load_student, without_training
from sleepcot_utils.distill.training import Recipe, Training, train
from sleepcot_utils.distill.training_set import Example, conversations, encode_arm
from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.tasks.build import RECOMMEND, Task

ADAMW = OPTIMIZERS[0]
MAX_TOKENS = 4096  # longest conversation; ours stay far below, a longer one is refused and never cut
SAID = "said.json"  # what is said along the way
VALIDATION_ROWS = 32  # enough for a stable loss, few enough to look often


def fit(
    base: Student,
    examples: Sequence[Example],
    chosen: DistillParameters,
    *,
    work: Path,
    rng: np.random.Generator,
    curves: Path | None = None,
    say: Callable[[str], None] = print,
    listen_to: Task | None = None,
) -> tuple[Student, Training]:
    """Train a student of one arm.

    Parameters
    ----------
    base : Student
        The untrained base; its weights are changed.
    examples : sequence of Example
        Of the splits ``train`` and ``validation``.
    chosen : DistillParameters
        Parameters of notebook 03.
    work : pathlib.Path
        Folder of checkpoints.
    rng : numpy.random.Generator
        Orders groups and knowledge questions.
    curves : pathlib.Path, optional
        Folder of the files that TensorBoard reads; within ``work`` if left out.
    say : callable, optional
        Takes lines about progress and memory.
    listen_to : Task, optional
        A question of a held-out person that is asked at every validation; the answers lie in ``work``, in the file
        `SAID`, for `listening.said_along`.

    Raises
    ------
    InputError
        If the training set holds no examples of the kind that the arm learns from.
    ParameterError
        If the base can't take the adapter, or the arm's teacher has other tokens.
    """
    import torch

    if ARMS[chosen.arm].on_policy and not chosen.token_teacher.strip():
        raise ParameterError(
            f"the arm {chosen.arm!r} needs a larger model to learn from",
            where="token_teacher",
            expected="folder or hub id of a model with the student's tokenizer",
        )
    torch.manual_seed(chosen.student_seed)
    train_set = _encoded(base, examples, "train", chosen, rng)
    held_out = _encoded(base, examples, "validation", chosen, rng)[:VALIDATION_ROWS]
    if not train_set or not held_out:
        raise InputError(
            f"there is nothing that the arm {chosen.arm!r} could learn from or be held to: "
            f"{len(train_set)} rows to train on, {len(held_out)} held out",
            where="training set",
            expected=f"verified examples of the forms {', '.join(ARMS[chosen.arm].forms)} in both splits (notebook 02)",
        )
    student = _adapted(base, chosen)
    # Muon is made for whole matrices; the two thin ones of an adapter are left to AdamW, at a rate of their own.
    whole = _adapter(chosen) == "full"
    optimizer, rate = (chosen.optimizer, chosen.learning_rate) if whole else (ADAMW, chosen.adapter_learning_rate)
    recipe = Recipe(
        max_steps=_steps(base, examples, chosen, train_set),
        batch_size=chosen.batch_size,
        learning_rate=rate,
        eval_every_steps=chosen.eval_every_steps,
        patience=chosen.patience,
        seed=chosen.student_seed,
        recompute_activations=chosen.recompute_activations,
        optimizer=optimizer,
    )
    if ARMS[chosen.arm].on_policy:
        training = _in_two_parts(student, train_set, held_out, recipe, chosen, work, curves or work / "curves", say)
    else:
        listening = _listening(student, listen_to, work, chosen)
        training = train(student, train_set, held_out, recipe, work, curves=curves, say=say, callbacks=listening)
    return student, replace(training, parameters=student.parameters)


def _listening(student: Student, task: Task | None, work: Path, chosen: DistillParameters) -> list[Any]:
    if task is None:
        return []
    from sleepcot_utils.distill.listening import Listening

    return [Listening(student.tokenizer, task, work / SAID, chosen.max_new_tokens)]


def _adapter(chosen: DistillParameters) -> str:
    return ARMS[chosen.arm].adapter or chosen.adapter


def _adapted(base: Student, chosen: DistillParameters) -> Student:
    """The base with the weights that will be trained: an adapter's, or all of them."""
    rule = ARMS[chosen.arm]
    adapter = _adapter(chosen)
    if rule.from_scratch:
        base = without_training(base, chosen.student_seed)
    if adapter == "full":
        # Small steps vanish in half precision; what is trained is kept in whole, whatever the products are done in.
        base.model.float()
        return base
    if adapter == "qlora" and not getattr(base.model, "is_loaded_in_4bit", False):
        raise ParameterError(
            "the base was not loaded in 4 bits", where="adapter", expected="load_student(..., quantized=True) for qlora"
        )
    return add_lora(
        base,
        chosen.student_seed,
        rank=chosen.lora_rank,
        targets=chosen.lora_targets,
        decomposed=adapter == "dora",
    )


def _in_two_parts(
    student: Student,
    train_set: Sequence[Row],
    held_out: Sequence[Row],
    recipe: Recipe,
    chosen: DistillParameters,
    work: Path,
    curves: Path,
    say: Callable[[str], None],
) -> Training:
    """First the teacher's answers, then the student's own words under a larger model; as many steps as other arms.

    A student that has not learned to answer says nothing worth judging, hence the first part. The curve is that of the
    second part, because losses of the two mean different things.
    """
    own = max(round(recipe.max_steps * chosen.on_policy_share), 1)
    first = recipe.max_steps - own
    larger = load_student(chosen.token_teacher, device=student.device)
    teacher = token_teacher(student, larger, beta=chosen.divergence, max_new_tokens=chosen.max_new_tokens)
    before = None
    if first:
        answers = replace(recipe, max_steps=first)
        before = train(student, train_set, held_out, answers, work / "answers", curves=curves / "answers", say=say)
    training = train(
        student,
        train_set,
        held_out,
        replace(recipe, max_steps=own),
        work / "own_words",
        teacher=teacher,
        curves=curves / "own_words",
        say=say,
    )
    if before is None:
        return training
    return replace(
        training,
        log=training.log.assign(step=training.log["step"] + before.steps),
        steps=training.steps + before.steps,
        best_step=training.best_step + before.steps,
        tokens=training.tokens + before.tokens,
        wall_time_s=training.wall_time_s + before.wall_time_s,
    )


def _encoded(
    student: Student, examples: Sequence[Example], split: str, chosen: DistillParameters, rng: np.random.Generator
) -> list[Row]:
    repeats = chosen.knowledge_repeats if split == "train" else 1
    of_split = [example for example in examples if example.split == split]
    return encode_arm(student.tokenizer, of_split, chosen.arm, rng, knowledge_repeats=repeats, max_tokens=MAX_TOKENS)


def _steps(base: Student, examples: Sequence[Example], chosen: DistillParameters, train_set: Sequence[Row]) -> int:
    """Optimizer steps: as asked, but for the arm that sees as many tokens as another one sees."""
    tokens_of = ARMS[chosen.arm].tokens_of
    if not tokens_of:
        return chosen.max_steps
    other = chosen.model_copy(update={"arm": tokens_of})
    longer = _encoded(base, examples, "train", other, np.random.default_rng(0))
    ratio = _mean_tokens(longer) / _mean_tokens(train_set)
    return round(chosen.max_steps * ratio)


def _mean_tokens(rows: Sequence[Row]) -> float:
    return sum(len(row.input_ids) for row in rows) / len(rows)


def loss_with_swapped_reports(student: Student, examples: Sequence[Example], arm: str) -> tuple[float, float]:
    """Mean loss on recommendations with the person's own report, and with the report of the next person.

    A negative control: if both are equal, the student does not use the report. A student of another kind of task alone is
    asked for recommendations too.
    """
    asked = [e for e in chosen_examples(examples, arm, of_every_kind=True) if e.kind == RECOMMEND]
    swapped = [replace(e, messages=asked[(i + 1) % len(asked)].messages) for i, e in enumerate(asked)]
    return _loss(student, asked, arm), _loss(student, swapped, arm)


def _loss(student: Student, examples: Sequence[Example], arm: str) -> float:
    """Mean over examples of the loss per learned token."""
    model, losses = student.model.eval(), []
    for example in examples:
        talks = [encode_conversation(student.tokenizer, talk, MAX_TOKENS) for talk in conversations(example, arm)]
        learned = sum(label != IGNORED for talk in talks for label in talk.labels)
        losses.append(summed_loss(model, talks) / learned)
    return float(np.mean(losses))
