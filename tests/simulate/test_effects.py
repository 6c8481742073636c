"""Effects read off people and their twins: none where nothing is planted, near what is planted elsewhere."""

from __future__ import annotations

import pandas as pd
import pytest

from sleepcot_utils.simulate.constants import NONE, constants
from sleepcot_utils.simulate.effects import scenario_effects, without_scenarios
from sleepcot_utils.simulate.nights import simulate_nights
from sleepcot_utils.simulate.people import simulate_people

NIGHTS = 14
COLUMNS = [
    "resting_heart_rate_bpm", "true_wake_after_sleep_onset_min", "skin_temperature_delta_c", "true_total_sleep_min",
    "respiratory_rate_brpm",
]  # fmt: skip
PLANTED = ("illness", "new_parent", "menstrual_cycle", "athlete", "sleep_apnea_like", "insomnia_like")


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return simulate_people(320, 31, scenarios=PLANTED).assign(device="ring_like")


@pytest.fixture(scope="module")
def effects(people: pd.DataFrame) -> pd.DataFrame:
    return scenario_effects(people, NIGHTS, COLUMNS, 5).set_index(["scenario", "column"])


def size(scenario: str, name: str) -> float:
    return constants()["scenarios"][scenario]["effects"][name]


def test_where_nothing_is_planted_the_effect_is_exactly_nothing(effects: pd.DataFrame) -> None:
    none = effects.loc[NONE]
    assert (none[["estimate", "low", "high"]] == 0).all(axis=None)
    assert (none["persons"] > 40).all()


def test_effects_have_about_the_planted_sizes(effects: pd.DataFrame) -> None:
    ill_share = constants()["scenarios"]["illness"]["nights"] / NIGHTS
    insomnia_share = constants()["scenarios"]["insomnia_like"]["chance"]
    expected = {
        ("illness", "resting_heart_rate_bpm"): (size("illness", "heart_rate_bpm") * ill_share, 0.15),
        ("illness", "respiratory_rate_brpm"): (size("illness", "respiratory_rate_brpm") * ill_share, 0.15),
        ("illness", "skin_temperature_delta_c"): (size("illness", "skin_temperature_c") * ill_share, 0.15),
        ("menstrual_cycle", "skin_temperature_delta_c"): (size("menstrual_cycle", "skin_temperature_c") / 2, 0.3),
        ("athlete", "resting_heart_rate_bpm"): (size("athlete", "heart_rate_bpm"), 0.1),
        ("sleep_apnea_like", "resting_heart_rate_bpm"): (size("sleep_apnea_like", "heart_rate_bpm"), 0.5),
        ("new_parent", "true_wake_after_sleep_onset_min"): (size("new_parent", "wake_min"), 0.25),
        ("insomnia_like", "true_wake_after_sleep_onset_min"): (
            size("insomnia_like", "wake_min") * insomnia_share,
            0.25,
        ),
    }
    for place, (planted, tolerance) in expected.items():
        assert effects.loc[place, "estimate"] == pytest.approx(planted, rel=tolerance), place


def test_intervals_hold_the_estimate_and_tell_real_effects_from_none(effects: pd.DataFrame) -> None:
    planted = effects[effects.index.get_level_values("scenario") != NONE]
    assert (planted["low"] <= planted["estimate"]).all() and (planted["estimate"] <= planted["high"]).all()
    assert effects.loc[("new_parent", "true_total_sleep_min"), "high"] < 0
    assert effects.loc[("illness", "resting_heart_rate_bpm"), "low"] > 0
    # What a scenario does not touch stays about where it was.
    assert abs(effects.loc[("menstrual_cycle", "true_total_sleep_min"), "estimate"]) < 1e-9


def test_only_people_with_one_scenario_count(people: pd.DataFrame, effects: pd.DataFrame) -> None:
    alone = people[people["second_scenario"] == NONE]["main_scenario"].value_counts()
    for scenario in PLANTED:
        assert effects.loc[(scenario, "true_total_sleep_min"), "persons"] <= alone[scenario]
    assert effects["persons"].max() <= alone.max()


def test_twins_without_scenarios_keep_everything_else() -> None:
    people = simulate_people(200, 8)
    plain = without_scenarios(people)
    changed = ["main_scenario", "second_scenario", "schedule"]
    pd.testing.assert_frame_equal(plain.drop(columns=changed), people.drop(columns=changed))
    assert (plain[["main_scenario", "second_scenario"]] == NONE).all(axis=None)
    shift = people[["main_scenario", "second_scenario"]].eq("shift_work").any(axis=1)
    assert shift.sum() > 5 and (plain.loc[shift, "schedule"] == "day").all()
    assert (plain["schedule"] == people["schedule"])[~shift].all()


def test_an_evening_with_caffeine_costs_what_was_published() -> None:
    """Gardiner et al. 2023: sleep -45 min, latency +9.1, wake +11.8, deep sleep -11.4 min; tolerances are choices."""
    people = simulate_people(400, 31, scenarios=()).assign(device="reference", logs_habits=True, schedule="day")
    (with_habit, with_truth), (without, truth) = (
        simulate_nights(people.assign(main_scenario=name), 14, 31) for name in ("late_caffeine", "none")
    )
    added = (with_habit["caffeine_after_14h"].to_numpy() == 1) & (without["caffeine_after_14h"].to_numpy() == 0)
    assert added.sum() > 2000
    change = (with_truth.select_dtypes("number") - truth.select_dtypes("number"))[added].mean()
    for name, published, tolerance in (
        ("true_total_sleep_min", -45, 9),
        ("true_sleep_onset_latency_min", 9.1, 2),
        ("true_wake_after_sleep_onset_min", 11.8, 3),
        ("true_n3_min", -11.4, 4),
    ):
        assert abs(change[name] - published) < tolerance, (name, change[name])
