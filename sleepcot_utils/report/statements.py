"""One statement of the full report: a value with all that a reader needs to weigh it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sleepcot_utils.norms import stage_quartiles
from sleepcot_utils.report.facts import Fact
from sleepcot_utils.report.regularity import Trend

NUMBER, CLOCK, COUNT = "number", "clock", "count"
NORM, TYPICAL = "norm", "typical"
KNOWN, TOO_FEW, NOT_GIVEN = "known", "too_few", "not_given"


@dataclass(frozen=True)
class Statement:
    """A value, what it is read against, and what it rests on.

    Attributes
    ----------
    name, dimension : str
        Key of its words, and the part of the report that it belongs to.
    value : float
        Rounded to `digits`; minutes after midnight for a clock time; ``nan`` where it can't be known.
    kind : str
        ``number``, ``clock`` or ``count`` (so many of `nights`).
    low, high : float or None
        Limits of `range_kind`, None where there is none.
    range_kind : str
        ``norm`` (a recommendation, which is judged), ``typical`` (where most wearers are, which is not), or empty.
    level, direction : str
        ``ok``, ``watch`` or ``act``; ``low``, ``high`` or empty. Always ``ok`` without a norm.
    nights, needed : int
        Nights (or pairs of days) behind it, and how many it needs.
    percentile : tuple of int, or None
        Quarter of the reference wearers that the value lies in, such as (25, 50).
    trend : Trend or None
        None where no trend is looked at.
    caveats : tuple of str
        Keys of what has to be known about the measurement, if there is a value.
    absence : str
        Key of why there is none, if the device is known not to measure it.
    """

    name: str
    dimension: str
    value: float
    unit: str = "min"
    digits: int = 0
    kind: str = NUMBER
    signed: bool = False
    low: float | None = None
    high: float | None = None
    range_kind: str = ""
    level: str = "ok"
    direction: str = ""
    nights: int = 0
    needed: int = 3
    percentile: tuple[int, int] | None = None
    trend: Trend | None = None
    caveats: tuple[str, ...] = ()
    absence: str = ""

    @property
    def status(self) -> str:
        """``known``, ``too_few`` (some nights have it, not enough), or ``not_given``."""
        if not math.isnan(self.value):
            return KNOWN
        return TOO_FEW if self.nights else NOT_GIVEN


def from_fact(
    fact: Fact,
    dimension: str,
    *,
    needed: int = 3,
    trend: Trend | None = None,
    percentile: tuple[int, int] | None = None,
    caveats: tuple[str, ...] = (),
    absence: str = "",
) -> Statement:
    """The statement of a fact of the short report, with the very same value, limits and level."""
    stage = fact.name in ("deep_sleep", "rem_sleep")
    limited = fact.low is not None or fact.high is not None
    return Statement(
        name=fact.name,
        dimension=dimension,
        value=fact.value,
        unit=fact.unit,
        digits=1 if fact.unit == "a minute" else 0,
        kind=COUNT if fact.unit == "nights" else NUMBER,
        signed=fact.name.endswith("_change") or fact.name == "weekend_shift",
        low=fact.low,
        high=fact.high,
        range_kind=(TYPICAL if stage else NORM) if limited else "",
        level=fact.level,
        direction=fact.direction,
        nights=fact.nights,
        needed=needed,
        percentile=percentile,
        trend=trend,
        caveats=caveats,
        absence=absence,
    )


def stage_percentile(fact: Fact, age_y: float | None, sex: str | None) -> tuple[int, int] | None:
    """Quarter of wearers of that age and sex in which deep or REM minutes lie; None where there is no reference."""
    quartiles = stage_quartiles(fact.name.removesuffix("_sleep"), age_y, sex)
    if quartiles is None or not fact.known:
        return None
    place = sum(fact.value >= quartile for quartile in quartiles)
    return 25 * place, 25 * place + 25


def rounded(value: float, digits: int = 0) -> float:
    """A value rounded once; ``nan`` stays."""
    return value if math.isnan(value) else round(float(value), digits) + 0.0
