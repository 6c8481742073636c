"""What an operator sees: one line of JSON a request, and counts for Prometheus. Neither holds anything of a body.

A line names the path by its route, the status, times and sizes. It holds no question, no answer, no value, no file
name, no key, no address and no text of an exception, because texts of exceptions quote what they are about.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
import uuid
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sleepcot_utils.serve.problems import problem_response
from sleepcot_utils.serve.questions import Refused
from sleepcot_utils.serve.waiting import CLIENT_LEFT
from sleepcot_utils.serve.worker import Worker

LOGGER = logging.getLogger("sleepcot.serve")
#: Ids of the caller are kept only where they can't be a name or a telephone number.
REQUEST_ID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}")
UNKNOWN_PATH = "other"
#: From an answer of the rules alone to one at the time limit.
BUCKETS_S = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0)
FAILED = Refused(500, "failed", "the server failed; its log says where")


class Observing:
    """Numbers, times and counts each request, as an ASGI middleware; the outermost one."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry, paths: frozenset[str]) -> None:
        self._app = app
        self._paths = paths
        names = ("path", "status")
        self._requests = Counter("sleepcot_requests", "Requests by path and status", names, registry=registry)
        self._seconds = Histogram(
            "sleepcot_request_seconds", "Seconds to the end of the answer", ("path",), registry=registry,
            buckets=BUCKETS_S,
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = request_id = _request_id(scope)
        began = time.perf_counter()
        status, sent = CLIENT_LEFT, 0

        async def watched(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id.encode())]}
            sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            state["code"] = "client_left"
        except Exception as problem:  # noqa: BLE001 - further out its text would be logged, which quotes values
            if status == CLIENT_LEFT:  # nothing has been sent yet
                await problem_response(FAILED, scope)(scope, receive, watched)
            state |= {"code": type(problem).__name__, "at": _place(problem)}
        finally:
            path = scope["path"] if scope["path"] in self._paths else UNKNOWN_PATH
            seconds = time.perf_counter() - began
            self._requests.labels(path, str(status)).inc()
            self._seconds.labels(path).observe(seconds)
            log(
                "request", request_id=request_id, method=_method(scope), path=path, status=status,
                code=state.get("code", ""), at=state.get("at", ""), seconds=round(seconds, 4), bytes_sent=sent,
            )  # fmt: skip


class WorkerMetrics:
    """Counts of a worker, read when they are asked for."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def collect(self) -> Iterator[Metric]:
        """All metrics of the worker; called by the registry."""
        counts = self._worker.counts
        yield GaugeMetricFamily("sleepcot_ready", "1 if the student takes questions", float(self._worker.is_ready))
        yield GaugeMetricFamily("sleepcot_waiting", "Questions in the queue", self._worker.waiting)
        for name, about, value in (
            ("batches", "Batches that were answered", counts.batches),
            ("answers", "Questions that were answered", counts.answers),
            ("tokens", "Tokens that the student said", counts.tokens),
            ("crashes", "Times that the student stopped", counts.crashes),
            ("cancelled", "Questions that nobody waited for any more", counts.cancelled),
        ):
            yield CounterMetricFamily(f"sleepcot_{name}", about, value)


def log(event: str, **fields: object) -> None:
    """Write one line of JSON; `fields` must hold nothing that a person wrote or measured."""
    LOGGER.info(json.dumps({"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "event": event} | fields))


def start_logging() -> None:
    """Send the lines to standard error, and nothing else with them."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    LOGGER.handlers = [handler]
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False


def _request_id(scope: Scope) -> str:
    """The caller's id of a request if it is a plain one, else a new one."""
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _place(problem: BaseException) -> str:
    """Module and line in which an exception was raised."""
    frames = traceback.extract_tb(problem.__traceback__)
    return f"{Path(frames[-1].filename).stem}:{frames[-1].lineno}" if frames else ""


def _method(scope: Scope) -> str:
    known = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    return scope["method"] if scope["method"] in known else UNKNOWN_PATH
