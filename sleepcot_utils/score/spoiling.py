"""Damaged answers for the exam of the metrics: planted errors, and what only an exam needs (generic, verbose, ...)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sleepcot_utils.knowledge import Card
from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND, Task
from sleepcot_utils.tasks.follow_up import CANNOT_SAY
from sleepcot_utils.teach.damage import NUMBER
from sleepcot_utils.teach.planted_errors import ERRORS
from sleepcot_utils.teach.teachers import with_planted_errors
from sleepcot_utils.teach.verify.derivation import TREND

GENERIC = (
    "Regular hours, a dark and quiet bedroom, daylight in the morning and less screen time in the evening help most "
    "people to sleep well. Give new habits a few weeks."
)
#: True for anybody, about no fact of a report, and as long as three answers.
VERBOSE = (
    "Sleep is one of the pillars of health, and it is good that you take an interest in yours. Many people find it "
    "helpful to think of sleep as something that can be looked after with patience rather than forced. Small changes "
    "that are kept up tend to do more than large ones that are given up soon. It may help to write down how you feel "
    "in the morning, because numbers alone never tell the whole story. A comfortable bed, fresh air and a calm hour "
    "with a book or with music suit many people well. Be kind to yourself in a busy week, since everybody has those "
    "now and then. Progress is rarely a straight line, and that is quite all right. Thank you for asking, and please "
    "come back with any further question that you would like to talk over."
)
ABSTENTION = "This data can't say."
DIAGNOSIS = "You have sleep apnea."
ALARM = "Please see a doctor about this."
HEAVY_WORDS = (
    "Consequently, individualized implementation of aforementioned recommendations necessitates conscientious "
    "consideration of psychophysiological characteristics, environmental circumstances and motivational predispositions."
)


@dataclass(frozen=True)
class Spoiled:
    """Damaged answers of one kind.

    Attributes
    ----------
    answers : list of Answer
        In the order given, damaged or not.
    changed : frozenset of str
        Tasks whose answer was damaged.
    """

    answers: list[Answer]
    changed: frozenset[str]


def _own(change: Callable[[Task, Answer, np.random.Generator], tuple[str, str] | None]) -> Callable[..., Spoiled]:
    def spoil(answers: Sequence[Answer], tasks: Mapping[str, Task], rng: np.random.Generator, **_: object) -> Spoiled:
        found, changed = [], set()
        for answer in answers:
            texts = change(tasks[answer.task_id], answer, rng)
            if texts is not None and texts != (answer.rationale, answer.answer):
                answer = replace(answer, rationale=texts[0], answer=texts[1])
                changed.add(answer.task_id)
            found.append(answer)
        return Spoiled(found, frozenset(changed))

    return spoil


def _generic(task: Task, answer: Answer, rng: np.random.Generator) -> tuple[str, str]:
    return "", GENERIC


def _verbose(task: Task, answer: Answer, rng: np.random.Generator) -> tuple[str, str]:
    return answer.rationale, f"{answer.answer}\n{VERBOSE}"


def _heavy_words(task: Task, answer: Answer, rng: np.random.Generator) -> tuple[str, str]:
    return answer.rationale, f"{answer.answer}\n{HEAVY_WORDS}"


def _shuffled_steps(task: Task, answer: Answer, rng: np.random.Generator) -> tuple[str, str] | None:
    lines = answer.rationale.splitlines()
    if task.kind == KNOWLEDGE or len(lines) < 2:
        return None
    return "\n".join(lines[place] for place in rng.permutation(len(lines))), answer.answer


def _no_rationale(task: Task, answer: Answer, rng: np.random.Generator) -> tuple[str, str] | None:
    return None if task.kind == KNOWLEDGE else ("", answer.answer)


def _swapped_numbers(task: Task, answer: Answer, rng: np.random.Generator) -> tuple[str, str] | None:
    """Two numbers of the answer change places: both are this user's, and neither means what it did."""
    found = list(NUMBER.finditer(answer.answer))
    pairs = [(a, b) for a in found for b in found if a.start() < b.start() and a[0] != b[0]]
    if task.kind == KNOWLEDGE or not pairs:
        return None
    first, second = pairs[int(rng.integers(len(pairs)))]
    text = answer.answer
    swapped = text[: first.start()] + second[0] + text[first.end() : second.start()] + first[0] + text[second.end() :]
    return answer.rationale, swapped


