"""Equivalence, effect sizes and Bayes: against statsmodels, published values of R packages, and exact cases."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower
from statsmodels.stats.weightstats import ttost_paired

from sleepcot_utils.compare.bayes import bayesian_difference, jzs_bayes_factor, posterior_means
from sleepcot_utils.compare.effect_sizes import d_z_interval, effect_sizes, paired_delta
from sleepcot_utils.compare.equivalence import equivalence, persons_for_margin
from sleepcot_utils.errors import InputError, ParameterError

#: Student's sleep data (R: datasets::sleep): extra hours of ten persons under two drugs.
SLEEP_1 = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
SLEEP_2 = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])


def rng(seed=1):
    return np.random.default_rng(seed)


@pytest.fixture
def sleep(make_scores):
    return make_scores("hours", first=SLEEP_1[None, :, None], second=SLEEP_2[None, :, None])


def test_equivalence_equals_statsmodels(sleep):
    found = equivalence(sleep, "hours", "second", "first", margin=2.5)
    # statsmodels.stats.weightstats.ttost_paired(second, first, -2.5, 2.5)
    p, above, below = ttost_paired(SLEEP_2, SLEEP_1, -2.5, 2.5)
    assert found["equivalence_p"] == pytest.approx(p)
    assert found["noninferiority_p"] == pytest.approx(above[1]) and found["superiority_p"] == pytest.approx(below[1])


def test_equivalence_and_the_inclusion_of_the_interval_are_the_same_statement(make_scores):
    generator, answers = rng(2), []
    for _ in range(30):
        second = generator.normal(0.5, 0.1, (1, 20, 1))
        first = second + generator.normal(generator.choice([0.0, 0.03, 0.06]), 0.06, (1, 20, 1))
        for higher in (True, False):
            found = equivalence(
                make_scores(a=first, b=second), "faithful", "a", "b", margin=0.05, alpha=0.05, higher_is_better=higher
            )
            assert found["equivalent"] == (-0.05 < found["low"] and found["high"] < 0.05)
            worse_end = found["low"] if higher else -found["high"]
            assert found["noninferior"] == (worse_end > -0.05)
            answers.append(found["equivalent"])
    # Both answers occur, so the agreement is no agreement of constants.
    assert 5 < sum(answers) < 55


def test_no_spread_is_no_proof_of_equivalence(make_scores):
    found = equivalence(make_scores(a=np.ones((1, 9, 1)), b=np.ones((1, 9, 1))), "faithful", "a", "b", margin=0.1)
    assert np.isnan(found["equivalence_p"]) and not found["equivalent"] and not found["noninferior"]


def test_persons_for_a_margin_have_the_power_that_was_asked_for():
    needed = persons_for_margin(0.2, 0.1)
    power = [TTestPower().power(0.5, count, 0.025, alternative="larger") for count in (needed - 1, needed)]
    assert power[0] < 0.8 <= power[1]
    assert persons_for_margin(0.0, 0.1) == 2
    with pytest.raises(ParameterError):
        persons_for_margin(0.2, 0.0)


def test_interval_of_d_z_has_the_statistic_as_its_tails():
    for d_z, count in ((0.5, 20), (-1.2, 8), (0.0, 50), (2.5, 30), (-0.3, 400), (1.0, 3)):
        low, high = d_z_interval(d_z, count)
        statistic = d_z * np.sqrt(count)
        assert stats.nct.sf(statistic, count - 1, low * np.sqrt(count)) == pytest.approx(0.025, abs=1e-6)
        assert stats.nct.cdf(statistic, count - 1, high * np.sqrt(count)) == pytest.approx(0.025, abs=1e-6)


def test_interval_of_d_z_covers_as_often_as_it_says():
    generator, studies = rng(3), 300
    hits = 0
    for _ in range(studies):
        values = generator.normal(0.4, 1, 15)
        low, high = d_z_interval(values.mean() / values.std(ddof=1), 15)
        hits += low <= 0.4 <= high
    assert stats.binom.ppf(0.0005, studies, 0.95) <= hits <= stats.binom.ppf(0.9995, studies, 0.95)


def test_effect_sizes_of_the_sleep_data(sleep):
    found = effect_sizes(sleep, "hours", "second", "first")
    # R: t.test(sleep$extra[11:20], sleep$extra[1:10], paired = TRUE) gives t = 4.0621; d_z = t / sqrt(10).
    assert found["d_z"] == pytest.approx(4.0621 / np.sqrt(10), abs=1e-4)
    assert found["d_z_low"] < found["d_z"] < found["d_z_high"]
    # Nine persons slept longer, one as long.
    assert (found["n_higher"], found["n_tied"], found["n_lower"]) == (9, 1, 0)
    assert found["superiority"] == pytest.approx(0.95) and found["delta"] == pytest.approx(0.9)
    assert found["superiority_low"] == pytest.approx((1 + found["delta_low"]) / 2) and found["superiority_high"] <= 1


def test_paired_delta_equals_a_published_interval():
    # R: PropCIs::diffpropci.mp(b = 40, c = 20, n = 160, conf.level = 0.95): -0.2160 to -0.0309 (c minus b).
    delta, low, high = paired_delta(20, 40, 160)
    assert delta == pytest.approx(-0.125)
    assert (low, high) == pytest.approx((-0.216017, -0.030896), abs=1e-5)
    assert paired_delta(0, 0, 24)[1] < 0 < paired_delta(0, 0, 24)[2]


def test_swapping_the_sources_mirrors_every_size(sleep):
    one, other = effect_sizes(sleep, "hours", "first", "second"), effect_sizes(sleep, "hours", "second", "first")
    assert other["d_z_low"] == pytest.approx(-one["d_z_high"]) and other["delta_high"] == pytest.approx(
        -one["delta_low"]
    )
    assert other["superiority"] == pytest.approx(1 - one["superiority"])


def test_bayes_factor_equals_r():
    statistic = stats.ttest_rel(SLEEP_1, SLEEP_2).statistic
    # R: BayesFactor::ttestBF(x = sleep$extra[1:10], y = sleep$extra[11:20], paired = TRUE): r = 0.707: 17.25888.
    assert jzs_bayes_factor(statistic, 10) == pytest.approx(17.25888, abs=1e-4)
    assert jzs_bayes_factor(0.0, 50) < 1 / 5
    assert jzs_bayes_factor(60.0, 50) > 1e30


def test_bayesian_bootstrap_has_the_moments_of_dirichlet_weights():
    values = rng(4).beta(2, 5, 30)
    means = posterior_means(values, rng(5), draws=40_000)
    # Flat Dirichlet weights: mean of the values, and their variance (ddof = 0) over n + 1. Relative Monte Carlo error
    # of a variance from 40,000 draws: sqrt(2 / 40,000) = 0.7%; four of them.
    assert means.mean() == pytest.approx(values.mean(), abs=4 * values.std() / np.sqrt(31 * 40_000))
    assert means.var() == pytest.approx(values.var() / 31, rel=0.03)


def test_posterior_agrees_with_the_frequentist_interval_where_it_must(make_scores):
    generator = rng(6)
    second = generator.normal(0.5, 0.1, (1, 60, 1))
    scores = make_scores(a=second + generator.normal(0.03, 0.1, (1, 60, 1)), b=second)
    found = bayesian_difference(scores, "faithful", "a", "b", rng(7), margin=0.05)
    wide = scores.pivot(index="person_id", columns="source", values="value")
    test = stats.ttest_rel(wide["a"], wide["b"])
    interval = test.confidence_interval()
    # With the prior 1 / sigma both are the same numbers, and P(difference > 0) is one minus the one-sided p.
    assert (found["normal_low"], found["normal_high"]) == pytest.approx((interval.low, interval.high))
    assert found["normal_above_zero"] == pytest.approx(
        1 - stats.ttest_rel(wide["a"], wide["b"], alternative="greater")[1]
    )
    assert found["above_zero"] == pytest.approx(found["normal_above_zero"], abs=0.02)
    assert found["in_margin"] == pytest.approx(found["normal_in_margin"], abs=0.04)
    assert found["low"] == pytest.approx(interval.low, abs=0.004)


def test_nobody_differs_gives_no_normal_posterior_and_says_that_both_signs_are_open(make_scores):
    same = make_scores(a=np.ones((1, 9, 1)), b=np.ones((1, 9, 1)))
    found = bayesian_difference(same, "faithful", "a", "b", rng(), margin=0.05, draws=500)
    assert found["above_zero"] == 0.5 and np.isnan(found["bayes_factor"]) and np.isnan(found["normal_low"])


def test_one_person_is_refused(make_scores):
    one = make_scores(a=[[[1.0]]], b=[[[0.0]]])
    with pytest.raises(InputError, match="1 persons"):
        equivalence(one, "faithful", "a", "b", margin=0.1)
    with pytest.raises(InputError, match="1 persons"):
        effect_sizes(one, "faithful", "a", "b")
    with pytest.raises(InputError, match="1 persons"):
        bayesian_difference(one, "faithful", "a", "b", rng(), margin=0.1)
