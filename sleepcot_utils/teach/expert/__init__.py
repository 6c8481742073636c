"""The embedded expert: answers every task from its report by the study's own rules, rationale then answer.

It is an oracle by construction, because key and expert share their rules: a ceiling for students, never a finding. What
it shows is whether a task can be learned from rationales, not whether the advice is good; that no score here can tell.

It speaks in two forms (``short``: terse lines; ``long``: full sentences that say why a limit matters) and two wordings
(``plain``: the same words each time; ``varied``: synonyms, orders and ways to write an amount, drawn by task and
sample). A red flag is said before any advice. It names no dose and makes no diagnosis.
"""

from __future__ import annotations

from sleepcot_utils.teach.expert.facts import cite, cite_against_norm, step
from sleepcot_utils.teach.expert.guide import guide
from sleepcot_utils.teach.expert.knowledge import choose, knowledge, options_in
from sleepcot_utils.teach.expert.questions import follow_up
from sleepcot_utils.teach.expert.ranking import driver_phrase
from sleepcot_utils.teach.expert.recommendation import recommend
from sleepcot_utils.teach.expert.voice import FORMS, WORDINGS, Voice, make_voice

__all__ = [
    "FORMS",
    "WORDINGS",
    "Voice",
    "choose",
    "cite",
    "cite_against_norm",
    "driver_phrase",
    "follow_up",
    "guide",
    "knowledge",
    "make_voice",
    "options_in",
    "recommend",
    "step",
]
