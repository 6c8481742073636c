"""Training sets of the arms: which words of the teacher a student sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sleepcot_utils.distill.encoding import encode_conversation
from sleepcot_utils.distill.packing import Row, pack
from sleepcot_utils.jsonlines import read_lines, write_lines
from sleepcot_utils.tasks.build import KNOWLEDGE, Task
from sleepcot_utils.tasks.reading import ANSWER_MARK, REASONING_MARK

#: Arm to whether the target holds the rationale. ``answer_only_equal_tokens`` sees what ``answer_only`` sees, for as
#: many tokens as ``cot``, so that a gain of the rationale is not a gain of length.
ARMS = {"answer_only": False, "cot": True, "answer_only_equal_tokens": False}
#: Knowledge questions that are packed into one row: about as many learned tokens as the questions about one report have.
KNOWLEDGE_GROUP = 12


@dataclass(frozen=True)
class Example:
    """A task with the teacher's verified answer."""

    task_id: str
    kind: str
    person_id: str
    split: str
    report_id: str
    messages: list[dict[str, str]]
    rationale: str
    answer: str

    @classmethod
    def of(cls, task: Task, rationale: str, answer: str) -> Example:
        """Example of a task."""
        return cls(
            task.task_id, task.kind, task.person_id, task.split, task.report_id, task.messages, rationale, answer
        )


def write_examples(path: Path, examples: Iterable[Example]) -> None:
    """Write a training set as JSON lines."""
    write_lines(path, (example.__dict__ for example in examples))


def read_examples(path: Path) -> list[Example]:
    """Read what ``write_examples`` wrote.

    Raises
    ------
    ArtifactError
        Naming the line that is not an example.
    """
    return read_lines(path, lambda entry: Example(**entry), what="a training example", written_by="notebook 02")


def target_text(example: Example, arm: str) -> str:
    """What the student of an arm learns to say.

    Examples
    --------
    >>> example = Example("t", "knowledge", "card:x", "train", "", [], "372 is under 420.", "Sleep more.")
    >>> target_text(example, "cot")
    'Reasoning:\\n372 is under 420.\\nAnswer:\\nSleep more.'
    >>> target_text(example, "answer_only")
    'Answer:\\nSleep more.'
    """
    answer = f"{ANSWER_MARK}\n{example.answer}"
    return f"{REASONING_MARK}\n{example.rationale}\n{answer}" if ARMS[arm] else answer


def conversation(example: Example, arm: str) -> list[dict[str, str]]:
    """An example as a conversation: its prompt and what the student of an arm learns to say."""
    return [*example.messages, {"role": "assistant", "content": target_text(example, arm)}]


def groups(examples: Sequence[Example], rng: np.random.Generator, *, knowledge_repeats: int = 1) -> list[list[Example]]:
    """Examples grouped by what they share, shuffled.

    All questions about one report make a group; knowledge questions share only the system line, a fixed number of them
    makes a group about as long as the others. The arms get the same groups, so that at equal steps each has
    seen the same examples.

    Parameters
    ----------
    knowledge_repeats : int
        How often each knowledge question stands in the set: facts need repetition, reports bring their own.
    """
    by_report: dict[str, list[Example]] = {}
    for example in examples:
        by_report.setdefault(KNOWLEDGE if example.kind == KNOWLEDGE else example.report_id, []).append(example)
    knowledge = by_report.pop(KNOWLEDGE, [])
    made = list(by_report.values())
    for _ in range(knowledge_repeats):
        order = [knowledge[i] for i in rng.permutation(len(knowledge))]
        made += [order[start : start + KNOWLEDGE_GROUP] for start in range(0, len(order), KNOWLEDGE_GROUP)]
    return [made[i] for i in rng.permutation(len(made))]


def encode_arm(
    tokenizer: Any,
    examples: Sequence[Example],
    arm: str,
    rng: np.random.Generator,
    *,
    knowledge_repeats: int,
    max_tokens: int,
) -> list[Row]:
    """Rows of an arm, one a group."""
    encoded = {
        id(example): encode_conversation(tokenizer, conversation(example, arm), max_tokens) for example in examples
    }
    return [
        pack([[encoded[id(example)] for example in group]])
        for group in groups(examples, rng, knowledge_repeats=knowledge_repeats)
    ]
