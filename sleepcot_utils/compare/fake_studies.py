"""Made-up studies with a known truth: the ground on which sample size, power and false alarms are measured.

An item is right if a latent normal variable falls below a threshold. The variable is a sum of parts for the person, the
item, the person's reaction to the arm, the training run and chance, with variances that add up to 1. So the expected
share of right answers under each arm, and their difference, are exactly those that were asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sleepcot_utils.errors import ParameterError

#: Items of fake studies that are held in memory at once.
ITEMS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class StudyDesign:
    """Sizes of a study of two arms and the truth behind it.

    Attributes
    ----------
    persons, items, seeds : int
        Persons, items (tasks) of each person, training runs of each arm.
    mean : float
        Expected share of right answers under the second arm, above 0 and below 1.
    effect : float
        Expected difference, first arm minus second.
    person_share : float
        Share of the latent variance that belongs to persons and is common to both arms: the higher, the more alike the
        arms' answers for one person, and the smaller the spread of the differences.
    item_share : float
        The same for items within persons.
    reaction_share : float
        Share that belongs to a person under one arm: how differently persons react to the arms.
    run_share : float
        Share that belongs to one training run: how differently seeds turn out.
    """

    persons: int = 50
    items: int = 5
    seeds: int = 2
    mean: float = 0.5
    effect: float = 0.0
    person_share: float = 0.2
    item_share: float = 0.2
    reaction_share: float = 0.05
    run_share: float = 0.0

    def __post_init__(self) -> None:
        for name in ("persons", "items", "seeds"):
            if getattr(self, name) < (2 if name == "persons" else 1):
                raise ParameterError(
                    f"{name} is {getattr(self, name)}",
                    where="study design",
                    expected="2 persons, 1 item, 1 seed or more",
                )
        for share in (self.mean, self.mean + self.effect):
            if not 0 < share < 1:
                raise ParameterError(
                    f"an expected share of right answers is {share:g}",
                    where="study design",
                    expected="above 0, below 1",
                )
        parts = self.shares
        if min(parts) < 0 or sum(parts) > 1 + 1e-12:
            raise ParameterError(
                f"the shares of the latent variance are {', '.join(f'{part:g}' for part in parts)}",
                where="study design",
                expected="each 0 or more, together 1 at most",
            )

    @property
    def shares(self) -> tuple[float, float, float, float]:
        """Shares of persons, items, reactions and runs."""
        return self.person_share, self.item_share, self.reaction_share, self.run_share


def fake_answers(design: StudyDesign, studies: int, rng: np.random.Generator) -> np.ndarray:
    """Right or wrong for many studies of one design.

    Returns
    -------
    numpy.ndarray
        Booleans of shape (studies, 2 arms, seeds, persons, items). The same generator state gives the same latent
        variables whatever the effect, so power is comparable between effects.
    """
    from scipy import stats

    arms, seeds, persons, items = 2, design.seeds, design.persons, design.items
    shapes = [
        (studies, 1, 1, persons, 1),
        (studies, 1, 1, persons, items),
        (studies, arms, 1, persons, 1),
        (studies, arms, seeds, 1, 1),
    ]
    latent = np.sqrt(max(0.0, 1 - sum(design.shares))) * rng.standard_normal((studies, arms, seeds, persons, items))
    for share, shape in zip(design.shares, shapes, strict=True):
        latent += np.sqrt(share) * rng.standard_normal(shape)
    thresholds = stats.norm.ppf([design.mean + design.effect, design.mean])
    return latent < thresholds[:, None, None, None]


def fake_seed_differences(design: StudyDesign, studies: int, rng: np.random.Generator) -> np.ndarray:
    """Differences of shares of right answers by seed and person, first arm minus second; (studies, seeds, persons)."""
    batch = max(1, ITEMS_AT_ONCE // (2 * design.seeds * design.persons * design.items))
    parts = []
    for start in range(0, studies, batch):
        shares = fake_answers(design, min(batch, studies - start), rng).mean(axis=4)
        parts.append(shares[:, 0] - shares[:, 1])
    return np.concatenate(parts)


def fake_differences(design: StudyDesign, studies: int, rng: np.random.Generator) -> np.ndarray:
    """The same, seeds averaged; shape (studies, persons)."""
    return fake_seed_differences(design, studies, rng).mean(axis=1)


def fake_scores(
    design: StudyDesign,
    rng: np.random.Generator,
    *,
    metrics: Sequence[str] = ("right",),
    arms: tuple[str, str] = ("cot", "answer_only"),
) -> pd.DataFrame:
    """One study as a tidy score table; the metrics are independent of each other and share one truth."""
    right = fake_answers(design, len(metrics), rng)
    shape = right.shape
    places = [index.ravel() for index in np.indices(shape)]
    person = pd.Index([f"p{number:04d}" for number in range(shape[3])])[places[3]]
    return pd.DataFrame(
        {
            "task_id": [f"{name}-{item}" for name, item in zip(person, places[4], strict=True)],
            "kind": "follow_up",
            "person_id": person,
            "source": np.array(arms)[places[1]],
            "seed": places[2] + 1,
            "metric": np.array(metrics)[places[0]],
            "value": right.ravel().astype("float64"),
        }
    )


def with_effect(design: StudyDesign, effect: float) -> StudyDesign:
    """The same design with another effect."""
    return replace(design, effect=effect)
