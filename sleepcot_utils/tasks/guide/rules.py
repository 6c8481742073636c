"""Rules of training advice, as ``data/guide/rules.yaml`` holds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml

from sleepcot_utils.errors import InputError
from sleepcot_utils.paths import reference_data, relative_name

REST, EASY, HARD = LEVELS = ("rest", "easy", "hard")
STOP, RESTING, RECOVER, LIMIT, TODAY, GO = TIERS = ("stop", "rest", "recover", "limit", "today", "go")
HYPERTENSION, DIABETES, PREGNANCY = "hypertension", "type_2_diabetes", "pregnancy"


@dataclass(frozen=True)
class Rule:
    """One rule of training advice.

    Attributes
    ----------
    level : str
        Most that is allowed today: ``rest``, ``easy`` or ``hard``.
    tier : str
        What it does to the week; one of ``TIERS``.
    urgency : str
        ``none``, ``soon`` or ``now``: how soon a clinician is needed.
    names : tuple of str
        The first is how the expert names it; all count as naming it.
    limits : dict of str to float
        Limits of the rule, with their units in their names.
    source : str
        Where the rule comes from, and which part of it is a choice.
    """

    name: str
    level: str
    tier: str
    urgency: str
    names: tuple[str, ...]
    source: str
    limits: dict[str, float] = field(default_factory=dict)


@cache
def entries() -> dict[str, Any]:
    """The whole file."""
    loaded: dict[str, Any] = yaml.safe_load(_path().read_text(encoding="utf-8"))
    return loaded


def _path() -> Any:
    return reference_data("guide", "rules.yaml")


@cache
def rules() -> dict[str, Rule]:
    """All rules in the order in which they are asked.

    Raises
    ------
    InputError
        If a rule lacks a field, or its level or tier is none.
    """
    made = {}
    for name, entry in entries()["rules"].items():
        try:
            rule = Rule(
                name,
                entry["level"],
                entry["tier"],
                entry["urgency"],
                tuple(entry["names"]),
                " ".join(entry["source"].split()),
                {key: float(value) for key, value in entry.items() if isinstance(value, int | float)},
            )
        except KeyError as missing:
            raise InputError(
                f"the rule {name!r} lacks the field {missing}",
                where=relative_name(_path()),
                expected="see its comments",
            ) from None
        if rule.level not in LEVELS or rule.tier not in TIERS:
            raise InputError(
                f"the rule {name!r} has the level {rule.level!r} and the tier {rule.tier!r}",
                where=relative_name(_path()),
                expected=f"a level among {', '.join(LEVELS)} and a tier among {', '.join(TIERS)}",
            )
        made[name] = rule
    return made


def goals() -> dict[str, dict[str, Any]]:
    """Goals by id: text, hard days and strength days that they ask for."""
    return {name: entry for name, entry in entries()["goals"].items() if name != "source"}


def conditions() -> dict[str, dict[str, Any]]:
    """Conditions that change the advice, by id."""
    listed: dict[str, dict[str, Any]] = entries()["conditions"]
    return listed


def load() -> dict[str, Any]:
    """Limits of training load."""
    listed: dict[str, Any] = entries()["load"]
    return listed


def guideline(age_y: float | None, is_pregnant: bool) -> dict[str, Any]:
    """Weekly activity that the World Health Organization recommends; an age that is not given counts as adult."""
    listed = entries()["guidelines"]
    if is_pregnant:
        return dict(listed["pregnancy"])
    return dict(listed["older" if age_y is not None and age_y >= listed["older"]["from_age_y"] else "adult"])


def never(tier: str, held: tuple[str, ...]) -> list[str]:
    """Phrases of advice that is wrong at a tier and for what a person has (conditions, ``injury``)."""
    listed = entries()["never"]
    phrases = [phrase for name in ("always", tier, *held) for phrase in listed.get(name, ())]
    return list(dict.fromkeys(phrases))
