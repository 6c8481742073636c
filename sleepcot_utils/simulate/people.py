"""Simulated people: age, sex, habits, the level of each measure, and the drivers planted in them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sleepcot_utils.simulate.constants import DEVICES, DRIVERS, constants

#: Chance of each device and of logging habits or giving age and sex: chosen so that reports with gaps are common
#: enough to be learned, not to mirror a market.
DEVICE_CHANCE = (0.70, 0.15, 0.15)
LOGS_HABITS_CHANCE = 0.85
GIVES_AGE_CHANCE = 0.85
NO_DRIVER_CHANCE = 0.2
SECOND_DRIVER_CHANCE = 0.45
TOGGLED_DRIVERS_CHANCE = 0.7  # of twins; a choice: drivers change more answers than devices do


def simulate_people(persons: int, rng: np.random.Generator, *, prefix: str = "p") -> pd.DataFrame:
    """Draw people.

    Parameters
    ----------
    persons : int
        How many.
    rng : numpy.random.Generator
        Source of randomness.
    prefix : str
        Start of ``person_id``; different prefixes keep populations apart.

    Returns
    -------
    pandas.DataFrame
        One row a person: ``person_id, age_y, sex, bmi, chronotype_msf_h`` (mid-sleep on free days, hours after
        midnight), ``device, logs_habits, gives_age, main_driver, second_driver`` ("none" where nothing is planted),
        person-level means (units in the names) and ``wake_seen_share`` of the device.
    """
    c = constants()["people"]
    age = np.round(rng.uniform(c["age_y"]["low"], c["age_y"]["high"], persons))
    decades = (age - c["usual_sleep_min"]["at_age"]) / 10
    sex = rng.choice(["female", "male"], persons)
    usual, chronotype, rate = c["usual_sleep_min"], c["free_day_mid_sleep_h"], c["resting_heart_rate_bpm"]
    rmssd, breaths, oxygen, steps = (
        c[name] for name in ("rmssd_ms", "respiratory_rate_brpm", "lowest_spo2_pct", "steps")
    )
    main, second = _plant_drivers(persons, rng)
    night = constants()["nights"]
    seen = constants()["device"]["wake_seen_share"]
    return pd.DataFrame(
        {
            "person_id": [f"{prefix}{number:05d}" for number in range(1, persons + 1)],
            "age_y": age,
            "sex": sex,
            "bmi": np.round(np.clip(rng.normal(26.5, 4.5, persons), 17, 48), 1),
            "chronotype_msf_h": rng.normal(
                chronotype["mean"] + chronotype["per_decade"] * decades, chronotype["between_sd"]
            ),
            "device": rng.choice(DEVICES, persons, p=DEVICE_CHANCE),
            "logs_habits": rng.random(persons) < LOGS_HABITS_CHANCE,
            "gives_age": rng.random(persons) < GIVES_AGE_CHANCE,
            "main_driver": main,
            "second_driver": second,
            "usual_sleep_min": rng.normal(usual["mean"] + usual["per_decade"] * decades, usual["between_sd"]),
            "sleep_drift_min": np.where(
                rng.random(persons) < night["drift"]["share_of_people"],
                rng.normal(0, night["drift"]["min_a_night_sd"], persons),
                0.0,
            ),
            "latency_log_effect": rng.normal(0, night["latency_min"]["spread_log"] / 2, persons),
            "wake_log_effect": rng.normal(0, night["wake_after_onset_min"]["spread_log"] / 2, persons),
            "resting_heart_rate_bpm": rng.normal(
                np.where(sex == "female", rate["female"], rate["male"]), rate["between_sd"]
            ),
            "hrv_rmssd_ms": rmssd["at_30"]
            * np.exp(rmssd["per_decade_log"] * (age - 30) / 10 + rng.normal(0, rmssd["between_sd_log"], persons)),
            "respiratory_rate_brpm": rng.normal(breaths["mean"], breaths["between_sd"], persons),
            "lowest_spo2_pct": rng.normal(oxygen["mean"] + oxygen["per_decade"] * decades, oxygen["between_sd"]),
            "steps": np.clip(rng.normal(steps["mean"], steps["between_sd"], persons), 800, None),
            "wake_seen_share": rng.uniform(seen["low"], seen["high"], persons),
        }
    )


def _plant_drivers(persons: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Main and second driver of each person; the second differs from the main one."""
    main = rng.choice(DRIVERS, persons)
    second = rng.choice(DRIVERS, persons)
    has_main = rng.random(persons) >= NO_DRIVER_CHANCE
    has_second = has_main & (second != main) & (rng.random(persons) < SECOND_DRIVER_CHANCE)
    return np.where(has_main, main, "none"), np.where(has_second, second, "none")


def counterfactual_people(people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The same people with one thing changed, for questions that must get another answer.

    Most have their drivers toggled (planted ones removed; one planted where there was none), the others wear another
    device. Levels and ids stay.
    """
    twins = people.copy()
    toggled = rng.random(len(people)) < TOGGLED_DRIVERS_CHANCE
    planted = np.where(people["main_driver"] == "none", rng.choice(DRIVERS, len(people)), "none")
    twins["main_driver"] = np.where(toggled, planted, people["main_driver"])
    twins["second_driver"] = np.where(toggled, "none", people["second_driver"])
    other = {"watch": "band", "watch without oxygen": "watch", "band": "watch"}
    twins["device"] = np.where(toggled, people["device"], people["device"].map(other))
    return twins
