"""A short training after pruning, on what the student was trained on: the study's own training, for a few steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sleepcot_utils.distill.arms import chosen_examples
from sleepcot_utils.distill.recipes import MAX_TOKENS
from sleepcot_utils.distill.student import Student
from sleepcot_utils.distill.training import Recipe, train
from sleepcot_utils.distill.training_set import Example, encode_arm

#: Rows on which a layer's use is measured and a healing is held to; few, because this happens for every variant.
HELD_OUT_ROWS = 6


@dataclass(frozen=True)
class Lesson:
    """What every variant is healed on: the same rows in the same order.

    Attributes
    ----------
    train, held_out : list of Row
        Of other persons each.
    """

    train: list[Any]
    held_out: list[Any]


def lesson(student: Student, examples: Sequence[Example], arm: str, rng: np.random.Generator, *, rows: int) -> Lesson:
    """Rows of a number of training reports and of some held-out ones, drawn once.

    Parameters
    ----------
    rows : int
        Training rows: steps times rows a step, so that none is seen twice.
    """
    wanted = chosen_examples(examples, arm)
    parts = {}
    for split, most in (("train", rows), ("validation", HELD_OUT_ROWS)):
        of_split = [example for example in wanted if example.split == split]
        names = sorted({example.report_id for example in of_split if example.report_id})
        kept = {names[i] for i in rng.permutation(len(names))[:most]}
        drawn = [example for example in of_split if example.report_id in kept]
        encoded = encode_arm(student.tokenizer, drawn, arm, rng, knowledge_repeats=1, max_tokens=MAX_TOKENS)
        parts[split] = encoded[:most]
    return Lesson(parts["train"], parts["validation"])


def heal(student: Student, to_learn: Lesson, work: Path, *, steps: int, batch_size: int, rate: float, seed: int) -> int:
    """Train for some steps and keep the best weights; returns the tokens that it took.

    Raises
    ------
    TrainingError
        If the loss is no number any more.
    """
    recipe = Recipe(
        max_steps=steps,
        batch_size=batch_size,
        learning_rate=rate,
        eval_every_steps=steps,
        patience=1,
        seed=seed,
    )
    done = train(student, to_learn.train, to_learn.held_out, recipe, work, say=lambda line: None)
    student.model.eval()
    return done.tokens
