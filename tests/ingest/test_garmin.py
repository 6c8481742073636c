"""Garmin: expected values are worked out by hand from the samples in ``data/samples/garmin``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import describe, read_export
from sleepcot_utils.paths import reference_data

CONNECT = reference_data("samples", "garmin", "connect")
EXPORT = reference_data("samples", "garmin", "export")
SLEEP = CONNECT / "sleep.json"


@pytest.fixture
def body() -> dict:
    return json.loads(SLEEP.read_text(encoding="utf-8"))[0]


def write(folder: Path, document: object) -> Path:
    (folder / "sleep.json").write_text(json.dumps(document), encoding="utf-8")
    return folder / "sleep.json"


def test_a_night_of_garmin_connect():
    night = read_export(CONNECT).nights.iloc[0]
    # 20:30 to 05:30 GMT, two hours later on the clock.
    assert (str(night.start_local), str(night.end_local)) == ("2024-05-06 22:30:00", "2024-05-07 07:30:00")
    assert (night.utc_offset_min, night.time_in_bed_min) == (120, 540)
    # Light 60 + 120 + 120, deep 90, REM 120, awake 20 + 10 min in two bouts.
    assert (night.light_min, night.deep_min, night.rem_min, night.total_sleep_min) == (300, 90, 120, 510)
    assert (night.wake_after_sleep_onset_min, night.awakenings) == (30, 2)
    assert night.sleep_efficiency_pct == pytest.approx(100 * 510 / 540)
    assert pd.isna(night.sleep_onset_latency_min)
    assert (night.respiratory_rate_brpm, night.spo2_mean_pct, night.spo2_min_pct) == (14, 94, 87)
    # -1 is a deviation of the skin temperature, not a sentinel.
    assert night.skin_temperature_delta_c == -1
    assert (night.steps, night.exercise_min) == (9100, 35)


def test_values_of_the_sleep_go_before_those_of_the_day():
    night = read_export(CONNECT).nights.iloc[0]
    assert (night.hrv_rmssd_ms, night.resting_heart_rate_bpm) == (44, 52)


def test_hrv_of_its_own_body_fills_a_sleep_without(tmp_path, body):
    del body["avgOvernightHrv"]
    write(tmp_path, body)
    (tmp_path / "hrv.json").write_bytes((CONNECT / "hrv.json").read_bytes())
    assert read_export(tmp_path).nights["hrv_rmssd_ms"].tolist() == [47]


def test_a_day_without_data_is_no_night_and_no_error():
    sleep = next(account for account in read_export(CONNECT).files if account.file == "sleep.json")
    assert (sleep.rows, sleep.kept, sleep.ignored, sleep.skipped) == (2, 1, 1, 0)


def test_the_data_export_takes_its_offset_from_the_daily_summary():
    nights = read_export(EXPORT).nights
    first, second = (nights.iloc[place] for place in range(2))
    # 04:15 GMT; the day began at 05:00 GMT, so the clock is 5 hours behind.
    assert (str(first.start_local), str(first.end_local)) == ("2024-06-01 23:15:00", "2024-06-02 06:45:00")
    assert (first.utc_offset_min, first.time_in_bed_min, first.total_sleep_min) == (-300, 450, 80 + 250 + 100)
    assert (first.spo2_mean_pct, first.spo2_min_pct, first.respiratory_rate_brpm) == (95.5, 88, 13)
    assert (first.resting_heart_rate_bpm, first.steps, first.exercise_min) == (51, 11000, 40)
    # No summary of June 3: the local clock stays unknown, the date is Garmin's.
    assert str(second.night_date.date()) == "2024-06-03"
    assert pd.isna(second.start_local)
    assert pd.isna(second.utc_offset_min)
    assert (second.time_in_bed_min, second.total_sleep_min) == (420, 390)
    assert second.quality == "20 minutes could not be measured"


def test_levels_that_contradict_the_stated_seconds_are_left_out(tmp_path, body):
    # As if the codes of deep sleep and REM meant each other: 120 min deep and 90 REM against 90 and 120 stated.
    for level in body["sleepLevels"]:
        level["activityLevel"] = {0.0: 2.0, 2.0: 0.0}.get(level["activityLevel"], level["activityLevel"])
    night = read_export(write(tmp_path, body)).nights.iloc[0]
    assert (night.deep_min, night.rem_min, night.awakenings) == (90, 120, 2)


def test_numbers_of_accounts_in_file_names_are_masked():
    result = read_export(EXPORT)
    assert "10000001" not in describe(result) + repr(result.files) + repr(result.unread)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("sleepStartTimestampGMT", None, "not an instant"),
        ("sleepStartTimestampGMT", -1, "not an instant"),
        ("sleepStartTimestampGMT", 10**30, "not an instant"),
        ("sleepStartTimestampLocal", 1715027400000 + 60_000, "no offset of a clock"),
        ("deepSleepSeconds", -60, "out of range"),
        ("deepSleepSeconds", [1], "not a number"),
        ("calendarDate", "07.05.2024", "not a date"),
        ("averageSpO2Value", 12, "out of range"),
    ],
)
def test_a_bad_body_is_named(tmp_path, body, field, value, words):
    body["dailySleepDTO"][field] = value
    path = write(tmp_path, [json.loads(SLEEP.read_text(encoding="utf-8"))[0], body])
    with pytest.raises(InputError) as caught:
        read_export(path)
    assert str(caught.value).startswith("sleep.json, record 2, field ")
    assert words in str(caught.value)
    result = read_export(path, strict=False)
    assert len(result.nights) == 1
    assert result.skipped["row"].tolist() == [2]


@pytest.mark.parametrize("sentinel", [0, -1, 255, None])
def test_vital_signs_that_were_not_measured_are_missing(tmp_path, body, sentinel):
    body["dailySleepDTO"]["averageRespirationValue"] = sentinel
    body["restingHeartRate"] = sentinel
    night = read_export(write(tmp_path, body)).nights.iloc[0]
    assert pd.isna(night.respiratory_rate_brpm)
    assert pd.isna(night.resting_heart_rate_bpm)


@pytest.mark.skipif(not os.environ.get("SLEEPCOT_REAL_DATA"), reason="SLEEPCOT_REAL_DATA names no folder of real data")
def test_recorded_bodies_are_read():
    result = read_export(Path(os.environ["SLEEPCOT_REAL_DATA"]) / "garmin")
    nights = result.nights
    assert nights["night_date"].dt.date.astype(str).tolist() == ["2021-07-20", "2025-07-07"]
    # 25,740 and 24,180 s asleep; the offsets are -5 and -6 hours.
    assert nights["total_sleep_min"].tolist() == [429, 403]
    assert nights["utc_offset_min"].tolist() == [-300, -360]
    assert result.skipped.empty
    assert sum(account.ignored for account in result.files) == 3
