"""Exams: what counts as right, and that they ask every skill about people and wordings that practice did not meet."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sleepcot_utils.distill.exams import KEPT_BACK, exam, examine
from sleepcot_utils.distill.practice import ALONE, ON_REPORT
from sleepcot_utils.distill.pretrain import practice_reports
from sleepcot_utils.knowledge import load_cards


@pytest.fixture(scope="module")
def reports():
    return practice_reports(12, 21)


@pytest.fixture(scope="module")
def exercises(reports):
    return exam(reports, np.random.default_rng(1), 2)


def test_each_skill_is_asked_equally_often(exercises) -> None:
    skills = [skill for skill, _ in exercises]
    assert set(skills) == {*ON_REPORT, *ALONE, *KEPT_BACK}
    assert {skills.count(skill) for skill in skills} == {2}


def test_an_exam_hangs_on_its_generator(reports, exercises) -> None:
    assert exam(reports, np.random.default_rng(1), 2) == exercises != exam(reports, np.random.default_rng(2), 2)


def test_new_wordings_are_validation_wordings() -> None:
    rng = np.random.default_rng(3)
    of_card = {q: card for card in load_cards() for q in card.phrasings.validation}
    for _ in range(60):
        asked, right = KEPT_BACK["other_words, new wording"](rng)
        card = next(card for wording, card in of_card.items() if asked.endswith(wording))
        assert right == card.phrasings.train[0]


class _Foresight:
    """Stands in for a model: it gives the token that follows in its input, but for the last learned one if told to err."""

    device = "cpu"

    def __init__(self, vocabulary: int, *, errs: bool) -> None:
        self.vocabulary, self.errs = vocabulary, errs

    def eval(self) -> _Foresight:
        return self

    def __call__(self, *, input_ids, logits_to_keep, **_):
        import torch

        said = input_ids[0][logits_to_keep + 1]
        if self.errs:
            said = torch.cat([said[:-1], said[-1:] + 1])
        return SimpleNamespace(logits=torch.nn.functional.one_hot(said, self.vocabulary)[None].float())


def test_an_answer_is_right_only_if_every_token_is_the_end_too(tiny) -> None:
    tokenizer = tiny().tokenizer
    talk = [{"role": "user", "content": "372 against 420?"}, {"role": "assistant", "content": "372 is under 420"}]
    learned = len(tokenizer("372 is under 420")["input_ids"]) + 1
    good, bad = (
        examine(_Foresight(len(tokenizer), errs=errs), tokenizer, [("against", talk)]).iloc[0] for errs in (False, True)
    )
    assert (good["items"], good["right"], good["tokens_right"]) == (1, 1.0, 1.0)
    assert (bad["right"], bad["tokens_right"]) == (0.0, pytest.approx((learned - 1) / learned))


def test_the_table_counts_answers_and_tokens(tiny, exercises) -> None:
    student = tiny()
    table = examine(student.model, student.tokenizer, exercises[:6])
    assert list(table.columns) == ["skill", "items", "right", "tokens_right"]
    assert table["items"].sum() == 6 and table["skill"].is_unique
    assert (table["right"] <= table["tokens_right"] + 1e-9).all()
    assert table["tokens_right"].between(0, 1).all()
