"""The plainest question: what the report says about one thing, which it may not hold at all."""

from __future__ import annotations

from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.follow_up.verdicts import CANNOT_SAY, Verdict, decide
from sleepcot_utils.tasks.steps import compare, has_norm, read, unknown


def measured(report: Report, about: str) -> Verdict:
    """Value of the fact `about`; things that no report holds can't be said either."""
    fact = report.facts.get(about)
    if fact is None or not fact.known:
        return decide(CANNOT_SAY, (), unknown(about))
    if not has_norm(fact):
        return decide("no_norm", (about,), read(report, about), value=fact.value)
    name = "in_norm" if fact.level == "ok" else "off_norm"
    return decide(name, (about,), compare(report, about), value=fact.value)
