"""Alerts: what a rule says on the day on which it speaks, in numbers and in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.monitor.observations import Grid
from sleepcot_utils.monitor.rules import LEVELS, Condition, Rule, measures
from sleepcot_utils.monitor.signals import Compared, Signals

COLUMNS = ("person_id", "date", "rule", "level", "label", "evidence", "days_behind", "source", "do")
NO_DIAGNOSIS = "This is a remark on numbers, not a diagnosis."


@dataclass(frozen=True)
class Evidence:
    """One number behind an alert.

    Attributes
    ----------
    measure, unit : str
        What was measured.
    value : float
        Today's value, or the mean of the last `mean_days`.
    mean_days : int
        1 for today's value.
    threshold : float
        What it passed.
    baseline : float or None
        The person's own median; None where the threshold is a fixed one.
    baseline_days : int
        Measured days behind the baseline.
    """

    measure: str
    unit: str
    value: float
    mean_days: int
    threshold: float
    baseline: float | None
    baseline_days: int


@dataclass(frozen=True)
class Alert:
    """What a rule says on one day; ``days_behind`` are the dates on which its conditions held."""

    person_id: str
    date: str
    rule: str
    level: str
    label: str
    evidence: tuple[Evidence, ...]
    days_behind: tuple[str, ...]
    source: str
    do: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in a log."""
        return asdict(self)

    @property
    def text(self) -> str:
        """The alert in sentences."""
        shown = ". ".join(_in_words(entry) for entry in self.evidence)
        nights = f"{len(self.days_behind)} days: " if len(self.days_behind) > 1 else ""
        days = f"{nights}{', '.join(self.days_behind)}"
        return f"{self.date} [{self.level}] {self.label}: {shown} ({days}). {self.do} {NO_DIAGNOSIS} Source: {self.source}."


@dataclass
class RuleMemory:
    """What a rule remembers of earlier days: the day it last held, and whether it has spoken since it was silent."""

    last_on: int | None = None
    open: bool = False

    def speaks(self, day: int, on: bool, persistent: bool, clear_days: int) -> bool:
        """Move on to a day; whether the rule speaks on it. Days are whole numbers and come in order."""
        if self.open and self.last_on is not None and day - self.last_on > clear_days:
            self.open = False
        if on:
            self.last_on = day
        if persistent and not self.open:
            self.open = True
            return True
        return False


def alert_of(rule: Rule, grid: Grid, signals: Signals, person: int, day: int) -> Alert:
    """The alert of a rule on one day of a grid.

    Parameters
    ----------
    person, day : int
        Place in the grid.
    """
    first = max(day - rule.persistence.of_last + 1, 0)
    behind = first + np.flatnonzero(signals.on[person, first : day + 1])
    evidence = tuple(
        _evidence(condition, compared, person, day)
        for condition, compared in zip(rule.conditions, signals.compared, strict=True)
        if compared.holds[person, day]
    )
    return Alert(
        person_id=grid.persons[person],
        date=str(grid.dates[day]),
        rule=rule.name,
        level=rule.level,
        label=rule.label,
        evidence=evidence,
        days_behind=tuple(str(grid.dates[place]) for place in behind),
        source=rule.source,
        do=rule.do,
    )


def alert_table(alerts: list[Alert]) -> pd.DataFrame:
    """Alerts as a table with the columns of ``COLUMNS``, sorted by person, date and rule."""
    table = pd.DataFrame([alert.as_dict() for alert in alerts], columns=list(COLUMNS))
    table["date"] = pd.to_datetime(table["date"]).astype("datetime64[ms]")
    table["level"] = pd.Categorical(table["level"], categories=LEVELS, ordered=True)
    return table.sort_values(["person_id", "date", "rule"], ignore_index=True)


def _evidence(condition: Condition, compared: Compared, person: int, day: int) -> Evidence:
    baseline = float(compared.baseline[person, day])
    return Evidence(
        measure=condition.measure,
        unit=measures()[condition.measure].unit,
        value=float(compared.value[person, day]),
        mean_days=condition.mean_days,
        threshold=float(compared.threshold[person, day]),
        baseline=None if np.isnan(baseline) else baseline,
        baseline_days=0 if np.isnan(baseline) else int(compared.baseline_days[person, day]),
    )


def _in_words(entry: Evidence) -> str:
    measure = measures()[entry.measure]

    def shown(value: float) -> str:
        return f"{value:,.{measure.digits}f}"

    what = measure.label if entry.mean_days == 1 else f"{measure.label}, mean of {entry.mean_days} days,"
    words = f"{what} {shown(entry.value)} {entry.unit}".rstrip()
    if entry.baseline is not None:
        words += f", usually {shown(entry.baseline)} (median of {entry.baseline_days} days)"
    # A baseline's threshold has one digit more, so that no value looks as if it lay on its wrong side.
    digits = measure.digits + (entry.baseline is not None)
    return f"{words}; threshold {entry.threshold:,.{digits}f}"
