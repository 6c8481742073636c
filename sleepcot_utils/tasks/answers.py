"""Answers to tasks, of whatever source: one JSON line each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sleepcot_utils.jsonlines import read_lines, write_lines


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
    prompt_version : str
        Name and hash of the words that a teacher was prompted with; empty where nobody was prompted.
    """

    task_id: str
    source: str
    seed: int
    rationale: str
    answer: str
    finish_reason: str
    tokens: int
    latency_s: float
    prompt_version: str = ""


def write_answers(path: Path, answers: Iterable[Answer]) -> None:
    """Write answers as JSON lines."""
    write_lines(path, (answer.__dict__ for answer in answers))


def read_answers(path: Path) -> list[Answer]:
    """Read what ``write_answers`` wrote; an ArtifactError names a line that is not an answer."""
    return read_lines(path, lambda entry: Answer(**entry), what="an answer", written_by="notebook 02 or 03")
