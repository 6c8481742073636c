"""Simulated days and planted episodes: coherent with the nights, alike for the same person, and only the episode differs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils import days as daily
from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import InputError
from sleepcot_utils.simulate.day_conditions import (
    HYPERTENSION,
    TYPE_2_DIABETES,
    day_constants,
    has_condition,
    simulate_conditions,
)
from sleepcot_utils.simulate.day_episodes import EPISODES, plant_episodes
from sleepcot_utils.simulate.day_table import simulate_day_table
from sleepcot_utils.simulate.nights import simulate_nights
from sleepcot_utils.simulate.people import simulate_people

SEED = 7
ONE_DAY = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return simulate_people(120, SEED, scenarios=())


@pytest.fixture(scope="module")
def nights(people: pd.DataFrame) -> pd.DataFrame:
    return simulate_nights(people, 50, SEED)[0]


@pytest.fixture(scope="module")
def days(people: pd.DataFrame, nights: pd.DataFrame) -> pd.DataFrame:
    return simulate_day_table(people, nights, SEED, measure_all=True)


def test_days_repeat_what_the_nights_say(nights: pd.DataFrame, days: pd.DataFrame) -> None:
    daily.validate(days)
    after = nights.assign(date=nights["night_date"] - ONE_DAY)
    steps = after.merge(days, on=["person_id", "date"], suffixes=("_night", "_day"))
    assert len(steps) == len(nights)
    pd.testing.assert_series_equal(steps["steps_night"], steps["steps_day"], check_names=False)
    same = nights.assign(date=nights["night_date"]).merge(days, on=["person_id", "date"], suffixes=("_night", "_day"))
    pd.testing.assert_series_equal(
        same["resting_heart_rate_bpm_night"], same["resting_heart_rate_bpm_day"], check_names=False
    )


def test_a_person_is_the_same_alone_and_with_fewer_nights(people: pd.DataFrame, nights: pd.DataFrame) -> None:
    one = people["person_id"].iloc[3]
    alone = simulate_day_table(people.iloc[[3]], nights[nights["person_id"] == one], SEED, measure_all=True)
    both = simulate_day_table(people, nights, SEED, measure_all=True)
    pd.testing.assert_frame_equal(alone, both[both["person_id"] == one].reset_index(drop=True))
    shorter = nights[nights["night_date"] < nights["night_date"].min() + 20 * ONE_DAY]
    short = simulate_day_table(people, shorter, SEED, measure_all=True)
    joined = short.merge(both, on=["person_id", "date"], suffixes=("", "_long"))
    np.testing.assert_array_equal(joined["systolic_mmhg"], joined["systolic_mmhg_long"])


def test_conditions_show_in_the_days(people: pd.DataFrame, days: pd.DataFrame) -> None:
    conditions = simulate_conditions(people, SEED)
    means = days.groupby("person_id")[["systolic_mmhg", "lowest_glucose_mg_dl"]].mean().reset_index()
    tense = has_condition(conditions, HYPERTENSION)
    diabetic = has_condition(conditions, TYPE_2_DIABETES)
    assert 0.2 < tense.mean() < 0.6 and 0.02 < diabetic.mean() < 0.25
    assert means["systolic_mmhg"][tense].mean() - means["systolic_mmhg"][~tense].mean() > 12
    assert means["lowest_glucose_mg_dl"][diabetic].mean() > 120 > means["lowest_glucose_mg_dl"][~diabetic].mean()
    healthy = simulate_conditions(people, SEED, healthy=True)
    assert (healthy["condition"] == "none").all()
    # Common random numbers: whoever had no condition keeps every level.
    plain = ~(tense | diabetic)
    pd.testing.assert_frame_equal(healthy[plain], conditions[plain])


def test_measuring_less_changes_no_value(people: pd.DataFrame, nights: pd.DataFrame, days: pd.DataFrame) -> None:
    some = simulate_day_table(people, nights, SEED)
    assert some["systolic_mmhg"].notna().mean() < 0.6
    joined = some.merge(days, on=["person_id", "date"], suffixes=("", "_all")).dropna(subset=["systolic_mmhg"])
    np.testing.assert_array_equal(joined["systolic_mmhg"], joined["systolic_mmhg_all"])


def differs(one: pd.DataFrame, other: pd.DataFrame, names: tuple[str, ...]) -> pd.Series:
    """Whether rows of two tables differ in any number."""
    return (one[list(names)].fillna(-99) != other[list(names)].fillna(-99)).any(axis=1)


@pytest.mark.parametrize("kind", EPISODES)
def test_an_episode_changes_its_own_days_alone(nights: pd.DataFrame, days: pd.DataFrame, kind: str) -> None:
    before = nights.copy(), days.copy()
    planted = plant_episodes(nights, days, kind, 1, quiet_days=25)
    pd.testing.assert_frame_equal(nights, before[0])
    pd.testing.assert_frame_equal(days, before[1])
    assert len(planted.truth) == days["person_id"].nunique()
    low, high = day_constants()["episodes"][kind]["days"]
    length = (planted.truth["end_date"] - planted.truth["start_date"]).dt.days + 1
    assert length.between(low, high).all()
    first = days.groupby("person_id")["date"].min()
    assert (planted.truth["start_date"] - planted.truth["person_id"].map(first) >= 25 * ONE_DAY).all()
    joined = planted.days.merge(planted.truth, on="person_id")
    inside = joined["date"].between(joined["start_date"], joined["end_date"])
    numbers = list(daily.NUMBERS)
    np.testing.assert_array_equal(planted.days.loc[~inside, numbers], days.loc[~inside, numbers])
    own_nights = planted.nights.merge(planted.truth, on="person_id")
    touched = own_nights["night_date"].between(own_nights["start_date"], own_nights["end_date"] + ONE_DAY)
    changed_nights = differs(planted.nights, nights, nightly.NUMBERS)
    assert not (changed_nights & ~touched).any()
    assert (differs(planted.days, days, daily.NUMBERS) | changed_nights.any()).any()


def test_sizes_of_episodes(nights: pd.DataFrame, days: pd.DataFrame) -> None:
    sick = plant_episodes(nights, days, "illness", 1, quiet_days=25)
    joined = sick.days.merge(sick.truth, on="person_id")
    full = joined["date"].between(joined["start_date"] + ONE_DAY, joined["end_date"])
    change = (sick.days["resting_heart_rate_bpm"] - days["resting_heart_rate_bpm"])[full].dropna()
    assert (change == 8).all()  # after a ramp of two days
    low = plant_episodes(nights, days, "low_glucose", 1, quiet_days=25)
    on = low.days.merge(low.truth, on="person_id").query("date == start_date")
    assert (on["lowest_glucose_mg_dl"] <= 62).all()


def test_bad_input_is_named(people: pd.DataFrame, nights: pd.DataFrame, days: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="'flu' is no episode"):
        plant_episodes(nights, days, "flu", 1)
    with pytest.raises(InputError, match="has nights but is not among the people"):
        simulate_day_table(people.head(3), nights, SEED)
    with pytest.raises(InputError, match="is missing"):
        simulate_day_table(people, nights, SEED, conditions=simulate_conditions(people.head(2), SEED))
    early = nights.assign(night_date=nights["night_date"] - 365 * ONE_DAY)
    with pytest.raises(InputError, match="a night ended on"):
        simulate_day_table(people, early, SEED)
