"""A crowd large enough to see how often each verdict is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from sleepcot_utils.report.reports import Report, simulated_reports
from sleepcot_utils.simulate.nights import simulate_nights
from sleepcot_utils.simulate.people import counterfactual_people, simulate_people
from sleepcot_utils.tasks.build import FOLLOW_UP, Task, build_tasks, split_people

PERSONS, NIGHTS = 300, 14


@dataclass
class Crowd:
    """Reports of 300 people and of their twins, and the questions on them."""

    reports: list[Report]
    twins: list[Report]
    splits: dict[str, str]

    def follow_ups(self, count: int, **options: str) -> list[Task]:
        """Follow-up tasks, `count` for each report."""
        tasks = build_tasks(self.reports, self.twins, [], self.splits, count, np.random.default_rng(1), **options)
        return [task for task in tasks if task.kind == FOLLOW_UP]


@pytest.fixture(scope="session")
def crowd() -> Crowd:
    """Built once; tests must not change it."""
    people = simulate_people(PERSONS, 11)
    twins = counterfactual_people(people, 12)
    reports = simulated_reports(people, simulate_nights(people, NIGHTS, 13)[0], NIGHTS, "factual")
    others = simulated_reports(twins, simulate_nights(twins, NIGHTS, 13)[0], NIGHTS, "counterfactual")
    splits = split_people([report.person_id for report in reports], 30, 60, np.random.default_rng(4))
    return Crowd(reports, others, splits)
