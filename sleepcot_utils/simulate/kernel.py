"""The compiled loop over nights: hypnogram, vital signs and the device's view of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sleepcot_utils.simulate.compiled import compiled
from sleepcot_utils.simulate.constants import devices
from sleepcot_utils.simulate.devices import SEEN, profile_numbers, see_night
from sleepcot_utils.simulate.hypnogram import chain_constants, place_stages
from sleepcot_utils.simulate.stages import EPOCHS_A_MINUTE, UNKNOWN
from sleepcot_utils.simulate.totals import Levels, TrueNights
from sleepcot_utils.simulate.vitals import SUMMARY, vital_constants, walk_vitals

TRACES = ("heart_rate_bpm", "rmssd_ms", "respiratory_rate_brpm", "oxygen_pct")
#: A cut recording lacks at most this share of the night (choice).
MOST_CUT_SHARE = 0.7


@dataclass(frozen=True)
class Traces:
    """Epochs of nights, padded to the longest one.

    Attributes
    ----------
    stages, device_stages : numpy.ndarray
        int8, shape (nights, epochs); -1 is padding, or not recorded by the device.
    length : numpy.ndarray
        Epochs of each night from lights-out to final waking.
    vitals : numpy.ndarray
        float32, shape (nights, 4, epochs), in the order of ``TRACES``; ``nan`` in the padding.
    """

    stages: np.ndarray
    device_stages: np.ndarray
    length: np.ndarray
    vitals: np.ndarray

    def of(self, chosen: np.ndarray) -> Traces:
        """The chosen nights only."""
        return Traces(self.stages[chosen], self.device_stages[chosen], self.length[chosen], self.vitals[chosen])


def run_nights(
    keys: np.ndarray,
    true: TrueNights,
    levels: Levels,
    device_names: np.ndarray,
    wake_seen_log: np.ndarray,
    restless: np.ndarray,
    u: np.ndarray,
    keep: bool,
) -> tuple[np.ndarray, np.ndarray, Traces | None]:
    """Simulate the epochs of nights and sum them up.

    Parameters
    ----------
    keys : numpy.ndarray
        uint64, shape (persons, nights).
    device_names : numpy.ndarray
        Profile of each person; shape (persons,).
    wake_seen_log, restless : numpy.ndarray
        How much more easily wake is noticed (logarithm), and the factor on sleep that is taken for wake; shape
        (persons, nights).
    u : numpy.ndarray
        Uniform draws that decide which recordings are cut, where and by how much; shape (persons, nights, 3).
    keep : bool
        Whether to return the epochs.

    Returns
    -------
    seen, vitals, traces
        Shapes (persons, nights, 8) in the order of ``devices.SEEN`` and (persons, nights, 7) in that of
        ``vitals.SUMMARY``.
    """
    shape = keys.shape
    size = keys.size
    latency = true.latency.reshape(size)
    counts = true.counts.reshape(size, 5)
    length = latency + counts.sum(axis=1)
    longest = int(length.max())
    level = np.stack(
        [
            levels.heart_rate_bpm, levels.rmssd_log, levels.respiratory_rate_brpm, levels.oxygen_pct,
            levels.dips_per_h, levels.dip_extra_pct,
        ],
        axis=-1,
    ).reshape(size, 6)  # fmt: skip
    names, which = np.unique(device_names, return_inverse=True)
    profiles = np.array([profile_numbers(str(name)) for name in names])
    partial = np.array([devices()[str(name)]["missing"]["partial"] for name in names])[which][:, None]
    cut = np.where(u[..., 0] < partial, u[..., 1] * MOST_CUT_SHARE, 0.0) * length.reshape(shape)
    at_start = u[..., 2] < 0.5
    rows = size if keep else 1
    stages = np.full((rows, longest), UNKNOWN, np.int8)
    device_stages = np.full((rows, longest), UNKNOWN, np.int8)
    traces = np.full((rows, len(TRACES), longest), np.nan, np.float32)
    seen, vitals = np.empty((size, len(SEEN))), np.empty((size, len(SUMMARY)))
    _run(
        keys.reshape(size), latency, counts.copy(), level, np.repeat(which, shape[1]), profiles,
        wake_seen_log.reshape(size), restless.reshape(size), np.where(at_start, cut, 0).astype(np.int64).reshape(size),
        np.where(at_start, 0, cut).astype(np.int64).reshape(size), *chain_constants(), *vital_constants(),
        keep, stages, device_stages, traces, seen, vitals,
    )  # fmt: skip
    kept = Traces(stages, device_stages, length, traces) if keep else None
    return seen.reshape(*shape, -1), vitals.reshape(*shape, -1), kept


@compiled(nogil=True)
def _run(
    keys, latency, counts, level, which, profiles, wake_seen_log, restless, cut_start, cut_end,
    moves, bouts, chain_scalars, offsets, vital_scalars, keep, stages, device_stages, traces, seen, vitals,
):  # fmt: skip
    for i in range(len(keys)):
        row = i if keep else 0
        length = place_stages(keys[i], latency[i], counts[i], moves, bouts, chain_scalars, stages[row])
        walk_vitals(keys[i], stages[row], length, level[i], offsets, vital_scalars, vitals[i], keep, traces[row])
        see_night(
            keys[i], stages[row], length, latency[i], wake_seen_log[i], restless[i], cut_start[i], cut_end[i],
            profiles[which[i]], seen[i], device_stages[row],
        )  # fmt: skip


def minutes(epochs: np.ndarray) -> np.ndarray:
    """Epochs as minutes."""
    return epochs / EPOCHS_A_MINUTE
