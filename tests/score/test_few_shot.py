"""Few-shot prompts: examples of the same kind of question before the same task, within the model's limit."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sleepcot_utils.distill.encoding import render
from sleepcot_utils.distill.student import load_student
from sleepcot_utils.distill.training_set import Example
from sleepcot_utils.errors import ParameterError
from sleepcot_utils.score.costs import answer_costs, memory_mib
from sleepcot_utils.score.few_shot import few_shot_tasks
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import FOLLOW_UP


@pytest.fixture(scope="module")
def base():
    return load_student("embedded", device="cpu")


@pytest.fixture(scope="module")
def examples(study) -> list[Example]:
    return [Example.of(task, *study.answers[task.task_id]) for task in study.tasks if task.split == "train"]


def prompts(base, tasks, examples, **options):
    return few_shot_tasks(
        tasks, examples, base, np.random.default_rng(1), **({"shots": 2, "max_new_tokens": 64} | options)
    )


def test_examples_stand_before_the_unchanged_question(base, held_out, examples) -> None:
    asked, shown = prompts(base, held_out, examples)
    known = {(e.messages[-1]["content"], f"Answer:\n{e.answer}"): e for e in examples}
    for task, told, count in zip(held_out, asked, shown, strict=True):
        assert told.messages[0] == task.messages[0] and told.messages[-1] == task.messages[-1]
        assert (told.task_id, told.key) == (task.task_id, task.key) and len(told.messages) == 2 + 2 * count
        turns = told.messages[1:-1]
        for question, answer in zip(turns[::2], turns[1::2], strict=True):
            example = known[question["content"], answer["content"]]
            assert example.kind == task.kind and example.split == "train" and example.person_id != task.person_id
            if task.kind == FOLLOW_UP:
                assert example.task_id.split("-")[1] == task.topic
    assert max(shown) == 2


def test_what_is_too_long_gets_fewer_examples(base, held_out, examples) -> None:
    config = SimpleNamespace(max_position_embeddings=900)
    tight = SimpleNamespace(
        tokenizer=base.tokenizer, model=SimpleNamespace(config=SimpleNamespace(get_text_config=lambda: config))
    )
    asked, shown = prompts(tight, held_out, examples, shots=4)
    longest = max(
        len(base.tokenizer(render(base.tokenizer, t.messages, add_generation_prompt=True))["input_ids"]) for t in asked
    )
    assert longest <= 900 - 64 and min(shown) < 4
    config.max_position_embeddings = 100
    with pytest.raises(ParameterError, match="alone is too long"):
        prompts(tight, held_out, examples)


def test_costs_count_tokens_and_memory(base, held_out) -> None:
    said = [Answer(t.task_id, "cot", 1, "a b c", "d", "stop", 40, 0.5) for t in held_out[:3]]
    rules = [Answer(t.task_id, "teacher", 0, "a", "b", "stop", 0, 0.0) for t in held_out[:3]]
    table = answer_costs([*said, *rules], held_out, base).set_index("source")
    assert list(table.index) == ["cot"] and table.loc["cot", "tokens an answer"] == 40
    assert table.loc["cot", "seconds an answer"] == 0.5
    # 6 layers, 4 heads of 32 numbers, keys and values, 4 bytes each: 6144 bytes a token (config.json of the base).
    assert memory_mib(base, 1024) - memory_mib(base, 0) == pytest.approx(6.0)
    weights = sum(p.numel() for p in base.model.parameters()) * 4 / 2**20
    assert memory_mib(base, 0) == pytest.approx(weights)
