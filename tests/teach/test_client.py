from __future__ import annotations

import sys
import threading

import pytest
from loopback import Received, Step, ask, completion

from sleepcot_utils.errors import ParameterError, TeacherError
from sleepcot_utils.teach.client import Sampling, TeacherRequest
from sleepcot_utils.teach.exchange import prompt_hash


def test_replies_come_sorted_by_task_whatever_order_the_server_answers_in(server, teach, told):
    # The first task is the slowest.
    server.default = lambda received: Step(
        200, completion(f"re {received.prompt}").body, delay_s=0.2 if received.prompt == "a" else 0.0
    )
    requests = ask("c", "a", "b", "d")
    replies = list(teach().answer(requests))
    assert [(reply.task_id, reply.text) for reply in replies] == [(n, f"re {n}") for n in "abcd"]
    first = replies[0]
    assert (first.finish_reason, first.prompt_tokens, first.completion_tokens) == ("stop", 20, 10)
    assert not first.cached and not first.error and first.latency_s >= 0.2
    assert first.prompt_hash == prompt_hash(requests[1].messages)
    assert first.settings["served_model"] == "stand-in-2026-01-01" and first.model == "stand-in"
    assert first.settings["temperature"] == 0.0 and first.settings["max_tokens"] == 1024
    assert "4 replies" in told[0] and "completion tokens" in told[0]
    sent = server.received[0]
    assert sent.path == "/v1/chat/completions"
    assert sent.body["max_tokens"] == 1024 and sent.body["model"] == "stand-in"


def test_requests_overlap_up_to_the_concurrency(server, teach):
    three = threading.Barrier(3)

    def play(_: Received) -> Step:
        three.wait(timeout=10)  # breaks, and the request fails, unless three are in flight together
        return completion()

    server.default = play
    replies = list(teach(concurrency=3, max_retries=0).answer(ask(*"abcdef")))
    assert not any(reply.error for reply in replies)
    assert server.most_at_once == 3


def test_second_run_asks_nothing_and_needs_no_key(server, teach, monkeypatch):
    before = list(teach().answer(ask("a", "b")))
    monkeypatch.delenv("OPENAI_API_KEY")
    after = list(teach().answer(ask("a", "b")))
    assert len(server.received) == 2
    assert all(reply.cached for reply in after)
    assert [r.text for r in after] == [r.text for r in before]
    assert [r.latency_s for r in after] == [r.latency_s for r in before]


@pytest.mark.parametrize(
    "change",
    [
        {"settings": Sampling(temperature=0.7)},
        {"settings": Sampling(max_output_tokens=99)},
        {"settings": Sampling(extra={"response_format": {"type": "json_object"}})},
        {"prompt_version": "2"},
    ],
)
def test_whatever_changes_the_answer_misses_the_cache(server, teach, change):
    list(teach().answer(ask("a")))
    list(teach(**change).answer(ask("a")))
    assert len(server.received) == 2


def test_samples_of_one_task_are_separate_and_seeded(server, teach):
    requests = [*ask("a", sample=1), *ask("a", sample=0)]
    replies = list(teach(settings=Sampling(temperature=1, seed=7)).answer(requests))
    assert [reply.sample for reply in replies] == [0, 1]
    assert sorted(received.body["seed"] for received in server.received) == [7, 8]


def test_samples_without_a_seed_are_asked_one_by_one(server, teach):
    server.script = [completion("one"), completion("two")]
    teacher = teach(settings=Sampling(temperature=1), concurrency=1)
    replies = list(teacher.answer([*ask("a"), *ask("a", sample=1)]))
    assert [reply.text for reply in replies] == ["one", "two"]


def test_equal_prompts_of_two_tasks_are_paid_once(server, teach):
    messages = ({"role": "user", "content": "same"},)
    replies = list(teach().answer([TeacherRequest("b", messages), TeacherRequest("a", messages)]))
    assert len(server.received) == 1
    assert [(reply.task_id, reply.cached) for reply in replies] == [("a", False), ("b", True)]


def test_reasoning_beside_the_text_is_kept(server, teach):
    server.default = lambda _: completion("Go to bed.", reasoning_content="Slept 5 h.")
    for reply in (*teach().answer(ask("a")), *teach().answer(ask("a"))):
        assert (reply.text, reply.reasoning) == ("Go to bed.", "Slept 5 h.")
        assert reply.raw_text == "<think>\nSlept 5 h.\n</think>\n\nGo to bed."


def test_run_that_is_abandoned_goes_on_where_it_was(server, teach):
    gate = threading.Event()

    def play(received: Received) -> Step:
        if len(server.received) > 3:
            gate.wait(timeout=10)
        return completion(f"Answer to: {received.prompt}")

    server.default = play
    names = [f"task-{number:02}" for number in range(8)]
    replies = teach(concurrency=2).answer(ask(*names))
    assert [next(replies).task_id, next(replies).task_id] == names[:2]
    threading.Timer(0.5, gate.set).start()
    replies.close()
    asked = len(server.received)
    assert 2 <= asked < 8
    again = list(teach().answer(ask(*names)))
    # Whatever was in flight when the first run was left is in the cache: nothing was asked twice.
    assert sorted(server.prompts) == names
    assert sum(reply.cached for reply in again) == asked
    assert [reply.text for reply in again] == [f"Answer to: {name}" for name in names]


def test_replay_needs_neither_key_nor_network(server, teach, monkeypatch):
    list(teach().answer(ask("a", "b")))
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setitem(sys.modules, "openai", None)
    assert [reply.text for reply in teach(replay_only=True).answer(ask("a", "b"))] == ["Answer to: a", "Answer to: b"]
    with pytest.raises(TeacherError, match=r"task 'c': the cache has no reply to 1 of 3 requests"):
        list(teach(replay_only=True).answer(ask("a", "b", "c")))
    assert len(server.received) == 2


def test_missing_package_names_the_extra(teach, monkeypatch):
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(TeacherError, match=r"`openai` is not installed.*\[teacher\]"):
        list(teach().answer(ask("a")))


def test_two_tasks_of_one_id_are_refused(teach):
    with pytest.raises(ParameterError, match="task 'a': sample 0 is asked for twice"):
        teach().answer(ask("a", "a"))


@pytest.mark.parametrize("option", [{"concurrency": 0}, {"max_retries": -1}, {"timeout_s": 0}, {"give_up_after": 0}])
def test_options_out_of_range_are_refused(teach, option):
    with pytest.raises(ParameterError, match=next(iter(option))):
        teach(**option)


def test_threads_end_with_the_call(server, teach):
    list(teach().answer(ask("a", "b")))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("teacher")]
