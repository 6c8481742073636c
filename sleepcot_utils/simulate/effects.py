"""Effects of planted drivers, read off people and their twins without any: same noise, so the difference is the driver."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from sleepcot_utils.simulate.constants import DRIVERS
from sleepcot_utils.simulate.nights import simulate_nights


def without_drivers(people: pd.DataFrame) -> pd.DataFrame:
    """The same people with nothing planted."""
    return people.assign(main_driver="none", second_driver="none")


def driver_effects(people: pd.DataFrame, nights: int, column: str, noise: np.random.SeedSequence) -> pd.DataFrame:
    """Mean change of a nightly column that each main driver makes, with its 95 % interval over persons.

    Parameters
    ----------
    people : pandas.DataFrame
        As ``simulate_people`` returns them.
    nights : int
        Nights a person.
    column : str
        Column of the nightly table, as the device reports it.
    noise : numpy.random.SeedSequence
        Seed of the noise, used for the people and for their twins.

    Returns
    -------
    pandas.DataFrame
        ``driver, estimate, low, high, persons``; "none" is the negative control and must be exactly 0.
    """
    means = []
    for population in (people, without_drivers(people)):
        measured, _ = simulate_nights(population, nights, np.random.default_rng(noise))
        means.append(measured.groupby("person_id")[column].mean())
    change = (means[0] - means[1]).rename("change").reset_index()
    change = change.merge(people[["person_id", "main_driver", "second_driver"]], on="person_id")
    alone = change[change["second_driver"] == "none"].dropna(subset=["change"])
    rows = []
    for driver in ("none", *DRIVERS):
        values = alone.loc[alone["main_driver"] == driver, "change"].to_numpy()
        if len(values) >= 2:
            half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
            mean = values.mean()
            rows.append((driver, mean, mean - half, mean + half, len(values)))
    return pd.DataFrame(rows, columns=["driver", "estimate", "low", "high", "persons"])
