"""What a person may read of an answer: the safety rules around it, and a mark on every number in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sleepcot_utils.knowledge import Card
from sleepcot_utils.report.reports import Report
from sleepcot_utils.safety.advice import advice_for, wording
from sleepcot_utils.safety.guard import Guarded, guard
from sleepcot_utils.safety.triage import Triage
from sleepcot_utils.score.claims import DENIES_FLAG, OPEN, RIGHT, WITHHELD, WRONG, claims_table
from sleepcot_utils.serve.schemas import Checked, Claim, Mark
from sleepcot_utils.tasks.answers import Answer
from sleepcot_utils.tasks.build import KNOWLEDGE, Task
from sleepcot_utils.tasks.quantities import quantities
from sleepcot_utils.tasks.reading import cited_numbers
from sleepcot_utils.teach.verification import check_answer, number_is_right

#: Kind of a task whose answer no key can judge: a turn of a conversation, or a question that nobody wrote a key for.
OPEN_QUESTION = "open"


def marks_of(text: str, key: Mapping[str, Any]) -> list[Mark]:
    """One mark for each number of a text, in its order.

    A number that is said of a fact is right or wrong by the key of the report; every other number is not verified.

    Parameters
    ----------
    key : mapping
        Key of the task; without ``numbers`` nothing can be verified.
    """
    can_judge = "numbers" in key
    said_of_facts = {}
    for citation in cited_numbers(text):
        judged = can_judge and citation.claims
        verdict = (RIGHT if number_is_right(citation, dict(key)) else WRONG) if judged else OPEN
        facts = list(citation.facts or citation.misfits) if judged else []
        said_of_facts[citation.start] = Mark(
            start=citation.start, end=citation.end, value=citation.value, verdict=verdict, facts=facts
        )
    # Clock times and the like are numbers to a reader, though never said of a fact.
    for amount in quantities(text):
        if not any(mark.start < amount.end and amount.start < mark.end for mark in said_of_facts.values()):
            said_of_facts[amount.start] = Mark(
                start=amount.start, end=amount.end, value=abs(amount.value), verdict=OPEN, facts=[]
            )
    return [said_of_facts[start] for start in sorted(said_of_facts)]


def needs_help_now(found: Triage) -> bool:
    """Whether nothing may stand between a person and help, an answer about sleep least of all."""
    return found.urgency == "now"


def first_words(found: Triage, language: str) -> Checked:
    """What a person reads in place of an answer where help is needed now; the student is not asked at all."""
    notice = advice_for(found, language)
    return Checked(
        text=notice,
        safety_notice=notice,
        answer="",
        withheld=True,
        reasons=["urgent"],
        urgency=found.urgency,
        red_flags=list(found.flags),
        failed_checks=[],
        marks=[],
        claims=[],
        finish_reason="withheld",
    )


def checked(
    task: Task, answer: Answer, report: Report | None, words: str, language: str, cards: Mapping[str, Card]
) -> Checked:
    """An answer of the student with all that is known about it, or without its text where that could do harm.

    Parameters
    ----------
    words : str
        Everything that the person wrote; empty where nothing was.
    """
    guarded = guard(words, report, answer.answer, language)
    can_judge = task.kind != OPEN_QUESTION
    failed = check_answer(task, answer.rationale, answer.answer, cards) if can_judge else []
    reasons = [*guarded.reasons, *_harm_by_key(task, answer, failed)]
    notice = advice_for(guarded.found, language)
    claims = claims_table([task], [answer], cards) if can_judge and not reasons else None
    return Checked(
        text=_text(guarded, answer, reasons, notice, language),
        safety_notice=notice,
        answer="" if reasons else answer.answer,
        withheld=bool(reasons),
        reasons=reasons,
        urgency=guarded.found.urgency,
        red_flags=list(guarded.found.flags),
        failed_checks=failed,
        marks=[] if reasons else marks_of(answer.answer, task.key),
        claims=[]
        if claims is None
        else [Claim(sentence=row.sentence, verdict=row.verdict, why=row.why) for row in claims.itertuples()],
        finish_reason="withheld" if reasons else answer.finish_reason,
    )


def _harm_by_key(task: Task, answer: Answer, failed: list[str]) -> list[str]:
    """Checks by the key that keep an answer from being shown, as in the notebook that coaches real nights."""
    if task.kind == KNOWLEDGE:
        return []
    denies = bool(task.key.get("red_flags")) and DENIES_FLAG in answer.answer.lower()
    return [f"check: {name}" for name in failed if name in WITHHELD] or (["check: red flag"] if denies else [])


def _text(guarded: Guarded, answer: Answer, reasons: list[str], notice: str, language: str) -> str:
    if guarded.withheld or not reasons:
        return guarded.text
    return "\n\n".join(part for part in (notice, wording(language)["withheld"]) if part)
