"""Rules of the monitor, read from ``data/monitor/rules.yaml`` and checked."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sleepcot_utils.errors import InputError
from sleepcot_utils.paths import reference_data

LEVELS = ("note", "clinician", "urgent")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Measure(_Strict):
    """How a measure is named and rounded."""

    label: str
    unit: str
    digits: int = Field(ge=0, le=3)


class Condition(_Strict):
    """A comparison of today's value, or of the mean of the last days, with a limit or with the own baseline.

    Attributes
    ----------
    measure : str
        Column of the observations.
    side : str
        ``above`` or ``below``.
    mean_days, least_days : int
        Days of the mean, today included (1 takes today's value), and how many of them must be measured.
    limit : float, optional
        Fixed limit, in the unit of the measure.
    inclusive : bool
        Whether a value that equals the limit counts.
    deviations, least_change, ratio : float, optional
        Distance from the baseline in robust standard deviations, least distance in the unit of the measure, and share
        of the baseline; any of them asks for a baseline.
    baseline_days, baseline_least, gap_days : int
        Days of the baseline, how many of them must be measured, and the days before today that it leaves out.
    """

    measure: str
    side: Literal["above", "below"]
    mean_days: int = Field(1, ge=1, le=28)
    least_days: int = Field(1, ge=1, le=28)
    limit: float | None = None
    inclusive: bool = False
    deviations: float | None = Field(None, gt=0)
    least_change: float | None = Field(None, gt=0)
    ratio: float | None = Field(None, gt=0)
    baseline_days: int = Field(28, ge=7, le=90)
    baseline_least: int = Field(10, ge=3, le=90)
    gap_days: int = Field(0, ge=0, le=28)

    @model_validator(mode="after")
    def _compares(self) -> Condition:
        if self.limit is None and not self.has_baseline:
            raise ValueError("a condition needs a limit or a baseline")
        if self.least_days > self.mean_days or self.baseline_least > self.baseline_days:
            raise ValueError("no more days can be measured than there are")
        return self

    @property
    def has_baseline(self) -> bool:
        """Whether it compares with the person's own baseline."""
        return any(value is not None for value in (self.deviations, self.least_change, self.ratio))

    @property
    def history_days(self) -> int:
        """Days up to today that decide on it."""
        return max(self.mean_days, 1 + self.gap_days + self.baseline_days if self.has_baseline else 1)


class Persistence(_Strict):
    """On how many of the last days the conditions must hold, and how long they are silent before the next alert."""

    days: int = Field(ge=1, le=28)
    of_last: int = Field(ge=1, le=28)
    clear_days: int = Field(ge=1, le=90)


class Rule(_Strict):
    """One rule; see the head of the file for what its fields mean."""

    name: str
    label: str
    level: Literal["note", "clinician", "urgent"]
    together: Literal["all", "any"]
    conditions: tuple[Condition, ...] = Field(min_length=1)
    persistence: Persistence
    source: str
    do: str
    not_with: str = ""

    @property
    def history_days(self) -> int:
        """Days up to today that decide on an alert of today."""
        return self.persistence.of_last - 1 + max(condition.history_days for condition in self.conditions)


@cache
def _file() -> dict[str, Any]:
    return yaml.safe_load(reference_data("monitor", "rules.yaml").read_text(encoding="utf-8"))


@cache
def measures() -> dict[str, Measure]:
    """What can be watched, by column of the observations."""
    return {name: Measure.model_validate(entry) for name, entry in _file()["measures"].items()}


@cache
def load_rules() -> tuple[Rule, ...]:
    """All rules, in the order of the file."""
    return tuple(rule_from(name, entry) for name, entry in _file()["rules"].items())


def rule_from(name: str, entry: dict[str, Any]) -> Rule:
    """Rule from an entry of the file; conditions take the file's baseline where they name none.

    Raises
    ------
    InputError
        Naming the rule and the field that is wrong.
    """
    where = f"rules.yaml, {name}"
    conditions = [_file()["baseline"] | condition for condition in entry.get("conditions", ())]
    try:
        rule = Rule.model_validate(entry | {"name": name, "conditions": conditions})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(first["msg"], where=f"{where}, {place}".rstrip(", ")) from None
    for condition in rule.conditions:
        if condition.measure not in measures():
            raise InputError(f"{condition.measure!r} is not measured", where=where, expected=", ".join(measures()))
    return rule


def changed(rule: Rule, factor: float) -> Rule:
    """The same rule with its distances from the baseline scaled, for a trade-off curve.

    Parameters
    ----------
    factor : float
        Above 1 the rule asks for more; fixed limits stay.
    """

    def scaled(condition: Condition) -> Condition:
        values = {
            name: value * factor
            for name in ("deviations", "least_change")
            if (value := getattr(condition, name)) is not None
        }
        if condition.ratio is not None:
            # The distance from the baseline is 1 - ratio; it may not reach the whole of it.
            values["ratio"] = max(1 - (1 - condition.ratio) * factor, 0.02)
        return condition.model_copy(update=values)

    return rule.model_copy(update={"conditions": tuple(scaled(condition) for condition in rule.conditions)})
