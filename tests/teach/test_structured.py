"""Answers by schema and by marks: what is read, what is sent back, and what is counted."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jsonschema
import pytest

# Under `--import-mode=importlib` a test folder is on no path, so that its helpers need this.
sys.path.insert(0, str(Path(__file__).parent))

from loopback import Step, completion, error

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND
from sleepcot_utils.teach.answering import SAMPLING_TEMPERATURE, collect_answers, requests_for, settings_for
from sleepcot_utils.teach.exchange import TeacherReply
from sleepcot_utils.teach.prompts import MODES, messages_for_teacher, prompt_version
from sleepcot_utils.teach.registry import teachers
from sleepcot_utils.teach.structured import (
    FORMS,
    form_for,
    messages_in_form,
    read_reply,
    response_format,
    version_in_form,
    words,
)

GOOD = json.dumps({"rationale": ["372 under 420.", "So short."], "answer": "Sleep more."})


@pytest.fixture(scope="module")
def tasks(study):
    """One task of each kind."""
    return [next(task for task in study.tasks if task.kind == kind) for kind in (RECOMMEND, FOLLOW_UP, KNOWLEDGE)]


def reply(text: str, problem: str = "", reasoning: str = "") -> TeacherReply:
    return TeacherReply("t", text, reasoning, "stop", 1, 1, 0.1, "h", "m", {}, False, problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD, ""),
        (f"```json\n{GOOD}\n```", ""),
        (f"  {GOOD}\n", ""),
        ('{"rationale": ["a"], "ans', "not_json"),
        ("Reasoning:\na\nAnswer:\nb", "not_json"),
        ("[1]", "not_json"),
        (f"{GOOD}{GOOD}", "not_json"),
        ('{"answer": "b"}', "wrong_fields"),
        ('{"rationale": "a", "answer": "b"}', "wrong_fields"),
        ('{"rationale": [1], "answer": "b"}', "wrong_fields"),
        ('{"rationale": ["a"], "answer": "b", "diagnosis": "c"}', "wrong_fields"),
        ('{"rationale": [], "answer": "b"}', "empty_fields"),
        ('{"rationale": ["a"], "answer": " "}', "empty_fields"),
    ],
)
def test_json_is_read_or_its_fault_is_named(text, problem) -> None:
    for form in ("json_schema", "json_object"):
        reading = read_reply(reply(text), form)
        assert reading.problem == problem and reading.mendable == bool(problem)
        if not problem:
            assert (reading.rationale, reading.answer) == ("372 under 420.\nSo short.", "Sleep more.")


@pytest.mark.parametrize(
    ("text", "problem", "read"),
    [
        ("Reasoning:\na\nAnswer:\nb", "", ("a", "b")),
        ("Reasoning:\na, so b.", "no_answer_mark", ("", "")),
        ("Reasoning:\na\nAnswer:\n ", "no_answer_text", ("", "")),
    ],
)
def test_marked_text_is_read_or_its_fault_is_named(text, problem, read) -> None:
    reading = read_reply(reply(text), "none")
    assert (reading.rationale, reading.answer, reading.problem) == (*read, problem)


def test_without_reasoning_the_whole_text_is_the_answer() -> None:
    reading = read_reply(reply("Sleep more."), "none", reasoned=False)
    assert (reading.rationale, reading.answer, reading.problem) == ("", "Sleep more.", "")


@pytest.mark.parametrize(
    ("problem", "mendable"),
    [("truncated", True), ("empty", True), ("refused: no", False), ("failed: status 500", False)],
)
def test_only_cut_and_empty_replies_go_back(problem, mendable) -> None:
    for form in FORMS:
        assert read_reply(reply("half", problem), form).mendable is mendable


def test_the_schema_takes_what_the_reader_takes() -> None:
    schema = response_format("json_schema")["response_format"]["json_schema"]
    assert schema["strict"] is True
    # OpenAI's strict schemas need every property required and nothing else allowed.
    assert sorted(schema["schema"]["properties"]) == sorted(schema["schema"]["required"])
    assert schema["schema"]["additionalProperties"] is False
    jsonschema.validate(json.loads(GOOD), schema["schema"])
    for wrong in ({"answer": "b"}, {"rationale": "a", "answer": "b"}, {"rationale": [], "answer": "b", "more": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema["schema"])
    assert response_format("json_object") == {"response_format": {"type": "json_object"}}
    assert response_format("none") == {}


def test_a_prompt_in_json_shows_its_examples_in_json(tasks) -> None:
    for task in tasks:
        plain = messages_for_teacher(task, "few_shot_cot")
        changed = messages_in_form(plain, "json_schema")
        assert [m["role"] for m in changed] == [m["role"] for m in plain]
        assert changed[0]["content"] == f"{plain[0]['content']}\n\n{words()['instruction']}"
        assert "JSON" in changed[0]["content"], "OpenAI refuses json_object without the word in the prompt"
        shown = [m["content"] for m in changed if m["role"] == "assistant"]
        assert shown
        for text, before in zip(shown, [m["content"] for m in plain if m["role"] == "assistant"], strict=True):
            reading = read_reply(reply(text), "json_schema")
            assert reading.problem == ""
            assert before == f"Reasoning:\n{reading.rationale}\nAnswer:\n{reading.answer}"
        assert changed[-1] == plain[-1]
        assert messages_in_form(plain, "none") == plain


def test_modes_without_reasoning_stay_plain() -> None:
    assert {mode: form_for(mode, "json_schema") for mode in MODES} == {
        "zero_shot": "none",
        "few_shot": "none",
        "cot": "json_schema",
        "few_shot_cot": "json_schema",
    }
    with pytest.raises(ParameterError, match="no form 'xml'"):
        form_for("cot", "xml")


def test_versions_name_all_words_that_were_sent() -> None:
    plain = prompt_version("cot", "recommend")
    versions = {version_in_form(plain, form, repaired=again) for form in ("none", "json_schema") for again in (0, 1)}
    assert plain in versions and len(versions) == 4 and all(version.startswith(plain) for version in versions)


def asked(teach, tasks, form="json_schema", **options):
    settings = settings_for(teachers()["openai-gpt-4o"], form=form)
    teacher = teach(settings=settings, concurrency=1, **options)
    return collect_answers(teacher.answer, requests_for(tasks, form=form), form=form)


def test_what_is_wrong_goes_back_once_and_is_mended(server, teach, tasks) -> None:
    first = '{"rationale": "one text", "answer": "b"}'
    server.script = [completion(first, usage=(100, 10)), completion(GOOD, usage=(150, 20))]
    result = asked(teach, tasks[:1])
    (answer,) = result.answers
    assert (answer.rationale, answer.answer) == ("372 under 420.\nSo short.", "Sleep more.")
    assert answer.tokens == 30, "both attempts were paid"
    assert result.counts == {"answers": 1, "repaired": 1, "first: wrong_fields": 1}
    sent, again = (received.body for received in server.received)
    assert sent["response_format"]["type"] == "json_schema" == again["response_format"]["type"]
    assert again["messages"][:-2] == sent["messages"]
    assert again["messages"][-2] == {"role": "assistant", "content": first}
    assert words()["problems"]["wrong_fields"] in again["messages"][-1]["content"]
    assert "Reasoning:" not in again["messages"][-1]["content"]
    assert "+json-" in answer.prompt_version and "+repair-" in answer.prompt_version


def test_what_is_wrong_twice_has_failed(server, teach, tasks) -> None:
    server.default = lambda _: completion("not what was asked for")
    result = asked(teach, tasks)
    assert result.counts == {"answers": 3, "failed": 3, "first: not_json": 3}
    assert all((answer.rationale, answer.answer) == ("", "") for answer in result.answers)
    assert len(server.received) == 6
    assert "3 failed" in result.sentence() and "Sent back once: 3 not_json." in result.sentence()
    # Neither is asked a third time by the next run.
    assert asked(teach, tasks).counts == result.counts and len(server.received) == 6


@pytest.mark.parametrize(
    ("step", "counts"),
    [
        (completion(GOOD[:30], finish_reason="length"), {"repaired": 1, "first: truncated": 1}),
        (completion(""), {"repaired": 1, "first: empty": 1}),
        (completion(None), {"repaired": 1, "first: empty": 1}),
        (Step(200, b'{"choices": [{"mess'), {"repaired": 1, "first: malformed": 1}),
        (completion(None, refusal="I can't help with that."), {"failed": 1, "refused": 1}),
        (completion("", finish_reason="content_filter"), {"failed": 1, "refused": 1}),
        (error(400, message="bad"), {"failed": 1, "no reply": 1}),
    ],
)
def test_each_fault_is_mended_or_counted(server, teach, tasks, step, counts) -> None:
    server.script = [step]
    server.default = lambda _: completion(GOOD)
    assert asked(teach, tasks[:1]).counts == {"answers": 1, **counts}


def test_an_answer_without_text_goes_back_with_a_turn_that_is_not_empty(server, teach, tasks) -> None:
    server.script = [completion("")]
    server.default = lambda _: completion(GOOD)
    asked(teach, tasks[:1])
    assert server.received[1].body["messages"][-2]["content"] == "(no text)"


def test_plain_text_stays_for_servers_without_schemas(server, teach, tasks) -> None:
    server.script = [completion("no mark")]
    server.default = lambda _: completion("Reasoning:\na\nAnswer:\nb")
    result = asked(teach, tasks[:1], form="none")
    assert (result.answers[0].rationale, result.answers[0].answer) == ("a", "b")
    assert "response_format" not in server.received[0].body
    assert server.received[0].body["messages"] == messages_for_teacher(tasks[0], "few_shot_cot")
    assert '"Reasoning:" before "Answer:"' in server.received[1].prompt
    assert "+json-" not in result.answers[0].prompt_version


def test_samples_differ_in_address_and_are_told_apart(server, teach, tasks) -> None:
    numbers = iter(range(10))
    server.default = lambda _: completion(f"Reasoning:\na\nAnswer:\nnumber {next(numbers)}")
    settings = settings_for(teachers()["vllm"], samples=3)
    assert settings.temperature == SAMPLING_TEMPERATURE > 0
    teacher = teach(settings=settings, concurrency=1)
    result = collect_answers(teacher.answer, requests_for(tasks[:2], samples=3))
    assert [answer.seed for answer in result.answers] == [0, 1, 2, 0, 1, 2]
    assert len({answer.answer for answer in result.answers}) == 6 == len(server.received)
    assert settings_for(teachers()["vllm"]).temperature == 0.0
    with pytest.raises(ParameterError, match="samples is 0"):
        requests_for(tasks, samples=0)


def test_each_kind_of_task_carries_its_own_version(tasks) -> None:
    versions = [request.prompt_version for request in requests_for(tasks)]
    assert versions == [prompt_version("few_shot_cot", task.kind) for task in tasks] and len(set(versions)) == 3
