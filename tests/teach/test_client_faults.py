from __future__ import annotations

import subprocess
import sys
import time

import pytest
from loopback import Received, Step, ask, completion, cut_short, dribbled, dropped, error, late, records, reset

from sleepcot_utils.errors import TeacherError
from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.teach.cache import ReplyCache
from sleepcot_utils.teach.client import OpenAITeacher, TeacherReply


def test_too_many_requests_waits_as_told(server, teach):
    server.script = [error(429, code="rate_limit_exceeded", retry_after="0.4")]
    (reply,) = teach().answer(ask("a"))
    assert reply.text == "Answer to: a"
    assert server.received[1].time_s - server.received[0].time_s >= 0.4


def test_server_error_and_dropped_connection_are_retried(server, teach):
    server.script = [error(500, retry_after_ms="10"), dropped()]
    (reply,) = teach().answer(ask("a"))
    assert reply.text == "Answer to: a" and len(server.received) == 3


def test_reset_connection_is_retried_and_then_named(server, teach):
    server.script = [reset()]
    (reply,) = teach().answer(ask("a"))
    assert reply.text == "Answer to: a" and len(server.received) == 2
    server.default = lambda _: reset()
    (reply,) = teach(max_retries=0).answer(ask("b"))
    assert reply.error.startswith("failed: Connection error.")


def test_body_cut_short_is_retried(server, teach):
    server.script = [cut_short()]
    (reply,) = teach().answer(ask("a"))
    assert reply.text == "Answer to: a" and len(server.received) == 2


def test_failing_item_does_not_lose_the_others(server, teach, told, tmp_path):
    def play(received: Received) -> Step:
        return error(500, retry_after_ms="1") if received.prompt == "b" else completion("fine")

    server.default = play
    replies = list(teach(max_retries=1).answer(ask("a", "b", "c")))
    assert [reply.text for reply in replies] == ["fine", "", "fine"]
    assert replies[1].error == "failed: status 500: no"
    assert "1 of 3" in told[-1] and "task 'b'" in told[-1]
    assert [record["kind"] for record in records(tmp_path)].count("failure") == 1
    # A failure is recorded but is no hit.
    server.default = lambda _: completion("at last")
    again = list(teach().answer(ask("a", "b", "c")))
    assert [(reply.text, reply.cached) for reply in again] == [("fine", True), ("at last", False), ("fine", True)]


def test_slow_reply_times_out(server, teach):
    server.default = lambda _: late(5.0)
    begin = time.monotonic()
    (reply,) = teach(timeout_s=0.15, max_retries=0).answer(ask("a"))
    assert time.monotonic() - begin < 4
    assert reply.error.startswith("failed: Request timed out")


def test_too_many_requests_without_a_word_on_waiting_is_retried_later(server, teach):
    server.script = [error(429, code="rate_limit_exceeded")]
    (reply,) = teach().answer(ask("a"))
    assert reply.text == "Answer to: a" and len(server.received) == 2
    # The SDK's own growing, random wait begins at 0.5 s less a quarter.
    assert server.received[1].time_s - server.received[0].time_s >= 0.3


def test_reply_that_dribbles_for_ever_is_given_up(server, teach):
    # A byte each 0.05 s is never silent for the 5 s of the time-out, and would take a quarter of a minute.
    server.default = lambda _: dribbled(0.05)
    begin = time.monotonic()
    (reply,) = teach(timeout_s=5.0, longest_reply_s=0.4, max_retries=0).answer(ask("a"))
    assert 0.3 <= time.monotonic() - begin < 4
    assert reply.error.startswith("failed: Request timed out") and "longer than 0.4 s" in reply.error


def test_reply_that_dribbles_and_ends_in_time_is_whole(server, teach):
    server.default = lambda _: dribbled(0.0005)
    (reply,) = teach(timeout_s=0.2, longest_reply_s=30.0, max_retries=0).answer(ask("a"))
    assert reply.text.startswith("Rationale: short nights.") and not reply.error


