"""Simulated days in the form of the day table, coherent with the person's simulated nights.

Steps, exercise and resting heart rate are those of the nightly table: day D has the resting heart rate of the night
that ended on D, and the steps and exercise that the next night carries. What the day adds is drawn here. All draws of a
person depend on the seed and the person's id alone. Constants: ``data/monitor/simulated_days.yaml``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sleepcot_utils import days as daily
from sleepcot_utils.errors import InputError
from sleepcot_utils.simulate.constants import require_known
from sleepcot_utils.simulate.day_conditions import (
    CONDITIONS,
    HYPERTENSION,
    TYPE_2_DIABETES,
    day_constants,
    has_condition,
    simulate_conditions,
)
from sleepcot_utils.simulate.days import FIRST_NIGHT, carried
from sleepcot_utils.simulate.people import check_people, require_seed
from sleepcot_utils.simulate.randomness import person_generator

NORMALS, UNIFORMS = 14, 5
SOURCE = "simulated"
LOWEST_GLUCOSE_MG_DL = 60.0
CONDITION_OF = {"blood_pressure": HYPERTENSION, "glucose": TYPE_2_DIABETES}


def simulate_day_table(
    people: pd.DataFrame,
    nights: pd.DataFrame,
    seed: int,
    *,
    conditions: pd.DataFrame | None = None,
    measure_all: bool = False,
) -> pd.DataFrame:
    """Days that go with simulated nights.

    Parameters
    ----------
    people : pandas.DataFrame
        As ``simulate_people`` returns them.
    nights : pandas.DataFrame
        Their nightly table as ``simulate_nights`` measures it.
    seed : int
        Seed of the days, 0 or more.
    conditions : pandas.DataFrame, optional
        As ``simulate_conditions`` returns them; drawn with the same seed if not given.
    measure_all : bool
        Whether everybody measures blood pressure, glucose and weight on each day; all values stay the same.

    Returns
    -------
    pandas.DataFrame
        A valid day table: one row a person and day, from the day of the person's first night to that of the last
        waking. A day on which the device says nothing and nothing is measured has no row.

    Raises
    ------
    InputError
        On impossible people, nights of unknown people or before the simulation's first, or conditions that lack one
        of them.
    """
    check_people(people)
    require_seed(seed)
    people = people.sort_values("person_id", ignore_index=True)
    conditions = simulate_conditions(people, seed) if conditions is None else _conditions_of(people, conditions)
    seen = _seen(people, nights)
    z, u = _draws(people, seen["steps"].shape[1], seed)
    columns: dict[str, np.ndarray] = {"steps": seen["steps"], "exercise_min": seen["exercise_min"]}
    columns |= _activity(people, seen, z[..., 0:2])
    columns |= _heart(conditions, seen, columns, z[..., 2:4])
    columns |= _blood_pressure(conditions, z[..., 4:7], u[..., 0], measure_all)
    columns |= _glucose(conditions, z[..., 7:10], u[..., 1:3], measure_all)
    columns["weight_kg"] = _weight(conditions, z[..., 10], u[..., 3], measure_all)
    dates = FIRST_NIGHT + pd.to_timedelta(np.arange(seen["steps"].shape[1]), unit="D")
    table = pd.DataFrame(
        {
            "person_id": np.repeat(people["person_id"].to_numpy(), len(dates)),
            "date": np.tile(dates.to_numpy(), len(people)),
            "resting_heart_rate_bpm": seen["resting_heart_rate_bpm"].ravel(),
            "source": SOURCE,
        }
        | {name: values.ravel() for name, values in columns.items()}
    )
    known = table.drop(columns=["person_id", "date", "source"]).notna().any(axis=1)
    return daily.validate(daily.conform(table[known]), where="simulated days")


def _conditions_of(people: pd.DataFrame, conditions: pd.DataFrame) -> pd.DataFrame:
    require_known(conditions["condition"], CONDITIONS, "condition", "conditions")
    lacking = people.loc[~people["person_id"].isin(conditions["person_id"]), "person_id"]
    if len(lacking):
        raise InputError(f"{lacking.iloc[0]!r} is missing", where="conditions", expected="one row for each person")
    return people[["person_id"]].merge(conditions, on="person_id", validate="one_to_one")


def _seen(people: pd.DataFrame, nights: pd.DataFrame) -> dict[str, np.ndarray]:
    """What the nightly table says of each day, shape (persons, days); nan where the device was not worn."""
    unknown = ~nights["person_id"].isin(people["person_id"])
    if unknown.any():
        name = nights.loc[unknown, "person_id"].iloc[0]
        raise InputError(f"{name!r} has nights but is not among the people", where="nights", expected="their nights")
    main = nights[nights["sleep_kind"] == "main"]
    number = (main["night_date"] - FIRST_NIGHT).dt.days.to_numpy()
    if len(number) and number.min() < 1:
        raise InputError(
            f"a night ended on {main['night_date'].min():%Y-%m-%d}",
            where="nights",
            expected=f"nights that end after {FIRST_NIGHT:%Y-%m-%d}, as simulate_nights makes them",
        )
    row = pd.Index(people["person_id"]).get_indexer(main["person_id"])
    shape = (len(people), int(number.max()) + 1 if len(number) else 1)
    day_of = {"steps": number - 1, "exercise_min": number - 1, "resting_heart_rate_bpm": number}
    seen = {name: np.full(shape, np.nan) for name in day_of}
    for name, day in day_of.items():
        seen[name][row, day] = main[name].to_numpy(dtype=float)
    return seen


def _draws(people: pd.DataFrame, days: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    z, u = np.empty((len(people), days, NORMALS)), np.empty((len(people), days, UNIFORMS))
    for row, person_id in enumerate(people["person_id"]):
        person_generator(seed, person_id, "days, normal").standard_normal(out=z[row])
        person_generator(seed, person_id, "days, uniform").random(out=u[row])
    return z, u


def _column(table: pd.DataFrame, name: str) -> np.ndarray:
    return table[name].to_numpy(dtype=float)[:, None]


def _activity(people: pd.DataFrame, seen: dict[str, np.ndarray], z: np.ndarray) -> dict[str, np.ndarray]:
    c = day_constants()["activity"]
    share, light = c["vigorous_share"], c["light_min"]
    logit = share["logit"] + share["per_fitness"] * _column(people, "fitness_z") + share["within_sd"] * z[..., 0]
    vigorous = np.round(seen["exercise_min"] / (1 + np.exp(-logit)))
    minutes = light["at_8000_steps"] + light["per_1000_steps"] * (seen["steps"] - 8000) / 1000
    return {
        "light_activity_min": np.clip(np.round(minutes + light["within_sd"] * z[..., 1]), light["lowest"], 720),
        "moderate_activity_min": seen["exercise_min"] - vigorous,
        "vigorous_activity_min": vigorous,
    }


def _heart(
    conditions: pd.DataFrame, seen: dict[str, np.ndarray], day: dict[str, np.ndarray], z: np.ndarray
) -> dict[str, np.ndarray]:
    c = day_constants()["heart"]
    over, reached = c["mean_over_resting_bpm"], c["reached_share"]
    mean = (
        seen["resting_heart_rate_bpm"]
        + over["value"]
        + over["per_1000_steps"] * (seen["steps"] - 8000) / 1000
        + over["per_exercise_min"] * seen["exercise_min"]
        + over["within_sd"] * z[..., 0]
    )
    share = (
        reached["rest_day"]
        + reached["per_vigorous_min"] * day["vigorous_activity_min"]
        + reached["per_moderate_min"] * day["moderate_activity_min"]
    )
    share = np.minimum(share + reached["within_sd"] * z[..., 1], reached["most"])
    highest = share * _column(conditions, "highest_heart_rate_bpm")
    return {"mean_heart_rate_bpm": np.round(mean), "max_heart_rate_bpm": np.round(np.maximum(highest, mean + 15))}


def _blood_pressure(conditions: pd.DataFrame, z: np.ndarray, u: np.ndarray, measure_all: bool) -> dict[str, np.ndarray]:
    c = day_constants()["blood_pressure"]
    systolic, diastolic, readings = c["systolic_mmhg"], c["diastolic_mmhg"], c["readings_a_day"]
    moved = systolic["within_sd"] * carried(z[..., 0], systolic["carry_over"])
    upper = _column(conditions, "systolic_mmhg") + moved
    lower = _column(conditions, "diastolic_mmhg") + diastolic["with_systolic"] * moved
    lower = np.minimum(lower + diastolic["within_sd"] * z[..., 1], upper - 15)
    # The higher of two readings lies half their distance above their mean.
    apart = readings["spread_mmhg"] * np.abs(z[..., 2]) / np.sqrt(2)
    used = _used(conditions, "owns_cuff", "blood_pressure", u, measure_all)
    values = {
        "systolic_mmhg": np.round(upper),
        "diastolic_mmhg": np.round(lower),
        "highest_systolic_mmhg": np.round(upper) + np.round(apart),
        "highest_diastolic_mmhg": np.round(lower) + np.round(apart / 2),
        "blood_pressure_readings": np.full(upper.shape, float(readings["value"])),
    }
    return {name: np.where(used, value, np.nan) for name, value in values.items()}


def _glucose(conditions: pd.DataFrame, z: np.ndarray, u: np.ndarray, measure_all: bool) -> dict[str, np.ndarray]:
    c = day_constants()["glucose"]
    diabetic = has_condition(conditions, TYPE_2_DIABETES)[:, None]
    spread = np.where(diabetic, c["type_2_diabetes"]["within_sd_log"], c["fasting_mg_dl"]["within_sd_log"])
    fasting = _column(conditions, "fasting_glucose_mg_dl") * np.exp(
        spread * carried(z[..., 0], c["carry_over"]["value"])
    )
    fasting = np.round(np.maximum(fasting, LOWEST_GLUCOSE_MG_DL))
    meal = c["after_meal_mg_dl"]
    rise = np.where(diabetic, meal["type_2_diabetes"], meal["over_fasting"]) * np.exp(meal["spread_log"] * z[..., 1])
    after = np.round(fasting + rise)
    is_fasting = u[..., 1] < day_constants()["measuring"]["glucose"]["fasting_share"]
    value = np.where(is_fasting, fasting, after)
    used = _used(conditions, "owns_meter", "glucose", u[..., 0], measure_all)
    both = is_fasting & diabetic  # who lives with diabetes also measures after a meal
    values = {
        "glucose_mg_dl": value,
        "glucose_fasting": is_fasting * 1.0,
        "lowest_glucose_mg_dl": value,
        "highest_glucose_mg_dl": np.where(both, after, value),
    }
    return {name: np.where(used, entry, np.nan) for name, entry in values.items()}


def _weight(conditions: pd.DataFrame, z: np.ndarray, u: np.ndarray, measure_all: bool) -> np.ndarray:
    c = day_constants()["weight"]
    drift = _column(conditions, "weight_drift_kg_a_day") * np.arange(z.shape[1])[None, :]
    weight = _column(conditions, "weight_kg") + drift + c["within_sd_kg"]["value"] * z
    used = conditions["owns_scale"].to_numpy()[:, None] & (u < day_constants()["measuring"]["weight"]["uses"])
    return np.where(used | measure_all, np.round(np.maximum(weight, 35), 1), np.nan)


def _used(conditions: pd.DataFrame, owned: str, what: str, u: np.ndarray, measure_all: bool) -> np.ndarray:
    """Whether the cuff or the meter was used, by person and day."""
    entry = day_constants()["measuring"][what]
    concerned = has_condition(conditions, CONDITION_OF[what])
    often = np.where(concerned, entry["uses_with_condition"], entry["uses"])[:, None]
    return (conditions[owned].to_numpy()[:, None] & (u < often)) | measure_all
