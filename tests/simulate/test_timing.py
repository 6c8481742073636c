"""Timing from the two-process model: own rhythm when left alone, cut by alarms, made up for on free days."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sleepcot_utils.simulate.constants import constants
from sleepcot_utils.simulate.timing import (
    DEFAULT_WAKE_SHARE,
    LONGEST_PERIOD_H,
    SHORTEST_PERIOD_H,
    STEP_H,
    Evenings,
    Timing,
    circadian_table,
    simulate_timing,
)

LATENCY_MIN = 10.0
WORK_WEEK = np.array([7.0] * 5 + [np.nan] * 2)


def evenings(persons: int, nights: int, **changes: Any) -> Evenings:
    """Free evenings without any noise or effect, but for what is given."""
    zero = np.zeros((persons, nights))
    values: dict[str, Any] = dict.fromkeys(Evenings.__dataclass_fields__, zero)
    values |= {"alarm_h": zero + np.nan, "earliest_bed_h": zero + np.nan}
    values |= {"wake_share": zero + DEFAULT_WAKE_SHARE, "latency_min": zero + LATENCY_MIN}
    return Evenings(**(values | {name: zero + value for name, value in changes.items()}))


def lived(mid_h: Any, need_h: Any, plan: Evenings) -> Timing:
    persons = plan.alarm_h.shape[0]
    return simulate_timing(np.full(persons, 0.0) + mid_h, np.full(persons, 0.0) + need_h, plan)


def mid_sleep_h(timing: Timing) -> np.ndarray:
    """Hours after midnight."""
    return timing.bed_h + timing.latency_min / 60 + timing.period_min / 120 - 24


def woke_h(timing: Timing) -> np.ndarray:
    return timing.bed_h + (timing.latency_min + timing.period_min) / 60 - 24


def test_left_alone_a_person_sleeps_the_own_need_around_the_own_mid_sleep() -> None:
    mid, need = (grid.ravel() for grid in np.meshgrid([1.5, 3.0, 4.0, 5.5], [6.0, 7.0, 8.0, 9.0]))
    timing = lived(mid, need, evenings(16, 28))
    # The search for thresholds has steps of six minutes at either end of the night.
    assert np.abs(timing.period_min / 60 - need[:, None]).max() < 4 * STEP_H
    assert np.abs(timing.period_min.mean(axis=1) / 60 - need).max() < 0.2
    # Falling asleep takes its ten minutes beyond the bedtime that the body asks for.
    assert np.abs(mid_sleep_h(timing).mean(axis=1) - mid).max() < 0.4
    assert np.ptp(timing.bed_h[:, 7:], axis=1).max() < 3 * STEP_H


def test_alarms_cut_nights_and_free_days_make_up_for_them() -> None:
    late = lived(5.0, 8.0, evenings(1, 28, alarm_h=np.tile(WORK_WEEK, 4)[None, :]))
    week = late.period_min.reshape(4, 7)[1:] / 60
    work, free = week[:, :5], week[:, 5:]
    assert np.all(woke_h(late)[0].reshape(4, 7)[:, :5] <= 7 + 1e-9)
    assert work.max() < 7.9 and work[:, 0].max() < 7.5, "too little, and least after the late Sunday"
    assert free[:, 0].min() > 8.2, "the first free night is longer than the need"
    assert np.all(free[:, 1] < free[:, 0]), "part of the debt is paid in the first one"
    assert mid_sleep_h(late)[0].reshape(4, 7)[:, 5].mean() > mid_sleep_h(late)[0].reshape(4, 7)[:, 4].mean() + 1
    early = lived(2.5, 7.0, evenings(1, 28, alarm_h=np.tile(WORK_WEEK, 4)[None, :]))
    assert np.ptp(early.period_min[0, 7:]) < 30, "who wakes before the alarm has nothing to make up for"


def test_a_later_chronotype_goes_to_bed_later_and_has_more_social_jetlag() -> None:
    mid = np.linspace(3, 6, 7)
    timing = lived(mid, 7.5, evenings(7, 28, alarm_h=np.tile(WORK_WEEK, 4)))
    free = np.isnan(np.tile(WORK_WEEK, 4))
    for nights in (free, ~free):
        assert np.all(np.diff(timing.bed_h[:, nights].mean(axis=1)) > 0)
    jetlag = mid_sleep_h(timing)[:, free].mean(axis=1) - mid_sleep_h(timing)[:, ~free].mean(axis=1)
    assert np.all(np.diff(jetlag) > 0) and jetlag[0] < 0.75 and jetlag[-1] > 1.25
    assert timing.period_min[-1, ~free].mean() < timing.period_min[0, ~free].mean()


def test_a_flight_east_shifts_the_night_and_the_shift_fades() -> None:
    lag = np.concatenate([np.zeros(14), np.maximum(6 - np.arange(14), 0)])[None, :]
    home, away = lived(4.0, 7.5, evenings(1, 28)), lived(4.0, 7.5, evenings(1, 28, clock_shift_h=lag))
    np.testing.assert_array_equal(home.bed_h[0, :14], away.bed_h[0, :14])
    later = (away.bed_h - home.bed_h)[0, 14:]
    assert later[0] > 1.5 and later[:3].max() > 3
    assert np.abs(later[9:]).max() < 0.5, "six days on, the body clock has caught up"


@pytest.mark.parametrize(
    ("change", "bed", "woke"),
    [
        ({"delay_h": 1.0}, 1, None),
        ({"need_change_h": -1.0}, -1, -1),
        ({"wake_shift_h": 1.0}, 1, 1),
        ({"clock_shift_h": 1.5}, 1, 1),
    ],
)
def test_effects_move_bed_and_waking_the_way_they_say(change: dict[str, float], bed: int, woke: int | None) -> None:
    plain, moved = lived(4.0, 7.5, evenings(1, 21)), lived(4.0, 7.5, evenings(1, 21, **change))
    assert np.sign((moved.bed_h - plain.bed_h)[0, 5:].mean()) == bed
    if woke is not None:
        assert np.sign((woke_h(moved) - woke_h(plain))[0, 5:].mean()) == woke


def test_nobody_goes_to_bed_before_duty_ends_and_days_have_a_least_length() -> None:
    plan = evenings(1, 14, earliest_bed_h=np.array([np.nan, 32.4] * 7)[None, :])
    timing = lived(4.0, 7.5, plan)
    assert timing.bed_h[0, 1::2].min() >= 32.4
    awake = timing.bed_h[0, 1:] - woke_h(timing)[0, :-1]
    assert awake.min() >= 6 - 1e-9


def test_latency_falls_with_sleep_pressure() -> None:
    plan = evenings(3, 14)
    early, usual, late = (
        lived(4.0, 7.5, replace(plan, delay_h=plan.delay_h + hours)).latency_min[0, 0] for hours in (-1.5, 0.0, 1.5)
    )
    assert early > usual * 1.3 and late < usual / 1.1
    assert usual == pytest.approx(LATENCY_MIN, rel=0.1)


@pytest.mark.parametrize("seed", range(5))
def test_nights_stay_within_their_limits_whatever_comes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (20, 28)
    wild = evenings(
        *shape,
        alarm_h=np.where(rng.random(shape) < 0.5, rng.uniform(0, 12, shape), np.nan),
        earliest_bed_h=np.where(rng.random(shape) < 0.2, rng.uniform(20, 34, shape), np.nan),
        wake_share=rng.uniform(0, 1, shape),
        latency_min=rng.uniform(0, 400, shape),
        **{name: rng.normal(0, 3, shape) for name in ("delay_h", "jitter_h", "wake_jitter_h", "clock_shift_h")},
    )
    timing = lived(rng.uniform(0, 9, 20), rng.uniform(3.5, 12, 20), wild)
    assert all(np.isfinite(values).all() for values in (timing.bed_h, timing.period_min, timing.pressure))
    assert timing.period_min.min() >= 60 * SHORTEST_PERIOD_H - 1e-6
    assert timing.period_min.max() <= 60 * LONGEST_PERIOD_H + 1e-6
    assert timing.latency_min.min() >= 1 and timing.latency_min.max() <= 180
    assert (timing.bed_h[:, 1:] >= woke_h(timing)[:, :-1]).all(), "nobody is in bed twice at once"


def test_the_clock_is_a_skewed_wave_of_one_day() -> None:
    table = circadian_table()
    assert len(table) == 240 and table.mean() == pytest.approx(0, abs=1e-12)
    assert 0.1 < table.max() < 0.13 and table.max() == pytest.approx(-table.min(), abs=0.01)
    # Lowest in the early morning, highest in the early evening, for mid-sleep at 3:00.
    assert 1 < table.argmin() * STEP_H < 7 and 12 < table.argmax() * STEP_H < 20


class SlowModel:
    """The two-process model by steps of one minute, straight from its differential equations."""

    def __init__(self, mid_h: float, need_h: float) -> None:
        c = constants()["timing"]
        self.rise, self.fall = c["wake_time_constant_h"]["value"], c["sleep_time_constant_h"]["value"]
        self.amplitude, self.weights = c["circadian_amplitude"]["value"], c["circadian_harmonics"]["values"]
        self.late = mid_h - c["circadian_phase_h"]["for_mid_sleep_h"]
        self.phase = c["circadian_phase_h"]["value"]
        self.by_pressure = c["latency_by_pressure"]["value"]
        self.planning, self.need = c["planning"]["value"], need_h
        self.bed_free, self.wake_free = mid_h - need_h / 2, mid_h + need_h / 2
        pressure = 0.3
        for _ in range(60):  # days of exactly the need, until they repeat
            high = 1 - (1 - pressure) * math.exp(-(24 - need_h) / self.rise)
            pressure = self.asleep(high, need_h * 60, DEFAULT_WAKE_SHARE)
        self.upper = high - self.clock(self.bed_free, 0)
        self.lower = pressure - self.clock(self.wake_free, 0)
        self.pressure, self.woke = pressure, self.wake_free

    def clock(self, hour: float, behind: float) -> float:
        t = hour - self.late - behind - self.phase
        return self.amplitude * sum(
            weight * math.sin(2 * math.pi * (k + 1) * t / 24) for k, weight in enumerate(self.weights)
        )

    def asleep(self, pressure: float, minutes: float, wake_share: float) -> float:
        for _ in range(round(minutes)):
            pressure += (wake_share * (1 - pressure) / self.rise - (1 - wake_share) * pressure / self.fall) / 60
        return pressure

    def awake_until(self, hour: float) -> float:
        return 1 - (1 - self.pressure) * math.exp(-(hour - self.woke) / self.rise)

    def night(self, alarm: float, delay: float, wake_share: float, behind: float, wake_shift: float) -> tuple:
        bed = max(self.woke + 6, 17 + min(self.late, 6))
        while self.awake_until(bed) < self.upper + self.clock(bed, behind):
            bed += 1 / 60
        if not math.isnan(alarm):
            bed = (1 - self.planning) * bed + self.planning * (24 + alarm - self.need - 0.35)
        bed += delay
        ready = self.awake_until(bed) - self.upper - self.clock(bed, behind)
        onset = bed + LATENCY_MIN / 60 * math.exp(-self.by_pressure * min(max(ready, -0.12), 0.12))
        pressure, now = self.awake_until(onset), onset
        while now < onset + 2 or pressure > self.lower + self.clock(now, behind):
            pressure = self.asleep(pressure, 1, wake_share)
            now += 1 / 60
        rises = now + wake_shift if math.isnan(alarm) else min(now + wake_shift, 24 + alarm)
        self.pressure = self.asleep(self.awake_until(onset), 60 * (rises - onset), wake_share)
        self.woke = rises - 24
        return bed, 60 * (rises - onset)


@pytest.mark.parametrize(("mid", "need"), [(2.5, 7.0), (4.0, 7.8), (5.5, 8.5)])
def test_values_are_those_of_a_slow_model_in_plain_python(mid: float, need: float) -> None:
    rng = np.random.default_rng(round(10 * mid))
    nights = 21
    plan = {
        "alarm_h": np.tile(WORK_WEEK, 3),
        "delay_h": rng.normal(0, 0.7, nights),
        "wake_share": rng.uniform(0.03, 0.2, nights),
        "clock_shift_h": np.concatenate([np.zeros(10), np.linspace(5, 0, nights - 10)]),
        "wake_shift_h": rng.normal(0, 0.5, nights),
    }
    fast = lived(mid, need, evenings(1, nights, **{name: value[None, :] for name, value in plan.items()}))
    slow = SlowModel(mid, need)
    expected = np.array([slow.night(*(plan[name][night] for name in plan)) for night in range(nights)])
    difference = np.abs(np.array([fast.bed_h[0] * 60 - expected[:, 0] * 60, fast.period_min[0] - expected[:, 1]]))
    # The compiled model looks for thresholds in steps of six minutes.
    assert difference.max() < 12 and difference.mean() < 4
