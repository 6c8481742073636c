"""Simulated people: each on their own, with traits as the sources say, and refused where they can't be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleepcot_utils.errors import InputError
from sleepcot_utils.simulate.constants import (
    CONTROLS,
    DEVICES,
    NONE,
    REFERENCE_DEVICE,
    SCENARIOS,
    SCHEDULES,
    SEXES,
    constants,
    devices,
)
from sleepcot_utils.simulate.nights import simulate_nights
from sleepcot_utils.simulate.people import (
    LIMITS,
    MOST_FERTILE_AGE_Y,
    NO_SCENARIO_CHANCE,
    check_people,
    counterfactual_people,
    simulate_people,
)

MANY = 4000
CHANGED_IN_TWINS = ["main_scenario", "second_scenario", "device", "schedule"]


@pytest.fixture(scope="module")
def many() -> pd.DataFrame:
    return simulate_people(MANY, 7)


@pytest.fixture(scope="module")
def twins(many: pd.DataFrame) -> pd.DataFrame:
    before = many.copy()
    changed = counterfactual_people(many, 8)
    pd.testing.assert_frame_equal(many, before)
    return changed


def test_a_person_does_not_depend_on_how_many_others_there_are(many: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(simulate_people(10, 7), many.head(10))


def test_the_same_seed_gives_the_same_people_and_another_gives_others() -> None:
    one, again, other = (simulate_people(50, seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(one, again)
    assert not np.isclose(one["sleep_period_need_h"], other["sleep_period_need_h"]).any()


def test_a_prefix_makes_another_population() -> None:
    own, other = (simulate_people(30, 1, prefix=prefix) for prefix in ("p", "out"))
    assert not set(own["person_id"]) & set(other["person_id"])
    assert not np.isclose(own["chronotype_msf_h"], other["chronotype_msf_h"]).any()


@given(persons=st.integers(1, 40), seed=st.integers(0, 2**63 - 1))
@settings(max_examples=20, deadline=None)
def test_people_are_possible_adults(persons: int, seed: int) -> None:
    people = simulate_people(persons, seed)
    assert len(people) == people["person_id"].nunique() == persons
    assert people.notna().all(axis=None)
    check_people(people)
    assert people["age_y"].between(18, 85).all() and (people["age_y"] % 1 == 0).all()
    second = people["second_scenario"] != NONE
    assert (people["main_scenario"] != people["second_scenario"])[second].all()
    assert (people["main_scenario"] != NONE)[second].all()
    assert not people["second_scenario"].isin(CONTROLS).any()


def test_scenarios_are_planted_as_often_as_stated(many: pd.DataFrame) -> None:
    shares = many["main_scenario"].value_counts(normalize=True)
    assert set(shares.index) == {NONE, *SCENARIOS}
    error = np.sqrt(NO_SCENARIO_CHANCE * (1 - NO_SCENARIO_CHANCE) / MANY)
    # Those who drew a scenario that their sex or age rules out have none either.
    assert NO_SCENARIO_CHANCE - 4 * error < shares[NONE] < NO_SCENARIO_CHANCE + 0.05 + 4 * error
    assert shares[list(CONTROLS)].max() < shares.drop([NONE, "menstrual_cycle", *CONTROLS]).min()


def test_no_scenario_befalls_whom_it_can_not(many: pd.DataFrame) -> None:
    cycling = (many["main_scenario"] == "menstrual_cycle") | (many["second_scenario"] == "menstrual_cycle")
    assert cycling.sum() > 20
    assert set(many.loc[cycling, "sex"]) == {"female"}
    assert many.loc[cycling, "age_y"].max() <= MOST_FERTILE_AGE_Y
    rotating = (many["main_scenario"] == "shift_work") | (many["second_scenario"] == "shift_work")
    assert rotating.sum() > 100 and set(many.loc[rotating, "schedule"]) == {"shift"}


@pytest.mark.parametrize("allowed", [(), ("alcohol",), ("illness", "natural_long_sleeper"), CONTROLS])
def test_only_allowed_scenarios_are_planted_and_nothing_else_changes(allowed: tuple[str, ...]) -> None:
    people, free = simulate_people(150, 5, scenarios=allowed), simulate_people(150, 5, scenarios=())
    planted = set(people["main_scenario"]) | set(people["second_scenario"])
    assert planted == {NONE, *allowed}
    spared = [name for name in people if name not in ("main_scenario", "second_scenario")]
    pd.testing.assert_frame_equal(people[spared], free[spared])


def test_traits_follow_age_and_sex_as_the_sources_say(many: pd.DataFrame) -> None:
    decades = (many["age_y"] - 40) / 10
    men, women = many["sex"] == "male", many["sex"] == "female"
    assert women.mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(MANY))
    # Roenneberg et al. 2007: the average type sleeps from 0:15 to 8:15; earlier with age; men later until middle age.
    slope, at_40 = np.polyfit(decades, many["chronotype_msf_h"], 1)
    assert slope == pytest.approx(-0.38, abs=0.08) and at_40 == pytest.approx(4.1, abs=0.2)
    young = many["age_y"] < 40
    chronotype = many["chronotype_msf_h"]
    assert 0.05 < chronotype[young & men].mean() - chronotype[young & women].mean() < 0.45
    # Quer et al. 2020: women's heart beats faster; 3.5 a minute is what the constants say.
    rate = many.groupby("sex")["heart_rate_bpm"].mean()
    assert rate["female"] - rate["male"] == pytest.approx(3.5, abs=0.8)
    # Voss et al. 2015: RMSSD falls by about a sixth a decade until 62 and then no more.
    working = many["age_y"] <= 62
    assert np.polyfit(decades[working], np.log(many.loc[working, "rmssd_ms"]), 1)[0] == pytest.approx(-0.17, abs=0.03)
    assert np.polyfit(decades[~working], np.log(many.loc[~working, "rmssd_ms"]), 1)[0] == pytest.approx(0, abs=0.08)
    # Natarajan et al. 2021: 15.4 breaths a minute, 90 % of people within 11.8 to 19.2.
    assert many["respiratory_rate_brpm"].mean() == pytest.approx(15.4, abs=0.2)
    assert many["respiratory_rate_brpm"].between(11.8, 19.2).mean() == pytest.approx(0.90, abs=0.03)
    # Oxygen falls with age and weight.
    model = np.column_stack([np.ones(MANY), decades, many["bmi"] - 25])
    _, by_age, by_bmi = np.linalg.lstsq(model, many["oxygen_pct"], rcond=None)[0]
    assert by_age == pytest.approx(constants()["people"]["oxygen_pct"]["per_decade"], abs=0.06)
    assert -0.6 < by_age < -0.1 and by_bmi == pytest.approx(-0.04, abs=0.01)


def test_fitness_lowers_the_heart_rate_and_lifts_rmssd_and_steps(many: pd.DataFrame) -> None:
    fit, unfit = (
        many[many["fitness_z"] > 1].mean(numeric_only=True),
        many[many["fitness_z"] < -1].mean(numeric_only=True),
    )
    assert unfit["heart_rate_bpm"] - fit["heart_rate_bpm"] > 6
    assert fit["rmssd_ms"] > unfit["rmssd_ms"] and fit["steps"] > unfit["steps"] + 1000
    assert fit["exercise_chance"] > 1.5 * unfit["exercise_chance"]


def test_devices_are_worn_by_their_shares(many: pd.DataFrame) -> None:
    shares = many["device"].value_counts(normalize=True)
    assert REFERENCE_DEVICE not in shares.index
    for name in DEVICES:
        share = devices()[name]["share"]
        assert shares[name] == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / MANY))


def test_schedules_fit_the_age(many: pd.DataFrame) -> None:
    assert set(many["schedule"]) == set(SCHEDULES)
    rotating = many["schedule"] == "shift"
    assert (many.loc[(many["age_y"] >= 66) & ~rotating, "schedule"] == "retired").all()
    assert many.loc[many["schedule"] == "retired", "age_y"].min() >= 66
    assert many.loc[many["schedule"] == "student", "age_y"].max() <= 30


def test_twins_are_the_same_persons_with_scenarios_or_device_changed(many: pd.DataFrame, twins: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(many.drop(columns=CHANGED_IN_TWINS), twins.drop(columns=CHANGED_IN_TWINS))
    check_people(twins)
    scenarios = ["main_scenario", "second_scenario"]
    scenarios_differ = (many[scenarios] != twins[scenarios]).any(axis=1)
    device_differs = many["device"] != twins["device"]
    assert (scenarios_differ ^ device_differs).all()
    assert scenarios_differ.mean() == pytest.approx(0.7, abs=0.03)
    had_none = (many["main_scenario"] == NONE) & scenarios_differ
    assert (twins.loc[had_none, "main_scenario"] != NONE).all()
    assert (twins.loc[scenarios_differ & ~had_none, scenarios] == NONE).all(axis=None)
    assert set(twins["device"]) == set(DEVICES)


def test_twins_without_shift_work_work_days(many: pd.DataFrame, twins: pd.DataFrame) -> None:
    worked_shifts = many[["main_scenario", "second_scenario"]].eq("shift_work").any(axis=1)
    toggled = (many["device"] == twins["device"]) & worked_shifts
    assert toggled.sum() > 50 and set(twins.loc[toggled, "schedule"]) == {"day"}
    assert (many["schedule"] == twins["schedule"])[~toggled].all()


def test_a_twin_depends_on_the_own_id_alone(many: pd.DataFrame, twins: pd.DataFrame) -> None:
    some = many.iloc[[17, 3, 200]]
    pd.testing.assert_frame_equal(counterfactual_people(some, 8), twins.loc[some.index])
    assert len(counterfactual_people(many.head(0), 8)) == 0


@pytest.mark.parametrize(
    ("arguments", "named", "allowed"),
    [
        ({"persons": 0}, "persons", "1 or more"),
        ({"persons": -3}, "persons", "1 or more"),
        ({"persons": 2.5}, "persons", "whole number"),
        ({"persons": True}, "persons", "whole number"),
        ({"persons": "ten"}, "persons", "whole number"),
        ({"seed": -1}, "seed", "0 or more"),
        ({"seed": False}, "seed", "whole number"),
        ({"seed": None}, "seed", "whole number"),
        ({"scenarios": ("insomnia",)}, "'insomnia'", "insomnia_like"),
        ({"scenarios": ("alcohol", "none")}, "row 2", "alcohol"),
    ],
)
def test_impossible_requests_are_refused_with_what_is_allowed(
    arguments: dict[str, Any], named: str, allowed: str
) -> None:
    with pytest.raises(InputError) as refused:
        simulate_people(**({"persons": 3, "seed": 1} | arguments))
    assert named in str(refused.value) and allowed in str(refused.value)


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [
        ("age_y", 17, "18 to 100"),
        ("age_y", 131, "18 to 100"),
        ("age_y", np.nan, "18 to 100"),
        ("bmi", -1, "12 to 80"),
        ("heart_rate_bpm", np.inf, "30 to 110"),
        ("sleep_period_need_h", 0, "3.5 to 12"),
        ("oxygen_pct", 101, "75 to 100"),
        ("main_scenario", "flu", ", ".join(SCENARIOS)),
        ("second_scenario", "Alcohol", ", ".join(SCENARIOS)),
        ("device", "fitbit", ", ".join(DEVICES)),
        ("schedule", "night", ", ".join(SCHEDULES)),
        ("sex", "f", ", ".join(SEXES)),
    ],
)
def test_impossible_people_are_refused_with_row_column_and_what_is_allowed(
    many: pd.DataFrame, column: str, value: Any, allowed: str
) -> None:
    people = many.head(5).copy()
    people[column] = people[column].astype(object)
    people.loc[3, column] = value
    with pytest.raises(InputError) as refused:
        simulate_nights(people, 3, 1)
    assert "row 4" in str(refused.value) and column in str(refused.value) and allowed in str(refused.value)


@pytest.mark.parametrize("name", LIMITS)
def test_limits_themselves_are_possible(many: pd.DataFrame, name: str) -> None:
    for limit in LIMITS[name]:
        check_people(many.head(3).assign(**{name: float(limit)}))


def test_one_person_twice_is_refused(many: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="'p00002' stands twice"):
        check_people(many.iloc[[0, 1, 1]])
