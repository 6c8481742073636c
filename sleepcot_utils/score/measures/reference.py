"""What an answer is scored against: a task with its key and, for comparison of words, somebody else's answer to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from sleepcot_utils.errors import InputError
from sleepcot_utils.knowledge import Card, load_cards
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.tasks.reading import ANSWER_MARK, REASONING_MARK

FIELDS = tuple(Task.__dataclass_fields__)
#: Field beside those of the task, in the JSON form of a reference.
EXAMPLE_ANSWER = "example_answer"


@dataclass(frozen=True)
class Reference:
    """A task and an answer to it that is known to be good.

    Attributes
    ----------
    answer : str
        Text that word-overlap metrics compare with; empty where none is needed.
    """

    task: Task
    answer: str = ""


def encode_reference(task: Task, answer: str = "") -> str:
    """A reference as a JSON string, the form in which the ``evaluate`` library holds it."""
    return json.dumps(asdict(task) | {EXAMPLE_ANSWER: answer}, sort_keys=True)


def read_reference(reference: str | Mapping[str, Any] | Task | Reference) -> Reference:
    """Read a reference in any form that metrics take.

    Parameters
    ----------
    reference : str, mapping, Task or Reference
        JSON of a task, the same as a mapping, or the objects themselves.

    Raises
    ------
    InputError
        If a text is no JSON or a field of the task is missing.
    """
    if isinstance(reference, Reference):
        return reference
    if isinstance(reference, Task):
        return Reference(reference)
    try:
        fields = dict(json.loads(reference)) if isinstance(reference, str) else dict(reference)
    except (json.JSONDecodeError, TypeError, ValueError) as problem:
        raise InputError(
            f"a reference can't be read: {problem}", where="references", expected="JSON of a task"
        ) from None
    missing = [name for name in FIELDS if name not in fields]
    if missing:
        raise InputError(
            f"a reference has no field {missing[0]!r}", where="references", expected=f"a task with {', '.join(FIELDS)}"
        )
    return Reference(Task(**{name: fields[name] for name in FIELDS}), str(fields.get(EXAMPLE_ANSWER, "")))


def full_text(rationale: str, answer: str) -> str:
    """Rationale and answer as one text, as students write it.

    Examples
    --------
    >>> full_text("372 is under 420.", "Sleep more.")
    'Reasoning: 372 is under 420.\\nAnswer: Sleep more.'
    """
    return f"{REASONING_MARK} {rationale}\n{ANSWER_MARK} {answer}" if rationale.strip() else answer


@cache
def all_cards() -> dict[str, Card]:
    """All knowledge cards by id."""
    return {card.card_id: card for card in load_cards()}
