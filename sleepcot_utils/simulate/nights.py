"""Simulated nights: the day before, the timing, the hypnogram and the vital signs of the true night, and what a device
makes of it.

All draws of a person depend on the seed and the person's id alone, so the same person with other planted scenarios
has the same nights but for the scenarios (common random numbers), and chunks and numbers of persons change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm import tqdm

from sleepcot_utils.simulate.constants import constants
from sleepcot_utils.simulate.days import Days, carried, simulate_days
from sleepcot_utils.simulate.kernel import Traces, run_nights
from sleepcot_utils.simulate.people import check_people, require_count, require_seed
from sleepcot_utils.simulate.randomness import person_generator
from sleepcot_utils.simulate.scenarios import overlays
from sleepcot_utils.simulate.table import measured_table, truth_table
from sleepcot_utils.simulate.timing import Evenings, simulate_timing
from sleepcot_utils.simulate.totals import Levels, night_counts, night_levels

#: Nights that are simulated at once; memory grows with this and not with the number of persons.
CHUNK_NIGHTS = 20_000
#: From so many nights on, some ten seconds, a terminal shows how far the simulation is.
NIGHTS_WITH_PROGRESS = 200_000
NORMALS, UNIFORMS = 23, 14


@dataclass(frozen=True)
class Chunk:
    """Worn nights of some persons: measured ones, true ones in the same order, and on request their epochs."""

    measured: pd.DataFrame
    truth: pd.DataFrame
    traces: Traces | None


def simulate_nights(
    people: pd.DataFrame, nights: int, seed: int, *, workers: int = 1
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Nights of people.

    Parameters
    ----------
    people : pandas.DataFrame
        As ``simulate_people`` returns them.
    nights : int
        Consecutive nights a person; some of them are missing because the device was not worn.
    seed : int
        Seed of the nights, 0 or more.
    workers : int
        Threads; the result does not depend on them.

    Returns
    -------
    measured, truth : tuple of pandas.DataFrame
        The nightly table as the device reports it, and the true values of the same nights: ``person_id, night_date``
        and, with the prefix ``true_``, time in bed, the parts of the night, stages and vital signs.

    Raises
    ------
    InputError
        On impossible people, counts, seeds, scenarios or devices, naming the row and what is allowed.
    """
    chunks = list(simulate_chunks(people, nights, seed, workers=workers))
    measured = pd.concat([chunk.measured for chunk in chunks], ignore_index=True)
    return measured, pd.concat([chunk.truth for chunk in chunks], ignore_index=True)


