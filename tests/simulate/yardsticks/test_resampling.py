"""Intervals over persons."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.simulate.yardsticks.resampling import over_persons


def mean_of(values: np.ndarray):
    return lambda rows, numbers: pd.Series({"mean": values[rows].mean(), "persons": len(np.unique(numbers))})


def test_nights_of_one_person_do_not_narrow_the_interval():
    rng = np.random.default_rng(1)
    level = rng.normal(size=30)
    once = over_persons(np.arange(30), mean_of(level), np.random.default_rng(2), resamples=300)
    many = over_persons(
        np.repeat(np.arange(30), 50), mean_of(np.repeat(level, 50)), np.random.default_rng(2), resamples=300
    )
    assert many.loc["mean"].tolist() == pytest.approx(once.loc["mean"].tolist())
    width = once.loc["mean", "high"] - once.loc["mean", "low"]
    assert width == pytest.approx(2 * 1.96 * level.std() / 30**0.5, rel=0.25)


def test_a_person_drawn_twice_is_two_persons():
    told = over_persons(["a", "a", "b", "c"], mean_of(np.arange(4.0)), np.random.default_rng(0), resamples=20)
    assert told.loc["persons"].tolist() == [3, 3, 3]
    assert told.loc["mean", "estimate"] == 1.5


def test_limits_need_most_resamples_to_give_a_value():
    def rare(rows: np.ndarray, numbers: np.ndarray) -> pd.Series:
        return pd.Series({"whole": 1.0 if len(set(rows)) == 8 else np.nan})

    told = over_persons(np.arange(8), rare, np.random.default_rng(0), resamples=50)
    assert told.loc["whole", "estimate"] == 1 and told.loc["whole", ["low", "high"]].isna().all()


@pytest.mark.parametrize(("persons", "resamples"), [(["a", "a"], 10), (["a", "b"], 0)])
def test_no_interval_out_of_one_person_or_no_draw(persons: list[str], resamples: int):
    with pytest.raises(ParameterError):
        over_persons(persons, mean_of(np.zeros(2)), np.random.default_rng(0), resamples=resamples)
