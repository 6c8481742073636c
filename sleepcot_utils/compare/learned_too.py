"""A student that learned something more, beside one that did not: what of the old did it cost?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sleepcot_utils.compare.effects import paired_effect


def with_and_without(
    scores: pd.DataFrame, metrics: Sequence[str], more: str, less: str, rng: np.random.Generator, *, resamples: int
) -> pd.DataFrame:
    """Scores of two sources on the same tasks, paired by person.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table with both sources.
    metrics : sequence of str
        Metrics that both have.
    more, less : str
        The source that learned more, and the other one.

    Returns
    -------
    pandas.DataFrame
        One row a metric: ``metric, more, less`` (means over persons), ``difference`` (more minus less) with its 95 %
        interval ``low, high`` over persons and seeds, ``persons`` and ``seeds``. Exploratory: nothing is corrected
        for the number of metrics.
    """
    rows = []
    for metric, own in zip(metrics, rng.spawn(len(metrics)), strict=True):
        effect = paired_effect(scores, metric, more, less, own, resamples=resamples)
        rows.append(
            {
                "metric": metric, "more": effect["mean_a"], "less": effect["mean_b"],
                "difference": effect["difference"], "low": effect["low"], "high": effect["high"],
                "persons": effect["n_persons"], "seeds": min(effect["n_seeds_a"], effect["n_seeds_b"]),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)
