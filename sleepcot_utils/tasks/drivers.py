"""Which driver may lie behind a report: rules over its facts, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from sleepcot_utils.norms import LEVELS
from sleepcot_utils.paths import reference_data
from sleepcot_utils.report.reports import Report

NONE, UNEXPLAINED = "none", "unexplained"
OUTCOMES = ("total_sleep", "sleep_efficiency", "sleep_latency", "wake_after_onset")
VITALS = ("heart_rate_change", "breathing_rate_change", "lowest_oxygen")
BROKEN = ("sleep_efficiency", "sleep_latency", "wake_after_onset")
#: Drivers that explain wake in bed by themselves; only without them is lying awake called the driver.
EXPLAINS_WAKE = ("breathing", "alcohol", "late_caffeine", "naps")


@dataclass(frozen=True)
class Driver:
    """One entry of ``data/norms/drivers.yaml``."""

    name: str
    facts: tuple[str, ...]
    names: tuple[str, ...]
    action: str
    action_words: tuple[str, ...]
    never: tuple[str, ...]

    @property
    def phrase(self) -> str:
        """How the embedded expert names it."""
        return self.names[0]


@cache
def drivers() -> dict[str, Driver]:
    """All drivers in order of precedence."""
    entries: dict[str, Any] = yaml.safe_load(reference_data("norms", "drivers.yaml").read_text(encoding="utf-8"))
    return {
        name: Driver(
            name,
            tuple(entry["facts"]),
            tuple(entry["names"]),
            entry["action"],
            tuple(entry["action_words"]),
            tuple(entry["never"]),
        )
        for name, entry in entries.items()
    }


@dataclass(frozen=True)
class Findings:
    """What the rules find in a report.

    Attributes
    ----------
    problems : tuple of str
        Facts among outcomes and vital signs that lie outside their norm, in the report's order.
    candidates : dict of str to str
        Driver to level (``watch`` or ``act``), in order of precedence.
    main, second : str
        ``none`` where nothing is remarkable or there is no second; ``unexplained`` where a problem has no driver.
    red_flags : tuple of str
        Facts that need a clinician.
    """

    problems: tuple[str, ...]
    candidates: dict[str, str]
    main: str
    second: str
    red_flags: tuple[str, ...]


def level(report: Report, *names: str) -> str:
    """Highest level among facts; unknown facts count as ``ok``."""
    return max((report.facts[name].level for name in names), key=LEVELS.index)


def find(report: Report) -> Findings:
    """Apply the rules to a report.

    A driver counts only if something is wrong: an outcome or a vital sign outside its norm. Drivers at ``act`` go
    before drivers at ``watch``; within a level the order of ``data/norms/drivers.yaml`` holds.
    """
    problems = tuple(name for name in (*OUTCOMES, *VITALS) if report.facts[name].level != "ok")
    if not problems:
        return Findings((), {}, NONE, NONE, ())
    found = {name: level(report, *drivers()[name].facts) for name in drivers()}
    short = report.facts["total_sleep"]
    found["short_time_in_bed"] = (
        short.level if short.direction == "low" and report.facts["sleep_efficiency"].level == "ok" else "ok"
    )
    if any(found[name] != "ok" for name in EXPLAINS_WAKE):
        found["wakeful_in_bed"] = "ok"
    if found["wakeful_in_bed"] != "ok":
        found["short_time_in_bed"] = "ok"  # more time in bed is no advice for somebody who lies awake in it
    candidates = {name: found[name] for name in drivers() if found[name] != "ok"}
    ranked = sorted(candidates, key=lambda name: -LEVELS.index(candidates[name]))
    main = ranked[0] if ranked else UNEXPLAINED
    return Findings(problems, candidates, main, ranked[1] if len(ranked) > 1 else NONE, red_flags(report))


def red_flags(report: Report) -> tuple[str, ...]:
    """Facts that a clinician should see: oxygen at the act limit, or heart and breathing rate both there."""
    flags = [] if report.facts["lowest_oxygen"].level != "act" else ["lowest_oxygen"]
    both = ("heart_rate_change", "breathing_rate_change")
    if all(report.facts[name].level == "act" for name in both):
        flags.extend(both)
    return tuple(flags)
