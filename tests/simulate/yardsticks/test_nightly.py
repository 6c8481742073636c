"""Statistics of nightly tables, against values worked out by hand and planted ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.simulate.yardsticks import nightly

MONDAY = pd.Timestamp("2024-01-01")


def table(values: dict[str, list[float]], **columns: list) -> pd.DataFrame:
    """One measure ``steps``: a list of values a person, on consecutive days from a Monday."""
    rows = [(person, MONDAY + pd.Timedelta(days=i), v) for person, vs in values.items() for i, v in enumerate(vs)]
    return pd.DataFrame(rows, columns=["person_id", "night_date", "steps"]).assign(**columns)


def planted(rng: np.random.Generator, persons: int = 150, nights: int = 40) -> pd.DataFrame:
    """Between SD 3, within SD 4, memory 0.5; the second measure is half the deviation of the first plus noise."""
    frames = []
    for person in range(persons):
        deviation = np.empty(nights)
        deviation[0] = rng.normal(0, 4)
        for night in range(1, nights):
            deviation[night] = 0.5 * deviation[night - 1] + rng.normal(0, 4 * np.sqrt(0.75))
        male = bool(rng.random() < 0.5)
        age = rng.uniform(20, 80)
        level = rng.normal(50, 3)
        frames.append(
            pd.DataFrame(
                {
                    "person_id": f"p{person}",
                    "night_date": pd.date_range(MONDAY, periods=nights),
                    "steps": level + deviation,
                    "rem_pct": -level + deviation / 2 + rng.normal(0, 2, nights),
                    "exercise_min": 10 + 2 * age / 10 + 5 * male + rng.normal(0, 1, nights),
                    "age_y": age,
                    "sex": "male" if male else "female",
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def many() -> pd.DataFrame:
    return planted(np.random.default_rng(3))


def test_derived_measures():
    nights = pd.DataFrame(
        {
            "person_id": ["a", "a"],
            "night_date": [MONDAY, MONDAY],
            "total_sleep_min": [400.0, 0.0],
            "time_in_bed_min": [480.0, 60.0],
            "deep_min": [80.0, 0.0],
            "hrv_rmssd_ms": [np.e**3, 0.0],
        }
    )
    told = nightly.with_derived(nights)
    assert told["wake_min"].tolist() == [80, 60]
    assert told["deep_pct"].iloc[0] == 20 and np.isnan(told["deep_pct"].iloc[1])
    assert told["log_rmssd"].iloc[0] == pytest.approx(3) and np.isnan(told["log_rmssd"].iloc[1])
    with pytest.raises(InputError, match="time_in_bed_min"):
        nightly.with_derived(nights.drop(columns="time_in_bed_min"))


def test_spread_by_hand():
    # Two persons of two nights: within variance (2 + 2) / 2 = 2; among 2 * (5^2 + 5^2) / 1 = 100; between (100-2)/2.
    told = nightly.spread(table({"a": [-1, 1], "b": [9, 11], "c": [5]}))
    assert told["within_sd", "steps"] == pytest.approx(2**0.5)
    assert told["between_sd", "steps"] == pytest.approx(49**0.5)
    assert told["mean_of_persons", "steps"] == 5
    assert told["between_share", "steps"] == pytest.approx(49 / 51)


def test_spread_finds_what_was_planted_and_shuffled_persons_lose_it(many: pd.DataFrame):
    told = nightly.spread(many)
    assert told["between_sd", "steps"] == pytest.approx(3, rel=0.15)
    assert told["within_sd", "steps"] == pytest.approx(4, rel=0.05)
    shuffled = many.assign(person_id=np.random.default_rng(0).permutation(many["person_id"].to_numpy()))
    assert nightly.spread(shuffled)["between_share", "steps"] < 0.02


def test_own_sds_are_quantiles_over_persons():
    nights = [0.0, 2.0] * 6
    told = nightly.spread(table({f"p{i}": [i * value for value in nights] for i in range(1, 6)}))
    unit = np.std(nights, ddof=1)
    assert told["own_sd_50", "steps"] == pytest.approx(3 * unit)
    assert told["own_sd_10", "steps"] == pytest.approx(1.4 * unit)


def test_memory_by_hand_and_planted(many: pd.DataFrame):
    turns = table({"a": [1.0, -1.0] * 6})
    assert nightly.memory(turns)["correlation_1_days_apart", "steps"] == pytest.approx(-1)
    assert nightly.memory(turns, days=2)["correlation_2_days_apart", "steps"] == pytest.approx(1)
    assert nightly.memory(many)["correlation_1_days_apart", "steps"] == pytest.approx(0.5, abs=0.08)
    assert nightly.memory(many, days=7)["correlation_7_days_apart", "steps"] == pytest.approx(0, abs=0.1)


def test_memory_pairs_by_date_not_by_row():
    values = [1.0, -1.0] * 12
    gaps = table({"a": values}).iloc[::2]  # every other day is left, and no two days are neighbors
    assert np.isnan(nightly.memory(gaps)["correlation_1_days_apart", "steps"])


def test_weekend_shift_is_of_nights_that_end_on_saturday_or_sunday():
    week = [0, 0, 0, 0, 0, 7, 9]
    told = nightly.weekend_shift(table({"a": [float(v) for v in week * 3], "b": [1.0] * 21, "few": [0.0] * 6}))
    assert told["weekend_shift", "steps"] == pytest.approx((8 + 0) / 2)


def test_correlations_within_and_between_are_kept_apart(many: pd.DataFrame):
    told = nightly.correlations(many, ["steps", "rem_pct"])
    # Within: 0.5 * 16 over 4 * sqrt(0.25 * 16 + 4); between: the levels are opposite.
    assert told["within_correlation", "steps~rem_pct"] == pytest.approx(8 / (4 * 8**0.5), abs=0.05)
    assert told["between_correlation", "steps~rem_pct"] < -0.8


def test_slopes_find_what_was_planted(many: pd.DataFrame):
    told = nightly.slopes(many, ["exercise_min"])
    assert told["slope_per_decade", "exercise_min"] == pytest.approx(2, abs=0.05)
    assert told["difference_male", "exercise_min"] == pytest.approx(5, abs=0.15)


def test_slopes_take_age_groups_and_need_persons_on_both_sides(many: pd.DataFrame):
    grouped = many.assign(age_group=np.where(many["age_y"] < 30, "<30", ">=30")).drop(columns="age_y")
    told = nightly.slopes(grouped, ["exercise_min"])
    assert 3 < told["difference_30_and_older", "exercise_min"] < 9  # 25 against about 55 years, 2 a decade
    few = many[many["person_id"].isin(many.loc[many["sex"] == "male", "person_id"].unique()[:20])]
    assert nightly.slopes(few, ["exercise_min"]).isna().all()


def test_missing_and_recorded_shares():
    told = nightly.missing(table({"a": [1.0, np.nan, 3.0, 4.0], "b": [np.nan] * 3}), ["steps"])
    assert told["persons_without_share", "steps"] == 0.5
    assert told["missing_share", "steps"] == 0.25
    assert told["nights_recorded_share", "night"] == 1
    assert nightly.missing(table({"a": [1.0] * 9}).iloc[[0, 8]], [])["nights_recorded_share", "night"] == pytest.approx(
        2 / 9
    )


def test_summary_leaves_out_what_the_table_lacks(many: pd.DataFrame):
    told = nightly.summary(many)
    assert told.index.is_unique
    named = {name for measure in told.index.get_level_values("measure") for name in measure.split("~")}
    assert named == {"steps", "rem_pct", "exercise_min", "night"}
    assert told["quantile_50", "steps"] == pytest.approx(many["steps"].median())
