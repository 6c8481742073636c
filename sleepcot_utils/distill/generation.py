"""Asking a student: greedy answers in batches of one kind of task, by transformers or by vLLM."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sleepcot_utils.distill.decoding import continued
from sleepcot_utils.distill.encoding import render
from sleepcot_utils.distill.student import Student
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.tasks.reading import split_answer


def ask(
    student: Student,
    tasks: Sequence[Task],
    *,
    source: str,
    seed: int,
    max_new_tokens: int,
    batch_size: int = 128,
    engine: str = "transformers",
) -> list[Answer]:
    """Answers of a student to tasks, in the order of the tasks.

    Parameters
    ----------
    engine : str
        ``transformers``, or ``vllm`` where it is installed: the same answers but for ties between tokens, faster on a
        GPU.

    Raises
    ------
    ParameterError
        If the engine is neither, or not installed.
    """
    tokenizer = student.tokenizer
    prompts = [render(tokenizer, task.messages, add_generation_prompt=True) for task in tasks]
    encoded = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    if engine != "transformers":
        from sleepcot_utils.distill.vllm_engine import generate

        return generate(student, tasks, encoded, source=source, seed=seed, max_new_tokens=max_new_tokens, engine=engine)
    answers: dict[int, Answer] = {}
    for chosen in _batches(tasks, [len(ids) for ids in encoded], batch_size):
        began = time.perf_counter()
        said = continued(
            student.model.eval(),
            [encoded[i] for i in chosen],
            [tasks[i].report_id for i in chosen],
            end=tokenizer.eos_token_id,
            max_new_tokens=max_new_tokens,
        )
        seconds = (time.perf_counter() - began) / len(chosen)
        for i, tokens in zip(chosen, said, strict=True):
            answers[i] = read_answer(tokenizer, tasks[i].task_id, tokens, source=source, seed=seed, seconds=seconds)
    return [answers[i] for i in range(len(tasks))]


def read_answer(
    tokenizer: object, task_id: str, tokens: Sequence[int], *, source: str, seed: int, seconds: float
) -> Answer:
    """The answer in what a student added to a prompt.

    Parameters
    ----------
    tokens : sequence of int
        With the end-of-turn token last, if it was reached.
    """
    end = tokenizer.eos_token_id  # type: ignore[attr-defined]
    stopped = end in tokens
    said = list(tokens[: list(tokens).index(end)] if stopped else tokens)
    rationale, answer = split_answer(tokenizer.decode(said, skip_special_tokens=True))  # type: ignore[attr-defined]
    reason = "stop" if stopped else "length"
    return Answer(task_id, source, seed, rationale, answer, reason, len(said), round(seconds, 4))


def _batches(tasks: Sequence[Task], lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """Positions of tasks in batches.

    Kinds together, because a batch runs until its longest answer ends; then long prompts together, to pad little; and
    questions about one report together, so that it is read once.
    """
    longest: dict[tuple[str, str], int] = {}
    for task, length in zip(tasks, lengths, strict=True):
        family = (task.kind, task.report_id)
        longest[family] = max(length, longest.get(family, 0))
    order = sorted(
        range(len(tasks)),
        key=lambda i: (tasks[i].kind, -longest[tasks[i].kind, tasks[i].report_id], tasks[i].report_id, -lengths[i]),
    )
    batches: list[list[int]] = []
    for i in order:
        if not batches or len(batches[-1]) == batch_size or tasks[batches[-1][-1]].kind != tasks[i].kind:
            batches.append([])
        batches[-1].append(i)
    return batches
