"""Simulated people: who they are, their lasting traits, and the scenarios planted in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.simulate.constants import (
    CONTROLS,
    DEVICES,
    NONE,
    REFERENCE_DEVICE,
    SCENARIOS,
    SCHEDULES,
    SEXES,
    constants,
    devices,
    require_known,
)
from sleepcot_utils.simulate.randomness import person_generator

#: Chances of logging habits or giving age and sex: chosen so that reports with gaps are common enough to be learned.
LOGS_HABITS_CHANCE = 0.85
GIVES_AGE_CHANCE = 0.85
NO_SCENARIO_CHANCE = 0.2
SECOND_SCENARIO_CHANCE = 0.4
CONTROL_WEIGHT = 0.3  # controls are rarer than scenarios; a choice
TOGGLED_SCENARIOS_CHANCE = 0.7  # of twins; a choice: scenarios change more answers than devices do
MOST_FERTILE_AGE_Y = 50

#: Impossible values are refused; inside these limits anything goes.
LIMITS = {
    "age_y": (18, 100),
    "bmi": (12, 80),
    "sleep_period_need_h": (3.5, 12),
    "heart_rate_bpm": (30, 110),
    "rmssd_ms": (3, 300),
    "respiratory_rate_brpm": (7, 30),
    "oxygen_pct": (75, 100),
}
#: Never planted in a twin: they would need another schedule or another body.
NOT_IN_TWINS = ("shift_work", "menstrual_cycle")


def simulate_people(
    persons: int, seed: int, *, prefix: str = "p", scenarios: tuple[str, ...] | None = None
) -> pd.DataFrame:
    """Draw people. Each depends on the seed and the own ``person_id`` alone.

    Parameters
    ----------
    persons : int
        How many; at least 1.
    seed : int
        Seed of the simulation, 0 or more.
    prefix : str
        Start of ``person_id``; different prefixes keep populations apart.
    scenarios : tuple of str, optional
        Scenarios that may be planted; all if not given, none if empty.

    Returns
    -------
    pandas.DataFrame
        One row a person: ``person_id, age_y, sex, bmi, schedule, fitness_z, chronotype_msf_h`` (mid-sleep on free
        days, hours after midnight), ``device, logs_habits, gives_age, main_scenario, second_scenario`` ("none" where
        nothing is planted), and lasting traits with units in their names (logarithms and logits have none).

    Raises
    ------
    InputError
        On a count below 1, a negative seed or an unknown scenario, with the allowed values.
    """
    require_count(persons, "persons")
    require_seed(seed)
    chosen = SCENARIOS if scenarios is None else tuple(scenarios)
    require_known(chosen, SCENARIOS, "scenario", "scenarios")
    ids = [f"{prefix}{number:05d}" for number in range(1, persons + 1)]
    normal, uniform = np.empty((persons, 24)), np.empty((persons, 24))
    for row, person_id in enumerate(ids):
        rng = person_generator(seed, person_id, "traits")
        rng.standard_normal(out=normal[row])
        rng.random(out=uniform[row])
    return _people(ids, normal.T, uniform.T, chosen)


def _people(ids: list[str], z: np.ndarray, u: np.ndarray, chosen: tuple[str, ...]) -> pd.DataFrame:
    c = constants()["people"]
    age = np.floor(c["age_y"]["low"] + u[0] * (c["age_y"]["high"] + 1 - c["age_y"]["low"]))
    decades = (age - 40) / 10
    male = u[1] >= c["female_share"]["value"]
    sex = np.where(male, "male", "female")
    main, second = _plant(u[2], u[3], u[4], u[5], chosen, male, age)
    fitness = z[0]
    bmi = c["bmi"]["mean"] + c["bmi"]["per_decade"] * decades + c["bmi"]["sd"] * z[1] - 0.8 * fitness
    bmi = np.round(np.clip(bmi, c["bmi"]["low"], c["bmi"]["high"]), 1)
    msf, rate, rmssd, breaths = (
        c[name] for name in ("free_day_mid_sleep_h", "heart_rate_bpm", "rmssd_ms", "respiratory_rate_brpm")
    )
    heart = np.where(male, rate["male"], rate["female"]) + rate["fitness_bpm"] * fitness
    heart = np.clip(heart + np.sqrt(rate["between_sd"] ** 2 - rate["fitness_bpm"] ** 2) * z[2], 40, 95)
    mean_heart = np.where(male, rate["male"], rate["female"])
    log_rmssd = (
        np.log(rmssd["at_30"])
        + rmssd["per_decade_log"] * np.minimum(age - 30, 32) / 10
        + rmssd["heart_rate_log_per_bpm"] * (heart - mean_heart)
        + rmssd["between_sd_log"] * z[3]
    )
    oxygen, dips, steps, need = (
        c[name] for name in ("oxygen_pct", "desaturations_per_h", "steps", "sleep_period_need_h")
    )
    schedule = _schedules(u[6], age, (main == "shift_work") | (second == "shift_work"))
    timing = constants()["timing"]
    alarm = {name: c["work_alarm_h"].get(name, c["work_alarm_h"]["day"]) for name in SCHEDULES}
    return pd.DataFrame(
        {
            "person_id": ids,
            "age_y": age,
            "sex": sex,
            "bmi": bmi,
            "schedule": schedule,
            "fitness_z": fitness,
            "chronotype_msf_h": msf["mean"]
            + msf["per_decade"] * decades
            + male * np.where(age < 40, msf["male_shift"], msf["male_shift_from_40"])
            + msf["between_sd"] * z[4],
            "device": _by_share(u[7], {name: devices()[name]["share"] for name in DEVICES}),
            "logs_habits": u[8] < LOGS_HABITS_CHANCE,
            "gives_age": u[9] < GIVES_AGE_CHANCE,
            "main_scenario": main,
            "second_scenario": second,
            "work_alarm_h": np.array([alarm[name] for name in schedule]) + c["work_alarm_h"]["between_sd"] * z[5],
            "sleep_period_need_h": np.clip(
                need["mean"] + need["per_decade"] * decades + need["between_sd"] * z[6], 5.5, 10.5
            ),
            "free_evening_delay_h": np.clip(
                timing["free_evening_delay_h"]["mean"] + timing["free_evening_delay_h"]["between_sd"] * z[7], 0, 2.5
            ),
            "sleep_drift_min": np.where(
                u[10] < timing["drift"]["share_of_people"], timing["drift"]["min_a_night_sd"] * z[8], 0.0
            ),
            "latency_log": c["latency_log_between_sd"]["value"] * z[9],
            "wake_log": c["wake_log_between_sd"]["value"] * z[10],
            "n1_logit": c["n1_logit_between_sd"]["value"] * z[11],
            "n3_logit": c["n3_logit_between_sd"]["value"] * z[12],
            "rem_logit": c["rem_logit_between_sd"]["value"] * z[13],
            "heart_rate_bpm": heart,
            "rmssd_ms": np.clip(np.exp(log_rmssd), 6, 220),
            "respiratory_rate_brpm": np.clip(
                breaths["mean"] + breaths["between_sd"] * z[14] + 0.05 * (bmi - 25), 9.5, 24
            ),
            "oxygen_pct": np.clip(
                oxygen["mean"]
                + oxygen["per_decade"] * np.maximum(decades, -2)
                + oxygen["per_bmi"] * (bmi - 25)
                + oxygen["between_sd"] * z[15],
                92.0,
                98.8,
            ),
            "desaturations_per_h": np.clip(
                dips["median"] + dips["per_decade"] * decades + dips["per_bmi"] * (bmi - 25), 0.3, None
            )
            * np.exp(dips["spread_log"] * z[16]),
            "steps": np.clip(
                (steps["mean"] + steps["between_sd"] * (0.92 * z[17] + 0.4 * fitness))
                * np.where(age >= 65, steps["over_65_factor"], 1.0),
                1200,
                None,
            ),
            "exercise_chance": np.clip(c["exercise_days_a_week"]["mean"] / 7 * np.exp(0.45 * fitness), 0.02, 0.95),
            "sensitivity": np.exp(c["sensitivity_log_sd"]["value"] * z[18] - c["sensitivity_log_sd"]["value"] ** 2 / 2),
            "restless_log": c["restless_log"]["between_sd"] * z[19],
            "cycle_day": np.floor(28 * u[11]),
            "trip_share": u[12],
        }
    )


def _by_share(u: np.ndarray, shares: dict[str, float]) -> np.ndarray:
    edges = np.cumsum(list(shares.values()))
    return np.array(list(shares))[np.minimum(np.searchsorted(edges / edges[-1], u, side="right"), len(shares) - 1)]


def _schedules(u: np.ndarray, age: np.ndarray, shift: np.ndarray) -> np.ndarray:
    c = constants()["people"]["schedules"]
    schedule = _by_share(u, c["working_age"]).astype(object)
    schedule[(schedule == "student") & (age > c["student_until_age_y"])] = "day"
    schedule[age >= c["retired_from_age_y"]] = "retired"
    schedule[shift] = "shift"
    return schedule.astype(str)


def _plant(
    has: np.ndarray,
    which: np.ndarray,
    has_second: np.ndarray,
    which_second: np.ndarray,
    chosen: tuple[str, ...],
    male: np.ndarray,
    age: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Main and second scenario of each person; the second differs from the main one and is never a control."""
    none = np.full(len(has), NONE, dtype=object)
    if not chosen:
        return none.astype(str), none.astype(str)
    main = _by_share(which, {name: CONTROL_WEIGHT if name in CONTROLS else 1.0 for name in chosen})
    problems = {name: 1.0 for name in chosen if name not in CONTROLS} or {NONE: 1.0}
    second = _by_share(which_second, problems)
    impossible = male | (age > MOST_FERTILE_AGE_Y)
    main = np.where((has < NO_SCENARIO_CHANCE) | (impossible & (main == "menstrual_cycle")), NONE, main)
    given = (main != NONE) & (main != second) & (has_second < SECOND_SCENARIO_CHANCE) & ~np.isin(main, CONTROLS)
    second = np.where(given & ~(impossible & (second == "menstrual_cycle")), second, NONE)
    return main.astype(str), second.astype(str)


