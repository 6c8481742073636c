"""A short training after pruning, on what the student was trained on: the study's own training, for a few steps.

A student at the end of its training stands where small steps brought it. Steps of another size or on another mixture of
tasks move it away, and that costs right answers even where nothing was pruned. So a healing draws from the whole
mixture, knowledge questions too, its rate is a small part of the first one and rises and falls as that did, and it is
taken back where it does not lower the loss on held-out rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sleepcot_utils.deploy.pruning import mean_loss
from sleepcot_utils.distill.arms import chosen_examples
from sleepcot_utils.distill.encoding import encode_conversation
from sleepcot_utils.distill.packing import Row, pack
from sleepcot_utils.distill.recipes import MAX_TOKENS
from sleepcot_utils.distill.student import Student
from sleepcot_utils.distill.training import Recipe, train
from sleepcot_utils.distill.training_set import Example, conversations, groups

#: Rows on which a layer's use is measured and a healing is held to; few, because this happens for every variant.
HELD_OUT_ROWS = 12


@dataclass(frozen=True)
class Lesson:
    """What every variant is healed on: the same rows in the same order.

    Attributes
    ----------
    train, held_out : list of Row
        Of other persons each.
    """

    train: list[Row]
    held_out: list[Row]


@dataclass(frozen=True)
class Healed:
    """What a healing did.

    Attributes
    ----------
    tokens : int
        Tokens that were learned from.
    loss_before, loss_after : float
        On held-out rows.
    """

    tokens: int
    loss_before: float
    loss_after: float

    @property
    def is_kept(self) -> bool:
        """Whether the healed weights are used, and not those of before."""
        return self.loss_after < self.loss_before


def lesson(
    student: Student,
    examples: Sequence[Example],
    arm: str,
    rng: np.random.Generator,
    *,
    rows: int,
    knowledge_repeats: int = 1,
) -> Lesson:
    """Training rows and held-out ones, drawn once from the mixture that the student was trained on.

    Parameters
    ----------
    rows : int
        Training rows: steps times rows a step, so that none is seen twice.
    knowledge_repeats : int
        How often each knowledge question stands in the mixture, as in the training.
    """
    wanted = chosen_examples(examples, arm)

    def drawn(split: str, repeats: int, most: int) -> list[Row]:
        of_split = [example for example in wanted if example.split == split]
        return [_row(student, group, arm) for group in groups(of_split, rng, knowledge_repeats=repeats)[:most]]

    return Lesson(drawn("train", knowledge_repeats, rows), drawn("validation", 1, HELD_OUT_ROWS))


def heal(
    student: Student, to_learn: Lesson, work: Path, *, steps: int, batch_size: int, rate: float, seed: int
) -> Healed:
    """Train for some steps; where the held-out loss is not lower then, the weights are those of before.

    Parameters
    ----------
    student : Student
        The damaged one; its weights are changed in place.
    to_learn : Lesson
        Rows to train on, and held-out rows for the loss.
    work : pathlib.Path
        Folder for checkpoints.
    steps, batch_size : int
        Optimizer steps, and rows in each.
    rate : float
        Largest learning rate.
    seed : int
        Of the order of the rows.

    Returns
    -------
    Healed
        Tokens that were read, and the held-out loss before and after, in nats a token.

    Raises
    ------
    TrainingError
        If the loss is no number any more.
    """
    before = mean_loss(student.model, to_learn.held_out)
    weights = {name: value.clone() for name, value in student.model.state_dict().items()}
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
    after = mean_loss(student.model, to_learn.held_out)
    healed = Healed(done.tokens, before, after)
    if not healed.is_kept:
        student.model.load_state_dict(weights)
    return healed


def _row(student: Student, group: Sequence[Example], arm: str) -> Row:
    """A group of examples as the training packs it."""
    talks = [talk for example in group for talk in conversations(example, arm)]
    return pack([[encode_conversation(student.tokenizer, talk, MAX_TOKENS) for talk in talks]])
