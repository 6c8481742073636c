"""Withings: the samples' values worked out by hand, and what damaged or unusual records become."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import read_export
from sleepcot_utils.paths import reference_data

SAMPLES = reference_data("samples") / "withings"
REAL_DATA = os.environ.get("SLEEPCOT_REAL_DATA")


def row(result, date: str, kind: str = "main") -> pd.Series:
    table = result.nights
    found = table[(table["night_date"] == pd.Timestamp(date)) & (table["sleep_kind"] == kind)]
    assert len(found) == 1
    return found.iloc[0]


def test_a_night_of_the_export():
    night = row(read_export(SAMPLES / "export"), "2024-03-05")
    # Seconds: 15,600 light, 6,000 deep, 5,100 REM, 2,100 awake, of which 900 before and 300 after the sleep.
    assert (night.light_min, night.deep_min, night.rem_min) == (260, 100, 85)
    assert (night.time_in_bed_min, night.total_sleep_min) == (480, 445)
    assert (night.sleep_onset_latency_min, night.wake_after_sleep_onset_min, night.awakenings) == (15, 15, 2)
    assert (night.resting_heart_rate_bpm, night.steps) == (50, 7400)


def test_the_night_in_which_the_clocks_change_and_zeros():
    night = row(read_export(SAMPLES / "export"), "2024-03-31")
    # 23:30 at UTC+01:00 to 07:30 at UTC+02:00 are 7 hours. 2,700 s awake, 600 of them before the sleep.
    assert (night.start_local, night.end_local) == (pd.Timestamp("2024-03-30 23:30"), pd.Timestamp("2024-03-31 07:30"))
    assert (night.time_in_bed_min, night.total_sleep_min) == (420, 375)
    assert night.wake_after_sleep_onset_min == 35
    assert pd.isna(night.resting_heart_rate_bpm)
    assert pd.isna(night.steps), "a day of 0 steps is a day off the wrist"


def test_summary_and_states_of_the_api_are_one_night():
    result = read_export(SAMPLES / "api")
    night = row(result, "2024-03-12")
    # 22:00 to 06:00 UTC, in Berlin 23:00 to 07:00. Minutes: awake 20, light 220, deep 100, awake 30, REM 100, awake 10.
    assert (night.start_local, night.utc_offset_min) == (pd.Timestamp("2024-03-11 23:00"), 60)
    assert (night.light_min, night.deep_min, night.rem_min) == (220, 100, 100)
    assert (night.sleep_onset_latency_min, night.wake_after_sleep_onset_min, night.awakenings) == (20, 30, 1)
    assert (night.resting_heart_rate_bpm, night.respiratory_rate_brpm) == (51, 15)
    # RMSSD of 40, 44, 60 and 36; the 0 is no measurement.
    assert night.hrv_rmssd_ms == 45
    # Moderate and intense seconds: 1,200 and 300.
    assert (night.steps, night.exercise_min) == (9100, 25)
    assert len(result.nights) == 2
    assert all(account.skipped == 0 for account in result.files)


def test_a_device_without_rem_and_with_its_own_latency():
    night = row(read_export(SAMPLES / "api"), "2024-03-13")
    # 00:00 to 06:00 in Berlin; 12,600 s light and 7,200 s deep, 600 s to fall asleep.
    assert (night.time_in_bed_min, night.total_sleep_min) == (360, 330)
    assert (night.light_min, night.deep_min, night.sleep_onset_latency_min) == (210, 120, 10)
    assert pd.isna(night.rem_min)


def test_states_without_a_summary_have_no_local_clock(tmp_path):
    body = (SAMPLES / "api" / "sleep_get.json").read_text(encoding="utf-8")
    (tmp_path / "body.json").write_text(body, encoding="utf-8")
    night = row(read_export(tmp_path), "2024-03-12")
    assert (night.time_in_bed_min, night.total_sleep_min) == (480, 420)
    assert pd.isna(night.start_local)
    assert "time zone not given" in night.quality


@pytest.mark.parametrize(
    "header",
    [
        'von,bis,"leicht (s)","tief (s)","rem (s)","wach (s)",Aufwachen,"Duration to sleep (s)"',
        'de,a,"ligero (s)","profundo (s)","rem (s)","despierto (s)",despertar,"Duration to sleep (s)"',
    ],
)
def test_columns_in_other_languages(tmp_path, header):
    line = "2024-03-04T23:00:00+01:00,2024-03-05T07:00:00+01:00,15600,6000,5100,2100,2,900"
    (tmp_path / "sleep.csv").write_text(f"{header}\n{line}\n", encoding="utf-8")
    night = row(read_export(tmp_path), "2024-03-05")
    assert (night.total_sleep_min, night.wake_after_sleep_onset_min, night.awakenings) == (445, 20, 2)


@pytest.mark.parametrize(
    ("old", "new", "column", "words"),
    [
        ("2024-03-05T07:00:00+01:00", "2024-03-04T07:00:00+01:00", "", "lasts"),
        ("15600", "-15600", "light (s)", "out of range"),
        ("15600", "much", "light (s)", "not a number"),
        ("15600", "86000", "", "asleep exceed"),
    ],
)
def test_a_bad_row_is_skipped_and_listed(tmp_path, old, new, column, words):
    text = (SAMPLES / "export" / "sleep.csv").read_text(encoding="utf-8")
    (tmp_path / "sleep.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    result = read_export(tmp_path, strict=False)
    assert len(result.nights) == 1
    assert (result.skipped["row"].iloc[0], result.skipped["column"].iloc[0]) == (1, column)
    assert words in result.skipped["reason"].iloc[0]
    with pytest.raises(InputError, match="row 1"):
        read_export(tmp_path)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("timezone", "Europe/../etc", "no time zone"),
        ("timezone", None, "no time zone"),
        ("startdate", "soon", "no instant|is not an instant"),
        ("data", None, "no object"),
    ],
)
def test_a_bad_night_of_a_body_is_skipped(tmp_path, key, value, words):
    document = json.loads((SAMPLES / "api" / "sleep_getsummary.json").read_text(encoding="utf-8"))
    document["body"]["series"][0][key] = value
    (tmp_path / "body.json").write_text(json.dumps(document), encoding="utf-8")
    result = read_export(tmp_path, strict=False)
    assert len(result.nights) == 1
    assert result.skipped["reason"].str.contains(words).all()
    assert len(result.skipped) == 1


def test_an_answer_with_an_error_is_no_body(tmp_path):
    document = {
        "status": 401,
        "body": {},
        "error": "series startdate enddate",
        "series": 1,
        "startdate": 1,
        "enddate": 1,
    }
    (tmp_path / "body.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(InputError, match="no answer with data"):
        read_export(tmp_path)


def test_what_is_not_given_is_named_and_null():
    result = read_export(SAMPLES)
    named = {missing.column for missing in result.not_given_by_vendor["withings"]}
    assert {"spo2_mean_pct", "skin_temperature_delta_c", "alcohol_units"} <= named
    assert result.nights[sorted(named)].isna().all(axis=None)


@pytest.mark.skipif(not REAL_DATA, reason="SLEEPCOT_REAL_DATA is not set")
def test_real_bodies():
    result = read_export(Path(str(REAL_DATA)) / "vendor_samples" / "withings")
    night = row(result, "2017-09-02")
    # 11,400 s from start to end; 3,360 light and 7,800 deep; 240 to fall asleep; London, in summer time.
    assert (night.time_in_bed_min, night.total_sleep_min, night.sleep_onset_latency_min) == (190, 186, 4)
    assert night.utc_offset_min == 60
    assert not result.unread
    assert result.skipped.empty
