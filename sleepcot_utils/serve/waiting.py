"""Waiting for the student: as long as is allowed, and only while somebody still listens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from sleepcot_utils.serve.questions import Question, Refused
from sleepcot_utils.tasks.answers import Answer

#: Seconds between two looks at whether the client is still there.
LOOK_EVERY_S = 0.2
#: Status of a request whose client left, in logs and metrics only (the habit of nginx).
CLIENT_LEFT = 499


class ClientLeft(Exception):
    """Whoever asked has closed the connection; nobody reads an answer any more."""


async def answers_to(
    questions: Sequence[Question], timeout_s: float, is_gone: Callable[[], Awaitable[bool]]
) -> list[Answer]:
    """Answers to questions, in their order; what is not answered is cancelled on every way out.

    Parameters
    ----------
    is_gone : callable
        Whether the client has left.

    Raises
    ------
    Refused
        504 if the answers take too long; 503 if the student stopped.
    ClientLeft
        If the client is gone.
    """
    until = time.monotonic() + timeout_s
    waiting = {question.future for question in questions}
    try:
        while waiting:
            left = until - time.monotonic()
            if left <= 0:
                raise Refused(504, "too_slow", f"no answer within {timeout_s:g} s", retry_after_s=5)
            done, waiting = await asyncio.wait(
                waiting, timeout=min(left, LOOK_EVERY_S), return_when=asyncio.FIRST_EXCEPTION
            )
            for future in done:
                future.result()
            if waiting and await is_gone():
                raise ClientLeft
        return [question.future.result() for question in questions]
    finally:
        for question in questions:
            if not question.future.done():
                question.cancel()
            elif not question.future.cancelled():
                question.future.exception()  # taken note of; one of them has been raised already
