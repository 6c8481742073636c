"""A language model as a judge: any OpenAI-compatible one, off unless it is named, and no metric before it has passed.

It is asked about one answer at a time (pointwise) or about two (pairwise, in both orders), several times each. What it
says counts only as far as its exam (``score.judge_exam``) bears it out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import yaml

from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.fencing import CLOSE, MARGIN, OPEN, harmless
from sleepcot_utils.score.principles import SCALE, Principle, principles
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.teach.cache import ReplyCache
from sleepcot_utils.teach.client import OpenAITeacher
from sleepcot_utils.teach.exchange import Sampling, Teacher, TeacherRequest, content_hash
from sleepcot_utils.teach.registry import teacher_named

#: Name of a judge that stands for none.
OFF = ""
POINTWISE_COLUMNS = ("task_id", "label", "principle", "sample", "rating", "unread")
PAIRWISE_COLUMNS = ("task_id", "label", "principle", "sample", "swapped", "better", "unread")
FIRST, SECOND, SAME = "first", "second", "same"
#: Room for one sentence and a verdict, and for models that think a little first.
REPLY_TOKENS = 300
#: Of repeated judgments; one judgment alone is the most likely one.
TEMPERATURE = 0.7
#: Characters of a report with its question, or of an answer, that a judge is shown; none of this study's is longer.
LONGEST_QUOTE = 8000
RATING = re.compile(r"^\W*rating\W*([1-5])\b(?!\s*(?:or|to|-|/)\s*\d?)", re.IGNORECASE | re.MULTILINE)
BETTER = re.compile(r"^\W*better\W*(a|b|same)\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Judge:
    """Whoever judges.

    Attributes
    ----------
    name : str
        As shown in tables.
    teacher : Teacher
        Answers requests.
    samples : int
        Judgments of each answer and each order.
    """

    name: str
    teacher: Teacher
    samples: int = 3


@dataclass(frozen=True)
class Pair:
    """Two answers to one task; `label` says in tables what they are, and the judge never sees it."""

    task: Task
    label: str
    first: str
    second: str


def open_judge(
    name: str,
    model: str,
    cache_file: Path,
    *,
    samples: int = 3,
    allow_remote: bool = False,
    max_requests: int | None = None,
    max_cost: float | None = None,
    concurrency: int = 4,
    report: Callable[[str], None] = print,
) -> Judge | None:
    """The judge of a name, or None for ``OFF``.

    Parameters
    ----------
    name : str
        One of ``data/teachers/teachers.yaml``, ``openai``, or empty for no judge.
    model : str
        Another model of that server; empty for the listed one.
    cache_file : pathlib.Path
        Where replies are kept, so that no judgment is paid twice.
    samples : int
        Judgments of each answer and order; 2 or more tell how much a judge agrees with itself.
    allow_remote : bool
        Consent to send answers to a host other than this machine.
    max_requests, max_cost : int, float, optional
        Caps, as for a teacher.

    Raises
    ------
    ParameterError
        If there is no such judge or `samples` is below 1.
    TeacherError
        If the host is not this machine and there is no consent.
    """
    if name == OFF:
        return None
    if samples < 1:
        raise ParameterError(f"{samples} judgments can't be asked for", where="samples", expected="1 or more")
    entry = teacher_named(name, model=model)
    settings = Sampling(
        temperature=TEMPERATURE if samples > 1 else 0.0,
        max_output_tokens=min(REPLY_TOKENS, entry.max_output_tokens or REPLY_TOKENS),
    )
    teacher = OpenAITeacher(
        str(entry.model),
        cache=ReplyCache(cache_file, report=report),
        base_url=entry.base_url,
        settings=settings,
        budget=entry.budget(max_requests=max_requests, max_cost=max_cost),
        prompt_version=f"judge-{content_hash(_words())[:12]}",
        concurrency=concurrency,
        key_variable=entry.key_variable,
        allow_remote=allow_remote,
        report=report,
    )
    return Judge(str(entry.model), teacher, samples)


def rate(judge: Judge, answers: Iterable[tuple[Task, str, str]], asked: Sequence[str] | None = None) -> pd.DataFrame:
    """Pointwise judgments.

    Parameters
    ----------
    answers : iterable of (Task, str, str)
        Task, label and answer; a label comes once a task.
    asked : sequence of str, optional
        Some of ``principles()``; all by default.

    Returns
    -------
    pandas.DataFrame
        ``POINTWISE_COLUMNS``: `rating` from 1 to 5, NaN where the reply could not be read (`unread`).
    """
    requests: list[TeacherRequest] = []
    known: dict[str, tuple[str, str, str]] = {}
    for task, label, answer in answers:
        for one in _asked(asked):
            content = _words()["pointwise"].format(
                question=_quoted("report and question", task.messages[-1]["content"]), answer=_quoted("answer", answer),
                asks=one.asks, low=one.low, high=one.high,
            )  # fmt: skip
            _add(requests, known, judge, (task.task_id, label, one.name), content, "")
    rows = []
    for name, sample, text in _replies(judge, requests):
        found = RATING.findall(text)
        rating = int(found[-1]) if found and int(found[-1]) in SCALE else None
        rows.append((*known[name], sample, rating, rating is None))
    table = pd.DataFrame(rows, columns=list(POINTWISE_COLUMNS))
    return table.astype({"rating": "float64", "unread": bool})


def compare(judge: Judge, pairs: Iterable[Pair], asked: Sequence[str] | None = None) -> pd.DataFrame:
    """Pairwise judgments, each pair in both orders.

    Returns
    -------
    pandas.DataFrame
        ``PAIRWISE_COLUMNS``: `better` is ``first``, ``second`` or ``same``, as the pair was given, whichever stood first
        before the judge; `swapped` says that it was the second. None where the reply could not be read.
    """
    requests: list[TeacherRequest] = []
    known: dict[str, tuple[str, str, str, bool]] = {}
    for pair in pairs:
        for one in _asked(asked):
            for swapped in (False, True):
                shown = (pair.second, pair.first) if swapped else (pair.first, pair.second)
                content = _words()["pairwise"].format(
                    question=_quoted("report and question", pair.task.messages[-1]["content"]),
                    first=_quoted("answer a", shown[0]), second=_quoted("answer b", shown[1]), asks=one.asks,
                )  # fmt: skip
                entry = (pair.task.task_id, pair.label, one.name, swapped)
                _add(requests, known, judge, entry, content, "swapped" if swapped else "as given")
    rows = []
    for name, sample, text in _replies(judge, requests):
        task_id, label, principle, swapped = known[name]
        found = BETTER.findall(text)
        said = found[-1].lower() if found else None
        better = {None: None, "same": SAME, "a": SECOND if swapped else FIRST, "b": FIRST if swapped else SECOND}[said]
        rows.append((task_id, label, principle, sample, swapped, better, better is None))
    return pd.DataFrame(rows, columns=list(PAIRWISE_COLUMNS)).astype({"swapped": bool, "unread": bool})


def _asked(names: Sequence[str] | None) -> list[Principle]:
    unknown = [name for name in names or () if name not in principles()]
    if unknown:
        expected = f"some of {', '.join(principles())}"
        raise ParameterError(f"there is no principle {unknown[0]!r}", where="asked", expected=expected)
    return [one for name, one in principles().items() if names is None or name in names]


def _add(requests: list[TeacherRequest], known: dict, judge: Judge, entry: tuple, content: str, order: str) -> None:
    name = " / ".join([*(str(part) for part in entry[:3]), *([order] if order else [])])
    if name in known:
        raise InputError(f"{name!r} is to be judged twice", where="answers", expected="one label for each answer")
    known[name] = entry
    messages = ({"role": "system", "content": _words()["system"]}, {"role": "user", "content": content})
    requests += [TeacherRequest(name, messages, sample) for sample in range(judge.samples)]


def _replies(judge: Judge, requests: Sequence[TeacherRequest]) -> Iterable[tuple[str, int, str]]:
    """Task id, sample and text of each reply; the text of a reply that failed is empty, and so unread."""
    for reply in judge.teacher.answer(requests):
        yield reply.task_id, reply.sample, "" if reply.error else reply.text


def _quoted(label: str, text: str) -> str:
    lines = [f"{MARGIN}{line}" for line in harmless(text, LONGEST_QUOTE).split("\n")]
    return "\n".join([f"{OPEN}{label}:", *lines, CLOSE])


@cache
def _words() -> dict[str, str]:
    words: dict[str, str] = yaml.safe_load(Path(__file__).with_name("judge.yaml").read_text(encoding="utf-8"))
    return words
