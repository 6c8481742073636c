"""Asks a model behind an OpenAI-compatible API, politely, within a budget, and never twice for the same thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from sleepcot_utils.errors import ParameterError, TeacherError
from sleepcot_utils.teach.asks import Ask, Outcome, estimate_of, held_in, missing_from, prepare
from sleepcot_utils.teach.budget import Budget, Estimate, Pace
from sleepcot_utils.teach.cache import ReplyCache
from sleepcot_utils.teach.calls import Calls, Manners
from sleepcot_utils.teach.completion import Completion
from sleepcot_utils.teach.endpoint import Endpoint
from sleepcot_utils.teach.exchange import (
    Sampling,
    Teacher,
    TeacherReply,
    TeacherRequest,
    prompt_hash,
)
from sleepcot_utils.teach.local import LocalTeacher

__all__ = ["LocalTeacher", "OpenAITeacher", "Sampling", "Teacher", "TeacherReply", "TeacherRequest"]


class OpenAITeacher:
    """A model behind the chat completions API: OpenAI, DashScope, DeepSeek, vLLM, Ollama, `transformers serve`.

    Parameters
    ----------
    model : str
        The model's name as the server knows it.
    cache : ReplyCache
        Answers already paid for; every new one is added the moment it arrives.
    base_url : str, optional
        Base address, such as ``http://localhost:11434/v1``; else ``OPENAI_BASE_URL`` of the environment, else OpenAI.
    settings : Sampling
        How the model writes.
    budget : Budget, optional
        Caps on what this process spends; none by default.
    prompt_version : str
        Version or hash of the prompt templates. Another version is another request, even with equal messages.
    concurrency : int
        Requests in flight at a time.
    requests_per_minute : float, optional
        Limit of the provider; attempts are spread evenly, retries included.
    timeout_s : float
        Longest silence of the server within one attempt.
    longest_reply_s : float
        Longest time for the body of one reply, for servers that never fall silent and never finish.
    max_retries : int
        Retries of the SDK on 429, 5xx, time-outs and dropped connections, with growing random waits; ``retry-after``
        is honored up to the SDK's limit of two minutes.
    key_variable : str
        Name of the environment variable that holds the API key. The key itself is never a parameter.
    allow_remote : bool
        Consent to send masked prompts to a host that is not this machine.
    replay_only : bool
        Answer from the cache alone: no key, no network, and a `TeacherError` that names the first missing task.
    give_up_after : int
        Stop after so many failures in a row.
    report : callable
        Takes sentences for the user: the estimate before the first request, failures after the last.

    Raises
    ------
    TeacherError
        If the host is not this machine and there is no consent.
    """

    def __init__(
        self,
        model: str,
        *,
        cache: ReplyCache,
        base_url: str | None = None,
        settings: Sampling | None = None,
        budget: Budget | None = None,
        prompt_version: str = "",
        concurrency: int = 4,
        requests_per_minute: float | None = None,
        timeout_s: float = 120.0,
        longest_reply_s: float = 600.0,
        max_retries: int = 2,
        key_variable: str = "OPENAI_API_KEY",
        allow_remote: bool = False,
        replay_only: bool = False,
        give_up_after: int = 10,
        report: Callable[[str], None] = print,
    ) -> None:
        for name, value, low in (
            ("concurrency", concurrency, 1),
            ("max_retries", max_retries, 0),
            ("give_up_after", give_up_after, 1),
        ):
            if value < low:
                raise ParameterError(f"{name} is {value}", where="teacher", expected=f"{low} or more")
        for name, seconds in (("timeout_s", timeout_s), ("longest_reply_s", longest_reply_s)):
            if not seconds > 0:
                raise ParameterError(f"{name} is {seconds}", where="teacher", expected="seconds above 0")
        self.model = model
        self.endpoint = Endpoint.of(base_url)
        self.cache = cache
        self.settings = settings or Sampling()
        self.budget = budget or Budget()
        self.prompt_version = prompt_version
        self.replay_only = replay_only
        #: How long a reply is expected to be, for estimates before the first; its limit if None.
        self.reply_tokens: float | None = None
        self._pace = Pace(requests_per_minute)
        self.key_variable = key_variable
        self.manners = Manners(concurrency, timeout_s, max_retries, give_up_after, longest_reply_s)
        self.report = report
        if not replay_only:
            self.endpoint.require_consent(allow_remote)

    def __repr__(self) -> str:
        return f"OpenAITeacher(model={self.model!r}, endpoint={self.endpoint.address!r})"

    def estimate(self, requests: Iterable[TeacherRequest]) -> Estimate:
        """What `answer` would send and take; nothing is sent."""
        return estimate_of(*self.prepared(requests), self.reply_tokens)

    def answer(self, requests: Iterable[TeacherRequest]) -> Iterator[TeacherReply]:
        """Yield a reply for each request, sorted by task id and sample, as soon as it and all before it are there.

        A request that failed yields a reply whose ``error`` says why; the others go on.

        Raises
        ------
        TeacherError
            After the last reply that could be had: if the key was refused, the account is empty, the model is unknown,
            the budget is spent or many requests in a row failed. Before the first: if there is no key, the SDK is not
            installed, or `replay_only` misses a reply. Everything paid is in the cache; the next call asks the rest.
        """
        return self._replies(*self.prepared(requests))

    def prepared(self, requests: Iterable[TeacherRequest]) -> tuple[list[Ask], dict[str, Outcome], list[Ask]]:
        """Requests made ready in order, what the cache holds of them, and which have to be asked."""
        self.cache.refresh()
        asks = prepare(requests, self.endpoint, self.model, self.settings, self.prompt_version)
        held = held_in(self.cache, asks)
        return asks, held, missing_from(held, asks)

    def stored(self, requests: Iterable[TeacherRequest]) -> Iterator[TeacherReply]:
        """Yield a reply for each request from the cache alone; what it lacks comes as ``failed``. Nothing is sent."""
        asks, held, _ = self.prepared(requests)
        lacking = Outcome(None, 0.0, "failed: the cache holds no reply")
        for ask in asks:
            yield self._reply(ask, held.get(ask.key, lacking), cached=ask.key in held)

    def _replies(self, asks: list[Ask], held: dict[str, Outcome], missing: list[Ask]) -> Iterator[TeacherReply]:
        if missing and self.replay_only:
            raise TeacherError(
                f"the cache has no reply to {len(missing)} of {len(asks)} requests",
                where=f"replay of {self.model}, {missing[0].name}",
                expected="the cache of a finished run with the same prompts, model, endpoint and settings",
            )
        if not missing:
            for ask in asks:
                yield self._reply(ask, held[ask.key], cached=True)
            return
        errors: list[tuple[str, str]] = []
        with Calls(
            self.endpoint,
            self.key_variable,
            cache=self.cache,
            budget=self.budget,
            pace=self._pace,
            manners=self.manners,
        ) as calls:
            target = f"{self.model} at {self.endpoint.host}"
            self.report(estimate_of(asks, held, missing, self.reply_tokens).sentence(target, self.budget))
            futures = {ask.key: calls.submit(ask) for ask in missing}
            for ask in asks:
                paid = ask.key not in held
                outcome = futures[ask.key].result() if paid else held[ask.key]
                if outcome is None:
                    continue
                # An equal request further on rides on this one's answer.
                held[ask.key] = outcome
                reply = self._reply(ask, outcome, cached=not paid)
                if reply.error:
                    errors.append((ask.name, reply.error))
                yield reply
        self.report(f"Spent so far: {self.budget.spent_words()}.")
        if errors:
            self.report(_summary(errors, len(asks)))
        if calls.reason is not None:
            raise calls.reason

    def _reply(self, ask: Ask, outcome: Outcome, *, cached: bool) -> TeacherReply:
        completion = outcome.completion or Completion("", "", "", None, None, "", outcome.error)
        settings = {
            **ask.record["settings"],
            "endpoint": self.endpoint.address,
            "prompt_version": ask.record["prompt_version"],
        }
        if completion.served_model not in ("", self.model):
            settings["served_model"] = completion.served_model
        return TeacherReply(
            task_id=ask.request.task_id,
            text=ask.masked.restore(completion.text),
            reasoning=ask.masked.restore(completion.reasoning),
            finish_reason=completion.finish_reason,
            prompt_tokens=completion.prompt_tokens,
            completion_tokens=completion.completion_tokens,
            latency_s=round(outcome.latency_s, 3),
            prompt_hash=prompt_hash(ask.request.messages),
            model=self.model,
            settings=settings,
            cached=cached,
            error=completion.error,
            sample=ask.request.sample,
        )


def _summary(errors: list[tuple[str, str]], asked: int) -> str:
    kinds = Counter(error.split(":")[0] for _, error in errors)
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    name, error = errors[0]
    return f"{len(errors)} of {asked} replies are not usable ({counted}); the first: {name}: {error}."
