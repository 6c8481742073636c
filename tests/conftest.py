"""Fixtures that several rooms share: a small simulated study, and reports and nights made by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils import nights as nightly
from sleepcot_utils.knowledge import Card, load_cards
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.report.facts import judged_fact
from sleepcot_utils.report.reports import Report, simulated_reports
from sleepcot_utils.simulate.nights import simulate_nights
from sleepcot_utils.simulate.people import counterfactual_people, simulate_people
from sleepcot_utils.tasks.build import Task, build_tasks, split_people
from sleepcot_utils.tasks.guide.simulated import simulated_guide_tasks
from sleepcot_utils.teach.teachers import expert_answer

#: Persons and nights of the shared study: enough for each driver to occur, few enough for a second or two.
PERSONS, NIGHTS = 110, 14

#: Values of a report in which nothing is remarkable for an adult.
IN_ORDER = {
    "total_sleep": 450.0,
    "time_in_bed": 500.0,
    "sleep_efficiency": 90.0,
    "sleep_latency": 15.0,
    "wake_after_onset": 30.0,
    "deep_sleep": 70.0,
    "rem_sleep": 90.0,
    "bedtime_spread": 30.0,
    "weekend_shift": 20.0,
    "heart_rate_change": 0.0,
    "breathing_rate_change": 0.0,
    "lowest_oxygen": 93.0,
    "alcohol_nights": 1.0,
    "late_caffeine_nights": 1.0,
    "nap_mean": 5.0,
    "steps_mean": 7000.0,
}


@dataclass
class Study:
    """People, nights, reports and tasks of a run, with counterfactual twins; made on first use."""

    persons: int
    nights: int

    @cached_property
    def people(self) -> pd.DataFrame:
        return simulate_people(self.persons, 1)

    @cached_property
    def twins(self) -> pd.DataFrame:
        return counterfactual_people(self.people, 2)

    @cached_property
    def measured_and_truth(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return simulate_nights(self.people, self.nights, 3)

    @property
    def table(self) -> pd.DataFrame:
        return self.measured_and_truth[0]

    @property
    def truth(self) -> pd.DataFrame:
        return self.measured_and_truth[1]

    @cached_property
    def reports(self) -> list[Report]:
        return simulated_reports(self.people, self.table, self.nights, "factual")

    @cached_property
    def twin_reports(self) -> list[Report]:
        table, _ = simulate_nights(self.twins, self.nights, 3)
        return simulated_reports(self.twins, table, self.nights, "counterfactual")

    @cached_property
    def report_of(self) -> dict[str, Report]:
        return {report.report_id: report for report in self.reports + self.twin_reports}

    @cached_property
    def cards(self) -> dict[str, Card]:
        return {card.card_id: card for card in load_cards()}

    @cached_property
    def splits(self) -> dict[str, str]:
        return split_people([report.person_id for report in self.reports], 20, 40, np.random.default_rng(4))

    @cached_property
    def tasks(self) -> list[Task]:
        return build_tasks(
            self.reports, self.twin_reports, self.cards.values(), self.splits, 3, np.random.default_rng(5)
        )

    @cached_property
    def guide_tasks(self) -> list[Task]:
        def stream(purpose: str) -> np.random.Generator:
            return np.random.default_rng([7, len(purpose)])

        return simulated_guide_tasks(self.people, self.table, self.splits, 30, 3, stream)

    def expert_answer(self, task: Task) -> tuple[str, str]:
        said = expert_answer(task, self.report_of, self.cards)
        return said.rationale, said.answer

    @cached_property
    def answers(self) -> dict[str, tuple[str, str]]:
        return {task.task_id: self.expert_answer(task) for task in self.tasks}


@pytest.fixture(scope="session")
def study() -> Study:
    """A simulated study that all rooms share; tests must not change it."""
    return Study(PERSONS, NIGHTS)


@pytest.fixture(scope="session")
def hand_report() -> Callable[..., Report]:
    """Builds a report from the values of its facts; None stands for "not measured", what is left out is in order."""

    def build(
        *,
        age_y: float | None = 40.0,
        sex: str | None = "female",
        nights: int = 14,
        alcohol: tuple[float, float] | None = None,
        trend: str = "no clear trend",
        person_id: str = "p00001",
        **values: float | None,
    ) -> Report:
        unknown = set(values) - set(IN_ORDER)
        assert not unknown, f"no such facts: {unknown}"
        chosen = {name: math.nan if value is None else value for name, value in (IN_ORDER | values).items()}
        contrast = None
        if alcohol is not None:
            contrast = {"after_pct": alcohol[0], "otherwise_pct": alcohol[1], "nights_after": 4.0}
            contrast["nights_otherwise"] = 9.0
        return Report(
            report_id=f"{person_id}-factual",
            person_id=person_id,
            variant="factual",
            nights=nights,
            window_nights=nights,
            device="watch",
            age_y=age_y,
            sex=sex,
            bedtime="23:00",
            facts={name: judged_fact(name, chosen[name], nights, age_y, sex) for name in fact_norms()},
            alcohol=contrast,
            trend={"direction": trend, "slope_min": None, "low_min": None, "high_min": None},
        )

    return build


@pytest.fixture(scope="session")
def night_table() -> Callable[..., pd.DataFrame]:
    """Builds one person's nightly table: consecutive main nights with one value, or one value a night, a column.

    Nights end from Tuesday, 2026-01-06 on; bed from 23:00, 480 min in bed and 430 asleep unless said otherwise. A
    bedtime is given as "HH:MM" of the evening before, or from 00:00 to 11:59 of the day itself.
    """

    def build(
        count: int, *, bedtime: str | Sequence[str | None] = "23:00", skip: Sequence[int] = (), **columns: Any
    ) -> pd.DataFrame:
        dates = pd.Timestamp("2026-01-06") + pd.to_timedelta(np.arange(count), unit="D")
        clocks = [bedtime] * count if isinstance(bedtime, str) else list(bedtime)
        start = [_start(date, clock) for date, clock in zip(dates, clocks, strict=True)]
        frame = pd.DataFrame({"person_id": "p00001", "night_date": dates, "sleep_kind": "main", "device": "watch"})
        frame["quality"] = "ok"
        frame["start_local"] = start
        for name, value in ({"time_in_bed_min": 480.0, "total_sleep_min": 430.0} | columns).items():
            frame[name] = value
        if "sleep_efficiency_pct" not in frame:
            frame["sleep_efficiency_pct"] = 100 * frame["total_sleep_min"] / frame["time_in_bed_min"]
        return nightly.validate(nightly.conform(frame.drop(index=list(skip))))

    return build


def _start(date: pd.Timestamp, clock: str | None) -> pd.Timestamp:
    if clock is None:
        return pd.NaT
    hours, minutes = (int(part) for part in clock.split(":"))
    return date - pd.Timedelta(days=int(hours >= 12)) + pd.Timedelta(hours=hours, minutes=minutes)
