from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.compare.checks import ERROR, require_plan, score_problems
from sleepcot_utils.compare.contrasts import Contrast
from sleepcot_utils.errors import InputError


@pytest.fixture
def scores(make_scores):
    generator = np.random.default_rng(1)
    return make_scores(
        cot=generator.normal(0.6, 0.05, (5, 40, 2)),
        answer_only=generator.normal(0.5, 0.05, (5, 40, 2)),
        teacher=generator.normal(0.6, 0.05, (1, 40, 2)),
    )


PLAN = [
    Contrast("faithful", "cot", "answer_only"),
    Contrast("faithful", "cot", "teacher", margin=0.1, role="secondary"),
]


def found(scores, plan=PLAN):
    table = score_problems(scores, plan)
    return set(zip(table["severity"], table["where"], table["problem"], strict=True))


def test_a_sound_table_has_no_problem(scores):
    assert score_problems(scores, PLAN).empty
    require_plan(scores, PLAN)


def test_missing_sources_and_metrics_are_named_all_at_once(scores):
    plan = [Contrast("faithful", "cot", "nearest"), Contrast("safe", "cot", "base"), *PLAN]
    table = score_problems(scores, plan)
    assert table.loc[table["severity"] == ERROR, "where"].tolist() == ["nearest on faithful", "safe"]
    with pytest.raises(InputError, match="nearest on faithful: the source has no score; safe: no source has a score"):
        require_plan(scores, plan)


def test_unmatched_tasks_and_persons_are_counted(scores):
    lacking = scores[~((scores["source"] == "teacher") & (scores["person_id"] == "p003"))]
    where = "cot against teacher on faithful"
    assert found(lacking) == {
        ("warning", where, "2 tasks asked of one source alone"),
        ("warning", where, "1 person without a value under both sources"),
    }


def test_a_seed_with_fewer_tasks_is_named_with_the_first_of_them(scores):
    lacking = scores[~((scores["source"] == "cot") & (scores["seed"] == 2) & (scores["task_id"] == "t007-1"))]
    assert found(lacking) == {
        ("warning", "cot, seed 2", "no score of 1 task that other seeds answered, the first is 't007-1'")
    }


def test_one_seed_few_seeds_and_other_seeds_are_named(scores):
    plan = PLAN[:1]
    assert {problem for _, _, problem in found(scores[scores["seed"] == 1], plan)} == {"one seed a source"}
    assert {problem for _, _, problem in found(scores[scores["seed"] <= 2], plan)} == {"2 seeds at most"}
    moved = scores.assign(seed=scores["seed"].where(scores["source"] == "cot", scores["seed"] + 10))
    assert {problem for _, _, problem in found(moved, plan)} == {"the sources have different seeds"}


def test_fewer_persons_than_the_margin_needs_are_named_with_the_number_that_is_needed(make_scores):
    # Differences of plus and minus 0.2: their standard deviation is 0.2 * sqrt(12 / 11) = 0.2089.
    teacher = np.full((1, 12, 1), 0.5)
    student = teacher + np.where(np.arange(12) % 2, 0.2, -0.2)[None, :, None]
    plan = [Contrast("faithful", "cot", "teacher", margin=0.1)]
    problems = {problem for _, _, problem in found(make_scores(cot=student, teacher=teacher), plan)}
    # scipy.stats.nct.sf(t.ppf(0.975, n - 1), n - 1, 0.1 / 0.2089 * sqrt(n)): 0.797 for 36 persons, 0.809 for 37.
    assert "12 persons, a margin of 0.1 needs 37 for a power of 80%" in problems


def test_too_few_persons_for_the_number_of_tests_are_named(make_scores):
    scores = make_scores(cot=np.ones((1, 6, 1)), base=np.zeros((1, 6, 1)))
    second = scores.assign(metric="safe")
    plan = [Contrast("faithful", "cot", "base"), Contrast("safe", "cot", "base")]
    problems = {problem for _, _, problem in found(pd.concat([scores, second]), plan)}
    # 2 tests times 2 ** -5 is 0.0625.
    assert {"6 persons for 2 tests", "only 6 persons"} <= problems
    assert "6 persons for 1 test" not in {problem for _, _, problem in found(scores, plan[:1])}


def test_unfinished_and_unscored_answers_are_shown_with_their_rate(scores):
    ended = scores.assign(metric="finished", value=1.0)
    ended.loc[(ended["source"] == "cot") & (ended["person_id"] < "p004"), "value"] = 0.0
    unscored = scores.copy()
    unscored.loc[(unscored["source"] == "teacher") & (unscored["task_id"] == "t000-0"), "value"] = np.nan
    assert found(pd.concat([unscored, ended])) == {
        ("warning", "cot", "10.0% of the answers did not end within their limit"),
        ("warning", "teacher on faithful", "1.2% of the answers have no value"),
    }


def test_nobody_in_common_is_an_error(make_scores):
    scores = make_scores(cot=[[[1.0], [np.nan]]], teacher=[[[np.nan], [1.0]]])
    assert (
        "error",
        "cot against teacher on faithful",
        "no person has a value under both sources",
    ) in found(scores, [Contrast("faithful", "cot", "teacher")])


def test_a_row_that_stands_twice_is_refused(scores):
    with pytest.raises(InputError, match="stands twice"):
        score_problems(pd.concat([scores, scores.iloc[[3]]]), PLAN)
