"""The cost table: tokens by hand, prices by the list, and what is not known stays empty."""

from __future__ import annotations

import math

import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.tasks.build import KNOWLEDGE, RECOMMEND
from sleepcot_utils.teach.costs import cost_table, prices_note
from sleepcot_utils.teach.prompts import messages_for_teacher

PAPER = {KNOWLEDGE: 1000, RECOMMEND: 200}


@pytest.fixture(scope="module")
def tasks(study):
    """Five tasks of each of the two kinds."""
    return [task for kind in PAPER for task in [one for one in study.tasks if one.kind == kind][:5]]


@pytest.fixture(scope="module")
def table(tasks):
    return cost_table(tasks, wanted=PAPER)


def row(table, teacher, mode):
    (found,) = table[(table.teacher == teacher) & (table["mode"] == mode)].itertuples()
    return found


def test_each_teacher_with_an_address_has_each_mode(table) -> None:
    assert set(table.teacher) == {
        "openai-gpt-4o",
        "dashscope-qwen-max",
        "deepseek-chat",
        "vllm",
        "ollama",
        "transformers-serve",
    }
    assert len(table) == 6 * 4 and set(table.requests) == {1200}


def test_tokens_and_cost_by_hand(table, tasks) -> None:
    one = row(table, "openai-gpt-4o", "zero_shot")
    expected = 0.0
    for kind, count in PAPER.items():
        sizes = [
            sum(len(message["content"]) // 4 + 16 for message in messages_for_teacher(task, "zero_shot"))
            for task in tasks
            if task.kind == kind
        ]
        expected += count * sum(sizes) / len(sizes)
    assert one.prompt_tokens == round(expected)
    assert one.cost == pytest.approx(one.prompt_tokens * 2.5e-6 + one.completion_tokens * 10e-6)
    assert one.batch_cost == pytest.approx(one.cost / 2)
    assert one.highest_cost > one.cost and one.highest_cost >= 1200 * 1024 * 10e-6


def test_more_words_cost_more(table) -> None:
    for teacher in ("openai-gpt-4o", "dashscope-qwen-max", "deepseek-chat"):
        zero, few, cot, both = (row(table, teacher, m) for m in ("zero_shot", "few_shot", "cot", "few_shot_cot"))
        assert zero.cost < few.cost < both.cost and zero.cost < cot.cost < both.cost
        assert zero.completion_tokens < cot.completion_tokens == both.completion_tokens


def test_own_machines_cost_nothing_and_come_first(table) -> None:
    assert set(table.head(12).teacher) == {"vllm", "ollama", "transformers-serve"}
    assert (table.head(12).cost == 0).all()
    assert table.head(12).batch_cost.isna().all() and math.isnan(row(table, "deepseek-chat", "cot").batch_cost)


def test_samples_multiply(tasks, table) -> None:
    thrice = cost_table(tasks, ["deepseek-chat"], wanted=PAPER, modes=["cot"], samples=3)
    assert row(thrice, "deepseek-chat", "cot").cost == pytest.approx(
        3 * row(table, "deepseek-chat", "cot").cost, rel=1e-4
    )


def test_a_teacher_without_prices_has_no_cost(tasks) -> None:
    table = cost_table(tasks, ["custom", "deepseek-chat"], modes=["cot"])
    unknown = row(table, "custom", "cot")
    assert math.isnan(unknown.cost) and unknown.prices_dated == "" and unknown.requests == len(tasks)
    assert list(table.teacher) == ["deepseek-chat", "custom"]


def test_the_note_says_how_old_the_prices_are(table) -> None:
    paid = table[table.cost > 0]
    note = prices_note(table)
    assert all(dated in note for dated in paid.prices_dated) and "(recalled)" in note
    assert "No teacher" in prices_note(table[table.cost == 0])


def test_what_can_not_be_measured_is_refused(tasks) -> None:
    with pytest.raises(ParameterError, match="7 tasks of the kind 'follow_up'.*none is given"):
        cost_table(tasks, wanted={"follow_up": 7})
    with pytest.raises(ParameterError, match="no teacher 'nobody'"):
        cost_table(tasks, ["nobody"])
