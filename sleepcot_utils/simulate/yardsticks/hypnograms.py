"""What sets of hypnograms look like: bouts, transitions, REM latency, cycles, thirds of the night, wake bouts.

All functions take a matrix of stage codes, one row a night, made by ``sleep_periods``: aligned at sleep onset, cut
after the last sleep, padded with ``UNKNOWN``. They hold no loop over nights, so that a simulated population is judged
by the same code as a handful of real nights. A statistic is a series whose index is ``(statistic, measure)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.simulate.stages import EPOCHS_A_MINUTE, N3, REM, STAGES, UNKNOWN, WAKE

#: Bouts are counted that last longer than so many epochs.
SURVIVAL_EPOCHS = (1, 2, 4, 8, 16, 32)
#: REM epochs with less than this between them belong to one REM period, however short: the convention that goes by
#: Feinberg and Floyd 1979 (doi 10.1111/j.1469-8986.1979.tb02991.x), of which their least length of REM is left out.
CYCLE_GAP_MIN = 15
#: Awakenings that a sleeper may remember; the quality indicators of Ohayon et al. 2017 count those above 5 minutes.
LONG_WAKE_MIN = 5
THIRDS = ("first", "second", "third")


class Bouts(NamedTuple):
    """Runs of one stage, in the order of nights and time; unscored epochs are no bout.

    Attributes
    ----------
    night : numpy.ndarray
        Row of the matrix.
    start : numpy.ndarray
        First epoch of the bout, from sleep onset.
    epochs : numpy.ndarray
        Length.
    stage : numpy.ndarray
        Code.
    following : numpy.ndarray
        Code of the stage that follows in the same night; ``UNKNOWN`` at its end and before unscored epochs.
    """

    night: np.ndarray
    start: np.ndarray
    epochs: np.ndarray
    stage: np.ndarray
    following: np.ndarray


def sleep_periods(hypnograms: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Matrix (nights, epochs) of int8 codes, each night from its first to its last epoch of sleep.

    Parameters
    ----------
    hypnograms : sequence of 1-D arrays, or 2-D array
        Codes of ``stages.py``; padding of a 2-D array is ``UNKNOWN``.

    Raises
    ------
    InputError
        If there is no night, a code is none of the known ones, or a night holds no sleep.
    """
    if not len(hypnograms):
        raise InputError("there is no night", where="hypnograms", expected="one hypnogram or more")
    if isinstance(hypnograms, np.ndarray) and hypnograms.ndim == 2:
        matrix = hypnograms
    else:
        width = max(len(night) for night in hypnograms)
        matrix = np.full((len(hypnograms), max(width, 1)), UNKNOWN, dtype=np.int8)
        for row, night in enumerate(hypnograms):
            matrix[row, : len(night)] = night
    if matrix.min() < UNKNOWN or matrix.max() >= len(STAGES):
        raise InputError("a stage code is unknown", where="hypnograms", expected=f"{UNKNOWN} to {len(STAGES) - 1}")
    asleep = matrix > WAKE
    if not asleep.any(axis=1).all():
        row = int(np.argmin(asleep.any(axis=1)))
        raise InputError(
            "there is no sleep", where=f"hypnograms, night {row + 1}", expected="an epoch of sleep or more"
        )
    first = asleep.argmax(axis=1)
    length = matrix.shape[1] - asleep[:, ::-1].argmax(axis=1) - first
    columns = first[:, None] + np.arange(length.max())
    inside = np.arange(length.max()) < length[:, None]
    shifted = np.take_along_axis(matrix, np.minimum(columns, matrix.shape[1] - 1), axis=1)
    return np.where(inside, shifted, UNKNOWN).astype(np.int8)


def bouts(matrix: np.ndarray) -> Bouts:
    """Runs of equal codes."""
    nights, width = matrix.shape
    begins = np.ones((nights, width), dtype=bool)
    begins[:, 1:] = matrix[:, 1:] != matrix[:, :-1]
    flat = np.flatnonzero(begins)
    night, start = flat // width, flat % width
    epochs = np.diff(np.append(flat, nights * width))
    stage = matrix.reshape(-1)[flat]
    following = np.append(stage[1:], UNKNOWN)
    following[np.append(night[1:] != night[:-1], True)] = UNKNOWN
    kept = stage != UNKNOWN
    return Bouts(night[kept], start[kept], epochs[kept], stage[kept], following[kept])


def bout_lengths(matrix: np.ndarray) -> pd.Series:
    """By stage: bouts a night, mean length in epochs, share of single epochs and of bouts longer than 1, 2, 4 ... 32.

    Shares and means are null for a stage that does not occur.
    """
    runs = bouts(matrix)
    values: dict[tuple[str, str], float] = {}
    for code, name in enumerate(STAGES):
        lengths = runs.epochs[runs.stage == code]
        values["bouts_a_night", name] = len(lengths) / len(matrix)
        values["bout_mean_epochs", name] = lengths.mean() if len(lengths) else np.nan
        values["bout_single_share", name] = np.mean(lengths == 1) if len(lengths) else np.nan
        for epochs in SURVIVAL_EPOCHS:
            share = np.mean(lengths > epochs) if len(lengths) else np.nan
            values[f"bout_longer_than_{epochs}_share", name] = share
    return _series(values)


