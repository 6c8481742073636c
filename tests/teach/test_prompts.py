"""Prompts of teachers: what each mode says, what none may know, and a hash that notices changes."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import pytest
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.tasks.build import FOLLOW_UP, GUIDE, KNOWLEDGE, RECOMMEND
from sleepcot_utils.tasks.drivers import drivers
from sleepcot_utils.tasks.follow_up import follow_ups
from sleepcot_utils.tasks.reading import split_answer
from sleepcot_utils.teach import prompts
from sleepcot_utils.teach.exemplars import choose
from sleepcot_utils.teach.prompts import (
    KINDS,
    MODES,
    few_shot_messages,
    messages_for_teacher,
    prompt_hash,
    prompt_version,
    repair_messages,
    system_prompt,
)
from sleepcot_utils.teach.templates import environment, rendered

#: Kinds with worked examples; training advice is asked for without any.
EXAMPLED = [kind for kind in KINDS if kind != GUIDE]


def task_of(study, kind: str):
    return next(task for task in study.tasks if task.kind == kind)


@pytest.mark.parametrize("kind", EXAMPLED)
def test_few_shot_prompt_is_instruction_exemplars_task(study, kind: str) -> None:
    task = task_of(study, kind)
    messages, chosen = few_shot_messages(task), choose(task, 3)
    assert [message["role"] for message in messages] == ["system", *["user", "assistant"] * len(chosen), "user"]
    assert messages[-1] == task.messages[-1], "a task is asked in its own words"
    assert [message["content"] for message in messages[1:-1:2]] == [one.user for one in chosen]
    for one, message in zip(chosen, messages[2::2], strict=False):
        assert split_answer(message["content"]) == (one.rationale, one.answer)


@pytest.mark.parametrize("shots", [0, 1, 2, 3])
def test_shots_are_counted(study, shots: int) -> None:
    assert len(few_shot_messages(task_of(study, FOLLOW_UP), shots)) == 2 + 2 * shots


@pytest.mark.parametrize("kind", EXAMPLED)
@pytest.mark.parametrize("mode", MODES)
def test_a_mode_shows_and_asks_for_what_its_name_says(study, mode: str, kind: str) -> None:
    messages = messages_for_teacher(task_of(study, kind), mode)
    shown = [message["content"] for message in messages if message["role"] == "assistant"]
    assert bool(shown) == mode.startswith("few_shot")
    assert ("worked examples" in messages[0]["content"]) == bool(shown)
    reasons = mode.endswith("cot")
    assert ('"Reasoning:"' in messages[0]["content"]) == reasons and '"Answer:"' in messages[0]["content"]
    assert all(("Reasoning:" in text) == reasons and "Answer:" in text for text in shown)


def test_without_shots_no_examples_are_promised(study) -> None:
    task = task_of(study, RECOMMEND)
    assert messages_for_teacher(task, "few_shot_cot", shots=0) == messages_for_teacher(task, "cot")
    assert messages_for_teacher(task, "few_shot", shots=0) == messages_for_teacher(task, "zero_shot")


@pytest.mark.parametrize("mode", MODES)
def test_the_instruction_says_what_a_teacher_may_know(mode: str) -> None:
    said = system_prompt(RECOMMEND, mode)
    assert all(driver.phrase in said for driver in drivers().values())
    assert "Do not diagnose" in said and "dose" in said and "<<" in said and "clinician" in said
    assert not re.search(r"\{[{%#]|[%#}]\}|\n{3}", said)


def test_the_red_flag_of_the_instruction_is_that_of_the_norms() -> None:
    (limit,) = re.findall(r"oxygen at (\d+) % or less", system_prompt())
    norm = fact_norms()["lowest_oxygen"]
    assert norm.judge(float(limit), 40, 14)[0] == "act" and norm.judge(float(limit) + 1, 40, 14)[0] != "act"


@pytest.mark.parametrize("topic", follow_ups())
def test_a_question_lists_every_verdict_so_that_none_stands_out(topic: str) -> None:
    said = system_prompt(FOLLOW_UP, "cot", topic)
    assert all(phrases[0] in said for phrases in follow_ups()[topic]["verdicts"].values())


def test_no_prompt_depends_on_the_key(study) -> None:
    """With a key that says nothing, and without an id of a person, each prompt is the same."""
    for task in study.tasks[::9]:
        blank = SimpleNamespace(
            kind=task.kind, topic=task.topic, messages=task.messages, person_id="somebody", task_id="", key={}
        )
        for way in ("fixed", "similar"):
            assert messages_for_teacher(blank, exemplars=way) == messages_for_teacher(task, exemplars=way)
        said = json.dumps(messages_for_teacher(task))
        assert task.person_id not in said and "main_driver" not in said


def test_an_unknown_name_in_a_template_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        environment().from_string("{{ nobody }}").render()
    with pytest.raises(UndefinedError, match="'problem' is undefined"):
        rendered("repair", reasoned=True)
    with pytest.raises(SecurityError):
        environment().from_string("{{ words.__class__.__mro__ }}").render(words="x")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda task: messages_for_teacher(task, "many_shot"),
            "there is no mode 'many_shot'. Expected: one of zero_shot",
        ),
        (
            lambda task: messages_for_teacher(task, exemplars="best"),
            "exemplars can't be 'best'. Expected: fixed or simil",
        ),
        (lambda task: messages_for_teacher(task, shots=-1), "-1 shots are asked for. Expected: 0 or more"),
        (lambda task: system_prompt("chat"), "there is no kind 'chat'. Expected: one of recommend"),
        (lambda task: system_prompt(FOLLOW_UP, "cot", "taxes"), "there is no topic 'taxes'"),
        (lambda task: repair_messages("text", "it is empty", "none"), "there is no mode 'none'"),
    ],
)
def test_wrong_options_are_named(study, call, said: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(said)):
        call(task_of(study, RECOMMEND))


def test_a_repair_sends_the_answer_back_with_what_is_wrong() -> None:
    answer, request = repair_messages("{{ 7 * 7 }}", "there is no Answer: mark")
    assert answer == {"role": "assistant", "content": "{{ 7 * 7 }}"}
    assert "there is no Answer: mark." in request["content"] and '"Reasoning:"' in request["content"]
    assert '"Reasoning:"' not in repair_messages("text", "it is empty", "few_shot")[1]["content"]


def test_hash_changes_with_the_text_and_with_nothing_else(study) -> None:
    messages = few_shot_messages(task_of(study, RECOMMEND))
    same = [{"content": message["content"], "role": message["role"]} for message in messages]
    assert prompt_hash(messages) == prompt_hash(same) and re.fullmatch("[0-9a-f]{16}", prompt_hash(messages))
    other = [*messages[:-1], {"role": "user", "content": messages[-1]["content"].replace("min", "minutes", 1)}]
    assert prompt_hash(other) != prompt_hash(messages)
    asked = {(task.topic if task.kind == FOLLOW_UP else "", task.messages[-1]["content"]) for task in study.tasks[:200]}
    assert len({prompt_hash(few_shot_messages(task)) for task in study.tasks[:200]}) == len(asked)


def test_versions_tell_modes_and_kinds_apart() -> None:
    versions = {prompt_version(mode, kind) for mode in MODES for kind in ("", *KINDS)}
    assert len(versions) == len(MODES) * (1 + len(KINDS)) and prompt_version() == prompt_version("few_shot_cot")
    assert all(re.fullmatch("[a-z_]+-[a-z_]+-[0-9a-f]{12}", version) for version in versions)


def test_a_version_changes_with_an_exemplar_that_it_shows(monkeypatch) -> None:
    before = {mode: prompt_version(mode) for mode in MODES}
    knowledge = prompt_version("few_shot_cot", KNOWLEDGE)
    one, *others = prompts.exemplars()
    changed = SimpleNamespace(task=one.task, user=one.user, rationale=one.rationale, answer=one.answer + " ")
    monkeypatch.setattr(prompts, "exemplars", lambda: (changed, *others))
    assert {mode for mode in MODES if prompt_version(mode) != before[mode]} == {"few_shot", "few_shot_cot"}
    assert one.task.kind == RECOMMEND and prompt_version("few_shot_cot", KNOWLEDGE) == knowledge
