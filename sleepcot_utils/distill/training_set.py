"""Training sets: the teacher's answers as examples, grouped by what they share and encoded for an arm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sleepcot_utils.distill.arms import chosen_examples, targets
from sleepcot_utils.distill.encoding import encode_conversation
from sleepcot_utils.distill.packing import Row, pack
from sleepcot_utils.jsonlines import read_lines, write_lines
from sleepcot_utils.tasks.build import KNOWLEDGE, Task

#: Knowledge questions that are packed into one row: about as many learned tokens as the questions about one report have.
KNOWLEDGE_GROUP = 12


@dataclass(frozen=True)
class Example:
    """A task with an answer of the teacher.

    Attributes
    ----------
    form : str
        ``short`` or ``long`` rationale.
    sample : int
        Counts the rationales to one task, from 0.
    verified : bool
        Whether the answer passed every check; what failed is kept for the arm that learns from it all the same.
    """

    task_id: str
    kind: str
    person_id: str
    split: str
    report_id: str
    messages: list[dict[str, str]]
    rationale: str
    answer: str
    form: str = "short"
    sample: int = 0
    verified: bool = True

    @classmethod
    def of(
        cls, task: Task, rationale: str, answer: str, *, form: str = "short", sample: int = 0, verified: bool = True
    ) -> Example:
        """Example of a task."""
        return cls(
            task.task_id, task.kind, task.person_id, task.split, task.report_id, task.messages, rationale, answer,
            form, sample, verified,
        )  # fmt: skip


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


def conversations(example: Example, arm: str) -> list[list[dict[str, str]]]:
    """What a student of an arm learns from one example: conversations of prompt and target."""
    talks = []
    for addition, text in targets(example, arm):
        messages = [dict(message) for message in example.messages]
        if addition:
            messages[-1]["content"] += f"\n{addition}"
        talks.append([*messages, {"role": "assistant", "content": text}])
    return talks


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
    chosen = chosen_examples(examples, arm)
    encoded = {
        id(example): [encode_conversation(tokenizer, talk, max_tokens) for talk in conversations(example, arm)]
        for example in chosen
    }
    return [
        pack([[one for example in group for one in encoded[id(example)]]])
        for group in groups(chosen, rng, knowledge_repeats=knowledge_repeats)
    ]
