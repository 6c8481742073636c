"""What a server makes of what should not happen: each trial against a real one on loopback, and whether it goes on after.

The server runs in this process, so that a fault can be planted in its student without a back door in the server itself.
"""

from __future__ import annotations

import http.client
import io
import json
import re
import socket
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sleepcot_utils.distill.student import Student
from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.serve.load import CHAT, UNLIMITED, Heard, all_at_once, asked, conversation
from sleepcot_utils.serve.settings import Settings
from sleepcot_utils.serve.waiting import CLIENT_LEFT
from sleepcot_utils.serve.worker import Worker

#: Short limits, so that nobody waits long to see them hold.
LIMITS = Settings(
    max_queue=4, batch_size=2, max_new_tokens=8, body_timeout_s=0.5, restart_wait_s=0.1, requests_per_minute=UNLIMITED
)
QUESTION = conversation([{"role": "user", "content": "How long should adults sleep?"}])
REPORT = "/v1/report"
BORDER = "border"
FORM = {"Content-Type": f"multipart/form-data; boundary={BORDER}"}
FILE = f'--{BORDER}\r\nContent-Disposition: form-data; name="export"; filename="nights.zip"\r\n\r\n'.encode()
CROWD = 24
HUNDRED_MB = 100 * 2**20
MANY_WORDS = "sleep " * 170_000  # a million characters, which is the longest message that is read at all
BOMB_BYTES = 30 * 2**20
WAIT_S, LOOK_S = 120.0, 0.02


