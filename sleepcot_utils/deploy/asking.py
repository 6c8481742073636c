"""Asking a saved variant the study's questions, and which of them it is asked."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sleepcot_utils.deploy.artifacts import ONNX, format_of, load_model
from sleepcot_utils.deploy.runners import Graph
from sleepcot_utils.distill.encoding import render
from sleepcot_utils.distill.generation import ask, read_answer
from sleepcot_utils.distill.student import Student
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import FACTUAL, FOLLOW_UP, RECOMMEND, Task

#: Questions of each kind that a person is asked here: all scores of a person, for few tokens.
OF_EACH_PERSON = {RECOMMEND: 1, FOLLOW_UP: 2}


def capped_tasks(tasks: Sequence[Task], most: int) -> list[Task]:
    """Held-out tasks of as many whole persons as fit: one recommendation and two follow-ups each.

    Parameters
    ----------
    tasks : sequence of Task
        Of the split ``test``; counterfactual twins are left out, and persons who were asked less.
    most : int
        Tasks at most.
    """
    of_person: dict[str, list[Task]] = {}
    for task in tasks:
        if task.kind in OF_EACH_PERSON and task.variant == FACTUAL:
            own = of_person.setdefault(task.person_id, [])
            if sum(other.kind == task.kind for other in own) < OF_EACH_PERSON[task.kind]:
                own.append(task)
    each = sum(OF_EACH_PERSON.values())
    whole = [of_person[name] for name in sorted(of_person) if len(of_person[name]) == each]
    return [task for own in whole[: most // each] for task in own]


def prompt_tokens(tokenizer: Any, task: Task) -> list[int]:
    """What a student reads of a task."""
    return tokenizer(render(tokenizer, task.messages, add_generation_prompt=True), add_special_tokens=False)[
        "input_ids"
    ]


def ask_variant(
    folder: Path,
    tokenizer: Any,
    tasks: Sequence[Task],
    *,
    source: str,
    seed: int,
    max_new_tokens: int,
    threads: int = 1,
) -> list[Answer]:
    """Greedy answers of the variant that lies in a folder: torch in batches, ONNX Runtime one by one.

    Parameters
    ----------
    folder : pathlib.Path
        A variant as ``deploy.artifacts`` saves it.
    tokenizer
        Of the whole student; variants share it.
    tasks : sequence of Task
        What is asked.
    source, seed
        Name and student seed that stand in the answers.
    max_new_tokens : int
        Longest answer, in tokens.
    threads : int
        Threads of ONNX Runtime; those of torch are set by the process.

    Raises
    ------
    ArtifactError
        If the folder holds no variant.
    """
    if format_of(folder) != ONNX:
        student = Student(source, load_model(folder), tokenizer)
        return ask(student, tasks, source=source, seed=seed, max_new_tokens=max_new_tokens)
    graph = Graph(folder, threads)
    answers = []
    for task in tasks:
        began = time.perf_counter()
        said = graph(prompt_tokens(tokenizer, task), tokenizer.eos_token_id, max_new_tokens, lambda: None)
        seconds = time.perf_counter() - began
        answers.append(read_answer(tokenizer, task.task_id, said, source=source, seed=seed, seconds=seconds))
    return answers
