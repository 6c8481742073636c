"""Few-shot prompts for a model that was not trained: training examples as turns before the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sleepcot_utils.distill.encoding import render
from sleepcot_utils.distill.training_set import Example
from sleepcot_utils.errors import ParameterError
from sleepcot_utils.tasks.build import KNOWLEDGE, Task
from sleepcot_utils.tasks.reading import ANSWER_MARK

#: Examples drawn beyond those wanted, so that one on the very card that is asked about can be passed over.
SPARE = 3


def few_shot_tasks(
    tasks: Sequence[Task],
    examples: Sequence[Example],
    student: Any,
    rng: np.random.Generator,
    *,
    shots: int,
    max_new_tokens: int,
) -> tuple[list[Task], list[int]]:
    """The tasks with training examples of the same kind of question before them.

    Parameters
    ----------
    tasks : sequence of Task
        To be asked.
    examples : sequence of Example
        Of training persons; their answers stand in the prompt without the rationale, so that what is asked for fits into
        the same number of tokens as without examples. Of knowledge, any card but the one asked about may be shown.
    student : Student
        Who will be asked; its tokenizer and the most places that it can tell apart set the limit.
    rng : numpy.random.Generator
        Draws the examples, the same ones for all tasks of a kind of question.
    shots : int
        Examples wanted in each prompt; fewer where the prompt would become too long.
    max_new_tokens : int
        Room that is kept for the answer.

    Returns
    -------
    tuple of list of Task and list of int
        In the order of the tasks, and how many examples stand in each. The tasks' ``report_id`` names the examples, since
        these are what their prompts share and ``ask`` needs to read once.

    Raises
    ------
    ParameterError
        If no example is wanted, or a prompt without any is too long.
    """
    if shots < 1:
        raise ParameterError(f"{shots} examples can't be shown", where="shots", expected="1 or more")
    limit = int(student.model.config.get_text_config().max_position_embeddings) - max_new_tokens
    pool: dict[str, list[Example]] = {}
    for example in examples:
        if example.verified and example.sample == 0 and example.form == "short":
            pool.setdefault(_question(example.task_id, example.kind), []).append(example)
    chosen: dict[str, list[Example]] = {}
    for name in sorted({_question(task.task_id, task.kind) for task in tasks}):
        same = pool.get(name, [])
        chosen[name] = [same[at] for at in rng.permutation(len(same))[: shots + SPARE]]
    asked, shown = [], []
    for task in tasks:
        name = _question(task.task_id, task.kind)
        others = [example for example in chosen[name] if example.person_id != task.person_id][:shots]
        for count in range(len(others), -1, -1):
            messages = _with_examples(task, others[:count])
            if _tokens(student.tokenizer, messages) <= limit:
                break
        else:
            raise ParameterError(f"the prompt of {task.task_id!r} alone is too long", where="max_new_tokens")
        asked.append(replace(task, messages=messages, report_id=f"{count} examples of {name}"))
        shown.append(count)
    return asked, shown


def _question(task_id: str, kind: str) -> str:
    """Kind of question by the id: ``follow_up-bedtime``, ``recommend``, and open and closed questions of knowledge."""
    parts = task_id.split("-")
    return "-".join(parts[:2]) if kind == "follow_up" else parts[0] if kind == KNOWLEDGE else kind


def _with_examples(task: Task, examples: Sequence[Example]) -> list[dict[str, str]]:
    system, user = task.messages[:-1], task.messages[-1]
    turns = [
        turn
        for example in examples
        for turn in (
            example.messages[-1],
            {"role": "assistant", "content": f"{ANSWER_MARK}\n{example.answer}"},
        )
    ]
    return [*system, *turns, user]


def _tokens(tokenizer: Any, messages: list[dict[str, str]]) -> int:
    return len(
        tokenizer(render(tokenizer, messages, add_generation_prompt=True), add_special_tokens=False)["input_ids"]
    )
