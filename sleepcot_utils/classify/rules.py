"""Rules that label a morning: how far it lies from the border, how likely "rest" is, and the label that is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import yaml

from sleepcot_utils.classify.cases import DAYS_BEFORE
from sleepcot_utils.classify.measures import ago
from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.paths import reference_data

#: Label 1 is rest, label 0 exercise.
LABELS = ("exercise", "rest")
#: Margins are cut here, where the probability is beyond doubt anyway.
WIDEST_MARGIN = 5.0
WAYS = ("value", "mean", "above_own", "ratio_to_own")


@dataclass(frozen=True)
class Condition:
    """One condition of a rule.

    Attributes
    ----------
    measure : str
        Which measure.
    by : str
        ``value``, ``mean``, ``above_own`` or ``ratio_to_own``.
    threshold : float
        In the unit of the value.
    above : bool
        Whether it is met above the threshold, else below.
    scale : float
        What counts as one step from the threshold.
    days : int
        Days of the mean, or of the person's own level.
    """

    measure: str
    by: str
    threshold: float
    above: bool
    scale: float
    days: int = 1

    def value(self, cases: pd.DataFrame) -> pd.Series:
        """What is held against the threshold; null where it can't be known."""
        today = cases[self.measure]
        if self.by == "value":
            return today
        if self.by == "mean":
            window = cases[[ago(self.measure, number) for number in range(self.days)]]
            return window.mean(axis=1).where(window.notna().sum(axis=1) > self.days / 2)
        before = cases[[ago(self.measure, number) for number in range(1, self.days + 1)]]
        own = before.mean(axis=1).where(before.notna().sum(axis=1) >= self.days / 2)
        return today - own if self.by == "above_own" else today / own.where(own > 0)

    def margin(self, cases: pd.DataFrame) -> pd.Series:
        """Steps beyond the threshold; negative where the condition is not met."""
        distance = (self.value(cases) - self.threshold) / self.scale
        return distance if self.above else -distance


@dataclass(frozen=True)
class Rule:
    """A rule: at least ``needs`` of its conditions make a day of rest, with noise around the border.

    Attributes
    ----------
    softness : float
        Margin over which the probability goes from one half to 73 %.
    """

    name: str
    question: str
    needs: int
    softness: float
    conditions: tuple[Condition, ...]

    @property
    def history(self) -> bool:
        """Whether the rule looks at the days before."""
        return any(condition.by != "value" for condition in self.conditions)

    def margins(self, cases: pd.DataFrame) -> pd.Series:
        """Distance to the border, positive on the side of rest.

        The ``needs``-th largest margin of the conditions: the smallest change, in steps of the conditions' own scales,
        that no condition may exceed and that still brings the label to the border.
        """
        each = np.column_stack([condition.margin(cases).to_numpy("float64") for condition in self.conditions])
        each = np.nan_to_num(each, nan=-np.inf)
        margin = np.sort(each, axis=1)[:, -self.needs]
        return pd.Series(np.clip(margin, -WIDEST_MARGIN, WIDEST_MARGIN), index=cases.index)

    def probability(self, cases: pd.DataFrame) -> pd.Series:
        """Probability that the label is rest."""
        return 1 / (1 + np.exp(-self.margins(cases) / self.softness))


@cache
def rules() -> dict[str, Rule]:
    """All rules by name, from ``data/classify/rules.yaml``."""
    listed = yaml.safe_load(reference_data("classify", "rules.yaml").read_text(encoding="utf-8"))
    return {
        name: Rule(
            name, entry["question"], entry["needs"], entry["softness"], tuple(map(_condition, entry["conditions"]))
        )
        for name, entry in listed.items()
    }


def _condition(entry: dict[str, Any]) -> Condition:
    if entry["by"] not in WAYS or ("above" in entry) == ("below" in entry) or entry.get("days", 1) > DAYS_BEFORE:
        raise ParameterError(
            f"the condition {entry} can't be used",
            where="data/classify/rules.yaml",
            expected=f"by: one of {', '.join(WAYS)}; either above or below; at most {DAYS_BEFORE} days",
        )
    above = "above" in entry
    threshold = entry["above"] if above else entry["below"]
    return Condition(entry["measure"], entry["by"], threshold, above, entry["scale"], entry.get("days", 1))


def draw_labels(probability: pd.Series, rng: np.random.Generator) -> pd.Series:
    """One label a case: 1 (rest) with its probability, else 0 (exercise)."""
    if not probability.between(0, 1).all():
        raise InputError("a probability is missing or not between 0 and 1", where="labels", expected="0 to 1")
    return (pd.Series(rng.random(len(probability)), index=probability.index) < probability).astype(int)
