"""The day table: one row a person and calendar day, the same from the simulator, from every vendor and by hand.

It holds what the day adds to the nightly table. ``date`` is the local calendar day. The night that ended in the morning
of that day has ``night_date == date``; the steps that the nightly table carries are those of the day before. Missing is
missing (null), never 0.
"""

from __future__ import annotations

import pandas as pd

from sleepcot_utils.columns import Column, check_columns, conform_to, names_of, refuse
from sleepcot_utils.nights import DAY_MIN

#: Ranges are limits of the possible, not norms. Blood pressure: cuffs print about 30 to 300 mmHg. Glucose: strip meters
#: show 20 to 600 mg/dL and "LO" or "HI" beyond; the most seen in hyperosmolar crises lies below 2,000.
COLUMNS: dict[str, Column] = {
    "person_id": Column("text", "whose day it was", required=True),
    "date": Column("time", "local calendar day, at 00:00", required=True),
    "steps": Column("number", "steps of the day", 0, 200_000),
    "exercise_min": Column("number", "minutes of moderate or vigorous activity", 0, DAY_MIN),
    "light_activity_min": Column("number", "minutes of light activity", 0, DAY_MIN),
    "moderate_activity_min": Column("number", "minutes of moderate activity", 0, DAY_MIN),
    "vigorous_activity_min": Column("number", "minutes of vigorous activity", 0, DAY_MIN),
    "mean_heart_rate_bpm": Column("number", "mean heart rate of the day", 20, 250),
    "max_heart_rate_bpm": Column("number", "highest heart rate of the day", 20, 250),
    "resting_heart_rate_bpm": Column("number", "resting heart rate as the device gives it for the day", 20, 220),
    "systolic_mmhg": Column("number", "mean systolic blood pressure of the day's readings", 40, 300),
    "diastolic_mmhg": Column("number", "mean diastolic blood pressure of the day's readings", 20, 200),
    "highest_systolic_mmhg": Column("number", "highest systolic pressure of any reading", 40, 300),
    "highest_diastolic_mmhg": Column("number", "highest diastolic pressure of any reading", 20, 200),
    "blood_pressure_readings": Column("number", "readings behind the blood pressure", 1, 2000),
    "glucose_mg_dl": Column("number", "mean of the fasting readings, or of all readings if none is fasting", 10, 2000),
    "glucose_fasting": Column("number", "1 if glucose_mg_dl was taken fasting, 0 if not, nothing if not said", 0, 1),
    "lowest_glucose_mg_dl": Column("number", "lowest glucose reading of the day", 10, 2000),
    "highest_glucose_mg_dl": Column("number", "highest glucose reading of the day", 10, 2000),
    "weight_kg": Column("number", "body mass, mean of the day's readings", 20, 400),
    "source": Column("text", "device, vendor or file that gave the day", required=True),
}

NUMBERS, TIMES, TEXTS = (names_of(COLUMNS, kind) for kind in ("number", "time", "text"))
#: What is measured; the rest says whose, when and by what.
MEASURES = NUMBERS
#: Exact by definition of both units from the molar mass of glucose, 180.16 g/mol.
MG_DL_PER_MMOL_L = 18.016
PARTS_TOLERANCE_MIN = 1.0


def conform(table: pd.DataFrame) -> pd.DataFrame:
    """Give a table the columns, order and types of the day table; columns that it lacks become null.

    Returns
    -------
    pandas.DataFrame
        New frame with exactly the columns of ``COLUMNS``, sorted by person and date.

    Raises
    ------
    InputError
        On a column that the day table does not have, or a value that is no number or no time; the message names the
        row (counted from 1 in the order given) and the column.
    """
    return conform_to(table, COLUMNS, what="day table", order=("person_id", "date"))


def validate(table: pd.DataFrame, *, where: str = "day table") -> pd.DataFrame:
    """Check a conformed day table and return it.

    Raises
    ------
    InputError
        On a missing column, a null in a required column, a value out of its possible range, a diastolic pressure that
        is not below the systolic, a highest or lowest value on the wrong side, moderate and vigorous minutes that
        are not the exercise minutes, ``glucose_fasting`` other than 0 or 1, a date with a time of day, or two rows
        of one person and day. The message names the row (counted from 1, without header) and the column.
    """
    check_columns(table, COLUMNS, where=where)
    time_of_day = table["date"] != table["date"].dt.normalize()
    refuse(time_of_day, table, where, "date", "has a time of day", "a calendar day")
    for mean, highest in (
        ("systolic_mmhg", "highest_systolic_mmhg"),
        ("diastolic_mmhg", "highest_diastolic_mmhg"),
        ("mean_heart_rate_bpm", "max_heart_rate_bpm"),
        ("lowest_glucose_mg_dl", "highest_glucose_mg_dl"),
        ("glucose_mg_dl", "highest_glucose_mg_dl"),
    ):
        under = table[highest] < table[mean] - 1e-6
        refuse(under, table, where, highest, f"lies below {mean}", f"at least {mean}")
    for low, high in (
        ("diastolic_mmhg", "systolic_mmhg"),
        ("highest_diastolic_mmhg", "highest_systolic_mmhg"),
    ):
        refuse(table[low] >= table[high], table, where, low, f"is not below {high}", f"less than {high}")
    above = table["lowest_glucose_mg_dl"] > table["glucose_mg_dl"] + 1e-6
    refuse(above, table, where, "lowest_glucose_mg_dl", "lies above glucose_mg_dl", "at most glucose_mg_dl")
    parts = table["moderate_activity_min"] + table["vigorous_activity_min"]
    apart = (parts - table["exercise_min"]).abs() > PARTS_TOLERANCE_MIN
    refuse(apart, table, where, "exercise_min", "is not moderate plus vigorous minutes", "their sum")
    unknown = table["glucose_fasting"].notna() & ~table["glucose_fasting"].isin([0.0, 1.0])
    refuse(unknown, table, where, "glucose_fasting", "is neither yes nor no", "1, 0 or nothing")
    twice = table.duplicated(["person_id", "date"])
    refuse(twice, table, where, "date", "is a second row of one day", "one row a person and day")
    return table
