"""Baselines without a language model: what an answer is worth that ignores the report, fills a form, or copies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sleepcot_utils.distill.training_set import Example
from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import KNOWLEDGE, RECOMMEND, Task
from sleepcot_utils.teach.expert import cite_against_norm


def constant_answers(tasks: Sequence[Task], examples: Sequence[Example], topics: dict[str, str]) -> list[Answer]:
    """The commonest training answer to each kind of question, numbers left out of the count, whoever asks.

    Parameters
    ----------
    topics : dict of str to str
        Topic of each training task, by task id.
    """
    commonest = {}
    for name in {_question(task.kind, task.topic) for task in tasks}:
        texts = [e.answer for e in examples if _question(e.kind, topics[e.task_id]) == name]
        shapes = Counter(_shape(text) for text in texts)
        shape = min(shapes, key=lambda item: (-shapes[item], item))
        commonest[name] = min(text for text in texts if _shape(text) == shape)
    return [_answer(task, "constant", commonest[_question(task.kind, task.topic)]) for task in tasks]


def template_answers(tasks: Sequence[Task], reports: dict[str, Report]) -> list[Answer]:
    """A form filled with this user's numbers and the same general advice for all."""
    return [_answer(task, "template", _form(task, reports)) for task in tasks]


def nearest_answers(tasks: Sequence[Task], examples: Sequence[Example]) -> list[Answer]:
    """The teacher's answer to the most similar training prompt (word TF-IDF, cosine), copied as it is."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import NearestNeighbors

    answers: dict[str, Answer] = {}
    for kind in {task.kind for task in tasks}:
        known = [e for e in examples if e.kind == kind]
        asked = [task for task in tasks if task.kind == kind]
        words = TfidfVectorizer(token_pattern=r"(?u)\S+", sublinear_tf=True)
        index = NearestNeighbors(n_neighbors=1, metric="cosine").fit(
            words.fit_transform([e.messages[-1]["content"] for e in known])
        )
        found = index.kneighbors(words.transform([t.messages[-1]["content"] for t in asked]), return_distance=False)
        for task, (position,) in zip(asked, found, strict=True):
            copied = known[int(position)]
            answers[task.task_id] = _answer(task, "nearest", copied.answer, copied.rationale)
    return [answers[task.task_id] for task in tasks]


def _question(kind: str, topic: str) -> str:
    """What counts as one kind of question; a knowledge question could be about any card."""
    return kind if kind == KNOWLEDGE else f"{kind} {topic}"


def _shape(text: str) -> str:
    return "".join("#" if character.isdigit() else character for character in text)


def _form(task: Task, reports: dict[str, Report]) -> str:
    if task.kind == KNOWLEDGE:
        return "Regular hours, a dark and quiet bedroom and little caffeine help most people to sleep well."
    report = reports[task.report_id]
    sleep = cite_against_norm(report.facts["total_sleep"])
    if task.kind == RECOMMEND:
        return f"Finding: {sleep}.\nDo first: keep regular hours and a dark, quiet bedroom."
    return f"In this report: {sleep}. Keep regular hours and a dark, quiet bedroom."


def _answer(task: Task, source: str, text: str, rationale: str = "") -> Answer:
    return Answer(task.task_id, source, 0, rationale, text, "stop", 0, 0.0)
