"""Few-shot prompts: exemplars that are right, in an order that helps, under a hash that notices changes."""

from __future__ import annotations

import re

import pytest

from sleepcot_utils.report.reports import report_text
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND, RECOMMEND_QUESTION
from sleepcot_utils.tasks.drivers import drivers
from sleepcot_utils.tasks.follow_up import follow_ups
from sleepcot_utils.tasks.reading import cited_numbers, split_answer
from sleepcot_utils.teach import prompts
from sleepcot_utils.teach.prompts import exemplars, few_shot_messages, prompt_hash, prompt_version, system_prompt
from sleepcot_utils.teach.verification import STEP, named_driver, named_verdict

KINDS = (RECOMMEND, FOLLOW_UP, KNOWLEDGE)


def task_of(study, kind: str):
    return next(task for task in study.tasks if task.kind == kind)


def test_one_exemplar_a_kind() -> None:
    assert sorted(exemplar["kind"] for exemplar in exemplars()) == sorted(KINDS)


def test_exemplars_are_of_nobody_in_a_run(study) -> None:
    shown = {exemplar["user"].rpartition("\n")[0] for exemplar in exemplars()} - {""}
    assert len(shown) == 2 and not shown & {report_text(report) for report in study.report_of.values()}


def test_exemplars_ask_no_held_out_question(study) -> None:
    questions = {exemplar["user"].rpartition("\n")[2] for exemplar in exemplars()}
    held_out = {q for kind in follow_ups().values() for split in ("validation", "test") for q in kind[split]}
    held_out |= {q for c in study.cards.values() for split in ("validation", "test") for q in c.phrasings.of(split)}
    assert RECOMMEND_QUESTION in questions and not questions & held_out


@pytest.mark.parametrize("exemplar", exemplars(), ids=lambda exemplar: exemplar["kind"])
def test_each_number_of_an_exemplar_stands_in_its_prompt(exemplar) -> None:
    # Numbers of the fixed advice ("within 1 h of work days") are nobody's own.
    given = {citation.value for driver in drivers().values() for citation in cited_numbers(driver.action)}
    given |= {float(number.lstrip("+-")) for number in re.findall(r"[+-]?\d+(?:\.\d+)?", exemplar["user"])}
    for text in (exemplar["rationale"], exemplar["answer"]):
        cited = [citation.value for citation in cited_numbers(text) if citation.facts]
        assert set(cited) <= given
    if exemplar["kind"] != KNOWLEDGE:
        assert len(cited_numbers(exemplar["rationale"])) > 2


@pytest.mark.parametrize("exemplar", exemplars(), ids=lambda exemplar: exemplar["kind"])
def test_each_step_of_an_exemplar_follows_from_the_norm_in_its_prompt(exemplar) -> None:
    facts = dict(line.split(": ", 1) for line in exemplar["user"].splitlines() if ": " in line)
    steps = [STEP.match(line) for line in exemplar["rationale"].splitlines()]
    for step in filter(None, steps):
        said = facts[step["label"]]
        assert re.match(rf"{re.escape(step['value'])}\b", said), f"{step['label']} is {said}"
        value = float(step["value"])
        norm = re.search(r"\((?:norm|typical) (.+)\)", said)
        limits = [float(number) for number in re.findall(r"\d+", norm[1])] if norm else []
        low = limits[0] if norm and ("more" in norm[1] or " to " in norm[1]) else float("-inf")
        high = limits[-1] if norm and ("less" in norm[1] or " to " in norm[1]) else float("inf")
        assert (step["level"] == "ok") == (low <= value <= high), step[0]
    if exemplar["kind"] == RECOMMEND:
        assert sum(step is not None for step in steps) > 5


def test_exemplars_are_read_as_they_are_meant() -> None:
    of_kind = {exemplar["kind"]: exemplar for exemplar in exemplars()}
    driver = named_driver(of_kind[RECOMMEND]["answer"])
    assert driver in drivers() and f"main: {drivers()[driver].phrase}" in of_kind[RECOMMEND]["rationale"]
    question = of_kind[FOLLOW_UP]["user"].rpartition("\n")[2]
    (topic,) = [name for name, kind in follow_ups().items() if question in kind["train"]]
    assert named_verdict(topic, of_kind[FOLLOW_UP]["answer"]) is not None


def test_the_exemplars_knowledge_is_a_cards(study) -> None:
    """Where an exemplar shows a card, it is that card's own words, so that no second wording of a fact is taught."""
    from sleepcot_utils.knowledge import is_right

    (exemplar,) = [exemplar for exemplar in exemplars() if exemplar["kind"] == KNOWLEDGE]
    assert any(is_right(card, exemplar["answer"]) for card in study.cards.values())


@pytest.mark.parametrize("kind", KINDS)
def test_prompt_is_instruction_exemplars_task(study, kind: str) -> None:
    task = task_of(study, kind)
    messages = few_shot_messages(task)
    assert [message["role"] for message in messages] == ["system", *["user", "assistant"] * 3, "user"]
    assert messages[0]["content"] == system_prompt() and messages[-1] == task.messages[-1]
    last = next(exemplar for exemplar in exemplars() if exemplar["kind"] == kind)
    assert messages[-3]["content"] == last["user"], "the exemplar of the task's own kind is nearest to it"
    assert split_answer(messages[-2]["content"]) == (last["rationale"], last["answer"])
    assert {message["content"] for message in messages[1:-1:2]} == {exemplar["user"] for exemplar in exemplars()}


@pytest.mark.parametrize("shots", [0, 1, 2, 3])
def test_shots_are_counted(study, shots: int) -> None:
    task = task_of(study, FOLLOW_UP)
    messages = few_shot_messages(task, shots)
    assert len(messages) == 2 + 2 * shots
    if shots:
        assert messages[-3]["content"] == next(e["user"] for e in exemplars() if e["kind"] == FOLLOW_UP)


def test_instruction_names_every_driver_and_both_marks() -> None:
    said = system_prompt()
    assert all(driver.phrase in said for driver in drivers().values())
    assert "Reasoning:" in said and "Answer:" in said and "{" not in said


def test_hash_changes_with_the_text_and_with_nothing_else(study) -> None:
    messages = few_shot_messages(task_of(study, RECOMMEND))
    same = [{"content": message["content"], "role": message["role"]} for message in messages]
    assert prompt_hash(messages) == prompt_hash(same) and re.fullmatch("[0-9a-f]{16}", prompt_hash(messages))
    other = [*messages[:-1], {"role": "user", "content": messages[-1]["content"].replace("min", "minutes", 1)}]
    assert prompt_hash(other) != prompt_hash(messages)
    everyone = [prompt_hash(few_shot_messages(task)) for task in study.tasks[:200]]
    assert len(set(everyone)) == len({task.messages[-1]["content"] for task in study.tasks[:200]})


def test_version_changes_with_an_exemplar(monkeypatch) -> None:
    before = prompt_version()
    assert before == prompt_version() and before.startswith("1-")
    one, *others = exemplars()
    monkeypatch.setattr(prompts, "exemplars", lambda: ({**one, "answer": one["answer"] + " "}, *others))
    assert prompt_version() != before
