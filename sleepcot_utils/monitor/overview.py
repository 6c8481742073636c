"""Tables of the monitor's rules and of one watched person, as a notebook shows them."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.monitor.observations import on_calendar
from sleepcot_utils.monitor.rules import Condition, Rule, load_rules, measures
from sleepcot_utils.monitor.signals import compare


def one_rule(name: str) -> Rule:
    """Rule of a name.

    Raises
    ------
    ParameterError
        If there is none.
    """
    for rule in load_rules():
        if rule.name == name:
            return rule
    raise ParameterError(
        f"there is no rule {name!r}", where="rule", expected=", ".join(rule.name for rule in load_rules())
    )


def rules_table() -> pd.DataFrame:
    """What each rule asks for, in words: ``rule, level, speaks if, for, source``."""
    return pd.DataFrame(
        [
            {
                "rule": rule.name,
                "level": rule.level,
                "speaks if": f" {'and' if rule.together == 'all' else 'or'} ".join(
                    in_words(condition) for condition in rule.conditions
                ),
                "on": f"{rule.persistence.days} of {rule.persistence.of_last} days",
                "source": rule.source.split(" (")[0][:60],
            }
            for rule in load_rules()
        ]
    ).set_index("rule")


def in_words(condition: Condition) -> str:
    """A condition as a phrase, such as ``resting heart rate above own median by 1.5 SD, at least 3``."""
    label = measures()[condition.measure].label
    what = label if condition.mean_days == 1 else f"{condition.mean_days}-day mean of {label}"
    parts = []
    if condition.ratio is not None:
        parts.append(f"{condition.ratio:.0%} of own median")
    elif condition.has_baseline:
        distances = [f"{condition.deviations:g} SD"] if condition.deviations is not None else []
        distances += [f"at least {condition.least_change:g}"] if condition.least_change is not None else []
        parts.append(f"own median by {', '.join(distances)}")
    if condition.limit is not None:
        parts.append(f"{condition.limit:g}{' or more' if condition.inclusive else ''}")
    return f"{what} {condition.side} {' and '.join(parts)}"


def watched_table(
    observations: pd.DataFrame, person_id: str, condition: Condition, told_on: Collection[pd.Timestamp]
) -> pd.DataFrame:
    """One measure of one person by day: ``date, value, baseline, threshold, alert``.

    Parameters
    ----------
    observations : pandas.DataFrame
        As ``observe`` returns them.
    told_on : collection of pandas.Timestamp
        Days of alerts.
    """
    grid = on_calendar(observations[observations["person_id"] == person_id])
    compared = compare(condition, grid.values[condition.measure])
    dates = pd.to_datetime(grid.dates)
    return pd.DataFrame(
        {
            "date": dates,
            "value": compared.value[0],
            "baseline": compared.baseline[0],
            "threshold": compared.threshold[0],
            "alert": dates.isin(list(told_on)),
        }
    )
