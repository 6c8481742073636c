"""What a consumer device makes of a true hypnogram: wake overlooked, stages mixed up, short bouts merged.

Profiles and sources: ``data/devices/devices.yaml``.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sleepcot_utils.simulate.compiled import compiled
from sleepcot_utils.simulate.constants import devices
from sleepcot_utils.simulate.randomness import DEVICE, uniform
from sleepcot_utils.simulate.stages import DEVICE_DEEP, DEVICE_LIGHT, DEVICE_REM, N3, UNKNOWN, WAKE

#: A device judges stretches, not epochs: its mistakes about a stage last this many epochs at most (choice).
LONGEST_JUDGED_STRETCH = 24
#: Minutes of a device night that ``see_night`` writes, in epochs.
SEEN = ("start", "end", "latency", "wake", "light", "deep", "rem", "awakenings")
#: Numbers of a profile that ``see_night`` needs: wake bout, false wake, latency known, shortest bout, 4 x 3 stages.
PROFILE_NUMBERS = 16
#: False wake comes in bouts of one to three epochs.
MEAN_FALSE_WAKE_EPOCHS = 2.0
#: Sleep is called wake so much more rarely in N3 (Robbins et al. 2024, table 2: 0.1 to 1.5 % against 4 to 8 %).
FALSE_WAKE_IN_DEEP = 0.1


@cache
def profile_numbers(name: str) -> np.ndarray:
    """Numbers of a profile in the order in which ``see_night`` reads them; shape (16,)."""
    profile = devices()[name]
    rows = [profile["stages"][stage] for stage in ("n1", "n2", "n3", "rem")]
    numbers = [
        profile["wake_bout_epochs"],
        profile["false_wake"],
        float(profile["latency"]),
        profile["shortest_bout_epochs"],
    ]
    return np.array([*numbers, *(share for row in rows for share in row)], dtype=float)


@compiled(nogil=True)
def see_night(
    key: int,
    stages: np.ndarray,
    length: int,
    latency: int,
    wake_seen_log: float,
    restless: float,
    cut_start: int,
    cut_end: int,
    profile: np.ndarray,
    seen: np.ndarray,
    out: np.ndarray,
) -> None:
    """Write what a device sees of one night.

    Parameters
    ----------
    key : uint64
        Key of the night's draws.
    stages : numpy.ndarray
        int8 true hypnogram of `length` epochs; the first `latency` of them come before sleep.
    wake_seen_log : float
        How much more easily wake is noticed, such as by getting up; a factor e^x on the bout length.
    restless : float
        Factor on the share of sleep that is called wake.
    cut_start, cut_end : int
        Epochs that the recording lacks at its start and end.
    profile : numpy.ndarray
        As ``profile_numbers`` gives it.
    seen : numpy.ndarray
        Written: what ``SEEN`` names, in epochs; awakenings are a count.
    out : numpy.ndarray
        int8, written: the device's hypnogram (wake, light as N2, deep as N3, REM); -1 where it did not record.
    """
    wake_bout, false_wake = profile[0], min(profile[1] * restless, 0.5)
    knows_latency, shortest = profile[2] > 0, int(profile[3])
    draw = 0
    start = cut_start
    if not knows_latency:
        # The recording begins when the wrist lies still: somewhere between lights-out and sleep.
        start += int(latency * (0.2 + 0.6 * uniform(key, DEVICE, 1_000_000)))
    end = max(length - cut_end, start + 1)
    for i in range(length):
        out[i] = UNKNOWN
    at, last = start, DEVICE_LIGHT
    while at < end:
        stage = stages[at]
        stop = at + 1
        limit = min(end, at + (length if stage == WAKE else LONGEST_JUDGED_STRETCH))
        while stop < limit and stages[stop] == stage:
            stop += 1
        u, w = uniform(key, DEVICE, 3 * draw), uniform(key, DEVICE, 3 * draw + 1)
        if stage == WAKE:
            noticed = wake_bout <= 0 or u < 1 - np.exp(-(stop - at) * np.exp(wake_seen_log) / wake_bout)
            label = WAKE if noticed else last
        elif profile[3] <= 1 and false_wake <= 0:
            label = stage if stage != 1 else DEVICE_LIGHT
        else:
            row = 4 + 3 * (stage - 1)
            label = (
                DEVICE_LIGHT if u < profile[row] else DEVICE_DEEP if u < profile[row] + profile[row + 1] else DEVICE_REM
            )
        for i in range(at, stop):
            out[i] = label
        rate = false_wake * (FALSE_WAKE_IN_DEEP if stage == N3 else 1.0) * (stop - at) / MEAN_FALSE_WAKE_EPOCHS
        if stage != WAKE and w < rate:
            bout = 1 + int(3 * uniform(key, DEVICE, 3 * draw + 2))
            first = at + int((stop - at) * w / rate)
            for i in range(first, min(first + bout, stop)):
                out[i] = WAKE
        if label != WAKE:
            last = label
        at = stop
        draw += 1
    if shortest > 1:
        _merge_short(out, start, end, shortest)
    _count(out, start, end, seen)


@compiled(nogil=True)
def _merge_short(out: np.ndarray, start: int, end: int, shortest: int) -> None:
    """Give stage bouts that are too short to the sleep before them; wake is shown however short."""
    at, last = start, UNKNOWN
    while at < end:
        stop = at + 1
        while stop < end and out[stop] == out[at]:
            stop += 1
        if out[at] != WAKE:
            if stop - at < shortest and last != UNKNOWN:
                for i in range(at, stop):
                    out[i] = last
            else:
                last = out[at]
        at = stop


@compiled(nogil=True)
def _count(out: np.ndarray, start: int, end: int, seen: np.ndarray) -> None:
    first = start
    while first < end and out[first] == WAKE:
        first += 1
    for j in range(8):
        seen[j] = 0.0
    seen[0], seen[1], seen[2] = start, end, first - start
    before = UNKNOWN
    for i in range(first, end):
        stage = out[i]
        if stage == WAKE:
            seen[3] += 1
            if before != WAKE:
                seen[7] += 1
        elif stage == DEVICE_DEEP:
            seen[5] += 1
        elif stage == DEVICE_REM:
            seen[6] += 1
        else:
            seen[4] += 1
        before = stage
