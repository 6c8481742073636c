"""Simulated nights against aggregates of real ones, with stated tolerances.

Tolerances are in the unit of each statistic. Most are wider than the interval of the real value where the simulator is
known to be off; the comment says so. The classifier needs the real rows and is skipped without them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.simulate.checks import wearers_like
from sleepcot_utils.simulate.nights import simulate_chunks, simulate_nights
from sleepcot_utils.simulate.people import simulate_people
from sleepcot_utils.simulate.yardsticks import aggregates, hypnograms, nightly
from sleepcot_utils.simulate.yardsticks.lifesnaps import STAGED, lifesnaps_nights
from sleepcot_utils.simulate.yardsticks.sources import real_data_folder
from sleepcot_utils.simulate.yardsticks.two_sample import FEW_COLUMNS, MANY_COLUMNS, two_sample_test

#: Sleep-EDF: statistic, measure, tolerance. The real people lie awake less (24 min) than the norm that is simulated.
HYPNOGRAM = (
    ("mean", "cycle_min", 8),
    ("mean", "rem_latency_min", 12),
    ("mean", "rem_periods", 0.6),
    ("mean", "long_awakenings", 1.0),
    ("mean", "longest_wake_min", 3),
    ("n3_in_third_share", "first", 0.10),
    ("n3_in_third_share", "third", 0.05),
    ("rem_in_third_share", "first", 0.05),
    ("rem_in_third_share", "third", 0.10),
    ("bout_mean_epochs", "wake", 1.2),
    ("bout_mean_epochs", "n1", 0.6),
    ("bout_mean_epochs", "n2", 3.0),
    ("bout_mean_epochs", "n3", 1.7),
    ("bout_mean_epochs", "rem", 5.0),
    ("bout_single_share", "wake", 0.08),
    ("bout_single_share", "n2", 0.12),
    ("bout_single_share", "n3", 0.09),
    ("next_stage_share", "n2>n3", 0.10),
    ("next_stage_share", "n3>n2", 0.09),
    ("next_stage_share", "n2>rem", 0.06),
    ("next_stage_share", "rem>n1", 0.15),
    ("next_stage_share", "n1>n2", 0.15),
    ("next_stage_share", "wake>n1", 0.22),  # too few: N1 is short of what so many awakenings would need
)
#: LifeSnaps, Fitbit Sense: the device's view.
WORN = (
    ("mean_of_persons", "total_sleep_min", 20),
    ("mean_of_persons", "wake_min", 8),
    ("mean_of_persons", "resting_heart_rate_bpm", 3),
    ("mean_of_persons", "respiratory_rate_brpm", 1.0),
    ("mean_of_persons", "log_rmssd", 0.15),
    ("mean_of_persons", "spo2_mean_pct", 0.7),
    ("mean_of_persons", "steps", 1200),
    ("between_sd", "total_sleep_min", 8),
    ("between_sd", "resting_heart_rate_bpm", 1.3),
    ("between_sd", "respiratory_rate_brpm", 0.6),
    ("between_sd", "log_rmssd", 0.13),
    ("within_sd", "total_sleep_min", 8),
    ("within_sd", "wake_min", 5),
    ("within_sd", "resting_heart_rate_bpm", 0.5),
    ("within_sd", "log_rmssd", 0.07),
    ("within_sd", "respiratory_rate_brpm", 0.45),  # real breathing has rare far-off nights
    ("correlation_1_days_apart", "total_sleep_min", 0.06),
    ("correlation_1_days_apart", "log_rmssd", 0.13),
    ("correlation_1_days_apart", "resting_heart_rate_bpm", 0.18),  # the real device smooths for longer
    ("weekend_shift", "total_sleep_min", 12),
    ("weekend_shift", "steps", 700),
    ("within_correlation", "total_sleep_min~wake_min", 0.32),  # habits here add wake and cut sleep on the same night
    ("within_correlation", "resting_heart_rate_bpm~log_rmssd", 0.15),
    ("within_correlation", "total_sleep_min~steps", 0.08),
    ("between_correlation", "resting_heart_rate_bpm~log_rmssd", 0.25),
)
#: Fitabase, Fitbits of 2016: totals and steps; wake of those devices is not comparable.
OLD_DEVICE = (
    ("within_sd", "total_sleep_min", 30),
    ("weekend_shift", "total_sleep_min", 35),
    ("within_sd", "steps", 1700),
)
#: The classifier of the real data's own halves reaches .65 by chance in one of forty; see ``two_sample.floor``.
MOST_AUC = 0.68


@pytest.fixture(scope="module")
def young() -> pd.Series:
    people = simulate_people(400, 21, scenarios=())
    people = people[people["age_y"] < 40].assign(device="fitbit_like")
    chunk = next(simulate_chunks(people, 10, 21, epochs=True))
    return hypnograms.summary(hypnograms.sleep_periods(chunk.traces.stages))


@pytest.fixture(scope="module")
def worn() -> pd.DataFrame:
    return nightly.with_derived(simulate_nights(wearers_like("lifesnaps", 150, 22), 56, 22)[0])


def hold(real_source: str, found: pd.Series, statistic: str, measure: str, tolerance: float) -> None:
    real = aggregates.real_values(real_source).loc[(statistic, measure)]
    assert abs(found[statistic, measure] - real["estimate"]) <= tolerance, (found[statistic, measure], dict(real))


@pytest.mark.parametrize(("statistic", "measure", "tolerance"), HYPNOGRAM)
def test_hypnograms_are_like_real_polysomnography(young, statistic: str, measure: str, tolerance: float) -> None:
    hold("sleep_edf", young, statistic, measure, tolerance)


@pytest.fixture(scope="module")
def worn_summary(worn: pd.DataFrame) -> pd.Series:
    return nightly.summary(worn)


@pytest.mark.parametrize(("statistic", "measure", "tolerance"), WORN)
def test_nights_are_like_those_of_real_wearers(worn_summary, statistic: str, measure: str, tolerance: float) -> None:
    hold("lifesnaps", worn_summary, statistic, measure, tolerance)


@pytest.mark.parametrize(("statistic", "measure", "tolerance"), OLD_DEVICE)
def test_nights_are_not_far_from_those_of_an_old_device(
    worn_summary, statistic: str, measure: str, tolerance: float
) -> None:
    hold("fitabase", worn_summary, statistic, measure, tolerance)


def test_stages_that_never_follow_each_other_hardly_do(young: pd.Series) -> None:
    for move, most in (("rem>n3", 0.005), ("n3>rem", 0.03), ("n1>n3", 0.06), ("wake>n3", 0.10)):
        assert young["next_stage_share", move] <= most, move


@pytest.mark.parametrize("columns", [FEW_COLUMNS, MANY_COLUMNS], ids=["four columns", "seven columns"])
def test_a_classifier_hardly_tells_the_nights_apart(worn: pd.DataFrame, columns: tuple[str, ...]) -> None:
    folder = real_data_folder("lifesnaps")
    if folder is None:
        pytest.skip("SLEEPCOT_REAL_DATA names no folder with LifeSnaps")
    real = lifesnaps_nights(folder)
    real = nightly.with_derived(real[real["quality"] == STAGED])
    test = two_sample_test(real, worn, columns, np.random.default_rng(23), explain=False)
    assert 0.45 < test.auc < MOST_AUC
    shifted = worn.assign(total_sleep_min=worn["total_sleep_min"] + 90)
    assert two_sample_test(real, shifted, columns, np.random.default_rng(23), explain=False).auc > test.auc + 0.05
