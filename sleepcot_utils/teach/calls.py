"""One batch of calls to a chat completions API, in parallel, each stored the moment it is answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

from sleepcot_utils.errors import ArtifactError, TeacherError
from sleepcot_utils.teach.asks import Ask, Outcome
from sleepcot_utils.teach.budget import Budget, BudgetStop, Pace
from sleepcot_utils.teach.cache import ReplyCache
from sleepcot_utils.teach.completion import MalformedError, read_completion
from sleepcot_utils.teach.endpoint import OPENAI_HOST, Endpoint, Secret
from sleepcot_utils.teach.wire import Stopped, Wire

#: The extra of this package that brings the SDK.
EXTRA = "teacher"


@dataclass(frozen=True)
class Manners:
    """How a server is treated; the meanings stand with `sleepcot_utils.teach.client.OpenAITeacher`."""

    concurrency: int
    timeout_s: float
    max_retries: int
    give_up_after: int
    longest_reply_s: float = 600.0


class Calls:
    """A batch of calls. Used as a context: leaving it stops what has not begun and waits for what is in flight.

    Parameters
    ----------
    endpoint : Endpoint
        Where to call.
    key_variable : str
        Name of the environment variable with the key.
    cache : ReplyCache
        Takes every response and failure.
    budget : Budget
        Caps on what is spent.
    pace : Pace
        Distance of attempts.
    manners : Manners
        Concurrency, time-outs and retries.

    Raises
    ------
    TeacherError
        If the SDK is not installed or the key is missing.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        key_variable: str,
        *,
        cache: ReplyCache,
        budget: Budget,
        pace: Pace,
        manners: Manners,
    ) -> None:
        self._openai = sdk()
        self._endpoint = endpoint
        self._key_variable = key_variable
        self._key = endpoint.key(key_variable)
        self._cache = cache
        self._give_up_after = manners.give_up_after
        self.reason: TeacherError | ArtifactError | None = None
        self._stopped = threading.Event()
        self._failures_in_a_row = 0
        self._lock = threading.Lock()
        self._wire = Wire(budget, pace, self._stopped, manners.longest_reply_s)
        self._client = open_client(endpoint, self._key, manners, before=self._wire.before, after=self._wire.after)
        self._executor = ThreadPoolExecutor(manners.concurrency, thread_name_prefix="teacher")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Whoever leaves early waits for what is in flight, since it is paid: it still gets into the cache.
        self._stopped.set()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._client.close()

    def submit(self, ask: Ask) -> Future[Outcome | None]:
        """Ask when a thread is free; the result is None if the batch stopped before. `reason` then says why."""
        return self._executor.submit(self._call, ask)

    def _call(self, ask: Ask) -> Outcome | None:
        if self._stopped.is_set():
            return None
        begin = time.perf_counter()
        self._wire.begin(ask.most)
        try:
            response = self._client.chat.completions.with_raw_response.create(
                model=ask.record["model"], messages=ask.record["messages"], extra_body=ask.record["settings"]
            )
            body = self._key.hidden_in(response.content.decode("utf-8", "replace"))
            latency_s = time.perf_counter() - begin
            self._cache.add_response(ask.key, ask.record, body, latency_s=latency_s)
            outcome = Outcome(read_completion(body), latency_s)
        except Stopped:
            return None
        except (BudgetStop, ArtifactError) as reason:
            self._stop(reason)
            return None
        except self._openai.APIError as problem:
            said = self._key.safe_message(_said(problem))
            hopeless = self._hopeless(problem, said, ask)
            if hopeless is not None:
                self._stop(hopeless)
                self._cache.add_failure(ask.key, ask.record, said)
                return None
            outcome = Outcome(None, time.perf_counter() - begin, f"failed: {said}")
        except MalformedError as problem:
            said = self._key.safe_message(str(problem))
            outcome = Outcome(None, time.perf_counter() - begin, f"malformed: {said}")
        finally:
            self._wire.finish()
        if outcome.error:
            self._cache.add_failure(ask.key, ask.record, outcome.error)
        self._count(outcome.error, ask)
        return outcome

    def _stop(self, reason: TeacherError | ArtifactError) -> None:
        with self._lock:
            self.reason = self.reason or reason
            self._stopped.set()

    def _count(self, error: str, ask: Ask) -> None:
        with self._lock:
            self._failures_in_a_row = self._failures_in_a_row + 1 if error else 0
            many = self._failures_in_a_row >= self._give_up_after
        if many:
            self._stop(
                TeacherError(
                    f"{self._give_up_after} requests in a row failed, the last one: {error}",
                    where=self._where(ask),
                    expected="a server that answers; what was answered is in the cache, start again to go on",
                )
            )

    def _where(self, ask: Ask) -> str:
        return f"{self._endpoint.host}, model {ask.record['model']}, {ask.name}"

    def _hopeless(self, problem: Any, said: str, ask: Ask) -> TeacherError | None:
        """The error that ends the batch if every further request would fail alike, else None."""
        status = getattr(problem, "status_code", None)
        if status == 401:
            trouble, expected = "the server refused the API key", f"a valid key in {self._key_variable}"
        elif status == 402 or problem.code == "insufficient_quota":
            trouble = "the account has no money or quota left"
            expected = "a paid account; what was answered is in the cache, start again to go on"
        elif status == 404:
            trouble = "the server knows no such model or address"
            expected = "a model that the server lists, and the base URL as its manual gives it, often ending in /v1"
        elif status is not None and 300 <= status < 400:
            trouble, expected = "the server redirects, which is not followed", "the final address as base URL"
        else:
            return None
        return TeacherError(f"{trouble} ({said})", where=self._where(ask), expected=expected)


def _said(problem: Any) -> str:
    """What the server, or else the network, said."""
    status = getattr(problem, "status_code", None)
    if status is None:
        cause = str(problem.__cause__ or "")
        return f"{problem} ({cause})" if cause else str(problem)
    message = problem.body.get("message") if isinstance(problem.body, dict) else problem.body
    return f"status {status}: {message}" if message else f"status {status}"


def open_client(
    endpoint: Endpoint,
    key: Secret,
    manners: Manners,
    *,
    before: Callable[[Any], None] | None = None,
    after: Callable[[Any], None] | None = None,
) -> Any:
    """The SDK's client for one endpoint, which never follows a redirect.

    Parameters
    ----------
    before, after : callable, optional
        Hooks of the HTTP client around each attempt.
    """
    openai = sdk()

    def unnamed(request: Any) -> None:
        # The SDK adds the user's OpenAI account from the environment; no one else needs to know it.
        if endpoint.host != OPENAI_HOST:
            for name in ("OpenAI-Organization", "OpenAI-Project"):
                request.headers.pop(name, None)

    http = openai.DefaultHttpxClient(
        timeout=openai.Timeout(manners.timeout_s, connect=min(manners.timeout_s, 10.0)),
        # A redirect or a proxy could carry a prompt away from this machine that was not masked.
        follow_redirects=False,
        trust_env=not endpoint.on_this_machine,
        event_hooks={
            "request": [unnamed, before] if before else [unnamed],
            "response": [after] if after else [],
        },
    )
    return openai.OpenAI(api_key=key.reveal(), base_url=endpoint.url, max_retries=manners.max_retries, http_client=http)


def sdk() -> Any:
    """The module `openai`.

    Raises
    ------
    TeacherError
        If it is not installed.
    """
    try:
        import openai
    except ImportError:
        raise TeacherError(
            "the package `openai` is not installed",
            where="remote teacher",
            expected=f"pip install '.[{EXTRA}]' in the project's folder, or the teacher 'expert', which needs nothing",
        ) from None
    return openai
