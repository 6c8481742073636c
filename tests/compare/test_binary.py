"""Tested against statsmodels, published examples of both clustered tests, and Obuchowski's variance written in full."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from sleepcot_utils.compare.binary import (
    binary_pairs,
    clustered_mcnemar,
    clustered_odds_ratio,
    matched_odds_ratio,
    mcnemar,
    mcnemar_p,
)
from sleepcot_utils.errors import InputError

#: Petryshen and Bocking's 29 psychiatrists: discordant pairs of both kinds and all pairs of each, as in the data set
#: `psychiatry` of the R package clust.bin.pair 0.1.2.
PSYCHIATRY = (
    np.array([0, 1, 1, 1, 0, 3, 3, 3, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0]),
    np.array([4, 2, 3, 2, 1, 3, 0, 2, 2, 4, 2, 4, 3, 2, 1, 3, 1, 2, 0, 0, 0, 2, 1, 2, 2, 0, 0, 1, 1]),
    np.array([7, 6, 7, 6, 4, 6, 5, 8, 4, 7, 3, 6, 7, 6, 5, 4, 6, 5, 4, 3, 5, 4, 4, 2, 3, 2, 2, 3, 1]),
)
#: Obuchowski's 21 patients with 1 to 4 glands, PET against SPECT: the data set `thyroids` of the same package.
THYROIDS = (
    np.array([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    np.array([2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0]),
    np.array([3, 3, 3, 1, 3, 4, 3, 2, 2, 1, 3, 2, 3, 2, 2, 3, 3, 3, 2, 1, 2]),
)


def rng(seed=1):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(("only_a", "only_b"), [(12, 2), (2, 12), (5, 5), (0, 4), (9, 2), (40, 21)])
def test_exact_p_equals_statsmodels_and_mid_p_equals_its_definition(only_a, only_b):
    table = [[20, only_a], [only_b, 16]]
    # statsmodels.stats.contingency_tables.mcnemar(table, exact=True)
    exact = statsmodels_mcnemar(table, exact=True).pvalue
    assert mcnemar_p(only_a, only_b) == pytest.approx(exact)
    # Mid-p by its definition: outcomes rarer than the observed one, and half of those that are as rare.
    chances = stats.binom.pmf(np.arange(only_a + only_b + 1), only_a + only_b, 0.5)
    as_rare = np.isclose(chances, chances[only_a])
    expected = chances[(chances < chances[only_a]) & ~as_rare].sum() + chances[as_rare].sum() / 2
    assert mcnemar_p(only_a, only_b, mid=True) == pytest.approx(expected)


def test_no_discordant_pair_gives_p_of_one():
    assert mcnemar_p(0, 0) == mcnemar_p(0, 0, mid=True) == 1.0


def test_clustered_test_equals_the_published_values():
    # clust.bin.pair(ak, bk, ck, dk, method = "durkalski"): 7.542 for psychiatry, 2.32 for thyroids; McNemar's
    # statistic without clusters is 11.85 and 4.5 (Durkalski et al. 2003, tables of the examples).
    only_a, only_b, pairs = PSYCHIATRY
    assert round(clustered_mcnemar(only_a, only_b, pairs)[0], 3) == 7.542
    assert statsmodels_mcnemar(
        [[0, only_a.sum()], [only_b.sum(), 0]], exact=False, correction=False
    ).statistic == pytest.approx(11.85, abs=0.005)
    statistic, p = clustered_mcnemar(*THYROIDS)
    assert round(statistic, 2) == 2.32
    # R: pchisq(2.32, 1, lower.tail = FALSE)
    assert p == pytest.approx(stats.chi2.sf(2.32, 1), abs=0.002)


def test_obuchowski_equals_its_variance_written_in_full():
    only_a, only_b, pairs = PSYCHIATRY
    # Concordant pairs are cut in half for "both right"; they must not matter.
    both = (pairs - only_a - only_b) // 2
    right_a, right_b, total, persons = both + only_a, both + only_b, pairs.sum(), len(pairs)
    pooled = (right_a.sum() + right_b.sum()) / (2 * total)
    factor = persons / (persons - 1) / total**2
    first, second = right_a - pairs * pooled, right_b - pairs * pooled
    variance = factor * ((first**2).sum() + (second**2).sum() - 2 * (first * second).sum())
    expected = ((right_a.sum() - right_b.sum()) / total) ** 2 / variance
    assert clustered_mcnemar(only_a, only_b)[0] == pytest.approx(expected)


def test_one_pair_a_person_gives_mcnemars_own_statistic():
    only_a, only_b = np.repeat([1, 0, 0], [12, 2, 30]), np.repeat([0, 1, 0], [12, 2, 30])
    expected = statsmodels_mcnemar([[0, 12], [2, 0]], exact=False, correction=False).statistic
    assert clustered_mcnemar(only_a, only_b, np.ones(44))[0] == pytest.approx(expected)


def test_clustered_test_keeps_its_level_where_the_plain_one_does_not():
    generator, studies, persons, items = rng(3), 400, 40, 6
    plain = clustered = 0
    for _ in range(studies):
        # Without an effect of the source, but persons lean to one side: five of six items agree with the leaning.
        leaning = generator.random((persons, 1)) < 0.5
        says_a = np.where(generator.random((persons, items)) < 5 / 6, leaning, ~leaning)
        only_a = says_a.sum(axis=1)
        only_b = items - only_a
        plain += mcnemar_p(int(only_a.sum()), int(only_b.sum()), mid=True) < 0.05
        clustered += clustered_mcnemar(only_a, only_b, np.full(persons, items))[1] < 0.05
    low, high = stats.binom.ppf([0.0005, 0.9995], studies, 0.05)
    assert low <= clustered <= high
    assert plain > 2 * high


def test_odds_ratio_equals_a_published_example():
    # StatsDirect, matched pairs (Armitage and Berry 1994, p. 127): R' = 6, exact 95% interval 1.335744 to 55.197091,
    # two-sided P = 0.0129.
    assert matched_odds_ratio(12, 2) == pytest.approx((6.0, 1.335744, 55.197091), abs=5e-6)
    assert round(mcnemar_p(12, 2), 4) == 0.0129
    assert matched_odds_ratio(0, 3)[:2] == (0.0, 0.0) and np.isinf(matched_odds_ratio(3, 0)[2])
    assert np.isnan(matched_odds_ratio(0, 0)).all()


def test_clustered_odds_ratio_agrees_with_the_plain_one_where_persons_are_pairs():
    cells = pd.DataFrame({"only_a": np.repeat([1, 0, 0], [60, 30, 110]), "only_b": np.repeat([0, 1, 0], [60, 30, 110])})
    ratio, low, high = clustered_odds_ratio(cells, rng())
    # Large-sample interval of log(60/30): standard error sqrt(1/60 + 1/30) = 0.2236.
    expected = np.log(2) + np.array([-1.96, 1.96]) * np.sqrt(1 / 60 + 1 / 30)
    assert np.log(ratio) == pytest.approx(np.log(60.5 / 30.5))
    assert np.log([low, high]) == pytest.approx(expected, abs=0.06)


def test_row_counts_pairs_of_tasks_and_shared_seeds_and_says_which_p_is_valid(make_scores):
    generator = rng(5)
    several = make_scores(
        cot=generator.integers(0, 2, (2, 15, 3)).astype(float), base=generator.integers(0, 2, (2, 15, 3)).astype(float)
    )
    row = mcnemar(several, "faithful", "cot", "base", rng(), resamples=300)
    assert row["n_pairs"] == 2 * 15 * 3 and row["n_persons"] == 15 and row["valid"] == "durkalski_p"
    wide = several.pivot(index=["task_id", "seed"], columns="source", values="value")
    assert row["only_a"] == ((wide["cot"] == 1) & (wide["base"] == 0)).sum()
    assert row["both"] + row["only_a"] + row["only_b"] + row["neither"] == 90
    single = several[several["task_id"].str.endswith("-0") & (several["seed"] == 1)]
    assert mcnemar(single, "faithful", "cot", "base", rng())["valid"] == "mid_p"


def test_a_source_with_one_seed_is_paired_with_every_seed_of_the_other(make_scores):
    scores = make_scores(cot=[[[1.0], [0.0]], [[1.0], [1.0]]], teacher=[[[0.0], [0.0]]])
    cells = binary_pairs(scores, "faithful", "cot", "teacher")
    assert cells["only_a"].tolist() == [2, 1] and cells["neither"].tolist() == [0, 1]


def test_persons_mean_difference_is_the_numerator_of_durkalskis_test(make_scores):
    generator = rng(6)
    scores = make_scores(
        cot=generator.integers(0, 2, (1, 20, 4)).astype(float), base=generator.integers(0, 2, (1, 20, 4)).astype(float)
    )
    cells = binary_pairs(scores, "faithful", "cot", "base")
    means = scores.groupby(["source", "person_id"])["value"].mean()
    assert ((cells["only_a"] - cells["only_b"]) / cells.sum(axis=1)).to_numpy() == pytest.approx(
        (means["cot"] - means["base"]).to_numpy()
    )


def test_a_share_is_refused_with_its_value(make_scores):
    with pytest.raises(InputError, match="not binary .found 0.25"):
        binary_pairs(make_scores(cot=[[[0.25]]], base=[[[1.0]]]), "faithful", "cot", "base")
