"""A load test on loopback: a server in a process of its own, and clients that ask it all at once.

The clients are a *closed loop*: each asks its next question when it has the answer to its last, as people in a
conversation do. So there are never more questions under way than clients; where strangers arrive at their own pace,
waits near the limit are longer than these.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil

from sleepcot_utils.errors import ArtifactError, ParameterError
from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.serve.settings import KEY_VARIABLE

#: Libraries of the extra ``serve``.
NEEDED = ("fastapi", "prometheus_client", "python_multipart", "uvicorn")
START_S, ANSWER_S, COUNTING_S = 180.0, 120.0, 30.0
#: Beyond what any client here asks for, so that the queue and not the rate decides what is refused.
UNLIMITED = 1_000_000
CHAT = "/v1/chat/completions"
#: A count of the worker in the server's metrics.
COUNT = re.compile(r"^sleepcot_(\w+)_total (\S+)$", re.MULTILINE)
#: How often clients of an overload come as the queue and the student together have places.
OVER = 3


@dataclass(frozen=True)
class Heard:
    """What one client heard.

    Attributes
    ----------
    status : int
        HTTP status; 0 if the connection gave none.
    seconds : float
        From the first byte sent to the last byte read.
    retry_after_s : int
        What a refusal asked for; 0 if it did not say.
    body : bytes
        The answer.
    """

    status: int
    seconds: float
    retry_after_s: int
    body: bytes

    @property
    def text(self) -> str:
        """What the student said, of an answer of the chat interface."""
        return str(json.loads(self.body)["choices"][0]["message"]["content"])


@dataclass(frozen=True)
class Served:
    """A server that runs."""

    address: tuple[str, int]
    process: subprocess.Popen[bytes]
    max_queue: int
    batch_size: int

    @property
    def peak_mib(self) -> float:
        """The most memory that its process ever held, by the kernel's own count; elsewhere what it holds now."""
        status = Path(f"/proc/{self.process.pid}/status")
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE) if status.exists() else None
        return int(found[1]) / 1024 if found else psutil.Process(self.process.pid).memory_info().rss / 2**20

    @property
    def processor_s(self) -> float:
        """Processor time that it has used."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def counts(self) -> dict[str, float]:
        """The server's own counts, from its metrics; ``answered`` are requests to the chat that ended with 200."""
        text = asked(self.address, "GET", "/metrics").body.decode()
        counts = {name: float(value) for name, value in COUNT.findall(text)}
        answered = re.search(rf'^sleepcot_requests_total\{{path="{CHAT}",status="200"\}} (\S+)$', text, re.MULTILINE)
        return counts | {"answered": float(answered[1]) if answered else 0.0}


def serving_is_possible() -> bool:
    """Whether the libraries of the extra ``serve`` are installed."""
    return all(importlib.util.find_spec(name) is not None for name in NEEDED)


