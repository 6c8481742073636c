"""How many answers a second does the server give, and how long does one take, as clients grow from 1 to 64?

Starts `sleepcot_utils.serve` on a free port of loopback in a process of its own and lets clients ask follow-up questions
in the chat, each the next one when it has its answer. Prints one JSON line a number of clients and a table: answers a
second, median and 99th percentile of the seconds to an answer, mean size of a batch. Then overload: three times as many
clients as the queue holds, all at once; every one must hear 200 or 429 with Retry-After, and ``slowest_refusal_s`` says
how long the slowest of those had to wait. ``hung`` counts clients that heard nothing within the time limit.

    python tests/benchmarks/bench_serve.py --student data/runs/laptop/students/cot-s1 --clients 1,4,16,64
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
START_S, ANSWER_S = 180.0, 120.0
QUEUE = 64
ANSWERS_A_CLIENT = 4


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--student", default=str(ROOT / "data" / "embedded_student"), help="folder of a student")
    parser.add_argument("--clients", default="", help="numbers of clients, with commas (default: 1,2,4,8,16,32,64)")
    parser.add_argument("--max-new-tokens", type=int, default=60, help="longest answer, in tokens")
    parser.add_argument("--full", action="store_true", help="ten times as many answers a client")
    options = parser.parse_args()
    each = ANSWERS_A_CLIENT * (10 if options.full else 1)
    rows = []
    with running(options.student, options.max_new_tokens) as address:
        asked_of(address, "Am I tired?")  # the first answer pays for what is loaded late
        for clients in (int(text) for text in (options.clients or "1,2,4,8,16,32,64").split(",")):
            rows.append(measure(address, clients, each))
            print(json.dumps(rows[-1]), flush=True)
        print(pd.DataFrame(rows).to_string(index=False))
        print(json.dumps(overload(address, 3 * QUEUE)), flush=True)


@contextmanager
def running(student: str, max_new_tokens: int) -> Iterator[str]:
    """Address of a server in a process of its own, ready to answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "sleepcot_utils.serve", "--student", student, "--port", str(port)]
    command += ["--device", "cpu", "--max-queue", str(QUEUE), "--max-new-tokens", str(max_new_tokens)]
    command += ["--requests-per-minute", "1000000", "--answer-timeout", str(ANSWER_S)]
    variables = {name: value for name, value in os.environ.items() if name != "SLEEPCOT_API_KEY"}
    with subprocess.Popen(command, cwd=ROOT, env=variables, stderr=subprocess.DEVNULL) as server:
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_until_ready(address, server)
            yield address
        finally:
            server.terminate()


def measure(address: str, clients: int, each: int) -> dict[str, float]:
    """Answers a second and seconds to an answer with so many clients at once."""
    before = _counts(address)
    began = time.perf_counter()
    heard = _all_at_once(address, clients, each)
    seconds = time.perf_counter() - began
    after = _counts(address)
    took = [spent for status, spent, _ in heard if status == 200]
    return {
        "clients": clients,
        "answers": len(took),
        "answers_a_second": round(len(took) / seconds, 2),
        "p50_s": round(float(np.percentile(took, 50)), 3),
        "p99_s": round(float(np.percentile(took, 99)), 3),
        "tokens_a_second": round((after["tokens"] - before["tokens"]) / seconds, 1),
        "mean_batch": round((after["answers"] - before["answers"]) / (after["batches"] - before["batches"]), 2),
        "refused": sum(status == 429 for status, _, _ in heard),
    }


def overload(address: str, clients: int) -> dict[str, float]:
    """What more clients than the queue holds hear."""
    heard = _all_at_once(address, clients, 1)
    refusals = [(spent, wait) for status, spent, wait in heard if status == 429]
    return {
        "clients": clients,
        "answered": sum(status == 200 for status, _, _ in heard),
        "refused": len(refusals),
        "with_retry_after": sum(wait > 0 for _, wait in refusals),
        "slowest_refusal_s": round(max((spent for spent, _ in refusals), default=0.0), 3),
        "other": sum(status not in (0, 200, 429) for status, _, _ in heard),
        "hung": sum(status == 0 for status, _, _ in heard),
    }


def asked_of(address: str, question: str) -> tuple[int, float, int]:
    """Status of one answer (0 for none), the seconds until it was there, and the seconds of Retry-After."""
    body = json.dumps({"messages": [{"role": "user", "content": question}]}).encode()
    request = urllib.request.Request(
        f"{address}/v1/chat/completions", body, {"Content-Type": "application/json", "Host": "127.0.0.1"}
    )
    began = time.perf_counter()
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_S + 10) as answer:
            answer.read()
            return answer.status, time.perf_counter() - began, 0
    except urllib.error.HTTPError as refused:
        return refused.code, time.perf_counter() - began, int(refused.headers.get("Retry-After", 0))
    except OSError:
        return 0, time.perf_counter() - began, 0


def _all_at_once(address: str, clients: int, each: int) -> list[tuple[int, float, int]]:
    heard: list[tuple[int, float, int]] = []

    def ask_on(number: int) -> None:
        for turn in range(each):
            heard.append(asked_of(address, f"I slept {360 + number + turn} minutes. Is that enough?"))

    threads = [threading.Thread(target=ask_on, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return heard


def _counts(address: str) -> dict[str, float]:
    with urllib.request.urlopen(f"{address}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    return {name: float(value) for name, value in re.findall(r"^sleepcot_(\w+)_total ([\d.e+]+)$", text, re.MULTILINE)}


def _wait_until_ready(address: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if server.poll() is not None:
            raise SystemExit("the server ended; start it by hand to read why: python -m sleepcot_utils.serve")
        try:
            with urllib.request.urlopen(f"{address}/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit(f"the server was not ready within {START_S:g} s")


if __name__ == "__main__":
    main()
