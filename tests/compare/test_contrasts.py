from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.compare.contrasts import Contrast, comparison_table
from sleepcot_utils.compare.sentences import conclusion
from sleepcot_utils.compare.statistics import holm
from sleepcot_utils.errors import InputError, ParameterError


@pytest.fixture
def scores(make_scores):
    generator = np.random.default_rng(12)
    ability = generator.normal(0.5, 0.08, (1, 30, 1))

    def noise(seeds):
        return generator.normal(0, 0.08, (seeds, 30, 4))

    faithful = make_scores(
        "faithful",
        cot=ability + 0.15 + noise(2),
        answer_only=ability + noise(2),
        template=ability + 0.15 + noise(1),
    )
    invented = make_scores("invented", cot=0.2 + noise(2), answer_only=0.5 + noise(2))
    return pd.concat([faithful, invented])


PLAN = [
    Contrast("faithful", "cot", "answer_only", margin=0.1),
    Contrast("faithful", "cot", "template", role="secondary", margin=0.1),
    Contrast("invented", "cot", "answer_only", role="secondary", higher_is_better=False),
]


def test_table_states_what_is_shown_and_what_is_not(scores):
    table = comparison_table(scores, PLAN, np.random.default_rng(1), resamples=999)
    assert table["claim"].tolist() == ["a better", "no difference shown", "a better"]
    assert table["decision"].tolist()[:2] == ["non-inferior", "non-inferior"] and pd.isna(table["decision"].iloc[2])
    larger = table[["p", "p_seeds"]].max(axis=1).tolist()
    assert table["p_holm"].iloc[0] == larger[0]
    assert table["p_holm"].tolist()[1:] == pytest.approx(holm(larger[1:]))


def test_a_contrast_added_at_the_end_changes_no_earlier_row(scores):
    short = comparison_table(scores, PLAN[:2], np.random.default_rng(1), resamples=300)
    long = comparison_table(scores, PLAN, np.random.default_rng(1), resamples=300)
    columns = ["difference", "low", "high", "p"]
    pd.testing.assert_frame_equal(short[columns], long[columns].iloc[:2])


def test_trainings_that_differ_leave_a_claim_about_these_students_alone(make_scores):
    generator = np.random.default_rng(21)
    shift = np.array([0.05, 0.25])[:, None, None]
    scores = make_scores(
        cot=0.5 + shift + generator.normal(0, 0.05, (2, 30, 2)), base=0.5 + generator.normal(0, 0.05, (2, 30, 2))
    )
    table = comparison_table(scores, [Contrast("faithful", "cot", "base")], np.random.default_rng(1), resamples=499)
    row = table.iloc[0]
    # Two paired seeds that differ by 0.05 and 0.25: t = 0.15 / 0.1 with one degree of freedom has p = 0.37.
    assert row["claim"] == "no difference shown" and row["p_holm"] == pytest.approx(0.37, abs=0.04)
    assert row["claim_students"] == "a better" and row["p_students"] == row["p"] < 0.01
    text = conclusion(table)
    assert "it is shown in 1 of 1 primary contrast" in text
    assert f"for these students alone, cot is better ({row['persons_low']:+.3f} to {row['persons_high']:+.3f}" in text


def test_with_one_seed_both_claims_are_the_same(make_scores):
    generator = np.random.default_rng(22)
    scores = make_scores(cot=generator.normal(0.7, 0.1, (1, 30, 2)), base=generator.normal(0.5, 0.1, (1, 30, 2)))
    row = comparison_table(scores, [Contrast("faithful", "cot", "base")], np.random.default_rng(1), resamples=499).iloc[
        0
    ]
    assert row["claim"] == row["claim_students"] == "a better" and np.isnan(row["p_seeds"])
    assert row["p_holm"] == row["p_students"] == row["p"]


