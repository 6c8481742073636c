"""Apple Health: expected values are worked out by hand from the samples in ``data/samples/apple_health``."""

from __future__ import annotations

import os
import re
import tracemalloc
from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import describe, read_export
from sleepcot_utils.paths import reference_data

EXPORT = reference_data("samples", "apple_health", "export.xml")
ARCHIVE = reference_data("samples", "apple_health", "export.zip")
SLEEP = "HKCategoryTypeIdentifierSleepAnalysis"


@pytest.fixture
def changed(tmp_path):
    """Replace one piece of the sample, which has to be there, and return the path."""

    def replace(old: str, new: str) -> Path:
        text = EXPORT.read_text(encoding="utf-8")
        assert old in text
        (tmp_path / "export.xml").write_text(text.replace(old, new, 1), encoding="utf-8")
        return tmp_path / "export.xml"

    return replace


def record(kind: str, start: str, end: str, value: object, source: str = "Apple Watch") -> str:
    return (
        f'<Record type="{kind}" sourceName="{source}" startDate="{start} +0000" endDate="{end} +0000" value="{value}"/>'
    )


def stage(start: str, end: str, value: str, source: str = "Apple Watch") -> str:
    return record(SLEEP, start, end, f"HKCategoryValueSleepAnalysis{value}", source)


def export(folder: Path, *records: str) -> Path:
    path = folder / "export.xml"
    path.write_text("<HealthData>\n" + "\n".join(records) + "\n</HealthData>\n", encoding="utf-8")
    return path


def test_a_night_of_stages_with_the_time_in_bed_of_the_phone():
    night = read_export(EXPORT).nights.iloc[0]
    # Written at +0100 of the summer in which it was exported; in Lisbon in January the clock is that of UTC.
    assert (str(night.start_local), str(night.end_local)) == ("2024-01-15 22:30:00", "2024-01-16 07:00:00")
    assert (night.utc_offset_min, night.time_in_bed_min) == (0, 510)
    # Core 70 + 180 + 60, deep 60, REM 90, awake 10 min; from 22:30 in bed to 22:50 asleep are 20 min.
    assert (night.light_min, night.deep_min, night.rem_min, night.total_sleep_min) == (310, 60, 90, 460)
    assert (night.sleep_onset_latency_min, night.wake_after_sleep_onset_min, night.awakenings) == (20, 10, 1)
    assert night.sleep_efficiency_pct == pytest.approx(100 * 460 / 510)
    assert night.device == "apple watch"


def test_who_gave_which_value():
    given = read_export(EXPORT).provenance.set_index("column")["device"]
    assert given["time_in_bed_min"] == given["sleep_onset_latency_min"] == "iphone"
    assert given["total_sleep_min"] == given["deep_min"] == given["resting_heart_rate_bpm"] == "apple watch"


def test_vital_signs_are_those_during_the_sleep():
    night = read_export(EXPORT).nights.iloc[0]
    # 0.97 and 0.91 at night; 0.99 at noon does not count.
    assert (night.spo2_mean_pct, night.spo2_min_pct) == (pytest.approx(94), pytest.approx(91))
    assert (night.respiratory_rate_brpm, night.resting_heart_rate_bpm) == (14.5, 57)


def test_sdnn_is_kept_apart_from_rmssd():
    result = read_export(EXPORT)
    assert result.nights["hrv_rmssd_ms"].isna().all()
    reasons = {missing.column: missing.reason for missing in result.not_given}
    assert "SDNN" in reasons["hrv_rmssd_ms"]
    values = result.day_values.set_index("measure")["value"]
    assert values["hrv_sdnn_ms"] == pytest.approx((40.5 + 50.5) / 2)
    # 52 and 56 at night; 90 at noon does not count.
    assert values["sleeping_heart_rate_bpm"] == pytest.approx(54)


def test_steps_of_phone_and_watch_are_not_added_up():
    # 10 h: 2000 and 1900, the greater; 15 h: 700 of the phone; 18 and 19 h: 400 of the watch, half in each.
    assert read_export(EXPORT).nights["steps"].tolist() == [2000 + 700 + 400]


def test_a_day_off_the_wrist_has_no_exercise():
    result = read_export(EXPORT)
    assert result.nights["exercise_min"].tolist() == [32]
    assert (result.day_values["measure"] == "exercise_min").sum() == 1


def test_every_record_is_accounted_for():
    account = read_export(EXPORT).files[0]
    # 24 records and 2 summaries: one exact repetition, one of energy. Each sleep record counts for itself.
    assert (account.rows, account.kept, account.duplicates, account.skipped, account.ignored) == (26, 24, 1, 0, 1)


def test_the_archive_and_the_values_of_old_systems():
    result = read_export(ARCHIVE)
    night = result.nights.iloc[0]
    # In bed 22:00 to 06:00, asleep 22:30 to 01:00 and 01:20 to 05:50.
    assert (night.time_in_bed_min, night.total_sleep_min, night.sleep_onset_latency_min) == (480, 420, 30)
    assert (night.wake_after_sleep_onset_min, night.awakenings, night.sleep_efficiency_pct) == (20, 1, 87.5)
    assert night[["light_min", "deep_min", "rem_min"]].isna().all()
    assert [item.file for item in result.unread] == ["apple_health_export/export_cda.xml"]


def test_no_name_of_a_person_comes_through():
    result = read_export(EXPORT.parent)
    everything = describe(result) + repr(result) + result.nights.to_csv() + result.provenance.to_csv()
    assert not re.search("Sample|1980|0x3000", everything + result.day_values.to_csv())


