"""Tested against ``scipy.stats.bootstrap``, digit by digit where both get the same resamples."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sleepcot_utils.compare.resampling import bca_bounds, bootstrap_means, bootstrap_table, draw_counts
from sleepcot_utils.errors import InputError


def rng(seed=1):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("values", [rng(2).beta(2, 5, 40), rng(3).exponential(size=25), np.array([0.0] * 30 + [1.0])])
@pytest.mark.parametrize("level", [0.90, 0.95])
def test_bca_bounds_equal_scipy_given_the_same_resamples(values, level):
    # scipy.stats.bootstrap((values,), np.mean, confidence_level=level, n_resamples=2999, method="BCa", rng=...)
    found = stats.bootstrap((values,), np.mean, confidence_level=level, n_resamples=2999, method="BCa", rng=rng(4))
    assert bca_bounds(found.bootstrap_distribution, values, level) == pytest.approx(
        (found.confidence_interval.low, found.confidence_interval.high), abs=1e-12
    )


def test_resampled_means_have_the_spread_that_theory_gives():
    values = rng(5).normal(0.5, 0.2, (60, 3))
    means = bootstrap_means(values, rng(6), resamples=40_000)
    # Standard deviation of the mean of n draws with replacement: std(ddof=0) / sqrt(n). Relative Monte Carlo error of
    # a standard deviation from 40,000 draws: 1 / sqrt(80,000) = 0.35%; four of them.
    assert means.std(axis=0) == pytest.approx(values.std(axis=0) / np.sqrt(60), rel=0.015)
    assert means.mean(axis=0) == pytest.approx(values.mean(axis=0), abs=4 * 0.2 / np.sqrt(60 * 40_000))


def test_sources_share_the_draws_so_a_difference_of_columns_is_a_paired_bootstrap():
    values = rng(7).normal(size=(30, 2))
    means = bootstrap_means(values, rng(8), resamples=500)
    differences = bootstrap_means((values[:, :1] - values[:, 1:]), rng(8), resamples=500)
    assert means[:, 0] - means[:, 1] == pytest.approx(differences[:, 0])


def test_every_resample_draws_as_many_units_as_there_are():
    counts = draw_counts(17, rng(), 400)
    assert (counts.sum(axis=1) == 17).all()
    # Each count is binomial(17, 1/17): variance 16/17.
    assert counts.var() == pytest.approx(16 / 17, rel=0.06)


def test_a_missing_value_is_left_out_of_the_mean_and_not_read_as_zero():
    values = np.array([[1.0], [np.nan], [1.0], [1.0]])
    means = bootstrap_means(values, rng(), resamples=300)
    drawn = means[np.isfinite(means)]
    assert drawn.size > 290 and (drawn == 1.0).all()


def test_table_of_differences_agrees_with_scipy_within_monte_carlo_error():
    units = pd.DataFrame(rng(9).normal([0.5, 0.6, 0.55], 0.15, (50, 3)), columns=["base", "cot", "teacher"])
    table = bootstrap_table(units, rng(10), reference="base").set_index("source")
    for source in ("cot", "teacher"):
        values = (units[source] - units["base"]).to_numpy()
        scipy = stats.bootstrap((values,), np.mean, method="BCa", rng=rng(11)).confidence_interval
        # Monte Carlo error of a 2.5% quantile from 10,000 draws is about 3% of the half width; three of them.
        assert (table.loc[source, "low"], table.loc[source, "high"]) == pytest.approx(
            (scipy.low, scipy.high), abs=0.09 * (scipy.high - scipy.low) / 2
        )
        assert table.loc[source, "mean"] == pytest.approx(values.mean())
    assert "base" not in table.index and (table["n_units"] == 50).all()


def test_a_column_without_spread_or_values_has_no_interval_and_raises_no_warning():
    units = pd.DataFrame({"constant": np.ones(9), "empty": np.full(9, np.nan)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = bootstrap_table(units, rng(), resamples=300)
    assert table["low"].isna().all() and table["n_units"].tolist() == [9, 0]


def test_eleven_hundred_items_of_twelve_arms_take_seconds():
    values = rng(12).random((1100, 12))
    began = time.perf_counter()
    assert bootstrap_means(values, rng(13), resamples=10_000).shape == (10_000, 12)
    # About 0.15 s on one core; the bound leaves room for a busy machine.
    assert time.perf_counter() - began < 10


def test_an_unknown_reference_and_empty_values_are_named():
    with pytest.raises(InputError, match="no source 'x'"):
        bootstrap_table(pd.DataFrame({"a": [1.0, 2.0]}), rng(), reference="x")
    with pytest.raises(InputError, match="shape"):
        bootstrap_means(np.empty((0, 2)), rng())
