"""The six dimensions of sleep health (RU-SATED, Buysse 2014) and what else was recorded, as statements.

Regularity, satisfaction, alertness, timing, efficiency and duration come first. Stages, vital signs and habits follow:
stages are described and never judged, because no consensus holds their share to be a measure of quality.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import yaml

from sleepcot_utils.paths import reference_data
from sleepcot_utils.report.facts import LAST_NIGHTS, MIN_BASELINE_NIGHTS, MIN_NIGHTS
from sleepcot_utils.report.regularity import (
    DEBT_NIGHTS,
    MIN_DAY_PAIRS,
    MIN_FREE_DAYS,
    sleep_debt,
    social_jetlag,
    spread_of,
    trend_of,
)
from sleepcot_utils.report.reports import Report
from sleepcot_utils.report.statements import (
    CLOCK,
    COUNT,
    TYPICAL,
    Statement,
    from_fact,
    rounded,
    stage_percentile,
)
from sleepcot_utils.report.windows import BED_CLOCK_SHIFT_MIN, DAY_MIN, Window

DIMENSIONS = ("regularity", "satisfaction", "alertness", "timing", "efficiency", "duration")
OTHERS = ("stages", "vitals", "habits")
#: Highest score of an item of the RU-SATED questionnaire: 0 rarely or never, 1 sometimes, 2 usually or always.
RATING_HIGH = 2
#: Bed should be kept around these hours, in minutes after noon: 02:00 to 04:00, the timing item of the questionnaire.
CORE_HOURS_MIN = (14 * 60, 16 * 60)
#: Breaths a minute asleep of 90 % of 10,000 wearers (Natarajan et al. 2021).
BREATHING_RANGE = (11.8, 19.2)
#: Words in a device's name and the profile in ``data/devices`` that is modeled on such devices.
PROFILE_WORDS = {"fitbit": "fitbit_like", "oura": "ring_like", "garmin": "garmin_like", "apple": "watch_without_oxygen"}


def statements(report: Report, window: Window, recent: Window, index: tuple[float, int]) -> list[Statement]:
    """All statements of one person's nights but the two that only the person can give.

    Parameters
    ----------
    report : Report
        The short report; its facts are taken over as they are.
    window : Window
        The nights of the report.
    recent : Window
        Nights of two weeks or more, for the sleep debt.
    index : tuple of float and int
        Sleep regularity index and the pairs of days behind it.
    """
    return [
        *_regularity(report, window, index),
        *_timing(window),
        *_efficiency(report, window),
        *_duration(report, window, recent),
        *_stages(report, window),
        *_vitals(report, window),
        *_habits(report),
    ]


def rated(name: str, score: int | None) -> Statement:
    """What a person says of satisfaction or alertness, as an item of the RU-SATED questionnaire; else not known."""
    if score is None:
        return Statement(name, name, math.nan, unit="of 2", needed=0)
    return Statement(name, name, float(score), unit=f"of {RATING_HIGH}", needed=0)


@cache
def _profiles() -> dict[str, Any]:
    return yaml.safe_load(reference_data("devices", "devices.yaml").read_text(encoding="utf-8"))


def knows_lights_out(device: str) -> bool | None:
    """Whether a device knows when its wearer tried to sleep; None for a device that the study has no profile of."""
    name = device.casefold()
    profile = name if name in _profiles() else next((p for word, p in PROFILE_WORDS.items() if word in name), None)
    return None if profile is None else bool(_profiles()[profile]["latency"])


def _regularity(report: Report, window: Window, index: tuple[float, int]) -> Iterator[Statement]:
    value, pairs = index
    clock = window["time_in_bed_min"][~np.isnan(window.bedtime_min)]
    yield Statement(
        "regularity_index", "regularity", rounded(value), unit="of 100", nights=pairs, needed=MIN_DAY_PAIRS,
        caveats=("index_upper",),
    )  # fmt: skip
    yield from_fact(report.facts["bedtime_spread"], "regularity", needed=MIN_BASELINE_NIGHTS)
    needed = MIN_FREE_DAYS + MIN_NIGHTS
    yield from_fact(report.facts["weekend_shift"], "regularity", needed=needed, caveats=("free_days",))
    jetlag = social_jetlag(window)
    yield Statement(
        "corrected_jetlag", "regularity", rounded(jetlag.corrected_min), nights=len(clock), needed=needed,
        caveats=("free_days",),
    )  # fmt: skip


def _timing(window: Window) -> Iterator[Statement]:
    bed, length = window.bedtime_min, window["time_in_bed_min"]
    known = ~(np.isnan(bed) | np.isnan(length))
    count = int(known.sum())
    trend = trend_of(bed, window.day)
    yield Statement("mean_bedtime", "timing", _clock(bed), kind=CLOCK, unit="", nights=count, trend=trend)
    yield Statement("mean_middle", "timing", _clock(bed + length / 2), kind=CLOCK, unit="", nights=count)
    yield Statement("mean_rise", "timing", _clock(bed + length), kind=CLOCK, unit="", nights=count)
    first, last = CORE_HOURS_MIN
    inside = float(((bed[known] <= first) & (bed[known] + length[known] >= last)).sum())
    value = inside if count >= MIN_NIGHTS else math.nan
    yield Statement("core_hours", "timing", value, kind=COUNT, unit="nights", nights=count)


def _efficiency(report: Report, window: Window) -> Iterator[Statement]:
    facts, day = report.facts, window.day
    trend = trend_of(window["sleep_efficiency_pct"], day, digits=1)
    yield from_fact(facts["sleep_efficiency"], "efficiency", trend=trend, caveats=("wake_missed",))
    lights_out = knows_lights_out(report.device)
    yield from_fact(
        facts["sleep_latency"],
        "efficiency",
        caveats=() if lights_out else ("lights_out",),
        absence="no_lights_out" if lights_out is False else "",
    )
    yield from_fact(facts["wake_after_onset"], "efficiency", caveats=("wake_missed",))
    yield _mean("awakenings", "efficiency", window["awakenings"], unit="a night", digits=1, caveats=("wake_missed",))


def _duration(report: Report, window: Window, recent: Window) -> Iterator[Statement]:
    facts, day = report.facts, window.day
    asleep = window["total_sleep_min"]
    sleep = facts["total_sleep"]
    # The short report states this trend too, so its direction is taken from there.
    trend = replace(trend_of(asleep, day, digits=1), direction=report.trend["direction"])
    yield from_fact(sleep, "duration", trend=trend, caveats=("wake_missed",))
    yield from_fact(facts["time_in_bed"], "duration")
    value, known, needed = spread_of(asleep, report.window_nights)
    yield Statement("sleep_spread", "duration", rounded(value), nights=known, needed=needed, caveats=("spread_of_few",))
    for span, least in DEBT_NIGHTS.items():
        debt, known = sleep_debt(recent["total_sleep_min"], recent.day, span, sleep.low or math.nan)
        yield Statement(f"sleep_debt_{span}", "duration", rounded(debt), nights=known, needed=least, caveats=("debt",))


def _stages(report: Report, window: Window) -> Iterator[Statement]:
    for name in ("deep_sleep", "rem_sleep"):
        fact = report.facts[name]
        percentile = stage_percentile(fact, report.age_y, report.sex)
        yield from_fact(fact, "stages", percentile=percentile, caveats=("stages",))
    asleep = window["total_sleep_min"]
    for name in ("light", "deep", "rem"):
        stage = window[f"{name}_min"]
        both = ~(np.isnan(stage) | np.isnan(asleep))
        total = asleep[both].sum()
        known = both.sum() >= MIN_NIGHTS and total > 0
        share = 100 * stage[both].sum() / total if known else math.nan
        yield Statement(
            f"{name}_share", "stages", rounded(share), unit="%", nights=int(both.sum()), caveats=("stages",)
        )


def _vitals(report: Report, window: Window) -> Iterator[Statement]:
    facts = report.facts
    needed = LAST_NIGHTS + MIN_BASELINE_NIGHTS
    heart = window["resting_heart_rate_bpm"]
    yield _mean("resting_heart_rate", "vitals", heart, unit="bpm", trend=trend_of(heart, window.day, digits=1))
    yield from_fact(facts["heart_rate_change"], "vitals", needed=needed, caveats=("own_baseline",))
    yield _mean("heart_rate_variability", "vitals", window["hrv_rmssd_ms"], unit="ms", caveats=("variability",))
    breaths = _mean("breathing_rate", "vitals", window["respiratory_rate_brpm"], unit="a minute", digits=1)
    low, high = BREATHING_RANGE
    yield Statement(**(breaths.__dict__ | {"low": low, "high": high, "range_kind": TYPICAL}))
    yield from_fact(facts["breathing_rate_change"], "vitals", needed=needed, caveats=("own_baseline",))
    yield _mean("mean_oxygen", "vitals", window["spo2_mean_pct"], unit="%", caveats=("oxygen",))
    yield from_fact(facts["lowest_oxygen"], "vitals", caveats=("oxygen",))


def _habits(report: Report) -> Iterator[Statement]:
    for name in ("alcohol_nights", "late_caffeine_nights", "nap_mean", "steps_mean"):
        yield from_fact(report.facts[name], "habits")


def _mean(name: str, dimension: str, values: np.ndarray, **options: Any) -> Statement:
    known = values[~np.isnan(values)]
    value = float(known.mean()) if len(known) >= MIN_NIGHTS else math.nan
    return Statement(name, dimension, rounded(value, options.get("digits", 0)), nights=len(known), **options)


def _clock(minutes: np.ndarray) -> float:
    """Mean of times in minutes after noon, as whole minutes after midnight."""
    known = minutes[~np.isnan(minutes)]
    if len(known) < MIN_NIGHTS:
        return math.nan
    return float((round(float(known.mean())) + BED_CLOCK_SHIFT_MIN) % DAY_MIN)
