"""Questions about danger and illness. Nothing here diagnoses: readings are named, and who can find out."""

from __future__ import annotations

from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.drivers import find
from sleepcot_utils.tasks.follow_up.remarks import HARMLESS, remarks
from sleepcot_utils.tasks.follow_up.verdicts import CANNOT_SAY, Verdict, decide, remarkable
from sleepcot_utils.tasks.steps import READ, Step, compare, unknown

WATCHED = ("lowest_oxygen", "heart_rate_change", "breathing_rate_change")
STRAIN = ("heart_rate_change", "breathing_rate_change")


def danger(report: Report, about: str) -> Verdict:
    """Red flags of the report; without oxygen readings their absence proves nothing."""
    steps = tuple(compare(report, name) for name in WATCHED)
    flags = find(report).red_flags
    if flags:
        return decide("see_clinician", flags[:1], *steps)
    if not report.facts["lowest_oxygen"].known:
        return decide(CANNOT_SAY, (), *steps)
    return decide("no_red_flag", ("lowest_oxygen",), *steps)


def ill(report: Report, about: str) -> Verdict:
    """Whether heart or breathing rate rises above the person's own usual level, as it may before an illness."""
    steps = tuple(compare(report, name) for name in STRAIN)
    raised = remarkable(report, STRAIN)
    if raised:
        return decide("sign", raised[:1], *steps)
    if not report.facts["heart_rate_change"].known:
        return decide(CANNOT_SAY, (), *steps)
    return decide("no_sign", ("heart_rate_change",), *steps)


def apnea(report: Report, about: str) -> Verdict:
    """What the oxygen readings show; whether there is apnea only a sleep study can tell."""
    oxygen = report.facts["lowest_oxygen"]
    if not oxygen.known:
        return decide(CANNOT_SAY, (), unknown("lowest_oxygen"))
    name = "readings_low" if oxygen.level != "ok" else "readings_usual"
    return decide(name, ("lowest_oxygen",), compare(report, "lowest_oxygen"))


def remark(report: Report, about: str) -> Verdict:
    """The higher urgency of a remark and of the report; the remark's own was labeled when it was written."""
    said = remarks()[about]
    read = Step(READ, "remark", says=said.flag or HARMLESS)
    steps = tuple(compare(report, name) for name in WATCHED)
    flags = find(report).red_flags
    if said.urgency == "now":
        return decide("now", (), read)
    if said.urgency == "soon" or flags:
        return decide("soon", flags[:1], read, *steps)
    if not report.facts["lowest_oxygen"].known:
        return decide(CANNOT_SAY, (), read, *steps)
    return decide("no_warning", ("lowest_oxygen",), read, *steps)
