"""Where a rationale first goes wrong, and by which kind of step.

A rationale is read line by line against the key. The first line that does not hold names the step; what comes after it
may well follow from it. Where every line holds, a step that was left out, a conclusion, or the answer itself is to blame.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from sleepcot_utils.knowledge import Card
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.score.answers import SCORE_COLUMNS
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND, Task
from sleepcot_utils.tasks.drivers import OUTCOMES, VITALS, drivers
from sleepcot_utils.tasks.keys import RANKING
from sleepcot_utils.tasks.reading import placed_facts
from sleepcot_utils.tasks.steps import RANK
from sleepcot_utils.teach.verification import explain_failures
from sleepcot_utils.teach.verify.arithmetic import wrong_sums
from sleepcot_utils.teach.verify.claims import driver_phrase
from sleepcot_utils.teach.verify.derivation import missing_steps, wrong_conclusion, wrong_order
from sleepcot_utils.teach.verify.failures import RATIONALE, Failure, cut
from sleepcot_utils.teach.verify.numbers import wrong_numbers
from sleepcot_utils.teach.verify.reasoning import wrong_comparisons, wrong_levels

READ, COMPARE, ARITHMETIC, PROBLEMS, RANKED, DRIVER, RED_FLAG = (
    "read a value", "compare", "arithmetic", "list problems", "rank", "driver", "red flag"
)  # fmt: skip
LEFT_OUT, NO_RATIONALE, ANSWERED, CARD, NOTHING = (
    "leave a step out", "no rationale", "answer from the steps", "card", "nothing wrong",
)  # fmt: skip
#: Kinds of step with what is wrong when they are.
STEPS = {
    NO_RATIONALE: "there is no rationale before the answer",
    READ: "a value is not this report's, or is called not measured though it is there",
    COMPARE: "a comparison or a level (ok, watch, act) does not hold",
    ARITHMETIC: "a sum does not come out, or its terms stand after it",
    PROBLEMS: "the list of problems is not that of the key",
    RANKED: "the candidate drivers or their levels are not those of the key",
    DRIVER: "main or second driver is another",
    RED_FLAG: "the rationale's red flags are not those of the key",
    LEFT_OUT: "every line holds, but a step that the answer rests on is missing",
    ANSWERED: "every step holds and is there, and the answer is wrong all the same",
    CARD: "question of knowledge: the answer is not what the card says",
}
#: Of every answer to a question about a report; ``card`` is the only kind of a question of knowledge.
OF_REPORTS = tuple(name for name in STEPS if name != CARD)
_NOT_KNOWN = re.compile(r"\b(?:not measured|too few nights|not given)\b")
_PROBLEMS = re.compile(
    r"\A\s*(?:problems|outside the norm among [\w ]+|so these need an explanation|what is wrong, then):(.*)"
)
_NO_PROBLEMS = re.compile(r"\bno fact about sleep or vital signs is outside\b|\bnothing here needs an explanation\b")
_DRIVERS = re.compile(
    r"\A\s*(?:drivers|what may lie behind it, with its level|candidates for the cause, with their level):(.*)"
)
_NO_DRIVERS = re.compile(r"\bno habit or reading in this report stands out\b|\bnothing in the data points to a cause\b")
_FLAGS = re.compile(r"\A\s*(?:red flags|a red flag stands|before any advice comes the red flag):(.*)")
_NO_FLAGS = re.compile(r"\bthere is no red flag in what was measured\b|\bnothing that was measured is a red flag\b")


@dataclass(frozen=True)
class WrongStep:
    """The first step of a rationale that does not hold.

    Attributes
    ----------
    step : str
        One of ``STEPS``, or ``NOTHING``.
    line : int
        Line of the rationale, from 1; 0 where no line is to blame.
    excerpt : str
        What was said; empty where something is missing.
    expected : str
        What would be right.
    """

    step: str
    line: int = 0
    excerpt: str = ""
    expected: str = ""


def first_wrong_step(task: Task, rationale: str, answer: str, cards: Mapping[str, Card]) -> WrongStep:
    """The first step at which an answer goes wrong.

    Parameters
    ----------
    task : Task
        With its key.
    rationale, answer : str
        What was said.
    cards : mapping of str to Card
        Knowledge cards by id.

    Returns
    -------
    WrongStep
        ``nothing wrong`` where rationale and answer pass every check.
    """
    if task.kind == KNOWLEDGE:
        failed = explain_failures(task, "", answer, cards)
        return WrongStep(CARD, 0, failed[0].excerpt, failed[0].expected) if failed else WrongStep(NOTHING)
    if not rationale.strip():
        return WrongStep(NO_RATIONALE, 0, cut(answer), "the steps that lead to the answer")
    for number, line in enumerate(rationale.splitlines(), start=1):
        for step, failure in _of_line(task, line):
            return WrongStep(step, number, failure.excerpt or cut(line), failure.expected)
    for step, found in ((LEFT_OUT, missing_steps), (ARITHMETIC, wrong_order), (DRIVER, wrong_conclusion)):
        for failure in found(task, rationale):
            return WrongStep(step, 0, failure.excerpt, failure.expected)
    failed = explain_failures(task, rationale, answer, cards)
    return WrongStep(ANSWERED, 0, failed[0].excerpt, failed[0].expected) if failed else WrongStep(NOTHING)


def wrong_step_scores(answers: Sequence[Answer], tasks: Sequence[Task], cards: Mapping[str, Card]) -> pd.DataFrame:
    """First wrong steps as rows of the score table: 1 for the kind at which an answer first goes wrong, else 0.

    Sources whose answers to questions about reports never hold a rationale are left out, because nothing of theirs can be
    read step by step.
    """
    by_id = {task.task_id: task for task in tasks}
    reasons = {
        answer.source for answer in answers if answer.rationale.strip() and by_id[answer.task_id].kind != KNOWLEDGE
    }
    rows = []
    for answer in answers:
        if answer.source not in reasons:
            continue
        task = by_id[answer.task_id]
        first = first_wrong_step(task, answer.rationale, answer.answer, cards).step
        for name in (CARD,) if task.kind == KNOWLEDGE else OF_REPORTS:
            rows.append(
                (task.task_id, task.kind, task.person_id, answer.source, answer.seed, name, float(first == name))
            )
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def _of_line(task: Task, line: str) -> Iterator[tuple[str, Failure]]:
    """Faults of one line, with the kind of step that each belongs to."""
    key, plain = task.key, line.lower()
    yield from _listed(task, line)
    for match in _NOT_KNOWN.finditer(plain):
        # "heart rate variability: not measured" is said of no fact: a phrase of one has to stand right before.
        before = [
            name
            for name, _, end in placed_facts(plain)
            if re.fullmatch(r"[\s:,]*(?:is |are |was )?", plain[end : match.start()])
        ]
        for name in before:
            if key["values"].get(name):
                yield READ, Failure(READ, RATIONALE, cut(line), f"{_label(name)} {key['values'][name][0]:g}")
    for failure in wrong_numbers(line, key, READ, RATIONALE):
        yield READ, failure
    for failure in wrong_sums(line, ARITHMETIC, RATIONALE):
        yield ARITHMETIC, failure
    for failure in (*wrong_comparisons(line, key, COMPARE, RATIONALE), *wrong_levels(line, key, COMPARE, RATIONALE)):
        yield COMPARE, failure
    if task.kind == RECOMMEND or task.topic in RANKING:
        for failure in wrong_conclusion(task, line):
            yield DRIVER, failure


def _listed(task: Task, line: str) -> Iterator[tuple[str, Failure]]:
    """Faults of a line that lists problems, drivers or red flags."""
    plain = line.lower()
    flags = task.key["flags"]
    wanted = [name for name in flags if name in (*OUTCOMES, *VITALS)]
    for step, listed, none, right in (
        (PROBLEMS, _PROBLEMS, _NO_PROBLEMS, wanted),
        (RED_FLAG, _FLAGS, _NO_FLAGS, list(task.key["red_flags"])),
    ):
        match = listed.match(plain)
        if match or none.search(plain):
            said = {name for name, _, _ in placed_facts(match[1])} if match else set()
            if said != set(right):
                yield step, Failure(step, RATIONALE, cut(line), ", ".join(_label(name) for name in right) or "none")
    match = _DRIVERS.match(plain)
    ranked = next((one for one in task.key["steps"] if one["act"] == RANK), None)
    if ranked is not None and (match or _NO_DRIVERS.search(plain)):
        levels = {driver_phrase(name): {1: "watch", 2: "act"}[int(size)] for name, size in ranked["terms"]}
        row = match[1].strip(" .") if match else ""
        named = (
            {tuple(one.strip().rpartition(" ")[::2]) for one in row.split(",")} if row not in ("", "none") else set()
        )
        if named != set(levels.items()):
            expected = ", ".join(f"{phrase} {level}" for phrase, level in levels.items()) or "none"
            yield RANKED, Failure(RANKED, RATIONALE, cut(line), expected)


def _label(name: str) -> str:
    return fact_norms()[name].label if name in fact_norms() else name.replace("_", " ")


def right_answer(task: Task, cards: Mapping[str, Card]) -> str:
    """What the key says, in a line: verdict or drivers with the facts that carry them, or the card."""
    key = task.key
    if task.kind == KNOWLEDGE:
        letter = f"{key['choice']}) " if key.get("choice") else ""
        return letter + cards[task.topic].statement
    facts = ", ".join(
        f"{_label(name)} {key['values'][name][0]:g}" for name in key["required_facts"] if key["values"].get(name)
    )
    if task.kind == FOLLOW_UP:
        said = str(key["verdict"])
        said = driver_phrase(said) if said in drivers() else said.replace("_", " ")
    else:
        said = f"main driver {driver_phrase(key['main_driver'])}, second {driver_phrase(key['second_driver'])}"
        said += (
            f"; red flag: {', '.join(_label(name) for name in key['red_flags'])}"
            if key["red_flags"]
            else "; no red flag"
        )
    return f"{said} ({facts})" if facts else said
