"""Shipped aggregates of real nights: complete, ordered, in agreement with the real nights, and with nobody's row."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.paths import PROJECT_ROOT
from sleepcot_utils.simulate.yardsticks import aggregates, hypnograms, nightly
from sleepcot_utils.simulate.yardsticks.sources import REAL_DATA_VARIABLE, real_data_folder

SOURCES = ("sleep_edf", "lifesnaps", "fitabase")


@pytest.mark.parametrize("source", SOURCES)
def test_each_source_says_where_it_is_from_and_how_much_of_it_there_is(source: str):
    about = aggregates.shipped()[source]["about"]
    assert about["nights"] >= about["persons"] >= nightly.FEWEST_PERSONS
    assert about["source"] and about["license"] and about["text"]


@pytest.mark.parametrize("source", SOURCES)
def test_estimates_come_with_an_interval_of_some_width(source: str):
    told = aggregates.real_values(source).dropna()
    assert told.index.is_unique and len(told) > 50
    assert (told["low"] <= told["high"]).all()
    # A resample of persons is more alike than the sample, so an interval may miss an estimate, but rarely.
    inside = told["estimate"].between(told["low"], told["high"])
    assert inside.mean() > 0.9
    assert (told["high"] > told["low"]).mean() > 0.9


def test_shares_add_up():
    told = aggregates.real_values("sleep_edf")["estimate"]
    following = told["next_stage_share"]
    for stage in ("wake", "n1", "n2", "n3", "rem"):
        assert following[following.index.str.startswith(f"{stage}>")].sum() == pytest.approx(1, abs=0.002)
    assert told["n3_in_third_share"].sum() == pytest.approx(1, abs=0.002)
    percentages = told["mean"][["n1_pct", "n2_pct", "n3_pct", "rem_pct"]]
    assert percentages.sum() == pytest.approx(100, abs=0.05)


def test_real_halves_are_told_apart_only_where_persons_can_be_known_again():
    told = aggregates.shipped()["lifesnaps"]["half_against_half"]
    for columns in ("few_columns", "many_columns"):
        assert told[columns]["persons"]["mean"] == pytest.approx(0.5, abs=0.06)
        assert told[columns]["persons"]["low"] < 0.5 < told[columns]["persons"]["high"]
        assert told[columns]["nights"]["mean"] > 0.6


def test_an_unknown_source_is_refused():
    with pytest.raises(ParameterError, match="lifesnaps"):
        aggregates.real_values("garmin")


def test_other_nights_get_the_same_statistics_with_intervals():
    rng = np.random.default_rng(2)
    nights = [rng.integers(0, 5, 300).astype(np.int8) for _ in range(12)]
    scored = aggregates.of_hypnograms(nights, [f"p{i // 2}" for i in range(12)], rng, resamples=20)
    assert set(scored.index) == set(aggregates.real_values("sleep_edf").index)
    table = pd.DataFrame(
        {
            "person_id": np.repeat([f"p{i}" for i in range(8)], 15),
            "night_date": np.tile(pd.date_range("2024-01-01", periods=15), 8),
            "total_sleep_min": rng.normal(400, 30, 120),
            "time_in_bed_min": rng.normal(460, 5, 120),
        }
    )
    told = aggregates.of_nights(table, rng, resamples=10)
    row = told.loc[("mean_of_persons", "wake_min")]
    assert row["low"] < row["estimate"] < row["high"]
    assert told.loc[("within_sd", "total_sleep_min"), "estimate"] == pytest.approx(30, rel=0.2)


def test_values_beside_real_ones():
    real = pd.DataFrame(
        {"estimate": [10.0, 5.0], "low": [8.0, 4.0], "high": [12.0, 6.0]},
        index=pd.MultiIndex.from_tuples([("sd", "a"), ("sd", "b")]),
    )
    other = pd.Series([13.0, 1.0], index=pd.MultiIndex.from_tuples([("sd", "a"), ("sd", "c")]))
    told = aggregates.beside(real, other)
    assert told.index.tolist() == [("sd", "a")]
    assert not told["inside"].iloc[0] and told["half_widths_off"].iloc[0] == 1.5


def test_independent_epochs_are_found_out_as_no_sleep():
    rng = np.random.default_rng(3)
    nights = [rng.integers(0, 5, 900).astype(np.int8) for _ in range(20)]
    told = aggregates.beside(aggregates.real_values("sleep_edf"), hypnograms.summary(hypnograms.sleep_periods(nights)))
    assert told["inside"].mean() < 0.25


@pytest.mark.skipif(
    any(real_data_folder(source) is None for source in SOURCES),
    reason=f"{REAL_DATA_VARIABLE} names no folder with {', '.join(SOURCES)}",
)
def test_the_file_agrees_with_the_real_nights():
    done = subprocess.run(
        [sys.executable, PROJECT_ROOT / "tools" / "real_yardsticks.py", "--check"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
