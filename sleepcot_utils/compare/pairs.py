"""Two sources side by side: the same persons, the same tasks."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sleepcot_utils.compare.persons import rows_of, seed_person_means, value_bounds
from sleepcot_utils.errors import InputError


@dataclass(frozen=True)
class PairedScores:
    """Two sources on the same persons and the same tasks.

    Attributes
    ----------
    first, second : pandas.DataFrame
        Shape (seeds, persons): mean over tasks; the persons are those whom both sources could be scored for.
    n_tasks, n_tasks_unmatched, n_persons_dropped : int
        Tasks that both were asked, tasks that only one was asked and that are left out, and persons left out because
        one source has no value for them.
    bounds : tuple of float, optional
        (0, 1) if every value of the metric, of any source, lies there.
    """

    first: pd.DataFrame
    second: pd.DataFrame
    n_tasks: int
    n_tasks_unmatched: int
    n_persons_dropped: int
    bounds: tuple[float, float] | None

    @property
    def shared_seeds(self) -> bool:
        """Whether both were trained under the same two or more seeds, so that seeds can be paired too."""
        return len(self.first) > 1 and self.first.index.equals(self.second.index)

    @property
    def differences(self) -> pd.Series:
        """First minus second of each person, seeds averaged."""
        return self.first.mean(axis=0) - self.second.mean(axis=0)

    @property
    def seed_differences(self) -> pd.DataFrame:
        """Mean over persons for each seed: ``seed_a, seed_b, difference``.

        Sources that share their seeds are compared seed by seed; otherwise every seed of one is compared with every
        seed of the other.
        """
        rows = [
            {"seed_a": seed_a, "seed_b": seed_b, "difference": (one - other).mean()}
            for seed_a, one in self.first.iterrows()
            for seed_b, other in self.second.iterrows()
            if not self.shared_seeds or seed_a == seed_b
        ]
        return pd.DataFrame(rows, columns=["seed_a", "seed_b", "difference"])


def pair(scores: pd.DataFrame, metric: str, a: str, b: str) -> PairedScores:
    """Put two sources side by side on the tasks that both were asked.

    Raises
    ------
    InputError
        If they have no task in common.
    """
    of_metric = rows_of(scores, metric, a, b)
    rows = of_metric[of_metric["source"].isin([a, b])]
    everyone = rows["person_id"].nunique()
    asked_a, asked_b = (set(rows["task_id"][rows["source"] == name]) for name in (a, b))
    common = asked_a & asked_b
    if not common:
        raise InputError(
            f"{a!r} and {b!r} have no task in common for the metric {metric!r}",
            where="score table",
            expected="sources that answered the same tasks",
        )
    rows = rows[rows["task_id"].isin(common)]
    first, second = (seed_person_means(rows, source) for source in (a, b))
    scored = sorted(set(first.columns[first.notna().any()]) & set(second.columns[second.notna().any()]))
    first, second = (table[scored].dropna(how="all") for table in (first, second))
    return PairedScores(
        first,
        second,
        len(common),
        len(asked_a ^ asked_b),
        everyone - len(scored),
        value_bounds(of_metric["value"]),
    )


def seed_differences(scores: pd.DataFrame, metric: str, a: str, b: str) -> pd.DataFrame:
    """Mean difference a minus b over persons for each seed; see ``PairedScores.seed_differences``."""
    return pair(scores, metric, a, b).seed_differences
