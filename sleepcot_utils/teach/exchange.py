"""What goes to a teacher and what comes back, the same for every teacher."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Protocol

from sleepcot_utils.errors import ParameterError

Message = Mapping[str, str]

ROLES = ("system", "developer", "user", "assistant")

#: Why a reply can't be used as it is; ``TeacherReply.error`` starts with one of these words.
REASONS = {
    "truncated": "the teacher reached its output limit before it had finished",
    "refused": "the teacher or its content filter declined to answer",
    "empty": "the teacher answered with no text",
    "malformed": "the response body is not a chat completion",
    "failed": "no response came, after all retries",
}


@dataclass(frozen=True)
class TeacherRequest:
    """One question to a teacher.

    Parameters
    ----------
    task_id : str
        The task that the question belongs to.
    messages : tuple of mapping
        Chat messages with exactly ``role`` and ``content``, both text.
    sample : int
        Counts repeated answers to one task, from 0.
    private_terms : tuple of str
        Names and ids of the person that are known to whoever built the task. They are masked before anything leaves
        the machine, on top of what `sleepcot_utils.teach.masking` recognizes by itself.
    max_output_tokens : int, optional
        Limit of this one reply, where it differs from that of the settings.
    prompt_version : str
        Version or hash of the prompt templates of this one request, where it differs from that of the teacher.
    """

    task_id: str
    messages: tuple[Message, ...]
    sample: int = 0
    private_terms: tuple[str, ...] = ()
    max_output_tokens: int | None = None
    prompt_version: str = ""

    def __post_init__(self) -> None:
        where = f"task {self.task_id!r}"
        if not self.task_id:
            raise ParameterError("a request to a teacher has no task_id", where="TeacherRequest", expected="a text")
        if self.sample < 0:
            raise ParameterError(f"sample is {self.sample}", where=where, expected="0 or more")
        if self.max_output_tokens is not None and self.max_output_tokens < 1:
            raise ParameterError(
                f"max_output_tokens is {self.max_output_tokens}", where=where, expected="1 or more, or nothing"
            )
        object.__setattr__(self, "messages", tuple(dict(message) for message in self.messages))
        if not self.messages:
            raise ParameterError("the request holds no message", where=where, expected="one message or more")
        for position, message in enumerate(self.messages, start=1):
            texts = set(message) == {"role", "content"} and all(isinstance(part, str) for part in message.values())
            if not texts or message["role"] not in ROLES:
                raise ParameterError(
                    "this is not a text message of a chat",
                    where=f"{where}, message {position}",
                    expected=f"'role' (one of {', '.join(ROLES)}) and 'content', both text",
                )
            if any("\ud800" <= character <= "\udfff" for character in message["content"]):
                raise ParameterError(
                    "the text holds half a character (a lone surrogate), which can't be sent",
                    where=f"{where}, message {position}",
                    expected="text that can be written as UTF-8",
                )


@dataclass(frozen=True)
class TeacherReply:
    """One answer of a teacher.

    Attributes
    ----------
    task_id : str
        The task that was asked.
    text : str
        What the teacher wrote, with masked terms put back.
    reasoning : str
        What the server returned apart from the text as ``reasoning_content`` (or ``reasoning``); else empty.
    finish_reason : str
        As the server says: ``stop``, ``length``, ``content_filter`` ...; empty if no usable response came.
    prompt_tokens, completion_tokens : int or None
        As counted by the server; None where it doesn't say.
    latency_s : float
        Seconds from asking to the last byte when the answer was made, retries included; a cached reply keeps the
        original's. Batched local answers share their batch's time equally.
    prompt_hash : str
        `prompt_hash` of the messages, before masking.
    model : str
        The model that was asked for; a local folder's name without its path.
    settings : dict
        Sampling settings, endpoint, prompt version, and the model name that the server gave, if another.
    cached : bool
        Whether this call paid nothing for it.
    error : str
        Empty if the reply is usable; else one of `REASONS`, with details after a colon where there are any.
    sample : int
        As in the request.
    """

    task_id: str
    text: str
    reasoning: str
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    latency_s: float
    prompt_hash: str
    model: str
    settings: dict[str, Any]
    cached: bool
    error: str = ""
    sample: int = 0

    @property
    def raw_text(self) -> str:
        """The whole output as the model wrote it: servers take ``<think>`` blocks out of the text, this puts it back."""
        return f"<think>\n{self.reasoning}\n</think>\n\n{self.text}" if self.reasoning else self.text


class Teacher(Protocol):
    """Whoever answers requests: a remote model, a local one, or the embedded expert."""

    def answer(self, requests: Iterable[TeacherRequest]) -> Iterator[TeacherReply]:
        """Yield a reply for each request, sorted by task id and sample."""
        ...


@dataclass(frozen=True)
class Sampling:
    """How a teacher writes.

    Parameters
    ----------
    temperature : float or None
        0 for the most likely text. None leaves it out, as some reasoning models demand.
    top_p : float or None
        Nucleus of the distribution that is sampled from; None leaves it out.
    max_output_tokens : int
        Upper limit of a reply, reasoning included. Always sent: the budget's cap rests on it.
    seed : int or None
        Sent as ``seed + sample``, so that samples differ and each can be had again where the server honors seeds.
    limit_field : str
        Name of the limit in the request: ``max_tokens``, or ``max_completion_tokens`` for OpenAI's reasoning models.
    extra : mapping
        Further fields of the request body, such as ``{"reasoning_effort": "low"}``.
    """

    temperature: float | None = 0.0
    top_p: float | None = None
    max_output_tokens: int = 1024
    seed: int | None = None
    limit_field: str = "max_tokens"
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self.max_output_tokens >= 1, "max_output_tokens", self.max_output_tokens, "1 or more")
        _check(self.temperature is None or 0 <= self.temperature <= 2, "temperature", self.temperature, "0 to 2")
        _check(self.top_p is None or 0 < self.top_p <= 1, "top_p", self.top_p, "above 0, at most 1")
        names = ("max_tokens", "max_completion_tokens")
        _check(self.limit_field in names, "limit_field", self.limit_field, " or ".join(names))
        reserved = {"model", "messages", "n", "stream", *names} & set(self.extra)
        _check(not reserved, "extra", sorted(reserved), "fields that the client does not set itself")

    def body(self, sample: int = 0, max_output_tokens: int | None = None) -> dict[str, Any]:
        """The fields of a chat completion request besides model and messages; the limit may differ for one request."""
        fields: dict[str, Any] = {self.limit_field: max_output_tokens or self.max_output_tokens, **self.extra}
        # As floats, since 0 and 0.0 would make two keys of one request.
        if self.temperature is not None:
            fields["temperature"] = float(self.temperature)
        if self.top_p is not None:
            fields["top_p"] = float(self.top_p)
        if self.seed is not None:
            fields["seed"] = self.seed + sample
        return fields


def canonical_json(value: Any) -> str:
    """The one JSON text of a value: keys sorted, no spaces, text unescaped."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def content_hash(value: Any) -> str:
    """SHA-256 of a JSON value, in hexadecimal."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def prompt_hash(messages: Iterable[Message]) -> str:
    """SHA-256 of chat messages, in hexadecimal: joins a reply to the exact prompt of its task."""
    return content_hash([dict(message) for message in messages])


def in_order(requests: Iterable[TeacherRequest]) -> list[TeacherRequest]:
    """Requests sorted by task id and sample.

    Raises
    ------
    ParameterError
        If two requests have the same task id and sample.
    """
    ordered = sorted(requests, key=lambda request: (request.task_id, request.sample))
    for before, after in pairwise(ordered):
        if (before.task_id, before.sample) == (after.task_id, after.sample):
            raise ParameterError(
                f"sample {after.sample} is asked for twice",
                where=f"task {after.task_id!r}",
                expected="one request a task and sample",
            )
    return ordered


def _check(right: bool, name: str, value: Any, expected: str) -> None:
    if not right:
        raise ParameterError(f"{name} is {value}", where="sampling settings", expected=expected)
