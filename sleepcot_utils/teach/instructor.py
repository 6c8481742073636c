"""A teacher that was chosen by name, made ready to answer tasks: what it would cost, and the asking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.teach.answering import (
    Asked,
    answer_tokens,
    collect_answers,
    requests_for,
    require_room,
    settings_for,
)
from sleepcot_utils.teach.batches import Batches, ledger_of
from sleepcot_utils.teach.cache import ReplyCache
from sleepcot_utils.teach.client import OpenAITeacher
from sleepcot_utils.teach.exchange import TeacherRequest
from sleepcot_utils.teach.local import LocalTeacher
from sleepcot_utils.teach.prompts import FEW_SHOT_COT
from sleepcot_utils.teach.registry import INSTRUCTOR, TeacherEntry, teacher_named
from sleepcot_utils.teach.structured import PLAIN, form_for

LOCAL = "local"


class Instructor:
    """Who writes rationales and answers.

    Parameters
    ----------
    name : str
        A teacher of ``data/teachers/teachers.yaml``, ``openai`` (address and key from ``OPENAI_BASE_URL`` and
        ``OPENAI_API_KEY``), or ``local`` (an open model in this process, which writes its most likely text only).
    model : str
        Model's name, where it is not that of the list; hub id or folder of a local one.
    cache_file : pathlib.Path
        JSON lines of all responses; what stands there is not asked again.
    mode : str
        Way of prompting, see ``prompts.MODES``.
    samples : int
        Answers to each task.
    max_requests, max_tokens : int, optional
        Caps on what is spent, repairs and retries included.
    max_cost : float, optional
        Cap in the currency of the prices.
    allow_remote : bool
        Consent to send masked prompts to a host that is not this machine.
    batch : bool
        Use the server's batch API.
    concurrency : int
        Requests in flight at a time.
    requests_per_minute : float, optional
        Limit of the provider.
    poll_s, longest_wait_s : float
        Distance of looks at a batch, and how long it is waited for, in seconds.
    plan_only : bool
        Only `plan` is wanted: neither key nor consent is needed.
    report : callable
        Takes sentences for the user.

    Raises
    ------
    ParameterError
        If there is no such teacher, or it can't do what is asked of it.
    TeacherError
        If the host is not this machine and there is no consent.
    """

    def __init__(
        self,
        name: str,
        model: str,
        cache_file: Path,
        *,
        mode: str = FEW_SHOT_COT,
        samples: int = 1,
        max_requests: int | None = None,
        max_tokens: int | None = None,
        max_cost: float | None = None,
        allow_remote: bool = False,
        batch: bool = False,
        concurrency: int = 4,
        requests_per_minute: float | None = None,
        poll_s: float = 30.0,
        longest_wait_s: float = 24 * 3600.0,
        plan_only: bool = False,
        report: Callable[[str], None] = print,
    ) -> None:
        self.mode, self.samples, self.report = mode, samples, report
        self.entry: TeacherEntry | None = None
        self.batches: Batches | None = None
        self.teacher: OpenAITeacher | LocalTeacher
        cache = ReplyCache(cache_file, report=report)
        if name == LOCAL:
            self.form = PLAIN
            if batch or not model:
                problem = "has no batch API" if batch else "needs a model"
                raise ParameterError(f"a local teacher {problem}", where="teacher", expected="a folder or a hub id")
            if samples > 1:
                raise ParameterError(
                    f"samples is {samples}, but a local teacher writes its most likely text only",
                    where="teacher",
                    expected="1, or the same model behind a server such as vLLM",
                )
            self.teacher = LocalTeacher(model, cache=cache, report=report)
            return
        entry = self.entry = teacher_named(name, model=model, role=INSTRUCTOR)
        self.form = form_for(mode, entry.structured)
        self.teacher = OpenAITeacher(
            str(entry.model),
            cache=cache,
            base_url=entry.base_url,
            settings=settings_for(entry, form=self.form, samples=samples),
            budget=entry.budget(max_requests=max_requests, max_tokens=max_tokens, max_cost=max_cost, batch=batch),
            concurrency=concurrency,
            requests_per_minute=requests_per_minute,
            key_variable=entry.key_variable,
            allow_remote=allow_remote,
            replay_only=plan_only,
            report=report,
        )
        if batch:
            if not entry.batch:
                raise ParameterError(
                    f"the server of {entry.name} has no batch API", where="teacher", expected="single requests"
                )
            self.batches = Batches(self.teacher, poll_s=poll_s, longest_wait_s=longest_wait_s)

    def requests(self, tasks: Sequence[Task]) -> list[TeacherRequest]:
        """Requests of tasks in the form that the server can answer."""
        requests = requests_for(tasks, mode=self.mode, form=self.form, samples=self.samples)
        if self.entry is not None and isinstance(self.teacher, OpenAITeacher):
            require_room(self.entry, requests, self.teacher.settings)
            self.teacher.reply_tokens = fmean(answer_tokens(task.kind, self.mode) for task in tasks) if tasks else None
        return requests

    def plan(self, tasks: Sequence[Task]) -> str:
        """What `ask` would send and cost, in words. Nothing is sent."""
        if isinstance(self.teacher, LocalTeacher):
            return f"Asking {self.teacher.model} on this machine for {len(tasks):,} replies, which cost nothing."
        target = f"{self.teacher.model} at {self.teacher.endpoint.host}"
        said = self.teacher.estimate(self.requests(tasks)).sentence(target, self.teacher.budget)
        prices = self.entry.prices if self.entry else None
        return f"{said} Prices of {prices.dated} ({prices.source})." if prices else said

    def ask(self, tasks: Sequence[Task], *, progress: bool = False) -> Asked:
        """Answers to tasks; says what came of it.

        Raises
        ------
        TeacherError
            If the budget is spent or the server can't be used. What was paid is in the cache.
        """
        if isinstance(self.teacher, OpenAITeacher) and self.batches is None:
            out = ledger_of(self.teacher).open(self.teacher.endpoint.address)
            if out:
                raise ParameterError(
                    f"{len(out)} batch(es) of this cache are still out, and single requests would pay for them again",
                    where="teacher",
                    expected="batch (--batch) to fetch them, or another cache file",
                )
        asker = self.batches.answer if self.batches else self.teacher.answer
        asked = collect_answers(asker, self.requests(tasks), mode=self.mode, form=self.form, progress=progress)
        self.report(asked.sentence())
        return asked
