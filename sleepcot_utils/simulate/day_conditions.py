"""Who of the simulated people lives with hypertension or type-2 diabetes, and the levels from which their days depart.

Constants and their sources: ``data/monitor/simulated_days.yaml``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import yaml

from sleepcot_utils.paths import reference_data
from sleepcot_utils.simulate.people import check_people, require_seed
from sleepcot_utils.simulate.randomness import person_generator

HYPERTENSION, TYPE_2_DIABETES, NO_CONDITION = "hypertension", "type_2_diabetes", "none"
BOTH = f"{HYPERTENSION}+{TYPE_2_DIABETES}"
CONDITIONS = (NO_CONDITION, HYPERTENSION, TYPE_2_DIABETES, BOTH)
#: Who lives with no condition lies below the levels that define it (choice: just below the limits of the thresholds).
HIGHEST_WITHOUT = {"systolic_mmhg": 126.0, "diastolic_mmhg": 77.0, "fasting_glucose_mg_dl": 96.0}
NORMALS, UNIFORMS = 8, 6


@cache
def day_constants() -> dict[str, Any]:
    """Nested mapping ``conditions, heart, activity, blood_pressure, glucose, weight, measuring``."""
    return yaml.safe_load(reference_data("monitor", "simulated_days.yaml").read_text(encoding="utf-8"))


def simulate_conditions(people: pd.DataFrame, seed: int, *, healthy: bool = False) -> pd.DataFrame:
    """Conditions and lasting day levels of people; each depends on the seed and the person alone.

    Parameters
    ----------
    people : pandas.DataFrame
        As ``simulate_people`` returns them.
    seed : int
        Seed of the days, 0 or more.
    healthy : bool
        Whether nobody gets a condition; all else stays the same.

    Returns
    -------
    pandas.DataFrame
        One row a person: ``person_id, condition`` (none, hypertension, type_2_diabetes or both with a plus), the
        levels ``systolic_mmhg, diastolic_mmhg, fasting_glucose_mg_dl, weight_kg, weight_drift_kg_a_day,
        highest_heart_rate_bpm``, and ``owns_cuff, owns_meter, owns_scale``.
    """
    check_people(people)
    require_seed(seed)
    z, u = np.empty((len(people), NORMALS)), np.empty((len(people), UNIFORMS))
    for row, person_id in enumerate(people["person_id"]):
        rng = person_generator(seed, person_id, "day levels")
        rng.standard_normal(out=z[row])
        rng.random(out=u[row])
    tense = (u[:, 0] < _chance(people, "hypertension")) & (not healthy)
    diabetic = (u[:, 1] < _chance(people, "type_2_diabetes")) & (not healthy)
    c = day_constants()
    male = (people["sex"] == "male").to_numpy()
    height_m = np.where(male, c["weight"]["height_m"]["male"], c["weight"]["height_m"]["female"])
    height_m = height_m + c["weight"]["height_m"]["between_sd"] * z[:, 0]
    highest = c["heart"]["highest_possible"]
    glucose = c["glucose"]["type_2_diabetes"]
    fasting = np.where(
        diabetic,
        glucose["median_mg_dl"] * np.exp(glucose["spread_log"] * z[:, 1]),
        _level(people, c["glucose"]["fasting_mg_dl"], z[:, 1]),
    )
    shared = {"systolic_mmhg": z[:, 2], "diastolic_mmhg": 0.6 * z[:, 2] + 0.8 * z[:, 3]}
    pressure = {
        name: np.minimum(
            _level(people, c["blood_pressure"][name], shared[name], tense),
            np.where(tense, np.inf, HIGHEST_WITHOUT[name]),
        )
        for name in shared
    }
    measuring = c["measuring"]
    return pd.DataFrame(
        {
            "person_id": people["person_id"].to_numpy(),
            "condition": np.select(
                [tense & diabetic, tense, diabetic], [BOTH, HYPERTENSION, TYPE_2_DIABETES], NO_CONDITION
            ),
            "systolic_mmhg": pressure["systolic_mmhg"],
            "diastolic_mmhg": pressure["diastolic_mmhg"],
            "fasting_glucose_mg_dl": np.clip(
                fasting, 72, np.where(diabetic, 320, HIGHEST_WITHOUT["fasting_glucose_mg_dl"])
            ),
            "weight_kg": people["bmi"].to_numpy() * height_m**2,
            "weight_drift_kg_a_day": c["weight"]["drift_kg_a_week"]["sd"] * z[:, 4] / 7,
            "highest_heart_rate_bpm": highest["at_0_y"]
            + highest["per_year"] * people["age_y"].to_numpy()
            + highest["between_sd"] * z[:, 5],
            "owns_cuff": u[:, 2] < _owns(measuring["blood_pressure"], tense),
            "owns_meter": u[:, 3] < _owns(measuring["glucose"], diabetic),
            "owns_scale": u[:, 4] < measuring["weight"]["owns"],
        }
    )


def has_condition(conditions: pd.DataFrame, name: str) -> np.ndarray:
    """Whether each person has the condition, alone or with the other; shape (persons,)."""
    return conditions["condition"].isin([name, BOTH]).to_numpy()


def _chance(people: pd.DataFrame, name: str) -> np.ndarray:
    entry = day_constants()["conditions"][name]
    logit = (
        entry["logit_at_50"]
        + entry["per_decade"] * (people["age_y"].to_numpy() - 50) / 10
        + entry["per_bmi"] * (people["bmi"].to_numpy() - 25)
    )
    return 1 / (1 + np.exp(-logit))


def _level(people: pd.DataFrame, entry: dict[str, Any], z: np.ndarray, tense: np.ndarray | None = None) -> np.ndarray:
    age = people["age_y"].to_numpy(dtype=float)
    turn = entry.get("falls_after_age_y", np.inf)
    rising = np.where(age > turn, 2 * turn - age, age)
    male = (people["sex"] == "male").to_numpy()
    level = (
        entry["at_40"]
        + entry["per_decade"] * (rising - 40) / 10
        + entry["per_bmi"] * (people["bmi"].to_numpy() - 25)
        + entry.get("male", 0.0) * male
        + entry["between_sd"] * z
    )
    return level if tense is None else level + entry["hypertension"] * tense


def _owns(entry: dict[str, Any], condition: np.ndarray) -> np.ndarray:
    return np.where(condition, entry["owns_with_condition"], entry["owns"])
