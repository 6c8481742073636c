"""Rules against margins worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.classify.rules import Condition, Rule, _condition, draw_labels, rules
from sleepcot_utils.errors import InputError, ParameterError

TWO = Rule(
    "two", "", 2, 0.5,
    (
        Condition("total_sleep_min", "value", 360, above=False, scale=60),
        Condition("resting_heart_rate_bpm", "value", 72, above=True, scale=6),
        Condition("steps", "value", 13000, above=True, scale=3000),
    ),
)  # fmt: skip


def test_the_margin_is_that_of_the_second_condition() -> None:
    cases = pd.DataFrame({"total_sleep_min": [300, 300, 420], "resting_heart_rate_bpm": [75, 60, 78],
                          "steps": [1000, 14500, 13000]})  # fmt: skip
    # by hand: (1, 0.5, -4), (1, -2, 0.5), (-1, 1, 0); the second largest of each
    assert TWO.margins(cases).tolist() == [0.5, 0.5, 0.0]
    assert TWO.probability(cases).round(6).tolist() == [round(1 / (1 + np.exp(-1)), 6)] * 2 + [0.5]


def test_a_missing_value_meets_no_condition() -> None:
    cases = pd.DataFrame({"total_sleep_min": [300.0], "resting_heart_rate_bpm": [np.nan], "steps": [np.nan]})
    assert TWO.margins(cases).tolist() == [-5.0]


def test_conditions_with_history() -> None:
    row = {"resting_heart_rate_bpm": 66.0} | {f"resting_heart_rate_bpm_{n}_ago": 60.0 for n in range(1, 7)}
    cases = pd.DataFrame([row, row | {f"resting_heart_rate_bpm_{n}_ago": np.nan for n in range(1, 5)}])
    above = Condition("resting_heart_rate_bpm", "above_own", 3, above=True, scale=3, days=6)
    assert above.margin(cases).tolist()[0] == 1 and np.isnan(above.margin(cases)[1]), "two of six days are too few"
    ratio = Condition("resting_heart_rate_bpm", "ratio_to_own", 1.0, above=False, scale=0.1, days=6)
    assert ratio.margin(cases)[0] == pytest.approx(-1.0)
    mean = Condition("resting_heart_rate_bpm", "mean", 62, above=True, scale=1, days=3)
    assert mean.margin(cases)[0] == 0 and np.isnan(mean.margin(cases)[1])


def test_only_one_rule_needs_history() -> None:
    assert {name: rule.history for name, rule in rules().items()} == {"today": False, "history": True}


@pytest.mark.parametrize("change", [{"by": "median"}, {"below": 3}, {"days": 9}])
def test_a_condition_that_can_not_be_used(change) -> None:
    with pytest.raises(ParameterError, match="can't be used"):
        _condition({"measure": "steps", "by": "value", "above": 1, "scale": 1} | change)


def test_labels_follow_their_probability() -> None:
    rng = np.random.default_rng(0)
    assert draw_labels(pd.Series([0.0, 1.0] * 5), rng).tolist() == [0, 1] * 5
    assert draw_labels(pd.Series([0.3] * 4000), rng).mean() == pytest.approx(0.3, abs=0.03)
    with pytest.raises(InputError):
        draw_labels(pd.Series([np.nan]), rng)
