"""Scenarios: each moves the right columns in the right direction on the right nights, and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from sleepcot_utils.errors import InputError
from sleepcot_utils.simulate.constants import CONTROLS, NONE, SCENARIOS, constants
from sleepcot_utils.simulate.nights import simulate_nights
from sleepcot_utils.simulate.scenarios import effect_names, overlays

#: Direction in which a scenario moves the mean of a column over all nights of a person.
MOVES: dict[str, dict[str, int]] = {
    "short_sleep": {"total_sleep_min": -1, "time_in_bed_min": -1, "true_rem_min": -1},
    "insomnia_like": {
        "true_sleep_onset_latency_min": 1, "true_wake_after_sleep_onset_min": 1, "true_sleep_efficiency_pct": -1,
        "total_sleep_min": -1,
    },
    "delayed_phase": {"total_sleep_min": -1},
    "social_jetlag": {},
    "irregular_schedule": {"total_sleep_min": -1},
    "sleep_apnea_like": {
        "spo2_min_pct": -1, "spo2_mean_pct": -1, "true_desaturations_per_h": 1, "wake_after_sleep_onset_min": 1,
        "true_n1_min": 1, "resting_heart_rate_bpm": 1,
    },
    "alcohol": {"alcohol_units": 1, "resting_heart_rate_bpm": 1, "hrv_rmssd_ms": -1, "true_rem_min": -1},
    "late_caffeine": {
        "caffeine_after_14h": 1, "total_sleep_min": -1, "true_sleep_onset_latency_min": 1,
        "wake_after_sleep_onset_min": 1, "true_n3_min": -1,
    },
    "long_naps": {"nap_min": 1, "true_sleep_onset_latency_min": 1, "total_sleep_min": -1},
    "illness": {
        "resting_heart_rate_bpm": 1, "respiratory_rate_brpm": 1, "hrv_rmssd_ms": -1, "skin_temperature_delta_c": 1,
        "wake_after_sleep_onset_min": 1,
    },
    "overtraining": {"resting_heart_rate_bpm": 1, "hrv_rmssd_ms": -1, "wake_after_sleep_onset_min": 1, "exercise_min": 1},
    "shift_work": {"total_sleep_min": -1},
    "jet_lag": {"wake_after_sleep_onset_min": 1},
    "menstrual_cycle": {
        "skin_temperature_delta_c": 1, "resting_heart_rate_bpm": 1, "hrv_rmssd_ms": -1, "respiratory_rate_brpm": 1,
    },
    "new_parent": {"wake_after_sleep_onset_min": 1, "sleep_efficiency_pct": -1, "total_sleep_min": -1},
    "natural_short_sleeper": {"total_sleep_min": -1, "time_in_bed_min": -1},
    "natural_long_sleeper": {"total_sleep_min": 1, "time_in_bed_min": 1},
    "athlete": {"resting_heart_rate_bpm": -1, "hrv_rmssd_ms": 1, "exercise_min": 1},
    "late_and_regular": {},
}  # fmt: skip
#: What a scenario must leave exactly as it was, besides the habits that it is not about.
VITALS = {"resting_heart_rate_bpm", "hrv_rmssd_ms", "respiratory_rate_brpm", "skin_temperature_delta_c"}
HABITS = {"alcohol": "alcohol_units", "late_caffeine": "caffeine_after_14h", "long_naps": "nap_min"}
SLEEP = ["time_in_bed_min", "total_sleep_min", "start_local", "end_local"]


def last_date(table: pd.DataFrame) -> pd.Timestamp:
    return table["night_date"].max()


def test_every_scenario_has_its_directions() -> None:
    assert set(MOVES) == set(SCENARIOS)


@pytest.mark.parametrize("scenario", [name for name, moves in MOVES.items() if moves])
def test_a_scenario_moves_the_right_columns_in_the_right_direction(calm, planted, scenario: str) -> None:
    changed = planted(scenario)
    for name, sign in MOVES[scenario].items():
        by_person = (changed.both[name] - calm.both[name]).groupby(calm.both["person_id"]).mean()
        assert sign * by_person.mean() > 0, f"{scenario} moves {name} by {by_person.mean():.2f}"
        assert (sign * by_person > 0).mean() > 0.7, f"{scenario} moves {name} in {(by_person > 0).mean():.0%} upward"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_leaves_alone_what_it_does_not_touch(calm, planted, scenario: str) -> None:
    changed, before = planted(scenario).measured, calm.measured
    entry = constants()["scenarios"][scenario]
    spared = {"steps", "device", "quality", "utc_offset_min"}
    spared |= {name for habit, name in HABITS.items() if habit != scenario}
    if "exercise_log" not in entry["effects"]:
        spared.add("exercise_min")
    if "skin_temperature_c" not in entry["effects"]:
        spared.add("skin_temperature_delta_c")
    assert_frame_equal(changed[sorted(spared)], before[sorted(spared)])
    touched = {"heart_rate_bpm", "respiratory_rate_brpm"} & set(entry["effects"])
    if not touched and scenario not in ("alcohol", "shift_work"):
        # The heart's level stays; the mean over the night moves a little because the night has another shape.
        assert (changed["resting_heart_rate_bpm"] - before["resting_heart_rate_bpm"]).abs().max() <= 4


def test_vital_signs_alone_change_where_only_they_are_planted(calm, planted) -> None:
    for scenario in ("menstrual_cycle", "athlete"):
        changed = planted(scenario).measured
        assert_frame_equal(changed[SLEEP], calm.measured[SLEEP])


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_in_one_person_leaves_all_others_alone(calm, scenario: str) -> None:
    people = calm.people.head(6).copy()
    base, base_truth = simulate_nights(people, 14, 2)
    people.loc[3, "second_scenario"] = scenario
    if scenario == "shift_work":
        people.loc[3, "schedule"] = "shift"
    measured, truth = simulate_nights(people, 14, 2)
    own, own_truth = measured["person_id"] == "p00004", truth["person_id"] == "p00004"
    assert_frame_equal(measured[~own], base[~own])
    assert_frame_equal(truth[~own_truth], base_truth[~own_truth])
    assert not measured[own].equals(base[own])


def test_main_and_second_scenario_act_alike(calm, planted) -> None:
    people = calm.people.head(10)
    second, _ = simulate_nights(people.assign(second_scenario="illness"), 28, 2)
    main = planted("illness").measured
    assert_frame_equal(second, main[main["person_id"].isin(people["person_id"])].reset_index(drop=True))


@pytest.mark.parametrize("scenario", ["illness", "overtraining"])
def test_strain_is_of_the_last_nights_only(calm, planted, scenario: str) -> None:
    changed, entry = planted(scenario).both, constants()["scenarios"][scenario]
    ill = calm.both["night_date"] > last_date(calm.both) - pd.Timedelta(days=entry["nights"])
    assert_frame_equal(changed[~ill], calm.both[~ill])
    heart = (changed["resting_heart_rate_bpm"] - calm.both["resting_heart_rate_bpm"])[ill]
    assert heart.mean() == pytest.approx(entry["effects"]["heart_rate_bpm"], abs=0.5)


def test_jet_lag_shifts_nights_after_the_flight_and_fades(calm, planted) -> None:
    changed, entry = planted("jet_lag").both, constants()["scenarios"]["jet_lag"]
    differs = (changed["end_local"] != calm.both["end_local"]).to_numpy().reshape(len(calm.people), 28)
    first = differs.argmax(axis=1)
    assert differs.any(axis=1).all()
    assert first.min() >= 28 - entry["nights"] - 2 and first.max() <= 28 - 2, "reports on two weeks see the trip"
    assert len(set(first)) > 3, "people fly on different days"
    later = (changed["start_local"] - calm.both["start_local"]).dt.total_seconds().to_numpy().reshape(-1, 28) / 3600
    days_after = [later[person, flight] for person, flight in enumerate(first)]
    assert np.mean(days_after) > 0.5


def test_short_nights_cost_rem_sleep_and_spare_deep_sleep(calm, planted) -> None:
    changed = planted("short_sleep").both
    lost = {name: (calm.both[name] - changed[name]).mean() for name in ("true_rem_min", "true_n3_min")}
    assert lost["true_rem_min"] > 12 and abs(lost["true_n3_min"]) < 5


def test_free_nights_come_late_with_social_jetlag(calm, planted) -> None:
    changed = planted("social_jetlag").both
    free = calm.both["night_date"].dt.day_of_week >= 5
    woke = (changed["end_local"] - calm.both["end_local"]).dt.total_seconds() / 3600
    bed = (changed["start_local"] - calm.both["start_local"]).dt.total_seconds() / 3600
    assert woke[free].mean() > 1.2 and bed[free].mean() > 1.2
    assert woke[~free].mean() < 0.5
    before_first_weekend = calm.both["night_date"] < pd.Timestamp("2026-01-10")
    assert before_first_weekend.sum() == 4 * len(calm.people)
    assert_frame_equal(changed[before_first_weekend], calm.both[before_first_weekend])


def test_delayed_phase_comes_late_where_mornings_are_free(calm, planted) -> None:
    changed = planted("delayed_phase").both
    free = calm.both["night_date"].dt.day_of_week >= 5
    woke = (changed["end_local"] - calm.both["end_local"]).dt.total_seconds() / 3600
    assert woke[free].mean() > 1.5 and woke[~free].mean() < 0.7
    lost = (changed["true_total_sleep_min"] - calm.both["true_total_sleep_min"])[~free].mean()
    assert lost < -5, "the alarm rings all the same"


def test_late_and_regular_comes_late_on_all_days_and_loses_nothing(calm, planted) -> None:
    changed = planted("late_and_regular").both
    woke = (changed["end_local"] - calm.both["end_local"]).dt.total_seconds() / 3600
    by_day = woke.groupby(calm.both["night_date"].dt.day_of_week >= 5).mean()
    assert by_day.min() > 1.2 and abs(by_day[True] - by_day[False]) < 1.2
    assert abs((changed["true_total_sleep_min"] - calm.both["true_total_sleep_min"]).mean()) < 15


@pytest.mark.parametrize("scenario", ["irregular_schedule", "shift_work"])
def test_irregular_bedtimes_spread(calm, planted, scenario: str) -> None:
    def spread(table: pd.DataFrame) -> pd.Series:
        bed = (table["start_local"] - table["night_date"]).dt.total_seconds() / 3600
        return bed.groupby(table["person_id"]).std()

    more = spread(planted(scenario).both) / spread(calm.both)
    assert (more > 1.2).mean() > 0.9 and more.mean() > 1.5


def test_the_luteal_phase_lasts_half_a_cycle_and_comes_when_it_is_due(calm, planted) -> None:
    changed = planted("menstrual_cycle").both
    warmer = (changed["skin_temperature_delta_c"] - calm.both["skin_temperature_delta_c"]).to_numpy().reshape(-1, 28)
    luteal = warmer > 0.1
    assert np.all(luteal.sum(axis=1) == 14), "28 nights are one cycle"
    np.testing.assert_allclose(warmer[luteal], 0.30, atol=0.011)
    np.testing.assert_array_equal(warmer[~luteal], 0)
    day = (calm.people["cycle_day"].to_numpy()[:, None] + np.arange(28)[None, :]) % 28
    np.testing.assert_array_equal(luteal, day >= 14)
    assert_frame_equal(changed[~luteal.ravel()], calm.both[~luteal.ravel()])


@pytest.mark.parametrize(
    ("scenario", "column"), [("alcohol", "alcohol_units"), ("late_caffeine", "caffeine_after_14h"), ("long_naps", "nap_min")]
)  # fmt: skip
def test_habits_act_when_they_occur_and_planting_makes_them_frequent(calm, planted, scenario: str, column: str) -> None:
    changed, before = planted(scenario).both, calm.both
    share = (changed[column] > 0).mean()
    assert share == pytest.approx(constants()["scenarios"][scenario]["chance"], abs=0.05)
    assert (before[column] > 0).mean() < 0.25
    assert ((changed[column] > 0) >= (before[column] > 0)).all(), "who had it without the scenario has it with it"
    own = constants()["scenarios"][scenario]["effects"]
    if "heart_rate_bpm" in own:
        sober = (changed[column] == 0) & (before[column] == 0)
        heart = changed["resting_heart_rate_bpm"] - before["resting_heart_rate_bpm"]
        assert heart[changed[column] > before[column]].mean() > 2 and heart[sober].abs().mean() < 0.5


def test_alcohol_acts_by_the_unit(calm, planted) -> None:
    changed = planted("alcohol").both
    more = changed["alcohol_units"] - calm.both["alcohol_units"]
    heart = changed["resting_heart_rate_bpm"] - calm.both["resting_heart_rate_bpm"]
    by_units = heart.groupby(more).mean()
    per_unit = constants()["scenarios"]["alcohol"]["effects"]["heart_rate_bpm"]
    assert by_units[4.0] > by_units[2.0] > by_units[0.0]
    assert np.polyfit(more, heart, 1)[0] == pytest.approx(per_unit, rel=0.25)


def test_insomnia_skips_some_nights_and_new_parents_are_seen_to_be_awake(calm, planted) -> None:
    latency = planted("insomnia_like").both["true_sleep_onset_latency_min"] - calm.both["true_sleep_onset_latency_min"]
    chance = constants()["scenarios"]["insomnia_like"]["chance"]
    assert (latency > 5).mean() == pytest.approx(chance, abs=0.08)


@pytest.mark.parametrize("scenario", CONTROLS)
def test_controls_keep_their_sleep_whole(calm, planted, scenario: str) -> None:
    changed = planted(scenario).both
    efficiency = changed["true_sleep_efficiency_pct"] - calm.both["true_sleep_efficiency_pct"]
    assert abs(efficiency.mean()) < 2
    assert (changed["spo2_min_pct"] - calm.both["spo2_min_pct"]).mean() == pytest.approx(0, abs=0.2)


def test_people_differ_in_how_caffeine_and_alcohol_touch_them(calm) -> None:
    people = calm.people.head(2).assign(sensitivity=[0.5, 1.5])
    free = np.ones((2, 3), dtype=bool)
    habits = {"units": np.full((2, 3), 2.0), "caffeine": np.ones((2, 3)), "nap_min": np.zeros((2, 3))}
    total = overlays(people, free, habits, np.full((2, 3), 0.5))
    scenarios = constants()["scenarios"]
    heart = scenarios["alcohol"]["effects"]["heart_rate_bpm"]
    np.testing.assert_allclose(total["heart_rate_bpm"], [[heart] * 3, [3 * heart] * 3])
    caffeine = scenarios["late_caffeine"]["effects"]["sleep_need_h"]
    np.testing.assert_allclose(total["sleep_need_h"], [[0.5 * caffeine] * 3, [1.5 * caffeine] * 3])


def test_nothing_planted_and_no_habits_add_exactly_nothing(calm) -> None:
    people, shape = calm.people, (len(calm.people), 5)
    zero = np.zeros(shape)
    total = overlays(people, zero > 0, {"units": zero, "caffeine": zero, "nap_min": zero}, zero + 0.5)
    assert set(total) == set(effect_names())
    assert all(np.all(values == 0) for values in total.values())
    assert set(people["main_scenario"]) == {NONE}


def test_scenarios_with_an_unknown_name_are_refused_with_those_that_exist(calm) -> None:
    with pytest.raises(InputError, match="row 1, column main_scenario: 'jetlag'.*jet_lag"):
        simulate_nights(calm.people.assign(main_scenario="jetlag"), 3, 1)
