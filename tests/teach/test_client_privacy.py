from __future__ import annotations

import json
import logging
import socket
import traceback

import pytest
from loopback import KEY, Step, ask, completion, error

from sleepcot_utils.errors import TeacherError
from sleepcot_utils.teach.cache import ReplyCache
from sleepcot_utils.teach.client import OpenAITeacher, TeacherRequest
from sleepcot_utils.teach.exchange import prompt_hash


def test_refused_key_is_one_clear_error_without_the_key(server, teach, tmp_path):
    said = f"Incorrect API key provided: {KEY}. Or sk-te***2716."
    server.default = lambda _: error(401, code="invalid_api_key", message=said)
    with pytest.raises(TeacherError, match=r"refused the API key.*valid key in OPENAI_API_KEY") as caught:
        list(teach(concurrency=1).answer(ask("a", "b")))
    assert len(server.received) == 1
    for text in (str(caught.value), (tmp_path / "cache.jsonl").read_text()):
        assert KEY not in text and "sk-te" not in text


def test_key_shows_nowhere(server, teach, tmp_path, caplog, capsys, monkeypatch):
    caplog.set_level(logging.DEBUG)
    server.script = [
        completion(f"I saw {KEY} in a header"),  # a debugging proxy that echoes
        Step(500, KEY.encode(), {"retry-after-ms": "1"}),
        Step(500, KEY.encode(), {"retry-after-ms": "1"}),
        Step(200, f"not JSON {KEY}".encode()),
    ]
    teacher = teach(concurrency=1, max_retries=1)
    replies = list(teacher.answer(ask("a", "b", "c")))
    assert server.received[0].headers["authorization"] == f"Bearer {KEY}"
    server.default = lambda _: error(401, message=f"Incorrect: {KEY}")
    with pytest.raises(TeacherError) as caught:
        list(teacher.answer(ask("d")))
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    seen = [
        repr(replies),
        repr(teacher),
        repr(vars(teacher)),
        "".join(shown.format()),
        caplog.text,
        str(capsys.readouterr()),
        *(path.read_text() for path in tmp_path.rglob("*") if path.is_file()),
    ]
    assert all(KEY not in text for text in seen)
    assert replies[0].text == "I saw [key] in a header"


def test_account_names_of_openai_stay_away_from_others(server, teach, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-mine")
    list(teach().answer(ask("a")))
    assert "of-mine" not in repr(server.received[0].headers)


def test_local_request_ignores_proxies(server, teach, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    (reply,) = teach(max_retries=0).answer(ask("a"))
    assert reply.error == ""


def test_remote_host_needs_consent(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    cache = ReplyCache(tmp_path / "c.jsonl")
    with pytest.raises(TeacherError, match=r"api\.openai\.com.*leave this machine.*allow_remote"):
        OpenAITeacher("gpt-4o", cache=cache)
    OpenAITeacher("gpt-4o", cache=cache, replay_only=True)
    with pytest.raises(TeacherError, match="leave this machine"):
        OpenAITeacher("m", cache=cache, base_url="http://gpu-server.lan:8000/v1")


def test_remote_host_gets_masked_content_only(server, tmp_path, told, monkeypatch):
    # The name resolves to the stand-in; for the client it is a host elsewhere.
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: real(_plain(host, "127.0.0.1"), *rest, **more)
    )
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    server.default = lambda received: completion(f"Ok [name 1], on [day 0]: {received.prompt}")
    teacher = OpenAITeacher(
        "m",
        cache=ReplyCache(tmp_path / "c.jsonl"),
        base_url=server.url.replace("127.0.0.1", "teacher.example"),
        allow_remote=True,
        report=told.append,
    )
    content = "person_id 4702921684, Ann Berg (ann@mail.example): 410 min on 2016-04-12, 300 min on 2016-04-11"
    request = TeacherRequest("a", ({"role": "user", "content": content},), private_terms=("Ann Berg",))
    (reply,) = teacher.answer([request])
    sent = json.dumps(server.received[0].body) + json.dumps(server.received[0].headers)
    stored = (tmp_path / "c.jsonl").read_text()
    for secret in ("4702921684", "Ann", "Berg", "mail.example", "2016"):
        assert secret not in sent and secret not in stored
    assert server.prompts[0] == "person_id [id 1], [name 1] ([email 1]): 410 min on [day 0], 300 min on [day -1]"
    assert reply.text == f"Ok Ann Berg, on 2016-04-12: {content}"
    assert reply.prompt_hash == prompt_hash(request.messages)


def _plain(host: str | bytes, address: str) -> str | bytes:
    return address if host in ("teacher.example", b"teacher.example") else host
