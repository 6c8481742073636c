"""Fitbit: expected values are worked out by hand from the samples in ``data/samples/fitbit``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import describe, read_export
from sleepcot_utils.paths import reference_data

TAKEOUT = reference_data("samples", "fitbit", "takeout")
WEB_API = reference_data("samples", "fitbit", "web_api")
SLEEP = TAKEOUT / "Global Export Data" / "sleep-2024-03-01.json"


def row(result, date: str, kind: str = "main") -> pd.Series:
    table = result.nights
    rows = table[(table["night_date"] == pd.Timestamp(date)) & (table["sleep_kind"] == kind)]
    assert len(rows) == 1
    return rows.iloc[0]


def write(folder: Path, name: str, document: object) -> Path:
    (folder / name).write_text(json.dumps(document), encoding="utf-8")
    return folder / name


@pytest.fixture
def log() -> dict:
    """The night of stages of the sample."""
    return json.loads(SLEEP.read_text(encoding="utf-8"))[0]


def test_a_night_of_stages_with_short_wakings_on_top():
    night = row(read_export(TAKEOUT), "2024-03-02")
    assert (str(night.start_local), str(night.end_local)) == ("2024-03-01 23:10:00", "2024-03-02 07:10:00")
    # 8 h in bed. Light 50 + 100 + 150 min, less short wakings of 1 and 2 min that lie in light sleep.
    assert (night.time_in_bed_min, night.light_min, night.deep_min, night.rem_min) == (480, 297, 60, 100)
    assert night.total_sleep_min == 297 + 60 + 100
    # Awake 10 min before the first sleep; the 10 min at the end are no waking in the night.
    assert (night.sleep_onset_latency_min, night.wake_after_sleep_onset_min, night.awakenings) == (10, 3, 2)
    # The vendor's own score is 97.
    assert night.sleep_efficiency_pct == pytest.approx(100 * 457 / 480)
    assert pd.isna(night.utc_offset_min)


def test_daily_values_go_to_their_night():
    night = row(read_export(TAKEOUT), "2024-03-02")
    assert (night.resting_heart_rate_bpm, night.hrv_rmssd_ms, night.respiratory_rate_brpm) == (58.4, 41.5, 14.8)
    assert (night.spo2_mean_pct, night.spo2_min_pct) == (95.4, 91.2)
    # 120.0 over 400 samples against the baseline.
    assert night.skin_temperature_delta_c == pytest.approx(0.3)
    # In Madrid 10:00 and 22:30 UTC of March 1 are that day, 23:30 UTC is the next one: 3000 + 200.
    assert night.steps == 3200
    assert night.exercise_min == 20 + 15


def test_sentinels_are_missing():
    # March 31: HRV and temperature NaN, saturation 50, and no resting heart rate.
    night = row(read_export(TAKEOUT), "2024-03-31")
    assert night[["hrv_rmssd_ms", "spo2_mean_pct", "spo2_min_pct", "skin_temperature_delta_c"]].isna().all()
    values = read_export(TAKEOUT).day_values
    assert not ((values["measure"] == "resting_heart_rate_bpm") & (values["date"] == "2024-03-03")).any()


def test_a_classic_log_is_a_nap_without_stages():
    nap = row(read_export(TAKEOUT), "2024-03-02", "nap")
    # Asleep 40 + 10 min, restless 5 min between them, awake 5 min at the end.
    assert (nap.time_in_bed_min, nap.total_sleep_min, nap.wake_after_sleep_onset_min) == (60, 50, 5)
    assert nap.awakenings == 1
    assert nap[["light_min", "deep_min", "rem_min", "sleep_onset_latency_min"]].isna().all()


def test_the_night_in_which_clocks_go_forward_has_its_true_length():
    # 23:30 to 07:30 on the clock, which jumps from 02:00 to 03:00: 7 hours.
    night = row(read_export(TAKEOUT), "2024-03-31")
    assert (night.time_in_bed_min, night.total_sleep_min, night.light_min, night.deep_min) == (420, 419, 359, 60)
    # The minute awake at 05:00 lies in light sleep; the summary states 0 min of REM, so 0 was measured.
    assert (night.wake_after_sleep_onset_min, night.awakenings, night.rem_min) == (1, 1, 0)
    # The log starts asleep, so how long falling asleep took is not known.
    assert pd.isna(night.sleep_onset_latency_min)
    assert (str(night.start_local), str(night.end_local)) == ("2024-03-30 23:30:00", "2024-03-31 07:30:00")


def test_the_night_in_which_clocks_go_back_has_its_true_length(tmp_path):
    # 23:00 to 07:00 on the clock, which goes from 02:00 back to 01:00: 9 hours, of which the third is lived twice.
    parts = [
        ("2024-11-02T23:00", "light", 10800),
        ("2024-11-03T01:00", "deep", 3600),
        ("2024-11-03T02:00", "rem", 18000),
    ]
    short = {"dateTime": "2024-11-03T06:00:00.000", "level": "wake", "seconds": 120}
    log = {
        "startTime": "2024-11-02T23:00:00.000",
        "endTime": "2024-11-03T07:00:00.000",
        "duration": 9 * 3_600_000,
        "minutesAsleep": 538,
        "levels": {
            "data": [{"dateTime": f"{at}:00.000", "level": level, "seconds": seconds} for at, level, seconds in parts],
            "shortData": [short],
        },
    }
    night = row(read_export(write(tmp_path, "sleep.json", [log | {"dateOfSleep": "2024-11-03"}])), "2024-11-03")
    assert (night.time_in_bed_min, night.light_min, night.deep_min, night.rem_min) == (540, 180, 60, 298)
    assert (night.wake_after_sleep_onset_min, night.awakenings) == (2, 1)


def test_bodies_of_the_web_api():
    result = read_export(WEB_API)
    night = row(result, "2024-04-10")
    assert (night.total_sleep_min, night.resting_heart_rate_bpm, night.hrv_rmssd_ms) == (457, 61, 38.2)
    assert (night.respiratory_rate_brpm, night.spo2_mean_pct, night.spo2_min_pct) == (15.6, 96.1, 93.0)
    assert (night.skin_temperature_delta_c, night.steps, night.exercise_min) == (-0.4, 8042, 42)


def test_no_name_and_no_number_of_the_account_comes_through():
    result = read_export(TAKEOUT)
    everything = describe(result) + result.nights.to_csv() + result.day_values.to_csv() + repr(result)
    for identifier in ("Sample", "example.org", "A1B2C3", "40000000001", "1980"):
        assert identifier not in everything


def test_steps_without_a_time_zone_are_not_counted(tmp_path):
    source = TAKEOUT / "Global Export Data"
    for path in (SLEEP, source / "steps-2024-03-01.json"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    result = read_export(tmp_path)
    assert result.nights["steps"].isna().all()
    assert "UTC" in {missing.column: missing.reason for missing in result.not_given}["steps"]
    assert [account.ignored for account in result.files if account.file.startswith("steps")] == [3]


def test_two_downloads_of_the_same_night_count_once(tmp_path, log):
    write(tmp_path, "sleep-2024-03-01.json", [log])
    write(tmp_path, "again.json", {"sleep": [log]})
    result = read_export(tmp_path)
    assert len(result.nights) == 1
    assert result.merged.duplicate_episodes == 1
    assert sum(account.duplicates for account in result.files) == 1


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"startTime": "yesterday"}, "startTime", "'yesterday' is not a time"),
        ({"startTime": None}, "startTime", "not a time"),
        ({"endTime": "2024-02-30T07:10:00.000"}, "endTime", "calendar"),
        ({"duration": -5}, "duration", "out of range"),
        ({"duration": "x"}, "duration", "not a number"),
        ({"duration": 3600000}, "levels", "outside of the sleep"),
        ({"minutesAsleep": 5000}, "minutesAsleep", "out of range"),
        ({"levels": {"data": [{"dateTime": "2024-03-01T23:10:00.000", "level": "coma", "seconds": 60}]}}, "levels.data.level", "no level"),
        ({"levels": {"data": [{"dateTime": "2024-03-01T23:10:00.000", "level": "deep", "seconds": -60}]}}, "levels.data.seconds", "out of range"),
        ({"levels": {"data": {"a": 1}}}, "levels.data", "no list"),
        ({"levels": "none"}, "levels", "no object"),
        ({"startTime": "0001-01-01T00:00:00.000"}, "startTime", "the year 1"),
    ],
)  # fmt: skip
def test_a_bad_log_is_named_when_strict_and_skipped_when_not(tmp_path, log, change, field, words):
    good = json.loads(json.dumps(log).replace("2024-03-0", "2024-05-0"))
    path = write(tmp_path, "sleep-2024-03-01.json", [good, log | change])
    with pytest.raises(InputError) as caught:
        read_export(path)
    assert str(caught.value).startswith(f"sleep-2024-03-01.json, record 2, field {field}: ")
    assert words in str(caught.value)
    result = read_export(path, strict=False)
    assert len(result.nights) == 1
    assert result.skipped[["row", "line", "column"]].values.tolist() == [[2, 0, field]]
    assert words in result.skipped["reason"].iloc[0]


def test_a_log_without_levels_has_its_totals(tmp_path, log):
    night = read_export(write(tmp_path, "sleep.json", [log | {"levels": None}])).nights.iloc[0]
    assert (night.total_sleep_min, night.time_in_bed_min) == (457, 480)
    assert night[["deep_min", "sleep_onset_latency_min", "wake_after_sleep_onset_min"]].isna().all()


@pytest.mark.skipif(not os.environ.get("SLEEPCOT_REAL_DATA"), reason="SLEEPCOT_REAL_DATA names no folder of real data")
def test_recorded_bodies_are_read():
    result = read_export(Path(os.environ["SLEEPCOT_REAL_DATA"]) / "vendor_samples" / "fitbit")
    # Two files hold the same two classic logs: 118 min in bed with 112 asleep, and 63 min.
    assert result.nights["sleep_kind"].tolist() == ["main", "nap"]
    assert result.nights["total_sleep_min"].tolist() == [112, 63]
    assert result.nights["time_in_bed_min"].tolist() == [118, 63]
    assert result.merged.duplicate_episodes == 2
