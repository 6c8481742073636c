"""Populations that several tests of this room share; tests must not change them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.simulate.constants import NONE, REFERENCE_DEVICE
from sleepcot_utils.simulate.kernel import Traces
from sleepcot_utils.simulate.nights import simulate_chunks, simulate_nights
from sleepcot_utils.simulate.people import simulate_people

KEYS = ["person_id", "night_date"]


@dataclass(frozen=True)
class Population:
    """People with their nights: as the device shows them, as they were, and both joined."""

    people: pd.DataFrame
    measured: pd.DataFrame
    truth: pd.DataFrame
    both: pd.DataFrame


def live(people: pd.DataFrame, nights: int, seed: int) -> Population:
    measured, truth = simulate_nights(people, nights, seed)
    return Population(people, measured, truth, measured.merge(truth, on=KEYS, validate="one_to_one"))


@pytest.fixture(scope="session")
def calm() -> Population:
    """Day workers of all ages with nothing planted, habits logged and no device in between; 28 nights."""
    people = simulate_people(60, 1, scenarios=())
    return live(people.assign(schedule="day", device=REFERENCE_DEVICE, logs_habits=True), 28, 2)


@pytest.fixture(scope="session")
def planted(calm: Population) -> Callable[[str], Population]:
    """The same people with one scenario; the same draws, so any difference is the scenario."""
    known: dict[str, Population] = {}

    def plant(scenario: str) -> Population:
        if scenario not in known:
            schedule = "shift" if scenario == "shift_work" else "day"
            people = calm.people.assign(main_scenario=scenario, second_scenario=NONE, schedule=schedule)
            known[scenario] = live(people, 28, 2)
        return known[scenario]

    return plant


@dataclass(frozen=True)
class Epochs:
    """Nights with their epochs; rows of both tables and of the arrays are the same nights."""

    people: pd.DataFrame
    measured: pd.DataFrame
    truth: pd.DataFrame
    traces: Traces

    @property
    def in_night(self) -> np.ndarray:
        """Which places are epochs of a night, and no padding."""
        return np.arange(self.traces.stages.shape[1])[None, :] < self.traces.length[:, None]


def with_epochs(people: pd.DataFrame, nights: int, seed: int) -> Epochs:
    chunks = list(simulate_chunks(people, nights, seed, epochs=True))
    assert len(chunks) == 1 and chunks[0].traces is not None, "one chunk, so that epochs and rows match"
    return Epochs(people, chunks[0].measured, chunks[0].truth, chunks[0].traces)


@pytest.fixture(scope="session")
def adults() -> pd.DataFrame:
    """Healthy adults up to 50, as in most validations of devices."""
    people = simulate_people(320, 41, scenarios=())
    return people[people["age_y"] <= 50].reset_index(drop=True)


@pytest.fixture(scope="session")
def adult_epochs(adults: pd.DataFrame) -> Callable[[str], Epochs]:
    """Nights of the healthy adults with epochs, worn on a given device."""
    known: dict[str, Epochs] = {}

    def wear(device: str) -> Epochs:
        if device not in known:
            known[device] = with_epochs(adults.assign(device=device), 8, 3)
        return known[device]

    return wear


def runs(stages: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stage, start and length of each bout of one hypnogram."""
    edges = np.flatnonzero(np.diff(stages)) + 1
    start = np.concatenate([[0], edges])
    return stages[start], start, np.diff(np.concatenate([start, [len(stages)]]))


@pytest.fixture(scope="session")
def bouts_of() -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Cuts one hypnogram into bouts: stage, start and length of each."""
    return runs
