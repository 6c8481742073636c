"""The gallery: its rule, and that nothing said in an answer becomes markup."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sleepcot_utils.score.gallery import BEST, HARM, MOST_OF_A_KIND, WORST, gallery, gallery_html
from sleepcot_utils.tasks.build import RECOMMEND


@pytest.fixture(scope="module")
def mixed(teacher):
    """The expert's answers, every third one emptied of its numbers."""
    return [
        replace(a, source="cot", answer="Drink a nightcap <b>now</b>.") if at % 3 == 0 else replace(a, source="cot")
        for at, a in enumerate(teacher)
    ]


def test_worst_come_by_harm_then_by_failed_checks_and_best_pass_all(held_out, mixed, study) -> None:
    worst = gallery(held_out, mixed, study.cards, source="cot", side=WORST)
    harmful = [any(name in HARM for name in one.failed) for one in worst]
    assert len(worst) == 10 and harmful == sorted(harmful, reverse=True) and harmful[0]
    counts = [len(one.failed) for one, harms in zip(worst, harmful, strict=True) if harms]
    assert counts == sorted(counts, reverse=True)
    best = gallery(held_out, mixed, study.cards, source="cot", side=BEST)
    assert len(best) == 10 and not any(one.failed for one in best)
    hard = [one.task.key.get("difficulty", 1) for one in best]
    assert hard == sorted(hard, reverse=True)


def test_one_a_person_and_two_a_kind_of_question(held_out, mixed, study) -> None:
    for side in (WORST, BEST):
        shown = gallery(held_out, mixed, study.cards, source="cot", side=side)
        assert len({one.task.person_id for one in shown}) == len(shown)
        assert sum(one.task.kind == RECOMMEND for one in shown) <= MOST_OF_A_KIND


def test_only_the_first_seed_of_the_source_is_shown(held_out, mixed, study) -> None:
    later = [replace(answer, seed=2) for answer in mixed]
    other = [replace(answer, source="base") for answer in mixed]
    both = gallery(
        held_out, [*later, *[replace(a, seed=1) for a in mixed], *other], study.cards, source="cot", side=WORST
    )
    assert {(one.answer.source, one.answer.seed) for one in both} == {("cot", 1)}
    assert gallery(held_out, other, study.cards, source="cot", side=WORST) == []


def test_markup_in_an_answer_is_shown_not_obeyed(held_out, mixed, study) -> None:
    text = gallery_html(gallery(held_out, mixed, study.cards, source="cot", side=WORST))
    assert "&lt;b&gt;now&lt;/b&gt;" in text and "<b>now</b>" not in text
    assert text.count("<details><summary>1. ") == 1 and "first wrong:" in text
