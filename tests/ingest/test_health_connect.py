"""Health Connect: the sample's values worked out by hand, and databases that are damaged or mean harm."""

from __future__ import annotations

import shutil
import sqlite3
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import read_export, sqlite_file
from sleepcot_utils.paths import reference_data

NAME = "health_connect_export.db"
SAMPLE = reference_data("samples") / "health_connect" / NAME


def row(result, date: str) -> pd.Series:
    table = result.nights
    found = table[(table["night_date"] == pd.Timestamp(date)) & (table["sleep_kind"] == "main")]
    assert len(found) == 1
    return found.iloc[0]


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str], Path]:
    """Run SQL on a copy of the sample and return its path."""

    def change(sql: str) -> Path:
        path = Path(shutil.copy(SAMPLE, tmp_path / NAME))
        with closing(sqlite3.connect(path)) as database:
            database.executescript(sql)
            database.commit()
        return path

    return change


def test_a_night_with_stages_and_vital_signs():
    result = read_export(SAMPLE)
    night = row(result, "2024-03-05")
    # 22:00 to 06:00 UTC at UTC+01:00. Minutes: awake in bed 12, light 120, deep 60, out of bed 8, REM 90, light 180,
    # awake 10.
    assert (night.start_local, night.utc_offset_min) == (pd.Timestamp("2024-03-04 23:00"), 60)
    assert (night.time_in_bed_min, night.total_sleep_min) == (480, 450)
    assert (night.light_min, night.deep_min, night.rem_min) == (300, 60, 90)
    assert (night.sleep_onset_latency_min, night.wake_after_sleep_onset_min, night.awakenings) == (12, 8, 1)
    # RMSSD of 38 and 46 in the sleep, 90 at noon. 97 and 93 percent; a 0 is no measurement. -0.5 and 0.1 degrees.
    assert (night.hrv_rmssd_ms, night.resting_heart_rate_bpm, night.respiratory_rate_brpm) == (42, 54, 15.5)
    assert (night.spo2_mean_pct, night.spo2_min_pct) == (95, 93)
    assert night.skin_temperature_delta_c == pytest.approx(-0.2)
    # The watch counted 5,000 and 2,500, the phone 7,000 of the same steps.
    assert night.steps == 7500
    assert night.device == "com.example.watch"


def test_a_session_without_stages_is_time_in_bed():
    night = row(read_export(SAMPLE), "2024-03-06")
    assert night.time_in_bed_min == 450
    assert pd.isna(night.total_sleep_min)


def test_titles_and_notes_are_not_read():
    result = read_export(SAMPLE)
    everything = result.nights.to_csv() + result.provenance.to_csv() + result.day_values.to_csv() + str(result.files)
    assert "a note" not in everything
    assert "a title" not in everything


def test_the_zip_as_android_writes_it(tmp_path):
    with zipfile.ZipFile(tmp_path / "Health Connect.zip", "w") as archive:
        archive.write(SAMPLE, NAME)
    assert row(read_export(tmp_path / "Health Connect.zip"), "2024-03-05").total_sleep_min == 450


def test_a_database_in_write_ahead_mode(changed):
    path = changed("PRAGMA journal_mode = WAL; UPDATE steps_record_table SET count = count;")
    assert row(read_export(path), "2024-03-05").steps == 7500


@pytest.mark.parametrize(
    ("sql", "column", "words"),
    [
        ("UPDATE sleep_stages_table SET stage_type = 77 WHERE stage_type = 5", "stage_type", "is no stage"),
        ("UPDATE sleep_stages_table SET parent_key = 9 WHERE stage_type = 5", "parent_key", "belongs to no sleep"),
        ("UPDATE sleep_stages_table SET stage_end_time = 'x' WHERE stage_type = 5", "stage_end_time", "not an instant"),
        (
            "UPDATE sleep_session_record_table SET start_zone_offset = NULL WHERE row_id = 2",
            "start_zone_offset",
            "offset",
        ),
        ("UPDATE sleep_session_record_table SET end_time = 1 WHERE row_id = 2", "end_time", "the year 1970"),
        ("UPDATE steps_record_table SET count = -5 WHERE row_id = 3", "count", "can't be"),
        ("UPDATE oxygen_saturation_record_table SET percentage = 970 WHERE row_id = 1", "percentage", "can't be"),
    ],
)
def test_a_bad_row_is_skipped_and_listed(changed, sql, column, words):
    path = changed(sql)
    result = read_export(path, strict=False)
    assert list(result.skipped["column"]) == [column]
    assert words in result.skipped["reason"].iloc[0]
    assert len(row(result, "2024-03-05"))
    with pytest.raises(InputError, match=f"field {column}"):
        read_export(path)


def test_tables_and_columns_that_are_missing_are_missing_values(changed):
    path = changed(
        "DROP TABLE steps_record_table; DROP TABLE resting_heart_rate_record_table; DROP TABLE application_info_table;"
        "ALTER TABLE respiratory_rate_record_table DROP COLUMN rate"
    )
    night = row(read_export(path), "2024-03-05")
    assert night.total_sleep_min == 450
    assert night[["steps", "resting_heart_rate_bpm", "respiratory_rate_brpm"]].isna().all()


def test_a_damaged_database_is_one_error(tmp_path):
    content = bytearray(SAMPLE.read_bytes())
    content[100:600] = b"\x99" * 500
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(InputError, match="database is damaged"):
        read_export(tmp_path / NAME)


def test_names_of_tables_may_stand_far_into_the_file(tmp_path):
    path = tmp_path / NAME
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA page_size = 4096")
        # Tables of one page each, as on a phone: the schema's pages lie between those of the tables.
        for number in range(120):
            database.execute(
                f"CREATE TABLE filler_{number} (a UNIQUE, b UNIQUE, {', '.join(f'c{n}' for n in range(60))})"
            )
        with closing(sqlite3.connect(SAMPLE)) as sample:
            database.executescript("\n".join(sample.iterdump()))
        database.commit()
    assert b"sleep_session_record_table" not in path.read_bytes()[:65_536]
    assert row(read_export(path), "2024-03-05").total_sleep_min == 450


def test_a_view_in_place_of_a_table_is_not_run(changed):
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS row_id FROM n"
    path = changed(f"DROP TABLE steps_record_table; CREATE VIEW steps_record_table AS {endless}")
    started = time.monotonic()
    assert pd.isna(row(read_export(path), "2024-03-05").steps)
    assert time.monotonic() - started < 5


def test_reading_stops_after_a_bounded_number_of_steps(changed, monkeypatch):
    monkeypatch.setattr(sqlite_file, "STEPS_A_CHECK", 100)
    monkeypatch.setattr(sqlite_file, "MAX_STEPS", 1000)
    rows = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000) SELECT 1, 0, 1 FROM n"
    path = changed(f"INSERT INTO skin_temperature_delta_table {rows}")
    with pytest.raises(InputError, match="takes too long"):
        read_export(path)


def test_a_database_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(sqlite_file, "MAX_BYTES", 100)
    with pytest.raises(InputError, match="the database has"):
        read_export(SAMPLE)


def test_what_is_not_given_is_named_and_null():
    result = read_export(SAMPLE)
    named = {missing.column for missing in result.not_given_by_vendor["health_connect"]}
    assert named == {"exercise_min", "caffeine_after_14h", "alcohol_units"}
    assert result.nights[sorted(named)].isna().all(axis=None)
    assert any("RMSSD" in note for note in result.notes)
