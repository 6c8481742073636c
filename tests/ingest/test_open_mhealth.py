"""Open mHealth and IEEE 1752.1: the samples' values worked out by hand, and the project's own pass and fail documents."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import read_export
from sleepcot_utils.paths import reference_data

SAMPLES = reference_data("samples") / "open_mhealth"
REAL_DATA = os.environ.get("SLEEPCOT_REAL_DATA")


def row(result, date: str, kind: str = "main") -> pd.Series:
    table = result.nights
    found = table[(table["night_date"] == pd.Timestamp(date)) & (table["sleep_kind"] == kind)]
    assert len(found) == 1
    return found.iloc[0]


def body(**changes: Any) -> dict[str, Any]:
    interval = {"start_date_time": "2024-04-01T23:00:00+02:00", "end_date_time": "2024-04-02T07:00:00+02:00"}
    frame = {"time_interval": interval}
    return {"total_sleep_time": {"value": 400, "unit": "min"}, "effective_time_frame": frame} | changes


def write(folder: Path, *documents: Any, name: str = "sleep.json") -> Path:
    (folder / name).write_text(json.dumps(list(documents)), encoding="utf-8")
    return folder


def test_an_episode_runs_from_onset_to_final_waking():
    night = row(read_export(SAMPLES / "sleep_episode.json"), "2024-03-05")
    # Asleep from 23:15 for 7.5 h; 15 min before and 15 min (900 s) after it in bed: 23:00 to 07:00.
    assert (night.start_local, night.end_local) == (pd.Timestamp("2024-03-04 23:00"), pd.Timestamp("2024-03-05 07:00"))
    assert (night.time_in_bed_min, night.total_sleep_min) == (480, 420)
    assert night.sleep_efficiency_pct == 87.5, "asleep over in bed, never the stated 93.3 of the sleep period"
    assert (night.sleep_onset_latency_min, night.wake_after_sleep_onset_min, night.awakenings) == (15, 30, 2)
    assert (night.utc_offset_min, night.quality) == (60, "ok")


def test_data_points_with_headers():
    result = read_export(SAMPLES / "data_points.json")
    night = row(result, "2024-03-06")
    assert (night.total_sleep_min, night.respiratory_rate_brpm, night.spo2_mean_pct) == (390, 14, 96)
    # The time frame of total-sleep-time need not be the time in bed.
    assert night.quality != "ok"
    # Steps of 5 March are those of the day before the night that ends on 6 March.
    assert night.steps == 7300
    assert pd.isna(night.resting_heart_rate_bpm), "a heart rate during sleep is no resting one"
    assert row(result, "2024-03-06", "nap").total_sleep_min == 30
    # The average of a month is no night.
    assert result.files[0].ignored == 1


def test_ieee_documents_of_one_time_frame_are_one_sleep():
    result = read_export(SAMPLES / "ieee_1752_1.json")
    night = row(result, "2024-03-13")
    # sleep-stage-summary in seconds: 26,400 asleep, 15,000 light, 5,400 deep, 6,000 REM; time-in-bed: 480 min.
    assert (night.time_in_bed_min, night.total_sleep_min) == (480, 440)
    assert (night.light_min, night.deep_min, night.rem_min) == (250, 90, 100)
    assert night.quality == "ok"
    night = row(result, "2024-03-14")
    # sleep-episode: 22:50 to 06:20, 20 min before and 10 min after it in bed.
    assert (night.start_local, night.time_in_bed_min, night.total_sleep_min) == (
        pd.Timestamp("2024-03-13 22:30"),
        480,
        420,
    )
    assert result.files[0].kept == 3


def test_persons_are_told_apart_and_not_named(tmp_path):
    write(
        tmp_path,
        {"header": {"user_id": "sample-one"}, "body": body()},
        {"header": {"user_id": "sample-two"}, "body": body()},
    )
    result = read_export(tmp_path)
    assert set(result.nights["person_id"]) == {"open_mhealth-01", "open_mhealth-02"}
    assert "sample-" not in result.nights.to_csv() + result.provenance.to_csv()
    write(tmp_path, {"header": {"user_id": "sample-one"}, "body": body()})
    assert set(read_export(tmp_path).nights["person_id"]) == {"wearer-01"}


def test_repeated_documents_are_counted(tmp_path):
    account = read_export(write(tmp_path, body(), body())).files[0]
    assert (account.rows, account.kept, account.duplicates) == (2, 1, 1)


def test_a_contradiction_is_listed(tmp_path):
    result = read_export(write(tmp_path, body(), body(total_sleep_time={"value": 300, "unit": "min"})), strict=False)
    assert result.nights["total_sleep_min"].iloc[0] == 400
    assert (result.skipped["row"].iloc[0], result.skipped["column"].iloc[0]) == (2, "asleep")


def test_a_day_of_observation_has_no_bed_times(tmp_path):
    interval = {"start_date_time": "2024-04-01T12:00:00+02:00", "end_date_time": "2024-04-02T12:00:00+02:00"}
    night = row(read_export(write(tmp_path, body(effective_time_frame={"time_interval": interval}))), "2024-04-02")
    assert night.total_sleep_min == 400
    assert night[["start_local", "end_local", "time_in_bed_min", "sleep_efficiency_pct"]].isna().all()


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"effective_time_frame": None}, "effective_time_frame", "has no value"),
        ({"effective_time_frame": {"date_time": "2024-04-02T07:00:00Z"}}, "effective_time_frame", "no time interval"),
        ({"total_sleep_time": {"value": 400, "unit": "minutes"}}, "total_sleep_time.unit", "no unit of it"),
        ({"total_sleep_time": {"unit": "min"}}, "total_sleep_time.value", "has no value"),
        ({"total_sleep_time": {"value": 9, "unit": "h"}}, "", "asleep exceed"),
        ({"is_main_sleep": "yes"}, "is_main_sleep", "neither yes nor no"),
        ({"number_of_awakenings": 5000}, "number_of_awakenings", "out of range"),
    ],
)
def test_a_bad_document_is_skipped_and_listed(tmp_path, changes, field, words):
    interval = {"start_date_time": "2024-04-02T23:00:00+02:00", "end_date_time": "2024-04-03T07:00:00+02:00"}
    write(tmp_path, body(effective_time_frame={"time_interval": interval}), body(**changes))
    result = read_export(tmp_path, strict=False)
    assert len(result.nights) == 1
    assert (result.skipped["row"].iloc[0], result.skipped["column"].iloc[0]) == (2, field)
    assert words in result.skipped["reason"].iloc[0]
    with pytest.raises(InputError, match="record 2"):
        read_export(tmp_path)


def test_what_is_not_given_is_named_and_null():
    result = read_export(SAMPLES)
    named = {missing.column for missing in result.not_given_by_vendor["open_mhealth"]}
    assert {"hrv_rmssd_ms", "resting_heart_rate_bpm", "exercise_min"} <= named
    assert result.nights[sorted(named)].isna().all(axis=None)


def documents(verdict: str) -> list[Path]:
    root = Path(str(REAL_DATA)) / "open_mhealth" / "test-data" / "omh"
    kinds = ("sleep-episode", "sleep-duration", "total-sleep-time")
    return sorted(path for kind in kinds for path in (root / kind).glob(f"*/{verdict}/*.json"))


@pytest.mark.skipif(not REAL_DATA, reason="SLEEPCOT_REAL_DATA is not set")
def test_documents_that_pass_the_schemas():
    found = documents("shouldPass")
    assert len(found) == 9
    for path in found:
        if path.name == "duration-longer-than-time-frame.json":
            # The schema lets 16 hours asleep pass in a time frame of 10 hours; they can't be true.
            with pytest.raises(InputError, match="asleep exceed"):
                read_export(path)
        elif path.name == "with-descriptive-statistic.json":
            # An average over months.
            with pytest.raises(InputError, match="no sleep"):
                read_export(path)
        else:
            assert read_export(path).nights["total_sleep_min"].between(360, 510).all()
    episode = next(path for path in found if "sleep-episode/1.1" in path.as_posix())
    night = read_export(episode).nights.iloc[0]
    # 9 h of sleep period, 17.5 min before it and 5.2 min after it in bed, 8.5 h asleep.
    assert night.time_in_bed_min == pytest.approx(540 + 17.5 + 5.2)
    assert night.total_sleep_min == 510


@pytest.mark.skipif(not REAL_DATA, reason="SLEEPCOT_REAL_DATA is not set")
def test_documents_that_fail_the_schemas():
    found = documents("shouldFail")
    assert len(found) == 13
    for path in found:
        with pytest.raises(InputError):
            read_export(path)