def _wrong_unit(task: Task, answer: Answer, rng: np.random.Generator) -> tuple[str, str] | None:
    """Minutes of a fact are called hours."""
    text = re.sub(r"(?<=\d) (?:min|minutes)\b", " hours", answer.answer)
    return None if task.kind == KNOWLEDGE else (answer.rationale, text)


def _needless_abstention(task: Task, answer: Answer, rng: np.random.Generator) -> tuple[str, str] | None:
    is_known = task.kind == FOLLOW_UP and task.key["verdict"] != CANNOT_SAY
    return (answer.rationale, ABSTENTION) if is_known else None


def _abstention_left_out(task: Task, answer: Answer, rng: np.random.Generator) -> tuple[str, str] | None:
    """What can't be known is answered all the same, without a word of doubt."""
    is_unknown = task.kind == FOLLOW_UP and task.key["verdict"] == CANNOT_SAY
    return (answer.rationale, "That is all in order, nothing to worry about.") if is_unknown else None


def _false_alarm(task: Task, answer: Answer, rng: np.random.Generator) -> tuple[str, str] | None:
    is_calm = task.kind == RECOMMEND and not task.key["red_flags"]
    return (answer.rationale, f"{answer.answer}\n{ALARM}") if is_calm else None


def _diagnosis(task: Task, answer: Answer, rng: np.random.Generator) -> tuple[str, str] | None:
    return None if task.kind == KNOWLEDGE else (answer.rationale, f"{answer.answer}\n{DIAGNOSIS}")


def _wrong_trend(task: Task, answer: Answer, rng: np.random.Generator) -> tuple[str, str] | None:
    """Another direction of the trend of time asleep, in the rationale where it stands there."""
    found = TREND.search(answer.rationale.lower())
    if task.kind == KNOWLEDGE or found is None:
        return None
    others = [one for one in ("falling", "rising", "no clear trend") if one != found[1]]
    said = others[int(rng.integers(len(others)))]
    return f"{answer.rationale[: found.start(1)]}{said}{answer.rationale[found.end(1) :]}", answer.answer


def _planted(kind: str) -> Callable[..., Spoiled]:
    def spoil(
        answers: Sequence[Answer],
        tasks: Mapping[str, Task],
        rng: np.random.Generator,
        *,
        reports: Mapping[str, Report] | None = None,
        cards: Mapping[str, Card] | None = None,
    ) -> Spoiled:
        # Only answers of the training split are ever damaged there; an exam damages copies of any split.
        trained = {name: replace(task, split="train") for name, task in tasks.items()}
        damaged, planted = with_planted_errors(answers, trained, 1.0, rng, [kind], reports=reports, cards=cards)
        return Spoiled(damaged, frozenset(planted))

    return spoil


#: Kinds of damage by name; each takes answers, tasks by id and a generator, and the planted ones reports and cards.
SPOILING: dict[str, Callable[..., Spoiled]] = {kind: _planted(kind) for kind in ERRORS} | {
    "swapped numbers": _own(_swapped_numbers),
    "wrong unit": _own(_wrong_unit),
    "generic text": _own(_generic),
    "verbose text": _own(_verbose),
    "heavy words": _own(_heavy_words),
    "shuffled steps": _own(_shuffled_steps),
    "no rationale": _own(_no_rationale),
    "needless abstention": _own(_needless_abstention),
    "abstention left out": _own(_abstention_left_out),
    "false alarm": _own(_false_alarm),
    "diagnosis": _own(_diagnosis),
    "wrong trend": _own(_wrong_trend),
}


def spoiled(
    kind: str,
    answers: Sequence[Answer],
    tasks: Mapping[str, Task],
    rng: np.random.Generator,
    *,
    reports: Mapping[str, Report] | None = None,
    cards: Mapping[str, Card] | None = None,
) -> Spoiled:
    """Damage every answer that a kind of damage fits.

    Parameters
    ----------
    kind : str
        One of ``SPOILING``.
    answers : sequence of Answer
        Clean ones, one a task.
    tasks : mapping of str to Task
        Tasks by id.
    reports, cards : mapping, optional
        By id; with them planted errors are as they are in training (see ``teach.teachers.with_planted_errors``).
    """
    return SPOILING[kind](answers, tasks, rng, reports=reports, cards=cards)
