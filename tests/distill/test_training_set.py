"""Training sets: what each arm is shown, and that nothing is lost or doubled."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from sleepcot_utils.config import ARMS as ALLOWED_ARMS
from sleepcot_utils.config import DistillParameters
from sleepcot_utils.distill import recipes
from sleepcot_utils.distill.training import Training
from sleepcot_utils.distill.training_set import (
    ARMS,
    TURNS,
    Example,
    conversations,
    read_examples,
    target_text,
    write_examples,
)
from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND
from sleepcot_utils.tasks.reading import split_answer


def said(talk: list[dict[str, str]]) -> list[str]:
    return [message["content"] for message in talk if message["role"] == "assistant"]


def test_every_arm_that_can_be_chosen_has_a_target() -> None:
    assert set(ARMS) == set(ALLOWED_ARMS)


def test_targets_of_the_arms(examples) -> None:
    for example in examples[:40]:
        assert split_answer(target_text(example, "cot")) == (example.rationale.strip(), example.answer.strip())
        for arm in ("answer_only", "answer_only_equal_tokens"):
            assert target_text(example, arm) == f"Answer:\n{example.answer}"


@pytest.mark.parametrize("repeats", [1, 3])
def test_each_example_stands_in_the_set_once_a_repeat(examples, repeats: int) -> None:
    chosen = [example for example in examples if example.split == "train"]
    talks = conversations(chosen, "cot", np.random.default_rng(0), knowledge_repeats=repeats)
    wanted: Counter[str] = Counter()
    for example in chosen:
        wanted[target_text(example, "cot")] += repeats if example.kind == KNOWLEDGE else 1
    assert Counter(answer for talk in talks for answer in said(talk)) == wanted


def test_turns_of_a_conversation(examples) -> None:
    assert TURNS == {FOLLOW_UP: 3, KNOWLEDGE: 6}
    chosen = [example for example in examples if example.split == "train"]
    of_text = {target_text(example, "cot"): example for example in chosen}
    of_kind: dict[str, list[int]] = {RECOMMEND: [], FOLLOW_UP: [], KNOWLEDGE: []}
    for talk in conversations(chosen, "cot", np.random.default_rng(0)):
        kind = of_text[said(talk)[0]].kind
        of_kind[kind].append(len(said(talk)))
        assert [message["role"] for message in talk] == ["system", *["user", "assistant"] * len(said(talk))]
        if kind != KNOWLEDGE:
            assert talk[1]["content"].startswith("Sleep report,")
        assert not any("Sleep report," in message["content"] for message in talk[2:]), "a report is shown once"
    assert set(of_kind[RECOMMEND]) == {1}
    # Three questions a report in the shared study; knowledge leaves at most one remainder.
    assert set(of_kind[FOLLOW_UP]) == {3}
    assert of_kind[KNOWLEDGE].count(6) >= len(of_kind[KNOWLEDGE]) - 1 and max(of_kind[KNOWLEDGE]) == 6


def test_question_and_answer_stay_together(examples) -> None:
    """The answer to a later turn is the teacher's answer to that question on that report."""
    chosen = [example for example in examples if example.split == "train" and example.kind == FOLLOW_UP]
    pairs = {
        (e.messages[1]["content"].rpartition("\n")[0], e.messages[1]["content"].rpartition("\n")[2]): e for e in chosen
    }
    checked = 0
    for talk in conversations(chosen, "answer_only", np.random.default_rng(1)):
        report = talk[1]["content"].rpartition("\n")[0]
        for question, answer in zip(talk[1::2], talk[2::2], strict=True):
            example = pairs[report, question["content"].rpartition("\n")[2]]
            assert answer["content"] == target_text(example, "answer_only")
            checked += 1
    assert checked == len(chosen)


def test_order_hangs_on_the_generator_alone(examples) -> None:
    before = [[dict(message) for message in example.messages] for example in examples]
    made = [conversations(examples, "cot", np.random.default_rng(seed)) for seed in (7, 7, 8)]
    assert made[0] == made[1] != made[2]
    assert [example.messages for example in examples] == before, "the examples are not changed"


def test_equal_tokens_are_equal(examples, tiny, tmp_path: Path, monkeypatch) -> None:
    def note(student, train_set, held_out, recipe, work):
        tokens = sum(len(one.input_ids) for one in train_set) / len(train_set) * recipe.batch_size * recipe.max_steps
        return Training(None, recipe.max_steps, 0, round(tokens), 0.0)

    monkeypatch.setattr(recipes, "train", note)
    few = [e for e in examples if e.split == "validation"] + [e for e in examples if e.split == "train"][:150]
    spent = {}
    for arm in ARMS:
        chosen = DistillParameters(arm=arm, adapter="full", max_steps=100)
        spent[arm] = recipes.fit(tiny(), few, chosen, work=tmp_path, rng=np.random.default_rng(3))[1]
    assert spent["cot"].steps == spent["answer_only"].steps == 100
    assert spent["answer_only"].tokens < 0.9 * spent["cot"].tokens
    assert spent["answer_only_equal_tokens"].tokens == pytest.approx(spent["cot"].tokens, rel=0.03)


def test_files_come_back_and_damage_is_named(examples, tmp_path: Path) -> None:
    path = tmp_path / "training_set.jsonl"
    write_examples(path, examples[:3])
    assert read_examples(path) == examples[:3] and isinstance(read_examples(path)[0], Example)
    lines = path.read_text(encoding="utf-8").splitlines()
    for damaged in (lines[1][:-5], '{"task_id": "x"}', "[1]"):
        path.write_text("\n".join([lines[0], damaged, lines[2]]), encoding="utf-8")
        with pytest.raises(ArtifactError, match=r"training_set\.jsonl, line 2"):
            read_examples(path)
