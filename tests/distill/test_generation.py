"""Asking a student: batches change nothing, order stays, cut answers say so."""

from __future__ import annotations

import pytest

from sleepcot_utils.distill.encoding import render
from sleepcot_utils.distill.generation import ask
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND


@pytest.fixture(scope="module")
def tasks(study):
    """A few tasks of every kind, kinds mixed."""
    chosen = {kind: [t for t in study.tasks if t.kind == kind][:2] for kind in (RECOMMEND, KNOWLEDGE, FOLLOW_UP)}
    return [task for group in zip(*chosen.values(), strict=True) for task in group]


def told(answers):
    return [(a.task_id, a.rationale, a.answer, a.finish_reason, a.tokens) for a in answers]


def test_batches_answer_as_one_by_one_and_in_order(tiny, tasks) -> None:
    student = tiny()
    batched = ask(student, tasks, source="cot", seed=2, max_new_tokens=10)
    alone = [ask(student, [task], source="cot", seed=2, max_new_tokens=10)[0] for task in tasks]
    assert told(batched) == told(alone)
    assert told(ask(student, tasks, source="cot", seed=2, max_new_tokens=10, batch_size=2)) == told(alone)
    assert [answer.task_id for answer in batched] == [task.task_id for task in tasks]
    assert {(answer.source, answer.seed) for answer in batched} == {("cot", 2)}
    assert len({answer.answer for answer in batched}) > 1, "equal answers to all would show nothing"


def test_answers_are_the_most_likely_tokens(tiny, tasks) -> None:
    """Token by token, without generate, cache, padding or batches."""
    import torch

    student = tiny()
    task = tasks[1]
    prompt = render(student.tokenizer, task.messages, add_generation_prompt=True)
    ids = student.tokenizer(prompt, add_special_tokens=False)["input_ids"]
    begin = len(ids)
    with torch.no_grad():
        for _ in range(8):
            ids.append(int(student.model.eval()(torch.tensor([ids])).logits[0, -1].argmax()))
    (answer,) = ask(student, [task], source="cot", seed=0, max_new_tokens=8)
    assert answer.answer == student.tokenizer.decode(ids[begin:], skip_special_tokens=True).strip()


def test_a_cut_answer_says_so_and_an_ended_one_does_not(tiny, tasks, monkeypatch) -> None:
    import torch

    student = tiny()
    tokenizer = student.tokenizer
    rows = ["Reasoning:\n372 under 420\nAnswer:\nSleep more.<|im_end|>", "Reasoning:\n372 under 420"]
    said = [tokenizer(row, add_special_tokens=False)["input_ids"] for row in rows]
    longest = max(map(len, said))

    def scripted(*, input_ids, **_):
        tail = torch.tensor([row + [tokenizer.pad_token_id] * (longest - len(row)) for row in said])
        tail[1] = torch.tensor((said[1] * longest)[:longest])  # never ends
        return torch.cat([input_ids, tail], dim=1)

    monkeypatch.setattr(student.model, "generate", scripted)
    # Two knowledge tasks with prompts of one length keep their order within the batch.
    pair = [tasks[1], tasks[1]]
    ended, cut = ask(student, pair, source="cot", seed=0, max_new_tokens=longest)
    assert (ended.finish_reason, ended.rationale, ended.answer) == ("stop", "372 under 420", "Sleep more.")
    assert ended.tokens == len(said[0]) - 1
    assert (cut.finish_reason, cut.tokens) == ("length", longest)
