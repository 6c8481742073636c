"""Simulated nights in three steps: the evening's habits, the true night, and what the device makes of it.

This form simulates night totals, not epochs. All draws are made for everyone in a fixed order, so that the same seed
with other planted drivers gives the same nights but for the drivers (common random numbers).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils import nights as nightly
from sleepcot_utils.simulate.constants import constants

FIRST_NIGHT = pd.Timestamp("2026-01-05")  # a Monday; a fixed date keeps runs identical
WORK_DAY_RISE_MIN = 6 * 60 + 45  # rise on work days, minutes after midnight; a choice
ADULT_DEEP_MIN_SHARE = 0.05


@dataclass
class _Draws:
    """Standard draws, all of shape (persons, nights) unless said otherwise."""

    duration: np.ndarray
    bedtime: np.ndarray
    latency: np.ndarray
    wake: np.ndarray
    deep: np.ndarray
    rem: np.ndarray
    heart: np.ndarray
    rmssd: np.ndarray
    breaths: np.ndarray
    oxygen: np.ndarray
    steps: np.ndarray
    exercise: np.ndarray
    caffeine: np.ndarray
    alcohol: np.ndarray
    units: np.ndarray
    nap: np.ndarray
    worn: np.ndarray

    @classmethod
    def draw(cls, shape: tuple[int, int], rng: np.random.Generator) -> _Draws:
        normal = ["duration", "bedtime", "latency", "wake", "deep", "rem", "heart", "rmssd", "breaths", "oxygen"]
        values = {name: rng.standard_normal(shape) for name in [*normal, "steps", "exercise"]}
        values |= {name: rng.random(shape) for name in ("caffeine", "alcohol", "units", "nap", "worn")}
        return cls(**values)


def simulate_nights(people: pd.DataFrame, nights: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Nights of people.

    Parameters
    ----------
    people : pandas.DataFrame
        As ``simulate_people`` returns them.
    nights : int
        Consecutive nights a person; some of them are missing because the device was not worn.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    measured, truth : tuple of pandas.DataFrame
        The nightly table as the device reports it, and the true minutes of the same nights (``person_id, night_date,
        true_total_sleep_min, true_wake_after_sleep_onset_min, true_sleep_onset_latency_min``).
    """
    c, effects = constants()["nights"], constants()["effects"]
    shape = (len(people), nights)
    draw = _Draws.draw(shape, rng)
    planted = {name: _column(_has(people, name), shape) for name in effects}
    dates = FIRST_NIGHT + pd.to_timedelta(np.arange(1, nights + 1), unit="D")
    free_day = np.broadcast_to(np.isin(dates.day_of_week, (5, 6)), shape)  # the night ends on Saturday or Sunday
    ill = planted["body_strain"] & (np.arange(nights) >= nights - effects["body_strain"]["nights"])

    caffeine, units, nap = _habits(draw, planted)
    # People who were planted a habit are the ones whom it disturbs; the others feel a quarter of the effect.
    felt_caffeine = caffeine * np.where(planted["late_caffeine"], 1.0, 0.25)
    felt_alcohol = np.minimum(units / 2.5, 1.5) * np.where(planted["alcohol"], 1.0, 0.25)
    felt_nap = (nap > 30) * 1.0

    decades = _column((people["age_y"].to_numpy() - 40) / 10, shape)
    latency = (
        np.maximum(c["latency_min"]["median"] + c["latency_min"]["per_decade"] * decades, 4)
        * np.exp(_person(people, "latency_log_effect", shape) + c["latency_min"]["spread_log"] * draw.latency * 0.8)
        + effects["late_caffeine"]["latency_min"] * felt_caffeine
        + effects["naps"]["latency_min"] * felt_nap
        + effects["wakeful_in_bed"]["latency_min"] * planted["wakeful_in_bed"]
    )
    wake = (
        np.maximum(c["wake_after_onset_min"]["median"] + c["wake_after_onset_min"]["per_decade"] * decades, 12)
        * np.exp(_person(people, "wake_log_effect", shape) + c["wake_after_onset_min"]["spread_log"] * draw.wake * 0.8)
        + effects["late_caffeine"]["wake_after_onset_min"] * felt_caffeine
        + effects["alcohol"]["wake_after_onset_min"] * felt_alcohol
        + effects["wakeful_in_bed"]["wake_after_onset_min"] * planted["wakeful_in_bed"]
        + effects["breathing"]["wake_after_onset_min"] * planted["breathing"]
    )
    sleep = (
        _person(people, "usual_sleep_min", shape)
        + _person(people, "sleep_drift_min", shape) * (np.arange(nights) - (nights - 1) / 2)
        + c["duration_within_sd_min"]["value"] * _carried(draw.duration, c["carry_over"]["value"])
        + effects["late_caffeine"]["total_sleep_min"] * felt_caffeine
        + effects["naps"]["total_sleep_min"] * felt_nap
        + effects["irregular_bedtime"]["total_sleep_min"] * planted["irregular_bedtime"]
        + effects["weekend_shift"]["work_day_sleep_min"] * (planted["weekend_shift"] & ~free_day)
        + effects["short_time_in_bed"]["time_in_bed_min"] * planted["short_time_in_bed"]
        + effects["body_strain"]["total_sleep_min"] * ill
    )
    sleep = np.clip(sleep, 150, 720)
    latency, wake = np.clip(latency, 1, 150), np.clip(wake, 3, 240)
    bed_min = np.round(sleep + latency + wake)

    # The device sees only part of the wake; what it misses it counts as sleep.
    seen = _person(people, "wake_seen_share", shape)
    seen_latency, seen_wake = np.round(latency * np.sqrt(seen)), np.round(wake * seen)
    asleep = bed_min - seen_latency - seen_wake
    rise = _rise_times(people, bed_min, free_day, draw, planted, effects)
    deep_share = np.clip(
        c["deep_share"]["at_30"] + c["deep_share"]["per_decade"] * (decades + 1) + 0.03 * draw.deep
        + effects["alcohol"]["deep_share"] * felt_alcohol, ADULT_DEEP_MIN_SHARE, 0.4,
    )  # fmt: skip
    rem_share = np.clip(
        c["rem_share"]["value"] + 0.03 * draw.rem + effects["alcohol"]["rem_share"] * felt_alcohol, 0.05, 0.4
    )
    deep, rem = np.round(asleep * deep_share), np.round(asleep * rem_share)
    vitals = _vitals(people, draw, planted, effects, c, felt_alcohol, ill, shape)

    flat = {
        "person_id": np.repeat(people["person_id"].to_numpy(), nights),
        "night_date": np.tile(dates.to_numpy(), len(people)),
        "device": np.repeat(people["device"].to_numpy(), nights),
    }
    start = flat["night_date"] + _minutes(rise - bed_min)
    measured = pd.DataFrame(
        flat
        | {"sleep_kind": "main", "quality": "ok", "utc_offset_min": 0.0}
        | {"start_local": start, "end_local": start + _minutes(bed_min)}
        | {
            name: np.asarray(value, dtype=float).ravel()
            for name, value in {
                "time_in_bed_min": bed_min,
                "total_sleep_min": asleep,
                "sleep_onset_latency_min": seen_latency,
                "wake_after_sleep_onset_min": seen_wake,
                "awakenings": np.round(seen_wake / 14),
                "deep_min": deep,
                "rem_min": rem,
                "light_min": asleep - deep - rem,
                "sleep_efficiency_pct": 100 * asleep / bed_min,
                "steps": np.clip(np.round(_person(people, "steps", shape) * np.exp(0.3 * draw.steps)), 100, 60_000),
                "exercise_min": np.clip(np.round(22 * np.exp(0.9 * draw.exercise)), 0, 240),
                "caffeine_after_14h": caffeine,
                "alcohol_units": units,
                "nap_min": nap,
                **vitals,
            }.items()
        }
    )
    truth = pd.DataFrame(
        {
            "person_id": flat["person_id"],
            "night_date": flat["night_date"],
            "true_total_sleep_min": np.round(sleep).ravel(),
            "true_wake_after_sleep_onset_min": np.round(wake).ravel(),
            "true_sleep_onset_latency_min": np.round(latency).ravel(),
        }
    )
    worn = (draw.worn >= c["missing_night_chance"]["value"]).ravel()
    measured = _what_the_device_gives(measured, people, nights)
    return nightly.validate(nightly.conform(measured[worn])), truth[worn].reset_index(drop=True)


