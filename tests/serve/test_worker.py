"""Many at once, overload, a crash, clients that leave, an end in good order."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from dataclasses import replace

import httpx
import pytest
import uvicorn

from sleepcot_utils.distill.generation import ask
from sleepcot_utils.errors import ParameterError
from sleepcot_utils.serve import worker as worker_module
from sleepcot_utils.serve.__main__ import main
from sleepcot_utils.serve.chat import whole_sentences
from sleepcot_utils.serve.questions import Refused
from sleepcot_utils.serve.settings import Settings, keys_of
from sleepcot_utils.serve.worker import Worker
from sleepcot_utils.tasks.build import RECOMMEND

CHAT = {"messages": [{"role": "user", "content": "How long should I sleep?"}]}
SSE_END = "[DONE]"


@pytest.fixture(scope="module")
def tasks(study):
    return [task for task in study.tasks if task.kind == RECOMMEND][:5]


def events(text: str) -> list[dict]:
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert lines[-1] == SSE_END
    return [json.loads(line) for line in lines[:-1]]


@pytest.fixture
def slow(monkeypatch):
    """Makes the student wait in each batch until it is let go."""
    go, begun = threading.Event(), threading.Event()
    real = worker_module.continued

    def waiting(*given, **options):
        begun.set()
        assert go.wait(20)
        return real(*given, **options)

    monkeypatch.setattr(worker_module, "continued", waiting)
    yield begun, go
    go.set()


def test_batches_answer_as_one_by_one(tiny_student, settings, tasks) -> None:
    alone = [ask(tiny_student, [task], source="tiny", seed=0, max_new_tokens=8)[0] for task in tasks]
    worker = Worker(lambda: tiny_student, replace(settings, batch_wait_s=0.3), source="tiny")
    worker.start()

    async def all_at_once():
        return await asyncio.gather(*(worker.ask(task).future for task in tasks))

    together = asyncio.run(all_at_once())
    worker.stop()
    assert [(a.answer, a.tokens, a.finish_reason) for a in together] == [
        (a.answer, a.tokens, a.finish_reason) for a in alone
    ]
    assert list(worker.counts.sizes) == [len(tasks)], "one call for all of them"
    assert len({answer.answer for answer in alone}) > 1


def test_each_question_has_its_own_length(tiny_student, settings, tasks) -> None:
    worker = Worker(lambda: tiny_student, replace(settings, batch_wait_s=0.3))
    worker.start()

    async def two():
        asked = [worker.ask(tasks[0], max_new_tokens=length) for length in (2, 6)]
        return await asyncio.gather(*(question.future for question in asked))

    short, long = asyncio.run(two())
    worker.stop()
    assert (short.tokens, long.tokens) == (2, 6)


def test_overload_is_refused_at_once(opened, slow) -> None:
    begun, go = slow
    with opened(max_queue=2, batch_size=1) as client:
        statuses: list[int] = []
        threads = [
            threading.Thread(target=lambda: statuses.append(client.post("/v1/chat/completions", json=CHAT).status_code))
            for _ in range(3)
        ]
        threads[0].start()
        assert begun.wait(20)
        for thread in threads[1:]:
            thread.start()
        _until(lambda: client.worker.waiting == 2)
        began = time.perf_counter()
        answer = client.post("/v1/chat/completions", json=CHAT)
        assert answer.status_code == 429 and answer.json()["error"]["code"] == "queue_full"
        assert int(answer.headers["retry-after"]) >= 1 and time.perf_counter() - began < 5
        assert client.get("/ready").json()["waiting"] == 2
        go.set()
        for thread in threads:
            thread.join(30)
        assert statuses == [200] * 3


def test_no_answer_in_time_is_said(opened, slow) -> None:
    with opened(answer_timeout_s=0.5) as client:
        answer = client.post("/v1/chat/completions", json=CHAT)
        assert answer.status_code == 504 and answer.json()["error"]["code"] == "too_slow"
        slow[1].set()
        _until(lambda: client.worker.waiting == 0)


def test_a_crash_is_survived(opened, monkeypatch) -> None:
    real = worker_module.continued
    left = [1]

    def fails_once(*given, **options):
        if left:
            left.pop()
            raise RuntimeError("planted")
        return real(*given, **options)

    monkeypatch.setattr(worker_module, "continued", fails_once)
    with opened() as client:
        answer = client.post("/v1/chat/completions", json=CHAT)
        assert answer.status_code == 503 and answer.json()["error"]["code"] == "worker_crashed"
        assert "planted" not in answer.text
        _until(lambda: client.get("/ready").status_code == 200)
        assert client.post("/v1/chat/completions", json=CHAT).status_code == 200
        assert "sleepcot_crashes_total 1.0" in client.get("/metrics").text


def test_a_student_that_can_not_come_back_is_said(opened, tiny_student, monkeypatch) -> None:
    loads = iter([tiny_student])

    def load():
        for student in loads:
            return student
        raise ParameterError("its folder is gone", where="student")

    monkeypatch.setattr(worker_module, "continued", lambda *_, **__: 1 / 0)
    with opened(load) as client:
        assert client.post("/v1/chat/completions", json=CHAT).status_code == 503
        ready = client.get("/ready")
        assert ready.status_code == 503 and ready.json()["reason"] and ready.headers["retry-after"]
        refused = client.post("/v1/chat/completions", json=CHAT)
        assert refused.status_code == 503 and refused.json()["error"]["code"] == "not_ready"
        assert client.get("/health").status_code == 200


def test_stream_says_what_the_whole_answer_says(client) -> None:
    whole = client.post("/v1/chat/completions", json=CHAT).json()
    streamed = client.post("/v1/chat/completions", json=CHAT | {"stream": True})
    assert streamed.headers["content-type"].startswith("text/event-stream")
    told = events(streamed.text)
    content = "".join(event["choices"][0]["delta"].get("content", "") for event in told)
    assert content.strip() == whole["choices"][0]["message"]["content"].strip() != ""
    assert told[-1]["choices"][0]["finish_reason"] == whole["choices"][0]["finish_reason"]
    assert told[-1]["sleepcot"] == whole["sleepcot"]
    assert whole["usage"]["completion_tokens"] == 8


@pytest.mark.parametrize(
    ("said", "shown", "reason"),
    [
        ("Reasoning: aha.\nAnswer: Keep your hours. Rise at one time.", "Keep your hours. Rise at one time.", "stop"),
        ("Answer: Keep your hours. Take 3 mg of melatonin. Sleep well.", None, "content_filter"),
    ],
)
def test_stream_sends_whole_sentences_that_pass(opened, tiny_student, monkeypatch, said, shown, reason) -> None:
    tokens = [*tiny_student.tokenizer(said, add_special_tokens=False)["input_ids"], tiny_student.tokenizer.eos_token_id]

    def speaks(model, prompts, families, *, watch, **_):
        for token in tokens:
            watch([0], [token])
            time.sleep(0.01)
        return [tokens]

    monkeypatch.setattr(worker_module, "continued", speaks)
    with opened(max_new_tokens=400) as client:
        told = events(client.post("/v1/chat/completions", json=CHAT | {"stream": True}).text)
    pieces = [event["choices"][0]["delta"].get("content", "") for event in told]
    content = "".join(pieces)
    assert "aha" not in content and "3 mg" not in content
    assert content == shown or shown is None
    assert content.startswith("Keep your hours."), "what came before had passed"
    assert told[-1]["choices"][0]["finish_reason"] == reason
    assert len([piece for piece in pieces if piece.strip()]) > 1, "in pieces"


def test_whole_sentences() -> None:
    assert whole_sentences("One. Two. Thr") == "One. Two. "
    assert whole_sentences("One.") == ""


def test_client_that_leaves_gives_its_place_up(listening, slow) -> None:
    begun, go = slow
    with listening(batch_size=1) as (address, worker, _):
        first = threading.Thread(target=lambda: httpx.post(f"{address}/v1/chat/completions", json=CHAT, timeout=30))
        first.start()
        assert begun.wait(20)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{address}/v1/chat/completions", json=CHAT, timeout=httpx.Timeout(20, read=0.5))
        _until(lambda: worker._waiting[0].is_cancelled)
        go.set()
        first.join(30)
        _until(lambda: worker.counts.cancelled == 1)
        assert worker.counts.answers == 1


def test_slow_client_is_cut_off(listening) -> None:
    import socket

    begun = (
        b"POST /v1/knowledge HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b'Content-Length: 30\r\n\r\n{"quest'
    )
    with (
        listening(body_timeout_s=0.3) as (address, _, __),
        socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=20) as link,
    ):
        link.sendall(begun)
        assert b" 408 " in link.recv(4096)


def test_end_finishes_what_has_begun(listening, slow) -> None:
    begun, go = slow
    answers: list[httpx.Response] = []
    with listening() as (address, worker, server):
        thread = threading.Thread(
            target=lambda: answers.append(httpx.post(f"{address}/v1/chat/completions", json=CHAT, timeout=30))
        )
        thread.start()
        assert begun.wait(20)
        server.should_exit = True
        _until(lambda: not any(item.sockets for item in server.servers) or _is_closed(address))
        go.set()
        thread.join(30)
    assert [answer.status_code for answer in answers] == [200]
    assert not worker.is_ready


def _is_closed(address: str) -> bool:
    try:
        httpx.get(f"{address}/health", timeout=5)
    except httpx.ConnectError:
        return True
    return False


def _until(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not come about in time"
        time.sleep(0.02)


def test_missing_and_damaged_students_stop_the_start(tmp_path, tiny_folder, capsys, monkeypatch) -> None:
    import shutil

    monkeypatch.setattr(uvicorn, "run", lambda *_, **__: pytest.fail("it must not listen"))
    assert main(["--student", str(tmp_path)]) == 2
    assert "there is no student here" in capsys.readouterr().err
    damaged = tmp_path / "damaged"
    shutil.copytree(tiny_folder, damaged)
    weights = next(damaged.glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:1000])
    assert main(["--student", str(damaged)]) == 2
    said = capsys.readouterr().err
    assert "student" in said and "Traceback" not in said and str(tmp_path) not in said


def test_no_key_no_listening_beyond_loopback(monkeypatch, capsys) -> None:
    monkeypatch.delenv("SLEEPCOT_API_KEY", raising=False)
    assert main(["--host", "0.0.0.0"]) == 2
    assert "SLEEPCOT_API_KEY" in capsys.readouterr().err
    with pytest.raises(ParameterError, match="too short"):
        Settings(keys=("short",)).checked()
    assert keys_of({"SLEEPCOT_API_KEY": "a, b"}) == ("a", "b") and keys_of({}) == ()
    assert Settings(host="0.0.0.0", keys=("k" * 32,)).checked()


def test_a_worker_that_ends_answers_what_waits(tiny_student, settings, tasks) -> None:
    worker = Worker(lambda: tiny_student, replace(settings, batch_wait_s=0.2))
    worker.start()

    async def ask_and_end():
        question = worker.ask(tasks[0])
        await asyncio.to_thread(worker.stop)
        with pytest.raises(Refused):
            worker.ask(tasks[1])
        return await question.future

    assert asyncio.run(ask_and_end()).tokens == 8
