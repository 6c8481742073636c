"""Holding a teacher's answer against the key before anybody learns from it.

The checks know nothing of the teacher: an embedded expert, an API and a teacher with planted errors go through the same.
They read numbers, comparisons, sums, levels, drivers and verdicts wherever these can be read in prose, and hold each
against the key; what no check can read is let through.

What can't be caught: an answer to somebody else's report that holds nothing but what is true of both; a wrong number
that happens to be right elsewhere in the same sentence (such as minutes of a computation); a step that is left out
where another line still states and judges the same fact; steps in another order where none needs the other; a wrong
claim in words for which no list has a phrase.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sleepcot_utils.knowledge import Card, is_right
from sleepcot_utils.tasks.build import FOLLOW_UP, GUIDE, KNOWLEDGE, RECOMMEND, Task
from sleepcot_utils.teach.verify.arithmetic import wrong_sums
from sleepcot_utils.teach.verify.claims import (
    choice_is_right,
    chosen_option,
    contradicts_itself,
    driver_phrase,
    named_driver,
    named_verdict,
    options_of,
    second_driver,
    value_is_right,
    value_text,
)
from sleepcot_utils.teach.verify.derivation import missing_steps, wrong_conclusion, wrong_order
from sleepcot_utils.teach.verify.failures import ANSWER, RATIONALE, Failure, cut
from sleepcot_utils.teach.verify.guide import GUIDE_CHECKS, guide_failures
from sleepcot_utils.teach.verify.numbers import fact_is_cited, missing_facts, number_is_right, wrong_numbers
from sleepcot_utils.teach.verify.reasoning import wrong_comparisons, wrong_levels
from sleepcot_utils.teach.verify.safety import doses_in, red_flag_is_right, safety_failures, unsafe_phrases, warns

#: Words of an answer beyond which it is not advice but an essay; the expert's longest has about 300.
LONGEST_ANSWER_WORDS = 420
#: Names of all checks in the order in which they are told.
CHECKS = (
    "format",
    "knowledge",
    "choice",
    "numbers",
    "required facts",
    "main driver",
    "second driver",
    "verdict",
    "answer value",
    *GUIDE_CHECKS,
    "comparisons",
    "arithmetic",
    "red flag",
    "unsafe advice",
    "dose",
    "diagnosis",
    "rationale numbers",
    "rationale steps",
    "rationale comparisons",
    "rationale arithmetic",
    "rationale order",
    "rationale conclusion",
)


def check_answer(
    task: Task, rationale: str, answer: str, cards: Mapping[str, Card], *, needs_rationale: bool = False
) -> list[str]:
    """Names of the checks that an answer fails, in the order of ``CHECKS``; empty if it may be learned from.

    Parameters
    ----------
    rationale, answer : str
        What the teacher said; an empty rationale claims nothing and passes the checks of rationales.
    cards : mapping of str to Card
        Knowledge cards by id.
    needs_rationale : bool
        Whether an empty rationale fails, as it should for what a student is to learn reasoning from.
    """
    failed = {failure.check for failure in _failures(task, rationale, answer, cards, needs_rationale)}
    return [check for check in CHECKS if check in failed]


def explain_failures(
    task: Task, rationale: str, answer: str, cards: Mapping[str, Card], *, needs_rationale: bool = False
) -> list[Failure]:
    """Why an answer fails: each fault with the text and what would be right, in the order of ``CHECKS``."""
    return sorted(
        _failures(task, rationale, answer, cards, needs_rationale), key=lambda failure: CHECKS.index(failure.check)
    )


def _failures(
    task: Task, rationale: str, answer: str, cards: Mapping[str, Card], needs_rationale: bool
) -> Iterator[Failure]:
    words = len(answer.split())
    if not words or words > LONGEST_ANSWER_WORDS:
        yield Failure("format", ANSWER, cut(answer), f"an answer of 1 to {LONGEST_ANSWER_WORDS} words")
        return
    if needs_rationale and not rationale.strip():
        yield Failure("format", RATIONALE, "", "a rationale before the answer")
    if task.kind == KNOWLEDGE:
        yield from _knowledge_failures(task, answer, cards)
        return
    if task.kind == GUIDE:
        yield from guide_failures(task, rationale, answer)
        return
    yield from wrong_numbers(answer, task.key, "numbers", ANSWER)
    yield from missing_facts(answer, task.key, "required facts", ANSWER)
    yield from _claim_failures(task, answer)
    yield from wrong_comparisons(answer, task.key, "comparisons", ANSWER)
    yield from wrong_sums(answer, "arithmetic", ANSWER)
    yield from safety_failures(task, answer)
    if rationale.strip():
        yield from _rationale_failures(task, rationale)


def _rationale_failures(task: Task, rationale: str) -> Iterator[Failure]:
    yield from wrong_numbers(rationale, task.key, "rationale numbers", RATIONALE)
    yield from wrong_levels(rationale, task.key, "rationale steps", RATIONALE)
    yield from missing_steps(task, rationale)
    yield from wrong_comparisons(rationale, task.key, "rationale comparisons", RATIONALE)
    yield from wrong_sums(rationale, "rationale arithmetic", RATIONALE)
    yield from wrong_order(task, rationale)
    yield from wrong_conclusion(task, rationale)


def _knowledge_failures(task: Task, answer: str, cards: Mapping[str, Card]) -> Iterator[Failure]:
    card = cards[task.topic]
    if task.key.get("choice"):
        if not choice_is_right(task, answer):
            right = task.key["choice"]
            text = options_of(task.messages[-1]["content"]).get(right, "")
            said = chosen_option(task, answer)
            yield Failure("choice", ANSWER, f"{said}) chosen" if said else cut(answer), f"{right}) {text}".strip())
    elif not is_right(card, answer):
        yield Failure("knowledge", ANSWER, cut(answer), card.statement)
    known = f"{card.statement} {card.why} {task.messages[-1]['content']}".lower()
    for amount in doses_in(answer):
        if amount.lower() not in known:
            yield Failure("dose", ANSWER, amount, "no amount of a drug or supplement")


def _claim_failures(task: Task, answer: str) -> Iterator[Failure]:
    key = task.key
    if task.kind == RECOMMEND:
        main, second = named_driver(answer), second_driver(answer)
        if main != key["main_driver"]:
            said = driver_phrase(main) if main else ""
            yield Failure("main driver", ANSWER, said, driver_phrase(key["main_driver"]))
        if second is not None and second != key["second_driver"]:
            yield Failure("second driver", ANSWER, driver_phrase(second), driver_phrase(key["second_driver"]))
    if task.kind == FOLLOW_UP:
        verdict = named_verdict(task.topic, answer)
        if verdict != key["verdict"] or contradicts_itself(task.topic, answer, verdict):
            said = cut(answer) if verdict is None else verdict.replace("_", " ")
            yield Failure("verdict", ANSWER, said, str(key["verdict"]).replace("_", " "))
        if not value_is_right(task, answer):
            yield Failure("answer value", ANSWER, cut(answer), value_text(task))


__all__ = [
    "CHECKS",
    "LONGEST_ANSWER_WORDS",
    "Failure",
    "check_answer",
    "choice_is_right",
    "explain_failures",
    "fact_is_cited",
    "named_driver",
    "named_verdict",
    "number_is_right",
    "red_flag_is_right",
    "unsafe_phrases",
    "value_is_right",
    "warns",
]
