"""How many minutes of each stage a true night holds, and the levels of its vital signs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sleepcot_utils.simulate.constants import constants
from sleepcot_utils.simulate.days import carried
from sleepcot_utils.simulate.stages import EPOCHS_A_MINUTE, N1, N2, N3, REM, WAKE
from sleepcot_utils.simulate.timing import Timing

LEAST_N2_SHARE = 0.15
LONGEST_LATENCY_MIN = 180.0


@dataclass(frozen=True)
class Levels:
    """Arrays of shape (persons, nights).

    ``latency_min`` and ``wake_share`` are what timing starts from; the logits shift the shares of stages; the rest are
    the levels from which the vital signs of the epochs depart, with ``dips_per_h`` and ``dip_extra_pct``.
    """

    latency_min: np.ndarray
    wake_share: np.ndarray
    n1_logit: np.ndarray
    n3_logit: np.ndarray
    rem_logit: np.ndarray
    heart_rate_bpm: np.ndarray
    rmssd_log: np.ndarray
    respiratory_rate_brpm: np.ndarray
    oxygen_pct: np.ndarray
    dips_per_h: np.ndarray
    dip_extra_pct: np.ndarray
    skin_temperature_c: np.ndarray
    exercise_log: np.ndarray


@dataclass(frozen=True)
class TrueNights:
    """Epochs of each night: ``latency`` (persons, nights) and ``counts`` (persons, nights, 5) by stage code."""

    latency: np.ndarray
    counts: np.ndarray


def night_levels(people: pd.DataFrame, effects: dict[str, np.ndarray], z: np.ndarray) -> Levels:
    """Levels of each night before its timing is known; ``z`` are normal draws, shape (persons, nights, 12)."""
    c = constants()["night"]
    decades = _column(people, "age_y") / 10 - 4
    male = (people["sex"] == "male").to_numpy()[:, None]
    latency, wake = c["latency_min"], c["wake_min"]
    latency_min = (
        np.maximum(latency["median"] + latency["per_decade"] * decades, 4)
        * np.exp(_column(people, "latency_log") + latency["within_sd_log"] * z[..., 0] + effects["latency_log"])
        + effects["latency_min"]
    )
    wake_min = (
        np.maximum(wake["median"] + wake["per_decade"] * decades, wake["lowest"] * 2.5)
        * np.exp(_column(people, "wake_log") + wake["within_sd_log"] * z[..., 1])
        + effects["wake_min"]
    )
    n3 = c["n3_pct"]
    n3_pct = np.where(
        male,
        n3["male_at_40"] + n3["male_per_decade"] * decades,
        n3["female_at_40"] + n3["female_per_decade"] * decades,
    )
    rate, within = c["heart_rate_within_sd"], c["rmssd_within"]
    moved = rate["slow"] * carried(z[..., 5], rate["slow_carry"]) + rate["fast"] * z[..., 6]
    breath = c["respiratory_rate_within"]
    temperature = c["skin_temperature_within_sd"]
    rmssd_log = (
        np.log(_column(people, "rmssd_ms"))
        + within["per_heart_rate"] * moved
        + within["sd_log"] * carried(z[..., 7], within["carry_over"])
    )
    return Levels(
        latency_min=np.clip(latency_min, 1, LONGEST_LATENCY_MIN),
        wake_share=np.clip(np.maximum(wake_min, wake["lowest"]) / (60 * wake["for_period_h"]), 0.005, 0.6),
        n1_logit=_logit(c["n1_pct"]["at_40"] + c["n1_pct"]["per_decade"] * decades)
        + _column(people, "n1_logit")
        + c["n1_pct"]["within_sd_logit"] * z[..., 2]
        + effects["n1_log"],
        n3_logit=_logit(np.maximum(n3_pct, 4))
        + _column(people, "n3_logit")
        + n3["within_sd_logit"] * z[..., 3]
        + effects["n3_log"],
        rem_logit=_logit(c["rem_pct"]["at_40"] + c["rem_pct"]["per_decade"] * decades)
        + _column(people, "rem_logit")
        + c["rem_pct"]["within_sd_logit"] * z[..., 4]
        + effects["rem_log"],
        heart_rate_bpm=np.clip(_column(people, "heart_rate_bpm") + moved + effects["heart_rate_bpm"], 32, 140),
        rmssd_log=np.clip(rmssd_log + effects["rmssd_log"], np.log(4), np.log(280)),
        respiratory_rate_brpm=np.clip(
            _column(people, "respiratory_rate_brpm")
            + breath["per_heart_rate"] * moved
            + breath["sd"] * carried(z[..., 8], breath["carry_over"])
            + effects["respiratory_rate_brpm"],
            7.5, 40,
        ),
        oxygen_pct=np.clip(_column(people, "oxygen_pct") + c["oxygen_within_sd"]["value"] * z[..., 9], 85, 99.5),
        dips_per_h=np.clip(
            _column(people, "desaturations_per_h") * np.exp(effects["desaturations_log"] + 0.2 * z[..., 10]), 0, 90
        ),
        dip_extra_pct=effects["desaturation_depth_pct"],
        skin_temperature_c=temperature["value"] * carried(z[..., 11], temperature["carry_over"])
        + effects["skin_temperature_c"],
        exercise_log=effects["exercise_log"],
    )  # fmt: skip


def night_counts(people: pd.DataFrame, timing: Timing, levels: Levels) -> TrueNights:
    """Whole epochs of latency and of each stage that fill each night exactly.

    Parameters
    ----------
    timing : Timing
        When each night happened.
    levels : Levels
        Logits of the stages and the share of wake.
    """
    c = constants()["night"]
    period = np.maximum(np.round(timing.period_min * EPOCHS_A_MINUTE), 20).astype(np.int64)
    wake = np.minimum(np.round(period * levels.wake_share).astype(np.int64), period - 10)
    asleep = period - wake
    hours = asleep / EPOCHS_A_MINUTE / 60
    n1 = _share(levels.n1_logit)
    # Deep sleep follows sleep pressure and hardly the length of the night; REM sleep grows with it.
    n3 = _share(levels.n3_logit + c["n3_by_pressure"]["value"] * timing.pressure) * (6.6 / np.maximum(hours, 2)) ** 0.5
    rem = _share(levels.rem_logit + c["rem_pct"]["by_duration"] * np.log(hours / 6.6))
    crowded = np.maximum((n1 + n3 + rem) / (1 - LEAST_N2_SHARE), 1)
    counts = np.zeros((*period.shape, 5), dtype=np.int64)
    counts[..., WAKE] = wake
    for stage, share in ((N1, n1), (N3, n3), (REM, rem)):
        counts[..., stage] = np.floor(asleep * share / crowded)
    counts[..., N2] = asleep - counts[..., N1] - counts[..., N3] - counts[..., REM]
    latency = np.round(timing.latency_min * EPOCHS_A_MINUTE).astype(np.int64)
    return TrueNights(latency=np.maximum(latency, 1), counts=counts)


def _column(people: pd.DataFrame, name: str) -> np.ndarray:
    return people[name].to_numpy(dtype=float)[:, None]


def _logit(percent: np.ndarray) -> np.ndarray:
    share = np.clip(percent, 0.5, 95) / 100
    return np.log(share / (1 - share))


def _share(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logit))
