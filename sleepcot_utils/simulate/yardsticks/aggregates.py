"""Aggregates of real nights, as shipped in ``data/norms/real_nights.yaml``, and the same of any other nights.

The file is written by ``tools/real_yardsticks.py`` from nights that are not shipped. It lets a notebook or a test hold
the simulator against reality where the real nights are not at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import yaml

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.paths import reference_data
from sleepcot_utils.simulate.yardsticks import hypnograms, nightly
from sleepcot_utils.simulate.yardsticks.resampling import over_persons

FILE = ("norms", "real_nights.yaml")
RESAMPLES = 500


@cache
def shipped() -> dict[str, Any]:
    """The file: by source, ``about`` (text, source, license, nights, persons) and ``values``."""
    return yaml.safe_load(reference_data(*FILE).read_text(encoding="utf-8"))


def real_values(source: str) -> pd.DataFrame:
    """Aggregates of one real source, index ``(statistic, measure)``, columns ``estimate, low, high``.

    Raises
    ------
    ParameterError
        If the file has no such source.
    """
    sources = shipped()
    if source not in sources:
        raise ParameterError(f"there is no source {source!r}", where="real nights", expected=", ".join(sources))
    rows = {
        (statistic, measure): limits
        for statistic, measures in sources[source]["values"].items()
        for measure, limits in measures.items()
    }
    index = pd.MultiIndex.from_tuples(rows, names=["statistic", "measure"])
    return pd.DataFrame(list(rows.values()), index=index, columns=["estimate", "low", "high"], dtype="float64")


def of_hypnograms(
    epochs: Sequence[np.ndarray] | np.ndarray,
    persons: Sequence[str],
    rng: np.random.Generator,
    *,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """``hypnograms.summary`` with intervals over persons; `persons` names who slept each night."""
    matrix = hypnograms.sleep_periods(epochs)
    return over_persons(persons, lambda rows, _: hypnograms.summary(matrix[rows]), rng, resamples=resamples)


def of_nights(
    table: pd.DataFrame,
    rng: np.random.Generator,
    *,
    measures: Sequence[str] = nightly.MEASURES,
    resamples: int = RESAMPLES,
) -> pd.DataFrame:
    """``nightly.summary`` of a table of nights with intervals over persons."""
    full = nightly.with_derived(table).reset_index(drop=True)

    def statistic(rows: np.ndarray, numbers: np.ndarray) -> pd.Series:
        return nightly.summary(full.iloc[rows].assign(person_id=numbers).reset_index(drop=True), measures)

    return over_persons(full["person_id"].to_numpy(), statistic, rng, resamples=resamples)


def beside(real: pd.DataFrame, other: pd.Series) -> pd.DataFrame:
    """Real aggregates with the same statistics of other nights beside them, those that both have.

    Parameters
    ----------
    real : pandas.DataFrame
        As ``real_values`` returns it.
    other : pandas.Series
        As ``hypnograms.summary`` or ``nightly.summary`` returns it.

    Returns
    -------
    pandas.DataFrame
        ``estimate, low, high, other, inside`` (whether the other value lies in the interval of the real one) and
        ``half_widths_off``: the difference over half the width of the interval, which makes statistics of different
        units comparable; null where the interval has no width.
    """
    table = real.join(other.rename("other"), how="inner").dropna(subset=["estimate", "low", "high", "other"])
    half = (table["high"] - table["low"]) / 2
    return table.assign(
        inside=table["other"].between(table["low"], table["high"]),
        half_widths_off=(table["other"] - table["estimate"]) / half.where(half > 0),
    )
