"""Training sets of the arms: which words of the teacher a student sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sleepcot_utils.distill.encoding import Encoded, encode_conversation
from sleepcot_utils.jsonlines import read_lines, write_lines
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, Task
from sleepcot_utils.tasks.reading import ANSWER_MARK, REASONING_MARK

#: Arm to whether the target holds the rationale. ``answer_only_equal_tokens`` sees what ``answer_only`` sees, for as
#: many tokens as ``cot``, so that a gain of the rationale is not a gain of length.
ARMS = {"answer_only": False, "cot": True, "answer_only_equal_tokens": False}
#: A follow-up conversation shares one report among its questions, which saves tokens; more turns would leave questions
#: in first place, as they are asked at the end, too rare. Knowledge questions are short: six make a conversation about
#: as long as the others, so that little of a batch is padding.
TURNS = {FOLLOW_UP: 3, KNOWLEDGE: 6}


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


def conversations(
    examples: Sequence[Example], arm: str, rng: np.random.Generator, *, knowledge_repeats: int = 1
) -> list[list[dict[str, str]]]:
    """Conversations of an arm, shuffled.

    A recommendation is a conversation by itself; the follow-ups of one report are asked one after the other, three to a
    conversation, and knowledge questions six to a conversation, each in random order.

    Parameters
    ----------
    knowledge_repeats : int
        How often each knowledge question stands in the set: facts need repetition, reports bring their own.
    """
    grouped: dict[str, list[Example]] = {}
    for example in examples:
        name = {FOLLOW_UP: f"{FOLLOW_UP} {example.report_id}", KNOWLEDGE: KNOWLEDGE}.get(example.kind, example.task_id)
        grouped.setdefault(name, []).append(example)
    made = []
    for group in grouped.values():
        turns = TURNS.get(group[0].kind, 1)
        for _ in range(knowledge_repeats if group[0].kind == KNOWLEDGE else 1):
            order = [group[i] for i in rng.permutation(len(group))]
            made += [_conversation(order[start : start + turns], arm) for start in range(0, len(order), turns)]
    return [made[i] for i in rng.permutation(len(made))]


def _conversation(group: Sequence[Example], arm: str) -> list[dict[str, str]]:
    messages = [dict(message) for message in group[0].messages]
    for position, example in enumerate(group):
        if position:
            # The report stands in the first user turn; later turns ask only the question, its last line.
            messages.append({"role": "user", "content": example.messages[-1]["content"].rpartition("\n")[2]})
        messages.append({"role": "assistant", "content": target_text(example, arm)})
    return messages


def encode_arm(
    tokenizer: Any,
    examples: Sequence[Example],
    arm: str,
    rng: np.random.Generator,
    *,
    knowledge_repeats: int,
    max_tokens: int,
) -> list[Encoded]:
    """Encoded conversations of an arm."""
    return [
        encode_conversation(tokenizer, messages, max_tokens)
        for messages in conversations(examples, arm, rng, knowledge_repeats=knowledge_repeats)
    ]