def simulate_chunks(
    people: pd.DataFrame, nights: int, seed: int, *, workers: int = 1, epochs: bool = False
) -> Iterator[Chunk]:
    """The same chunk by chunk, in the order of the people, with memory that does not grow with their number.

    Parameters
    ----------
    epochs : bool
        Whether to keep hypnograms and vital signs of each epoch; about 20 kB a night.
    """
    check_people(people)
    require_count(nights, "nights")
    require_count(workers, "workers")
    require_seed(seed)
    step = max(CHUNK_NIGHTS // nights, 1)
    parts = [people.iloc[start : start + step] for start in range(0, len(people), step)]
    long_run = len(people) * nights >= NIGHTS_WITH_PROGRESS
    with tqdm(total=len(people) * nights, unit="night", disable=None if long_run else True) as progress:
        for chunk in _in_order(parts, nights, seed, epochs, workers):
            yield chunk
            progress.update(min(step * nights, len(people) * nights - progress.n))


def _in_order(parts: list[pd.DataFrame], nights: int, seed: int, epochs: bool, workers: int) -> Iterator[Chunk]:
    if workers == 1:
        yield from (_chunk(part, nights, seed, epochs) for part in parts)
        return
    with ThreadPoolExecutor(workers) as pool:
        # A window of twice the workers keeps all threads busy and the memory flat.
        waiting = []
        for part in parts:
            waiting.append(pool.submit(_chunk, part, nights, seed, epochs))
            if len(waiting) > 2 * workers:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


def _chunk(people: pd.DataFrame, nights: int, seed: int, epochs: bool) -> Chunk:
    # The nightly table is sorted by person; people are too, so that truth and epochs come in its order.
    people = people.sort_values("person_id", kind="stable", ignore_index=True)
    z, u, keys = _draws(people, nights, seed)
    days = simulate_days(people, z[..., 0:3], u[..., 0:6])
    effects = overlays(
        people, days.free, {"units": days.units, "caffeine": days.caffeine, "nap_min": days.nap_min}, u[..., 6]
    )
    levels = night_levels(people, effects, z[..., 3:15])
    timing = simulate_timing(
        people["chronotype_msf_h"].to_numpy() + 0.0,
        people["sleep_period_need_h"].to_numpy() + 0.0,
        _evenings(people, days, effects, levels, z[..., 15:19], u[..., 7:9]),
    )
    true = night_counts(people, timing, levels)
    devices = people["device"].to_numpy()
    restless = _restless(people, z[..., 22])
    seen, vitals, traces = run_nights(
        keys, true, levels, devices, effects["wake_seen_log"], restless, u[..., 9:12], epochs
    )
    truth = truth_table(people, days, timing, true, vitals)
    measured, worn = measured_table(people, days, timing, seen, vitals, levels, z[..., 19:22], u[..., 12:14])
    return Chunk(measured, truth[worn].reset_index(drop=True), traces.of(worn) if traces else None)


def _draws(people: pd.DataFrame, nights: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Normal and uniform draws, shape (persons, nights, draws), and a key a night for the draws of its epochs."""
    z = np.empty((len(people), nights, NORMALS))
    u = np.empty((len(people), nights, UNIFORMS))
    keys = np.empty((len(people), nights), dtype=np.uint64)
    for row, person_id in enumerate(people["person_id"]):
        person_generator(seed, person_id, "nights, normal").standard_normal(out=z[row])
        rng = person_generator(seed, person_id, "nights, uniform")
        rng.random(out=u[row])
        keys[row] = person_generator(seed, person_id, "epochs").integers(0, 2**63, nights, dtype=np.uint64)
    return z, u, keys


def _restless(people: pd.DataFrame, z: np.ndarray) -> np.ndarray:
    """Factor on the sleep that a device takes for wake, by person and night; its mean is 1."""
    c = constants()["people"]["restless_log"]
    middle = (c["between_sd"] ** 2 + c["within_sd"] ** 2) / 2
    return np.exp(people["restless_log"].to_numpy()[:, None] + c["within_sd"] * z - middle)


def _evenings(
    people: pd.DataFrame, days: Days, effects: dict[str, np.ndarray], levels: Levels, z: np.ndarray, u: np.ndarray
) -> Evenings:
    c = constants()["timing"]
    nights = z.shape[1]
    odd = np.where(u[..., 0] < c["odd_night"]["chance"], c["odd_night"]["factor"], 1.0)
    drift_h = people["sleep_drift_min"].to_numpy()[:, None] * (np.arange(nights) - (nights - 1) / 2) / 60
    jitter, wake_jitter = (carried(z[..., column], c["carry_over"]["value"]) * odd for column in (0, 2))
    evening_delay = np.where(days.free, people["free_evening_delay_h"].to_numpy()[:, None], 0.0)
    return Evenings(
        alarm_h=days.alarm_h + effects["alarm_shift_h"],
        earliest_bed_h=days.earliest_bed_h,
        delay_h=evening_delay + effects["bedtime_shift_h"] + np.clip(-drift_h, -1.5, 1.5),
        jitter_h=jitter * c["bedtime_within_sd_h"]["value"] + z[..., 1] * effects["bedtime_jitter_h"],
        wake_jitter_h=wake_jitter * c["wake_within_sd_h"]["value"],
        alarm_jitter_h=z[..., 3] * c["alarm_within_sd_h"]["value"],
        need_change_h=effects["sleep_need_h"],
        wake_shift_h=effects["wake_shift_h"],
        clock_shift_h=effects["circadian_shift_h"],
        wake_share=levels.wake_share,
        latency_min=levels.latency_min,
    )
