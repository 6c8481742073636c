"""From simulated nights to the nightly table of a device and the table of the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils import nights as nightly
from sleepcot_utils.simulate.constants import devices
from sleepcot_utils.simulate.days import Days
from sleepcot_utils.simulate.kernel import minutes
from sleepcot_utils.simulate.stages import EPOCHS_A_MINUTE, N1, N2, N3, REM, WAKE
from sleepcot_utils.simulate.timing import Timing
from sleepcot_utils.simulate.totals import Levels, TrueNights

#: What a device gives beyond time in bed and asleep, by the names of ``data/devices/devices.yaml``.
GIVES = {
    "stages": [
        "light_min", "deep_min", "rem_min", "wake_after_sleep_onset_min", "awakenings", "start_local", "end_local",
    ],
    "heart": ["resting_heart_rate_bpm", "exercise_min"],
    "rmssd": ["hrv_rmssd_ms"],
    "breaths": ["respiratory_rate_brpm"],
    "oxygen": ["spo2_mean_pct"],
    "oxygen_min": ["spo2_min_pct"],
    "temperature": ["skin_temperature_delta_c"],
}  # fmt: skip
VITALS = [
    "resting_heart_rate_bpm", "hrv_rmssd_ms", "respiratory_rate_brpm", "spo2_mean_pct", "spo2_min_pct",
    "skin_temperature_delta_c",
]  # fmt: skip
HABITS = ["caffeine_after_14h", "alcohol_units", "nap_min"]
#: A single reading of oxygen wanders so much more than the mean of a night (choice).
OXYGEN_MIN_NOISE = 1.6


def truth_table(people: pd.DataFrame, days: Days, timing: Timing, true: TrueNights, vitals: np.ndarray) -> pd.DataFrame:
    """True values of every night, worn or not; columns start with ``true_`` and carry their units."""
    counts = minutes(true.counts.astype(float))
    latency = minutes(true.latency.astype(float))
    asleep = counts[..., N1] + counts[..., N2] + counts[..., N3] + counts[..., REM]
    in_bed = latency + asleep + counts[..., WAKE]
    values = {
        "true_time_in_bed_min": in_bed,
        "true_total_sleep_min": asleep,
        "true_sleep_onset_latency_min": latency,
        "true_wake_after_sleep_onset_min": counts[..., WAKE],
        "true_sleep_efficiency_pct": 100 * asleep / in_bed,
        "true_n1_min": counts[..., N1],
        "true_n2_min": counts[..., N2],
        "true_n3_min": counts[..., N3],
        "true_rem_min": counts[..., REM],
        "true_heart_rate_bpm": vitals[..., 0],
        "true_rmssd_ms": vitals[..., 2],
        "true_respiratory_rate_brpm": vitals[..., 3],
        "true_spo2_mean_pct": vitals[..., 4],
        "true_spo2_min_pct": vitals[..., 5],
        "true_desaturations_per_h": 60 * vitals[..., 6] / np.maximum(asleep, 1),
    }
    start = _start(days, timing, 0.0)
    return pd.DataFrame(
        _who(people, days)
        | {"true_start_local": start, "true_end_local": start + _timedelta(in_bed)}
        | {name: value.ravel() for name, value in values.items()}
    )


def measured_table(
    people: pd.DataFrame,
    days: Days,
    timing: Timing,
    seen: np.ndarray,
    vitals: np.ndarray,
    levels: Levels,
    z: np.ndarray,
    u: np.ndarray,
) -> tuple[pd.DataFrame, np.ndarray]:
    """The nightly table, and which nights were worn (flat boolean over persons and nights).

    Parameters
    ----------
    seen, vitals : numpy.ndarray
        As ``kernel.run_nights`` returns them.
    z, u : numpy.ndarray
        Draws of measurement noise, shape (persons, nights, 3), and of gaps, shape (persons, nights, 2).
    """
    profiles = [devices()[name] for name in people["device"]]
    knows_latency = _of(profiles, "latency").astype(bool)
    first_min = np.round(minutes(seen[..., 0]))
    latency = np.round(minutes(seen[..., 2]))
    wake, light, deep, rem = (np.round(minutes(seen[..., column])) for column in (3, 4, 5, 6))
    asleep = np.maximum(light + deep + rem, 1.0)
    in_bed = latency + wake + asleep
    awakenings = seen[..., 7]
    start = _start(days, timing, first_min)
    values = {
        "time_in_bed_min": in_bed,
        "total_sleep_min": asleep,
        "sleep_onset_latency_min": np.where(knows_latency, latency, np.nan),
        "wake_after_sleep_onset_min": wake,
        "awakenings": np.minimum(awakenings, 200),
        "light_min": asleep - deep - rem,
        "deep_min": deep,
        "rem_min": rem,
        "sleep_efficiency_pct": 100 * asleep / in_bed,
        "steps": days.steps,
        "exercise_min": np.clip(np.round(days.exercise_min * np.exp(levels.exercise_log)), 0, 600),
        "caffeine_after_14h": days.caffeine,
        "alcohol_units": days.units,
        "nap_min": days.nap_min,
        **_vitals(profiles, vitals, levels, z, u[..., 1]),
    }
    flat = _who(people, days)
    worn = _worn(profiles, u[..., 0])
    measured = pd.DataFrame(
        flat
        | {"device": np.repeat(people["device"].to_numpy(), u.shape[1]), "sleep_kind": "main", "quality": "ok"}
        | {"utc_offset_min": 0.0, "start_local": start, "end_local": start + _timedelta(in_bed)}
        | {name: np.asarray(value, dtype=float).ravel() for name, value in values.items()}
    )[worn]
    measured = _blank(measured, people, worn, u.shape[1])
    return nightly.validate(nightly.conform(measured)), worn


def _vitals(
    profiles: list[dict[str, Any]], vitals: np.ndarray, levels: Levels, z: np.ndarray, gap: np.ndarray
) -> dict[str, np.ndarray]:
    """Vital signs as shown: with noise, rounded as devices round, smoothed where the device smooths."""
    noise = {name: _of([p["noise"] for p in profiles], name) for name in profiles[0]["noise"]}
    offset = np.array([profile.get("heart_offset_bpm", 0.0) for profile in profiles])[:, None]
    heart = vitals[..., 0] + offset + noise["heart_rate_bpm"] * z[..., 0]
    smoothing = _of(profiles, "heart_smoothing")[:, 0]
    for night in range(1, heart.shape[1]):
        heart[:, night] = smoothing * heart[:, night] + (1 - smoothing) * heart[:, night - 1]
    rmssd = vitals[..., 2] * np.exp(noise["rmssd_log"] * z[..., 1])
    breaths = vitals[..., 3] + noise["respiratory_rate_brpm"] * z[..., 2]
    mean = vitals[..., 4] + noise["oxygen_pct"] * (0.6 * z[..., 1] + 0.8 * z[..., 2])
    step = np.array([profile.get("breaths_step", 0.1) for profile in profiles])[:, None]
    lowest = vitals[..., 5] + OXYGEN_MIN_NOISE * noise["oxygen_pct"] * (0.6 * z[..., 0] - 0.8 * z[..., 2])
    mean = np.clip(np.round(mean, 1), 60, 99.9)
    shown = {
        "resting_heart_rate_bpm": np.clip(np.round(heart), 30, 180),
        "hrv_rmssd_ms": np.clip(np.round(rmssd), 3, 350),
        "respiratory_rate_brpm": np.clip(np.round(np.round(breaths / step) * step, 1), 5, 45),
        "spo2_mean_pct": mean,
        "spo2_min_pct": np.minimum(np.clip(np.round(lowest), 55, 99), np.floor(mean)),
        "skin_temperature_delta_c": np.round(
            levels.skin_temperature_c + noise["skin_temperature_c"] * (0.8 * z[..., 0] + 0.6 * z[..., 1]), 2
        ),
    }
    lost = gap < _of([profile["missing"] for profile in profiles], "vitals")
    return {
        name: value if name == "resting_heart_rate_bpm" else np.where(lost, np.nan, value)
        for name, value in shown.items()
    }


def _worn(profiles: list[dict[str, Any]], u: np.ndarray) -> np.ndarray:
    """Which nights the device was worn: off and on again in bursts, a two-state Markov chain; flat."""
    off = _of([profile["missing"] for profile in profiles], "night")[:, 0]
    back = 1 / _of([profile["missing"] for profile in profiles], "burst_nights")[:, 0]
    forgets = np.where(off < 1, back * off / (1 - off), 1.0)
    worn = np.empty(u.shape, dtype=bool)
    state = u[:, 0] >= off
    worn[:, 0] = state
    for night in range(1, u.shape[1]):
        state = np.where(state, u[:, night] >= forgets, u[:, night] < back)
        worn[:, night] = state
    return worn.ravel()


def _blank(measured: pd.DataFrame, people: pd.DataFrame, worn: np.ndarray, nights: int) -> pd.DataFrame:
    """Blank what this device does not measure and what this person does not log."""
    frame = measured.copy()
    device = frame["device"].to_numpy()
    for group, columns in GIVES.items():
        lacks = np.isin(device, [name for name, profile in devices().items() if group not in profile["gives"]])
        if lacks.any():
            for name in columns:
                frame.loc[lacks, name] = pd.NaT if name.endswith("_local") else np.nan
    without_stages = np.isin(device, [name for name, p in devices().items() if "stages" not in p["gives"]])
    silent = without_stages | ~np.repeat(people["logs_habits"].to_numpy(dtype=bool), nights)[worn]
    frame.loc[silent, HABITS] = np.nan
    return frame


def _who(people: pd.DataFrame, days: Days) -> dict[str, np.ndarray]:
    return {
        "person_id": np.repeat(people["person_id"].to_numpy(), len(days.dates)),
        "night_date": np.tile(days.dates, len(people)),
    }


def _start(days: Days, timing: Timing, later_min: np.ndarray | float) -> np.ndarray:
    midnight_before = days.dates[None, :] - np.timedelta64(1, "D")
    return (midnight_before + _timedelta(timing.bed_h * 60 + later_min).reshape(timing.bed_h.shape)).ravel()


def _timedelta(value_min: np.ndarray) -> np.ndarray:
    """Minutes as time differences, rounded to the half minute of an epoch; flat."""
    half_minutes = np.round(np.asarray(value_min, dtype=float) * EPOCHS_A_MINUTE).astype("int64").ravel()
    return (half_minutes * (60_000 // EPOCHS_A_MINUTE)).astype("timedelta64[ms]")


def _of(entries: list[dict[str, Any]], name: str) -> np.ndarray:
    return np.array([entry[name] for entry in entries], dtype=float)[:, None]
