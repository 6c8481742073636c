"""Tasks to answers: asks a teacher, reads what it wrote, sends what can't be used back once, and counts what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from statistics import fmean

from tqdm import tqdm

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.tasks.reading import ANSWER_MARK, REASONING_MARK
from sleepcot_utils.teach.budget import CHARACTERS_PER_TOKEN, rough_prompt_tokens
from sleepcot_utils.teach.exchange import Sampling, TeacherReply, TeacherRequest
from sleepcot_utils.teach.exemplars import exemplars
from sleepcot_utils.teach.prompts import FEW_SHOT_COT, messages_for_teacher, prompt_version
from sleepcot_utils.teach.registry import TeacherEntry
from sleepcot_utils.teach.structured import (
    PLAIN,
    REASONED,
    Reading,
    form_for,
    messages_in_form,
    read_reply,
    repaired_messages,
    response_format,
    version_in_form,
)

SOURCE = "teacher"
#: Room for a worked exemplar's rationale and answer several times over.
ANSWER_TOKENS = 1024
#: Several samples of a task have to differ; one is the most likely text. A choice, as in studies of self-consistency.
SAMPLING_TEMPERATURE = 0.7
#: Takes requests, gives a reply to each.
Asker = Callable[[Sequence[TeacherRequest]], Iterable[TeacherReply]]


@dataclass(frozen=True)
class Asked:
    """What came of asking.

    Attributes
    ----------
    answers : list of Answer
        One for each task and sample, by task id and sample. Rationale and answer are empty where it failed.
    counts : Counter of str
        ``answers``; ``good`` at once; ``repaired`` by a second request; ``failed``, of which ``refused`` and ``no
        reply``; and, as ``first: ...``, what was wrong with first replies that were sent back.
    """

    answers: list[Answer]
    counts: Counter[str] = field(default_factory=Counter)

    def sentence(self) -> str:
        """The counts in words."""
        counts = self.counts
        wrong = ", ".join(f"{count} {name[7:]}" for name, count in sorted(counts.items()) if name.startswith("first: "))
        sent_back = f" Sent back once: {wrong}." if wrong else ""
        return (
            f"{counts['answers']:,} answers: {counts['good']:,} could be used at once, {counts['repaired']:,} after a"
            f" repair, {counts['failed']:,} failed ({counts['refused']:,} refused, {counts['no reply']:,} without a"
            f" reply).{sent_back}"
        )


def requests_for(
    tasks: Iterable[Task], *, mode: str = FEW_SHOT_COT, form: str = PLAIN, samples: int = 1
) -> list[TeacherRequest]:
    """Requests of tasks, each with the version of the words that it holds.

    Parameters
    ----------
    form : str
        ``json_schema``, ``json_object`` or ``none``, as `structured.form_for` gives it.
    samples : int
        Answers to each task.
    """
    if samples < 1:
        raise ParameterError(f"samples is {samples}", where="teacher", expected="1 or more")
    return [
        TeacherRequest(
            task.task_id,
            tuple(messages_in_form(messages_for_teacher(task, mode), form)),
            sample,
            prompt_version=version_in_form(prompt_version(mode, task.kind), form),
        )
        for task in tasks
        for sample in range(samples)
    ]


def settings_for(entry: TeacherEntry, *, form: str = PLAIN, samples: int = 1) -> Sampling:
    """How a teacher writes: the most likely text, or several texts with a temperature."""
    return Sampling(
        temperature=SAMPLING_TEMPERATURE if samples > 1 else 0.0,
        max_output_tokens=min(ANSWER_TOKENS, entry.max_output_tokens or ANSWER_TOKENS),
        extra=response_format(form),
    )


@cache
def answer_tokens(kind: str, mode: str) -> float:
    """About how many tokens an answer to a kind of task has: as many as the worked exemplars of that kind."""
    lengths = []
    for exemplar in exemplars():
        if exemplar.task.kind == kind:
            said = f"{ANSWER_MARK}\n{exemplar.answer}"
            if mode in REASONED:
                said = f"{REASONING_MARK}\n{exemplar.rationale}\n{said}"
            lengths.append(len(said) / CHARACTERS_PER_TOKEN)
    return fmean(lengths)


def require_room(entry: TeacherEntry, requests: Iterable[TeacherRequest], settings: Sampling) -> None:
    """Refuse prompts that the model has no room for, by a rough count of tokens, before any is paid.

    Raises
    ------
    ParameterError
        Naming the first task that is too long.
    """
    if entry.context_tokens is None:
        return
    for request in requests:
        tokens = rough_prompt_tokens(request.messages) + settings.max_output_tokens
        if tokens > entry.context_tokens:
            raise ParameterError(
                f"prompt and answer take about {tokens:,} tokens, and {entry.name} has room for"
                f" {entry.context_tokens:,}",
                where=f"task {request.task_id!r}",
                expected="a mode without exemplars, or a teacher with more room",
            )


def collect_answers(
    asker: Asker,
    requests: Sequence[TeacherRequest],
    *,
    mode: str = FEW_SHOT_COT,
    form: str = PLAIN,
    progress: bool = False,
) -> Asked:
    """Ask, read, send what can't be used back once, and count.

    Parameters
    ----------
    asker : callable
        Such as ``OpenAITeacher.answer``, or a batch.
    progress : bool
        Whether a bar is shown.

    Raises
    ------
    TeacherError
        As `asker` does. What was paid is in its cache, and the next call goes on from there.
    """
    form = form_for(mode, form)
    reasoned = mode in REASONED
    first = _replies(asker, requests, "answers", progress)
    readings = {place: read_reply(reply, form, reasoned=reasoned) for place, reply in first.items()}
    back = []
    for request in requests:
        reply, reading = first[request.task_id, request.sample], readings[request.task_id, request.sample]
        if reading.mendable:
            back.append(_repair(request, reply.text, reading.problem, mode, form))
        elif reading.problem.startswith("malformed"):
            # Half a body is the fault of the way, not of the teacher: the same is asked again.
            back.append(request)
    second = _replies(asker, back, "repairs", progress) if back else {}
    counts: Counter[str] = Counter()
    answers = []
    for place in sorted(first):
        reply, reading, tokens = first[place], readings[place], first[place].completion_tokens or 0
        seconds = reply.latency_s
        if place in second:
            counts[f"first: {reading.problem.partition(':')[0]}"] += 1
            reply = second[place]
            reading = read_reply(reply, form, reasoned=reasoned)
            tokens, seconds = tokens + (reply.completion_tokens or 0), seconds + reply.latency_s
        counts.update(_kinds(reading, repaired=place in second))
        answers.append(_answer(reply, reading, tokens, round(seconds, 3)))
    return Asked(answers, counts)


def _repair(request: TeacherRequest, text: str, problem: str, mode: str, form: str) -> TeacherRequest:
    return replace(
        request,
        messages=repaired_messages(request.messages, text, problem, mode, form),
        prompt_version=version_in_form(request.prompt_version, PLAIN, repaired=True),
    )


def _replies(
    asker: Asker, requests: Sequence[TeacherRequest], noun: str, progress: bool
) -> dict[tuple[str, int], TeacherReply]:
    # disable=None shows the bar in a terminal only: a log would hold a line for every step.
    with tqdm(asker(requests), total=len(requests), desc=noun, unit="", disable=None if progress else True) as bar:
        return {(reply.task_id, reply.sample): reply for reply in bar}


def _kinds(reading: Reading, *, repaired: bool) -> list[str]:
    if not reading.problem:
        return ["answers", "repaired" if repaired else "good"]
    kinds = ["answers", "failed"]
    if reading.problem.startswith("refused"):
        kinds.append("refused")
    if reading.problem.startswith("failed"):
        kinds.append("no reply")
    return kinds


def _answer(reply: TeacherReply, reading: Reading, tokens: int, latency_s: float) -> Answer:
    return Answer(
        task_id=reply.task_id,
        source=SOURCE,
        seed=reply.sample,
        rationale=reading.rationale,
        answer=reading.answer,
        finish_reason=reply.finish_reason,
        tokens=tokens,
        latency_s=latency_s,
        prompt_version=str(reply.settings.get("prompt_version", "")),
    )
