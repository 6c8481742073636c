"""From exports to the day table: values worked out by hand, units told apart, and what can't be left out by name."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import read_export
from sleepcot_utils.ingest.day_rows import day_table, without_future
from sleepcot_utils.paths import reference_data

SAMPLES = reference_data("samples")


def days_of(path: Path, **settings: bool) -> pd.DataFrame:
    return day_table(read_export(path, need_sleep=False, **settings)).set_index("date")


def written(folder: Path, text: str) -> Path:
    file = folder / "days.csv"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        read_export(written(folder, text), need_sleep=False)
    return str(caught.value)


def test_plain_days() -> None:
    days = days_of(SAMPLES / "plain_days")
    first, second = days.loc["2024-03-04"], days.loc["2024-03-05"]
    assert (first["steps"], first["exercise_min"], first["resting_heart_rate_bpm"]) == (8200, 35, 58)
    # Readings of the morning and the evening: 124/79 and 130/82.
    assert (first["systolic_mmhg"], first["diastolic_mmhg"]) == (127, 80.5)
    assert (first["highest_systolic_mmhg"], first["highest_diastolic_mmhg"]) == (130, 82)
    assert first["blood_pressure_readings"] == 2
    # 101 fasting and 142 after lunch in the one file, 6.1 mmol/L fasting in the other: 6.1 x 18.016 = 109.9.
    assert second["glucose_mg_dl"] == pytest.approx((101 + 109.9) / 2)
    assert (second["lowest_glucose_mg_dl"], second["highest_glucose_mg_dl"]) == (101, 142)
    assert second["glucose_fasting"] == 1
    assert second["weight_kg"] == 71.6


def test_apple_health() -> None:
    day = days_of(SAMPLES / "apple_health_vitals").loc["2024-01-15"]
    # The reading stands there alone and inside of its Correlation, and counts once.
    assert (day["systolic_mmhg"], day["diastolic_mmhg"], day["blood_pressure_readings"]) == (131, 84, 1)
    assert day["lowest_glucose_mg_dl"] == pytest.approx(5.6 * 18.016, abs=0.05)
    assert day["highest_glucose_mg_dl"] == 131
    assert pd.isna(day["glucose_fasting"])
    assert day["weight_kg"] == pytest.approx(154.3 * 0.45359237, abs=0.001)
    assert day["steps"] == 3100


def test_withings() -> None:
    days = days_of(SAMPLES / "withings")
    assert days.loc["2024-03-04", "systolic_mmhg"] == 131  # 128 and 134
    assert days.loc["2024-03-04", "highest_diastolic_mmhg"] == 85
    assert days["weight_kg"].dropna().tolist() == [71.4, 71.6]


def test_open_mhealth() -> None:
    day = days_of(SAMPLES / "open_mhealth").loc["2024-03-05"]
    assert (day["systolic_mmhg"], day["diastolic_mmhg"], day["weight_kg"]) == (132, 84, 71.5)
    assert (day["glucose_mg_dl"], day["glucose_fasting"]) == (100.9, 1)


def test_fitabase() -> None:
    day = days_of(SAMPLES / "fitabase").loc["2016-04-11"]
    assert (day["moderate_activity_min"], day["vigorous_activity_min"], day["exercise_min"]) == (20, 15, 35)


@pytest.mark.parametrize(
    "folder", ["fitbit", "garmin", "google_health", "health_connect", "samsung", "oura", "plain_csv"]
)
def test_every_vendor_with_steps_gives_days(folder: str) -> None:
    days = days_of(SAMPLES / folder)
    assert days["steps"].notna().any()


def test_an_export_without_sleep_is_refused_where_sleep_is_needed() -> None:
    with pytest.raises(InputError, match="no sleep"):
        read_export(SAMPLES / "plain_days" / "template.csv")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("date,glucose_mg_dl\n2024-03-04,5.6\n", "looks like mmol/L"),
        ("date,glucose_mmol_l\n2024-03-04,101\n", "looks like mg/dL"),
        ("date,glucose\n2024-03-04,25\n", "may be mg/dL or mmol/L"),
        ("date,glucose\n2024-03-04,5.6\n2024-03-05,101\n", "can't be in one unit"),
        ("date,glucose,glucose_unit\n2024-03-04,5.6,mol\n", "is no unit of glucose"),
        ("date,glucose_mg_dl,glucose_unit\n2024-03-04,101,mmol/L\n", "contradicts the column"),
        ("date,systolic_mmhg,diastolic_mmhg\n2024-03-04,80,120\n", "is not below"),
        ("date,systolic_mmhg,diastolic_mmhg\n2024-03-04,120,\n", "has no value"),
        ("date,systolic_mmhg,diastolic_mmhg\n2024-03-04,1200,80\n", "out of range"),
        ("date,systolic_mmhg,diastolic_mmhg\n2024-03-04,350,80\n", "can't be"),
        ("date,steps\n2024-03-04,-5\n", "-5"),
        ("date,steps\n2024-03-04,100\n2024-03-04,200\n", "contradicts another row"),
        ("date,steps,glucos_mg_dl\n2024-03-04,100,99\n", "is not known"),
        ("date,weight_kg\n2024-03-04,4\n", "can't be"),
        ("date,time,weight_kg\n2024-03-04,7 o'clock,70\n", "is no time of day"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, text: str, problem: str) -> None:
    message = refusal(tmp_path, text)
    assert problem in message
    assert "days.csv" in message and "Expected" in message


@pytest.mark.parametrize(("values", "expected"), [("5.6\n2024-03-05,6.1", 100.9), ("101\n2024-03-05,110", 101.0)])
def test_a_unit_that_all_numbers_tell_is_taken(tmp_path: Path, values: str, expected: float) -> None:
    days = days_of(written(tmp_path, f"date,glucose\n2024-03-04,{values}\n"))
    assert days["glucose_mg_dl"].iloc[0] == expected


def test_a_bad_reading_loses_no_other(tmp_path: Path) -> None:
    file = written(tmp_path, "date,steps,glucose_mg_dl\n2024-03-04,4000,95\n2024-03-05,5000,5.5\n2024-03-06,6000,99\n")
    result = read_export(file, strict=False, need_sleep=False)
    assert day_table(result)["steps"].tolist() == [4000, 6000]
    assert result.skipped[["line", "column"]].to_numpy().tolist() == [[3, "glucose_mg_dl"]]


def test_mixed_units_lose_the_glucose_and_nothing_else(tmp_path: Path) -> None:
    text = "date,steps,glucose\n2024-03-04,4000,\n2024-03-05,5000,5.6\n2024-03-06,6000,101\n2024-03-07,7000,\n"
    result = read_export(written(tmp_path, text), strict=False, need_sleep=False)
    assert day_table(result)["steps"].tolist() == [4000, 7000]
    assert result.skipped[["line", "column"]].to_numpy().tolist() == [[3, "glucose"], [4, "glucose"]]
    assert result.skipped["reason"].str.contains("can't be in one unit").all()


def test_days_in_the_future_are_named_and_left_out(tmp_path: Path) -> None:
    file = written(tmp_path, "date,steps\n2024-03-04,4000\n2024-03-05,4100\n2024-03-09,4200\n")
    days, said = without_future(day_table(read_export(file, need_sleep=False)), "date", date(2024, 3, 4))
    # One day more is left for time zones.
    assert days["steps"].tolist() == [4000, 4100]
    assert len(said) == 1 and "2024-03-09 lies in the future" in said[0]
