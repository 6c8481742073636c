"""Asking a student: greedy generation in left-padded batches of one kind of task."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sleepcot_utils.distill.encoding import render
from sleepcot_utils.distill.student import Student
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.tasks.reading import split_answer


def ask(
    student: Student, tasks: Sequence[Task], *, source: str, seed: int, max_new_tokens: int, batch_size: int = 128
) -> list[Answer]:
    """Answers of a student to tasks, in the order of the tasks."""
    import torch

    model, tokenizer = student.model.eval(), student.tokenizer
    prompts = [render(tokenizer, task.messages, add_generation_prompt=True) for task in tasks]
    encoded = [tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    # Kinds together, because a batch runs until its longest answer ends; then long prompts together, to pad little.
    order = sorted(range(len(tasks)), key=lambda i: (tasks[i].kind, -len(encoded[i])))
    answers: dict[int, Answer] = {}
    for chosen in _batches(order, tasks, batch_size):
        longest = max(len(encoded[i]) for i in chosen)
        pad = [longest - len(encoded[i]) for i in chosen]
        ids = torch.tensor([[tokenizer.pad_token_id] * p + encoded[i] for p, i in zip(pad, chosen, strict=True)])
        mask = torch.tensor([[0] * p + [1] * len(encoded[i]) for p, i in zip(pad, chosen, strict=True)])
        began = time.perf_counter()
        with torch.no_grad():
            output = model.generate(
                input_ids=ids.to(model.device),
                attention_mask=mask.to(model.device),
                max_new_tokens=max_new_tokens,
                do_sample=False,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        seconds = (time.perf_counter() - began) / len(chosen)
        for i, row in zip(chosen, output[:, longest:].tolist(), strict=True):
            stopped = tokenizer.eos_token_id in row
            said = row[: row.index(tokenizer.eos_token_id)] if stopped else row
            rationale, answer = split_answer(tokenizer.decode(said, skip_special_tokens=True))
            reason = "stop" if stopped else "length"
            answers[i] = Answer(tasks[i].task_id, source, seed, rationale, answer, reason, len(said), round(seconds, 4))
    return [answers[i] for i in range(len(tasks))]


def _batches(order: Sequence[int], tasks: Sequence[Task], batch_size: int) -> list[list[int]]:
    """Positions in batches of one kind each."""
    batches: list[list[int]] = []
    for i in order:
        if not batches or len(batches[-1]) == batch_size or tasks[batches[-1][-1]].kind != tasks[i].kind:
            batches.append([])
        batches[-1].append(i)
    return batches
