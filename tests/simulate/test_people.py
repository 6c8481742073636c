"""Simulated people and their counterfactual twins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleepcot_utils.simulate.constants import DEVICES, DRIVERS
from sleepcot_utils.simulate.people import counterfactual_people, simulate_people

MANY = 4000


@pytest.fixture(scope="module")
def many() -> pd.DataFrame:
    return simulate_people(MANY, np.random.default_rng(7))


def test_the_same_seed_gives_the_same_people_and_another_gives_others() -> None:
    one, again, other = (simulate_people(50, np.random.default_rng(seed)) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(one, again)
    assert not np.isclose(one["usual_sleep_min"], other["usual_sleep_min"]).any()


@given(persons=st.integers(1, 40), seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_people_are_adults_whose_second_driver_is_another(persons: int, seed: int) -> None:
    people = simulate_people(persons, np.random.default_rng(seed))
    assert len(people) == people["person_id"].nunique() == persons
    assert people["age_y"].between(18, 85).all()
    assert people.notna().all(axis=None)
    assert set(people["device"]) <= set(DEVICES)
    assert set(people["main_driver"]) | set(people["second_driver"]) <= {*DRIVERS, "none"}
    second = people["second_driver"] != "none"
    assert (people["main_driver"] != people["second_driver"])[second].all()
    assert (people["main_driver"] != "none")[second].all()


def test_a_prefix_keeps_populations_apart() -> None:
    own, other = (simulate_people(30, np.random.default_rng(1), prefix=prefix) for prefix in ("p", "out"))
    assert not set(own["person_id"]) & set(other["person_id"])
    pd.testing.assert_frame_equal(own.drop(columns="person_id"), other.drop(columns="person_id"))


def test_every_driver_is_planted_and_a_fifth_of_people_have_none(many: pd.DataFrame) -> None:
    shares = many["main_driver"].value_counts(normalize=True)
    standard_error = np.sqrt(0.2 * 0.8 / MANY)
    assert shares["none"] == pytest.approx(0.2, abs=4 * standard_error)
    assert shares.drop("none").index.sort_values().tolist() == sorted(DRIVERS)
    assert shares.drop("none").between(0.8 / 9 - 0.02, 0.8 / 9 + 0.02).all()
    assert set(many["second_driver"]) == {*DRIVERS, "none"}


def test_traits_follow_age_and_sex_as_the_sources_say(many: pd.DataFrame) -> None:
    decades = (many["age_y"] - 40) / 10
    slope, at_40 = np.polyfit(decades, many["usual_sleep_min"], 1)
    assert slope == pytest.approx(-10.1, abs=1.4) and at_40 == pytest.approx(425, abs=3)
    log_slope = np.polyfit(decades, np.log(many["hrv_rmssd_ms"]), 1)[0]
    assert log_slope == pytest.approx(-0.16, abs=0.02)
    rate = many.groupby("sex")["resting_heart_rate_bpm"].mean()
    assert rate["female"] - rate["male"] == pytest.approx(3, abs=0.9)
    inside = many["respiratory_rate_brpm"].between(11.8, 19.2).mean()
    assert inside == pytest.approx(0.90, abs=0.03)
    assert many["wake_seen_share"].between(0.35, 0.75).all()


def test_twins_are_the_same_persons_with_drivers_or_device_changed(many: pd.DataFrame) -> None:
    before = many.copy()
    twins = counterfactual_people(many, np.random.default_rng(8))
    pd.testing.assert_frame_equal(many, before)
    changed = ["main_driver", "second_driver", "device"]
    pd.testing.assert_frame_equal(many.drop(columns=changed), twins.drop(columns=changed))
    drivers_differ = (many[changed[:2]] != twins[changed[:2]]).any(axis=1)
    device_differs = many["device"] != twins["device"]
    assert (drivers_differ ^ device_differs).all()
    assert drivers_differ.mean() == pytest.approx(0.7, abs=0.03)
    had_none = (many["main_driver"] == "none") & drivers_differ
    assert (twins.loc[had_none, "main_driver"] != "none").all()
    assert (twins.loc[drivers_differ & ~had_none, changed[:2]] == "none").all(axis=None)
    assert set(twins["device"]) == set(DEVICES)
