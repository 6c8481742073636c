"""Training advice is learned by one arm and seen by no other."""

from __future__ import annotations

import numpy as np
import pytest

from sleepcot_utils.distill.arms import ARMS, chosen_examples, persons_of_share
from sleepcot_utils.distill.training_set import Example, groups
from sleepcot_utils.tasks.build import GUIDE

GUIDED = "cot_with_guide"


def example(number: int, kind: str, person: str, split: str = "train") -> Example:
    report = f"guide-{person}" if kind == GUIDE else person
    return Example(f"{kind}-{number}", kind, person, split, report, [], "Because.", "So.")


SLEEP = [
    example(number, kind, f"p{number}")
    for number in range(4)
    for kind in ("recommend", "follow_up", "knowledge")
] + [example(9, "recommend", "v", "validation")]  # fmt: skip
ADVICE = [example(number, GUIDE, f"p{number}") for number in range(4)] + [example(9, GUIDE, "v", "validation")]


@pytest.mark.parametrize("arm", [arm for arm in ARMS if arm != GUIDED])
def test_other_arms_learn_what_they_learned_without_it(arm: str) -> None:
    assert chosen_examples([*SLEEP, *ADVICE], arm) == chosen_examples(SLEEP, arm)
    assert chosen_examples([*SLEEP, *ADVICE], arm, of_every_kind=True) == chosen_examples(
        SLEEP, arm, of_every_kind=True
    )


def test_the_guided_arm_learns_it_beside_all_that_cot_learns() -> None:
    both = chosen_examples([*SLEEP, *ADVICE], GUIDED)
    assert both == [*chosen_examples(SLEEP, "cot"), *ADVICE]


def test_people_are_counted_by_their_reports() -> None:
    assert persons_of_share([*SLEEP, *ADVICE], 0.5) == persons_of_share(SLEEP, 0.5)


def test_questions_about_one_situation_share_a_row() -> None:
    two = [example(1, GUIDE, "p1"), example(2, GUIDE, "p1"), example(3, GUIDE, "p2")]
    assert sorted(len(group) for group in groups(two, np.random.default_rng(1))) == [1, 2]
