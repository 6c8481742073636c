"""Filtering a teacher's answers, and measuring what the filter catches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd
from scipy import stats

from sleepcot_utils.knowledge import Card
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.teach.verification import check_answer

FALSE_ALARM = "undamaged (false alarms)"


def filter_answers(
    answers: Sequence[Answer], tasks: Mapping[str, Task], cards: Mapping[str, Card]
) -> tuple[list[Answer], dict[str, list[str]]]:
    """Keep the answers that pass every check.

    Returns
    -------
    kept : list of Answer
        In the order given.
    failures : dict of str to list of str
        Task to the checks that its answer failed.
    """
    failures = {}
    for answer in answers:
        failed = check_answer(tasks[answer.task_id], answer.rationale, answer.answer, cards)
        if failed:
            failures[answer.task_id] = failed
    return [answer for answer in answers if answer.task_id not in failures], failures


def caught_errors(
    failures: Mapping[str, Sequence[str]], planted: Mapping[str, str], asked: Sequence[str]
) -> pd.DataFrame:
    """How often each kind of planted error was caught, and how often an undamaged answer was dropped.

    Returns
    -------
    pandas.DataFrame
        ``error, planted, caught, share, low, high``: share with its 95 % Wilson interval. The last row counts false
        alarms on undamaged answers.
    """
    counts = Counter(planted.values())
    hits = Counter(error for name, error in planted.items() if name in failures)
    rows = [(error, counts[error], hits[error]) for error in sorted(counts)]
    honest = [name for name in asked if name not in planted]
    rows.append((FALSE_ALARM, len(honest), sum(name in failures for name in honest)))
    table = pd.DataFrame(rows, columns=["error", "planted", "caught"])
    intervals = [
        stats.binomtest(int(row.caught), int(row.planted)).proportion_ci(method="wilson") if row.planted else (0.0, 1.0)
        for row in table.itertuples()
    ]
    table["share"] = table["caught"] / table["planted"].clip(lower=1)
    table["low"] = [float(interval[0]) for interval in intervals]
    table["high"] = [float(interval[1]) for interval in intervals]
    return table


def reasons_table(
    answers: Sequence[Answer], failures: Mapping[str, Sequence[str]], tasks: Mapping[str, Task]
) -> pd.DataFrame:
    """Answers, kept ones, and failed checks by kind of task; an answer that fails two checks counts in both rows."""
    rows: dict[str, Counter[str]] = {"answers": Counter(), "kept": Counter()}
    for answer in answers:
        kind = tasks[answer.task_id].kind
        rows["answers"][kind] += 1
        rows["kept"][kind] += answer.task_id not in failures
        for reason in failures.get(answer.task_id, ()):
            rows.setdefault(f"failed: {reason}", Counter())[kind] += 1
    table = pd.DataFrame.from_dict(rows, orient="index").fillna(0).astype(int)
    return table.assign(all=table.sum(axis=1))
