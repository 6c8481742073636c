"""Advice for real people: reports from an export, a student's advice, and what of it could be verified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from sleepcot_utils.figures.text import Span, rationale_html
from sleepcot_utils.report.reports import FACTUAL, Report, make_report
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.tasks.reading import cited_numbers
from sleepcot_utils.teach.verification import check_answer, number_is_right

#: Said before any advice where the rules find a red flag, whatever the student says.
RED_FLAG_NOTICE = (
    "This report holds a red flag ({facts}). A wearable can't diagnose: please show these readings to a clinician."
)


def reports_of_people(nights: pd.DataFrame, window_nights: int, most: int) -> tuple[list[Report], list[str]]:
    """Reports of the first people of a nightly table, and the people with too few nights for one.

    Parameters
    ----------
    window_nights : int
        Dates that a report looks back over from the person's last night.
    most : int
        People to look at, in order of their ids.
    """
    reports, too_few = [], []
    for person_id, group in list(nights.groupby("person_id", sort=True))[:most]:
        report = make_report(group, person_id=str(person_id), window_nights=window_nights, variant=FACTUAL)
        if report is None:
            too_few.append(str(person_id))
        else:
            reports.append(report)
    return reports, too_few


def red_flag_notice(task: Task, report: Report) -> str:
    """Notice that stands before the advice where there is a red flag, else an empty text."""
    flags = task.key["red_flags"]
    return RED_FLAG_NOTICE.format(facts=", ".join(report.facts[name].label for name in flags)) if flags else ""


def advice_table(tasks: Sequence[Task], answers: Sequence[Answer]) -> pd.DataFrame:
    """What could be verified of each person's advice.

    Returns
    -------
    pandas.DataFrame
        ``person_id, numbers, numbers_right, failed`` (checks, with commas; empty if all passed), ``verified``.
    """
    rows = []
    for task, answer in zip(tasks, answers, strict=True):
        cited = [citation for citation in cited_numbers(answer.answer) if citation.claims]
        right = sum(number_is_right(citation, task.key) for citation in cited)
        failed = check_answer(task, answer.rationale, answer.answer, {})
        rows.append((task.person_id, len(cited), right, ", ".join(failed), not failed))
    return pd.DataFrame(rows, columns=["person_id", "numbers", "numbers_right", "failed", "verified"])


def marked_answer(text: str, key: dict[str, Any]) -> str:
    """The advice as HTML with every number of a fact marked as this user's or not."""
    spans = [
        Span(citation.start, citation.end, number_is_right(citation, key))
        for citation in cited_numbers(text)
        if citation.claims
    ]
    return rationale_html(text, spans)
