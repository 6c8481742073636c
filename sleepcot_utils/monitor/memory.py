"""What the monitor keeps of one person to judge the next day without reading the archive again.

It holds the last days' observations, what each rule remembered at the start of each of the last ``REACH_DAYS``, and
the alerts of these. So a day that comes late, or a value that is filled in later, is judged again in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sleepcot_utils.monitor.alerts import Alert, RuleMemory, alert_of
from sleepcot_utils.monitor.observations import Grid
from sleepcot_utils.monitor.rules import Rule, measures
from sleepcot_utils.monitor.signals import rule_signals
from sleepcot_utils.monitor.watching import applies

#: A change of a day at most so long before the latest one is judged from memory; of an older one, from the archive.
REACH_DAYS = 21


@dataclass
class PersonMemory:
    """The recent past of one person. Days are whole numbers since 1970-01-01.

    Attributes
    ----------
    values : dict of int to dict of str to float
        Day to measures; what was not measured is left out.
    before : dict of int to dict of str to list
        Day to what each rule remembered before it: last day on which it held, and whether it is open.
    alerts : dict of int to list of str
        Day to the rules that spoke on it.
    """

    values: dict[int, dict[str, float]] = field(default_factory=dict)
    before: dict[int, dict[str, list]] = field(default_factory=dict)
    alerts: dict[int, list[str]] = field(default_factory=dict)

    @property
    def last_day(self) -> int | None:
        """Latest day with an observation."""
        return max(self.values, default=None)

    def reaches(self, day: int) -> bool:
        """Whether a change of that day can be judged without the archive."""
        return not self.values or day >= min(self.before, default=day)

    def judge(self, person_id: str, first: int, rules: Sequence[Rule], known_conditions: str) -> list[Alert]:
        """Judge all days from the first changed one to the latest; what was said of them before is forgotten.

        Parameters
        ----------
        first : int
            First day whose observation changed; ``reaches(first)`` must hold.

        Returns
        -------
        list of Alert
            All alerts of these days.
        """
        last = self.last_day
        if last is None:
            return []
        # What is remembered reaches without a hole to the day after the last judged one.
        start = first if first in self.before or not self.before else max(self.before)
        oldest = min(self.values)
        grid = _grid(person_id, self.values, oldest, last)
        known = self.before.get(start, {})
        remembered = {rule.name: RuleMemory(*known.get(rule.name, (None, False))) for rule in rules}
        self.alerts = {day: names for day, names in self.alerts.items() if day < start}
        signals = {rule.name: rule_signals(rule, grid) for rule in rules if applies(rule, known_conditions)}
        found: list[Alert] = []
        for day in range(start, last + 1):
            self.before[day] = _plain(remembered)
            place = day - oldest
            for rule in rules:
                if rule.name not in signals or place < 0:
                    continue
                own = signals[rule.name]
                on, persistent = bool(own.on[0, place]), bool(own.persistent[0, place])
                if remembered[rule.name].speaks(day, on, persistent, rule.persistence.clear_days):
                    found.append(alert_of(rule, grid, own, 0, place))
                    self.alerts.setdefault(day, []).append(rule.name)
        self.before[last + 1] = _plain(remembered)
        self._forget(last, max(rule.history_days for rule in rules))
        return found

    def _forget(self, last: int, history_days: int) -> None:
        """Drop what no later day can need."""
        oldest = last - REACH_DAYS
        self.before = {day: entry for day, entry in self.before.items() if day > oldest}
        self.alerts = {day: names for day, names in self.alerts.items() if day > oldest}
        self.values = {day: entry for day, entry in self.values.items() if day > oldest - history_days}

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            name: {str(day): entry for day, entry in getattr(self, name).items()}
            for name in ("values", "before", "alerts")
        }

    @classmethod
    def from_dict(cls, entry: dict[str, Any]) -> PersonMemory:
        """The reverse of ``as_dict``."""
        return cls(
            **{name: {int(day): value for day, value in entry[name].items()} for name in ("values", "before", "alerts")}
        )


def _plain(remembered: dict[str, RuleMemory]) -> dict[str, list]:
    return {name: [entry.last_on, entry.open] for name, entry in remembered.items() if entry != RuleMemory()}


def _grid(person_id: str, values: dict[int, dict[str, float]], oldest: int, last: int) -> Grid:
    arrays = {name: np.full((1, last - oldest + 1), np.nan) for name in measures()}
    for day, entry in values.items():
        for name, value in entry.items():
            arrays[name][0, day - oldest] = value
    dates = np.arange(oldest, last + 1).astype("datetime64[D]")
    return Grid((person_id,), dates, arrays)
