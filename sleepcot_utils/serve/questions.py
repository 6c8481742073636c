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
    hears : callable or None
        Told each token, in the thread of the worker, where an answer is streamed.
    is_cancelled : bool
        Set by whoever does not want the answer any more.
    """

    task: Task
    prompt: list[int]
    max_new_tokens: int
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Answer]
    hears: Callable[[int], None] | None = None
    is_cancelled: bool = False
    asked_at_s: float = field(default_factory=time.perf_counter)

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

        try:
            self.loop.call_soon_threadsafe(once)
        except RuntimeError:
            pass  # the loop is closed: whoever asked is gone with it
