"""Samsung Health: the samples' values worked out by hand, and what damaged or unusual rows become."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import read_export
from sleepcot_utils.paths import reference_data

SAMPLES = reference_data("samples") / "samsung"
STAMP = "20240306120000"
SLEEP, STAGES = f"com.samsung.shealth.sleep.{STAMP}.csv", f"com.samsung.health.sleep_stage.{STAMP}.csv"


def row(result, date: str, kind: str = "main") -> pd.Series:
    table = result.nights
    found = table[(table["night_date"] == pd.Timestamp(date)) & (table["sleep_kind"] == kind)]
    assert len(found) == 1
    return found.iloc[0]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES, tmp_path / "export"))


def change(export: Path, name: str, old: str, new: str) -> None:
    text = (export / name).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (export / name).write_text(text.replace(old, new), encoding="utf-8")


def test_a_night_with_stages_on_the_local_clock():
    night = row(read_export(SAMPLES), "2024-03-05")
    # 22:00 to 06:00 UTC at UTC+01:00. Minutes: awake 15, light 120, deep 60, light 60, awake 10, REM 90, light 115,
    # awake 10.
    assert (night.start_local, night.end_local) == (pd.Timestamp("2024-03-04 23:00"), pd.Timestamp("2024-03-05 07:00"))
    assert (night.utc_offset_min, night.time_in_bed_min) == (60, 480)
    assert (night.light_min, night.deep_min, night.rem_min) == (295, 60, 90)
    assert night.total_sleep_min == 445
    assert (night.sleep_onset_latency_min, night.wake_after_sleep_onset_min, night.awakenings) == (15, 10, 1)
    assert night.sleep_efficiency_pct == pytest.approx(100 * 445 / 480), "never Samsung's own 93"


def test_vital_signs_are_those_within_the_sleep():
    result = read_export(SAMPLES)
    night = row(result, "2024-03-05")
    # Three records of an hour within it, with means of 58, 54 and 56; 74 is of the evening before, and
    # the record of 48 goes on after getting up.
    assert night.resting_heart_rate_bpm == 54
    # 96 and 95 within it, with lowest values of 91 and 90; 98 is of noon.
    assert (night.spo2_mean_pct, night.spo2_min_pct) == (95.5, 90)
    assert night.respiratory_rate_brpm == 14.5
    # RMSSD of 40 and 44, a 0 that means nothing measured, and 70 of the day; SDNN 50 and 60 stay out of the table.
    assert night.hrv_rmssd_ms == 42
    apart = result.day_values[result.day_values["measure"] == "hrv_sdnn_ms"]
    assert list(apart["value"]) == [55]
    second = row(result, "2024-03-06")
    assert second[["resting_heart_rate_bpm", "respiratory_rate_brpm"]].isna().all(), "zeros are missing values"


def test_without_stages_time_in_bed_is_not_sleep():
    second = row(read_export(SAMPLES), "2024-03-06")
    # sleep_duration is 420, the whole sleep with its waking.
    assert second.time_in_bed_min == 420
    assert pd.isna(second.total_sleep_min)
    assert second.quality != "ok"


def test_naps_and_steps():
    result = read_export(SAMPLES)
    assert row(result, "2024-03-05", "nap").total_sleep_min == 30
    # 6,000 of the phone and 8,000 of all devices are never added up; a day of 0 steps is missing.
    assert row(result, "2024-03-05").steps == 8000
    assert pd.isna(row(result, "2024-03-06").steps)


def test_columns_without_prefix_and_a_table_with_no_rows(export):
    text = (export / SLEEP).read_text(encoding="utf-8").replace("com.samsung.health.sleep.", "")
    (export / SLEEP).write_text(text, encoding="utf-8")
    (export / f"com.samsung.shealth.tracker.pedometer_day_summary.{STAMP}.csv").write_text(
        "com.samsung.shealth.tracker.pedometer_day_summary,1,1\nday_time,step_count\n", encoding="utf-8"
    )
    assert row(read_export(export), "2024-03-05").total_sleep_min == 445


def test_the_largest_count_of_a_day_where_no_table_has_them_all(export):
    (export / f"com.samsung.shealth.step_daily_trend.{STAMP}.csv").unlink()
    (export / "steps.csv").write_text(
        "com.samsung.shealth.tracker.pedometer_day_summary,1,1\nday_time,step_count,deviceuuid\n"
        "2024-03-04 00:00:00.000,3000,phone,\n2024-03-04 00:00:00.000,5200,watch,\n",
        encoding="utf-8",
    )
    result = read_export(export)
    assert row(result, "2024-03-05").steps == 5200
    account = next(account for account in result.files if account.file == "steps.csv")
    assert (account.rows, account.kept, account.ignored) == (2, 1, 1)


def test_stages_of_a_lost_sleep_are_a_sleep_of_their_own(export):
    change(export, SLEEP, "2024-03-05 06:00:00.000,UTC+0100", "?,UTC+0100")
    result = read_export(export, strict=False)
    assert list(result.skipped["column"]) == ["end_time"]
    night = row(result, "2024-03-05")
    assert (night.time_in_bed_min, night.total_sleep_min) == (480, 445)
    with pytest.raises(InputError, match="row 1"):
        read_export(export)


@pytest.mark.parametrize(
    ("name", "old", "new", "column", "words"),
    [
        (STAGES, "40003", "40009", "stage", "is no stage"),
        (STAGES, "2024-03-05 00:15:00.000,stage-2", "2024-03-04 21:15:00.000,stage-2", "end_time", "before it starts"),
        (SLEEP, "2024-03-06 06:00:00.000,UTC+0100", "2024-03-06 06:00:00.000,Berlin", "time_offset", "no offset"),
        (SLEEP, "2024-03-06 06:00:00.000,UTC+0100", "2024-03-06 06:00:00.000,", "time_offset", "has no value"),
        (f"com.samsung.shealth.step_daily_trend.{STAMP}.csv", ",8000,", ",many,", "count", "not a number"),
        (f"com.samsung.shealth.tracker.heart_rate.{STAMP}.csv", "58.0", "580", "heart_rate", "out of range"),
    ],
)
def test_a_bad_row_is_skipped_and_listed(export, name, old, new, column, words):
    change(export, name, old, new)
    result = read_export(export, strict=False)
    assert len(result.nights) >= 2
    assert list(result.skipped["column"]) == [column]
    assert words in result.skipped["reason"].iloc[0]
    with pytest.raises(InputError):
        read_export(export)


def test_a_bad_window_of_hrv_is_skipped(export):
    change(export, "jsons/com.samsung.health.hrv/s/sample.binning_data.json", "40.0", '"forty"')
    result = read_export(export, strict=False)
    assert list(result.skipped["column"]) == ["rmssd"]
    assert row(result, "2024-03-05").hrv_rmssd_ms == 44


def test_what_is_not_given_is_named_and_null():
    result = read_export(SAMPLES)
    named = {missing.column for missing in result.not_given_by_vendor["samsung"]}
    assert {"skin_temperature_delta_c", "exercise_min"} <= named
    assert result.nights[sorted(named)].isna().all(axis=None)
    assert any("RMSSD" in note for note in result.notes)
