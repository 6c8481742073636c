"""Guide tasks of a simulated study: its people, their nights, and days that go with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import pandas as pd

from sleepcot_utils.simulate.day_conditions import simulate_conditions
from sleepcot_utils.simulate.day_table import simulate_day_table
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.tasks.guide.tasks import build_guide_tasks, people_who_ask, simulated_situations


class Streams(Protocol):
    """Gives an independent generator for each purpose, as a notebook's session does."""

    def __call__(self, purpose: str) -> np.random.Generator: ...


def simulated_guide_tasks(
    people: pd.DataFrame,
    nights: pd.DataFrame,
    splits: Mapping[str, str],
    train_persons: int,
    seed: int,
    rng: Streams,
) -> list[Task]:
    """Guide tasks of simulated people; none where `train_persons` is 0.

    Parameters
    ----------
    people, nights : pandas.DataFrame
        As the simulator makes them.
    splits : mapping of str to str
        Person to split; all held-out persons are asked.
    train_persons : int
        Training persons who ask.
    seed : int
        Seed of the days.
    rng : callable
        Purpose to generator.
    """
    asking = people_who_ask(splits, train_persons, rng("guide persons"))
    if not asking:
        return []
    own = people[people["person_id"].isin(asking)]
    measured = nights[nights["person_id"].isin(asking)]
    told = simulate_conditions(own, seed)
    days = simulate_day_table(own, measured, seed, conditions=told)
    named = dict(zip(told["person_id"], told["condition"], strict=True))
    situations = simulated_situations(own, measured, days, named, asking, rng("guide situations"))
    return build_guide_tasks(situations, asking, rng("guide twins"))
