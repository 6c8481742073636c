"""The day table: its form, and every kind of row that is refused with its row and column."""

from __future__ import annotations

import pandas as pd
import pytest

from sleepcot_utils import days as daily
from sleepcot_utils.errors import InputError

GOOD = {
    "person_id": "p1",
    "date": pd.Timestamp("2026-01-05"),
    "steps": 8000,
    "exercise_min": 30,
    "moderate_activity_min": 20,
    "vigorous_activity_min": 10,
    "mean_heart_rate_bpm": 75,
    "max_heart_rate_bpm": 150,
    "systolic_mmhg": 124,
    "diastolic_mmhg": 79,
    "highest_systolic_mmhg": 130,
    "highest_diastolic_mmhg": 82,
    "glucose_mg_dl": 95,
    "glucose_fasting": 1,
    "lowest_glucose_mg_dl": 95,
    "highest_glucose_mg_dl": 140,
    "source": "watch",
}


def table(**changes: object) -> pd.DataFrame:
    """A good row, and one of the next day with changes."""
    return daily.conform(pd.DataFrame([GOOD, GOOD | {"date": pd.Timestamp("2026-01-06")} | changes]))


def test_a_good_table_passes_and_missing_stays_missing() -> None:
    checked = daily.validate(table(steps=None))
    assert list(checked.columns) == list(daily.COLUMNS)
    assert pd.isna(checked["steps"].iloc[1]) and checked["weight_kg"].isna().all()
    assert checked["date"].dtype == "datetime64[ms]"


@pytest.mark.parametrize(
    ("changes", "column", "problem"),
    [
        ({"person_id": None}, "person_id", "has no value"),
        ({"source": None}, "source", "has no value"),
        ({"date": pd.Timestamp("2026-01-06 07:00")}, "date", "time of day"),
        ({"date": pd.Timestamp("2026-01-05")}, "date", "second row"),
        ({"steps": -1}, "steps", "out of range"),
        ({"systolic_mmhg": 400}, "systolic_mmhg", "out of range"),
        ({"glucose_mg_dl": 5.6}, "glucose_mg_dl", "out of range"),
        ({"weight_kg": 4}, "weight_kg", "out of range"),
        ({"diastolic_mmhg": 124}, "highest_diastolic_mmhg", "lies below diastolic_mmhg"),
        ({"diastolic_mmhg": 126, "highest_diastolic_mmhg": 127}, "diastolic_mmhg", "is not below systolic_mmhg"),
        ({"highest_systolic_mmhg": 120}, "highest_systolic_mmhg", "lies below systolic_mmhg"),
        ({"max_heart_rate_bpm": 70}, "max_heart_rate_bpm", "lies below mean_heart_rate_bpm"),
        ({"lowest_glucose_mg_dl": 99}, "lowest_glucose_mg_dl", "lies above glucose_mg_dl"),
        ({"highest_glucose_mg_dl": 94}, "highest_glucose_mg_dl", "lies below"),
        ({"exercise_min": 45}, "exercise_min", "is not moderate plus vigorous"),
        ({"glucose_fasting": 0.5}, "glucose_fasting", "neither yes nor no"),
    ],
)
def test_bad_rows_are_refused_by_name(changes: dict, column: str, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        daily.validate(table(**changes), where="days.csv")
    assert f"days.csv, row 2, column {column}" in str(caught.value)
    assert problem in str(caught.value)


def test_unknown_columns_and_words_for_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="no column named 'stepps'"):
        daily.conform(pd.DataFrame([GOOD | {"stepps": 1}]))
    with pytest.raises(InputError, match="steps is no number"):
        daily.conform(pd.DataFrame([GOOD | {"steps": "many"}]))


def test_glucose_in_both_units() -> None:
    # 180.156 g/mol: 1 mmol/L is 18.0156 mg/dL; the usual table says 5.6 mmol/L = 101 mg/dL and 7.0 = 126.
    assert round(5.6 * daily.MG_DL_PER_MMOL_L) == 101
    assert round(7.0 * daily.MG_DL_PER_MMOL_L) == 126
