"""On which days the conditions of a rule hold, computed for many people and days at once.

Everything that decides about a day lies in the ``history_days`` before it. So a single day computed from those gives
the same as the whole record, to the last digit: windows are cut out and summed alike in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sleepcot_utils.monitor.observations import Grid
from sleepcot_utils.monitor.rules import Condition, Rule

#: Of a normal distribution: standard deviation over median absolute deviation.
NORMAL_MAD_FACTOR = 1.4826


@dataclass(frozen=True)
class Compared:
    """One condition on every day: what was compared, with what, and whether it holds; shape (persons, days).

    ``baseline`` and ``baseline_days`` (measured days behind it) are nan where there is none.
    """

    value: np.ndarray
    baseline: np.ndarray
    baseline_days: np.ndarray
    threshold: np.ndarray
    holds: np.ndarray


@dataclass(frozen=True)
class Signals:
    """A rule on every day: its conditions, whether they hold together, and whether they have held long enough."""

    compared: tuple[Compared, ...]
    on: np.ndarray
    persistent: np.ndarray


def rule_signals(rule: Rule, grid: Grid) -> Signals:
    """Conditions of a rule, their combination and its persistence on each day of a grid."""
    compared = tuple(compare(condition, grid.values[condition.measure]) for condition in rule.conditions)
    holds = np.stack([entry.holds for entry in compared])
    on: np.ndarray = np.logical_and.reduce(holds) if rule.together == "all" else np.logical_or.reduce(holds)
    recent = windows_before(on.astype(float), rule.persistence.of_last, 0, fill=0.0).sum(axis=-1)
    return Signals(compared, on, on & (recent >= rule.persistence.days))


def compare(condition: Condition, values: np.ndarray) -> Compared:
    """One condition on each day.

    Parameters
    ----------
    values : numpy.ndarray
        Values of the condition's measure, shape (persons, days), nan where nothing was measured.
    """
    value = _mean_of_last(values, condition.mean_days, condition.least_days)
    sign = 1.0 if condition.side == "above" else -1.0
    nothing = np.full(values.shape, np.nan)
    baseline, days, threshold = nothing, nothing, nothing
    holds = ~np.isnan(value)
    if condition.has_baseline:
        baseline, spread, days = own_baseline(values, condition)
        threshold = _beyond(condition, baseline, spread, sign)
        holds &= _farther(value, threshold, sign)
    if condition.limit is not None:
        limit = np.full(values.shape, condition.limit)
        holds &= _farther(value, limit, sign) | (condition.inclusive & (value == limit))
        # Both must be passed, so the farther one decides.
        threshold = limit if not condition.has_baseline else sign * np.maximum(sign * threshold, sign * limit)
    return Compared(value, baseline, days, threshold, holds)


def own_baseline(values: np.ndarray, condition: Condition) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Median, robust standard deviation and number of measured days of the baseline of each day.

    Both are nan where fewer than ``baseline_least`` days are measured.
    """
    windows = windows_before(values, condition.baseline_days, condition.gap_days + 1)
    days = (~np.isnan(windows)).sum(axis=-1)
    enough = days >= condition.baseline_least
    median, spread = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    if enough.any():
        chosen = windows[enough]
        median[enough] = _median(chosen)
        spread[enough] = NORMAL_MAD_FACTOR * _median(np.abs(chosen - median[enough][:, None]))
    return median, spread, np.where(enough, days, np.nan)


def _median(rows: np.ndarray) -> np.ndarray:
    """Median of each row without its nan; like ``numpy.nanmedian``, which takes ten times as long on short rows."""
    ordered = np.sort(rows, axis=-1)  # nan comes last
    count = (~np.isnan(rows)).sum(axis=-1)
    places = np.stack([(count - 1) // 2, count // 2], axis=-1)
    return np.take_along_axis(ordered, places, axis=-1).mean(axis=-1)


def _beyond(condition: Condition, baseline: np.ndarray, spread: np.ndarray, sign: float) -> np.ndarray:
    if condition.ratio is not None:
        return baseline * condition.ratio
    distance = np.maximum((condition.deviations or 0.0) * spread, condition.least_change or 0.0)
    return baseline + sign * distance


def _farther(value: np.ndarray, threshold: np.ndarray, sign: float) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return sign * value > sign * threshold


def _mean_of_last(values: np.ndarray, days: int, least: int) -> np.ndarray:
    """Mean of the last days, today included; nan where too few are measured or nothing was measured today."""
    if days == 1:
        return values
    windows = windows_before(values, days, 0)
    known = ~np.isnan(windows)
    count = known.sum(axis=-1)
    total = np.where(known, windows, 0.0).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where((count >= least) & ~np.isnan(values), total / count, np.nan)


def windows_before(values: np.ndarray, days: int, shift: int, fill: float = np.nan) -> np.ndarray:
    """For each day the `days` values that end `shift` days before it, shape (persons, days, window)."""
    before = np.full((values.shape[0], days - 1 + shift), fill)
    padded = np.concatenate([before, values], axis=1)[:, : values.shape[1] + days - 1]
    return sliding_window_view(padded, days, axis=1) if values.size else np.empty((*values.shape, days))