def counterfactual_people(people: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The same people with one thing changed, for questions that must get another answer.

    Most have their scenarios toggled (planted ones removed; one planted where there was none), the others wear another
    device. Traits and ids stay.

    Parameters
    ----------
    people : pandas.DataFrame
        As ``simulate_people`` returns them.
    seed : int
        Seed of the choice; each person's depends on the own id alone.
    """
    u = np.array([person_generator(seed, name, "twin").random(4) for name in people["person_id"]]).reshape(-1, 4).T
    toggled = u[0] < TOGGLED_SCENARIOS_CHANCE
    plantable = {name: 1.0 for name in SCENARIOS if name not in (*CONTROLS, *NOT_IN_TWINS)}
    planted = np.where(people["main_scenario"] == NONE, _by_share(u[1], plantable), NONE)
    other = {name: ("fitbit_like" if name == "band" else "band") for name in (*DEVICES, REFERENCE_DEVICE)}
    twins = people.copy()
    twins["main_scenario"] = np.where(toggled, planted, people["main_scenario"])
    twins["second_scenario"] = np.where(toggled, NONE, people["second_scenario"])
    twins["device"] = np.where(toggled, people["device"], people["device"].map(other))
    was_shift = (people["main_scenario"] == "shift_work") | (people["second_scenario"] == "shift_work")
    twins.loc[was_shift & toggled, "schedule"] = "day"
    return twins


def check_people(people: pd.DataFrame) -> pd.DataFrame:
    """Refuse people who can't be, and return them.

    Raises
    ------
    InputError
        Naming row, column, value and what is allowed.
    """
    where = "people"
    if not len(people):
        raise InputError("there is nobody in this table", where=where, expected="at least one person")
    lacking = [name for name in simulate_people(1, 0).columns if name not in people]
    if lacking:
        raise InputError(f"the column {lacking[0]!r} is missing", where=where, expected="what simulate_people returns")
    for name in ("main_scenario", "second_scenario"):
        require_known(people[name], (NONE, *SCENARIOS), name, where)
    require_known(people["device"], (*DEVICES, REFERENCE_DEVICE), "device", where)
    require_known(people["schedule"], SCHEDULES, "schedule", where)
    require_known(people["sex"], SEXES, "sex", where)
    for name, (low, high) in LIMITS.items():
        values = people[name].to_numpy(dtype=float)
        bad = ~((values >= low) & (values <= high))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise InputError(
                f"{name} can't be {values[row]:g}",
                where=f"{where}, row {row + 1}, column {name}",
                expected=f"{low:g} to {high:g}",
            )
    if people["person_id"].duplicated().any():
        twice = people.loc[people["person_id"].duplicated(), "person_id"].iloc[0]
        raise InputError(f"{twice!r} stands twice", where=f"{where}, column person_id", expected="one row a person")
    return people


def require_count(value: Any, name: str, lowest: int = 1) -> None:
    """Refuse what is no whole number of at least ``lowest``."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < lowest:
        raise InputError(f"{name} can't be {value!r}", where=name, expected=f"a whole number, {lowest} or more")


def require_seed(value: Any) -> None:
    """Refuse what is no seed."""
    require_count(value, "seed", lowest=0)
