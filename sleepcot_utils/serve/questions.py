"""A question on its way through the server: what is asked, what has been said so far, and how it ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sleepcot_utils.errors import StudyError
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task


class Refused(StudyError):
    """A request that the server does not answer, with the HTTP status that says so.

    Parameters
    ----------
    status : int
        HTTP status.
    code : str
        Name of the reason, for programs.
    retry_after_s : int, optional
        After how many seconds it is worth asking again.
    """

    def __init__(
        self, status: int, code: str, problem: str, *, where: str = "", expected: str = "", retry_after_s: int = 0
    ) -> None:
        super().__init__(problem, where=where, expected=expected)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


@dataclass
class Question:
    """One prompt in the queue of the student.

    Attributes
    ----------
    task : Task
        Its messages are the prompt; its kind and report say which questions are answered well together.
    max_new_tokens : int
        Longest answer.
    heard : asyncio.Queue or None
        Gets each token as it is said, where an answer is streamed.
    is_cancelled : bool
        Set by whoever does not want the answer any more.
    """

    task: Task
    prompt: list[int]
    max_new_tokens: int
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Answer]
    heard: asyncio.Queue[int] | None = None
    is_cancelled: bool = False
    asked_at_s: float = field(default_factory=time.perf_counter)

    def hear(self, token: int) -> None:
        """Pass a token on to whoever listens; called in the thread of the worker."""
        heard = self.heard
        if heard is not None and not self.is_cancelled:
            self._call(lambda: heard.put_nowait(token))

    def give(self, answer: Answer) -> None:
        """Hand the answer over; called in the thread of the worker."""
        self._settle(lambda: self.future.set_result(answer))

    def fail(self, problem: BaseException) -> None:
        """Say why there is no answer; called in the thread of the worker."""
        self._settle(lambda: self.future.set_exception(problem))

    def cancel(self) -> None:
        """Give the place up; what the student has begun for it stops at the next token."""
        self.is_cancelled = True
        self.future.cancel()

    def _settle(self, act: Callable[[], None]) -> None:
        def once() -> None:
            if not self.future.done():
                act()

        self._call(once)

    def _call(self, act: Callable[[], None]) -> None:
        try:
            self.loop.call_soon_threadsafe(act)
        except RuntimeError:
            pass  # the loop is closed: whoever asked is gone with it
