"""A contextual bandit over action types: Thompson sampling in a Bayesian linear model of the reward.

The reward of an action is what people think of it on average, plus the person's level, plus what the person thinks of each
thing that the action asks. All terms are Gaussian, so one dislike of meditation lowers all that asks for meditation, for
this person at once and for everybody a little (Agrawal and Goyal 2013, arXiv 1209.3352; hierarchy by prior variances).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import cho_solve, solve_triangular

from sleepcot_utils.feedback.actions import Action, actions, all_asks
from sleepcot_utils.feedback.entries import Feedback, Given
from sleepcot_utils.feedback.gate import Offer

#: Rewards lie between 0 and 1. Prior mean and standard deviations are choices, made before any run was looked at.
PRIOR_MEAN = 0.5
ACTION_SD, LEVEL_SD, ASK_SD, NOISE_SD = 0.2, 0.1, 0.25, 0.3


class ThompsonBandit:
    """Thompson sampling over the actions of all people together.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the samples.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._places: dict[str, int] = {}
        self._seen: list[tuple[str, str, float]] = []

    def choose(self, offers: Sequence[Offer], number: int) -> list[Action]:
        """The best action of each person in one draw from the posterior."""
        for offer in offers:
            self._place(offer.person_id)
        mean, factor = self.posterior()
        drawn = mean + solve_triangular(factor, self._rng.standard_normal(len(mean)), lower=True, trans=1)
        return [
            max(offer.safe, key=lambda action: drawn[self._columns(offer.person_id, action.name)].sum())
            for offer in offers
        ]

    def learn(self, given: Given, entry: Feedback) -> None:
        """Take in one entry; an advice of several actions counts for each of them."""
        self._place(entry.person_id)
        self._seen += [(entry.person_id, name, entry.reward) for name in given.actions if name in actions()]

    def posterior(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean of the coefficients and the Cholesky factor of their precision, for the entries so far."""
        asks = len(all_asks())
        spread = [ACTION_SD] * len(actions()) + ([LEVEL_SD] + [ASK_SD] * asks) * len(self._places)
        precision = np.diag(1 / np.square(spread))
        pull = np.zeros(len(spread))
        for person_id, name, reward in self._seen:
            columns = self._columns(person_id, name)
            precision[np.ix_(columns, columns)] += 1 / NOISE_SD**2
            pull[columns] += (reward - PRIOR_MEAN) / NOISE_SD**2
        factor = np.linalg.cholesky(precision)
        return cho_solve((factor, True), pull), factor

    def expected(self, person_id: str, name: str) -> float:
        """Expected reward of an action for a person."""
        self._place(person_id)
        return PRIOR_MEAN + float(self.posterior()[0][self._columns(person_id, name)].sum())

    def _place(self, person_id: str) -> int:
        return self._places.setdefault(person_id, len(self._places))

    def _columns(self, person_id: str, name: str) -> list[int]:
        start = len(actions()) + self._places[person_id] * (1 + len(all_asks()))
        asked = [start + 1 + all_asks().index(ask) for ask in actions()[name].asks]
        return [list(actions()).index(name), start, *asked]
