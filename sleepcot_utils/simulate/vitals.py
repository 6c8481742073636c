"""Heart rate, RMSSD, respiration and oxygen along the hypnogram of a night, epoch by epoch.

Each follows the stages and wanders slowly between epochs; oxygen also dips. Constants and sources:
``data/norms/simulator.yaml``, section ``vitals``.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sleepcot_utils.simulate.compiled import compiled
from sleepcot_utils.simulate.constants import constants
from sleepcot_utils.simulate.randomness import BREATHS, DIPS, HEART, OXYGEN, RMSSD, bell, uniform
from sleepcot_utils.simulate.stages import EPOCH_S, REM, WAKE
from sleepcot_utils.simulate.stages import N1 as FIRST_NREM
from sleepcot_utils.simulate.stages import N3 as LAST_NREM

#: Columns of the summary of a night that ``walk_vitals`` writes.
SUMMARY = ("heart_nrem", "heart_lowest", "rmssd", "breaths", "oxygen_mean", "oxygen_lowest", "dips")
LOWEST_OXYGEN_PCT = 60.0
#: The lowest heart rate and oxygen are those of a running mean, as devices show them: weight of a new epoch.
RUNNING_WEIGHT = 0.4


@cache
def vital_constants() -> tuple[np.ndarray, np.ndarray]:
    """Offsets by stage (4, 5) of heart, log RMSSD, breaths and dips, and thirteen scalars for ``walk_vitals``."""
    c = constants()["vitals"]
    heart, rmssd, breaths, oxygen, dips = (
        c[name] for name in ("heart_rate_bpm", "rmssd_log", "respiratory_rate_brpm", "oxygen_pct", "desaturation")
    )
    offsets = np.array([entry["by_stage"] for entry in (heart, rmssd, breaths, dips)], dtype=float)
    fade = np.exp(-EPOCH_S / 3600 / heart["start_fade_h"])
    scalars = [heart["start_excess"], fade]
    for entry in (heart, rmssd, breaths, oxygen):
        # A first-order walk: the carry, and the step that gives the stated standard deviation.
        scalars += [entry["noise_carry"], entry["noise_sd"] * np.sqrt(1 - entry["noise_carry"] ** 2)]
    scalars += [oxygen["rem_offset"], dips["least_pct"], dips["mean_extra_pct"]]
    return offsets, np.array(scalars)


@compiled(nogil=True)
def walk_vitals(
    key: int,
    stages: np.ndarray,
    length: int,
    levels: np.ndarray,
    offsets: np.ndarray,
    scalars: np.ndarray,
    summary: np.ndarray,
    keep: bool,
    traces: np.ndarray,
) -> None:
    """Walk through one night.

    Parameters
    ----------
    key : uint64
        Key of the night's draws.
    stages : numpy.ndarray
        int8 hypnogram; its first `length` epochs count.
    levels : numpy.ndarray
        The night's heart rate (bpm), log RMSSD (ms), respiration (a minute), oxygen (%), dips an hour and further
        depth of a dip (points); shape (6,).
    offsets, scalars : numpy.ndarray
        As ``vital_constants`` returns them.
    summary : numpy.ndarray
        Written: the values named in ``SUMMARY``.
    keep : bool
        Whether to write the traces.
    traces : numpy.ndarray
        float32, shape (4, epochs): heart, RMSSD, breaths, oxygen of each epoch.
    """
    excess = scalars[0]
    walk_heart, walk_rmssd, walk_breaths, walk_oxygen = 0.0, 0.0, 0.0, 0.0
    heart_sum, heart_count = 0.0, 0
    rmssd_sum, breaths_sum, oxygen_sum, asleep = 0.0, 0.0, 0.0, 0
    running_heart, running_oxygen = levels[0] + 6.0, levels[3]
    lowest_heart, lowest_oxygen = 1e9, levels[3]
    dip, dips = 0.0, 0
    rmssd_level = np.exp(levels[1])
    chance_an_epoch = levels[4] * EPOCH_S / 3600
    for i in range(length):
        stage = stages[i]
        excess *= scalars[1]
        walk_heart = scalars[2] * walk_heart + scalars[3] * bell(key, HEART, i)
        walk_rmssd = scalars[4] * walk_rmssd + scalars[5] * bell(key, RMSSD, i)
        walk_breaths = scalars[6] * walk_breaths + scalars[7] * bell(key, BREATHS, i)
        walk_oxygen = scalars[8] * walk_oxygen + scalars[9] * bell(key, OXYGEN, i)
        heart = levels[0] + offsets[0, stage] + excess + walk_heart
        # exp of a small number by its series: the error stays below 1 % for |x| < 0.6
        x = offsets[1, stage] + walk_rmssd
        rmssd = rmssd_level * (1.0 + x * (1.0 + x * (0.5 + x * (0.16666667 + x * 0.04166667))))
        breaths = levels[2] + offsets[2, stage] + walk_breaths
        oxygen = levels[3] + walk_oxygen + (scalars[10] if stage == REM else 0.0)
        dip *= 0.35
        u = uniform(key, DIPS, i)
        chance = chance_an_epoch * offsets[3, stage]
        if u < chance:
            # Given that it is below the chance, u over the chance is uniform again and gives the depth.
            dip = scalars[11] - (scalars[12] + levels[5]) * np.log(u / chance)
            dips += 1
            heart += 3.0
        oxygen = min(max(oxygen - dip, LOWEST_OXYGEN_PCT), 100.0)
        running_heart += RUNNING_WEIGHT * (heart - running_heart)
        running_oxygen += RUNNING_WEIGHT * (oxygen - running_oxygen)
        if stage != WAKE:
            asleep += 1
            rmssd_sum += rmssd
            breaths_sum += breaths
            oxygen_sum += oxygen
            lowest_heart = min(lowest_heart, running_heart)
            if FIRST_NREM <= stage <= LAST_NREM:
                heart_sum += heart
                heart_count += 1
            lowest_oxygen = min(lowest_oxygen, running_oxygen)
        if keep:
            traces[0, i], traces[1, i], traces[2, i], traces[3, i] = heart, rmssd, breaths, oxygen
    summary[0] = heart_sum / max(heart_count, 1)
    summary[1] = lowest_heart
    summary[2] = rmssd_sum / max(asleep, 1)
    summary[3] = breaths_sum / max(asleep, 1)
    summary[4] = oxygen_sum / max(asleep, 1)
    summary[5] = lowest_oxygen
    summary[6] = dips
