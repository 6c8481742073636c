"""A teacher that errs on purpose, at a known rate and in known ways, to see whether verification notices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.knowledge import Card
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.teach.damage import DAMAGE, Reread, Scene, Texts

ERRORS = tuple(DAMAGE)


@dataclass(frozen=True)
class ExpertErrors:
    """How often and in which ways the expert errs.

    Attributes
    ----------
    rate : float
        Share of answers, from 0 to 1.
    kinds : tuple of str
        Some of ``ERRORS``.
    """

    rate: float
    kinds: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 1:
            raise ParameterError(f"{self.rate} is not a share of answers", where="rate", expected="0 to 1")
        unknown = [kind for kind in self.kinds if kind not in ERRORS]
        if unknown or not self.kinds:
            problem = f"there is no error {unknown[0]!r}" if unknown else "no kind of error is named"
            raise ParameterError(problem, where="kinds", expected=f"some of {', '.join(ERRORS)}")


def plant_error(
    task: Task,
    rationale: str,
    answer: str,
    other: Texts,
    rng: np.random.Generator,
    kinds: Sequence[str] | None = None,
    *,
    reread: Reread | None = None,
    card: Card | None = None,
) -> tuple[str, str, str]:
    """Damage one answer in a way that fits its task.

    Parameters
    ----------
    other : tuple of str
        Rationale and answer to the same kind of task for somebody else.
    kinds : sequence of str or None
        Errors to draw from; None for all of ``ERRORS``.
    reread : callable or None
        Asks the expert again with a changed report; without it a comparison is turned round in the text alone.
    card : Card or None
        Card of a knowledge task, whose wrong options then tempt.

    Returns
    -------
    rationale, answer, error : tuple of str
        ``error`` names the kind; it is empty where none of the kinds changes this answer (such as a missed red flag
        where there is none), and then the answer is as it was.
    """
    scene = Scene(task, rationale, answer, other, rng, reread, card)
    allowed = list(ERRORS if kinds is None else kinds)
    for place in rng.permutation(len(allowed)):
        damaged = DAMAGE[allowed[place]](scene)
        if damaged != scene.unchanged:
            return (*damaged, allowed[place])
    return rationale, answer, ""