def _has(people: pd.DataFrame, driver: str) -> np.ndarray:
    return ((people["main_driver"] == driver) | (people["second_driver"] == driver)).to_numpy()


def _column(values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.broadcast_to(np.asarray(values)[:, None], shape)


def _person(people: pd.DataFrame, name: str, shape: tuple[int, int]) -> np.ndarray:
    return _column(people[name].to_numpy(dtype=float), shape)


def _minutes(values: np.ndarray) -> np.ndarray:
    return values.astype("int64").ravel().astype("timedelta64[m]")


def _carried(noise: np.ndarray, carry_over: float) -> np.ndarray:
    """First-order autoregressive series with unit variance along the nights."""
    series = noise.copy()
    for night in range(1, noise.shape[1]):
        series[:, night] = carry_over * series[:, night - 1] + np.sqrt(1 - carry_over**2) * noise[:, night]
    return series


def _habits(draw: _Draws, planted: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Late caffeine (0/1), standard drinks, and minutes napped of each evening."""
    c, effects = constants()["people"], constants()["effects"]

    def chance(name: str, driver: str) -> np.ndarray:
        return np.where(planted[driver], c[name]["driver"], c[name]["usual"])

    caffeine = (draw.caffeine < chance("chance_late_caffeine", "late_caffeine")).astype(float)
    units = np.where(draw.alcohol < chance("chance_alcohol", "alcohol"), 1 + np.floor(draw.units * 4), 0.0)
    nap = np.where(planted["naps"], effects["naps"]["nap_min"] * (0.4 + 1.2 * draw.nap), 0.0)
    nap = nap + np.where(~planted["naps"] & (draw.nap > 0.88), 20.0, 0.0)
    return caffeine, units, np.round(nap)


def _rise_times(
    people: pd.DataFrame,
    bed_min: np.ndarray,
    free_day: np.ndarray,
    draw: _Draws,
    planted: dict[str, np.ndarray],
    effects: dict[str, Any],
) -> np.ndarray:
    """Minutes after midnight of the final rise: the clock's on work days, the chronotype's on free days."""
    shape = bed_min.shape
    c = constants()["nights"]
    spread = np.where(
        planted["irregular_bedtime"],
        effects["irregular_bedtime"]["bedtime_sd_min"],
        c["bedtime_within_sd_min"]["value"],
    )
    jitter = spread * draw.bedtime
    free_rise = _person(people, "chronotype_msf_h", shape) * 60 + bed_min / 2
    # Between the clock and the body: most people rise on free days nearer to the alarm than their chronotype would.
    shift = np.clip(0.35 * (free_rise - WORK_DAY_RISE_MIN), -20, 45)
    shift = shift + effects["weekend_shift"]["free_day_delay_min"] * planted["weekend_shift"]
    return np.round(WORK_DAY_RISE_MIN + np.where(free_day, shift, 0) + jitter)


def _vitals(
    people: pd.DataFrame,
    draw: _Draws,
    planted: dict[str, np.ndarray],
    effects: dict[str, Any],
    c: dict[str, Any],
    felt_alcohol: np.ndarray,
    ill: np.ndarray,
    shape: tuple[int, int],
) -> dict[str, np.ndarray]:
    """Heart rate, HRV, respiration, oxygen and skin temperature of each night."""
    strain, breathing = effects["body_strain"], effects["breathing"]
    heart = (
        _person(people, "resting_heart_rate_bpm", shape)
        + c["resting_heart_rate_within_sd"]["value"] * draw.heart
        + effects["alcohol"]["heart_rate_bpm"] * felt_alcohol
        + strain["heart_rate_bpm"] * ill
        + breathing["heart_rate_bpm"] * planted["breathing"]
    )
    rmssd = _person(people, "hrv_rmssd_ms", shape) * np.exp(
        c["rmssd_within_sd_log"]["value"] * draw.rmssd
        + effects["alcohol"]["rmssd_log"] * felt_alcohol
        + strain["rmssd_log"] * ill
    )
    breaths = (
        _person(people, "respiratory_rate_brpm", shape)
        + c["respiratory_rate_within_sd"]["value"] * draw.breaths
        + strain["respiratory_rate_brpm"] * ill
    )
    lowest = (
        _person(people, "lowest_spo2_pct", shape)
        + c["lowest_spo2_within_sd"]["value"] * draw.oxygen
        + breathing["lowest_spo2_pct"] * planted["breathing"]
    )
    lowest = np.clip(np.round(lowest), 60, 98)
    return {
        "resting_heart_rate_bpm": np.clip(np.round(heart), 38, 120),
        "hrv_rmssd_ms": np.clip(np.round(rmssd, 1), 5, 250),
        "respiratory_rate_brpm": np.clip(np.round(breaths, 1), 7, 32),
        "spo2_min_pct": lowest,
        "spo2_mean_pct": np.clip(np.round((lowest + 2 * 97) / 3, 1), 70, 99),
        "skin_temperature_delta_c": np.round(0.15 * draw.heart + 0.6 * ill, 2),
    }


def _what_the_device_gives(measured: pd.DataFrame, people: pd.DataFrame, nights: int) -> pd.DataFrame:
    """Blank what this device does not measure and what this person does not log."""
    frame = measured.copy()
    frame.loc[frame["device"] != "watch", ["spo2_mean_pct", "spo2_min_pct"]] = np.nan
    only_totals = ["time_in_bed_min", "total_sleep_min", "sleep_efficiency_pct", "steps"]
    band = frame["device"] == "band"
    frame.loc[band, [name for name in nightly.NUMBERS if name not in only_totals]] = np.nan
    frame.loc[band, ["start_local", "end_local"]] = pd.NaT
    silent = band | ~np.repeat(people["logs_habits"].to_numpy(dtype=bool), nights)
    frame.loc[silent, ["caffeine_after_14h", "alcohol_units", "nap_min"]] = np.nan
    return frame
