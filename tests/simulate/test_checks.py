"""Simulated nights beside norms and beside real aggregates: the tables that notebook 01 prints."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.simulate.checks import beside_published, bout_survival, published_sleep, wearers_like
from sleepcot_utils.simulate.stages import N2, REM, UNKNOWN, WAKE


def nights_on_a_line(level: float, slope: float) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """People of 30, 40 and 50 years whose every value lies on one line; REM starts 80 epochs after sleep."""
    people = pd.DataFrame({"person_id": ["a", "b", "c"], "age_y": [30.0, 40.0, 50.0]})
    asleep = level + slope * (people["age_y"] - 40) / 10
    truth = pd.DataFrame(
        {
            "person_id": people["person_id"],
            "true_total_sleep_min": asleep,
            "true_sleep_efficiency_pct": 86.0,
            "true_sleep_onset_latency_min": 15.0,
            "true_wake_after_sleep_onset_min": 48.0,
            "true_n1_min": 0.08 * asleep,
            "true_n3_min": 0.2 * asleep,
            "true_rem_min": 0.19 * asleep,
        }
    )
    night = np.concatenate([[WAKE] * 10, [N2] * 80, [REM] * 5, [UNKNOWN] * 5]).astype(np.int8)
    return truth, people, np.stack([night] * 3)


def test_level_and_slope_are_read_off_people_and_judged_by_the_published_interval() -> None:
    found = beside_published(*nights_on_a_line(390.0, -10.0))
    assert list(found.index) == list(published_sleep())
    sleep = found.loc["total_sleep_min"]
    assert sleep["found_level"] == pytest.approx(390.0) and sleep["found_slope"] == pytest.approx(-10.0)
    assert sleep["level_inside"] and sleep["slope_inside"]
    assert found.loc["rem_latency_min", "found_level"] == pytest.approx(40.0)  # 80 epochs of half a minute
    assert found.loc["n3_pct", "found_level"] == pytest.approx(20.0) and found.loc["n3_pct", "slope_inside"] is None
    far = beside_published(*nights_on_a_line(460.0, 5.0)).loc["total_sleep_min"]
    assert not far["level_inside"] and not far["slope_inside"]


def test_hypnograms_have_to_be_those_of_the_nights() -> None:
    truth, people, stages = nights_on_a_line(390.0, -10.0)
    with pytest.raises(ParameterError, match="2 hypnograms of 3 nights"):
        beside_published(truth, people, stages[:2])


def test_every_published_entry_has_a_source_and_an_interval_around_its_level() -> None:
    for name, entry in published_sleep().items():
        assert entry["source"] and entry["level_low"] <= entry["level"] <= entry["level_high"], name
        given = [entry[key] is not None for key in ("slope", "slope_low", "slope_high")]
        assert len(set(given)) == 1 and (not given[0] or entry["slope_low"] < entry["slope"] < entry["slope_high"]), (
            name
        )


def test_survival_of_bouts_in_long_form() -> None:
    index = pd.MultiIndex.from_tuples(
        [("bout_longer_than_4_share", "n2"), ("bout_longer_than_16_share", "rem"), ("bouts_a_night", "n2")],
        names=["statistic", "measure"],
    )
    beside = pd.DataFrame({"estimate": [0.5, 0.3, 40], "low": 0.1, "high": 0.9, "other": [0.4, 0.2, 41]}, index=index)
    found = bout_survival(beside)
    assert found["epochs"].tolist() == [4, 16] and found["stage"].tolist() == ["n2", "rem"]
    assert found["real"].tolist() == [0.5, 0.3] and found["simulated"].tolist() == [0.4, 0.2]


def test_wearers_have_the_ages_sexes_and_device_of_the_real_ones() -> None:
    wearers = wearers_like("lifesnaps", 100, 5)
    assert len(wearers) == 100 and wearers["age_y"].between(20, 45).all()
    assert (wearers["sex"] == "male").sum() == 61 and set(wearers["device"]) == {"fitbit_like"}
    assert set(wearers["main_scenario"]) == {"none"}
    with pytest.raises(ParameterError, match="'garmin'.*lifesnaps"):
        wearers_like("garmin", 10, 5)
