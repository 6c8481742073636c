"""What an answer costs: tokens, seconds and memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sleepcot_utils.distill.encoding import render
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task

MIB = 2**20
COST_COLUMNS = ("source", "answers", "tokens an answer", "tokens of the rationale", "seconds an answer", "memory (MiB)")


def answer_costs(
    answers: Sequence[Answer], tasks: Sequence[Task], student: Any, *, told: Mapping[str, Sequence[Task]] | None = None
) -> pd.DataFrame:
    """Mean costs of the answers of each source that wrote tokens.

    Parameters
    ----------
    answers : sequence of Answer
        Of any sources; one that wrote no token of its own (a rule, a copy, a form) is left out.
    tasks : sequence of Task
        What was asked.
    student : Student
        A model of the size that answered, with its tokenizer: trained students have the size of their base.
    told : mapping of str to sequence of Task, optional
        Sources that were asked the same tasks with more in their prompts, as with examples, to these.

    Returns
    -------
    pandas.DataFrame
        ``COST_COLUMNS``. Seconds are those of the batch over its answers, on the machine of the run. Memory is computed,
        not measured: weights, and keys and values of one prompt with its answer.
    """
    tokenizer = student.tokenizer
    asked = {"": tasks, **(told or {})}
    prompts = {
        (name, task.task_id): _tokens(tokenizer, render(tokenizer, task.messages, add_generation_prompt=True))
        for name, own in asked.items()
        for task in own
    }
    rows = [
        (
            answer.source,
            answer.tokens,
            _tokens(tokenizer, answer.rationale),
            answer.latency_s,
            prompts[answer.source if answer.source in asked else "", answer.task_id],
        )
        for answer in answers
        if answer.tokens > 0
    ]
    table = pd.DataFrame(rows, columns=["source", "tokens", "rationale", "seconds", "prompt"])
    means = table.groupby("source", sort=False).agg(
        answers=("tokens", "size"), tokens=("tokens", "mean"), rationale=("rationale", "mean"),
        seconds=("seconds", "mean"), prompt=("prompt", "mean"),
    )  # fmt: skip
    memory = [memory_mib(student, float(row.prompt + row.tokens)) for row in means.itertuples()]  # type: ignore[operator]
    found = means.drop(columns="prompt").assign(memory=memory).reset_index()
    found.columns = list(COST_COLUMNS)
    return found


def memory_mib(student: Any, tokens: float) -> float:
    """Weights of a model, and keys and values of a number of tokens, in MiB."""
    config = student.model.config.get_text_config()
    size = next(student.model.parameters()).element_size()
    weights = sum(parameter.numel() * parameter.element_size() for parameter in student.model.parameters())
    heads = getattr(config, "num_key_value_heads", config.num_attention_heads)
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return (weights + 2 * config.num_hidden_layers * heads * width * size * tokens) / MIB


def _tokens(tokenizer: Any, text: str) -> int:
    return len(tokenizer(text, add_special_tokens=False)["input_ids"]) if text else 0
