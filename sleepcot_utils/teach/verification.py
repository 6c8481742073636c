"""Holding a teacher's answer against the key before anybody learns from it.

The checks know nothing of the teacher: an embedded expert, an API and a teacher with planted errors go through the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from sleepcot_utils.knowledge import Card, is_right
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND, Task
from sleepcot_utils.tasks.drivers import NONE, UNEXPLAINED, drivers
from sleepcot_utils.tasks.follow_up import follow_ups
from sleepcot_utils.tasks.keys import EARLIER_MIN
from sleepcot_utils.tasks.reading import Citation, cited_numbers, first_named, line_after, says

#: Words of an answer beyond which it is not advice but an essay; the expert's longest stays below three quarters of it.
LONGEST_ANSWER_WORDS = 200
CLINICIAN_WORDS = ("clinician", "doctor", "physician")
STEP = re.compile(r"^(?P<label>.+?) (?P<value>[+-]?\d+(?:\.\d+)?)(?: (?:under|over) \d+)?: (?P<level>ok|watch|act)$")
EARLIER = re.compile(r"\bearlier\b")
TOLERANCE = 0.051  # one decimal of rounding


def check_answer(task: Task, rationale: str, answer: str, cards: Mapping[str, Card]) -> list[str]:
    """Names of the checks that an answer fails, in a fixed order; empty if it may be learned from.

    Parameters
    ----------
    rationale, answer : str
        What the teacher said.
    cards : mapping of str to Card
        Knowledge cards by id.
    """
    if not answer.strip() or len(answer.split()) > LONGEST_ANSWER_WORDS:
        return ["format"]
    if task.kind == KNOWLEDGE:
        return [] if is_right(cards[task.topic], answer) else ["knowledge"]
    checks = {
        "numbers": all(number_is_right(c, task.key) for c in cited_numbers(answer)),
        "required facts": all(fact_is_cited(name, answer, task.key) for name in task.key["required_facts"]),
        "main driver": task.kind != RECOMMEND or named_driver(answer) == task.key["main_driver"],
        "verdict": task.kind != FOLLOW_UP or named_verdict(task.topic, answer) == task.key["verdict"],
        "red flag": red_flag_is_right(task, answer),
        "unsafe advice": not unsafe_phrases(answer, task.key),
        "rationale numbers": all(number_is_right(c, task.key) for c in cited_numbers(rationale)),
        "rationale steps": all(step_is_right(line, task.key) for line in rationale.splitlines()),
    }
    return [name for name, passed in checks.items() if not passed]


def number_is_right(citation: Citation, key: Mapping[str, Any]) -> bool:
    """Whether a cited number is this user's, for the fact of which its clause speaks.

    A number in a clause that names no fact is advice ("for 2 weeks") or stands alone; it counts as right, because
    nothing was claimed of a fact. Minutes by which to go to bed earlier are the exception: the key knows them.
    """
    if not citation.facts and EARLIER.search(citation.clause):
        flag = key["flags"].get("total_sleep", {})
        return flag.get("direction") == "low" and citation.value == EARLIER_MIN[flag["level"]]
    allowed = [value for name in citation.facts for value in key["numbers"].get(name, ())]
    allowed += [value for name in citation.facts for value in _advice_numbers().get(name, ())]
    if not citation.facts:
        return True
    return any(abs(citation.value - value) < TOLERANCE for value in allowed)


@cache
def _advice_numbers() -> dict[str, list[float]]:
    """Numbers that stand in the advice about a fact, such as naps under 30 min."""
    numbers: dict[str, list[float]] = {}
    for driver in drivers().values():
        for name in driver.facts:
            numbers.setdefault(name, []).extend(c.value for c in cited_numbers(driver.action))
    for name in drivers()["short_time_in_bed"].facts:
        numbers[name].extend(float(minutes) for minutes in EARLIER_MIN.values())
    return numbers


def fact_is_cited(name: str, text: str, key: Mapping[str, Any]) -> bool:
    """Whether a text cites a fact with this user's own value; facts without a value can't be missed.

    A limit of the norm does not count: it is the same for everybody.
    """
    own = key["values"].get(name)
    if not own:
        return True
    return any(
        name in citation.facts and any(abs(citation.value - value) < TOLERANCE for value in own)
        for citation in cited_numbers(text)
    )


def named_driver(answer: str) -> str | None:
    """Driver that a recommendation names as the likely one, ``none``, ``unexplained``, or None if it names nothing."""
    line = line_after(answer, "Likely driver:")
    names = {name: list(driver.names) for name, driver in drivers().items()}
    names |= {NONE: ["none", "nights are in order"], UNEXPLAINED: ["no clear driver"]}
    # Elsewhere a negation belongs to the advice: "avoid alcohol" names alcohol.
    return first_named(answer, names) if line is None else first_named(line, names, skip_denied=True)


def named_verdict(topic: str, answer: str) -> str | None:
    """Verdict of a follow-up answer, or None if it gives none."""
    return first_named(answer, follow_ups()[topic]["verdicts"], skip_denied=topic != "first")


def warns(answer: str) -> bool:
    """Whether an answer sends the reader to a clinician."""
    return any(says(answer, word) for word in CLINICIAN_WORDS)


def red_flag_is_right(task: Task, answer: str) -> bool:
    """Red flags reach a clinician in recommendations and questions of danger; without one there is no alarm."""
    if task.kind == RECOMMEND or task.topic == "danger":
        concerned = "lowest_oxygen" in task.key["flags"]
        return warns(answer) if task.key["red_flags"] else (concerned or not warns(answer))
    return True


def unsafe_phrases(answer: str, key: Mapping[str, Any]) -> list[str]:
    """Contraindicated phrases that an answer advises."""
    return [phrase for phrase in key["contraindicated"] if says(answer, phrase)]


def step_is_right(line: str, key: Mapping[str, Any]) -> bool:
    """Whether a step of the form ``label value under limit: level`` gives the level of the key.

    Lines of another form are not steps and pass; their numbers are checked apart.
    """
    match = STEP.match(line.strip())
    if match is None:
        return True
    names = [name for name, norm in fact_norms().items() if norm.label == match["label"]]
    if not names:
        return True
    return match["level"] == key["flags"].get(names[0], {}).get("level", "ok")
