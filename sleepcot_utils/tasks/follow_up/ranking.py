"""Questions about what to change: the main driver and the second one."""

from __future__ import annotations

from sleepcot_utils.norms import LEVELS
from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.drivers import Findings, drivers, find
from sleepcot_utils.tasks.follow_up.verdicts import Verdict, decide, remarkable
from sleepcot_utils.tasks.steps import RANK, Step, compare


def first(report: Report, about: str) -> Verdict:
    """The main driver."""
    found = find(report)
    return decide(found.main, _evidence(report, found.main), *ranking_steps(report, found))


def second(report: Report, about: str) -> Verdict:
    """The driver after the main one."""
    found = find(report)
    return decide(found.second, _evidence(report, found.second), *ranking_steps(report, found))


def ranking_steps(report: Report, found: Findings) -> tuple[Step, ...]:
    """What is wrong, what speaks for which driver, and their order."""
    evidence = [name for driver in found.candidates for name in remarkable(report, drivers()[driver].facts)]
    ordered = sorted(found.candidates.items(), key=lambda item: -LEVELS.index(item[1]))
    terms = tuple((name, float(LEVELS.index(level))) for name, level in ordered)
    compared = dict.fromkeys([*found.problems, *evidence])
    return (*(compare(report, name) for name in compared), Step(RANK, terms=terms, says=found.main))


def _evidence(report: Report, driver: str) -> tuple[str, ...]:
    facts = drivers()[driver].facts if driver in drivers() else ()
    return remarkable(report, facts)[:1]
