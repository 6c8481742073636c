"""The two-sample test finds what sets two sides apart, and only that."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.simulate.yardsticks.two_sample import floor, harmonized, two_sample_test, weighted_auc

COLUMNS = ("total_sleep_min", "steps")


def people(
    rng: np.random.Generator, persons: int = 30, nights: int = 12, shift: float = 0.0, within: float = 1.0
) -> pd.DataFrame:
    """Persons differ as much as nights do, unless `within` says otherwise; `shift` moves the sleep of all of them."""
    ids = np.repeat(np.arange(persons), nights)
    return pd.DataFrame(
        {
            "person_id": ids.astype(str),
            "total_sleep_min": 420
            + shift
            + 40 * rng.normal(size=persons)[ids]
            + 40 * within * rng.normal(size=len(ids)),
            "steps": 8000 + 3000 * rng.normal(size=persons)[ids] + 3000 * within * rng.normal(size=len(ids)),
        }
    )


def test_a_planted_shift_is_found_and_blamed_on_its_column():
    rng = np.random.default_rng(5)
    told = two_sample_test(people(rng), people(rng, shift=90), COLUMNS, rng)
    assert told.auc > 0.8 and told.low > 0.65
    assert told.persons == (30, 30) and told.rows == (360, 360)
    columns = told.columns
    assert columns["alone"].idxmax() == columns["importance"].idxmax() == "total_sleep_min"
    assert columns.loc["total_sleep_min", "higher"] > 0.8
    assert abs(columns.loc["steps", "importance"]) < 0.05


def test_halves_of_one_population_are_not_told_apart():
    rng = np.random.default_rng(6)
    told = floor(people(rng), COLUMNS, rng, halves=4)
    assert 0.35 < told["mean"] < 0.62
    assert told["low"] <= told["mean"] <= told["high"] and told["persons"] == 30


def test_folds_of_nights_tell_halves_apart_by_knowing_persons_again():
    rng = np.random.default_rng(6)
    population = people(rng, persons=16, nights=20, within=0.2)
    assert floor(population, COLUMNS, rng, folds="nights", halves=2)["mean"] > 0.75
    assert floor(population, COLUMNS, rng, halves=3)["mean"] < 0.6


def test_a_different_format_gives_no_side_away():
    rng = np.random.default_rng(7)
    first, second = people(rng), people(rng)
    first["total_sleep_min"] = first["total_sleep_min"].round(0)  # whole minutes here, many digits there
    told = harmonized(second, COLUMNS)
    assert (told["total_sleep_min"] % 1 == 0).all() and (told["steps"] % 10 == 0).all()
    assert 0.3 < two_sample_test(first, second, COLUMNS, rng, explain=False).auc < 0.7


def test_gaps_on_one_side_give_no_side_away():
    rng = np.random.default_rng(8)
    first, second = people(rng), people(rng)
    second.loc[rng.random(len(second)) < 0.5, "steps"] = np.nan
    told = two_sample_test(first, second, COLUMNS, rng, explain=False)
    assert told.rows[1] < 0.6 * len(second)
    assert 0.3 < told.auc < 0.7


def test_each_person_counts_the_same():
    # One person of the first side has most of its nights, and differs; equal weights keep the two sides alike.
    rng = np.random.default_rng(9)
    first = people(rng, persons=30, nights=4)
    odd = people(rng, persons=1, nights=600, shift=200).assign(person_id="odd")
    told = two_sample_test(pd.concat([first, odd]), people(rng, persons=31, nights=4), COLUMNS, rng, explain=False)
    assert 0.35 < told.columns.loc["total_sleep_min", "higher"] < 0.65


def test_weighted_auc_by_hand():
    label = np.array([0, 0, 1, 1])
    assert weighted_auc(np.array([1, 2, 2, 3]), label, np.ones(4)) == pytest.approx(3.5 / 4)
    # The tie (2 against 2) now weighs three quarters: 0.25 * 1 + 0.75 * (0.5 * 1 + 0.5 * 0.5).
    assert weighted_auc(np.array([1, 2, 2, 3]), label, np.array([1, 1, 3, 1])) == pytest.approx(0.25 + 0.75 * 0.75)
    assert weighted_auc(np.zeros(4), label, np.ones(4)) == 0.5


def test_same_seed_same_answer():
    first, second = (people(np.random.default_rng(seed), persons=8, nights=6) for seed in (1, 2))
    runs = [two_sample_test(first, second, COLUMNS, np.random.default_rng(3), explain=False).auc for _ in range(2)]
    assert runs[0] == runs[1]


def test_bad_input_is_refused():
    rng = np.random.default_rng(0)
    one, other = people(rng, persons=6, nights=3), people(rng, persons=4, nights=3)
    with pytest.raises(ParameterError, match="folds"):
        two_sample_test(one, one, COLUMNS, rng, folds="weeks")
    with pytest.raises(ParameterError, match="only 4 persons"):
        two_sample_test(one, other, COLUMNS, rng)
    with pytest.raises(ParameterError, match="no column"):
        two_sample_test(one, one, (), rng)
    with pytest.raises(InputError, match="rem_min"):
        two_sample_test(one, one, ("rem_min",), rng)
    with pytest.raises(InputError, match="no night"):
        two_sample_test(one.assign(steps=np.nan), one, COLUMNS, rng)
