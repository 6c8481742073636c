"""Safety in front of every policy: rules speak first, and no rating, comment or policy reaches them.

What a clinician has to see is found in the report and in what the person wrote, said before any advice, in every round.
A policy only ever orders actions that have passed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sleepcot_utils.feedback.actions import Action, fitting_actions
from sleepcot_utils.report.reports import Report
from sleepcot_utils.safety.advice import advice_for
from sleepcot_utils.safety.answers import conditions_of, contraindicated, diagnoses, doses
from sleepcot_utils.safety.triage import Triage, red_flag_facts, triage_all
from sleepcot_utils.tasks.drivers import Findings, drivers, find
from sleepcot_utils.teach.verification import unsafe_phrases


@dataclass(frozen=True)
class Offer:
    """What one person may be advised in a round.

    Attributes
    ----------
    main_driver : str
        Main driver of the report.
    safe : tuple of Action
        Actions that fit the report and pass every check, those of the main driver first.
    referral : str
        What is said before any advice; empty where there is no red flag.
    urgent : bool
        Whether help is needed now: then no advice follows.
    """

    person_id: str
    main_driver: str
    safe: tuple[Action, ...]
    referral: str = ""
    urgent: bool = False


def make_offer(report: Report, comment: str = "", candidates: Sequence[Action] | None = None) -> Offer:
    """Triage of a report and of what the person wrote last, and the actions that are safe then.

    Parameters
    ----------
    comment : str
        Words of the person. They can raise a red flag, and can't lower one.
    candidates : sequence of Action, optional
        Actions to choose from; those of the report's drivers if not given.
    """
    found = find(report)
    flags, conditions = _flags(comment, report)
    urgent = flags.urgency == "now"
    offered = fitting_actions(found) if candidates is None else tuple(candidates)
    safe = tuple(action for action in offered if not urgent and not _reasons(action.text, found, conditions))
    return Offer(report.person_id, found.main, safe, advice_for(flags), urgent)


def unsafe_reasons(text: str, report: Report, comment: str = "") -> tuple[str, ...]:
    """Why an advice must not be given to this person: doses, diagnoses, contraindications, phrases of the drivers.

    Parameters
    ----------
    text : str
        The advice.
    comment : str
        What the person wrote last.
    """
    return _reasons(text, find(report), _flags(comment, report)[1])


def _flags(comment: str, report: Report) -> tuple[Triage, frozenset[str]]:
    """Red flags of a comment and a report together, and the conditions that make some advice harmful."""
    if red_flag_facts(report):
        return triage_all(comment, report), conditions_of(comment, report)
    return _flags_of_words(comment)


@lru_cache(maxsize=2**12)
def _flags_of_words(comment: str) -> tuple[Triage, frozenset[str]]:
    return triage_all(comment, None), conditions_of(comment)


def _reasons(text: str, found: Findings, conditions: frozenset[str]) -> tuple[str, ...]:
    never = tuple(phrase for name in found.candidates for phrase in drivers()[name].never)
    return _checked(text, conditions, never)


@lru_cache(maxsize=2**12)
def _checked(text: str, conditions: frozenset[str], never: tuple[str, ...]) -> tuple[str, ...]:
    against = unsafe_phrases(text, {"contraindicated": never, "red_flags": []})
    return (
        *(f"dose: {words}" for words in doses(text)),
        *(f"diagnosis: {words}" for words in diagnoses(text)),
        *(f"contraindicated: {name}" for name in contraindicated(text, conditions)),
        *(f"against the report: {words}" for words in against),
    )
