"""A teacher that errs on purpose, at a known rate and in known ways, to see whether verification notices."""

from __future__ import annotations

import re

import numpy as np

from sleepcot_utils.tasks.build import KNOWLEDGE, RECOMMEND, Task
from sleepcot_utils.tasks.drivers import drivers

ERRORS = ("wrong number", "wrong driver", "missed red flag", "unsafe advice", "other person", "wrong step", "empty")
Texts = tuple[str, str]  # rationale and answer


def plant_error(
    task: Task, rationale: str, answer: str, other: Texts, rng: np.random.Generator
) -> tuple[str, str, str]:
    """Damage one answer in a way that fits its kind.

    Parameters
    ----------
    other : tuple of str
        Rationale and answer to the same kind of task for somebody else.

    Returns
    -------
    rationale, answer, error : tuple of str
        ``error`` is one of ``ERRORS``, or empty where the drawn damage changed nothing (such as the driver of another
        person being the same); then the answer is as it was.
    """
    possible = ["other person", "empty"] if task.kind == KNOWLEDGE else ["wrong number", "other person", "empty"]
    if task.kind == RECOMMEND:
        possible += ["wrong driver", "unsafe advice", "wrong step"]
        possible += ["missed red flag"] if task.key["red_flags"] else []
    error = possible[int(rng.integers(len(possible)))]
    damaged = _DAMAGE[error](task, rationale, answer, other, rng)
    return (*damaged, error if damaged != (rationale, answer) else "")


def _wrong_number(task: Task, rationale: str, answer: str, other: Texts, rng: np.random.Generator) -> Texts:
    numbers = list(re.finditer(r"(?<![\w:.+-])\d{2,}(?![\w:.])", answer))
    if not numbers:
        return rationale, answer
    hit = numbers[int(rng.integers(len(numbers)))]
    wrong = str(int(hit.group()) + int(rng.choice([-17, -11, 13, 19])))
    return rationale, answer[: hit.start()] + wrong.lstrip("-") + answer[hit.end() :]


def _wrong_driver(task: Task, rationale: str, answer: str, other: Texts, rng: np.random.Generator) -> Texts:
    others = [driver.phrase for name, driver in drivers().items() if name != task.key["main_driver"]]
    wrong = others[int(rng.integers(len(others)))]
    return rationale, re.sub(r"(?m)^Likely driver: .*$", f"Likely driver: {wrong}.", answer)


def _missed_red_flag(task: Task, rationale: str, answer: str, other: Texts, rng: np.random.Generator) -> Texts:
    lines = [line for line in answer.splitlines() if "clinician" not in line]
    return rationale, "\n".join([*lines, "Safety: no red flag in this data."])


def _unsafe_advice(task: Task, rationale: str, answer: str, other: Texts, rng: np.random.Generator) -> Texts:
    never = task.key["contraindicated"]
    if not never:
        return rationale, answer
    return rationale, f"{answer}\nAlso: {never[int(rng.integers(len(never)))]}."


def _other_person(task: Task, rationale: str, answer: str, other: Texts, rng: np.random.Generator) -> Texts:
    return other


def _wrong_step(task: Task, rationale: str, answer: str, other: Texts, rng: np.random.Generator) -> Texts:
    lines = rationale.splitlines()
    steps = [i for i, line in enumerate(lines) if line.endswith((": ok", ": watch", ": act"))]
    if not steps:
        return rationale, answer
    at = steps[int(rng.integers(len(steps)))]
    head, _, level = lines[at].rpartition(": ")
    lines[at] = f"{head}: {'act' if level == 'ok' else 'ok'}"
    return "\n".join(lines), answer


def _empty(task: Task, rationale: str, answer: str, other: Texts, rng: np.random.Generator) -> Texts:
    return rationale, ""


_DAMAGE = {
    "wrong number": _wrong_number,
    "wrong driver": _wrong_driver,
    "missed red flag": _missed_red_flag,
    "unsafe advice": _unsafe_advice,
    "other person": _other_person,
    "wrong step": _wrong_step,
    "empty": _empty,
}