def test_empty_account_fails_fast_and_keeps_what_was_paid(server, teach):
    server.script = [completion("paid"), error(429, code="insufficient_quota", message="You exceeded your quota")]
    replies: list[TeacherReply] = []
    with pytest.raises(TeacherError, match=r"no money or quota left.*exceeded your quota"):
        replies.extend(teach(concurrency=1).answer(ask("a", "b", "c")))
    assert len(server.received) == 2  # no retry of b, and c never asked
    assert next(iter(teach().answer(ask("a")))).text == "paid"


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (error(404, code="model_not_found"), "no such model or address"),
        (error(402), "no money or quota"),
        (Step(307, b"", {"location": "https://elsewhere.example/v1"}), "redirects"),
    ],
)
def test_hopeless_answers_stop_at_once(server, teach, step, said):
    server.default = lambda _: step
    with pytest.raises(TeacherError, match=said):
        list(teach(concurrency=1).answer(ask("a", "b")))
    assert len(server.received) == 1


def test_gives_up_after_failures_in_a_row(server, teach):
    server.default = lambda _: error(400, message="max_tokens is not supported")
    with pytest.raises(TeacherError, match="3 requests in a row failed.*max_tokens is not supported"):
        list(teach(concurrency=1, give_up_after=3).answer(ask(*"abcdefgh")))
    assert len(server.received) == 3


def test_server_that_is_down_is_named(teach, told, tmp_path):
    teacher = OpenAITeacher(
        "m", cache=ReplyCache(tmp_path / "c"), base_url="http://127.0.0.1:9/v1", max_retries=0, report=told.append
    )
    (reply,) = teacher.answer(ask("a"))
    assert reply.error.startswith("failed: Connection error.")


@pytest.mark.parametrize(
    "body",
    [b"<html>gateway</html>", b'{"choices": [', b'{"error": {"message": "upstream"}}', b"[]", b'{"choices": [7]}'],
)
def test_malformed_body_is_kept_raw_and_asked_again(server, teach, tmp_path, body):
    server.script = [Step(200, body)]
    (reply,) = teach().answer(ask("a"))
    assert reply.error.startswith("malformed:") and reply.text == ""
    stored = records(tmp_path)
    assert [record["kind"] for record in stored] == ["response", "failure"]
    assert stored[0]["body"] == body.decode()
    (reply,) = teach().answer(ask("a"))
    assert reply.text == "Answer to: a" and not reply.cached


@pytest.mark.parametrize(
    ("step", "finish_reason", "said"),
    [
        (completion("half of", finish_reason="length"), "length", "truncated"),
        (completion(None, refusal="I can't help."), "stop", "refused: I can't help."),
        (completion("", finish_reason="content_filter"), "content_filter", "refused: content filter"),
        (completion(" \n"), "stop", "empty"),
        (completion(None), "stop", "empty"),
    ],
)
def test_unusable_replies_come_back_with_a_reason_and_are_paid_once(server, teach, step, finish_reason, said):
    server.default = lambda _: step
    (reply,) = teach().answer(ask("a"))
    assert (reply.finish_reason, reply.error) == (finish_reason, said)
    (again,) = teach().answer(ask("a"))
    assert again.cached and again.error == said and len(server.received) == 1


def test_run_that_is_killed_pays_only_for_what_was_in_flight_again(server, teach, tmp_path):
    server.default = lambda received: Step(200, completion(f"Answer to: {received.prompt}").body, delay_s=0.05)
    names = [f"task-{number:02}" for number in range(30)]
    program = (
        "import sys, pathlib\n"
        "from sleepcot_utils.teach.client import OpenAITeacher, TeacherRequest\n"
        "from sleepcot_utils.teach.cache import ReplyCache\n"
        "cache = ReplyCache(pathlib.Path(sys.argv[2]))\n"
        "messages = lambda name: ({'role': 'system', 'content': 'Reason.'}, {'role': 'user', 'content': name})\n"
        "requests = [TeacherRequest(name, messages(name)) for name in sys.argv[3:]]\n"
        "list(OpenAITeacher('stand-in', cache=cache, base_url=sys.argv[1], concurrency=2).answer(requests))\n"
    )
    path = tmp_path / "cache.jsonl"
    child = subprocess.Popen(
        [sys.executable, "-c", program, server.url, str(path), *names], cwd=PROJECT_ROOT, stdout=subprocess.DEVNULL
    )
    begin = time.monotonic()
    while len(server.received) < 10 and time.monotonic() - begin < 30:
        time.sleep(0.005)
    child.kill()
    child.wait()
    time.sleep(0.1)  # lets the server see the last requests of the dead
    asked = len(server.received)
    assert 10 <= asked < 30
    replies = list(teach(concurrency=2).answer(ask(*names)))
    assert [reply.text for reply in replies] == [f"Answer to: {name}" for name in names]
    assert 30 <= len(server.received) <= 32
    assert sum(reply.cached for reply in replies) >= asked - 2
