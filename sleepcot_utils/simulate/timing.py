"""When people go to bed, fall asleep and wake: the two-process model with obligations.

Sleep pressure S rises toward 1 while awake and falls while asleep; sleep is wanted when S reaches an upper threshold
and ends by itself when S reaches a lower one, and both thresholds follow the body clock (Daan, Beersma and Borbely
1984). Each person's thresholds are set so that, left alone, the person sleeps the own need around the own mid-sleep.
An alarm cuts the night, evenings before free days end late, and the debt shows in the next nights by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from sleepcot_utils.simulate.compiled import compiled
from sleepcot_utils.simulate.constants import constants

CLOCK_STEPS = 240  # entries of the table of the circadian process: steps of 0.1 h
STEP_H = 24 / CLOCK_STEPS
LONGEST_PERIOD_H = 15.0
SHORTEST_PERIOD_H = 2.0
SHORTEST_DAY_H = 6.0  # nobody goes to bed again sooner after rising
DEFAULT_WAKE_SHARE = 0.09  # of the sleep period, when thresholds are set


@dataclass(frozen=True)
class Evenings:
    """What decides the timing of each night; arrays of shape (persons, nights), hours on the local clock.

    Attributes
    ----------
    alarm_h : numpy.ndarray
        Time of forced waking, hours after the midnight of ``night_date``; ``nan`` on free mornings.
    earliest_bed_h : numpy.ndarray
        Hours after the midnight before the evening; ``nan`` where the evening is free. Night shifts set it past 24.
    delay_h, jitter_h : numpy.ndarray
        Later (or earlier) to bed than body and plan would have it.
    wake_jitter_h, alarm_jitter_h, need_change_h, wake_shift_h : numpy.ndarray
    clock_shift_h : numpy.ndarray
        Body clock behind (positive) the local clock beyond the person's usual, such as after a flight.
    wake_share : numpy.ndarray
        Share of the sleep period spent awake.
    latency_min : numpy.ndarray
        Time to fall asleep at just enough sleep pressure.
    """

    alarm_h: np.ndarray
    earliest_bed_h: np.ndarray
    delay_h: np.ndarray
    jitter_h: np.ndarray
    wake_jitter_h: np.ndarray
    alarm_jitter_h: np.ndarray
    need_change_h: np.ndarray
    wake_shift_h: np.ndarray
    clock_shift_h: np.ndarray
    wake_share: np.ndarray
    latency_min: np.ndarray


@dataclass(frozen=True)
class Timing:
    """When each night happened; arrays of shape (persons, nights).

    ``bed_h`` counts hours from the midnight before the evening (23 is an hour before midnight), ``latency_min`` and
    ``period_min`` (first sleep to final waking) are minutes, ``pressure`` is S at sleep onset.
    """

    bed_h: np.ndarray
    latency_min: np.ndarray
    period_min: np.ndarray
    pressure: np.ndarray


@cache
def circadian_table() -> np.ndarray:
    """Circadian process of a person whose mid-sleep is at 3:00, at steps of 0.1 h from midnight."""
    c = constants()["timing"]
    hours = np.arange(CLOCK_STEPS) * STEP_H - c["circadian_phase_h"]["value"]
    waves = [
        weight * np.sin((order + 1) * 2 * np.pi * hours / 24)
        for order, weight in enumerate(c["circadian_harmonics"]["values"])
    ]
    return c["circadian_amplitude"]["value"] * np.sum(waves, axis=0)


def simulate_timing(mid_sleep_h: np.ndarray, need_h: np.ndarray, evenings: Evenings) -> Timing:
    """Timing of the nights of people.

    Parameters
    ----------
    mid_sleep_h, need_h : numpy.ndarray
        Shape (persons,): mid-sleep on free days in hours after midnight, sleep period that the person needs.
    evenings : Evenings
        Shape (persons, nights).
    """
    c = constants()["timing"]
    shape = evenings.alarm_h.shape
    result = [np.empty(shape) for _ in range(4)]
    _nights(
        mid_sleep_h, need_h, circadian_table(), c["circadian_phase_h"]["for_mid_sleep_h"],
        c["wake_time_constant_h"]["value"], c["sleep_time_constant_h"]["value"],
        c["planning"]["value"], c["latency_by_pressure"]["value"],
        evenings.alarm_h, evenings.earliest_bed_h, evenings.delay_h, evenings.jitter_h, evenings.wake_jitter_h,
        evenings.alarm_jitter_h, evenings.need_change_h, evenings.wake_shift_h, evenings.clock_shift_h,
        evenings.wake_share, evenings.latency_min, *result,
    )  # fmt: skip
    return Timing(*result)


@compiled(inline="always")
def _clock(table: np.ndarray, hour: float) -> float:
    index = int(np.floor(hour / STEP_H + 0.5)) % CLOCK_STEPS
    return table[index]


@compiled(nogil=True)
def _nights(
    mid_sleep_h, need_h, table, table_mid_h, rise_h, fall_h, planning, by_pressure,
    alarm_h, earliest_bed_h, delay_h, jitter_h, wake_jitter_h, alarm_jitter_h, need_change_h, wake_shift_h,
    clock_shift_h, wake_share, latency_min, out_bed, out_latency, out_period, out_pressure,
):  # fmt: skip
    """Fill the four outputs, person by person and night by night."""
    persons, nights = alarm_h.shape
    for p in range(persons):
        need, mid = need_h[p], mid_sleep_h[p]
        shift = mid - table_mid_h  # the body clock of this person runs so much later than the table's
        bed_free, wake_free = mid - need / 2, mid + need / 2
        # Steady state: pressure at sleep onset and at waking for nights of just the need.
        share = DEFAULT_WAKE_SHARE
        rate = (1 - share) / fall_h + share / rise_h
        floor = (share / rise_h) / rate
        asleep, awake = np.exp(-need * rate), np.exp(-(24 - need) / rise_h)
        low = (floor * (1 - asleep) + (1 - awake) * asleep) / (1 - awake * asleep)
        high = 1 - (1 - low) * awake
        upper = high - _clock(table, bed_free - shift)
        lower = low - _clock(table, wake_free - shift)
        last_wake, pressure = wake_free, low  # hours from the midnight before the evening, S at that time
        for n in range(nights):
            behind = shift + clock_shift_h[p, n]
            # Natural bedtime: the first time in the evening at which pressure reaches the upper threshold.
            natural = max(last_wake + SHORTEST_DAY_H, 17.0 + min(shift, 6.0))
            latest = natural + 14.0
            while natural < latest:
                s = 1 - (1 - pressure) * np.exp(-(natural - last_wake) / rise_h)
                if s >= upper + _clock(table, natural - behind):
                    break
                natural += STEP_H
            alarm = alarm_h[p, n]
            bed = natural
            if not np.isnan(alarm):
                bed = (1 - planning) * natural + planning * (24 + alarm - need - 0.35)
            bed += delay_h[p, n] + jitter_h[p, n]
            if not np.isnan(earliest_bed_h[p, n]):
                bed = max(bed, earliest_bed_h[p, n] + 0.4 * abs(jitter_h[p, n]))
            bed = max(bed, last_wake + SHORTEST_DAY_H)
            s_bed = 1 - (1 - pressure) * np.exp(-(bed - last_wake) / rise_h)
            ready = s_bed - (upper + _clock(table, bed - behind))
            latency = latency_min[p, n] * np.exp(-by_pressure * min(max(ready, -0.12), 0.12))
            latency = min(max(latency, 1.0), 180.0)
            onset = bed + latency / 60
            s_onset = 1 - (1 - pressure) * np.exp(-(onset - last_wake) / rise_h)
            share = min(wake_share[p, n], 0.6)
            rate = (1 - share) / fall_h + share / rise_h
            floor = (share / rise_h) / rate
            waking = onset + SHORTEST_PERIOD_H
            while waking < onset + LONGEST_PERIOD_H:
                s = floor + (s_onset - floor) * np.exp(-(waking - onset) * rate)
                if s <= lower + _clock(table, waking - behind):
                    break
                waking += STEP_H
            change = need_change_h[p, n]
            waking += wake_jitter_h[p, n] + max(change, 0.0) + wake_shift_h[p, n]
            if not np.isnan(alarm):
                waking = min(waking, 24 + alarm + alarm_jitter_h[p, n])
            waking += min(change, 0.0)  # sleep that ends early ends before the alarm; more sleep is cut by it
            waking = min(max(waking, onset + SHORTEST_PERIOD_H), onset + LONGEST_PERIOD_H)
            out_bed[p, n] = bed
            out_latency[p, n] = latency
            out_period[p, n] = (waking - onset) * 60
            out_pressure[p, n] = s_onset - high
            pressure = floor + (s_onset - floor) * np.exp(-(waking - onset) * rate)
            last_wake = waking - 24
