"""Follow-up questions: what the report allows to answer, as a verdict, the facts that it cites and its derivation."""

from __future__ import annotations

from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.follow_up import clock, dangers, duration, habits, lookup, ranking, stages
from sleepcot_utils.tasks.follow_up.habits import ALCOHOL_DIFFERENCE_PCT
from sleepcot_utils.tasks.follow_up.kinds import ask, default_option, follow_ups, options, things
from sleepcot_utils.tasks.follow_up.remarks import Remark, remarks
from sleepcot_utils.tasks.follow_up.verdicts import CANNOT_SAY, Verdict

_RULES = {
    "tired": duration.tired,
    "deep": stages.deep,
    "alcohol": habits.alcohol,
    "first": ranking.first,
    "danger": dangers.danger,
    "weekend": clock.weekend,
    "trend": duration.trend,
    "bedtime": duration.bedtime,
    "rem": stages.rem,
    "enough": duration.enough,
    "awake": clock.awake,
    "rise": clock.rise,
    "what_if": duration.what_if,
    "caffeine": habits.caffeine,
    "naps": habits.naps,
    "second": ranking.second,
    "ill": dangers.ill,
    "apnea": dangers.apnea,
    "regular": clock.regular,
    "measured": lookup.measured,
    "remark": dangers.remark,
}


def verdict(kind: str, report: Report, about: str = "") -> Verdict:
    """Right verdict of one kind of question for one report.

    Parameters
    ----------
    kind : str
        A key of ``follow_ups()``.
    about : str
        What the question asks about, for kinds with a slot: minutes, a clock time, a fact or a remark's id; empty
        takes the kind's first.
    """
    return _RULES[kind](report, about or default_option(kind))


__all__ = [
    "ALCOHOL_DIFFERENCE_PCT",
    "CANNOT_SAY",
    "Remark",
    "Verdict",
    "ask",
    "default_option",
    "follow_ups",
    "options",
    "remarks",
    "things",
    "verdict",
]
