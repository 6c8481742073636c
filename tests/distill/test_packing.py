"""Packed rows: the same loss and gradients as one by one, and no leak between conversations."""

from __future__ import annotations

import pytest
import torch

from sleepcot_utils.distill.encoding import Encoded, encode_conversation, pad_batch
from sleepcot_utils.distill.packing import pack, row_loss, row_tensors, split_row
from sleepcot_utils.distill.training_set import conversations

IGNORED = -100


def encoded(tokenizer, examples, arm="cot") -> list[Encoded]:
    return [encode_conversation(tokenizer, talk, 4096) for example in examples for talk in conversations(example, arm)]


@pytest.fixture(scope="module")
def trees(examples, tiny_folder):
    from sleepcot_utils.distill.student import load_student

    tokenizer = load_student(str(tiny_folder), device="cpu").tokenizer
    reports = list(dict.fromkeys(e.report_id for e in examples if e.report_id))[:3]
    return [encoded(tokenizer, [e for e in examples if e.report_id == report]) for report in reports] + [
        encoded(tokenizer, [e for e in examples if e.kind == "knowledge"][:4])
    ]


def one_by_one(student, conversations: list[Encoded]) -> torch.Tensor:
    """Sum of the losses of the learned tokens, each conversation alone in its batch."""
    total = torch.zeros(())
    for conversation_ in conversations:
        learned = sum(label != IGNORED for label in conversation_.labels)
        total = total + student.model(**pad_batch([conversation_], student.tokenizer.pad_token_id)).loss * learned
    return total


def test_loss_and_gradients_are_those_of_the_conversations_one_by_one(trees, tiny) -> None:
    alone, packed = tiny(), tiny()
    expected = one_by_one(alone, [one for tree in trees for one in tree])
    expected.backward()
    found = row_loss(packed.model, row_tensors(pack(trees)), learned=1)
    found.backward()
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)
    for (name, one), (_, other) in zip(alone.model.named_parameters(), packed.model.named_parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-3, atol=1e-4, msg=name)


def test_what_is_shared_stands_once(trees) -> None:
    for tree in trees[:3]:
        row = pack([tree])
        assert len(row.input_ids) < 0.75 * sum(len(one.input_ids) for one in tree)
        assert len(row.targets) == sum(label != IGNORED for one in tree for label in one.labels)


def test_no_token_sees_another_conversation(trees, tiny) -> None:
    """Another answer in one branch leaves the logits of all other branches and trees as they are."""
    model, row = tiny().model.eval(), pack(trees)
    tensors = row_tensors(row)
    tensors["logits_to_keep"] = torch.arange(len(row.input_ids))
    branch = torch.tensor([(a, b) == (0, 2) for a, b in zip(row.trees, row.branches, strict=True)])
    assert branch.any()

    def logits(ids: torch.Tensor) -> torch.Tensor:
        given = {k: v for k, v in tensors.items() if "labels" not in k}
        with torch.no_grad():
            return model(**(given | {"input_ids": ids})).logits[0]

    before = logits(tensors["input_ids"])
    after = logits(torch.where(branch, (tensors["input_ids"] + 7) % 600, tensors["input_ids"]))
    torch.testing.assert_close(before[~branch], after[~branch], rtol=0, atol=1e-5)
    assert not torch.allclose(before[branch], after[branch], atol=1e-2)


def test_two_answers_to_one_prompt_both_follow_the_prompt(tiny) -> None:
    """The first learned tokens of a branch are predicted from the end of the shared beginning."""
    student = tiny()
    prompt = [{"role": "user", "content": "Why am I tired?"}]
    talks = [[*prompt, {"role": "assistant", "content": text}] for text in ("You sleep too little.", "Oxygen falls.")]
    both = [encode_conversation(student.tokenizer, talk, 100) for talk in talks]
    expected = one_by_one(student, both)
    assert row_loss(student.model, row_tensors(pack([both])), learned=1).item() == pytest.approx(
        float(expected.detach()), rel=1e-5
    )


def test_equal_conversations_are_both_learned(tiny) -> None:
    student = tiny()
    talk = [{"role": "user", "content": "Do naps count?"}, {"role": "assistant", "content": "Yes."}]
    one = encode_conversation(student.tokenizer, talk, 100)
    row = pack([[one, one]])
    assert len(row.targets) == 2 * sum(label != IGNORED for label in one.labels)


@pytest.mark.parametrize("pieces", [2, 3, 99])
def test_pieces_of_a_row_add_up_to_its_loss_and_gradients(trees, tiny, pieces: int) -> None:
    whole, split = tiny(), tiny()
    row = pack(trees)
    row_loss(whole.model, row_tensors(row), learned=1).backward()
    parts = split_row(row, pieces)
    assert len(parts) == min(pieces, sum(len(tree) for tree in trees))
    assert max(len(part.input_ids) for part in parts) < len(row.input_ids)
    total = 0.0
    for part in parts:
        loss = row_loss(split.model, row_tensors(part), learned=1)
        loss.backward()
        total += loss.item()
    assert total == pytest.approx(row_loss(whole.model, row_tensors(row), learned=1).item(), rel=1e-5)
    for (name, one), (_, other) in zip(whole.model.named_parameters(), split.model.named_parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-3, atol=1e-4, msg=name)


def test_a_row_of_one_conversation_has_one_piece(trees) -> None:
    row = pack([trees[0][:1]])
    assert split_row(row, 4) == [row]
