"""What can be advised: single actions that a person can follow or refuse, and which of them fit a report."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from sleepcot_utils.paths import reference_data
from sleepcot_utils.tasks.drivers import Findings


@dataclass(frozen=True)
class Action:
    """One entry of ``data/feedback/actions.yaml``.

    Attributes
    ----------
    drivers : tuple of str
        Drivers that it answers.
    asks : tuple of str
        What it asks of a person; tastes and profiles speak of these.
    undoes : tuple of str
        Planted scenarios that a simulated person who follows it no longer has.
    strength : float
        Share of the nights on which it does so, if fully followed.
    """

    name: str
    text: str
    drivers: tuple[str, ...]
    asks: tuple[str, ...]
    undoes: tuple[str, ...]
    strength: float


@cache
def actions() -> dict[str, Action]:
    """All actions by name, in the order of the file; the first of a driver is the expert's."""
    entries: dict[str, Any] = yaml.safe_load(reference_data("feedback", "actions.yaml").read_text(encoding="utf-8"))
    return {
        name: Action(
            name,
            entry["text"],
            tuple(entry["drivers"]),
            tuple(entry["asks"]),
            tuple(entry["undoes"]),
            float(entry["strength"]),
        )
        for name, entry in entries.items()
    }


@cache
def all_asks() -> tuple[str, ...]:
    """Everything that some action asks, in the order of the file."""
    return tuple(dict.fromkeys(ask for action in actions().values() for ask in action.asks))


def fitting_actions(found: Findings) -> tuple[Action, ...]:
    """Actions for the two drivers of a report, those of the main one first.

    *What* has to change is decided by the report, and only *how* is left to taste: a policy that could choose among all
    drivers would learn to advise what pleases and leave alone what harms. Drivers that no action answers (low oxygen,
    body under strain) are a clinician's, never a policy's.

    Parameters
    ----------
    found : Findings
        What the rules find in the report.
    """
    fitting = [action for name in (found.main, found.second) for action in actions().values() if name in action.drivers]
    return tuple(dict.fromkeys(fitting))


def actions_in(text: str) -> tuple[str, ...]:
    """Names of the actions that an answer advises: their text stands in it, whatever its capitals.

    Examples
    --------
    >>> actions_in("Do first: have your last caffeine before noon. Then: keep a diary.")
    ('caffeine_before_noon',)
    """
    plain = text.lower()
    return tuple(name for name, action in actions().items() if action.text.lower().rstrip(".") in plain)
