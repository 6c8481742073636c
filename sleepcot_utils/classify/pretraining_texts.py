"""Texts that the encoder is pretrained on: mornings of people who appear in no study run, each told in two styles.

Told twice, a masked number can be worked out from its level and a masked level from its number. So predicting masked
tokens teaches how large numbers are (the idea of translation language modeling, Lample and Conneau 2019,
arXiv 1901.07291). No label is shown, and no rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sleepcot_utils.classify.cases import build_cases
from sleepcot_utils.classify.measures import measures
from sleepcot_utils.classify.notes import note_kinds
from sleepcot_utils.classify.wording import STYLES, describe
from sleepcot_utils.simulate.day_table import simulate_day_table
from sleepcot_utils.simulate.nights import simulate_nights
from sleepcot_utils.simulate.people import simulate_people

#: Seed of the people; their ids start with a prefix of their own, so that they are nobody of a run.
SEED, PREFIX = 90_210, "pretraining"
NIGHTS = 28
#: Shares of texts with a note, in two styles, and with their fields in any order (choice).
NOTE_SHARE, TWICE_SHARE, SHUFFLED_SHARE = 0.15, 0.9, 0.25


@dataclass(frozen=True)
class Stage:
    """One stage of the curriculum.

    Attributes
    ----------
    fields : tuple of int
        Fewest and most measures that a text tells.
    history : float
        Share of texts that tell the week.
    """

    fields: tuple[int, int]
    history: float


#: Short texts first: where three numbers stand beside three levels, which belongs to which is soon found, and a step
#: costs a fifth. Whole mornings and weeks follow.
SHORT, LONG = Stage((1, 3), 0.0), Stage((3, 9), 0.2)


def pretraining_cases(persons: int) -> pd.DataFrame:
    """Mornings of simulated people for pretraining."""
    people = simulate_people(persons, SEED, prefix=PREFIX)
    nights, _ = simulate_nights(people, NIGHTS, SEED)
    return build_cases(nights, simulate_day_table(people, nights, SEED, measure_all=True))


def draw_pairs(cases: pd.DataFrame, count: int, stage: Stage, rng: np.random.Generator) -> list[tuple[str, str]]:
    """Texts drawn at random: one morning a pair, in two styles, or in one with an empty second text.

    Parameters
    ----------
    cases : pandas.DataFrame
        As ``pretraining_cases`` returns them.
    count : int
        How many pairs.
    """
    rows = cases.iloc[rng.integers(0, len(cases), count)].to_dict("records")
    notes = [note for kind in note_kinds().values() for note in kind.train]
    pairs = []
    for row in rows:
        history = rng.random() < stage.history
        row["note"] = str(rng.choice(notes)) if rng.random() < NOTE_SHARE else ""
        first, second = (str(style) for style in rng.choice(STYLES, 2, replace=False))
        # A week told twice would be four times as long as most texts, and every text of its batch with it.
        twice = not history and rng.random() < TWICE_SHARE
        fields = _some_fields(stage, rng)
        told = describe(row, first, history=history, order=fields)
        pairs.append((told, describe(row, second, history=history, order=fields) if twice else ""))
    return pairs


def _some_fields(stage: Stage, rng: np.random.Generator) -> list[str]:
    names = np.array(list(measures()))
    places = rng.permutation(len(names))[: rng.integers(stage.fields[0], stage.fields[1] + 1)]
    return [str(name) for name in names[places if rng.random() < SHUFFLED_SHARE else np.sort(places)]]
