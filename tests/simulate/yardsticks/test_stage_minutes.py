"""Stage minutes out of ratios: what is put in comes back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.simulate.yardsticks.stage_minutes import fractions, recover, splits


def test_fractions_are_all_readings_of_a_ratio():
    assert fractions(1.5, 8) == {3: 2, 6: 4, 9: 6, 12: 8}
    assert fractions(0.0, 5) == {0: 1}
    assert fractions(np.pi, 200) == {}


def test_the_sum_picks_the_reading():
    found = splits(53 / 41, 199 / 223, 89 / 83, 53 + 199 + 89)
    assert [(way.minutes, way.means) for way in found] == [((53, 199, 89), (41, 223, 83))]
    assert splits(53 / 41, 199 / 223, 89 / 83, 340) == []


def test_random_nights_come_back():
    rng = np.random.default_rng(4)
    rows, truth = [], []
    for person in range(4):
        means = np.array([75, 240, 88]) + rng.integers(-15, 15, 3)
        for day in range(40):
            minutes = np.maximum(rng.normal(means, [20, 50, 25]), 1).round()
            means = np.round(means + rng.normal(0, 0.6, 3))  # a mean of 30 days moves slowly
            rows.append(
                (f"p{person}", pd.Timestamp("2024-01-01") + pd.Timedelta(days=day), minutes.sum(), *(minutes / means))
            )
            truth.append(minutes)
    columns = ["person_id", "night_date", "total_sleep_min", "deep_ratio", "light_ratio", "rem_ratio"]
    told = recover(pd.DataFrame(rows, columns=columns))
    right = (told[["deep_min", "light_min", "rem_min"]].to_numpy() == np.array(truth)).all(axis=1)
    single = (told["ways"] == 1).to_numpy()
    assert right[single].all() and single.mean() > 0.6
    assert right.mean() > 0.97


def test_nights_without_a_reading_stay_null():
    nights = pd.DataFrame(
        {
            "person_id": ["a", "a", "b"],
            "night_date": pd.Timestamp("2024-01-01"),
            "total_sleep_min": [400.0, 0.0, 400.0],
            "deep_ratio": [0.9, 1.0, np.nan],
            "light_ratio": [np.pi / 3, 1.0, 1.0],
            "rem_ratio": [1.1, 1.0, 1.0],
        },
        index=[7, 3, 5],
    )
    told = recover(nights)
    assert told.index.tolist() == [7, 3, 5]
    assert told["ways"].tolist() == [0, 0, 0]
    assert told[["deep_min", "light_min", "rem_min"]].isna().all(axis=None)


def test_several_readings_and_nothing_to_decide_by_stay_null():
    # 1:1:1 of equal means fits every length of the means.
    nights = pd.DataFrame(
        {
            "person_id": ["a"],
            "night_date": [pd.Timestamp("2024-01-01")],
            "total_sleep_min": [300.0],
            "deep_ratio": [1.0],
            "light_ratio": [1.0],
            "rem_ratio": [1.0],
        }
    )
    told = recover(nights)
    assert told["ways"].iloc[0] > 1 and told["deep_min"].isna().all()


@pytest.mark.parametrize("ratio", [106 / 79, 247 / 268, 1 / 199])
def test_sixteen_digits_are_enough(ratio: float):
    assert min(fractions(ratio, 450)) == {106 / 79: 106, 247 / 268: 247, 1 / 199: 1}[ratio]
