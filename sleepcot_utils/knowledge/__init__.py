"""Knowledge cards: what the study holds to be right about sleep, with its source, and how an answer is held to it.

The cards lie in ``data/knowledge``, one YAML file a topic. ``load_cards`` reads and checks them; ``covers`` and
``is_right`` compare a text with one card.
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
