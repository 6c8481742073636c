"""Oura: the samples' values worked out by hand, and what damaged or unusual documents become."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import read_export
from sleepcot_utils.paths import reference_data

SAMPLES = reference_data("samples") / "oura"


def row(result, date: str, kind: str = "main") -> pd.Series:
    table = result.nights
    found = table[(table["night_date"] == pd.Timestamp(date)) & (table["sleep_kind"] == kind)]
    assert len(found) == 1
    return found.iloc[0]


def document(**changes: Any) -> dict[str, Any]:
    return {
        "id": "x",
        "day": "2024-04-02",
        "type": "long_sleep",
        "bedtime_start": "2024-04-01T23:00:00+02:00",
        "bedtime_end": "2024-04-02T07:00:00+02:00",
        "total_sleep_duration": 25_200,
        "light_sleep_duration": 14_400,
        "deep_sleep_duration": 5_400,
        "rem_sleep_duration": 5_400,
        "latency": 600,
        "average_hrv": 50,
        "lowest_heart_rate": 50,
        "average_breath": 14.0,
    } | changes


def read_documents(folder: Path, documents: list[Any], *, strict: bool = False):
    (folder / "sleep.json").write_text(json.dumps({"data": documents}), encoding="utf-8")
    return read_export(folder, strict=strict)


def test_a_night_of_the_api():
    night = row(read_export(SAMPLES / "api_v2"), "2024-03-05")
    # 23:00 to 07:00. The phases in 5 minutes: 2 awake, 20 light, 12 deep, 16 light, 1 awake, 12 REM, 20 light,
    # 1 awake, 9 REM, 3 awake.
    assert night.start_local == pd.Timestamp("2024-03-04 23:00")
    assert night.utc_offset_min == 60
    assert (night.time_in_bed_min, night.total_sleep_min) == (480, 445)
    assert (night.light_min, night.deep_min, night.rem_min) == (5 * 56, 5 * 12, 5 * 21)
    assert night.sleep_onset_latency_min == 10
    assert (night.wake_after_sleep_onset_min, night.awakenings) == (10, 2)
    assert night.sleep_efficiency_pct == pytest.approx(100 * 445 / 480)
    assert (night.resting_heart_rate_bpm, night.hrv_rmssd_ms, night.respiratory_rate_brpm) == (52, 48, 14.25)
    assert (night.spo2_mean_pct, night.skin_temperature_delta_c) == (96.5, -0.2)
    # 2,400 s of medium and 600 s of high activity on the day before.
    assert (night.steps, night.exercise_min) == (8100, 50)


def test_naps_rest_and_sentinels():
    result = read_export(SAMPLES / "api_v2")
    nap = row(result, "2024-03-05", "nap")
    assert (nap.time_in_bed_min, nap.total_sleep_min, nap.sleep_onset_latency_min) == (40, 30, 5)
    assert len(result.nights) == 3, "a document of type 'rest' is no sleep"
    second = row(result, "2024-03-06")
    assert second.nap_min == 30
    assert second[["resting_heart_rate_bpm", "hrv_rmssd_ms", "respiratory_rate_brpm"]].isna().all()
    # A day with no step and no active second is a ring in a drawer; without phases the waking is not known.
    assert second[["steps", "exercise_min", "wake_after_sleep_onset_min", "awakenings"]].isna().all()
    assert second.total_sleep_min == 360
    # The average heart rate is no resting one: it is kept apart.
    apart = result.day_values[result.day_values["measure"] == "sleeping_heart_rate_bpm"]
    assert list(apart["value"]) == [57.5]


def test_the_trends_csv():
    result = read_export(SAMPLES / "oura_trends.csv")
    night = row(result, "2024-03-12")
    # Seconds: 25,200 asleep, 15,000 light, 4,800 deep, 5,400 REM, 720 to fall asleep; 22:45 to 06:45.
    assert (night.time_in_bed_min, night.total_sleep_min, night.sleep_onset_latency_min) == (480, 420, 12)
    assert (night.light_min, night.deep_min, night.rem_min) == (250, 80, 90)
    assert night.utc_offset_min == -300
    assert (night.hrv_rmssd_ms, night.resting_heart_rate_bpm, night.skin_temperature_delta_c) == (55, 51, -0.1)
    # Steps of the row of 11 March, the day before; 1,800 s of medium activity.
    assert (night.steps, night.exercise_min) == (6500, 30)
    assert row(result, "2024-03-13").steps == 9000


def test_the_account_export_with_semicolons(tmp_path):
    (tmp_path / "sleepmodel.csv").write_text(
        "id;average_hrv;bedtime_end;bedtime_start;day;deep_sleep_duration;light_sleep_duration;rem_sleep_duration;"
        "total_sleep_duration;lowest_heart_rate;type\n"
        "a;61;2024-04-02T07:00:00+02:00;2024-04-01T23:00:00+02:00;2024-04-02;5400;14400;5400;25200;49;long_sleep\n"
        "b;0;2024-04-02T15:00:00+02:00;2024-04-02T14:30:00+02:00;2024-04-02;0;0;0;0;0;deleted\n",
        encoding="utf-8",
    )
    (tmp_path / "dailyspo2.csv").write_text(
        'id;day;spo2_percentage\nc;2024-04-02;"{""average"": 97.2}"\nd;2024-04-03;"{""average"": null}"\n',
        encoding="utf-8",
    )
    result = read_export(tmp_path)
    night = row(result, "2024-04-02")
    assert (night.total_sleep_min, night.hrv_rmssd_ms, night.spo2_mean_pct) == (420, 61, 97.2)
    assert {account.file: account.ignored for account in result.files} == {"sleepmodel.csv": 1, "dailyspo2.csv": 1}


@pytest.mark.parametrize(
    ("codes", "asleep_min", "known"),
    [("2" * 84 + "4" * 12, 420, True), ("2" * 60 + "4" * 36, 420, False), ("2" * 85 + "4" * 11, 425, True)],
)
def test_phases_that_contradict_the_stated_sleep_are_not_its_course(tmp_path, codes, asleep_min, known):
    result = read_documents(tmp_path, [document(sleep_phase_5_min=codes)], strict=True)
    night = row(result, "2024-04-02")
    assert night.total_sleep_min == asleep_min
    assert pd.notna(night.awakenings) == known


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"bedtime_end": None}, "bedtime_end", "is not a time"),
        ({"bedtime_end": "2024-04-01T22:00:00+02:00"}, "", "lasts -60 minutes"),
        ({"average_hrv": 4000}, "average_hrv", "out of range"),
        ({"total_sleep_duration": "long"}, "total_sleep_duration", "is not a number"),
        ({"sleep_phase_5_min": "12x4"}, "sleep_phase_5_min", "no phases"),
        ({"type": 7}, "type", "no type of sleep"),
        ({"total_sleep_duration": 40_000}, "", "exceed"),
    ],
)
def test_a_bad_document_is_skipped_and_listed(tmp_path, changes, field, words):
    documents = [document(), document(day="2024-04-03", **changes)]
    result = read_documents(tmp_path, documents)
    assert len(result.nights) == 1
    skipped = result.skipped.iloc[0]
    assert (skipped.file, skipped.row, skipped.column) == ("sleep.json", 2, field)
    assert words in skipped.reason
    with pytest.raises(InputError, match=r"sleep\.json, record 2"):
        read_export(tmp_path)


def test_what_is_not_given_is_named_and_null():
    result = read_export(SAMPLES / "api_v2")
    named = {missing.column for missing in result.not_given_by_vendor["oura"]}
    assert named == {"spo2_min_pct", "caffeine_after_14h", "alcohol_units"}
    assert result.nights[sorted(named)].isna().all(axis=None)
    assert any("RMSSD" in note and "5-minute" in note for note in result.notes)


def test_a_file_without_documents_is_listed(tmp_path):
    (tmp_path / "odd.json").write_text('{"detail": {"day": 1, "bedtime_start": 2, "bedtime_end": 3}}', encoding="utf-8")
    result = read_documents(tmp_path, [document()])
    assert [item.file for item in result.unread] == ["odd.json"]
