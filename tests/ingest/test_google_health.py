"""Google Fit: the samples' values worked out by hand, and what damaged or unusual records become."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import read_export
from sleepcot_utils.paths import reference_data

SAMPLES = reference_data("samples") / "google_health"
SESSIONS = "takeout/Fit/All Sessions"
NIGHT = "2024-03-04T23_00_00+01_00_SLEEP.json"
REAL_DATA = os.environ.get("SLEEPCOT_REAL_DATA")


def row(result, date: str) -> pd.Series:
    table = result.nights
    found = table[(table["night_date"] == pd.Timestamp(date)) & (table["sleep_kind"] == "main")]
    assert len(found) == 1
    return found.iloc[0]


def test_a_session_of_a_takeout():
    night = row(read_export(SAMPLES / "takeout"), "2024-03-05")
    # 22:00 to 06:00 UTC, and +01:00 in the file's name. Minutes: awake 20, light 180, deep 60, awake 10, REM 90,
    # light 120.
    assert (night.start_local, night.utc_offset_min) == (pd.Timestamp("2024-03-04 23:00"), 60)
    assert (night.time_in_bed_min, night.total_sleep_min) == (480, 450)
    assert (night.light_min, night.deep_min, night.rem_min) == (300, 60, 90)
    assert (night.sleep_onset_latency_min, night.wake_after_sleep_onset_min, night.awakenings) == (20, 10, 1)
    # Steps and heart minutes of 4 March; the walk of 5 March is no sleep, and a day without steps is missing.
    assert (night.steps, night.exercise_min) == (8200, 35)


def test_a_renamed_session_has_no_local_clock(tmp_path):
    shutil.copy(SAMPLES / SESSIONS / NIGHT, tmp_path / "renamed.json")
    night = row(read_export(tmp_path), "2024-03-05")
    assert night.total_sleep_min == 450
    assert pd.isna(night.start_local)
    assert "time zone not given" in night.quality


@pytest.mark.parametrize("name", ["2024-03-04T22_00_00+01_00_SLEEP.json", "2024-03-04T23_00_00+99_00_SLEEP.json"])
def test_a_name_that_contradicts_the_file_is_not_believed(tmp_path, name):
    shutil.copy(SAMPLES / SESSIONS / NIGHT, tmp_path / name)
    assert pd.isna(read_export(tmp_path).nights["start_local"].iloc[0])


def test_activity_segments_of_the_rest_api():
    night = row(read_export(SAMPLES / "fit_rest" / "activity_segments.json"), "2024-03-12")
    # Types in seconds: 112 for 1,200, 109 for 12,000, 110 for 4,800, 112 for 600, 111 for 5,400, 109 for 3,600.
    assert (night.time_in_bed_min, night.total_sleep_min) == (460, 430)
    assert (night.light_min, night.deep_min, night.rem_min) == (260, 80, 90)
    assert (night.sleep_onset_latency_min, night.wake_after_sleep_onset_min) == (20, 10)
    assert "time zone not given" in night.quality


def test_sleep_segments():
    night = row(read_export(SAMPLES / "fit_rest" / "sleep_segments.json"), "2024-03-13")
    # Values in seconds: 1 for 1,200, 4 for 10,800, 5 for 3,600, 6 for 3,600, 3 (out of bed) for 600, 2 for 1,800.
    assert (night.time_in_bed_min, night.total_sleep_min) == (360, 330)
    assert (night.light_min, night.deep_min, night.rem_min) == (180, 60, 60)
    assert (night.sleep_onset_latency_min, night.wake_after_sleep_onset_min) == (20, 10)


def test_segments_of_two_sources_are_not_mixed(tmp_path):
    document = json.loads((SAMPLES / "fit_rest" / "activity_segments.json").read_text(encoding="utf-8"))
    other = [dict(point, originDataSourceId="another") for point in document["point"][1:]]
    for point in other:
        point["value"] = [{"intVal": 72}]
    document["point"] += other
    (tmp_path / "body.json").write_text(json.dumps(document), encoding="utf-8")
    result = read_export(tmp_path)
    assert len(result.nights) == 1
    assert result.nights["light_min"].iloc[0] == 260
    assert result.merged.outranked == 1


def test_tables_of_quarter_hours_add_nothing(tmp_path):
    shutil.copytree(SAMPLES / "takeout", tmp_path, dirs_exist_ok=True)
    (tmp_path / "2024-03-04.csv").write_text(
        "Start time,End time,Move Minutes count,Step count\n00:00:00.000+01:00,00:15:00.000+01:00,1,50\n",
        encoding="utf-8",
    )
    result = read_export(tmp_path)
    assert row(result, "2024-03-05").steps == 8200
    assert next(account for account in result.files if account.file == "2024-03-04.csv").ignored == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"startTime": "2024-03-05T07:00:00Z"}, ""),
        ({"endTime": "?"}, "endTime"),
        ({"segment": [{"fitnessActivity": "sleep.odd"}]}, "segment"),
        ({"segment": 5}, "segment"),
    ],
)
def test_a_bad_session_is_skipped_and_listed(tmp_path, change, field):
    shutil.copytree(SAMPLES / "fit_rest", tmp_path, dirs_exist_ok=True)
    document = json.loads((SAMPLES / SESSIONS / NIGHT).read_text(encoding="utf-8")) | change
    (tmp_path / NIGHT).write_text(json.dumps(document), encoding="utf-8")
    result = read_export(tmp_path, strict=False)
    assert len(result.nights) == 2
    assert list(result.skipped["column"]) == [field]
    with pytest.raises(InputError, match="record 1"):
        read_export(tmp_path)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"startTimeNanos": "x"}, "startTimeNanos"),
        ({"value": [{"intVal": "109"}]}, "value.intVal"),
        ({"dataTypeName": 5}, "dataTypeName"),
    ],
)
def test_a_bad_point_is_skipped_and_listed(tmp_path, change, field):
    document = json.loads((SAMPLES / "fit_rest" / "activity_segments.json").read_text(encoding="utf-8"))
    document["point"][6] |= change
    (tmp_path / "body.json").write_text(json.dumps(document), encoding="utf-8")
    result = read_export(tmp_path, strict=False)
    # Without the last hour of light sleep.
    assert result.nights["total_sleep_min"].iloc[0] == 370
    assert (result.skipped["row"].iloc[0], result.skipped["column"].iloc[0]) == (7, field)


def test_what_is_not_given_is_named_and_null():
    result = read_export(SAMPLES)
    named = {missing.column for missing in result.not_given_by_vendor["google_health"]}
    assert {"resting_heart_rate_bpm", "hrv_rmssd_ms", "spo2_mean_pct"} <= named
    assert result.nights[sorted(named)].isna().all(axis=None)


@pytest.mark.skipif(not REAL_DATA, reason="SLEEPCOT_REAL_DATA is not set")
def test_real_bodies():
    result = read_export(Path(str(REAL_DATA)) / "vendor_samples" / "googlefit")
    # One point of type 72, from 13:30 to 14:00 UTC; ten others are walks, heart rates and steps.
    assert list(result.nights["total_sleep_min"]) == [30]
    assert sum(account.kept for account in result.files) == 1
    assert sum(account.ignored for account in result.files) == 10