def transitions(matrix: np.ndarray) -> pd.Series:
    """Share of each next stage after each stage, between different stages (rows sum to 1); measure ``n2>rem``."""
    runs = bouts(matrix)
    moved = runs.following != UNKNOWN
    counts = np.zeros((len(STAGES), len(STAGES)))
    np.add.at(counts, (runs.stage[moved], runs.following[moved]), 1)
    with np.errstate(invalid="ignore"):
        shares = counts / counts.sum(axis=1, keepdims=True)
    return _series(
        {
            ("next_stage_share", f"{one}>{other}"): shares[i, j]
            for i, one in enumerate(STAGES)
            for j, other in enumerate(STAGES)
            if i != j
        }
    )


def rem_latency_min(matrix: np.ndarray) -> np.ndarray:
    """Minutes from sleep onset to the first REM epoch, one a night; null for a night without REM."""
    rem = matrix == REM
    return np.where(rem.any(axis=1), rem.argmax(axis=1) / EPOCHS_A_MINUTE, np.nan)


def rem_periods(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Night and first epoch of each REM period; ``CYCLE_GAP_MIN`` or more without REM part two periods."""
    night, epoch = np.nonzero(matrix == REM)
    if not len(night):
        return night, epoch
    opens = np.ones(len(night), dtype=bool)
    opens[1:] = (night[1:] != night[:-1]) | (np.diff(epoch) - 1 >= CYCLE_GAP_MIN * EPOCHS_A_MINUTE)
    return night[opens], epoch[opens]


def cycle_lengths_min(matrix: np.ndarray) -> np.ndarray:
    """Minutes from the onset of a REM period to the onset of the next one in the same night, all nights together."""
    night, onset = rem_periods(matrix)
    return np.diff(onset)[night[1:] == night[:-1]] / EPOCHS_A_MINUTE


def thirds(matrix: np.ndarray) -> pd.Series:
    """Share of all N3 and of all REM sleep that falls into each third of the sleep period, mean over nights.

    A night without N3 (or REM) does not count for N3 (or REM).
    """
    width = matrix.shape[1]
    length = width - (matrix != UNKNOWN)[:, ::-1].argmax(axis=1)
    third = np.minimum(3 * np.arange(width) // length[:, None], 2)
    values = {}
    for code in (N3, REM):
        counts = np.stack([((matrix == code) & (third == part)).sum(axis=1) for part in range(3)], axis=1)
        counts = counts[counts.sum(axis=1) > 0]
        shares = (counts / counts.sum(axis=1, keepdims=True)).mean(axis=0) if len(counts) else np.full(3, np.nan)
        for name, share in zip(THIRDS, shares, strict=True):
            values[f"{STAGES[code]}_in_third_share", name] = share
    return _series(values)


def night_values(matrix: np.ndarray) -> pd.DataFrame:
    """One row a night: sleep period, time asleep, stage percentages of it, wake bouts and REM latency.

    Columns ``sleep_period_min, total_sleep_min, n1_pct, n2_pct, n3_pct, rem_pct`` (of the time asleep),
    ``wake_in_period_min, awakenings, long_awakenings`` (of ``LONG_WAKE_MIN`` or more), ``longest_wake_min``,
    ``rem_latency_min, rem_periods``.
    """
    nights = len(matrix)
    runs = bouts(matrix)
    wakes = runs.stage == WAKE
    epochs = np.stack([(matrix == code).sum(axis=1) for code in range(len(STAGES))], axis=1)
    asleep = epochs[:, 1:].sum(axis=1)
    longest = np.zeros(nights)
    np.maximum.at(longest, runs.night[wakes], runs.epochs[wakes])
    long_ones = wakes & (runs.epochs >= LONG_WAKE_MIN * EPOCHS_A_MINUTE)
    length = matrix.shape[1] - (matrix != UNKNOWN)[:, ::-1].argmax(axis=1)
    return pd.DataFrame(
        {
            "sleep_period_min": length / EPOCHS_A_MINUTE,
            "total_sleep_min": asleep / EPOCHS_A_MINUTE,
            **{f"{STAGES[code]}_pct": 100 * epochs[:, code] / asleep for code in range(1, len(STAGES))},
            "wake_in_period_min": epochs[:, WAKE] / EPOCHS_A_MINUTE,
            "awakenings": np.bincount(runs.night[wakes], minlength=nights),
            "long_awakenings": np.bincount(runs.night[long_ones], minlength=nights),
            "longest_wake_min": longest / EPOCHS_A_MINUTE,
            "rem_latency_min": rem_latency_min(matrix),
            "rem_periods": np.bincount(rem_periods(matrix)[0], minlength=nights),
        }
    )


def summary(matrix: np.ndarray) -> pd.Series:
    """Every statistic of this module: per night mean, SD and median, cycles, thirds, bout lengths, transitions."""
    each = night_values(matrix)
    cycles = cycle_lengths_min(matrix)
    values: dict[tuple[str, str], float] = {}
    for name in each:
        column = each[name].dropna()
        values["mean", str(name)] = column.mean()
        values["sd", str(name)] = column.std()
        values["median", str(name)] = column.median()
    values["mean", "cycle_min"] = cycles.mean() if len(cycles) else np.nan
    values["sd", "cycle_min"] = cycles.std(ddof=1) if len(cycles) > 1 else np.nan
    values["median", "cycle_min"] = np.median(cycles) if len(cycles) else np.nan
    return pd.concat([_series(values), thirds(matrix), bout_lengths(matrix), transitions(matrix)])


def _series(values: dict[tuple[str, str], float]) -> pd.Series:
    index = pd.MultiIndex.from_tuples(values, names=["statistic", "measure"])
    return pd.Series(np.array(list(values.values()), dtype="float64"), index=index, name="estimate")
