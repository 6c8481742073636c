"""What happens around each single attempt on the network, the retries of the SDK included."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sleepcot_utils.teach.budget import Amount, Budget, Pace
from sleepcot_utils.teach.completion import MalformedError, error_code, read_completion

if TYPE_CHECKING:
    import httpx2

#: A server or a gateway that gave up waiting: the model may have answered, and the answer may be charged.
MAYBE_CHARGED = frozenset({408, 502, 504})


class Stopped(Exception):
    """The run has ended; this attempt is not made."""


class Wire:
    """Hooks of the HTTP client that keep the pace and the budget.

    The SDK repeats an attempt on its own (429, 5xx, time-outs, dropped connections). Hooks see every attempt, so that a
    retry waits its turn and counts like a first attempt.

    Parameters
    ----------
    budget : Budget
        Caps on what is spent.
    pace : Pace
        Distance of attempts.
    stopped : threading.Event
        Set when no further attempt may start.
    longest_reply_s : float
        Longest time from the head of a response to its last byte.
    """

    def __init__(self, budget: Budget, pace: Pace, stopped: threading.Event, longest_reply_s: float) -> None:
        self._budget = budget
        self._pace = pace
        self._stopped = stopped
        self._longest_reply_s = longest_reply_s
        self._thread = threading.local()

    def begin(self, most: Amount) -> None:
        """Say what each attempt that this thread makes next can cost at most."""
        self._thread.most = most
        self._thread.in_flight = False

    def finish(self) -> None:
        """Book an attempt that ended without a response."""
        if self._thread.in_flight:
            self._book(self._thread.most)

    def before(self, request: httpx2.Request) -> None:
        """Hook before an attempt is sent. What it raises reaches the caller; the SDK retries network errors only."""
        self.finish()
        self._pace.wait(self._stopped)
        if self._stopped.is_set():
            raise Stopped
        self._budget.set_aside(self._thread.most, self._stopped.is_set)
        self._thread.in_flight = True

    def after(self, response: httpx2.Response) -> None:
        """Hook after the head of a response has come."""
        _read(response, self._longest_reply_s)
        most = self._thread.most
        if response.status_code == 200:
            self._book(_charged(response.content, most))
        else:
            self._book(most if response.status_code in MAYBE_CHARGED else Amount(1))
        if response.status_code == 429 and error_code(response.text) == "insufficient_quota":
            # The SDK takes an empty account for a full minute and would ask again.
            response.headers["x-should-retry"] = "false"

    def _book(self, actual: Amount) -> None:
        self._thread.in_flight = False
        self._budget.book(self._thread.most, actual)


def _read(response: httpx2.Response, longest_s: float) -> None:
    """Read a body to its end. The client's time-out is for silence; a server that dribbles byte by byte has none."""
    import httpx2

    class Timed(httpx2.SyncByteStream):
        def __init__(self, stream: Any) -> None:
            self.stream = stream
            self.until = time.monotonic() + longest_s

        def __iter__(self) -> Iterator[bytes]:
            for part in self.stream:
                if time.monotonic() > self.until:
                    # The SDK takes it for any other time-out: it tries again, and says so in the end.
                    raise httpx2.ReadTimeout(f"the reply took longer than {longest_s:g} s", request=response.request)
                yield part

        def close(self) -> None:
            self.stream.close()

    response.stream = Timed(response.stream)
    response.read()


def _charged(content: bytes, most: Amount) -> Amount:
    """What a response was charged, at its most where the server doesn't say."""
    try:
        completion = read_completion(content.decode("utf-8", "replace"))
    except MalformedError:
        return most
    prompt, reply = completion.prompt_tokens, completion.completion_tokens
    return Amount(
        1,
        most.prompt_tokens if prompt is None else prompt,
        most.completion_tokens if reply is None else reply,
    )
