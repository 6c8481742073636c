"""Knowledge cards: what the study holds to be right about sleep, with its source, and how an answer is held to it.

The cards lie in ``data/knowledge``, one YAML file a topic. ``load_cards`` reads and checks them; ``covers`` and
``is_right`` compare a text with one card. ``choices`` makes multiple-choice questions and the knowledge test,
``give_aways`` says what a rule without knowledge scores on them, ``leaks`` how close test and training are, and
``spot_checks`` which facts were looked up in a second source.
"""

from __future__ import annotations

from sleepcot_utils.knowledge.answers import contradicted, covers, is_right, normalize
from sleepcot_utils.knowledge.cards import SPLITS, Card, Phrasings, Source
from sleepcot_utils.knowledge.library import knowledge_frame, load_cards, question_frame

__all__ = [
    "SPLITS",
    "Card",
    "Phrasings",
    "Source",
    "contradicted",
    "covers",
    "is_right",
    "knowledge_frame",
    "load_cards",
    "normalize",
    "question_frame",
]
