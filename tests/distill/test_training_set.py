"""Training sets: what each arm is shown, and that nothing is lost or doubled."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sleepcot_utils.config import ARMS as ALLOWED_ARMS
from sleepcot_utils.config import DistillParameters
from sleepcot_utils.distill import recipes
from sleepcot_utils.distill.arms import ARMS, EXPLAIN, chosen_examples, targets
from sleepcot_utils.distill.training import Training
from sleepcot_utils.distill.training_set import (
    KNOWLEDGE_GROUP,
    Example,
    conversations,
    encode_arm,
    groups,
    read_examples,
    write_examples,
)
from sleepcot_utils.errors import ArtifactError, InputError
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND
from sleepcot_utils.tasks.reading import split_answer


def test_every_arm_that_can_be_chosen_has_a_target() -> None:
    assert set(ARMS) == set(ALLOWED_ARMS)


def test_targets_of_the_arms(examples) -> None:
    for example in examples[:40]:
        ((addition, text),) = targets(example, "cot")
        assert not addition and split_answer(text) == (example.rationale.strip(), example.answer.strip())
        for arm in ("answer_only", "answer_only_equal_tokens"):
            assert targets(example, arm) == [("", f"Answer:\n{example.answer}")]
        assert targets(example, "step_by_step") == [
            ("", f"Answer:\n{example.answer}"),
            (EXPLAIN, f"Reasoning:\n{example.rationale}"),
        ]


def versions(example: Example) -> list[Example]:
    """A task with a short rationale, a long one, a second sample of the short one, and a wrong third one."""
    return [
        example,
        replace(example, form="long", rationale=f"In full: {example.rationale}"),
        replace(example, sample=1, rationale=f"Again: {example.rationale}"),
        replace(example, sample=2, verified=False),
    ]


def test_arms_choose_among_the_versions_of_a_task(examples) -> None:
    first, second = [e for e in examples if e.split == "train"][:2]
    held = next(e for e in examples if e.split == "validation")
    wrong = replace(second, verified=False)
    given = [*versions(first), *versions(second), *versions(held)]
    assert chosen_examples(given, "cot") == [first, second, held]
    assert chosen_examples(given, "cot_long") == [versions(e)[1] for e in (first, second, held)]
    assert [e.form for e in chosen_examples(given, "cot_mix")] == ["short", "long", "short"]
    assert chosen_examples(given, "cot_samples") == [first, versions(first)[2], second, versions(second)[2], held]
    assert chosen_examples([first, wrong, held], "cot") == [first, held]
    assert chosen_examples([first, wrong, held], "cot_unfiltered") == [first, wrong, held]


@pytest.mark.parametrize("arm", ARMS)
def test_no_arm_is_held_to_an_answer_that_failed(examples, arm: str) -> None:
    held = [replace(e, verified=False) for e in examples if e.split == "validation"]
    assert chosen_examples(held, arm) == []


@pytest.mark.parametrize("repeats", [1, 3])
def test_each_example_stands_in_the_set_once_a_repeat(examples, repeats: int) -> None:
    chosen = [example for example in examples if example.split == "train"]
    made = groups(chosen, np.random.default_rng(0), knowledge_repeats=repeats)
    wanted = {example.task_id: repeats if example.kind == KNOWLEDGE else 1 for example in chosen}
    assert Counter(example.task_id for group in made for example in group) == wanted


def test_a_group_is_one_report_or_a_number_of_knowledge_questions(examples) -> None:
    chosen = [example for example in examples if example.split == "train"]
    sizes = []
    for group in groups(chosen, np.random.default_rng(0)):
        if group[0].kind == KNOWLEDGE:
            assert {example.kind for example in group} == {KNOWLEDGE}
            sizes.append(len(group))
        else:
            assert len({example.report_id for example in group}) == 1 and "" not in {e.report_id for e in group}
            assert {example.kind for example in group} == {RECOMMEND, FOLLOW_UP}
    assert sizes.count(KNOWLEDGE_GROUP) >= len(sizes) - 1 and max(sizes) == KNOWLEDGE_GROUP


def test_a_conversation_is_prompt_and_target(examples) -> None:
    (talk,) = conversations(examples[0], "answer_only")
    assert talk[:-1] == examples[0].messages
    assert talk[-1] == {"role": "assistant", "content": f"Answer:\n{examples[0].answer}"}
    answer, explanation = conversations(examples[0], "step_by_step")
    assert answer == talk
    assert explanation[-2]["content"] == f"{talk[-2]['content']}\n{EXPLAIN}"


def test_rows_learn_every_target_and_read_a_report_once(examples, tiny) -> None:
    tokenizer = tiny().tokenizer
    chosen = [example for example in examples if example.split == "validation"]
    rows = encode_arm(tokenizer, chosen, "cot", np.random.default_rng(0), knowledge_repeats=1, max_tokens=4096)
    learned = sum(len(tokenizer(targets(e, "cot")[0][1], add_special_tokens=False)["input_ids"]) + 1 for e in chosen)
    assert sum(len(row.targets) for row in rows) == learned
    text = [tokenizer.decode(row.input_ids) for row in rows]
    reports = {e.report_id for e in chosen if e.kind != KNOWLEDGE}
    assert sum(one.count("Sleep report,") for one in text) == len(reports)


def test_order_hangs_on_the_generator_alone(examples) -> None:
    before = [[dict(message) for message in example.messages] for example in examples]
    made = [groups(examples, np.random.default_rng(seed)) for seed in (7, 7, 8)]
    assert made[0] == made[1] != made[2]
    assert [example.messages for example in examples] == before, "the examples are not changed"


def test_equal_tokens_are_equal(examples, tiny, tmp_path: Path, monkeypatch) -> None:
    def note(student, train_set, held_out, recipe, work, **_):
        tokens = sum(len(one.input_ids) for one in train_set) / len(train_set) * recipe.batch_size * recipe.max_steps
        return Training(None, recipe.max_steps, 0, round(tokens), 0.0)

    monkeypatch.setattr(recipes, "train", note)
    few = [e for e in examples if e.split == "validation"] + [e for e in examples if e.split == "train"][:150]
    spent = {}
    for arm in ("cot", "answer_only", "answer_only_equal_tokens"):
        chosen = DistillParameters(arm=arm, adapter="full", max_steps=100)
        spent[arm] = recipes.fit(tiny(), few, chosen, work=tmp_path, rng=np.random.default_rng(3))[1]
    assert spent["cot"].steps == spent["answer_only"].steps == 100
    assert spent["answer_only"].tokens < 0.9 * spent["cot"].tokens
    assert spent["answer_only_equal_tokens"].tokens == pytest.approx(spent["cot"].tokens, rel=0.03)


def test_an_arm_without_examples_is_named(examples, tiny, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cot_long.*forms long"):
        recipes.fit(tiny(), examples, DistillParameters(arm="cot_long"), work=tmp_path, rng=np.random.default_rng(0))


def test_files_come_back_and_damage_is_named(examples, tmp_path: Path) -> None:
    path = tmp_path / "training_set.jsonl"
    write_examples(path, examples[:3])
    assert read_examples(path) == examples[:3] and isinstance(read_examples(path)[0], Example)
    lines = path.read_text(encoding="utf-8").splitlines()
    for damaged in (lines[1][:-5], '{"task_id": "x"}', "[1]"):
        path.write_text("\n".join([lines[0], damaged, lines[2]]), encoding="utf-8")
        with pytest.raises(ArtifactError, match=r"training_set\.jsonl, line 2"):
            read_examples(path)
