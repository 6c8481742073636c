"""Tested against the bivariate normal distribution, statsmodels' power of the paired t test, and scipy's permutations.

The rates of the whole pipeline are tested small here; `tests/benchmarks/bench_statistics.py` does it at length.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from sleepcot_utils.compare.calibration import choice_rates, pipeline_rates
from sleepcot_utils.compare.effects import paired_effect, sign_flip_p
from sleepcot_utils.compare.fake_studies import StudyDesign, fake_answers, fake_differences, fake_scores
from sleepcot_utils.compare.persons import check_scores
from sleepcot_utils.compare.power import (
    detectable_effect,
    power_curve,
    power_of,
    power_sentence,
    seed_ps,
    sign_flip_ps,
)
from sleepcot_utils.compare.statistics import minimum_detectable_effect
from sleepcot_utils.errors import ParameterError


def rng(seed=1):
    return np.random.default_rng(seed)


def test_fake_answers_have_the_shares_and_the_agreement_that_were_asked_for():
    design = StudyDesign(
        persons=400, items=1, seeds=1, mean=0.4, effect=0.15, person_share=0.3, item_share=0.3, reaction_share=0.1
    )
    right = fake_answers(design, 200, rng()).reshape(200, 2, 400)
    first, second = right[:, 0], right[:, 1]
    # 80,000 independent persons: standard error of a share at most 0.5 / sqrt(80,000) = 0.0018; four of them.
    assert first.mean() == pytest.approx(0.55, abs=0.007)
    assert second.mean() == pytest.approx(0.40, abs=0.007)
    # scipy.stats.multivariate_normal.cdf at both thresholds; correlation 0.6 is what both arms have in common.
    thresholds = stats.norm.ppf([0.55, 0.40])
    both = stats.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]]).cdf(thresholds)
    assert (first & second).mean() == pytest.approx(both, abs=0.007)


def test_more_in_common_means_less_spread_of_differences_and_more_power():
    alone, common = (
        power_of(StudyDesign(effect=0.1, item_share=share), rng(2), studies=400, flips=499) for share in (0.0, 0.7)
    )
    assert common > alone + 0.1


def test_training_runs_that_differ_move_whole_studies():
    steady, restless = (
        fake_differences(StudyDesign(run_share=share), 300, rng(3)).mean(axis=1).std() for share in (0.0, 0.1)
    )
    assert restless > 2 * steady


def test_sign_flip_ps_agree_with_scipys_test():
    differences = fake_differences(StudyDesign(persons=30, effect=0.08), 6, rng(4))
    found = sign_flip_ps(differences, rng(5), flips=20_000)
    # effects.sign_flip_p calls scipy.stats.permutation_test; both are random, so four standard errors are allowed.
    for row, p in zip(differences, found, strict=True):
        scipy = sign_flip_p(row, rng(6), resamples=20_000)
        assert p == pytest.approx(scipy, abs=4 * np.sqrt(2 * max(scipy, 0.001) / 20_000) + 1e-3)


def test_power_agrees_with_the_t_test_where_differences_are_nearly_normal():
    design = StudyDesign(persons=40, items=40, seeds=1, effect=0.06)
    curve = power_curve([40], [0.06], design, rng(7), studies=2000)
    # statsmodels.stats.power.TTestPower().power(effect_size, nobs, alpha, alternative="two-sided")
    expected = TTestPower().power(0.06 / curve["spread"].iloc[0], 40, 0.05, alternative="two-sided")
    assert curve["power"].iloc[0] == pytest.approx(expected, abs=0.035)
    assert curve["low"].iloc[0] < curve["power"].iloc[0] < curve["high"].iloc[0]


def test_p_over_seeds_equals_that_of_the_comparison():
    design = StudyDesign(persons=20, items=3, seeds=3, run_share=0.05)
    scores = fake_scores(design, rng(18))
    wide = scores.pivot_table(index="person_id", columns=["source", "seed"], values="value")
    differences = (wide["cot"] - wide["answer_only"]).to_numpy().T[None]
    found = paired_effect(scores, "right", "cot", "answer_only", rng(19), resamples=300)
    assert seed_ps(differences)[0] == pytest.approx(found["p_seeds"])


def test_seeds_that_vary_cost_power_and_save_from_false_alarms():
    rates = {
        (share, vary): power_of(StudyDesign(run_share=share), rng(20), studies=800, seeds_vary=vary)
        for share in (0.0, 0.03)
        for vary in (True, False)
    }
    assert rates[0.03, False] > 0.2 and rates[0.03, True] < rates[0.03, False] / 1.5
    assert rates[0.0, True] < rates[0.0, False]


def test_without_an_effect_the_test_keeps_its_level():
    studies = 2000
    rate = power_of(StudyDesign(persons=50), rng(8), studies=studies, seeds_vary=False)
    # Discrete differences make it a little conservative; it must not exceed the central 99.9% of binomial(0.05).
    assert 0.02 < rate <= stats.binom.ppf(0.9995, studies, 0.05) / studies


def test_power_rises_with_persons_and_effect_and_is_the_same_for_the_same_state():
    curve = power_curve([15, 60], [0.05, 0.15], StudyDesign(), rng(9), studies=400)
    power = curve.pivot(index="persons", columns="effect", values="power").to_numpy()
    assert (np.diff(power, axis=0) > 0).all() and (np.diff(power, axis=1) > 0).all()
    again = power_curve([15, 60], [0.05, 0.15], StudyDesign(), rng(9), studies=400)
    pd.testing.assert_frame_equal(curve, again)


def test_detectable_effect_agrees_with_the_formula_of_the_t_test():
    design = StudyDesign(persons=50, items=8, seeds=1)
    found = detectable_effect(design, rng(10), studies=1500)
    spread = power_curve([50], [found], design, rng(11), studies=10)["spread"].iloc[0]
    # minimum_detectable_effect solves statsmodels' TTestPower; discreteness costs the sign-flip test a little.
    assert found == pytest.approx(minimum_detectable_effect(50, spread), rel=0.10)
    assert np.isnan(detectable_effect(StudyDesign(persons=3, items=1), rng(12), studies=200))


def test_sentence_names_the_smallest_effect_with_enough_power_or_says_that_none_has():
    curve = pd.DataFrame(
        {"persons": [20, 20, 50, 50], "effect": [0.1, 0.2, 0.1, 0.2], "power": [0.40, 0.70, 0.83, 0.99]}
    )
    assert power_sentence(curve) == (
        "With 20 persons even a difference of 0.2 is found in only 70% of cases. "
        "With 50 persons a difference of 0.1 is found in 83% of cases."
    )


def test_fake_scores_are_a_score_table_of_the_whole_design():
    design = StudyDesign(persons=7, items=3, seeds=2)
    scores = check_scores(fake_scores(design, rng(13), metrics=("one", "two")))
    assert len(scores) == 2 * 2 * 2 * 7 * 3 and scores["value"].isin([0, 1]).all()
    assert scores.groupby(["source", "metric", "seed"])["task_id"].nunique().eq(21).all()


def test_the_pipeline_rarely_claims_what_is_not_there_and_finds_what_is():
    null = pipeline_rates(StudyDesign(persons=30, items=3), rng(14), studies=30, metrics=2, resamples=299)
    # Family-wise level 5%: at most the 99.9% quantile of binomial(30, 0.05) = 6 of 30 studies.
    assert null["any_claim"] <= stats.binom.ppf(0.999, 30, 0.05) / 30
    assert null["covered"] >= stats.binom.ppf(0.001, 60, 0.93) / 60
    effect = pipeline_rates(StudyDesign(persons=30, items=3, effect=0.3), rng(15), studies=12, metrics=2, resamples=299)
    assert effect["claim"] > 0.8 and effect["wrong"] == 0 and effect["any_claim_low"] < effect["any_claim"]


def test_a_loss_of_the_whole_margin_is_rarely_called_non_inferior():
    design = StudyDesign(persons=30, items=3, effect=-0.1)
    rates = pipeline_rates(design, rng(16), studies=40, metrics=1, margin=0.1, resamples=299)
    # One-sided level 2.5%; bootstrap intervals of 30 persons may lose two points: 99.9% quantile of binomial(40, 4.5%).
    assert rates["non_inferior"] <= stats.binom.ppf(0.999, 40, 0.045) / 40


def test_sound_choices_keep_their_level_and_items_as_if_independent_do_not():
    # Persons react differently to the arms, so the items of a person lean to one side together.
    design = StudyDesign(persons=25, items=8, seeds=1, person_share=0.0, item_share=0.0, reaction_share=0.6)
    studies = 20
    found = choice_rates(design, rng(17), studies=studies, resamples=299).set_index("choice")
    sound = found[found["reasonable"]]
    assert len(sound) >= 6 and (found["studies"] == studies).all()
    assert sound["claimed"].max() <= stats.binom.ppf(0.9999, studies, 0.06) / studies
    assert found.loc["tasks as if independent", "low"] > 0.05


@pytest.mark.parametrize(
    "wrong",
    [{"persons": 1}, {"mean": 0.9, "effect": 0.2}, {"person_share": 0.9, "item_share": 0.3}, {"run_share": -0.1}],
)
def test_an_impossible_design_is_refused(wrong):
    with pytest.raises(ParameterError):
        StudyDesign(**wrong)
