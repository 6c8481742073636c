from __future__ import annotations

import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.teach.exchange import Sampling, TeacherRequest, content_hash, in_order, prompt_hash

HELLO = ({"role": "user", "content": "hello"},)


@pytest.mark.parametrize(
    ("messages", "place"),
    [
        ((), "no message"),
        (({"role": "user"},), "message 1"),
        ((*HELLO, {"role": "wizard", "content": "x"}), "message 2"),
        (({"role": "user", "content": ["x"]},), "message 1"),
        (({"role": "user", "content": "x", "name": "Ann"},), "message 1"),
        (({"role": "user", "content": "\ud83d"},), "lone surrogate"),
    ],
)
def test_wrong_messages_are_refused_by_task_and_place(messages, place):
    with pytest.raises(ParameterError, match=f"task 't'.*{place}"):
        TeacherRequest("t", messages)


def test_wrong_task_or_sample_is_refused():
    with pytest.raises(ParameterError, match="no task_id"):
        TeacherRequest("", HELLO)
    with pytest.raises(ParameterError, match="sample is -1"):
        TeacherRequest("t", HELLO, sample=-1)


def test_order_is_by_task_and_sample():
    requests = [TeacherRequest(name, HELLO, sample) for name, sample in (("b", 0), ("a", 1), ("a", 0))]
    assert [(request.task_id, request.sample) for request in in_order(requests)] == [("a", 0), ("a", 1), ("b", 0)]


def test_hashes_depend_on_content_not_on_key_order():
    assert content_hash({"a": 1, "b": "é"}) == content_hash({"b": "é", "a": 1})
    assert content_hash({"a": 1}) != content_hash({"a": 2})
    assert prompt_hash(HELLO) == prompt_hash([{"content": "hello", "role": "user"}]) != prompt_hash([*HELLO, *HELLO])
    # A stored study must still be found by later versions: the address of a known value is fixed.
    assert content_hash([]) == "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"


def test_body_of_sampling_settings():
    assert Sampling(temperature=0, seed=5).body(2) == {"max_tokens": 1024, "temperature": 0.0, "seed": 7}
    assert content_hash(Sampling(temperature=0).body()) == content_hash(Sampling(temperature=0.0).body())
    reasoning = Sampling(temperature=None, limit_field="max_completion_tokens", extra={"reasoning_effort": "low"})
    assert reasoning.body() == {"max_completion_tokens": 1024, "reasoning_effort": "low"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -0.1},
        {"temperature": float("nan")},
        {"top_p": 0},
        {"max_output_tokens": 0},
        {"limit_field": "limit"},
        {"extra": {"n": 4}},
        {"extra": {"stream": True}},
    ],
)
def test_settings_out_of_range_are_refused_by_name(wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        Sampling(**wrong)
