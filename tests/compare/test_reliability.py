"""Reliability on made-up certainties whose calibration is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.compare.reliability import reliability_bins, reliability_sentence, reliability_summary
from sleepcot_utils.errors import InputError


def made_up(rng, *, true, stated, count=4000, source="cot"):
    probability = rng.uniform(0.05, 0.95, count)
    return pd.DataFrame(
        {
            "source": source,
            "person_id": [f"p{at % 80:02d}" for at in range(count)],
            "certainty": stated(probability),
            "right": rng.random(count) < true(probability),
        }
    )


def test_a_calibrated_source_errs_no_more_than_chance() -> None:
    rng = np.random.default_rng(1)
    row = reliability_summary(made_up(rng, true=lambda p: p, stated=lambda p: p), rng).iloc[0]
    assert row["ECE"] < 2 * row["ECE if calibrated"] < 0.05
    # Brier of a calibrated uniform certainty on (a, b): mean of p (1 - p), worked out by hand: 0.5 - 0.3175 = 0.1825.
    assert row["Brier"] == pytest.approx(0.1825, abs=0.01)
    assert row["Brier"] < row["Brier of the share right"]


def test_a_source_too_sure_of_itself_is_found_by_its_distance() -> None:
    rng = np.random.default_rng(2)
    table = made_up(rng, true=lambda p: p, stated=lambda p: 0.6 + 0.4 * p)  # the mean of p is 0.5, of what is said 0.8
    row = reliability_summary(table, rng).iloc[0]
    assert row["ECE"] == pytest.approx(0.3, abs=0.02) and row["ECE low"] > row["ECE if calibrated"]
    assert "too sure of itself by 0.3" in reliability_sentence(pd.DataFrame([row]), "cot")
    bins = reliability_bins(table, rng)
    assert (bins["high"] < bins["certainty"])[:-1].all() and bins["answers"].sum() == len(table)


def test_order_and_base_rate_by_another_way() -> None:
    table = pd.DataFrame(
        {
            "source": "cot",
            "person_id": list("abcd"),
            "certainty": [0.2, 0.4, 0.6, 0.9],
            "right": [False, True, False, True],
        }
    )
    row = reliability_summary(table, np.random.default_rng(3), resamples=200).iloc[0]
    assert row["AUROC"] == 0.75  # of four pairs of a right and a wrong answer, three are in order
    assert row["Brier"] == pytest.approx((0.04 + 0.36 + 0.36 + 0.01) / 4)
    assert row["Brier of the share right"] == 0.25


def test_a_bin_of_equal_outcomes_gets_the_exact_bound() -> None:
    table = pd.DataFrame({"source": "cot", "person_id": list("abcde") * 4, "certainty": [0.5] * 20, "right": True})
    (row,) = reliability_bins(table, np.random.default_rng(4)).itertuples()
    assert (row.right, row.high) == (1.0, 1.0) and row.low == pytest.approx(0.05 ** (1 / 5))


def test_intervals_are_over_persons() -> None:
    """Copies of the same answers of the same persons add nothing."""
    rng = np.random.default_rng(5)
    table = made_up(rng, true=lambda p: p, stated=lambda p: p, count=160)
    one = reliability_bins(table, np.random.default_rng(6), bins=1).iloc[0]
    ten = reliability_bins(pd.concat([table] * 10), np.random.default_rng(6), bins=1).iloc[0]
    assert (one["low"], one["high"]) == pytest.approx((ten["low"], ten["high"]))


def test_a_certainty_out_of_range_is_refused() -> None:
    table = pd.DataFrame({"source": ["cot"], "person_id": ["p"], "certainty": [1.5], "right": [True]})
    with pytest.raises(InputError, match="between 0 and 1"):
        reliability_bins(table, np.random.default_rng(7))
    with pytest.raises(InputError, match="no answer"):
        reliability_summary(table.iloc[:0], np.random.default_rng(7))
