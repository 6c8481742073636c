"""Filtering a teacher's answers, and measuring what the filter catches."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from scipy import stats

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.knowledge import Card
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import Task
from sleepcot_utils.teach.verification import check_answer

FALSE_ALARM = "undamaged (false alarms)"
#: Counted beside failed checks: answers that passed and say what a kept one says already, or that come after enough.
NEAR_DUPLICATE, MORE_THAN_ENOUGH = "near duplicate", "more than enough"
#: Words in a row that are compared, and the share of the shorter text's rows from which two texts count as one.
#: A choice: samples of a recommendation in the expert's varied wording share at most 0.8, a text of twenty words or
#: more with one of them exchanged shares more than 0.85.
ROW_WORDS, SAME_SHARE = 3, 0.85


@dataclass(frozen=True)
class Kept:
    """What is kept of several answers to each task.

    Attributes
    ----------
    answers : list of Answer
        In the order given.
    failures : dict of str to list of list of str
        Task to the failed checks of each answer that was dropped for them.
    counts : dict of str to int
        How many answers failed each check, were near duplicates, came after enough, or were kept.
    """

    answers: list[Answer]
    failures: dict[str, list[list[str]]]
    counts: dict[str, int]


def keep_best(
    answers: Sequence[Answer],
    tasks: Mapping[str, Task],
    cards: Mapping[str, Card],
    *,
    at_most: int,
    needs_rationale: bool = True,
) -> Kept:
    """Of several rationales to each task keep those that pass every check and differ from each other.

    Parameters
    ----------
    answers : sequence of Answer
        Any number a task; of two that are near duplicates the first is kept.
    at_most : int
        Answers to keep of one task, 1 or more.
    needs_rationale : bool
        Whether an answer without a rationale is dropped.

    Raises
    ------
    ParameterError
        If `at_most` is below 1.
    """
    if at_most < 1:
        raise ParameterError(f"{at_most} answers of a task can't be kept", where="at_most", expected="1 or more")
    kept: list[Answer] = []
    failures: dict[str, list[list[str]]] = {}
    counts: Counter[str] = Counter()
    rows_of: dict[str, list[frozenset[tuple[str, ...]]]] = {}
    for answer in answers:
        task = tasks[answer.task_id]
        failed = check_answer(task, answer.rationale, answer.answer, cards, needs_rationale=needs_rationale)
        if failed:
            failures.setdefault(answer.task_id, []).append(failed)
            counts.update(failed)
            continue
        rows, others = _word_rows(f"{answer.rationale}\n{answer.answer}"), rows_of.setdefault(answer.task_id, [])
        if any(overlap(rows, other) >= SAME_SHARE for other in others):
            counts[NEAR_DUPLICATE] += 1
        elif len(others) >= at_most:
            counts[MORE_THAN_ENOUGH] += 1
        else:
            others.append(rows)
            kept.append(answer)
    counts["kept"] = len(kept)
    return Kept(kept, failures, dict(counts))


def overlap(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """Share of the smaller set that both hold; 1 where one is empty."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 1.0


def _word_rows(text: str) -> frozenset[tuple[str, ...]]:
    """All rows of words of a text; a text of fewer words is one row."""
    words = re.findall(r"\w+", text.lower())
    return frozenset(tuple(words[at : at + ROW_WORDS]) for at in range(max(1, len(words) - ROW_WORDS + 1)))


def filter_answers(
    answers: Sequence[Answer], tasks: Mapping[str, Task], cards: Mapping[str, Card], *, needs_rationale: bool = True
) -> tuple[list[Answer], dict[str, list[str]]]:
    """Keep the answers that pass every check.

    Parameters
    ----------
    needs_rationale : bool
        Whether an answer without a rationale is dropped.

    Returns
    -------
    kept : list of Answer
        In the order given.
    failures : dict of str to list of str
        Task to the checks that its answer failed; with several answers of a task, those of the last that failed.
    """
    failures, kept = {}, []
    for answer in answers:
        task = tasks[answer.task_id]
        failed = check_answer(task, answer.rationale, answer.answer, cards, needs_rationale=needs_rationale)
        if failed:
            failures[answer.task_id] = failed
        else:
            kept.append(answer)
    return kept, failures


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
