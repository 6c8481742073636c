"""Norms that reports are read against. Values and sources stand in ``data/norms``; this module only looks them up."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml

from sleepcot_utils.errors import InputError
from sleepcot_utils.paths import reference_data, relative_name

LEVELS = ("ok", "watch", "act")


@dataclass(frozen=True)
class Limits:
    """Closed interval outside which a value is remarkable; an open side is infinite."""

    low: float = -math.inf
    high: float = math.inf

    def misses(self, value: float) -> str:
        """Return ``low``, ``high`` or an empty string if the value lies inside."""
        if value < self.low:
            return "low"
        return "high" if value > self.high else ""


@dataclass(frozen=True)
class FactNorm:
    """How one fact of a report is named, rounded and judged."""

    name: str
    label: str
    unit: str
    digits: int
    group: str
    source: str
    words: tuple[str, ...] = ()
    norm: Limits | None = None
    act: Limits | None = None
    by_age: dict[int, dict[str, Limits]] = field(default_factory=dict)
    share: bool = False
    signed: bool = False

    def limits(self, age_y: float | None, nights: int) -> tuple[Limits, Limits] | None:
        """Norm and act limits for a person of that age, or None for a fact without a norm.

        Parameters
        ----------
        age_y : float or None
            Years; None (age not given) takes the adult limits.
        nights : int
            Nights behind the fact; limits given as shares become whole nights, rounded down.
        """
        if self.norm is None or self.act is None:
            return None
        norm, act = self.norm, self.act
        for age_from, pair in sorted(self.by_age.items()):
            if age_y is not None and age_y >= age_from:
                norm, act = pair["norm"], pair["act"]
        if self.share:
            norm, act = (Limits(high=math.floor(side.high * nights)) for side in (norm, act))
        return norm, act

    def judge(self, value: float, age_y: float | None, nights: int) -> tuple[str, str]:
        """Level (``ok``, ``watch``, ``act``) and direction (``low``, ``high`` or empty) of a rounded value."""
        limits = self.limits(age_y, nights)
        if limits is None or math.isnan(value):
            return "ok", ""
        norm, act = limits
        side = norm.misses(value)
        if not side:
            return "ok", ""
        return ("act" if act.misses(value) else "watch"), side


def _limits(entry: dict[str, Any]) -> Limits:
    return Limits(float(entry.get("low", -math.inf)), float(entry.get("high", math.inf)))


@cache
def fact_norms() -> dict[str, FactNorm]:
    """All facts of a report, in the order in which a report states them.

    Raises
    ------
    InputError
        If ``data/norms/facts.yaml`` misses a field.
    """
    path = reference_data("norms", "facts.yaml")
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    facts = {}
    for name, entry in entries.items():
        try:
            facts[name] = FactNorm(
                name=name,
                label=entry["label"],
                unit=entry["unit"],
                digits=int(entry["digits"]),
                group=entry["group"],
                source=entry["source"],
                words=tuple(entry["words"]),
                norm=_limits(entry["norm"]) if "norm" in entry else None,
                act=_limits(entry["act"]) if "act" in entry else None,
                by_age={
                    int(age): {key: _limits(side) for key, side in pair.items()}
                    for age, pair in entry.get("by_age", {}).items()
                },
                share=bool(entry.get("share", False)),
                signed=bool(entry.get("signed", False)),
            )
        except KeyError as missing:
            raise InputError(
                f"the fact {name!r} lacks the field {missing}", where=relative_name(path), expected="see its comments"
            ) from None
    return facts


@cache
def _stage_quartiles() -> list[dict[str, Any]]:
    return yaml.safe_load(reference_data("norms", "stage_quartiles.yaml").read_text(encoding="utf-8"))


def stage_quartiles(stage: str, age_y: float | None, sex: str | None) -> tuple[float, float, float] | None:
    """Quartiles of deep or REM minutes among wearable users of that age and sex.

    Parameters
    ----------
    stage : str
        ``deep`` or ``rem``.
    age_y, sex
        None where the person did not give it; then there is no reference and the result is None.
    """
    if age_y is None or sex is None:
        return None
    for row in _stage_quartiles():
        if row["sex"] == sex and row["age_from"] <= age_y < row["age_to"] + 1:
            return tuple(float(value) for value in row[stage])  # type: ignore[return-value]
    return None
