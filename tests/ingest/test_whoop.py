"""Whoop: the samples' values worked out by hand, and what damaged or unusual rows become."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import read_export
from sleepcot_utils.paths import reference_data

SAMPLES = reference_data("samples") / "whoop"


def row(result, date: str, kind: str = "main") -> pd.Series:
    table = result.nights
    found = table[(table["night_date"] == pd.Timestamp(date)) & (table["sleep_kind"] == kind)]
    assert len(found) == 1
    return found.iloc[0]


def test_a_night_with_its_recovery():
    night = row(read_export(SAMPLES), "2024-03-06")
    # 22:30 to 06:30 at UTC-05:00; 240 light, 100 deep and 100 REM are 440 asleep.
    assert (night.start_local, night.end_local) == (pd.Timestamp("2024-03-05 22:30"), pd.Timestamp("2024-03-06 06:30"))
    assert night.utc_offset_min == -300
    assert (night.time_in_bed_min, night.total_sleep_min) == (480, 440)
    assert (night.light_min, night.deep_min, night.rem_min) == (240, 100, 100)
    assert night.sleep_efficiency_pct == pytest.approx(100 * 440 / 480), "never Whoop's own 92"
    # From the cycle of the same sleep; breathing from the sleep itself.
    assert (night.resting_heart_rate_bpm, night.hrv_rmssd_ms, night.spo2_mean_pct) == (52, 61, 96.25)
    assert night.respiratory_rate_brpm == 14.7


def test_the_nap_flag_and_the_open_last_cycle():
    result = read_export(SAMPLES)
    nap = row(result, "2024-03-06", "nap")
    assert (nap.time_in_bed_min, nap.total_sleep_min) == (45, 40)
    # The last cycle has no end and zeros for what is not scored yet; its sleep is over and counts.
    last = row(result, "2024-03-07")
    assert (last.total_sleep_min, last.nap_min) == (324, 40)
    vitals = ["resting_heart_rate_bpm", "hrv_rmssd_ms", "spo2_mean_pct", "respiratory_rate_brpm"]
    assert last[vitals].isna().all()


def test_every_row_is_accounted_for():
    accounts = {account.file: account for account in read_export(SAMPLES).files}
    sleeps, cycles = accounts["sleeps.csv"], accounts["physiological_cycles.csv"]
    assert (sleeps.rows, sleeps.kept, sleeps.ignored) == (3, 3, 0)
    # Of the cycles one gives recovery; the open one repeats a sleep of sleeps.csv, the third has no sleep.
    assert (cycles.rows, cycles.kept, cycles.ignored) == (3, 1, 2)


def test_cycles_alone_give_sleep_and_recovery():
    result = read_export(SAMPLES / "physiological_cycles.csv")
    assert len(result.nights) == 2
    night = row(result, "2024-03-06")
    assert (night.total_sleep_min, night.hrv_rmssd_ms) == (440, 61)


def test_other_tables_of_the_export_are_counted_and_left_out(tmp_path):
    shutil.copytree(SAMPLES, tmp_path, dirs_exist_ok=True)
    (tmp_path / "workouts.csv").write_text(
        "Cycle start time,Workout start time,Duration (min)\n2024-03-05 22:30:00,2024-03-06 17:00:00,40\n",
        encoding="utf-8",
    )
    result = read_export(tmp_path)
    workouts = next(account for account in result.files if account.file == "workouts.csv")
    assert (workouts.rows, workouts.ignored) == (1, 1)
    assert not result.unread


@pytest.mark.parametrize(
    ("old", "new", "column", "words"),
    [
        ("UTC-05:00,2024-03-05 22:30:00", "EST,2024-03-05 22:30:00", "Cycle timezone", "no offset"),
        ("2024-03-05 22:30:00,2024-03-06 06:30:00", "yesterday,2024-03-06 06:30:00", "Sleep onset", "not a time"),
        ("2024-03-05 22:30:00,2024-03-06 06:30:00", "2024-03-06 06:30:00,2024-03-05 22:30:00", "", "lasts"),
        ("85,14.7,440", "85,14.7,999999", "Asleep duration (min)", "out of range"),
        ("92,75,false", "92,75,perhaps", "Nap", "neither yes nor no"),
    ],
)
def test_a_bad_row_is_skipped_and_listed(tmp_path, old, new, column, words):
    text = (SAMPLES / "sleeps.csv").read_text(encoding="utf-8")
    assert text.count(old) == 1
    (tmp_path / "sleeps.csv").write_text(text.replace(old, new), encoding="utf-8")
    result = read_export(tmp_path, strict=False)
    assert len(result.nights) == 2
    skipped = result.skipped.iloc[0]
    assert (skipped.row, skipped.line, skipped.column) == (3, 4, column)
    assert words in skipped.reason
    with pytest.raises(InputError, match="row 3"):
        read_export(tmp_path)


@pytest.mark.parametrize(("zone", "offset"), [("UTC+05:30", 330), ("UTC+0200", 120), ("UTCZ", 0), ("Z", 0)])
def test_offsets(tmp_path, zone, offset):
    text = (SAMPLES / "sleeps.csv").read_text(encoding="utf-8").replace("UTC-05:00", zone)
    (tmp_path / "sleeps.csv").write_text(text, encoding="utf-8")
    assert set(read_export(tmp_path).nights["utc_offset_min"]) == {offset}


def test_what_is_not_given_is_named_and_null():
    result = read_export(SAMPLES)
    named = {missing.column for missing in result.not_given_by_vendor["whoop"]}
    assert {"sleep_onset_latency_min", "steps", "skin_temperature_delta_c", "spo2_min_pct"} <= named
    assert result.nights[sorted(named)].isna().all(axis=None)
    assert any("RMSSD" in note for note in result.notes)
