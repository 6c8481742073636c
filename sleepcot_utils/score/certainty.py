"""How sure a student is of the verdict that it gave.

No answer of this study states a certainty in words: an answer gives a verdict, and "this data can't say" is a verdict of
its own, scored as abstention. What a student holds likely is in its probabilities. The certainty of an answer is here the
length-normalized probability of its verdict: the geometric mean of the probabilities of the tokens that name it, after
the student's own rationale. It says nothing about whether the rationale is right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.distill.encoding import render
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import FOLLOW_UP, RECOMMEND, Task
from sleepcot_utils.tasks.reading import ANSWER_MARK, REASONING_MARK
from sleepcot_utils.teach.verification import choice_is_right, named_driver, named_verdict
from sleepcot_utils.teach.verify.claims import chosen_option

CERTAINTY_COLUMNS = ("task_id", "person_id", "kind", "source", "seed", "certainty", "right")
#: Bytes of the logits that are held at once.
LOGITS_BYTES = 2**28
_WORD_END = re.compile(r"(?<=\S)(?=\s|\Z)|(?<=[.,:;!?)])")
_DRIVER_LINE = "Likely driver:"


def certainties(student: Any, tasks: Sequence[Task], answers: Sequence[Answer]) -> pd.DataFrame:
    """Certainty of every answer that gives a verdict.

    Parameters
    ----------
    student : Student
        Who gave the answers.
    tasks : sequence of Task
        At least those that were answered.
    answers : sequence of Answer
        Of this student.

    Returns
    -------
    pandas.DataFrame
        ``CERTAINTY_COLUMNS``, one row an answer that names a driver, a verdict or an option; `certainty` from 0 to 1.
        Open answers of knowledge give no verdict, and an answer that names none has nothing to be sure of.
    """
    by_id = {task.task_id: task for task in tasks}
    rows, texts = [], []
    for answer in answers:
        task = by_id[answer.task_id]
        span = verdict_span(task, answer.answer)
        if span is not None:
            rows.append((task, answer))
            begun = _written(answer)
            texts.append(
                (render(student.tokenizer, task.messages, add_generation_prompt=True), begun, answer.answer, span)
            )
    sure = _geometric_means(student, texts)
    table = [
        (
            task.task_id,
            task.person_id,
            task.kind,
            answer.source,
            answer.seed,
            value,
            verdict_is_right(task, answer.answer),
        )
        for (task, answer), value in zip(rows, sure, strict=True)
    ]
    return pd.DataFrame(table, columns=list(CERTAINTY_COLUMNS))


def verdict_span(task: Task, answer: str) -> tuple[int, int] | None:
    """Characters of an answer that name its verdict: up to the first word with which it is named.

    Returns
    -------
    tuple of int, or None
        Start and end; None where no driver, verdict or option is named.
    """
    said = _claim(task, answer)
    if said is None:
        return None
    start = answer.find(_DRIVER_LINE)
    start = start + len(_DRIVER_LINE) if task.kind == RECOMMEND and start >= 0 else 0
    for match in _WORD_END.finditer(answer, start + 1):
        if _claim(task, answer[: match.start()]) == said:
            return start, match.start()
    return start, len(answer)


def verdict_is_right(task: Task, answer: str) -> bool:
    """Whether the verdict alone is the key's, whatever value or reason stands beside it."""
    if task.key.get("choice"):
        return choice_is_right(task, answer)
    return _claim(task, answer) == task.key["main_driver" if task.kind == RECOMMEND else "verdict"]


def _claim(task: Task, answer: str) -> str | None:
    if task.kind == RECOMMEND:
        return named_driver(answer)
    if task.kind == FOLLOW_UP:
        return named_verdict(task.topic, answer)
    return chosen_option(task, answer) if task.key.get("choice") else None


def _written(answer: Answer) -> str:
    """What a student had written before its answer, in the form that it learned."""
    if answer.rationale:
        return f"{REASONING_MARK}\n{answer.rationale}\n{ANSWER_MARK}\n"
    return "" if answer.answer.startswith(REASONING_MARK) else f"{ANSWER_MARK}\n"


def _geometric_means(student: Any, texts: Sequence[tuple[str, str, str, tuple[int, int]]]) -> list[float]:
    """Geometric mean probability of the tokens of a span, for each prompt with what was written."""
    import torch

    tokenizer, model = student.tokenizer, student.model.eval()
    encoded = []
    for prompt, begun, answer, (start, end) in texts:
        ids = tokenizer(prompt + begun, add_special_tokens=False)["input_ids"]
        said = tokenizer(answer[:end], add_special_tokens=False, return_offsets_mapping=True)
        chosen = [len(ids) + at for at, (_, stop) in enumerate(said["offset_mapping"]) if stop > start]
        encoded.append((ids + said["input_ids"], chosen))
    found = np.full(len(encoded), np.nan)
    order = sorted(range(len(encoded)), key=lambda at: len(encoded[at][0]))
    vocabulary = model.get_output_embeddings().weight.shape[0]
    while order:
        longest = len(encoded[order[-1]][0])
        size = max(1, LOGITS_BYTES // (4 * vocabulary * longest))
        places, order = order[-size:], order[:-size]
        ids = torch.tensor([encoded[at][0] + [0] * (longest - len(encoded[at][0])) for at in places])
        mask = torch.tensor([[1] * len(encoded[at][0]) + [0] * (longest - len(encoded[at][0])) for at in places])
        first = min(min(encoded[at][1]) for at in places) - 1
        with torch.no_grad():
            said = model(
                input_ids=ids.to(model.device), attention_mask=mask.to(model.device), logits_to_keep=longest - first
            )
            logs = said.logits.float().log_softmax(-1).cpu()
        for row, at in enumerate(places):
            tokens, chosen = encoded[at]
            found[at] = float(
                torch.stack([logs[row, place - 1 - first, tokens[place]] for place in chosen]).mean().exp()
            )
    return found.tolist()
