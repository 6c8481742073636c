"""The loss against the library, against a value by hand, and with its sign turned round."""

from __future__ import annotations

import math

import pytest
import torch

from sleepcot_utils.classify.loss import cross_entropy, descend
from sleepcot_utils.errors import InputError

LOGITS = torch.tensor([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
LABELS = torch.tensor([0, 0, 1])


def test_value_by_hand() -> None:
    by_hand = (math.log(1 + math.exp(-2)) + math.log(1 + math.e) + math.log(2)) / 3
    assert cross_entropy(LOGITS, LABELS).item() == pytest.approx(by_hand, abs=1e-6)


def test_value_and_gradient_are_the_librarys() -> None:
    ours, theirs = (LOGITS.clone().requires_grad_(True) for _ in range(2))
    loss = cross_entropy(ours, LABELS)
    expected = torch.nn.functional.cross_entropy(theirs, LABELS)
    loss.backward()
    expected.backward()
    assert torch.allclose(loss, expected) and torch.allclose(ours.grad, theirs.grad)


def test_huge_logits_stay_numbers() -> None:
    assert cross_entropy(torch.tensor([[1e4, -1e4]]), torch.tensor([1])).item() == pytest.approx(2e4)


def test_the_right_sign_learns_and_the_wrong_one_unlearns() -> None:
    right, wrong = (descend(LOGITS, LABELS, sign=sign, steps=30) for sign in (1.0, -1.0))
    assert right[-1][1] > 0.9 > right[0][1] and 0 < right[-1][0] < right[0][0]
    assert wrong[-1][1] < 0.1 and wrong[-1][0] < -3, "the wrong loss falls below zero while the model gets worse"


def test_one_label_a_text() -> None:
    with pytest.raises(InputError, match="one label a text"):
        cross_entropy(LOGITS, LABELS[:2])
