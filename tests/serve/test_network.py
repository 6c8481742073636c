"""Nothing calls out: training, the server and a notebook's kernel, each in a process whose attempts are written down.

The guard is loaded by Python itself at the start of every process, those that are started by others too. It sees what goes
through Python's sockets; a library that opens its own in native code would pass it by.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.serve.load import CHAT, asked, conversation, served

GUARD = """
import os, socket, sys
HERE = {"127.0.0.1", "::1", "localhost", "", None, b"localhost", b"127.0.0.1", "0.0.0.0", socket.gethostname()}

def watch(event, given):
    if event in ("socket.connect", "socket.sendto"):
        address = given[1]
        told = address[0] if isinstance(address, tuple) else ""  # a path of this machine
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyname_ex"):
        told = given[0]
    else:
        return
    if told not in HERE:
        with open(os.environ["NETWORK_LOG"], "a") as log:
            log.write(f"{event} {told} {sys.argv[:2]}\\n")
        raise OSError("refused by the test")
    
open(os.environ["NETWORK_LOG"] + ".guarded", "a").write(f"{os.getpid()}\\n")
sys.addaudithook(watch)
"""
TRAIN = """
import sys
from pathlib import Path
from sleepcot_utils.distill.encoding import encode_conversation
from sleepcot_utils.distill.generation import ask
from sleepcot_utils.distill.packing import pack
from sleepcot_utils.distill.student import load_student, save_student
from sleepcot_utils.distill.training import Recipe, train
from sleepcot_utils.knowledge import load_cards
from sleepcot_utils.tasks.build import knowledge_task
student = load_student(sys.argv[1], device="cpu")
talk = [{"role": "user", "content": "I slept 5 h."}, {"role": "assistant", "content": "Sleep more."}]
rows = [pack([[encode_conversation(student.tokenizer, talk, 500)]])] * 4
recipe = Recipe(max_steps=2, batch_size=2, learning_rate=0.001, eval_every_steps=2, patience=1, seed=1)
done = train(student, rows, rows[:1], recipe, Path(sys.argv[2]) / "work", say=lambda line: None)
save_student(student, Path(sys.argv[2]) / "saved")
card = load_cards()[0]
task = knowledge_task(card, "test", 1, card.phrasings.test[0])
(answer,) = ask(load_student(str(Path(sys.argv[2]) / "saved"), device="cpu"), [task], source="t", seed=0, max_new_tokens=4)
assert done.steps == 2 and answer.tokens
"""
NOTEBOOK = """
import sys, nbformat
from nbclient import NotebookClient
code = "import torch, transformers, datasets, evaluate, sleepcot_utils.figures, sleepcot_utils.score.answers; print(6 * 7)"
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
NotebookClient(notebook, kernel_name="python3", timeout=300).execute()
assert notebook.cells[0].outputs[-1].text.strip().endswith("42")
"""


@pytest.fixture
def guarded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Puts the guard before all else in processes that are started from here; the file in which attempts stand."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    log = tmp_path / "network.log"
    before = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(tmp_path / "guard"), str(PROJECT_ROOT), before]).rstrip(os.pathsep)
    )
    monkeypatch.setenv("NETWORK_LOG", str(log))
    # What a user has who sets nothing: the libraries may do as they like.
    for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "TRANSFORMERS_OFFLINE", "DO_NOT_TRACK"):
        monkeypatch.delenv(name, raising=False)
    return log


def attempts(log: Path) -> str:
    assert log.with_name("network.log.guarded").exists(), "the guard was loaded"
    return log.read_text(encoding="utf-8") if log.exists() else ""


def run(program: str, *given: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(program), *map(str, given)]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_guard_sees_and_refuses(guarded: Path) -> None:
    run(
        """
        import socket, urllib.request
        for act in (lambda: socket.create_connection(("192.0.2.1", 9), timeout=1),
                    lambda: urllib.request.urlopen("http://example.invalid/", timeout=1)):
            try:
                act()
            except OSError as problem:
                assert "refused by the test" in str(problem), problem
            else:
                raise AssertionError("it passed")
        """
    )
    found = attempts(guarded)
    assert "192.0.2.1" in found and "example.invalid" in found


def test_training_and_answering_call_nobody(guarded: Path, tiny_folder: Path, tmp_path: Path) -> None:
    run(TRAIN, tiny_folder, tmp_path)
    assert attempts(guarded) == ""


def test_the_server_calls_nobody(guarded: Path, tiny_folder: Path) -> None:
    question = conversation([{"role": "user", "content": "How long should adults sleep?"}])
    with served(tiny_folder, max_new_tokens=4) as server:
        assert asked(server.address, "POST", CHAT, question).status == 200
        knowledge = json.dumps({"question": "Do cats dream?"}).encode()
        assert asked(server.address, "POST", "/v1/knowledge", knowledge).status == 200
        assert asked(server.address, "GET", "/docs").status == 200
    assert attempts(guarded) == ""


def test_a_kernel_of_a_notebook_calls_nobody(guarded: Path) -> None:
    run(NOTEBOOK)
    processes = set(guarded.with_name("network.log.guarded").read_text(encoding="utf-8").split())
    assert len(processes) >= 2, "the kernel is a process of its own, and guarded too"
    assert attempts(guarded) == ""
