"""The plain table: the template's values worked out by hand, and one clear message for each column."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import plain_csv, read_export
from sleepcot_utils.paths import reference_data

SAMPLES = reference_data("samples") / "plain_csv"


def table(tmp_path, header: str, *rows: str, name: str = "nights.csv"):
    path = tmp_path / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_the_template():
    result = read_export(SAMPLES / "template.csv")
    first, second, third = (night for _, night in result.nights.iterrows())
    # 23:10 to 07:00, 430 of 470 minutes asleep.
    assert (first.start_local, first.end_local) == (pd.Timestamp("2024-03-04 23:10"), pd.Timestamp("2024-03-05 07:00"))
    assert (first.time_in_bed_min, first.total_sleep_min) == (470, 430)
    assert first.sleep_efficiency_pct == pytest.approx(100 * 430 / 470)
    assert (first.sleep_onset_latency_min, first.wake_after_sleep_onset_min, first.awakenings) == (15, 25, 2)
    assert (first.resting_heart_rate_bpm, first.steps, first.exercise_min, first.alcohol_units) == (56, 8400, 30, 0)
    # To bed after midnight, on the date of getting up; what is empty is missing and not 0.
    assert second.start_local == pd.Timestamp("2024-03-06 00:20")
    assert (second.time_in_bed_min, second.caffeine_after_14h, second.alcohol_units) == (405, 1, 1.5)
    assert second[["steps", "awakenings", "resting_heart_rate_bpm"]].isna().all()
    assert third.time_in_bed_min == 480
    assert set(result.nights["person_id"]) == {"wearer-01"}
    assert "write your own" not in result.nights.to_csv(), "notes are not read"


def test_a_table_of_a_lab_with_semicolons_and_decimal_commas():
    nights = read_export(SAMPLES / "lab_semicolon.csv").nights
    first = nights[(nights["person_id"] == "plain_csv-01") & (nights["sleep_kind"] == "main")].iloc[0]
    assert (first.deep_min, first.rem_min, first.hrv_rmssd_ms) == (90.5, 101.5, 42.5)
    assert first.skin_temperature_delta_c == -0.3
    nap = nights[nights["sleep_kind"] == "nap"].iloc[0]
    assert (nap.time_in_bed_min, nap.total_sleep_min) == (30, 20)
    other = nights[nights["person_id"] == "plain_csv-02"].iloc[0]
    # 0 means not measured, but for a difference of temperatures.
    assert other[["hrv_rmssd_ms", "spo2_mean_pct"]].isna().all()
    assert other.skin_temperature_delta_c == 0
    assert "P01" not in nights.to_csv()


def test_every_documented_column_is_known_and_every_known_column_documented():
    text = (SAMPLES / "README.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z0-9_]+)`", text, flags=re.MULTILINE))
    assert documented == {*plain_csv.READ, *plain_csv.NOT_READ}


def test_every_number_of_the_nightly_table_can_be_written():
    assert set(nightly.NUMBERS) - {"sleep_efficiency_pct"} <= set(plain_csv.READ)


def test_names_and_times_of_the_nightly_table_are_understood(tmp_path):
    path = table(
        tmp_path,
        "person_id\tnight_date\tstart_local\tend_local\tutc_offset_min\ttotal_sleep_min\tsleep_efficiency_pct",
        "a\t2024-03-31\t2024-03-30T23:30\t2024-03-31 07:30:00\t60\t410\t99",
        "b\t2024-03-31\t2024-03-30 23:30:00+01:00\t2024-03-31 07:30:00+02:00\t\t410\t99",
    )
    nights = read_export(path).nights
    # The same clock times: 8 hours at one offset, 7 hours where the clocks were changed.
    assert list(nights["time_in_bed_min"]) == [480, 420]
    assert list(nights["sleep_efficiency_pct"]) == [pytest.approx(100 * 410 / 480), pytest.approx(100 * 410 / 420)]


MINIMUM = "date,in_bed_from,in_bed_to,time_in_bed_min"


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (",23:00,07:00,", "date", "has no value"),
        ("05.03.2024,23:00,07:00,", "date", "year-month-day such as 2024-01-31"),
        ("2024-03-05x,23:00,07:00,", "date", "is not such a date"),
        ("2024-02-30,23:00,07:00,", "date", "not a date of the calendar"),
        ("2024-03-05,11 pm,07:00,", "in_bed_from", "a time of 24 hours such as 23:10"),
        ("2024-03-05,23:00,,", "in_bed_to", "while the other clock time has one"),
        ("2024-03-05,,,", "time_in_bed_min", "or both in_bed_from and in_bed_to"),
        ("2024-03-05,,,8h", "time_in_bed_min", "is not a number"),
        ("2024-03-05,,,-480", "time_in_bed_min", "out of range"),
        ("2024-03-05,23:00,07:00,300", "time_in_bed_min", "contradict the clock times"),
        ("2024-03-05,2024-03-03T23:00,2024-03-04T07:00,", "in_bed_to", "the row's date is 2024-03-05"),
    ],
)
def test_each_bad_cell_has_its_message(tmp_path, row, column, words):
    path = table(tmp_path, MINIMUM, "2024-03-01,23:00,07:00,", row)
    result = read_export(path, strict=False)
    assert len(result.nights) == 1
    assert (result.skipped["row"].iloc[0], result.skipped["line"].iloc[0]) == (2, 3)
    assert result.skipped["column"].iloc[0] == column
    with pytest.raises(InputError) as caught:
        read_export(path)
    assert f"row 2 (line 3), column {column}" in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize("column", [name for name in nightly.NUMBERS if name in plain_csv.READ])
def test_each_number_has_its_range_in_its_message(tmp_path, column):
    high = nightly.COLUMNS[column].high
    header, cells = "date,time_in_bed_min", "2024-03-05,480"
    if column == "time_in_bed_min":
        path = table(tmp_path, header, "2024-03-05,99999999")
    else:
        path = table(tmp_path, f"{header},in_bed_from,in_bed_to,{column}", f"{cells},23:00,07:00,99999999")
    with pytest.raises(InputError) as caught:
        read_export(path)
    assert f"column {column}" in str(caught.value)
    assert f"to {high:g}" in str(caught.value)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("date,in_bed_from,in_bed_to,total_sleep_minutes", "total_sleep_min, perhaps"),
        ("date,in_bed_from,in_bed_to,mood", "the column 'mood' is not known"),
        ("date,total_sleep_min", "in_bed_from and in_bed_to, or time_in_bed_min"),
        ("date,night_date,time_in_bed_min", "stands there 2 times"),
    ],
)
def test_a_header_that_does_not_fit_says_why(tmp_path, header, words):
    with pytest.raises(InputError) as caught:
        read_export(table(tmp_path, header, ",".join("1" for _ in header.split(","))))
    assert words in str(caught.value)


def test_a_person_who_is_missing_among_others(tmp_path):
    path = table(tmp_path, "person,date,time_in_bed_min", "ann,2024-03-05,480", "bob,2024-03-05,470", ",2024-03-05,460")
    result = read_export(path, strict=False)
    assert set(result.nights["person_id"]) == {"plain_csv-01", "plain_csv-02"}
    assert list(result.skipped["column"]) == ["person"]
    assert not {"ann", "bob"} & set(result.nights.astype(str).to_numpy().ravel())
