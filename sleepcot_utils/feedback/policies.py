"""Policies without a model: none, memory by rules, and an oracle that knows the tastes.

A policy orders actions that the gate found safe. It sees the log and never the person behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sleepcot_utils.feedback.actions import Action
from sleepcot_utils.feedback.entries import Feedback, Given
from sleepcot_utils.feedback.gate import Offer
from sleepcot_utils.feedback.profile import Profile, learn
from sleepcot_utils.feedback.tastes import Person, opinion_of


class Policy(Protocol):
    """Chooses one safe action for each person and learns from what was said of it."""

    def choose(self, offers: Sequence[Offer], number: int) -> list[Action]:
        """One of ``offer.safe`` for each offer, none of which is empty; ``number`` is the round, from 1 on."""
        ...

    def learn(self, given: Given, entry: Feedback) -> None:
        """Take in one entry of the log."""
        ...


class NoAdaptation:
    """The expert's first action for the main driver, whatever was said of it."""

    def choose(self, offers: Sequence[Offer], number: int) -> list[Action]:
        """The first safe action of each offer."""
        return [offer.safe[0] for offer in offers]

    def learn(self, given: Given, entry: Feedback) -> None:
        """Nothing is learned."""


class MemoryByRules:
    """The profile of the log, read by rules: what is liked first, what is refused last, else the expert's order."""

    def __init__(self) -> None:
        self.profiles: dict[str, Profile] = {}

    def choose(self, offers: Sequence[Offer], number: int) -> list[Action]:
        """The action of the highest standing; of equals the first."""
        blank = Profile()
        return [max(offer.safe, key=self.profiles.get(offer.person_id, blank).standing) for offer in offers]

    def learn(self, given: Given, entry: Feedback) -> None:
        """Take one entry into the person's profile."""
        learn(self.profiles.setdefault(entry.person_id, Profile()), given, entry)


class Oracle:
    """Knows every hidden opinion: the ceiling, which no real system can reach."""

    def __init__(self, persons: dict[str, Person]) -> None:
        self._persons = persons
        self._refused: dict[tuple[str, str], int] = {}

    def choose(self, offers: Sequence[Offer], number: int) -> list[Action]:
        """The action that the person thinks most of."""
        return [max(offer.safe, key=lambda action: self._opinion(offer.person_id, action)) for offer in offers]

    def learn(self, given: Given, entry: Feedback) -> None:
        """Count how often the same advice was not followed, since repetition costs liking."""
        if entry.followed == "no":
            for name in given.actions:
                self._refused[entry.person_id, name] = self._refused.get((entry.person_id, name), 0) + 1

    def _opinion(self, person_id: str, action: Action) -> float:
        return opinion_of(self._persons[person_id], action, self._refused.get((person_id, action.name), 0))
