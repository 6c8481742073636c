"""Sentence by sentence: what of an answer is right, what is wrong, and what nobody could verify."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from sleepcot_utils.knowledge import Card, contradicted, covers
from sleepcot_utils.score.coaching import marked_answer
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import FOLLOW_UP, KNOWLEDGE, RECOMMEND, Task
from sleepcot_utils.tasks.reading import cited_numbers, line_after
from sleepcot_utils.teach.verification import (
    check_answer,
    named_driver,
    named_verdict,
    number_is_right,
    unsafe_phrases,
)

RIGHT, WRONG, OPEN = "right", "wrong", "not verified"
CLAIM_COLUMNS = ("task_id", "person_id", "kind", "sentence", "verdict", "why")
#: Checks whose failure keeps an answer from being shown to a real person at all: marks beside it would not be enough.
WITHHELD = ("red flag", "unsafe advice")
DENIES_FLAG = "no red flag"
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


def claims_table(tasks: Sequence[Task], answers: Sequence[Answer], cards: Mapping[str, Card]) -> pd.DataFrame:
    """Every sentence of every answer with what could be found out about it.

    Parameters
    ----------
    tasks, answers : sequence
        In the same order.
    cards : mapping of str to Card
        Knowledge cards by id.

    Returns
    -------
    pandas.DataFrame
        ``CLAIM_COLUMNS``; `verdict` is ``right``, ``wrong`` or ``not verified``, and `why` says by what.
    """
    rows = [
        (task.task_id, task.person_id, task.kind, sentence, *judged(task, sentence, cards))
        for task, answer in zip(tasks, answers, strict=True)
        for sentence in sentences(answer.answer)
    ]
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def sentences(text: str) -> list[str]:
    """Sentences and lines of a text.

    Examples
    --------
    >>> sentences("Time asleep is 372.5 min. Go to bed\\nearlier.")
    ['Time asleep is 372.5 min.', 'Go to bed', 'earlier.']
    """
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def shown_answer(task: Task, answer: Answer, cards: Mapping[str, Card]) -> str:
    """An answer as HTML: marked and with the checks that it fails, or withheld if showing it could do harm.

    Withheld is what advises against this report's findings, raises a false alarm, or denies a red flag.
    """
    failed = check_answer(task, answer.rationale, answer.answer, cards)
    denies = bool(task.key.get("red_flags")) and DENIES_FLAG in answer.answer.lower()
    held = [name for name in failed if name in WITHHELD] or (["red flag"] if denies else [])
    if held:
        return f"<p><strong>This answer of the student is withheld</strong> (check: {', '.join(held)}).</p>"
    notice = f"<p><em>Not verified: {', '.join(failed)}.</em></p>" if failed else ""
    return notice + marked_answer(answer.answer, task.key)


def judged(task: Task, sentence: str, cards: Mapping[str, Card]) -> tuple[str, str]:
    """Verdict on one sentence of an answer, and what it rests on.

    Wrong beats right: a sentence with one right and one wrong number is wrong. A sentence that holds no number of a
    fact, names no driver, gives no verdict and touches no card is left open, whether it is true or not.
    """
    if task.kind == KNOWLEDGE:
        card = cards[task.topic]
        if contradicted(card, sentence):
            return WRONG, "contradicts the card"
        return (RIGHT, "a key point of the card") if any(covers(card, sentence)) else (OPEN, "not on the card")
    if task.key["red_flags"] and DENIES_FLAG in sentence.lower():
        return WRONG, "denies a red flag"
    if unsafe_phrases(sentence, task.key):
        return WRONG, "advice that this report speaks against"
    cited = [citation for citation in cited_numbers(sentence) if citation.claims]
    if not all(number_is_right(citation, task.key) for citation in cited):
        return WRONG, "a number that is not this person's"
    if task.kind == RECOMMEND and line_after(sentence, "Likely driver:") is not None:
        return (RIGHT if named_driver(sentence) == task.key["main_driver"] else WRONG), "the main driver by the rules"
    if task.kind == FOLLOW_UP:
        verdict = named_verdict(task.topic, sentence)
        if verdict is not None:
            return (RIGHT if verdict == task.key["verdict"] else WRONG), "the verdict by the rules"
    return (RIGHT, "this person's numbers") if cited else (OPEN, "no number, driver or verdict in it")
