"""A run that is killed, started again, and counted at the server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

# Under `--import-mode=importlib` a test folder is on no path, so that its helpers need this.
sys.path.insert(0, str(Path(__file__).parent))

from loopback import KEY, Received, Step, completion

from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.tasks.answers import read_answers
from sleepcot_utils.tasks.build import KNOWLEDGE, write_tasks
from sleepcot_utils.teach.registry import MODEL_VARIABLE, URL_VARIABLE

CONCURRENCY = 3


@pytest.fixture(scope="module")
def tasks(study):
    return sorted((task for task in study.tasks if task.kind == KNOWLEDGE), key=lambda task: task.task_id)[:40]


@pytest.fixture
def start(server, tasks, tmp_path):
    """Starts the command line as a process of its own."""
    pytest.importorskip("openai")
    write_tasks(tmp_path / "tasks.jsonl", tasks)
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    environment |= {URL_VARIABLE: server.url, MODEL_VARIABLE: "stand-in", "SLEEPCOT_TEACHER_API_KEY": KEY}
    command = [sys.executable, "-m", "sleepcot_utils.teach", "--teacher", "custom", "--tasks"]
    command += [str(tmp_path / "tasks.jsonl"), "--concurrency", str(CONCURRENCY)]

    def run(*more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*command, *more],
            cwd=PROJECT_ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    return run


def identity(messages: list[dict[str, str]]) -> str:
    """All that a request says: repairs of different tasks end with the same words."""
    return json.dumps(messages, sort_keys=True)


def kept(folder: Path) -> set[str]:
    """Requests whose response is in the cache; a torn line is passed over."""
    found = set()
    for line in (folder / "answers_custom.cache.jsonl").read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if record["kind"] == "response":
            found.add(identity(record["request"]["messages"]))
    return found


def test_nothing_that_was_answered_is_asked_twice_after_kills(server, tasks, start, tmp_path) -> None:
    # Every third answer has to go back once, so that kills meet repairs too.
    unmarked = {task.messages[-1]["content"] for task in tasks[::3]}

    def play(received: Received) -> Step:
        text = "no mark" if received.prompt in unmarked else "Reasoning:\na\nAnswer:\nb"
        return Step(200, completion(text).body, delay_s=0.03)

    def asked() -> Counter[str]:
        return Counter(identity(received.body["messages"]) for received in server.received)

    server.default = play
    answered: set[str] = set()
    # The second one meets the repairs: 40 tasks, and at most 3 that were in flight at the first kill.
    for target in (15, 47):
        child = start()
        begin = time.monotonic()
        while len(server.received) < target and time.monotonic() - begin < 60 and child.poll() is None:
            time.sleep(0.002)
        assert child.poll() is None, "the run ended before it could be killed"
        child.kill()
        child.wait()
        time.sleep(0.2)  # lets the server see the last requests of the dead
        answered |= kept(tmp_path)
    whole = len(tasks) + len(unmarked)
    assert len(tasks) < len(answered) < whole
    asked_before = asked()
    child = start()
    said, _ = child.communicate(timeout=120)
    assert child.returncode == 0, said
    times = asked()
    assert len(times) == whole
    assert all(times[one] == asked_before[one] for one in answered), "something kept was asked again"
    # What was in flight at a kill is asked again: at most so many at each kill, and nothing else.
    assert sum(times.values()) - whole <= 2 * CONCURRENCY
    answers = read_answers(tmp_path / "answers_custom.jsonl")
    assert [answer.task_id for answer in answers] == [task.task_id for task in tasks]
    assert all(answer.answer == "b" for answer in answers)
    assert KEY not in said
    count = len(server.received)
    assert start().wait(timeout=120) == 0
    assert len(server.received) == count, "a finished run asks nothing"
