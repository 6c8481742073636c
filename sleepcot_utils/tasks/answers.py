"""Answers to tasks, of whatever source: one JSON line each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.paths import relative_name


@dataclass(frozen=True)
class Answer:
    """What a source said to a task.

    Attributes
    ----------
    source : str
        Arm, baseline or teacher.
    seed : int
        Seed of the student; 0 where there is none.
    finish_reason : str
        ``stop``, or ``length`` where the answer was cut.
    tokens : int
        Tokens generated.
    latency_s : float
        Seconds of the batch divided by its size.
    """

    task_id: str
    source: str
    seed: int
    rationale: str
    answer: str
    finish_reason: str
    tokens: int
    latency_s: float


def write_answers(path: Path, answers: Iterable[Answer]) -> None:
    """Write answers as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(answer.__dict__, ensure_ascii=False, sort_keys=True) for answer in answers)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_answers(path: Path) -> list[Answer]:
    """Read what ``write_answers`` wrote; an ArtifactError names a line that is not an answer."""
    answers = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            answers.append(Answer(**json.loads(line)))
        except (ValueError, TypeError) as problem:
            raise ArtifactError(
                f"this line is not an answer ({problem})",
                where=f"{relative_name(path)}, line {number}",
                expected="one JSON object as notebook 02 or 03 writes it",
            ) from None
    return answers
