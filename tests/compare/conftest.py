"""Made-up score tables with known effects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def make_scores() -> Callable[..., pd.DataFrame]:
    """A score table from one array (seeds, persons, tasks) a source; NaN stands for "not applicable"."""

    def build(metric: str = "faithful", **values: np.ndarray) -> pd.DataFrame:
        rows = []
        for source, array in values.items():
            array = np.asarray(array, dtype="float64")
            while array.ndim < 3:
                array = array[None] if array.ndim == 2 else array[:, None]
            for (seed, person, task), value in np.ndenumerate(array):
                rows.append(
                    (f"t{person:03d}-{task}", "recommend", f"p{person:03d}", source, seed + 1, metric, float(value))
                )
        return pd.DataFrame(rows, columns=["task_id", "kind", "person_id", "source", "seed", "metric", "value"])

    return build
