"""Steps of a derivation: what a right rationale reads, compares, computes and concludes, one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sleepcot_utils.report.facts import Fact
from sleepcot_utils.report.reports import Report

READ, COMPARE, COMPUTE, RANK, RULE, UNKNOWN = "read", "compare", "compute", "rank", "rule", "unknown"
UNDER, OVER, INSIDE = "under", "over", "inside"
NOT_MEASURED, TOO_FEW_NIGHTS, NOT_GIVEN = "not measured", "too few nights", "not given"


@dataclass(frozen=True)
class Step:
    """One step of a derivation.

    Attributes
    ----------
    act : str
        ``read`` (a value is looked up), ``compare`` (a value is held against a limit), ``compute`` (arithmetic),
        ``rank`` (drivers in order), ``rule`` (a conclusion) or ``unknown`` (something that this data can't give).
    fact : str
        Fact of the report, or a word such as ``bedtime`` or ``age`` for what is none; empty where no one fact is meant.
    value, limit : float or None
        In the unit of the fact; clock times are minutes after midnight.
    relation : str
        ``under`` or ``over`` the limit, or ``inside``; then both limits stand in `terms` as ``low`` and ``high``.
    level : str
        ``ok``, ``watch`` or ``act``; empty where the fact has no norm.
    terms : tuple of (str, float)
        What was computed from, in order, and ``result`` last; for ``rank`` the drivers with 1 (watch) or 2 (act).
    says : str
        What is concluded, ranked first, computed, or why it is not known.
    """

    act: str
    fact: str = ""
    value: float | None = None
    limit: float | None = None
    relation: str = ""
    level: str = ""
    terms: tuple[tuple[str, float], ...] = ()
    says: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain mapping for JSON; terms become lists."""
        return asdict(self) | {"terms": [list(term) for term in self.terms]}

    @classmethod
    def from_dict(cls, entry: dict[str, Any]) -> Step:
        """Inverse of ``as_dict``."""
        return cls(**(entry | {"terms": tuple((str(name), float(number)) for name, number in entry["terms"])}))


def read(report: Report, name: str) -> Step:
    """Look up a fact; an unknown one gives an ``unknown`` step."""
    fact = report.facts[name]
    return Step(READ, name, value=fact.value) if fact.known else unknown(name)


def compare(report: Report, name: str) -> Step:
    """Hold a fact against its norm (or its typical range); an unknown one gives an ``unknown`` step."""
    fact = report.facts[name]
    if not fact.known:
        return unknown(name)
    level = fact.level if has_norm(fact) else ""
    if fact.low is not None and fact.value < fact.low:
        return Step(COMPARE, name, fact.value, fact.low, UNDER, level)
    if fact.high is not None and fact.value > fact.high:
        return Step(COMPARE, name, fact.value, fact.high, OVER, level)
    sides = {"low": fact.low, "high": fact.high}
    terms = tuple((side, limit) for side, limit in sides.items() if limit is not None)
    return Step(COMPARE, name, fact.value, None, INSIDE, level, terms)


def compare_until(report: Report, names: Iterable[str], decisive: str = "") -> tuple[Step, ...]:
    """Comparisons in order up to the one that decides; facts that are not known are passed over."""
    steps = []
    for name in names:
        if report.facts[name].known:
            steps.append(compare(report, name))
        if name == decisive:
            break
    return tuple(steps)


def compute(says: str, *terms: tuple[str, float], result: float) -> Step:
    """Arithmetic on `terms`; `says` names what comes out."""
    return Step(COMPUTE, value=result, terms=(*terms, ("result", result)), says=says)


def conclude(says: str) -> Step:
    """A conclusion from the steps before it."""
    return Step(RULE, says=says)


def unknown(name: str, why: str = NOT_MEASURED) -> Step:
    """Something that this data can't give, and why."""
    return Step(UNKNOWN, name, says=why)


def has_norm(fact: Fact) -> bool:
    """Whether a fact is judged by a norm; a typical range, as of deep sleep, only describes."""
    return fact.act_low is not None or fact.act_high is not None