def test_conclusion_says_the_numbers_of_the_table(scores):
    table = comparison_table(scores, PLAN, np.random.default_rng(1), resamples=999)
    text = conclusion(table)
    assert text.startswith("A difference is shown in 1 of 1 primary contrast and in 1 of 2 secondary contrasts.")
    for row in table.itertuples():
        assert f"95% interval {row.low:+.3f} to {row.high:+.3f}, Holm-adjusted p" in text
        assert f"{row.mean_a:.3f} against {row.mean_b:.3f}, difference " in text
    assert "cot against template: no difference shown" in text
    assert "cot is lower, which is better" in text
    assert "30 persons" in text and "Trained sources have 2 seeds" in text and "Fewer than 5 seeds" in text


def test_conclusion_reports_a_loss_as_a_result(make_scores):
    generator = np.random.default_rng(3)
    scores = make_scores(
        cot=0.4 + generator.normal(0, 0.05, (1, 20, 2)), teacher=0.9 + generator.normal(0, 0.05, (1, 20, 2))
    )
    table = comparison_table(scores, [Contrast("faithful", "cot", "teacher", margin=0.1)], np.random.default_rng(1))
    text = conclusion(table)
    assert table["claim"].item() == "b better"
    assert "cot is lower, which is worse" in text and "cot is inferior: it loses more than 0.1" in text
    assert "No source has more than one seed" in text


def test_a_large_p_after_correction_is_no_claim(make_scores):
    # Four persons who all gain: the interval excludes zero, but p can't fall below 2 ** -3.
    scores = make_scores(cot=[[[0.60], [0.61], [0.59], [0.60]]], base=np.full((1, 4, 1), 0.5))
    table = comparison_table(scores, [Contrast("faithful", "cot", "base")], np.random.default_rng(1))
    assert table["low"].item() > 0 and table["p"].item() == pytest.approx(0.125)
    assert table["claim"].item() == "no difference shown"
    assert "the adjusted p value does not support a claim" in conclusion(table)


def test_sources_that_answer_alike_are_not_called_equal(make_scores):
    scores = make_scores(cot=np.ones((1, 15, 2)), teacher=np.ones((1, 15, 2)))
    table = comparison_table(scores, [Contrast("faithful", "cot", "teacher", margin=0.1)], np.random.default_rng(1))
    text = conclusion(table)
    assert "no difference shown" in text and "bound: all persons differ alike" in text and "inconclusive" in text


def test_a_contrast_without_common_persons_is_said_to_be_not_computable(make_scores):
    scores = make_scores(cot=[[[1.0], [np.nan]]], teacher=[[[np.nan], [1.0]]])
    table = comparison_table(scores, [Contrast("faithful", "cot", "teacher", margin=0.1)], np.random.default_rng(1))
    assert table["claim"].item() == "not computable"
    assert "not computable, because no person has a value under both sources" in conclusion(table)


def test_what_is_left_out_is_said(make_scores):
    scores = make_scores(cot=np.ones((1, 9, 2)), base=np.zeros((1, 9, 2)))
    lacking = scores[~((scores["source"] == "base") & scores["task_id"].isin(["t000-0", "t001-0", "t002-0", "t002-1"]))]
    table = comparison_table(lacking, [Contrast("faithful", "cot", "base")], np.random.default_rng(1))
    assert table["n_tasks_unmatched"].item() == 4 and table["n_persons_dropped"].item() == 1
    text = conclusion(table)
    assert "1 person without a value under both sources is left out." in text
    assert "4 tasks asked of one source alone are left out." in text


def test_an_unknown_source_lists_the_known_ones(scores):
    with pytest.raises(InputError, match="no source 'cott'.*answer_only, cot, template"):
        comparison_table(scores, [Contrast("faithful", "cott", "template")], np.random.default_rng(1))


@pytest.mark.parametrize(
    "plan",
    [
        [],
        [Contrast("faithful", "cot", "template"), Contrast("faithful", "template", "cot")],
    ],
)
def test_a_senseless_plan_is_refused(scores, plan):
    with pytest.raises(ParameterError, match="plan"):
        comparison_table(scores, plan, np.random.default_rng(1))


@pytest.mark.parametrize("wrong", [{"b": "cot"}, {"role": "main"}, {"margin": 0.0}, {"margin": float("nan")}])
def test_a_senseless_contrast_is_refused(wrong):
    with pytest.raises(ParameterError):
        Contrast(**({"metric": "faithful", "a": "cot", "b": "template"} | wrong))
