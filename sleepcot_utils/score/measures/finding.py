"""What an answer finds: drivers, flagged facts, the trend, and where it says that the data can't tell."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from sleepcot_utils.norms import fact_norms
from sleepcot_utils.score.measures.reference import Reference
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND, Task
from sleepcot_utils.tasks.drivers import drivers
from sleepcot_utils.tasks.follow_up import CANNOT_SAY, follow_ups
from sleepcot_utils.tasks.quantities import quantities
from sleepcot_utils.tasks.reading import NEGATION, placed_clauses, placed_facts, split_answer
from sleepcot_utils.teach.verification import fact_is_cited, named_driver, named_verdict
from sleepcot_utils.teach.verify.claims import second_driver
from sleepcot_utils.teach.verify.derivation import TREND

NAN = float("nan")
FLAG_SCORES = ("main_driver_right", "driver_precision", "driver_recall", "flag_precision", "flag_recall")
TREND_SCORES = ("direction_right",)
ABSTENTION_SCORES = ("abstention_recall", "abstention_precision")
#: Words that put a fact outside its norm.
OUTSIDE = re.compile(r"\b(?:below|under|short of|less than|fewer than|above|over|more than|beyond|outside|past)\b")
#: Verdicts on the trend of time asleep and what reports call it.
#: How "this can't be known" is said where a kind of question has no such verdict.
ABSTAINS = re.compile(r"\b(?:can't|cannot|can not) (?:say|tell|be known|know|be told|answer)\b|\bnot enough data\b")


def drivers_and_flags(texts: Sequence[str], references: Sequence[Reference]) -> dict[str, list[float]]:
    """Drivers and flagged facts of each recommendation.

    Returns
    -------
    dict of str to list of float
        ``main_driver_right``; ``driver_precision`` and ``driver_recall`` of main and second driver as a set;
        ``flag_precision``: share of the facts that the answer puts outside their norm that are; ``flag_recall``: share of
        the remarkable facts that it cites with their own value. A share of nothing is NaN, as is all but a recommendation.
    """
    rows = [_finds(split_answer(text)[1], reference.task) for text, reference in zip(texts, references, strict=True)]
    return {name: [row[name] for row in rows] for name in FLAG_SCORES}


def _finds(answer: str, task: Task) -> dict[str, float]:
    row = dict.fromkeys(FLAG_SCORES, NAN)
    if task.kind != RECOMMEND:
        return row
    key = task.key
    row["main_driver_right"] = float(named_driver(answer) == key["main_driver"])
    named = {name for name in (named_driver(answer), second_driver(answer)) if name in drivers()}
    right = {name for name in (key["main_driver"], key["second_driver"]) if name in drivers()}
    row["driver_precision"], row["driver_recall"] = _share(named & right, named), _share(named & right, right)
    put_outside = facts_outside(answer)
    row["flag_precision"] = _share(put_outside & set(key["flags"]), put_outside)
    flagged = [name for name in key["flags"] if key["values"].get(name)]
    row["flag_recall"] = _share([name for name in flagged if fact_is_cited(name, answer, key)], flagged)
    return row


def facts_outside(text: str) -> set[str]:
    """Facts that a text puts outside their norm, by a value and a word such as "below" in the clause that names them.

    Examples
    --------
    >>> facts_outside("Time asleep 372 min is below the norm of 420. Sleep efficiency of 93 % is not below 85 %.")
    {'total_sleep'}
    """
    found: set[str] = set()
    for _, clause in placed_clauses(text):
        for match in OUTSIDE.finditer(clause):
            before = clause[: match.start()]
            named = [name for name, _, end in placed_facts(clause) if end <= match.start() and name in fact_norms()]
            if named and quantities(before) and not NEGATION.search(before):
                found.add(named[-1])
    return found


def trend(texts: Sequence[str], references: Sequence[Reference]) -> dict[str, list[float]]:
    """``direction_right`` of the trend of time asleep, where it was asked for or an answer or rationale states it."""
    return {"direction_right": [_trend(text, one.task) for text, one in zip(texts, references, strict=True)]}


def _trend(text: str, task: Task) -> float:
    if task.kind == KNOWLEDGE:
        return NAN
    if task.kind == FOLLOW_UP and task.topic == "trend":
        return float(named_verdict("trend", split_answer(text)[1]) == task.key["verdict"])
    said = {match[1] for match in TREND.finditer(text.lower())}
    return float(said == {task.key["trend"]}) if said else NAN


def abstention(texts: Sequence[str], references: Sequence[Reference]) -> dict[str, list[float]]:
    """Whether follow-up answers say "can't be known" when, and only when, it is so.

    Returns
    -------
    dict of str to list of float
        ``abstention_recall`` on the questions whose right verdict is that the data can't say, and
        ``abstention_precision`` on the answers that say so; NaN elsewhere, so that means are recall and precision.
    """
    recall, precision = [], []
    for text, reference in zip(texts, references, strict=True):
        task = reference.task
        unknown = task.kind == FOLLOW_UP and task.key["verdict"] == CANNOT_SAY
        said = task.kind == FOLLOW_UP and abstains(task.topic, split_answer(text)[1])
        recall.append(float(said) if unknown else NAN)
        precision.append(float(unknown) if said else NAN)
    return {"abstention_recall": recall, "abstention_precision": precision}


def abstains(topic: str, answer: str) -> bool:
    """Whether the verdict of a follow-up answer is that the data can't say.

    Examples
    --------
    >>> abstains("deep", "This data can't say."), abstains("bedtime", "That can't be known from this report.")
    (True, True)
    """
    verdict = named_verdict(topic, answer)
    if CANNOT_SAY in follow_ups()[topic]["verdicts"]:
        return verdict == CANNOT_SAY
    return verdict is None and ABSTAINS.search(answer.lower().replace("\u2019", "'")) is not None


def _share(part: Collection[str], whole: Collection[str]) -> float:
    return len(part) / len(whole) if whole else NAN
