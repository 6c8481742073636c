"""Texts that the encoder is pretrained on: mornings of people who appear in no study run, each told in two styles.

Told twice, a masked number can be worked out from its level and a masked level from its number. So predicting masked
tokens teaches how large numbers are (the idea of translation language modeling, Lample and Conneau 2019,
arXiv 1901.07291). No label is shown, and no rule.
"""

from __future__ import annotations

from collections.abc import Sequence

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
#: Shares of texts with history, with a note and in two styles (choice).
HISTORY_SHARE, NOTE_SHARE, TWICE_SHARE = 0.25, 0.25, 0.8
#: A text keeps a share of its fields drawn between these; short texts make many steps.
FEWEST_FIELDS, MOST_FIELDS = 0.15, 0.85


def pretraining_cases(persons: int) -> pd.DataFrame:
    """Mornings of simulated people for pretraining."""
    people = simulate_people(persons, SEED, prefix=PREFIX)
    nights, _ = simulate_nights(people, NIGHTS, SEED)
    return build_cases(nights, simulate_day_table(people, nights, SEED, measure_all=True))


def draw_pairs(cases: pd.DataFrame, count: int, rng: np.random.Generator) -> list[tuple[str, str]]:
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
        history = rng.random() < HISTORY_SHARE
        row["note"] = str(rng.choice(notes)) if rng.random() < NOTE_SHARE else ""
        first, second = (str(style) for style in rng.choice(STYLES, 2, replace=False))
        twice = rng.random() < TWICE_SHARE
        told = describe(row, first, history=history, order=_some_fields(rng))
        pairs.append((told, describe(row, second, history=history, order=_some_fields(rng)) if twice else ""))
    return pairs


def _some_fields(rng: np.random.Generator) -> Sequence[str]:
    names = np.array(list(measures()))
    kept = round(len(names) * rng.uniform(FEWEST_FIELDS, MOST_FIELDS))
    return [str(name) for name in rng.permutation(names)[:kept]]
