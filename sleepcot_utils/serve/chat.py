"""The chat interface that clients of OpenAI know, with the safety rules of this server around it.

A stream is checked too: words leave sentence by sentence, each after the rules have read all that was said so far. What
the rules hold back is never sent, and the stream then ends with the reason ``content_filter``.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

from sleepcot_utils.safety.advice import wording
from sleepcot_utils.safety.guard import guard
from sleepcot_utils.safety.triage import Triage, triage
from sleepcot_utils.score.claims import sentences
from sleepcot_utils.serve.coach import Coach, IsGone, open_task
from sleepcot_utils.serve.questions import Question, Refused
from sleepcot_utils.serve.schemas import ChatRequest, Checked
from sleepcot_utils.serve.verification import checked, first_words, needs_help_now
from sleepcot_utils.serve.waiting import LOOK_EVERY_S, answers_to
from sleepcot_utils.tasks.build import SYSTEM_PROMPT, Task
from sleepcot_utils.tasks.reading import ANSWER_MARK, split_answer

LANGUAGE = "en"
REASONS = {"withheld": "content_filter", "stop": "stop", "length": "length"}


class Conversation:
    """One request to the chat interface.

    Parameters
    ----------
    model : str
        Name of the student, as answers state it.
    """

    def __init__(self, coach: Coach, request: ChatRequest, model: str) -> None:
        self._coach = coach
        self._request = request
        self._words = "\n".join(message.content for message in request.messages if message.role == "user")
        self._task = task_of(request)
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": model}

    async def whole(self, is_gone: IsGone) -> dict[str, Any]:
        """The answer in one piece."""
        found = await self._triage()
        tokens_in = tokens_out = 0
        if needs_help_now(found):
            said = first_words(found, LANGUAGE)
        else:
            question = self._coach.worker.ask(self._task, max_new_tokens=self._longest())
            tokens_in = len(question.prompt)
            (answer,) = await answers_to([question], self._coach.settings.answer_timeout_s, is_gone)
            tokens_out = answer.tokens
            said = await asyncio.to_thread(checked, self._task, answer, None, self._words, LANGUAGE, {})
        usage = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": said.text},
            "finish_reason": REASONS[said.finish_reason],
        }
        return {**self._head, "object": "chat.completion", "choices": [choice], "usage": usage} | extras(said)

    async def stream(self) -> AsyncIterator[str]:
        """The answer as server-sent events; the question is in the queue when this returns.

        Raises
        ------
        Refused
            If the question can't be taken.
        """
        found = await self._triage()
        if needs_help_now(found):
            return self._urgent(first_words(found, LANGUAGE))
        heard: asyncio.Queue[int] = asyncio.Queue()
        return self._events(self._coach.worker.ask(self._task, max_new_tokens=self._longest(), heard=heard), heard)

    async def _urgent(self, said: Checked) -> AsyncIterator[str]:
        yield self._event({"role": "assistant", "content": said.text})
        yield self._event({}, "content_filter", extras(said))
        yield DONE

    async def _events(self, question: Question, heard: asyncio.Queue[int]) -> AsyncIterator[str]:
        until = time.monotonic() + self._coach.settings.answer_timeout_s
        try:
            # The first event leaves at once, so that the client knows that its question waits.
            yield self._event({"role": "assistant", "content": guard(self._words, None, "", LANGUAGE).text})
            sent = ""
            async for piece in self._safe_pieces(question, heard, until):
                sent += piece
                yield self._event({"content": piece})
            (answer,) = await answers_to([question], max(until - time.monotonic(), 0.01), _nobody)
            said = await asyncio.to_thread(checked, self._task, answer, None, self._words, LANGUAGE, {})
            if said.withheld:
                yield self._event({"content": f"\n\n{wording(LANGUAGE)['withheld']}"})
            elif said.answer.startswith(sent):
                yield self._event({"content": said.answer[len(sent) :]})
            else:  # a second mark of an answer came: what was sent belonged to its rationale
                yield self._event({"content": f"\n\n{said.answer}"})
            yield self._event({}, REASONS[said.finish_reason], extras(said))
        except Refused as problem:  # the status has been sent, so the reason stands in the stream
            yield f"data: {json.dumps({'error': {'code': problem.code, 'message': problem.problem}})}\n\n"
        finally:
            if not question.future.done():
                question.cancel()
        yield DONE

    async def _safe_pieces(self, question: Question, heard: asyncio.Queue[int], until: float) -> AsyncIterator[str]:
        """Whole sentences of the answer as they come, each read by the rules together with all before it."""
        tokens: list[int] = []
        sent = ""
        while not (question.future.done() and heard.empty()) and time.monotonic() < until:
            try:
                tokens.append(await asyncio.wait_for(heard.get(), LOOK_EVERY_S))
            except TimeoutError:
                continue
            while not heard.empty():
                tokens.append(heard.get_nowait())
            text = self._coach.worker.decode(tokens)
            if ANSWER_MARK not in text:
                continue  # the rationale is not for the reader, and without the mark nobody knows whether it is one
            ready = whole_sentences(split_answer(text)[1])
            if not ready.startswith(sent) or guard(self._words, None, ready, LANGUAGE).withheld:
                return
            if len(ready) > len(sent):
                yield ready[len(sent) :]
                sent = ready

    async def _triage(self) -> Triage:
        """Red flags of what the person wrote; reading much of it takes time, so a prompt too long is refused first."""
        self._coach.worker.encoded(self._task)
        return await asyncio.to_thread(triage, self._words)

    def _longest(self) -> int:
        return self._request.max_completion_tokens or self._request.max_tokens or 0

    def _event(self, delta: dict[str, str], reason: str | None = None, more: dict[str, Any] | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        body = {**self._head, "object": "chat.completion.chunk", "choices": [choice]} | (more or {})
        return f"data: {json.dumps(body, ensure_ascii=False)}\n\n"


DONE = "data: [DONE]\n\n"


def task_of(request: ChatRequest) -> Task:
    """The task of a conversation; without a system message the student gets the one that it knows."""
    messages = [{"role": message.role, "content": message.content} for message in request.messages]
    if messages[0]["role"] != "system":
        messages.insert(0, {"role": "system", "content": SYSTEM_PROMPT})
    return open_task(messages)


def extras(said: Checked) -> dict[str, Any]:
    """What this server says beyond OpenAI's fields; clients that don't know the field pass over it."""
    shown = said.model_dump(include={"marks", "urgency", "red_flags", "withheld", "reasons", "safety_notice"})
    return {"sleepcot": shown}


def whole_sentences(text: str) -> str:
    """Beginning of a text up to the end of its last sentence that is followed by another."""
    parts = sentences(text)
    return text[: text.rindex(parts[-1])] if len(parts) > 1 else ""


async def _nobody() -> bool:
    """A stream ends by itself when its client leaves, so nobody has to look."""
    return False
