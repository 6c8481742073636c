"""What a day and a night give, how it is named, how exact it is, and which levels it is told in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import yaml

from sleepcot_utils.paths import reference_data

#: One word each, so that a level costs one token.
LEVELS = ("lowest", "low", "middle", "high", "highest")


@dataclass(frozen=True)
class Measure:
    """One measure of a day or a night.

    Attributes
    ----------
    name : str
        Column of the day table or of the nightly table.
    table : str
        ``day`` or ``night``.
    label, short, unit : str
        Words for texts.
    digits : int
        Decimal places that a text shows.
    error : float
        Standard deviation of a measurement around the truth, in the unit, or as a share of the value if ``relative``.
    levels : tuple of float
        Four rising borders between the five ``LEVELS``.
    history : bool
        Whether the days before are told too, where a text tells history.
    """

    name: str
    table: str
    label: str
    short: str
    unit: str
    digits: int
    error: float
    levels: tuple[float, ...]
    relative: bool = False
    history: bool = False

    def rounded(self, values: Any) -> Any:
        """Values as texts and numbers show them."""
        return np.round(values, self.digits)

    def said(self, value: float) -> str:
        """A value in digits."""
        return f"{value:.{self.digits}f}"

    def level(self, value: float) -> str:
        """A value as one of ``LEVELS``; a border belongs to the level above it."""
        return LEVELS[int(np.searchsorted(self.levels, value, side="right"))]

    def error_sd(self, values: pd.Series) -> pd.Series:
        """Standard deviation of the measurement error at each value."""
        return values * self.error if self.relative else pd.Series(self.error, index=values.index)


@cache
def measures() -> dict[str, Measure]:
    """All measures by name, in the order in which texts tell them; from ``data/classify/measures.yaml``."""
    listed = yaml.safe_load(reference_data("classify", "measures.yaml").read_text(encoding="utf-8"))
    found = {}
    for name, entry in listed.items():
        own = {key: value for key, value in entry.items() if key not in ("from", "levels")}
        found[name] = Measure(name, entry["from"], levels=tuple(entry["levels"]), **own)
    return found


def ago(name: str, days: int) -> str:
    """Column of a measure as it was some days before; today's is the measure's own name."""
    return f"{name}_{days}_ago" if days else name
