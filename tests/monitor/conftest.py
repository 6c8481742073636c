"""Simulated people with nights and days that the tests of the monitor share; tests must not change them."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import pytest

from sleepcot_utils.monitor.observations import observe
from sleepcot_utils.simulate.day_conditions import simulate_conditions
from sleepcot_utils.simulate.day_table import simulate_day_table
from sleepcot_utils.simulate.nights import simulate_nights
from sleepcot_utils.simulate.people import simulate_people

SEED, NIGHTS = 5, 100


@dataclass(frozen=True)
class Watched:
    """People with nothing planted, their conditions, nights, days and observations."""

    people: pd.DataFrame
    conditions: pd.DataFrame
    nights: pd.DataFrame
    days: pd.DataFrame
    observations: pd.DataFrame


@pytest.fixture(scope="session")
def watched() -> Watched:
    """Thirty people over a hundred nights."""
    people = simulate_people(30, SEED, scenarios=())
    nights, _ = simulate_nights(people, NIGHTS, SEED)
    conditions = simulate_conditions(people, SEED)
    days = simulate_day_table(people, nights, SEED, conditions=conditions)
    return Watched(people, conditions, nights, days, observe(nights, days))
