"""What a follow-up question is rightly answered with."""

from __future__ import annotations

from dataclasses import dataclass

from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.steps import Step, conclude

CANNOT_SAY = "cannot_say"


@dataclass(frozen=True)
class Verdict:
    """Right answer of a follow-up question in short, and what carries it.

    Attributes
    ----------
    name : str
        One of the verdicts of the kind in ``data/norms/follow_ups.yaml``.
    facts : tuple of str
        Facts whose values an answer must cite.
    steps : tuple of Step
        Derivation, ending with the rule that gives `name`.
    value : float or None
        The number asked for, in minutes or minutes after midnight; None where none is asked for.
    """

    name: str
    facts: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    value: float | None = None


def decide(name: str, facts: tuple[str, ...], *steps: Step, value: float | None = None) -> Verdict:
    """A verdict whose last step says its name; facts that the report does not know need not be cited."""
    return Verdict(name, facts, (*steps, conclude(name)), value)


def remarkable(report: Report, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some facts that lie outside their norm, in the given order."""
    return tuple(name for name in names if report.facts[name].level != "ok")
