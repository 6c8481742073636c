"""The world that answers: simulated people, and their nights with and without each habit.

Every night of a person is simulated in up to four versions, with each of the two planted scenarios at work or undone, by
the same draws. What a person follows decides which version is lived. So effects of advice come out of the simulator's
habits, and all policies meet the same people, the same luck and the same nights.

A night keeps no memory of the version that was lived before it: sleep debt carries over within a version only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.feedback.actions import actions
from sleepcot_utils.feedback.tastes import Luck, Person, draw_person
from sleepcot_utils.report.reports import FACTUAL, Report, simulated_reports
from sleepcot_utils.simulate.constants import NONE
from sleepcot_utils.simulate.nights import simulate_nights
from sleepcot_utils.simulate.randomness import person_generator
from sleepcot_utils.tasks.drivers import find

#: Planted scenarios that bring a clinician in; such people take part so that safety is measured.
RED_FLAGGED = ("sleep_apnea_like",)
#: Planted scenarios and schedules that no advice changes and that forbid some.
CONSTRAINTS = ("shift_work", "new_parent")
#: Share of people who take part only because something has to be respected in them (choice).
RESPECTED_SHARE = 0.25
OUTCOMES = {"total_sleep_min": "true_total_sleep_min", "sleep_efficiency_pct": "true_sleep_efficiency_pct"}
PLACES = ("main_scenario", "second_scenario")


@dataclass(frozen=True)
class World:
    """People and all versions of their nights.

    Attributes
    ----------
    people : pandas.DataFrame
        In the order of ``person_id``.
    persons : dict of str to Person
        Hidden tastes.
    measured, truth : tuple of pandas.DataFrame
        One table a version, the rows of all versions in the same order.
    block : numpy.ndarray
        Round of each row; 0 is before any advice.
    luck : dict of (str, int) to Luck
        Draws of each person and round.
    coin : numpy.ndarray
        Uniform draws, one for each row and planted scenario, that decide on which nights a part of a habit acts.
    """

    people: pd.DataFrame
    persons: dict[str, Person]
    measured: tuple[pd.DataFrame, ...]
    truth: tuple[pd.DataFrame, ...]
    block: np.ndarray
    luck: dict[tuple[str, int], Luck]
    coin: np.ndarray
    window_nights: int

    def lived(self, undone: Mapping[str, Sequence[float]], number: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Measured and true nights of one round.

        Parameters
        ----------
        undone : mapping of str to pair of float
            Person to the share of nights on which the main and the second scenario are undone; 0 if left out.
        number : int
            Round; 0 is before any advice.
        """
        rows = np.flatnonzero(self.block == number)
        ids = self.measured[0]["person_id"].to_numpy()[rows]
        shares = np.array([undone.get(str(name), (0.0, 0.0)) for name in ids]).reshape(-1, 2)
        version = (self.coin[rows] < shares) @ np.array([1, 2])
        return tuple(_chosen(tables, rows, version) for tables in (self.measured, self.truth))  # type: ignore[return-value]

    def reports(self, nights: pd.DataFrame) -> dict[str, Report]:
        """Reports on the nights of one round, by person; who has too few nights has none."""
        found = simulated_reports(self.people, nights, self.window_nights, FACTUAL)
        return {report.person_id: report for report in found}

    def undoes(self, person_id: str, action: str) -> tuple[float, float]:
        """Share of nights on which a fully followed action undoes the person's main and second scenario."""
        row = self.people.loc[self.people["person_id"] == person_id].iloc[0]
        chosen = actions()[action]
        main, second = (chosen.strength * (row[place] in chosen.undoes) for place in PLACES)
        return main, second


