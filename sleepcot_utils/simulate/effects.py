"""Effects of planted scenarios, read off people and their twins without any: same draws, so the difference is the scenario."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from sleepcot_utils.simulate.constants import NONE, SCENARIOS
from sleepcot_utils.simulate.nights import simulate_nights


def without_scenarios(people: pd.DataFrame) -> pd.DataFrame:
    """The same people with nothing planted; who worked shifts works days."""
    was_shift = (people["main_scenario"] == "shift_work") | (people["second_scenario"] == "shift_work")
    plain = people.assign(main_scenario=NONE, second_scenario=NONE)
    plain["schedule"] = np.where(was_shift, "day", people["schedule"])
    return plain


def scenario_effects(people: pd.DataFrame, nights: int, columns: list[str], seed: int) -> pd.DataFrame:
    """Mean change of nightly columns that each main scenario makes, with its 95 % interval over persons.

    Parameters
    ----------
    people : pandas.DataFrame
        As ``simulate_people`` returns them. Only people with one scenario, or none, count.
    nights : int
        Nights a person.
    columns : list of str
        Columns of the nightly table, or of the table of the truth (``true_...``).
    seed : int
        Seed of the nights, used for the people and for their twins.

    Returns
    -------
    pandas.DataFrame
        ``column, scenario, estimate, low, high, persons``; "none" is the negative control and must be exactly 0.
    """
    means = []
    for population in (people, without_scenarios(people)):
        measured, truth = simulate_nights(population, nights, seed)
        both = measured.merge(truth, on=["person_id", "night_date"])
        means.append(both.groupby("person_id")[columns].mean())
    change = (means[0] - means[1]).reset_index()
    change = change.merge(people[["person_id", "main_scenario", "second_scenario"]], on="person_id")
    alone = change[change["second_scenario"] == NONE]
    rows = []
    for column in columns:
        for scenario in (NONE, *SCENARIOS):
            values = alone.loc[alone["main_scenario"] == scenario, column].dropna().to_numpy()
            if len(values) >= 2:
                half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
                mean = values.mean()
                rows.append((column, scenario, mean, mean - half, mean + half, len(values)))
    return pd.DataFrame(rows, columns=["column", "scenario", "estimate", "low", "high", "persons"])
