"""Tested against scipy, statsmodels and plain enumeration. Not tested: the random sign flips against another program
(more than 2 ** 13 flips are drawn, not listed); the exact case and the uniformity under the null stand for them."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from sleepcot_utils.compare.effects import (
    equivalence_p,
    noninferiority,
    paired_effect,
    sign_flip_p,
    standardized_effects,
)
from sleepcot_utils.compare.pairs import seed_differences
from sleepcot_utils.errors import InputError, ParameterError


def rng():
    return np.random.default_rng(20)


def test_sign_flip_p_equals_plain_enumeration():
    differences = np.array([0.3, -0.1, 0.4, 0.25, 0.05, -0.2, 0.15, 0.35])
    flipped = [np.mean(differences * signs) for signs in itertools.product([1, -1], repeat=differences.size)]
    expected = np.mean(np.abs(flipped) >= abs(differences.mean()) - 1e-12)
    assert sign_flip_p(differences, rng()) == pytest.approx(expected)


def test_sign_flip_p_is_uniform_without_an_effect_and_small_with_one():
    generator = np.random.default_rng(31)
    null = [sign_flip_p(generator.standard_t(4, size=10), generator, resamples=1100) for _ in range(150)]
    # Exact with 1024 flips, so the p values lie on a grid of 1/512 and a Kolmogorov-Smirnov test may be used.
    assert stats.kstest(null, "uniform").pvalue > 0.001
    assert np.mean(np.array(null) < 0.05) < stats.binom.ppf(0.999, 150, 0.05) / 150
    assert sign_flip_p(generator.normal(1, 1, size=30), generator) < 0.001


def test_sign_flip_p_does_not_depend_on_order_or_direction():
    differences = np.array([0.3, -0.1, 0.4, 0.25, 0.05, -0.2])
    assert sign_flip_p(differences, rng()) == sign_flip_p(differences[::-1], rng()) == sign_flip_p(-differences, rng())


def test_sign_flip_p_of_no_difference_is_one():
    assert sign_flip_p(np.zeros(8), rng()) == 1.0


def test_standardized_effects_equal_outside_values():
    first = np.array([0.9, 0.8, 0.7, 0.95, 0.6, 0.85])
    second = np.array([0.7, 0.75, 0.5, 0.9, 0.65, 0.6])
    d_z, g_av = standardized_effects(first, second)
    # scipy.stats.ttest_rel(first, second).statistic / sqrt(n)
    assert d_z == pytest.approx(stats.ttest_rel(first, second).statistic / np.sqrt(6))
    # By hand: mean difference 0.7 / 6; standard deviations 0.130384 and 0.136626; factor 1 - 3 / 19.
    assert g_av == pytest.approx((0.7 / 6) / ((0.130384 + 0.136626) / 2) * (16 / 19), rel=1e-4)


def test_equivalence_p_equals_statsmodels():
    generator = np.random.default_rng(1)
    first = generator.normal(0.70, 0.1, 25)
    second = first + generator.normal(0.01, 0.05, 25)
    # statsmodels.stats.weightstats.ttost_paired(first, second, -0.05, 0.05)[0]
    assert equivalence_p(first - second, 0.05) == pytest.approx(ttost_paired(first, second, -0.05, 0.05)[0])
    assert np.isnan(equivalence_p(np.zeros(5), 0.05))


def test_a_planted_effect_is_found_with_its_size(make_scores):
    generator = np.random.default_rng(2)
    ability = generator.normal(0.5, 0.1, (1, 40, 1))
    scores = make_scores(
        cot=ability + 0.15 + generator.normal(0, 0.05, (3, 40, 4)),
        answer_only=ability + generator.normal(0, 0.05, (3, 40, 4)),
    )
    effect = paired_effect(scores, "faithful", "cot", "answer_only", rng(), resamples=999)
    assert effect["low"] < 0.15 < effect["high"] and effect["high"] - effect["low"] < 0.06
    assert effect["p"] <= 0.002 and effect["n_persons"] == 40 and effect["n_tasks"] == 160
    assert effect["interval_method"] == "bca+seeds" and effect["n_seeds_a"] == 3
    assert effect["seed_low"] < 0.15 < effect["seed_high"]
    assert 0 < effect["p_seeds"] < 0.05


def test_more_tasks_of_the_same_persons_do_not_narrow_the_interval(make_scores):
    generator = np.random.default_rng(3)
    once = {name: generator.random((1, 20, 2)) for name in ("cot", "teacher")}
    effect = paired_effect(make_scores(**once), "faithful", "cot", "teacher", rng(), resamples=999)
    many = {name: np.tile(values, (1, 1, 10)) for name, values in once.items()}
    again = paired_effect(make_scores(**many), "faithful", "cot", "teacher", rng(), resamples=999)
    assert again["n_tasks"] == 10 * effect["n_tasks"]
    for name in ("difference", "low", "high", "p", "d_z"):
        assert again[name] == pytest.approx(effect[name])


def test_swapping_the_sources_mirrors_the_effect(make_scores):
    generator = np.random.default_rng(4)
    scores = make_scores(cot=generator.random((1, 12, 2)), teacher=generator.random((1, 12, 2)))
    one = paired_effect(scores, "faithful", "cot", "teacher", rng())
    other = paired_effect(scores, "faithful", "teacher", "cot", rng())
    assert other["difference"] == pytest.approx(-one["difference"]) and other["p"] == one["p"]
    assert other["d_z"] == pytest.approx(-one["d_z"])
    # Monte Carlo error only: 9999 resamples.
    assert -other["high"] == pytest.approx(one["low"], abs=0.02)


def test_order_of_rows_and_other_sources_change_nothing(make_scores):
    generator = np.random.default_rng(5)
    scores = make_scores(
        cot=generator.random((2, 10, 2)), base=generator.random((2, 10, 2)), teacher=generator.random((1, 10, 2))
    )
    effect = paired_effect(scores, "faithful", "cot", "base", rng(), resamples=500)
    shuffled = scores.sample(frac=1, random_state=2)
    assert paired_effect(shuffled, "faithful", "cot", "base", rng(), resamples=500) == effect
    alone = scores[scores["source"] != "teacher"]
    assert paired_effect(alone, "faithful", "cot", "base", rng(), resamples=500) == effect


def test_seeds_that_disagree_widen_the_interval(make_scores):
    generator = np.random.default_rng(6)
    noise = generator.normal(0, 0.05, (4, 30, 3))
    template = np.full((1, 30, 3), 0.5)
    alike = make_scores(cot=0.6 + noise, template=template)
    apart = make_scores(cot=0.6 + noise + np.array([-0.2, -0.1, 0.1, 0.2])[:, None, None], template=template)
    narrow, wide = (paired_effect(table, "faithful", "cot", "template", rng()) for table in (alike, apart))
    assert narrow["high"] < 0.15
    assert wide["low"] < 0 < wide["high"]
    assert wide["persons_low"] == pytest.approx(narrow["persons_low"])
    found = seed_differences(apart, "faithful", "cot", "template")
    assert list(found["seed_a"]) == [1, 2, 3, 4] and set(found["seed_b"]) == {1}
    assert found["difference"].to_numpy() == pytest.approx([-0.1, 0.0, 0.2, 0.3], abs=0.02)


def test_seeds_that_both_sources_share_are_compared_seed_by_seed(make_scores):
    generator = np.random.default_rng(9)
    shift = np.array([-0.2, 0.0, 0.2])[:, None, None]
    values = {
        "cot": 0.6 + shift + generator.normal(0, 0.02, (3, 20, 2)),
        "answer_only": 0.5 + shift + generator.normal(0, 0.02, (3, 20, 2)),
    }
    shared = make_scores(**values)
    other_seeds = shared.assign(seed=shared["seed"].where(shared["source"] == "cot", shared["seed"] + 10))
    assert len(seed_differences(shared, "faithful", "cot", "answer_only")) == 3
    assert len(seed_differences(other_seeds, "faithful", "cot", "answer_only")) == 9
    paired, unpaired = (
        paired_effect(table, "faithful", "cot", "answer_only", rng(), resamples=999) for table in (shared, other_seeds)
    )
    assert paired["low"] > 0.05
    assert unpaired["low"] < 0 < unpaired["high"]
    assert paired["p_seeds"] < 0.01 and unpaired["p_seeds"] > 0.3
    assert paired["p"] == unpaired["p"]


def test_the_interval_is_never_narrower_than_by_person(make_scores):
    generator = np.random.default_rng(7)
    scores = make_scores(cot=generator.random((2, 9, 3)), base=generator.random((2, 9, 3)))
    effect = paired_effect(scores, "faithful", "cot", "base", rng(), resamples=300)
    assert effect["low"] <= effect["persons_low"] and effect["high"] >= effect["persons_high"]


def test_only_tasks_that_both_were_asked_and_persons_that_both_have_count(make_scores):
    scores = make_scores(cot=[[[1.0, 0.0], [1.0, 1.0], [np.nan, np.nan]]], teacher=np.ones((1, 3, 2)))
    scores = scores[~((scores["source"] == "teacher") & (scores["task_id"] == "t000-1"))]
    effect = paired_effect(scores, "faithful", "cot", "teacher", rng())
    assert effect["n_persons"] == 2 and effect["n_persons_dropped"] == 1 and effect["n_tasks"] == 5
    assert effect["n_tasks_unmatched"] == 1
    assert effect["difference"] == 0.0


def test_no_person_in_common_gives_nulls_and_no_task_in_common_an_error(make_scores):
    scores = make_scores(cot=[[[1.0], [np.nan]]], teacher=[[[np.nan], [1.0]]])
    effect = paired_effect(scores, "faithful", "cot", "teacher", rng())
    assert effect["n_persons"] == 0 and np.isnan(effect["difference"]) and np.isnan(effect["p"])
    disjoint = pd.concat([scores.iloc[[0]], scores.iloc[[3]]])
    with pytest.raises(InputError, match="no task in common"):
        paired_effect(disjoint, "faithful", "cot", "teacher", rng())


@pytest.mark.parametrize(
    ("loss", "higher_is_better", "decision"),
    [
        (0.00, True, "non-inferior"),
        (0.05, True, "inconclusive"),
        (0.20, True, "inferior"),
        (-0.20, True, "non-inferior"),
        (-0.20, False, "inferior"),
        (0.20, False, "non-inferior"),
    ],
)
def test_noninferiority_decides_in_three_words(make_scores, loss, higher_is_better, decision):
    generator = np.random.default_rng(8)
    teacher = np.clip(generator.normal(0.6, 0.05, (1, 40, 2)), 0, 1)
    student = teacher - loss + generator.normal(0, 0.04, (1, 40, 2))
    found = noninferiority(
        make_scores(cot=student, teacher=teacher),
        "faithful",
        "cot",
        "teacher",
        rng(),
        margin=0.05,
        higher_is_better=higher_is_better,
        resamples=999,
    )
    assert found["decision"] == decision and found["margin"] == 0.05


def test_perfect_agreement_of_few_persons_is_inconclusive(make_scores):
    for count, decision in ((20, "inconclusive"), (80, "non-inferior")):
        table = make_scores(cot=np.ones((1, count, 3)), teacher=np.ones((1, count, 3)))
        assert noninferiority(table, "faithful", "cot", "teacher", rng(), margin=0.08)["decision"] == decision


@pytest.mark.parametrize("margin", [0.0, -0.1, np.nan, np.inf])
def test_a_margin_that_is_no_margin_is_refused(make_scores, margin):
    with pytest.raises(ParameterError, match="margin"):
        noninferiority(
            make_scores(cot=[[[1.0]]], teacher=[[[1.0]]]), "faithful", "cot", "teacher", rng(), margin=margin
        )
