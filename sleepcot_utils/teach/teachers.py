"""Answers of a teacher to tasks: the embedded expert, an OpenAI-compatible API, or an open model on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import takewhile
from pathlib import Path

import numpy as np

from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.knowledge import Card
from sleepcot_utils.report.reports import FULL, Report, as_shown
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import GUIDE, KNOWLEDGE, RECOMMEND, Task
from sleepcot_utils.tasks.steps import COMPUTE, Step
from sleepcot_utils.teach import expert
from sleepcot_utils.teach.answering import SOURCE
from sleepcot_utils.teach.planted_errors import ERRORS, ExpertErrors, plant_error
from sleepcot_utils.teach.prompts import FEW_SHOT_COT


def expert_answer(
    task: Task,
    reports: Mapping[str, Report],
    cards: Mapping[str, Card],
    *,
    form: str = "short",
    wording: str = "plain",
    sample: int = 0,
) -> Answer:
    """Answer of the embedded expert to one task.

    Parameters
    ----------
    reports, cards : mapping
        Reports and knowledge cards by id.
    form : str
        ``short`` (terse lines), ``long`` (full sentences that say why a limit matters) or ``mix`` (drawn per task).
    wording : str
        ``plain`` (the same words each time) or ``varied``.
    sample : int
        In varied wording, samples 0, 1, 2, ... say the same in other words, each the same on a rerun. It stands in the
        answer's ``seed``.
    """
    voice = expert.make_voice(form, wording, seed_text=task.task_id, sample=sample)
    rationale, answer = _expert_texts(task, reports.get(task.report_id), cards, voice)
    return Answer(task.task_id, SOURCE, sample, rationale, answer, "stop", 0, 0.0)


def _expert_texts(task: Task, report: Report | None, cards: Mapping[str, Card], voice: expert.Voice) -> tuple[str, str]:
    if task.kind == KNOWLEDGE:
        options = expert.options_in(task.messages[-1]["content"])
        if task.key.get("choice"):
            return expert.choose(cards[task.key["card_id"]], options, task.key["choice"], voice)
        return expert.knowledge(cards[task.topic], voice)
    if task.kind == GUIDE:
        return expert.guide(task.key, voice)
    if report is None:
        raise ArtifactError(
            f"the report {task.report_id!r} of the task {task.task_id!r} is missing",
            where="reports",
            expected="the reports that the tasks were built from",
        )
    shown = as_shown(report, task.key.get("detail", FULL))
    steps = [Step.from_dict(step) for step in task.key.get("steps", ())]
    before = list(takewhile(lambda step: step.act == COMPUTE and step.says in shown.facts, steps))
    if task.kind == RECOMMEND:
        return expert.recommend(shown, voice, before=before)
    return expert.follow_up(task.topic, shown, voice, about=task.key.get("about", ""), before=before)


def with_planted_errors(
    answers: Sequence[Answer],
    tasks: Mapping[str, Task],
    rate: float,
    rng: np.random.Generator,
    kinds: Sequence[str] | None = None,
    *,
    reports: Mapping[str, Report] | None = None,
    cards: Mapping[str, Card] | None = None,
    form: str = "short",
    wording: str = "plain",
) -> tuple[list[Answer], dict[str, str]]:
    """Damage a share of the answers of the training split.

    Parameters
    ----------
    rate : float
        Share of training answers to damage; an answer that none of the kinds can change stays as it is.
    kinds : sequence of str or None
        Errors to draw from (``planted_errors.ERRORS``); None for all.
    reports, cards : mapping or None
        With the reports, a comparison is turned round in the expert's own reading, so that what follows goes wrong
        too; with the cards, wrong options tempt in knowledge questions.
    form, wording : str
        How the answers were made, for the expert to speak in the same way.

    Returns
    -------
    answers : list of Answer
        In the order given; those of held-out persons are never damaged.
    planted : dict of str to str
        Task to the kind of error that was planted in it; with several samples of a task, in the last damaged one.
    """
    dial = ExpertErrors(rate, tuple(ERRORS if kinds is None else kinds))
    by_question: dict[tuple[str, str], list[Answer]] = {}
    for answer in answers:
        by_question.setdefault(_question(tasks[answer.task_id]), []).append(answer)
    damaged, planted = [], {}
    for answer in answers:
        task = tasks[answer.task_id]
        if task.split == "train" and rng.random() < dial.rate:
            others = by_question[_question(task)]
            other = others[int(rng.integers(len(others)))]
            reread = None
            if reports is not None and task.report_id in reports:
                voice = partial(expert.make_voice, form, wording, seed_text=task.task_id, sample=answer.seed)
                reread = partial(_reread, task, reports[task.report_id], voice)
            rationale, text, error = plant_error(
                task,
                answer.rationale,
                answer.answer,
                (other.rationale, other.answer),
                rng,
                dial.kinds,
                reread=reread,
                card=(cards or {}).get(task.topic),
            )
            if error:
                planted[task.task_id] = error
                answer = replace(answer, rationale=rationale, answer=text)
        damaged.append(answer)
    return damaged, planted


def _question(task: Task) -> tuple[str, str]:
    return task.kind, task.topic if task.kind != KNOWLEDGE else ""


def _reread(
    task: Task, report: Report, voice: Callable[[], expert.Voice], change: Callable[[Report], Report]
) -> tuple[str, str]:
    return _expert_texts(task, change(report), {}, voice())


def ask_model(
    kind: str,
    model: str,
    tasks: Sequence[Task],
    cache_file: Path,
    *,
    allow_remote: bool,
    max_requests: int,
    max_cost: float | None = None,
    samples: int = 1,
    mode: str = FEW_SHOT_COT,
    batch: bool = False,
    report: Callable[[str], None] = print,
) -> list[Answer]:
    """Answers of a language model to tasks; what was paid for is kept and not asked again.

    A reply that is cut, empty or not in the form that was asked for goes back once, with what is wrong; what still
    can't be used counts as failed and comes with an empty rationale and answer. The counts are reported.

    Parameters
    ----------
    kind : str
        A teacher of ``data/teachers/teachers.yaml`` by name, ``openai`` (address and key from ``OPENAI_BASE_URL`` and
        ``OPENAI_API_KEY``) or ``local``.
    model : str
        Model name, hub id or folder; may be empty where the list has a model.
    cache_file : pathlib.Path
        JSON lines of all responses.
    allow_remote, max_requests
        Consent to leave the machine, and the most requests that may be sent, repairs and retries included.
    max_cost : float, optional
        Most money, in the currency of the teacher's prices; None or 0 for no limit.
    samples : int
        Answers to each task; their number stands in the answer's ``seed``.
    mode : str
        Way of prompting, see ``prompts.MODES``.
    batch : bool
        Use the server's batch API.
    report : callable
        Takes sentences for the user: the estimate before the first request, the counts after the last.
    """
    from sleepcot_utils.teach.instructor import Instructor

    instructor = Instructor(
        kind,
        model,
        cache_file,
        mode=mode,
        samples=samples,
        max_requests=max_requests,
        max_cost=max_cost or None,
        allow_remote=allow_remote,
        batch=batch,
        report=report,
    )
    return instructor.ask(tasks, progress=True).answers
