"""Tested: ends of each kind of interval, coverage by simulation, behavior without spread. Not tested: BCa against
another implementation of BCa digit by digit (the resamples differ); its coverage stands for that."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import stats

from sleepcot_utils.compare.intervals import (
    crossed_bootstrap,
    few_seeds_factor,
    percentile_interval,
    person_interval,
    variance_with_seeds,
)
from sleepcot_utils.errors import ParameterError


def test_bca_covers_a_skewed_mean_about_as_often_as_it_says():
    rng = np.random.default_rng(11)
    simulations, true_mean = 200, 2 / 7
    hits = 0
    for _ in range(simulations):
        found = person_interval(rng.beta(2, 5, size=40), rng, resamples=499, bounds=(0.0, 1.0))
        hits += found.low <= true_mean <= found.high
    # 95% nominal; BCa at n = 40 is known to lose a point or two, so 93% is what is held to. The band is the central
    # 99.9% of a binomial: scipy.stats.binom.ppf([0.0005, 0.9995], 200, [0.93, 0.95]) = 172 to 199.
    assert stats.binom.ppf(0.0005, simulations, 0.93) <= hits <= stats.binom.ppf(0.9995, simulations, 0.95)


def test_bca_agrees_with_student_t_where_both_are_right():
    values = np.random.default_rng(2).normal(0.6, 0.1, size=400)
    found = person_interval(values, np.random.default_rng(3))
    # scipy.stats.t.interval(0.95, 399, loc=values.mean(), scale=scipy.stats.sem(values)); the Monte Carlo error of a
    # 2.5% quantile from 9999 resamples is about 3% of the half width, three of them are allowed.
    low, high = stats.t.interval(0.95, 399, loc=values.mean(), scale=stats.sem(values))
    assert found.method == "bca"
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.09 * (high - low) / 2)


def test_few_persons_get_student_t_cut_to_the_bounds():
    values = np.array([0.2, 0.9, 1.0, 1.0])
    found = person_interval(values, np.random.default_rng(1), bounds=(0.0, 1.0))
    # By hand: mean 0.775, standard error sqrt(0.4475 / 3 / 4) = 0.193111, t(0.975, 3) = 3.182446 from tables.
    assert found.method == "t"
    assert (found.low, found.high) == pytest.approx((0.775 - 3.182446 * 0.193111, 1.0), abs=1e-5)


@pytest.mark.parametrize("count", [1, 5, 24, 200])
def test_equal_persons_get_the_exact_binomial_bound_and_no_warning(count):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = person_interval(np.ones(count), np.random.default_rng(1), bounds=(0.0, 1.0))
    # One-sided Clopper-Pearson bound of n successes in n: scipy.stats.binomtest(n, n, alternative="greater")
    outside = stats.binomtest(count, count, alternative="greater").proportion_ci(0.95, method="exact")
    assert found.method == "bound" and found.high == 1.0
    assert found.low == pytest.approx(outside.low, abs=1e-9)


def test_equal_differences_are_no_proof_of_equality():
    found = person_interval(np.zeros(24), np.random.default_rng(1), bounds=(-1.0, 1.0))
    assert found.low == pytest.approx(-found.high) and found.high == pytest.approx(1 - 0.05 ** (1 / 24))


def test_the_bound_holds_for_the_worst_distribution_that_looks_equal():
    # Persons score 1 with chance q and 0 otherwise, q just below the bound: samples of n equal ones are rarer than 5%.
    count = 12
    q = person_interval(np.ones(count), np.random.default_rng(1), bounds=(0.0, 1.0)).low - 0.01
    assert q**count < 0.05


def test_without_bounds_or_persons_there_is_no_interval():
    assert person_interval(np.full(9, 140.0), np.random.default_rng(1)).method == "none"
    assert np.isnan(person_interval(np.array([]), np.random.default_rng(1)).low)


def test_same_rng_same_interval():
    values = np.random.default_rng(5).random(20)
    first, second = (person_interval(values, np.random.default_rng(8), resamples=500) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("level", "resamples"), [(1.0, 999), (0.0, 999), (0.95, 50)])
def test_a_senseless_level_or_resample_count_is_refused(level, resamples):
    with pytest.raises(ParameterError):
        person_interval(np.arange(9.0), np.random.default_rng(1), level=level, resamples=resamples)


def test_crossed_bootstrap_has_the_variance_of_persons_plus_seeds():
    rng = np.random.default_rng(4)
    persons, seeds = 50, 4
    first = rng.normal(0, 0.2, persons)[None] + rng.normal(0, 0.1, seeds)[:, None] + np.zeros((seeds, persons))
    second = np.zeros((1, persons))
    estimates = crossed_bootstrap(first, second, rng, shared_seeds=False, resamples=20_000)
    of_persons = first.mean(axis=0).var(ddof=0) / persons
    of_seeds = first.mean(axis=1).var(ddof=1) / seeds
    # Relative Monte Carlo error of a variance from 20 000 draws: sqrt(2 / 20000) = 1%; four of them.
    assert estimates.var() == pytest.approx(of_persons + of_seeds, rel=0.04)
    assert estimates.mean() == pytest.approx(first.mean(), abs=4 * np.sqrt((of_persons + of_seeds) / 20_000))


def test_crossed_bootstrap_covers_where_persons_alone_do_not():
    rng = np.random.default_rng(9)
    simulations, persons, seeds = 200, 40, 5
    alone = crossed = 0
    for _ in range(simulations):
        first = (
            rng.normal(0, 0.1, persons)[None] + rng.normal(0, 0.05, seeds)[:, None] + rng.normal(0, 0.1, (5, persons))
        )
        estimates = crossed_bootstrap(first, np.zeros((1, persons)), rng, shared_seeds=False, resamples=499)
        low, high = percentile_interval(estimates)
        crossed += low <= 0 <= high
        means = first.mean(axis=0)
        low, high = stats.t.interval(0.95, persons - 1, loc=means.mean(), scale=stats.sem(means))
        alone += low <= 0 <= high
    # Five seeds still give a little less than 95%: the docstring says so; 88% is the least that is held to.
    assert crossed >= stats.binom.ppf(0.001, simulations, 0.88)
    assert alone < crossed - 20


@pytest.mark.parametrize(("seeds", "shared"), [(2, True), (3, True), (3, False)])
def test_the_factor_of_few_seeds_repairs_the_coverage_where_trainings_differ(seeds, shared):
    generator, studies, persons = np.random.default_rng(31), 200, 40
    plain = repaired = 0
    for _ in range(studies):
        # The spread of trainings is about that of the persons' mean: 0.25 / sqrt(40) = 0.04, and 0.056 / sqrt(seeds).
        first, second = generator.normal(0, 0.2, (2, seeds, persons)) + generator.normal(0, 0.056, (2, seeds, 1))
        low, high = percentile_interval(crossed_bootstrap(first, second, generator, shared_seeds=shared, resamples=399))
        center = first.mean() - second.mean()
        factor = few_seeds_factor(variance_with_seeds(first, second, shared_seeds=shared)[1])
        plain += low <= 0 <= high
        repaired += center + factor * (low - center) <= 0 <= center + factor * (high - center)
    assert repaired > plain
    # Nominal 95%; two seeds may lose three points.
    assert repaired >= stats.binom.ppf(0.001, studies, 0.92)


def test_variance_and_freedom_with_seeds_at_their_limits():
    generator = np.random.default_rng(32)
    persons = generator.normal(0, 0.3, 200)
    nothing = np.zeros((1, 200))
    alike = np.tile(persons, (2, 1)) + generator.normal(0, 1e-3, (2, 200))
    variance, freedom = variance_with_seeds(alike, nothing, shared_seeds=False)
    # Persons alone: the squared standard error of their mean, and t with 199 degrees of freedom.
    assert variance == pytest.approx(stats.sem(persons) ** 2, rel=0.01) and freedom == pytest.approx(199, rel=0.01)
    assert few_seeds_factor(freedom) == pytest.approx(1.972 / 1.960, abs=1e-3)
    # Seeds alone: half of the variance of 0.3 and 0.7, one degree of freedom, 12.706 / 1.960.
    apart = np.full((2, 200), 0.5) + np.array([[-0.2], [0.2]])
    variance, freedom = variance_with_seeds(apart, nothing, shared_seeds=False)
    assert variance == pytest.approx(0.08 / 2) and freedom == pytest.approx(1)
    assert few_seeds_factor(freedom) == pytest.approx(12.706 / 1.960, abs=1e-2)
    assert few_seeds_factor(variance_with_seeds(np.ones((2, 9)), np.ones((2, 9)), shared_seeds=True)[1]) == 1.0


def test_seeds_shared_by_both_sources_cancel():
    rng = np.random.default_rng(6)
    shift = rng.normal(0, 0.3, 3)[:, None]
    first, second = 0.1 + shift + rng.normal(0, 0.02, (3, 30)), shift + rng.normal(0, 0.02, (3, 30))
    shared = crossed_bootstrap(first, second, rng, shared_seeds=True)
    apart = crossed_bootstrap(first, second, rng, shared_seeds=False)
    assert shared.std() < apart.std() / 5


def test_a_person_without_a_value_under_one_seed_still_counts():
    first = np.array([[0.5, np.nan, 0.7], [0.5, 0.6, 0.7]])
    estimates = crossed_bootstrap(first, np.zeros((1, 3)), np.random.default_rng(1), shared_seeds=False, resamples=500)
    assert np.isfinite(estimates).all()
    assert estimates.min() >= 0.5 - 1e-9 and estimates.max() <= 0.7 + 1e-9
