"""From what an export says of days to the day table, and what lies in the future left out by name."""

from __future__ import annotations

from datetime import date

import pandas as pd

from sleepcot_utils import days as daily
from sleepcot_utils.ingest.result import IngestResult

#: Measures that are totals or levels of a whole day: of several devices the first in the order of the vendors counts.
OF_DAY = (
    *("steps", "exercise_min", "light_activity_min", "moderate_activity_min", "vigorous_activity_min"),
    *("mean_heart_rate_bpm", "max_heart_rate_bpm", "resting_heart_rate_bpm"),
)
PRESSURES = ("systolic_mmhg", "diastolic_mmhg")
FASTING = "fasting_glucose_mg_dl"
GLUCOSES = (FASTING, "not_fasting_glucose_mg_dl", "glucose_mg_dl")
KEYS = ["person_id", "date"]


def day_table(result: IngestResult) -> pd.DataFrame:
    """Day table of what was read from an export.

    Totals of a day come from one device: the one of which most values of the day stand there. Readings of blood
    pressure, glucose and weight of all devices count; they are averaged, and their extremes kept.

    Parameters
    ----------
    result : IngestResult
        As ``read_export`` returns it.

    Returns
    -------
    pandas.DataFrame
        A valid day table, without rows if the export says nothing of days.
    """
    values = result.day_values
    wanted = values[values["measure"].isin([*OF_DAY, *PRESSURES, *GLUCOSES, "weight_kg"])].copy()
    if wanted.empty:
        return daily.validate(daily.conform(pd.DataFrame(columns=list(daily.COLUMNS))))
    wanted["value"] = wanted["value"].astype(float)
    table = _totals(wanted).join([_pressures(wanted), _glucose(wanted), _weight(wanted)], how="outer")
    table = _made_consistent(table)
    sources = wanted.groupby(KEYS)["device"].agg(lambda devices: " + ".join(sorted(set(devices))))
    return daily.validate(daily.conform(table.join(sources.rename("source")).reset_index()))


def without_future(table: pd.DataFrame, column: str, today: date) -> tuple[pd.DataFrame, list[str]]:
    """Rows that are not later than a day after today, and a sentence for each that is.

    Parameters
    ----------
    column : str
        Column with the date.
    today : date
        The day of the reading; one day more is left for time zones.
    """
    future = table[column] > pd.Timestamp(today) + pd.Timedelta(days=1)
    said = [
        f"{day:%Y-%m-%d} lies in the future (today is {today}): the device's clock was wrong, and the row is left out"
        for day in table.loc[future, column]
    ]
    return table[~future].reset_index(drop=True), said


def _totals(values: pd.DataFrame) -> pd.DataFrame:
    own = values[values["measure"].isin(OF_DAY)]
    # The device that says most of a day is the one that was worn.
    size = own.groupby([*KEYS, "vendor", "device"])["measure"].transform("nunique")
    ranked = own.assign(size=size).sort_values([*KEYS, "size"], ascending=[True, True, False], kind="stable")
    first = ranked.drop_duplicates([*KEYS, "measure"])
    return first.pivot(index=KEYS, columns="measure", values="value")


def _pressures(values: pd.DataFrame) -> pd.DataFrame:
    own = values[values["measure"].isin(PRESSURES)]
    grouped = own.pivot_table(index=KEYS, columns="measure", values="value", aggfunc=["mean", "max", "count"])
    if grouped.empty:
        return pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []], names=KEYS))
    found = {}
    for name in PRESSURES:
        found[name] = grouped["mean", name]
        found[f"highest_{name}"] = grouped["max", name]
    return pd.DataFrame(found | {"blood_pressure_readings": grouped["count", PRESSURES[0]]})


def _glucose(values: pd.DataFrame) -> pd.DataFrame:
    own = values[values["measure"].isin(GLUCOSES)]
    by_day = own.groupby(KEYS)["value"]
    fasting = own[own["measure"] == FASTING].groupby(KEYS)["value"].mean()
    others = own[own["measure"] != FASTING]
    said = others["measure"] == "not_fasting_glucose_mg_dl"
    all_after_meals = said.groupby([others[name] for name in KEYS]).all().reindex(by_day.mean().index)
    table = pd.DataFrame({"glucose_mg_dl": fasting.reindex(by_day.mean().index).fillna(by_day.mean())})
    table["glucose_fasting"] = pd.Series(1.0, index=fasting.index).reindex(table.index)
    table.loc[table["glucose_fasting"].isna() & (all_after_meals == True), "glucose_fasting"] = 0.0
    table["lowest_glucose_mg_dl"], table["highest_glucose_mg_dl"] = by_day.min(), by_day.max()
    return table


def _weight(values: pd.DataFrame) -> pd.DataFrame:
    own = values[values["measure"] == "weight_kg"]
    return own.groupby(KEYS)["value"].mean().to_frame("weight_kg")


def _made_consistent(table: pd.DataFrame) -> pd.DataFrame:
    """Exercise is moderate plus vigorous where both are there; another device's total does not stand beside them."""
    parts = ["moderate_activity_min", "vigorous_activity_min"]
    if set(parts) <= set(table.columns):
        table["exercise_min"] = table[parts].sum(axis=1, skipna=False).fillna(table.get("exercise_min"))
    if {"max_heart_rate_bpm", "mean_heart_rate_bpm"} <= set(table.columns):
        # Of two devices: a highest heart rate below the other's mean is that of less of the day.
        table.loc[table["max_heart_rate_bpm"] < table["mean_heart_rate_bpm"], "max_heart_rate_bpm"] = float("nan")
    return table
