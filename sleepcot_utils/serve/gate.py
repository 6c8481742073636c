"""The gate in front of every function: who asks, how often, what kind of body, how long it is, and how slowly it comes."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sleepcot_utils.serve.problems import problem_response
from sleepcot_utils.serve.questions import Refused
from sleepcot_utils.serve.rates import Rates
from sleepcot_utils.serve.settings import Settings

JSON, FORM = "application/json", "multipart/form-data"
#: Paths that anybody may read: a probe has no key, and what they say is about the server only.
OPEN_PATHS = ("/health", "/ready")
#: Paths that take an upload as well.
UPLOAD_PATHS = ("/v1/report", "/v1/advice", "/v1/follow-up")
#: Seconds after which a crowd at the gate is worth another try; a choice.
CROWD_S = 5


class Gate:
    """Refuses what must not come in, as an ASGI middleware.

    Raises nothing: whatever is refused gets an answer that says why.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._rates = Rates(settings.requests_per_minute)
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        try:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            self._check(scope, headers)
            if self._open >= self._settings.max_open:
                raise Refused(
                    429, "too_many_at_once", f"{self._open} requests are open already",
                    expected=f"the same again after {CROWD_S} s", retry_after_s=CROWD_S,
                )  # fmt: skip
            body = _Body(receive, self._limit(headers), self._settings.body_timeout_s)
            if scope["method"] in ("POST", "PUT", "PATCH"):
                body.refuse_length(headers.get("content-length", ""))
        except Refused as refused:
            await problem_response(refused, scope)(scope, receive, send)
            return
        self._open += 1
        try:
            await self._passed(scope, body, send)
        finally:
            self._open -= 1

    async def _passed(self, scope: Scope, body: _Body, send: Send) -> None:
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, body.receive, watched)
        except Refused as refused:
            if started:
                raise
            await problem_response(refused, scope)(scope, body.receive, send)

    def _check(self, scope: Scope, headers: Mapping[str, str]) -> None:
        caller = known_key(headers, self._settings.keys)
        if self._settings.keys and caller is None:
            raise Refused(401, "no_key", "the key is missing or wrong", expected="Authorization: Bearer KEY")
        client: Any = scope.get("client") or ("unknown",)
        wait_s = self._rates.wait_s(caller if caller is not None else str(client[0]))
        if wait_s:
            raise Refused(
                429,
                "too_many_requests",
                f"more than {self._settings.requests_per_minute} requests a minute",
                expected=f"the same again after {wait_s} s",
                retry_after_s=wait_s,
            )
        if scope["method"] == "POST":
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            allowed = (JSON, FORM) if scope["path"] in UPLOAD_PATHS else (JSON,)
            if kind not in allowed:
                raise Refused(
                    415, "wrong_content_type", "the body is of a kind that is not read here", where="content-type",
                    expected=" or ".join(allowed),
                )  # fmt: skip

    def _limit(self, headers: Mapping[str, str]) -> int:
        is_form = headers.get("content-type", "").lower().startswith(FORM)
        return self._settings.max_upload_bytes if is_form else self._settings.max_json_bytes


def known_key(headers: Mapping[str, str], keys: tuple[str, ...]) -> str | None:
    """Name of the key that a request bears, its place in the list; None if it bears none that is known.

    Every key is compared, each in a time that does not depend on how much of it is right.
    """
    kind, _, borne = headers.get("authorization", "").partition(" ")
    given = (borne if kind.lower() == "bearer" else headers.get("x-api-key", "")).strip().encode("utf-8")
    matches = [hmac.compare_digest(given, key.encode("utf-8")) for key in keys]
    return f"key {matches.index(True) + 1}" if any(matches) else None


class _Body:
    """Counts what arrives of a body, and how long it takes."""

    def __init__(self, receive: Receive, limit: int, timeout_s: float) -> None:
        self._receive = receive
        self._limit = limit
        self._timeout_s = timeout_s
        self._until = time.monotonic() + timeout_s
        self._got = 0
        self._is_whole = False

    def refuse_length(self, declared: str) -> None:
        """Refuse by the declared length, before anything is read."""
        if declared.isdecimal() and int(declared) > self._limit:
            raise self._too_large(int(declared))

    async def receive(self) -> Message:
        """The next part of the body; afterwards what the connection says."""
        if self._is_whole:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), max(self._until - time.monotonic(), 0.001))
        except TimeoutError:
            raise Refused(
                408, "slow_body", f"the body did not arrive within {self._timeout_s:g} s", expected="a whole body"
            ) from None
        if message["type"] == "http.request":
            self._got += len(message.get("body", b""))
            self._is_whole = not message.get("more_body", False)
            if self._got > self._limit:
                raise self._too_large(self._got)
        return message

    def _too_large(self, size: int) -> Refused:
        return Refused(
            413, "too_large", f"the body has {size:,} bytes or more", expected=f"at most {self._limit:,} bytes"
        )