@contextmanager
def served(
    student: Path, *, max_new_tokens: int, max_queue: int = 64, batch_size: int = 16, threads: int = 1
) -> Iterator[Served]:
    """Start a server on a free port of loopback, ready to answer; it is ended on the way out.

    Raises
    ------
    ArtifactError
        If it ended by itself, or was not ready in time; the message is its last line.
    """
    from sleepcot_utils.serve import __main__ as program  # its libraries are an extra

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = ("127.0.0.1", free.getsockname()[1])
    options = {
        "student": str(student), "port": address[1], "device": "cpu", "max-new-tokens": max_new_tokens,
        "max-queue": max_queue, "batch-size": batch_size, "requests-per-minute": UNLIMITED, "answer-timeout": ANSWER_S,
    }  # fmt: skip
    command = [sys.executable, "-m", program.__name__]
    command += [part for name, value in options.items() for part in (f"--{name}", str(value))]
    variables = {name: value for name, value in os.environ.items() if name != KEY_VARIABLE}
    variables["OMP_NUM_THREADS"] = str(threads)
    with subprocess.Popen(
        command, cwd=PROJECT_ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_until_ready(address, process)
            yield Served(address, process, max_queue, batch_size)
        finally:
            process.terminate()


def asked(
    address: tuple[str, int],
    method: str,
    path: str,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    timeout_s: float = ANSWER_S + 10,
) -> Heard:
    """One request on a connection of its own."""
    began = time.perf_counter()
    link = http.client.HTTPConnection(*address, timeout=timeout_s)
    try:
        link.request(method, path, content, {"Content-Type": "application/json", **(headers or {})})
        answer = link.getresponse()
        body = answer.read()
        return Heard(answer.status, time.perf_counter() - began, int(answer.getheader("Retry-After", "0")), body)
    except (OSError, http.client.HTTPException):
        return Heard(0, time.perf_counter() - began, 0, b"")
    finally:
        link.close()


def conversation(messages: Sequence[Mapping[str, str]]) -> bytes:
    """Body of a request to the chat interface."""
    return json.dumps({"messages": list(messages)}).encode()


def all_at_once(address: tuple[str, int], questions: Sequence[bytes], clients: int, each: int) -> list[list[Heard]]:
    """What every client heard; all begin together, and each asks the next question when it has an answer."""
    heard: list[list[Heard]] = [[] for _ in range(clients)]
    start = threading.Barrier(clients)

    def ask_on(client: int) -> None:
        start.wait()
        for turn in range(each):
            question = questions[(client + turn * clients) % len(questions)]
            heard[client].append(asked(address, "POST", CHAT, question))

    threads = [threading.Thread(target=ask_on, args=(client,), daemon=True) for client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return heard


def measured(server: Served, questions: Sequence[bytes], clients: int, answers: int) -> dict[str, float]:
    """Answers a second, and seconds to an answer, with so many clients at once.

    Parameters
    ----------
    answers : int
        How many are asked for in all, at least; each client asks for the same number, and for two at least.

    Returns
    -------
    dict
        ``clients, answers, answers_per_s, p50_s, p99_s, tokens_per_s, mean_batch, refused``; ``counted``, the answers by
        the server's own count; ``processor_s``, the processor time of one answer, which other work of the machine does
        not lengthen; and ``core_share``, how much of one core the server got.
    """
    each = max(2, -(-answers // clients))
    before, busy_s = server.counts(), server.processor_s
    began = time.perf_counter()
    heard = [one for client in all_at_once(server.address, questions, clients, each) for one in client]
    seconds = time.perf_counter() - began
    busy_s = server.processor_s - busy_s
    took = [one.seconds for one in heard if one.status == 200]
    after = _counts_of(server, before["answered"] + len(took))
    if not took:
        raise ArtifactError("the server gave no answer", where="load test", expected="a student that answers")
    more = {name: after[name] - before[name] for name in ("answers", "answered", "batches", "tokens")}
    return {
        "clients": clients,
        "answers": len(took),
        "answers_per_s": len(took) / seconds,
        "p50_s": float(np.percentile(took, 50)),
        "p99_s": float(np.percentile(took, 99)),
        "tokens_per_s": more["tokens"] / seconds,
        "mean_batch": more["answers"] / more["batches"],
        "refused": sum(one.status == 429 for one in heard),
        "counted": more["answered"],
        "processor_s": busy_s / len(took),
        "core_share": busy_s / seconds,
    }


def load_table(server: Served, questions: Sequence[bytes], clients: Sequence[int], answers: int) -> pd.DataFrame:
    """One row a number of clients, in their order; the first answer, which pays for what is loaded late, is not counted.

    Raises
    ------
    ParameterError
        Without questions or clients.
    """
    if not questions or not clients or min(clients) < 1:
        raise ParameterError("there is nobody to ask", where="clients", expected="numbers of 1 or more, and questions")
    before = server.counts()["answered"]
    first = asked(server.address, "POST", CHAT, questions[0])
    _counts_of(server, before + (first.status == 200))
    return pd.DataFrame([measured(server, questions, number, answers) for number in clients])


def overload(server: Served, questions: Sequence[bytes]) -> dict[str, Any]:
    """What everybody hears when several times as many come at once as the queue and the student have places.

    Returns
    -------
    dict
        ``clients``, how many were ``answered`` (200), ``refused`` (429), refused ``with_retry_after``, told that it takes
        too long (504, ``late``), heard something ``other``, or ``hung`` (nothing within the time limit), and
        ``slowest_refusal_s``.
    """
    clients = OVER * (server.max_queue + server.batch_size)
    heard = [one for client in all_at_once(server.address, questions, clients, 1) for one in client]
    refusals = [one for one in heard if one.status == 429]
    return {
        "clients": clients,
        "answered": sum(one.status == 200 for one in heard),
        "refused": len(refusals),
        "with_retry_after": sum(one.retry_after_s > 0 for one in refusals),
        "slowest_refusal_s": max((one.seconds for one in refusals), default=0.0),
        "late": sum(one.status == 504 for one in heard),
        "other": sum(one.status not in (0, 200, 429, 504) for one in heard),
        "hung": sum(one.status == 0 for one in heard),
    }


def _counts_of(server: Served, answered: float) -> dict[str, float]:
    """The server's counts as soon as they hold so many answers: it counts one after its last byte has left."""
    end = time.monotonic() + COUNTING_S
    while (counts := server.counts())["answered"] < answered and time.monotonic() < end:
        time.sleep(0.05)
    return counts


def _wait_until_ready(address: tuple[str, int], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        if asked(address, "GET", "/ready", timeout_s=5).status == 200:
            return
        time.sleep(0.2)
    raise ArtifactError(
        "the server ended by itself" if process.poll() is not None else f"the server was not ready in {START_S:g} s",
        where="load test",
        expected="one that starts; `python -m sleepcot_utils.serve` says why it does not",
    )
