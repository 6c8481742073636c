"""Advice for real people: warnings that do not wait for a model, and what of an advice could be verified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from sleepcot_utils.figures.text import Span, rationale_html
from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.tasks.reading import cited_numbers
from sleepcot_utils.teach.verification import check_answer, number_is_right

#: Said before any advice where the rules find a red flag, whatever the student says.
RED_FLAG_NOTICE = (
    "This report holds a red flag ({facts}). A wearable can't diagnose: please show these readings to a clinician."
)


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
