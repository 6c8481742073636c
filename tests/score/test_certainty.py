"""Certainty of a verdict: which words it is taken of, and that it is the model's own probability of them."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from sleepcot_utils.distill.encoding import render
from sleepcot_utils.distill.student import load_student
from sleepcot_utils.score.certainty import certainties, verdict_is_right, verdict_span
from sleepcot_utils.score.measures.example import EXAMPLE_TEXT, example_task
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE
from sleepcot_utils.tasks.reading import split_answer


@pytest.fixture(scope="module")
def base():
    return load_student("embedded", device="cpu")


def test_the_span_is_the_shortest_beginning_that_names_the_verdict(study, held_out) -> None:
    task = replace(next(t for t in held_out if t.kind == FOLLOW_UP), topic="bedtime")
    answer = "Do not go to bed earlier: awake in the night 45 min, above the norm of 40."
    start, end = verdict_span(task, answer)
    assert (start, answer[start:end]) == (0, "Do not go to bed earlier:") or answer[
        start:end
    ] == "Do not go to bed earlier"
    assert verdict_span(task, "Your comes while driving.") is None


def test_the_span_of_a_recommendation_is_its_main_driver() -> None:
    answer = split_answer(EXAMPLE_TEXT)[1]
    start, end = verdict_span(example_task(), answer)
    assert answer[start:end].strip() == "too little time in bed"
    assert verdict_is_right(example_task(), answer)
    assert not verdict_is_right(example_task(), answer.replace("too little time in bed", "alcohol"))


def test_open_questions_of_knowledge_have_none(held_out) -> None:
    for task in held_out:
        if task.kind == KNOWLEDGE and not task.key.get("choice"):
            assert verdict_span(task, "Regular hours help.") is None
            break


def test_certainty_is_the_geometric_mean_of_the_tokens_probabilities(base) -> None:
    """Token by token, each from a forward pass of its own, in a batch with an answer of another length."""
    import torch

    task, (rationale, said) = example_task(), split_answer(EXAMPLE_TEXT)
    short = "Likely driver: alcohol."
    answers = [Answer(task.task_id, "cot", 1, rationale, said, "stop", 9, 0.0)]
    answers.append(Answer(task.task_id, "cot", 2, "", short, "stop", 9, 0.0))
    table = certainties(base, [task], answers)
    assert table["right"].tolist() == [True, False] and table["certainty"].between(0, 1).all()
    for row, answer, begun in zip(
        table.itertuples(), answers, (f"Reasoning:\n{rationale}\nAnswer:\n", "Answer:\n"), strict=True
    ):
        start, end = verdict_span(task, answer.answer)
        prompt = render(base.tokenizer, task.messages, add_generation_prompt=True) + begun
        ids = base.tokenizer(prompt, add_special_tokens=False)["input_ids"]
        tokens = base.tokenizer(answer.answer[:end], add_special_tokens=False, return_offsets_mapping=True)
        logs = []
        for token, (_, stop) in zip(tokens["input_ids"], tokens["offset_mapping"], strict=True):
            if stop > start:
                with torch.no_grad():
                    logits = base.model(input_ids=torch.tensor([ids])).logits[0, -1]
                logs.append(float(logits.log_softmax(-1)[token]))
            ids = [*ids, token]
        assert math.isclose(row.certainty, math.exp(sum(logs) / len(logs)), rel_tol=1e-3)
