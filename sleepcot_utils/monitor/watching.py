"""Watching whole records at once: every alert of many people, as they would have come day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from sleepcot_utils.monitor.alerts import Alert, RuleMemory, alert_of, alert_table
from sleepcot_utils.monitor.observations import on_calendar
from sleepcot_utils.monitor.rules import Rule, load_rules
from sleepcot_utils.monitor.signals import rule_signals


def watch(
    observations: pd.DataFrame,
    rules: Sequence[Rule] | None = None,
    *,
    known_conditions: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Alerts of whole records.

    Parameters
    ----------
    observations : pandas.DataFrame
        As ``observe`` returns them.
    rules : sequence of Rule, optional
        All rules if not given.
    known_conditions : mapping of str to str, optional
        Person to what they live with, such as ``hypertension+type_2_diabetes``; rules that don't apply stay silent.

    Returns
    -------
    pandas.DataFrame
        One row an alert, with the columns of ``alerts.COLUMNS``.
    """
    return alert_table(list(alerts_of(observations, load_rules() if rules is None else rules, known_conditions or {})))


def alerts_of(observations: pd.DataFrame, rules: Sequence[Rule], known_conditions: Mapping[str, str]) -> list[Alert]:
    """The same as a list of alerts, by rule and person."""
    grid = on_calendar(observations)
    found: list[Alert] = []
    for rule in rules:
        signals = rule_signals(rule, grid)
        for person, person_id in enumerate(grid.persons):
            if not applies(rule, known_conditions.get(person_id, "")):
                continue
            memory = RuleMemory()
            # Between days on which the conditions hold nothing can change, so only those are visited.
            for day in np.flatnonzero(signals.on[person]):
                on, persistent = True, bool(signals.persistent[person, day])
                if memory.speaks(int(day), on, persistent, rule.persistence.clear_days):
                    found.append(alert_of(rule, grid, signals, person, int(day)))
    return found


def applies(rule: Rule, known_conditions: str) -> bool:
    """Whether a rule applies to a person who lives with these conditions, joined by a plus."""
    return not rule.not_with or rule.not_with not in known_conditions.split("+")
