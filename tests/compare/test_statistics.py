from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from sleepcot_utils.compare.statistics import SUMMARY_COLUMNS, holm, minimum_detectable_effect, summarize
from sleepcot_utils.errors import ParameterError


def test_summary_has_one_row_a_metric_and_source(make_scores):
    generator = np.random.default_rng(1)
    scores = pd.concat(
        [
            make_scores("faithful", cot=generator.random((2, 10, 3)), teacher=np.ones((1, 10, 3))),
            make_scores("words", cot=generator.integers(20, 90, (2, 10, 3))),
        ]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        summary = summarize(scores, np.random.default_rng(2), resamples=499)
    assert tuple(summary.columns) == SUMMARY_COLUMNS
    assert summary[["metric", "source"]].agg(tuple, axis=1).tolist() == [
        ("faithful", "cot"),
        ("faithful", "teacher"),
        ("words", "cot"),
    ]
    assert summary["interval_method"].tolist() == ["bca", "bound", "bca"]
    assert (summary["n_persons"] == 10).all() and summary["n_seeds"].tolist() == [2, 1, 2]
    assert summary["low"].le(summary["mean"]).all() and summary["high"].ge(summary["mean"]).all()


def test_summary_counts_what_could_not_be_scored(make_scores):
    scores = make_scores(cot=[[[1.0, np.nan], [0.5, 0.5], [np.nan, np.nan]]])
    row = summarize(scores, np.random.default_rng(1)).iloc[0]
    assert row["n_persons"] == 2 and row["n_tasks"] == 6 and row["scored_share"] == pytest.approx(0.5)
    assert row["mean"] == pytest.approx(0.75)


def test_summary_of_a_metric_that_never_applies_is_null_without_warning(make_scores):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        row = summarize(make_scores(cot=np.full((1, 3, 2), np.nan)), np.random.default_rng(1)).iloc[0]
    assert row["n_persons"] == 0 and np.isnan(row["mean"]) and row["interval_method"] == "none"


def test_same_rng_same_summary(make_scores):
    scores = make_scores(cot=np.random.default_rng(1).random((2, 12, 2)))
    one, other = (summarize(scores, np.random.default_rng(5), resamples=300) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)


def test_holm_equals_the_step_down_rule():
    # By hand, from the smallest: 4 * 0.005, 3 * 0.01, 2 * 0.03, and 1 * 0.04 raised to the one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_equals_statsmodels():
    generator = np.random.default_rng(3)
    for count in (1, 2, 7, 30):
        p_values = generator.random(count) ** 2
        p_values[count // 2 :: 3] = p_values[0]
        # statsmodels.stats.multitest.multipletests(p_values, method="holm")[1]
        assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_holm_leaves_nulls_out_of_the_family():
    assert holm([0.01, np.nan, 0.04]) == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)
    assert np.isnan(holm([np.nan])).all()


def test_minimum_detectable_effect_has_the_power_it_claims():
    effect = minimum_detectable_effect(24, 0.2, power=0.8)
    # Power of the paired t test by the noncentral t: scipy.stats.nct
    critical = stats.t.ppf(0.975, 23)
    shift = effect / 0.2 * np.sqrt(24)
    assert stats.nct.sf(critical, 23, shift) + stats.nct.cdf(-critical, 23, shift) == pytest.approx(0.8, abs=1e-4)
    assert minimum_detectable_effect(96, 0.2) < effect


def test_minimum_detectable_effect_needs_two_persons():
    with pytest.raises(ParameterError):
        minimum_detectable_effect(1, 0.2)
