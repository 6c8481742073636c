"""Simulated nights: valid, reproducible, and a matter of the seed and the person alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import InputError
from sleepcot_utils.simulate import nights as room
from sleepcot_utils.simulate.constants import DEVICES, constants, devices
from sleepcot_utils.simulate.nights import simulate_chunks, simulate_nights
from sleepcot_utils.simulate.people import simulate_people
from sleepcot_utils.simulate.table import GIVES, HABITS

KEYS = ["person_id", "night_date"]
#: Scenarios whose nights are counted from the end of the window.
FROM_THE_END = tuple(
    name for name, entry in constants()["scenarios"].items() if entry["when"] in ("last_nights", "trip")
)


def both(people: pd.DataFrame, nights: int, seed: int, **options: Any) -> pd.DataFrame:
    measured, truth = simulate_nights(people, nights, seed, **options)
    return measured.merge(truth, on=KEYS, validate="one_to_one")


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """Everybody: all schedules, devices and scenarios."""
    return simulate_people(150, 21)


@pytest.fixture(scope="module")
def table(people: pd.DataFrame) -> pd.DataFrame:
    return both(people, 14, 22)


@given(persons=st.integers(1, 12), nights=st.integers(1, 35), seed=st.integers(0, 2**63 - 1))
@settings(max_examples=15, deadline=None)
def test_every_table_is_valid_and_of_the_people_asked_for(persons: int, nights: int, seed: int) -> None:
    people = simulate_people(persons, seed)
    measured, truth = simulate_nights(people, nights, seed)
    assert_frame_equal(nightly.conform(measured), measured)
    nightly.validate(measured)
    assert set(measured["person_id"]) <= set(people["person_id"])
    assert measured["night_date"].nunique() <= nights
    assert (measured["sleep_kind"] == "main").all()
    assert_frame_equal(measured[KEYS], truth[KEYS], check_dtype=False)
    assert truth.notna().all(axis=None)


def test_the_same_seed_gives_the_same_nights_and_another_gives_others(
    people: pd.DataFrame, table: pd.DataFrame
) -> None:
    assert_frame_equal(both(people, 14, 22), table)
    other = both(people, 14, 23).merge(table, on=KEYS, suffixes=("", "_before"))
    assert (other["true_total_sleep_min"] == other["true_total_sleep_min_before"]).mean() < 0.02


@pytest.mark.parametrize("chunk", [1, 40, 777])
def test_chunks_change_nothing(people: pd.DataFrame, table: pd.DataFrame, monkeypatch, chunk: int) -> None:
    monkeypatch.setattr(room, "CHUNK_NIGHTS", chunk)
    some = people.head(12)
    chunks = list(simulate_chunks(some, 14, 22))
    assert len(chunks) == -(-12 // max(chunk // 14, 1))
    expected = table[table["person_id"].isin(some["person_id"])].reset_index(drop=True)
    assert_frame_equal(both(some, 14, 22), expected)


@pytest.mark.parametrize("workers", [2, 3])
def test_threads_change_nothing(people: pd.DataFrame, table: pd.DataFrame, monkeypatch, workers: int) -> None:
    monkeypatch.setattr(room, "CHUNK_NIGHTS", 14 * 9)
    assert_frame_equal(both(people, 14, 22, workers=workers), table)


def test_nights_are_the_same_however_many_others_and_in_whatever_order(
    people: pd.DataFrame, table: pd.DataFrame
) -> None:
    alone = both(people.iloc[[17]], 14, 22)
    assert_frame_equal(alone, table[table["person_id"] == "p00018"].reset_index(drop=True))
    shuffled = people.sample(frac=1, random_state=1)
    again = both(shuffled, 14, 22)
    assert_frame_equal(again, table)


def test_rows_of_measured_truth_and_epochs_are_the_same_nights_in_any_order(people: pd.DataFrame) -> None:
    chunk = next(iter(simulate_chunks(people.sample(frac=1, random_state=2), 5, 22, epochs=True)))
    assert_frame_equal(chunk.measured[KEYS], chunk.truth[KEYS], check_dtype=False)
    assert chunk.traces is not None
    asleep_min = (chunk.traces.stages > 0).sum(axis=1) / 2
    np.testing.assert_array_equal(asleep_min, chunk.truth["true_total_sleep_min"])


def test_the_first_nights_do_not_change_when_more_follow(people: pd.DataFrame) -> None:
    counted = people[["main_scenario", "second_scenario"]].isin(FROM_THE_END).any(axis=1)
    steady = people[~counted].assign(sleep_drift_min=0.0)
    assert FROM_THE_END and len(steady) > 80
    long, short = both(steady, 21, 22), both(steady, 9, 22)
    first = long[long["night_date"] <= short["night_date"].max()].reset_index(drop=True)
    assert_frame_equal(first, short)


def test_a_drift_shows_as_a_trend_of_the_stated_size() -> None:
    people = simulate_people(120, 3, scenarios=()).assign(schedule="retired")
    slopes = []
    for drift in (0.0, 6.0):
        _, truth = simulate_nights(people.assign(sleep_drift_min=drift), 14, 5)
        wide = truth.pivot(index="person_id", columns="night_date", values="true_start_local")
        hours = wide.apply(lambda column: (column - column.name).dt.total_seconds() / 60)
        slopes.append(np.array([np.polyfit(np.flatnonzero(r.notna()), r.dropna(), 1)[0] for _, r in hours.iterrows()]))
    change = slopes[1] - slopes[0]
    assert change.mean() == pytest.approx(-6.0, abs=2.0), "bedtime comes six minutes earlier every night"


def test_no_minute_of_sleep_hangs_on_the_device(people: pd.DataFrame) -> None:
    """Twins with another device lived the same nights."""
    truths = [simulate_nights(people.assign(device=device), 7, 22)[1] for device in ("ring_like", "band")]
    joined = truths[0].merge(truths[1], on=KEYS, suffixes=("", "_other"))
    assert len(joined) > 700
    for name in truths[0].columns.drop(KEYS):
        assert (joined[name] == joined[f"{name}_other"]).all(), name


def test_true_parts_add_up(table: pd.DataFrame) -> None:
    asleep = table[["true_n1_min", "true_n2_min", "true_n3_min", "true_rem_min"]].sum(axis=1)
    np.testing.assert_allclose(asleep, table["true_total_sleep_min"])
    awake = table["true_sleep_onset_latency_min"] + table["true_wake_after_sleep_onset_min"]
    np.testing.assert_allclose(asleep + awake, table["true_time_in_bed_min"])
    np.testing.assert_allclose(100 * asleep / table["true_time_in_bed_min"], table["true_sleep_efficiency_pct"])
    lasted = (table["true_end_local"] - table["true_start_local"]).dt.total_seconds() / 60
    np.testing.assert_allclose(lasted, table["true_time_in_bed_min"])
    assert (table[[name for name in table if name.startswith("true_") and name.endswith("_min")]] >= 0).all(axis=None)


def test_nights_of_one_person_do_not_overlap(people: pd.DataFrame) -> None:
    _, truth = simulate_nights(people.assign(device="reference"), 14, 22)
    pause = truth["true_start_local"] - truth.groupby("person_id")["true_end_local"].shift()
    assert pause.dropna().min() > pd.Timedelta(hours=4)


@pytest.mark.parametrize("device", DEVICES)
def test_what_a_device_does_not_measure_is_null_and_never_zero(people: pd.DataFrame, device: str) -> None:
    measured, _ = simulate_nights(people.head(60).assign(device=device, logs_habits=True), 14, 22)
    profile = devices()[device]
    assert (measured["device"] == device).all()
    for group, columns in GIVES.items():
        for name in columns:
            share = measured[name].notna().mean()
            if group not in profile["gives"]:
                assert share == 0, name
            else:
                assert share > 0.85, name
    always = ["time_in_bed_min", "total_sleep_min", "sleep_efficiency_pct", "steps"]
    assert measured[always].notna().all(axis=None)
    assert measured[HABITS].notna().all(axis=None) == ("stages" in profile["gives"])
    lost = measured["respiratory_rate_brpm"].isna().mean()
    if "breaths" in profile["gives"]:
        assert lost == pytest.approx(profile["missing"]["vitals"], abs=0.03)


def test_people_who_log_nothing_have_no_habits(people: pd.DataFrame) -> None:
    silent, _ = simulate_nights(people.head(20).assign(device="fitbit_like", logs_habits=False), 7, 22)
    assert silent[HABITS].isna().all(axis=None) and silent["steps"].notna().all()


@pytest.mark.parametrize("device", DEVICES)
def test_nights_without_the_device_are_absent_rows_and_come_in_bursts(device: str) -> None:
    people = simulate_people(250, 5, scenarios=()).assign(device=device)
    measured, _ = simulate_nights(people, 28, 6)
    worn = pd.crosstab(measured["person_id"], measured["night_date"]).reindex(people["person_id"], fill_value=0)
    worn = worn.to_numpy() > 0
    profile = devices()[device]["missing"]
    assert 1 - worn.mean() == pytest.approx(profile["night"], abs=0.02)
    off = ~worn
    ends = (off[:, :-1] & worn[:, 1:]).sum()
    mean_burst = off[:, :-1].sum() / ends
    assert mean_burst == pytest.approx(profile["burst_nights"], rel=0.3)
    assert (measured["total_sleep_min"] > 0).all()


def test_cut_recordings_are_shorter_than_the_night(people: pd.DataFrame) -> None:
    table = both(people[people["device"] == "ring_like"], 28, 22)
    lost = 1 - table["time_in_bed_min"] / table["true_time_in_bed_min"]
    # The ring knows lights-out: what is missing beyond rounding was cut off.
    assert (lost > 0.01).mean() == pytest.approx(devices()["ring_like"]["missing"]["partial"], abs=0.02)
    assert lost.max() <= 0.62


def test_a_device_that_smooths_the_heart_rate_shows_calmer_nights(people: pd.DataFrame) -> None:
    def jumps(device: str) -> float:
        measured, _ = simulate_nights(people.assign(device=device), 14, 22)
        return measured.groupby("person_id")["resting_heart_rate_bpm"].diff().abs().mean()

    assert devices()["fitbit_like"]["heart_smoothing"] < 1 == devices()["ring_like"]["heart_smoothing"]
    assert jumps("fitbit_like") < 0.8 * jumps("ring_like")


def test_epochs_come_on_request(people: pd.DataFrame) -> None:
    some = people.head(4)
    plain, full = (next(iter(simulate_chunks(some, 6, 22, epochs=epochs))) for epochs in (False, True))
    assert plain.traces is None and full.traces is not None
    assert len(full.traces.length) == len(full.traces.stages) == len(full.measured)
    assert_frame_equal(plain.measured, full.measured)
    assert_frame_equal(plain.truth, full.truth)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"nights": 0}, "nights can't be 0"),
        ({"nights": 1.5}, "nights can't be 1.5"),
        ({"nights": True}, "nights can't be True"),
        ({"seed": -1}, "seed can't be -1"),
        ({"seed": "1"}, "seed can't be '1'"),
        ({"workers": 0}, "workers can't be 0"),
        ({"workers": False}, "workers can't be False"),
    ],
)
def test_impossible_requests_are_refused_with_what_is_allowed(
    people: pd.DataFrame, arguments: dict[str, Any], named: str
) -> None:
    with pytest.raises(InputError, match=named) as refused:
        simulate_nights(people.head(1), **({"nights": 3, "seed": 1, "workers": 1} | arguments))
    assert "Expected: a whole number, " in str(refused.value)


def test_nobody_is_refused_as_well(people: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="at least one person"):
        simulate_nights(people.head(0), 3, 1)


def test_a_table_without_a_trait_is_refused_by_its_name(people: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="sleep_period_need_h"):
        simulate_nights(people.drop(columns="sleep_period_need_h"), 3, 1)