@dataclass
class Fault:
    """What is planted in a student.

    Attributes
    ----------
    crashes_left : int
        How many of its next steps fail.
    go, begun : threading.Event
        While the first is clear the student does not go on; the second is set when it begins a step.
    """

    crashes_left: int = 0
    go: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Running:
    """A server in this process, with a student in which faults can be planted."""

    address: tuple[str, int]
    worker: Worker
    fault: Fault

    def answers(self) -> bool:
        """Whether an ordinary question is answered, after the time that a restart may take."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            if asked(self.address, "POST", CHAT, QUESTION).status == 200:
                return True
            time.sleep(0.1)
        return False


@contextmanager
def running(student: Student, limits: Settings = LIMITS) -> Iterator[Running]:
    """Serve a student from this process, on a free port of loopback; the student is as before afterwards."""
    import uvicorn

    from sleepcot_utils.serve.api import create_app  # its libraries are an extra

    fault, forward = Fault(), student.model.forward
    fault.go.set()

    def watched(*given: Any, **named: Any) -> Any:
        fault.begun.set()
        fault.go.wait(WAIT_S)
        if fault.crashes_left:
            fault.crashes_left -= 1
            raise RuntimeError("planted")
        return forward(*given, **named)

    student.model.forward = watched
    worker = Worker(lambda: student, limits)
    worker.start()
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(worker, limits), host="127.0.0.1", port=0, log_config=None, access_log=False,
            timeout_graceful_shutdown=5,
        )
    )  # fmt: skip
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        _until(lambda: server.started)
        yield Running(("127.0.0.1", server.servers[0].sockets[0].getsockname()[1]), worker, fault)
    finally:
        fault.go.set()
        server.should_exit = True
        thread.join(WAIT_S)
        student.model.forward = forward


def trials(student: Student) -> pd.DataFrame:
    """All trials, one after another against one server.

    Returns
    -------
    pandas.DataFrame
        ``trial, status`` (0: the connection was closed without one)``, code, as_meant`` (whether the status is the one
        that the trial calls for)``, retry_after_s, seconds`` and ``goes_on``: whether an ordinary question was answered
        afterwards.
    """
    rows = []
    with running(student) as run:
        for name, (meant, act) in TRIALS.items():
            heard = act(run)
            rows.append(
                {
                    "trial": name,
                    "status": heard.status,
                    "code": _code(heard),
                    "as_meant": heard.status == meant,
                    "retry_after_s": heard.retry_after_s,
                    "seconds": heard.seconds,
                    "goes_on": run.answers(),
                }
            )
    return pd.DataFrame(rows)


def _crowd(run: Running) -> Heard:
    """The worst refusal of a crowd of whom only some have a place: one without a status, then without a time to wait."""
    run.fault.go.clear()
    heard: list[list[Heard]] = []
    many = threading.Thread(target=lambda: heard.extend(all_at_once(run.address, [QUESTION], CROWD, 1)), daemon=True)
    many.start()
    _until(lambda: run.worker.waiting == LIMITS.max_queue)
    run.fault.go.set()
    many.join(WAIT_S)
    refused = [one for (one,) in heard if one.status != 200]
    return max(refused, key=lambda one: (one.status == 0, one.retry_after_s == 0, one.seconds))


def _crash(run: Running) -> Heard:
    run.fault.crashes_left = 1
    return asked(run.address, "POST", CHAT, QUESTION)


def _client_leaves(run: Running) -> Heard:
    """Asks behind another question, leaves, and waits until the server has given the place up; 499 is its own word."""
    before = _left(run)
    run.fault.begun.clear()
    run.fault.go.clear()
    first = threading.Thread(target=asked, args=(run.address, "POST", CHAT, QUESTION), daemon=True)
    first.start()
    _until(run.fault.begun.is_set)
    began = time.perf_counter()
    with socket.create_connection(run.address, timeout=WAIT_S) as link:
        link.sendall(_head(CHAT, len(QUESTION)) + QUESTION)
        _until(lambda: run.worker.waiting == 1)
    _until(lambda: _left(run) > before)
    seconds = time.perf_counter() - began
    run.fault.go.set()
    first.join(WAIT_S)
    return Heard(CLIENT_LEFT, seconds, 0, b"")


def _left(run: Running) -> float:
    text = asked(run.address, "GET", "/metrics").body.decode()
    return sum(float(value) for value in re.findall(rf'_requests_total\{{.*status="{CLIENT_LEFT}".*\}} ([\d.]+)', text))


def _slow_client(run: Running) -> Heard:
    return _raw(run.address, _head(CHAT, len(QUESTION)) + QUESTION[:5])


def _half_an_upload(run: Running) -> Heard:
    """Sends the beginning of a file and closes, as a lost connection does; the server has to notice by itself."""
    before = _left(run)
    began = time.perf_counter()
    with socket.create_connection(run.address, timeout=WAIT_S) as link:
        link.sendall(_head(REPORT, 10_000, FORM["Content-Type"]) + FILE + b"PK\x03\x04")
    _until(lambda: _left(run) > before)
    return Heard(CLIENT_LEFT, time.perf_counter() - began, 0, b"")


def _hundred_megabytes(run: Running) -> Heard:
    return asked(run.address, "POST", REPORT, b" " * HUNDRED_MB)


def _zip_bomb(run: Running) -> Heard:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("nights.csv", b"0" * BOMB_BYTES)
    body = FILE + packed.getvalue() + f"\r\n--{BORDER}--\r\n".encode()
    return asked(run.address, "POST", REPORT, body, FORM)


def _million_tokens(run: Running) -> Heard:
    return asked(run.address, "POST", CHAT, conversation([{"role": "user", "content": MANY_WORDS}]))


#: Each trial with the status that it calls for. A client that is gone hears nothing, so its status is that of the log.
TRIALS: dict[str, tuple[int, Callable[[Running], Heard]]] = {
    f"{CROWD} clients at once, {LIMITS.max_queue} places": (429, _crowd),
    "student crashes": (503, _crash),
    "client leaves": (CLIENT_LEFT, _client_leaves),
    "body comes too slowly": (408, _slow_client),
    "half an upload": (CLIENT_LEFT, _half_an_upload),
    "body of 100 MB": (413, _hundred_megabytes),
    "zip bomb": (400, _zip_bomb),
    "prompt of a million letters": (400, _million_tokens),
    "invalid UTF-8": (400, lambda run: asked(run.address, "POST", CHAT, b'{"messages": "\xff\xfe"}')),
    "no JSON": (400, lambda run: asked(run.address, "POST", CHAT, b'{"messages": [')),
    "wrong content type": (415, lambda run: asked(run.address, "POST", CHAT, b"x", {"Content-Type": "text/plain"})),
    "unknown field": (422, lambda run: asked(run.address, "POST", CHAT, QUESTION[:-1] + b', "tools": []}')),
}


def _head(path: str, length: int, kind: str = "application/json") -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n".encode()
    )


def _raw(address: tuple[str, int], sent: bytes) -> Heard:
    """What is heard after a part of a request, on a connection that stays open."""
    began = time.perf_counter()
    with socket.create_connection(address, timeout=WAIT_S) as link:
        link.sendall(sent)
        answer = http.client.HTTPResponse(link)
        answer.begin()
        body = answer.read()
        wait_s = int(answer.getheader("Retry-After", "0"))
    return Heard(answer.status, time.perf_counter() - began, wait_s, body)


def _code(heard: Heard) -> str:
    try:
        return str(json.loads(heard.body)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > end:
            raise ArtifactError("the server did not come to the state that a trial needs", where="trials of the server")
        time.sleep(LOOK_S)
