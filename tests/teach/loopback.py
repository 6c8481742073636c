"""An OpenAI-compatible server on a loopback port that does what a test has scripted, mishaps included."""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sleepcot_utils.teach.exchange import TeacherRequest

#: Looks like a key and opens nothing.
KEY = "sk-test-4f9c8e7d6b5a49382716"


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    time_s: float

    @property
    def prompt(self) -> str:
        """Content of the last message."""
        return self.body["messages"][-1]["content"]


@dataclass
class Step:
    """How one request is answered. With neither status nor raw bytes, the connection is dropped."""

    status: int | None = None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    announced: int | None = None
    delay_s: float = 0.0
    dribble_s: float = 0.0
    reset: bool = False


def completion(
    text: str | None = "Rationale: short nights. Answer: go to bed earlier.",
    *,
    finish_reason: str = "stop",
    usage: tuple[int, int] | None = (20, 10),
    **message: Any,
) -> Step:
    """A chat completion; further fields go into its message."""
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "stand-in-2026-01-01",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish_reason,
                "message": {"role": "assistant", "content": text, **message},
            }
        ],
    }
    if usage is not None:
        body["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1], "total_tokens": sum(usage)}
    return Step(200, json.dumps(body).encode())


def error(status: int, *, code: str | None = None, message: str = "no", **headers: str) -> Step:
    """An error body as OpenAI writes it."""
    body = {"error": {"message": message, "type": "some_error", "code": code}}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Step(status, json.dumps(body).encode(), names)


def dropped() -> Step:
    """The connection closes before a byte of the response."""
    return Step()


def reset() -> Step:
    """The connection is reset, rather than closed."""
    return Step(reset=True)


def cut_short() -> Step:
    """The connection closes in the middle of the body."""
    whole = completion()
    return Step(200, whole.body[:40], announced=len(whole.body))


def late(seconds: float) -> Step:
    """A completion that comes after a silence."""
    step = completion()
    step.delay_s = seconds
    return step


def dribbled(seconds: float) -> Step:
    """A completion that comes byte by byte, with a pause after each."""
    step = completion()
    step.dribble_s = seconds
    return step


def ask(*names: str, sample: int = 0) -> list[TeacherRequest]:
    """A request a name, whose last message is the name."""
    return [
        TeacherRequest(name, ({"role": "system", "content": "Reason."}, {"role": "user", "content": name}), sample)
        for name in names
    ]


def records(folder: Path) -> list[dict[str, Any]]:
    """The lines of the cache that the fixture `teach` keeps in a folder."""
    return [json.loads(line) for line in (folder / "cache.jsonl").read_text().splitlines()]


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that were killed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Loopback:
    """The scripted server. Steps of `script` are used up in order; after them `default` answers."""

    def __init__(self) -> None:
        self.script: list[Step] = []
        self.default: Callable[[Received], Step] = lambda received: completion(f"Answer to: {received.prompt}")
        self.received: list[Received] = []
        self.written: list[str] = []
        #: Answers everything but chat completions, such as files and batches.
        self.desk: Callable[[str, str, bytes], Step] | None = None
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Base URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    @property
    def prompts(self) -> list[str]:
        """Last messages of all requests, in the order of arrival."""
        return [received.prompt for received in self.received]

    @contextmanager
    def running(self) -> Iterator[Loopback]:
        """Serve for the length of a context."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def _next(self, received: Received) -> Step:
        with self._lock:
            self.received.append(received)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            scripted = self.script.pop(0) if self.script else None
        return scripted or self.default(received)

    def _done(self) -> None:
        with self._lock:
            self.at_once -= 1

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._play(loopback.desk("GET", self.path, b"") if loopback.desk else error(404))

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                if not self.path.endswith("/chat/completions"):
                    self._play(loopback.desk("POST", self.path, raw) if loopback.desk else error(404))
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                received = Received(self.path, headers, json.loads(raw), time.monotonic())
                step = loopback._next(received)
                try:
                    self._play(step)
                    loopback.written.append(received.prompt)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the client has given up waiting
                finally:
                    loopback._done()

            def _play(self, step: Step) -> None:
                if step.delay_s:
                    time.sleep(step.delay_s)
                if step.status is None:
                    if step.reset:
                        # To linger for 0 s sends RST in place of FIN.
                        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        self.connection.close()
                    self.close_connection = True
                    return
                self.send_response(step.status)
                for name, value in {"content-type": "application/json", **step.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(step.announced or len(step.body)))
                self.end_headers()
                if step.dribble_s:
                    for byte in step.body:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                        time.sleep(step.dribble_s)
                else:
                    self.wfile.write(step.body)
                self.close_connection = step.announced is not None

            def log_message(self, *_: object) -> None:
                """Keep the test's output clean."""

        return Handler
