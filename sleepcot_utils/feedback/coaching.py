"""Feedback of real people: which advice they can answer to, and what their answers change."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import pandas as pd

from sleepcot_utils.feedback.actions import actions_in
from sleepcot_utils.feedback.entries import Given, advice_id
from sleepcot_utils.feedback.gate import make_offer
from sleepcot_utils.feedback.log import FeedbackLog
from sleepcot_utils.feedback.outcomes import replay
from sleepcot_utils.feedback.policies import MemoryByRules
from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task


def remember_advice(
    log: FeedbackLog, tasks: Sequence[Task], answers: Sequence[Answer], advised: Sequence[str], day: datetime.date
) -> list[str]:
    """Note advice that was given, so that it can be answered to, and return its ids.

    Parameters
    ----------
    tasks, answers : sequence
        Recommendations that were asked for, and what was said.
    advised : sequence of str
        What the rules and the person's feedback would have each person try first; empty where nothing.
    """
    given = []
    for task, answer, extra in zip(tasks, answers, advised, strict=True):
        words = f"{answer.answer} {extra}"
        identity = advice_id(task.person_id, answer.source, str(answer.seed), words)
        given.append(Given(advice_id=identity, person_id=task.person_id, date=day, actions=actions_in(words)))
    log.remember(given)
    return [item.advice_id for item in given]


def remember_training(log: FeedbackLog, tasks: Sequence[Task], texts: Sequence[str], day: datetime.date) -> list[str]:
    """Note training advice that was shown, so that it can be answered to, and return its ids.

    No policy chooses training, so what is said of it moves nothing; it stands in the log as ``training_today`` and so on.

    Parameters
    ----------
    tasks, texts : sequence
        Guide tasks, and what the person read.
    """
    given = [
        Given(
            advice_id=advice_id(task.person_id, task.topic, text),
            person_id=task.person_id,
            date=day,
            actions=(f"training_{task.topic}",),
        )
        for task, text in zip(tasks, texts, strict=True)
    ]
    log.remember(given)
    return [item.advice_id for item in given]


def advice_by_feedback(log: FeedbackLog, reports: Sequence[Report]) -> pd.DataFrame:
    """What each person may try first, by the rules of the report and by what the log says of the person.

    Returns
    -------
    pandas.DataFrame
        ``person_id, answers`` (entries of the log), ``before_any_advice`` (a referral, or empty), ``try_first``.
    """
    given, entries, _ = log.readable()
    memory = replay(MemoryByRules(), given, entries)
    comments = {entry.person_id: entry.comment for entry in entries}
    rows = []
    for report in reports:
        offer = make_offer(report, comments.get(report.person_id, ""))
        (first,) = memory.choose([offer], 1) if offer.safe else (None,)
        count = sum(entry.person_id == report.person_id for entry in entries)
        rows.append((report.person_id, count, offer.referral, first.text if first else ""))
    return pd.DataFrame(rows, columns=["person_id", "answers", "before_any_advice", "try_first"])