def make_world(people: pd.DataFrame, rounds: int, window_nights: int, seed: int) -> World:
    """Simulate people in all versions of themselves.

    Parameters
    ----------
    people : pandas.DataFrame
        As ``eligible_people`` returns them.
    rounds : int
        Rounds of advice; each is followed by a window of nights, and one window goes before them.
    window_nights : int
        Nights that a report summarizes, and that a round lasts.
    seed : int
        Seed of nights, tastes and luck.
    """
    people = people.sort_values("person_id", ignore_index=True)
    nights = window_nights * (rounds + 1)
    versions = [simulate_nights(_undone(people, main, second), nights, seed) for second in (0, 1) for main in (0, 1)]
    measured = tuple(version[0].reset_index(drop=True) for version in versions)
    truth = tuple(version[1].reset_index(drop=True) for version in versions)
    keys = [tuple(map(tuple, table[["person_id", "night_date"]].to_numpy())) for table in measured]
    if len(set(keys)) != 1:
        raise InputError("versions of the same nights differ in their dates", where="simulated nights")
    date = measured[0]["night_date"]
    block = ((date - date.min()).dt.days // window_nights).to_numpy()
    persons: dict[str, Person] = {}
    luck: dict[tuple[str, int], Luck] = {}
    coin = np.empty((len(date), 2))
    rows_of = measured[0].groupby("person_id").indices
    for _, row in people.iterrows():
        name = str(row["person_id"])
        persons[name] = draw_person(row, person_generator(seed, name, "tastes"))
        draws = person_generator(seed, name, "answers").random((rounds + 1, len(fields(Luck))))
        luck |= {(name, number): Luck(*draws[number]) for number in range(rounds + 1)}
        # One draw a date, so that a night which was not worn shifts nothing.
        of_dates = person_generator(seed, name, "nights of a habit").random((nights + 1, 2))
        rows = rows_of.get(name, np.arange(0))
        coin[rows] = of_dates[(date.iloc[rows] - date.min()).dt.days.to_numpy()]
    return World(people, persons, measured, truth, block, luck, coin, window_nights)


def eligible_people(people: pd.DataFrame, held_out: set[str], most: int, window_nights: int, seed: int) -> pd.DataFrame:
    """People whom advice concerns, as a trial would screen them, in order of their ids.

    Most have a planted habit that an action undoes and that a report of one window names among its two drivers: they
    are ``reached``, a column that is added. A quarter at most take part for a constraint or a red flag alone.

    Parameters
    ----------
    held_out : set of str
        People of the test split, who stay out so that forgetting is measured on people whom nobody has met.
    most : int
        People to take.
    window_nights, seed : int
        Nights of the screening, and their seed.

    Raises
    ------
    InputError
        If there are fewer than two.
    """
    people = people[~people["person_id"].isin(held_out)].sort_values("person_id", ignore_index=True)
    answers: dict[str, set[str]] = {}
    for action in actions().values():
        for scenario in action.undoes:
            answers.setdefault(scenario, set()).update(action.drivers)
    respected = {*RED_FLAGGED, *CONSTRAINTS}
    possible = people[people[list(PLACES)].isin({*answers, *respected}).any(axis=1)]
    nights, _ = simulate_nights(possible, window_nights, seed) if len(possible) else (None, None)
    reports = simulated_reports(possible, nights, window_nights, FACTUAL) if nights is not None else []
    found = {report.person_id: find(report) for report in reports}
    reached, other = [], []
    for row in possible.itertuples():
        shown = found.get(str(row.person_id))
        planted = {str(row.main_scenario), str(row.second_scenario)}
        if shown and any({shown.main, shown.second} & answers.get(name, set()) for name in planted):
            reached.append(str(row.person_id))
        elif planted & respected:
            other.append(str(row.person_id))
    few = min(len(other), round(most * RESPECTED_SHARE))
    chosen = {*reached[: most - few], *other[:few]}
    if len(chosen) < 2:
        raise InputError(
            "nobody here has a habit that advice could change", where="people", expected="two people or more"
        )
    table = possible[possible["person_id"].isin(chosen)].reset_index(drop=True)
    return table.assign(reached=table["person_id"].isin(reached))


def _undone(people: pd.DataFrame, main: int, second: int) -> pd.DataFrame:
    """The same people without their main or second scenario; shift work can't be undone, the schedule would stay."""
    changed = people.copy()
    for place, undo in zip(PLACES, (main, second), strict=True):
        if undo:
            changed[place] = np.where(people[place] == "shift_work", people[place], NONE)
    return changed


def _chosen(tables: tuple[pd.DataFrame, ...], rows: np.ndarray, version: np.ndarray) -> pd.DataFrame:
    parts = [table.iloc[rows[version == number]] for number, table in enumerate(tables)]
    return pd.concat(parts).sort_index(ignore_index=True)