def test_a_watch_alone_knows_no_time_in_bed(tmp_path):
    path = export(
        tmp_path,
        stage("2024-01-15 23:00:00", "2024-01-16 02:00:00", "AsleepCore"),
        stage("2024-01-16 02:00:00", "2024-01-16 06:00:00", "AsleepREM"),
    )
    night = read_export(path).nights.iloc[0]
    assert (night.time_in_bed_min, night.total_sleep_min) == (420, 420)
    assert pd.isna(night.sleep_onset_latency_min)
    assert "time in bed was not recorded" in night.quality


def test_stages_of_two_sources_are_not_mixed(tmp_path):
    path = export(
        tmp_path,
        stage("2024-01-15 23:00:00", "2024-01-16 06:00:00", "AsleepCore"),
        stage("2024-01-16 06:00:00", "2024-01-16 07:00:00", "AsleepDeep"),
        stage("2024-01-15 22:00:00", "2024-01-16 07:30:00", "AsleepUnspecified", "Some App"),
    )
    result = read_export(path)
    night = result.nights.iloc[0]
    assert (night.total_sleep_min, night.light_min, night.deep_min, night.device) == (480, 420, 60, "apple watch")
    assert result.merged.outranked == 1


def test_half_an_hour_awake_without_a_record_is_a_waking(tmp_path):
    path = export(
        tmp_path,
        stage("2024-01-15 23:00:00", "2024-01-16 02:00:00", "AsleepCore"),
        stage("2024-01-16 02:30:00", "2024-01-16 06:00:00", "AsleepREM"),
    )
    night = read_export(path).nights.iloc[0]
    assert (night.total_sleep_min, night.wake_after_sleep_onset_min, night.awakenings) == (390, 30, 1)


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        (
            "HKCategoryValueSleepAnalysisAsleepDeep",
            "HKCategoryValueSleepAnalysisAsleepOdd",
            "value",
            "no sleep analysis",
        ),
        ('endDate="2024-01-16 01:00:00 +0100"', 'endDate="2024-01-14 01:00:00 +0100"', "endDate", "before startDate"),
        ('startDate="2024-01-15 23:50:00 +0100"', 'startDate="soon"', "startDate", "not a time"),
        ('startDate="2024-01-15 23:50:00 +0100"', "", "startDate", "no value"),
        ('value="2000"', 'value="-2000"', "value", "out of range"),
        ('value="57"', 'value="nan"', "value", "out of range"),
        ('value="57"', 'value="fifty"', "value", "not a number"),
        ('value="0.97"', 'value="0.01"', "value", "out of range"),
        ('appleExerciseTime="32"', 'appleExerciseTime="x"', "appleExerciseTime", "not a number"),
    ],
)
def test_a_bad_record_is_named_with_its_line_and_skipped(changed, old, new, field, words):
    path = changed(old, new)
    line = path.read_text(encoding="utf-8").splitlines().index(next(
        text for text in path.read_text(encoding="utf-8").splitlines() if (new or 'endDate="2024-01-16 01:00:00') in text
    )) + 1  # fmt: skip
    with pytest.raises(InputError) as caught:
        read_export(path)
    assert f"(line {line}), column {field}: " in str(caught.value)
    assert words in str(caught.value)
    result = read_export(path, strict=False)
    assert result.skipped[["line", "column"]].values.tolist() == [[line, field]]
    assert len(result.nights) == 1


def test_an_export_that_breaks_off_keeps_what_came_before(tmp_path):
    text = EXPORT.read_text(encoding="utf-8")
    (tmp_path / "export.xml").write_text(text[: text.index("<ActivitySummary")], encoding="utf-8")
    with pytest.raises(InputError, match=r"export\.xml, line \d+: the XML is damaged"):
        read_export(tmp_path)
    result = read_export(tmp_path, strict=False)
    assert result.nights["total_sleep_min"].tolist() == [460]
    assert [item.file for item in result.unread] == ["export.xml"]


def test_memory_does_not_grow_with_the_file(tmp_path):
    beat = record("HKQuantityTypeIdentifierHeartRate", "2024-01-16 02:00:00", "2024-01-16 02:00:00", 60)
    night = stage("2024-01-15 23:00:00", "2024-01-16 06:00:00", "AsleepCore")
    peaks = []
    for count in (2_000, 20_000):
        path = export(tmp_path, night, *[beat] * count)
        tracemalloc.start()
        read_export(path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # The file grows by 3.5 MB.
    assert peaks[1] - peaks[0] < 500_000


def test_endless_sources_do_not_fill_the_memory(tmp_path):
    records = [
        record("HKQuantityTypeIdentifierHeartRate", "2024-01-16 02:00:00", "2024-01-16 02:00:00", 60, f"App {number}")
        for number in range(3_000)
    ]
    path = export(tmp_path, stage("2024-01-15 23:00:00", "2024-01-16 06:00:00", "AsleepCore"), *records)
    assert read_export(path).day_values["device"].nunique() < 64


@pytest.mark.skipif(not os.environ.get("SLEEPCOT_REAL_DATA"), reason="SLEEPCOT_REAL_DATA names no folder of real data")
def test_an_export_of_the_health_app_is_read():
    result = read_export(Path(os.environ["SLEEPCOT_REAL_DATA"]) / "apple_health")
    # One record of core sleep of 12.5 min, slept at +0100 and written at +0200; the phone's 85 s in bed are no night.
    assert result.nights["total_sleep_min"].tolist() == [12.5]
    assert result.nights["utc_offset_min"].tolist() == [60]
    assert result.merged.without_sleep == 1
    assert result.skipped.empty
