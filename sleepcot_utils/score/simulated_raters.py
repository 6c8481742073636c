"""Made-up raters, to show what the rating kit reads back before any human has rated: never a result."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd

from sleepcot_utils.score.principles import SCALE, principles
from sleepcot_utils.score.rating import RATING_COLUMNS, Kit

#: Spread of what a rating would be if all raters agreed, and of each rater around it, in steps of the scale.
ITEM_SPREAD, RATER_SPREAD = 1.2, 0.7


def simulated_ratings(kit: Kit, rng: np.random.Generator, *, raters: int = 3) -> pd.DataFrame:
    """Ratings of a kit by raters who partly agree, in the form in which filled sheets are read back.

    Parameters
    ----------
    kit : Kit
        Whose items are rated.
    rng : numpy.random.Generator
        Draws the ratings, which depend on no text and no source.
    raters : int
        Two or more.

    Returns
    -------
    pandas.DataFrame
        ``RATING_COLUMNS``; raters are called ``simulated-1`` and so on.
    """
    rows = []
    middle = float(np.mean(SCALE))
    for entry in kit.key.to_dict("records"):
        for name in (one["name"] for one in map(asdict, principles().values())):
            agreed = rng.normal(middle, ITEM_SPREAD)
            for rater in range(1, raters + 1):
                rating = int(np.clip(round(rng.normal(agreed, RATER_SPREAD)), min(SCALE), max(SCALE)))
                rows.append({"rater": f"simulated-{rater}", **entry, "principle": name, "rating": rating})
    return pd.DataFrame(rows)[list(RATING_COLUMNS)]


def expected_agreement() -> float:
    """Correlation of two such raters before rounding to the scale: what their agreement should come near to."""
    return ITEM_SPREAD**2 / (ITEM_SPREAD**2 + RATER_SPREAD**2)
