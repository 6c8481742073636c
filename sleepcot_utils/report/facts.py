"""Facts of a report, computed from a window of the nightly table.

A fact is rounded once, here; the text, the key and every judgment use the rounded value, so that what a reader can
compute from the text is what the key says.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

from sleepcot_utils import norms
from sleepcot_utils.report.windows import BED_CLOCK_SHIFT_MIN, Window

LAST_NIGHTS = 3  # "now" in a change against one's own baseline; three nights outlast a single bad one
MIN_NIGHTS = 3  # three nights give a weekly mean of time asleep with a reliability of about .60 (field: 1,041 adults)
MIN_BASELINE_NIGHTS = 4  # choice: more nights before than in the change
MIN_TREND_NIGHTS = 7  # choice; the interval then says whether anything shows
FREE_DAYS = (5, 6)  # nights that end on Saturday or Sunday


@dataclass(frozen=True)
class Fact:
    """One statement of a report.

    Attributes
    ----------
    value : float
        Rounded to the digits of its norm; ``nan`` where it can't be known.
    low, high, act_low, act_high : float or None
        Norm and act limits that apply to this person, None where there is none.
    level, direction : str
        ``ok``, ``watch`` or ``act``; ``low``, ``high`` or empty.
    nights : int
        Nights that stand behind the value.
    """

    name: str
    label: str
    unit: str
    value: float
    level: str
    direction: str
    nights: int
    low: float | None
    high: float | None
    act_low: float | None
    act_high: float | None
    source: str

    @property
    def known(self) -> bool:
        """Whether the data gives a value."""
        return not math.isnan(self.value)

    def as_dict(self) -> dict[str, Any]:
        """Plain mapping for JSON; an unknown value becomes null."""
        return asdict(self) | {"value": self.value if self.known else None}

    @classmethod
    def from_dict(cls, entry: dict[str, Any]) -> Fact:
        """Inverse of ``as_dict``."""
        return cls(**(entry | {"value": math.nan if entry["value"] is None else float(entry["value"])}))


def compute_facts(window: Window, age_y: float | None, sex: str | None) -> dict[str, Fact]:
    """All facts of one person's window of main nights, in the order of ``data/norms/facts.yaml``.

    Parameters
    ----------
    window : Window
        Main nights of one person, sorted by date.
    age_y, sex
        None where not given.
    """
    values = {
        "total_sleep": _mean(window["total_sleep_min"]),
        "time_in_bed": _mean(window["time_in_bed_min"]),
        "sleep_efficiency": _efficiency(window),
        "sleep_latency": _mean(window["sleep_onset_latency_min"]),
        "wake_after_onset": _mean(window["wake_after_sleep_onset_min"]),
        "deep_sleep": _mean(window["deep_min"]),
        "rem_sleep": _mean(window["rem_min"]),
        "bedtime_spread": _bedtime_spread(window),
        "weekend_shift": _weekend_shift(window),
        "heart_rate_change": _change(window["resting_heart_rate_bpm"]),
        "breathing_rate_change": _change(window["respiratory_rate_brpm"]),
        "lowest_oxygen": _mean(window["spo2_min_pct"]),
        "alcohol_nights": _count(window["alcohol_units"]),
        "late_caffeine_nights": _count(window["caffeine_after_14h"]),
        "nap_mean": _mean(window["nap_min"]),
        "steps_mean": _mean(window["steps"]),
    }
    return {name: judged_fact(name, *values[name], age_y, sex) for name in norms.fact_norms()}


def judged_fact(name: str, value: float, nights: int, age_y: float | None, sex: str | None) -> Fact:
    """A fact with its value rounded and judged for this person.

    Parameters
    ----------
    value : float
        In the unit of the fact; ``nan`` where it can't be known.
    nights : int
        Nights that stand behind the value.
    """
    norm = norms.fact_norms()[name]
    rounded = math.nan if math.isnan(value) else float(round(value, norm.digits)) + 0.0
    level, direction = norm.judge(rounded, age_y, nights)
    limits = norm.limits(age_y, nights)
    inside, beyond = limits if limits else (norms.Limits(), norms.Limits())
    if norm.group == "stage":
        quartiles = norms.stage_quartiles(name.removesuffix("_sleep"), age_y, sex)
        if quartiles:
            inside = norms.Limits(quartiles[0], quartiles[2])
    return Fact(
        name, norm.label, norm.unit, rounded, level, direction, nights,
        _finite(inside.low), _finite(inside.high), _finite(beyond.low), _finite(beyond.high), norm.source,
    )  # fmt: skip


def _finite(limit: float) -> float | None:
    return limit if math.isfinite(limit) else None


def _known(values: np.ndarray) -> np.ndarray:
    return values[~np.isnan(values)]


def _mean(values: np.ndarray) -> tuple[float, int]:
    """Mean and nights; unknown below ``MIN_NIGHTS``."""
    known = _known(values)
    return (float(known.mean()) if len(known) >= MIN_NIGHTS else math.nan), len(known)


def _efficiency(window: Window) -> tuple[float, int]:
    """Total asleep over total in bed, which weights nights by their length."""
    asleep, in_bed = window["total_sleep_min"], window["time_in_bed_min"]
    both = ~(np.isnan(asleep) | np.isnan(in_bed))
    count, in_bed_min = int(both.sum()), in_bed[both].sum()
    if count < MIN_NIGHTS or in_bed_min == 0:
        return math.nan, count
    return float(100 * asleep[both].sum() / in_bed_min), count


def _count(values: np.ndarray) -> tuple[float, int]:
    """Nights with a value above zero among the logged ones."""
    known = _known(values)
    return (float((known > 0).sum()) if len(known) >= MIN_NIGHTS else math.nan), len(known)


def _bedtime_spread(window: Window) -> tuple[float, int]:
    """Standard deviation of bedtimes around the mean of their own kind: nights before free days, and the others.

    A person who is late on every weekend is regular within each kind; that shift is a fact of its own.
    """
    is_free = np.isin(window.weekday, FREE_DAYS)
    kinds = [_known(window.bedtime_min[is_free]), _known(window.bedtime_min[~is_free])]
    count = sum(len(kind) for kind in kinds)
    freedom = count - sum(len(kind) > 0 for kind in kinds)
    if count < MIN_BASELINE_NIGHTS or freedom < 2:
        return math.nan, count
    squares = sum(float(((kind - kind.mean()) ** 2).sum()) for kind in kinds if len(kind))
    return math.sqrt(squares / freedom), count


def _weekend_shift(window: Window) -> tuple[float, int]:
    """Middle of the time in bed on free days minus work days, in minutes; not corrected for sleep debt."""
    middle = window.bedtime_min + window["time_in_bed_min"] / 2
    is_free = np.isin(window.weekday, FREE_DAYS)
    free, work = _known(middle[is_free]), _known(middle[~is_free])
    if len(free) < 2 or len(work) < MIN_NIGHTS:
        return math.nan, len(free) + len(work)
    return float(free.mean() - work.mean()), len(free) + len(work)


def _change(values: np.ndarray) -> tuple[float, int]:
    """Mean of the last nights minus the mean of the nights before them."""
    now, before = _known(values[-LAST_NIGHTS:]), _known(values[:-LAST_NIGHTS])
    if len(now) < LAST_NIGHTS or len(before) < MIN_BASELINE_NIGHTS:
        return math.nan, len(now) + len(before)
    return float(now.mean() - before.mean()), len(now) + len(before)


def alcohol_contrast(window: Window) -> dict[str, float] | None:
    """Sleep efficiency (%) after evenings with and without alcohol; None below three nights of either kind."""
    units, efficiency = window["alcohol_units"], window["sleep_efficiency_pct"]
    after, other = _known(efficiency[units > 0]), _known(efficiency[units == 0])
    if len(after) < MIN_NIGHTS or len(other) < MIN_NIGHTS:
        return None
    return {
        "after_pct": float(round(after.mean())),
        "otherwise_pct": float(round(other.mean())),
        "nights_after": float(len(after)),
        "nights_otherwise": float(len(other)),
    }


def sleep_trend(window: Window) -> dict[str, Any]:
    """Theil-Sen slope of time asleep in minutes a night with its 95 % interval, and what that allows to say.

    Returns
    -------
    dict
        ``direction`` (``rising``, ``falling``, ``no clear trend`` or ``too few nights``), ``slope_min``, ``low_min``,
        ``high_min`` (null below seven nights).
    """
    asleep = window["total_sleep_min"]
    known = ~np.isnan(asleep)
    if known.sum() < MIN_TREND_NIGHTS:
        return {"direction": "too few nights", "slope_min": None, "low_min": None, "high_min": None}
    slope = stats.theilslopes(asleep[known], window.day[known].astype(float), alpha=0.95)
    low, high = float(slope.low_slope), float(slope.high_slope)
    direction = "rising" if low > 0 else "falling" if high < 0 else "no clear trend"
    return {
        "direction": direction,
        "slope_min": round(float(slope.slope), 1),
        "low_min": round(low, 1),
        "high_min": round(high, 1),
    }


def mean_bedtime(window: Window) -> str | None:
    """Average bedtime as ``HH:MM`` on the local clock, or None."""
    minutes = _known(window.bedtime_min)
    if len(minutes) < MIN_NIGHTS:
        return None
    clock = round(float(np.mean(minutes))) + BED_CLOCK_SHIFT_MIN
    return f"{clock // 60 % 24:02d}:{clock % 60:02d}"
