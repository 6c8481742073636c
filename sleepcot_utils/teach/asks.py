"""Requests made ready to be sent: masked where they leave the machine, with their address in the cache."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sleepcot_utils.teach.budget import Amount, Estimate, most_of, rough_prompt_tokens
from sleepcot_utils.teach.cache import ReplyCache
from sleepcot_utils.teach.completion import Completion, MalformedError, read_completion
from sleepcot_utils.teach.endpoint import Endpoint
from sleepcot_utils.teach.exchange import Sampling, TeacherRequest, content_hash, in_order
from sleepcot_utils.teach.masking import Masked, mask


@dataclass(frozen=True)
class Ask:
    """A request made ready.

    Attributes
    ----------
    request : TeacherRequest
        As the caller gave it.
    masked : Masked
        Its messages as they are sent.
    record : dict
        All that decides the answer; `key` is its hash.
    most : Amount
        What one attempt can cost at most.
    """

    request: TeacherRequest
    masked: Masked
    record: dict[str, Any]
    key: str
    most: Amount

    @property
    def name(self) -> str:
        """Task and sample, for messages."""
        sample = f", sample {self.request.sample}" if self.request.sample else ""
        return f"task {self.request.task_id!r}{sample}"

    @property
    def body(self) -> dict[str, Any]:
        """The request body of a chat completion."""
        return {"model": self.record["model"], "messages": self.record["messages"], **self.record["settings"]}


@dataclass(frozen=True)
class Outcome:
    """What came of asking: a completion, or why there is none."""

    completion: Completion | None
    latency_s: float
    error: str = ""


def prepare(
    requests: Iterable[TeacherRequest], endpoint: Endpoint, model: str, settings: Sampling, prompt_version: str
) -> list[Ask]:
    """Requests made ready, sorted by task id and sample."""
    asks = []
    for request in in_order(requests):
        local = endpoint.on_this_machine
        masked = Masked(request.messages, {}) if local else mask(request.messages, request.private_terms)
        limit = request.max_output_tokens or settings.max_output_tokens
        record = {
            "endpoint": endpoint.address,
            "model": model,
            "messages": [dict(message) for message in masked.messages],
            "settings": settings.body(request.sample, limit),
            "sample": request.sample,
            "prompt_version": request.prompt_version or prompt_version,
        }
        asks.append(Ask(request, masked, record, content_hash(record), most_of(masked.messages, limit)))
    return asks


def held_in(cache: ReplyCache, asks: Iterable[Ask]) -> dict[str, Outcome]:
    """What the cache knows, by key. A stored body that can't be read is no hit."""
    held: dict[str, Outcome] = {}
    for ask in asks:
        for stored in cache.responses(ask.key):
            with contextlib.suppress(MalformedError):
                held.setdefault(ask.key, Outcome(read_completion(stored.body), stored.latency_s))
    return held


def missing_from(held: dict[str, Outcome], asks: Sequence[Ask]) -> list[Ask]:
    """What has to be asked; of equal requests the first one."""
    first_of_key = {ask.key: ask for ask in reversed(asks) if ask.key not in held}
    return [ask for ask in asks if first_of_key.get(ask.key) is ask]


def estimate_of(
    asks: Sequence[Ask], held: dict[str, Outcome], missing: Sequence[Ask], reply_tokens: float | None = None
) -> Estimate:
    """What asking for the missing ones takes.

    Replies are expected to be as long as those in the cache on average; where there are none, as long as
    `reply_tokens`, or at their limit if that is not given.
    """
    most = sum((ask.most for ask in missing), Amount())
    rough = sum(rough_prompt_tokens(ask.masked.messages) for ask in missing)
    lengths = [
        outcome.completion.completion_tokens
        for outcome in held.values()
        if outcome.completion is not None and outcome.completion.completion_tokens is not None
    ]
    if lengths:
        reply_tokens = sum(lengths) / len(lengths)
    expected = most.completion_tokens if reply_tokens is None else round(len(missing) * reply_tokens)
    return Estimate(len(missing), len(asks) - len(missing), rough, most, min(expected, most.completion_tokens))
