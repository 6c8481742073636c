"""The last gate before a person reads an answer: safety words first, and no advice that fails a check."""

from __future__ import annotations

from dataclasses import dataclass

from sleepcot_utils.report.reports import Report
from sleepcot_utils.safety.advice import advice_for, wording
from sleepcot_utils.safety.answers import conditions_of, contraindicated, diagnoses, doses
from sleepcot_utils.safety.triage import Triage, triage_all


@dataclass(frozen=True)
class Guarded:
    """An answer as a person may read it.

    Attributes
    ----------
    text : str
        Safety words where there is a red flag, then the answer, or a sentence that it is held back.
    withheld : bool
        Whether the answer itself is held back.
    reasons : tuple of str
        Why: ``urgent``, ``dose: ...``, ``diagnosis: ...`` or ``contraindicated: ...``; empty if it is shown.
    found : Triage
        Red flags of question and report.
    """

    text: str
    withheld: bool
    reasons: tuple[str, ...]
    found: Triage


def guard(
    question: str, report: Report | None, answer: str, language: str = "en", *, emergency: str = "", crisis: str = ""
) -> Guarded:
    """Put safety first: what has to be said before any advice, and the answer only if it passes every check.

    Parameters
    ----------
    question : str
        Everything that the person wrote; empty where advice was not asked for in words.
    report : Report or None
        The person's report, if there is one.
    answer : str
        What a student or teacher would answer.
    language, emergency, crisis : str
        As for ``advice_for``.

    Notes
    -----
    Under an urgent flag every answer about sleep is held back: nothing may stand between the person and help. The checks
    of answers read English only; an answer in another language passes them unread, apart from the urgent case.
    """
    found = triage_all(question, report)
    conditions = conditions_of(question, report)
    reasons = (
        *(("urgent",) if found.urgency == "now" else ()),
        *(f"dose: {words}" for words in doses(answer)),
        *(f"diagnosis: {words}" for words in diagnoses(answer)),
        *(f"contraindicated: {name}" for name in contraindicated(answer, conditions)),
    )
    first = advice_for(found, language, emergency=emergency, crisis=crisis)
    held = "" if found.urgency == "now" else wording(language)["withheld"]
    parts = [first, held if reasons else answer]
    return Guarded("\n\n".join(part for part in parts if part), bool(reasons), reasons, found)
