"""Answers of a teacher to tasks: the embedded expert, an OpenAI-compatible API, or an open model on this machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sleepcot_utils.knowledge import Card
from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import KNOWLEDGE, RECOMMEND, Task
from sleepcot_utils.tasks.reading import split_answer
from sleepcot_utils.teach import expert
from sleepcot_utils.teach.exchange import TeacherReply, TeacherRequest
from sleepcot_utils.teach.planted_errors import plant_error
from sleepcot_utils.teach.prompts import few_shot_messages, prompt_version

SOURCE = "teacher"


def expert_answer(task: Task, reports: Mapping[str, Report], cards: Mapping[str, Card]) -> Answer:
    """Answer of the embedded expert to one task."""
    if task.kind == KNOWLEDGE:
        rationale, answer = expert.knowledge(cards[task.topic])
    elif task.kind == RECOMMEND:
        rationale, answer = expert.recommend(reports[task.report_id])
    else:
        rationale, answer = expert.follow_up(task.topic, reports[task.report_id])
    return Answer(task.task_id, SOURCE, 0, rationale, answer, "stop", 0, 0.0)


def with_planted_errors(
    answers: Sequence[Answer], tasks: Mapping[str, Task], rate: float, rng: np.random.Generator
) -> tuple[list[Answer], dict[str, str]]:
    """Damage a share of the answers of the training split.

    Returns
    -------
    answers : list of Answer
        In the order given; those of held-out persons are never damaged.
    planted : dict of str to str
        Task to the kind of error that was planted in it.
    """
    by_question: dict[tuple[str, str], list[Answer]] = {}
    for answer in answers:
        task = tasks[answer.task_id]
        by_question.setdefault((task.kind, task.topic if task.kind != KNOWLEDGE else ""), []).append(answer)
    damaged, planted = [], {}
    for answer in answers:
        task = tasks[answer.task_id]
        if task.split == "train" and rng.random() < rate:
            others = by_question[(task.kind, task.topic if task.kind != KNOWLEDGE else "")]
            other = others[int(rng.integers(len(others)))]
            rationale, text, error = plant_error(
                task, answer.rationale, answer.answer, (other.rationale, other.answer), rng
            )
            if error:
                planted[task.task_id] = error
                answer = Answer(**(answer.__dict__ | {"rationale": rationale, "answer": text}))
        damaged.append(answer)
    return damaged, planted


def ask_model(
    kind: str, model: str, tasks: Sequence[Task], cache_file: Path, *, allow_remote: bool, max_requests: int
) -> list[Answer]:
    """Answers of a language model to few-shot chain-of-thought prompts; what was paid for is kept and not asked again.

    Parameters
    ----------
    kind : str
        ``openai`` (address and key from ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``) or ``local``.
    model : str
        Model name, hub id or folder.
    cache_file : pathlib.Path
        JSON lines of all responses.
    allow_remote, max_requests
        Consent to leave the machine, and the most requests that may be sent.
    """
    from sleepcot_utils.teach.cache import ReplyCache

    requests = [TeacherRequest(task.task_id, tuple(few_shot_messages(task))) for task in tasks]
    cache = ReplyCache(cache_file)
    if kind == "local":
        from sleepcot_utils.teach.local import LocalTeacher

        replies = LocalTeacher(model, cache=cache, prompt_version=prompt_version()).answer(requests)
    else:
        from sleepcot_utils.teach.budget import Budget
        from sleepcot_utils.teach.client import OpenAITeacher

        teacher = OpenAITeacher(
            model,
            cache=cache,
            budget=Budget(max_requests=max_requests),
            prompt_version=prompt_version(),
            allow_remote=allow_remote,
        )
        replies = teacher.answer(requests)
    return [_answer(reply) for reply in replies]


def _answer(reply: TeacherReply) -> Answer:
    rationale, answer = split_answer(reply.text or "")
    # A model that reasons in its own channel has its rationale there.
    rationale = rationale or (reply.reasoning or "")
    tokens = reply.completion_tokens or 0
    return Answer(
        reply.task_id, SOURCE, 0, rationale, answer, reply.finish_reason or "", tokens, reply.latency_s or 0.0
    )
