"""Words and numbers of the full report in a language: how a statement reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.paths import reference_data
from sleepcot_utils.report.facts import MIN_TREND_NIGHTS
from sleepcot_utils.report.regularity import Trend
from sleepcot_utils.report.statements import CLOCK, COUNT, KNOWN, NORM, TOO_FEW, Statement

LANGUAGES = ("en", "zh")
#: From here on minutes are also given as hours and minutes.
LONG_MIN = 120
#: Unit of the slope of a statement whose own unit has none for a difference.
SLOPE_UNITS = {"sleep_efficiency": "points", "mean_bedtime": "min"}


@dataclass(frozen=True)
class Words:
    """Words of one language, as ``data/wording/report.<language>.yaml`` holds them."""

    language: str
    entries: dict[str, Any]

    def phrase(self, key: str, **values: object) -> str:
        """A phrase with its placeholders filled in."""
        return self.entries["phrases"][key].format(**values)

    def figure(self, key: str, **values: object) -> str:
        """A word of the figure."""
        return self.entries["figure"][key].format(**values)

    @property
    def days(self) -> list[str]:
        """Short names of the days of the week from Monday on."""
        return self.entries["figure"]["days"]

    def label(self, name: str) -> str:
        """Name of a statement."""
        labels = self.entries["labels"]
        return labels[name] if name in labels else fact_norms()[name].label

    def source(self, name: str) -> str:
        """Where the range of a statement comes from; empty where it has neither range nor source."""
        sources = self.entries["sources"]
        if name in sources:
            return sources[name]
        return fact_norms()[name].source if name in fact_norms() else ""

    def listing(self, names: list[str]) -> str:
        """Names in a row."""
        return self.entries["joiner"].join(names)

    def level(self, statement: Statement) -> str:
        """How a value lies to its range; empty where it has none that is judged."""
        if statement.range_kind != NORM or statement.status != KNOWN:
            return ""
        key = "ok" if statement.level == "ok" else f"{statement.level}_{statement.direction}"
        return self.entries["levels"][key]

    def value(self, statement: Statement) -> str:
        """The value with its unit, or why there is none."""
        if statement.status == TOO_FEW:
            key = "too_few_pairs" if statement.name == "regularity_index" else "too_few"
            return self.phrase(key, nights=statement.nights, needed=statement.needed)
        if statement.kind == CLOCK:
            return clock_text(statement.value)
        number = number_text(statement)
        if statement.kind == COUNT:
            return self.phrase("count", value=number, nights=statement.nights)
        text = self.entries["units"][statement.unit].format(value=number)
        if statement.unit == "min" and abs(statement.value) >= LONG_MIN and not statement.signed:
            hours, rest = divmod(int(statement.value), 60)
            text = self.phrase("hours", minutes=text, hours=hours, rest=rest)
        return text

    def range(self, statement: Statement) -> str:
        """The range that a known value is read against, or an empty text."""
        if statement.status != KNOWN or not statement.range_kind:
            return ""
        low, high = (None if side is None else f"{side:g}" for side in (statement.low, statement.high))
        side = "both" if low and high else "low" if low else "high"
        return self.phrase(f"{statement.range_kind}_{side}", low=low, high=high)

    def percentile(self, statement: Statement) -> str:
        """The quarter of wearers that a value lies in, or an empty text."""
        if statement.percentile is None:
            return ""
        low, high = statement.percentile
        side = "low" if low == 0 else "high" if high == 100 else "mid"
        return self.phrase(f"percentile_{side}", low=low, high=high)

    def behind(self, statement: Statement) -> str:
        """What a known value rests on; empty for a count, which says it, and for what a person says."""
        if statement.status != KNOWN or statement.kind == COUNT or not statement.nights:
            return ""
        key = "from_pairs" if statement.name == "regularity_index" else "from_nights"
        return self.phrase(key, nights=statement.nights)

    def trend(self, statement: Statement) -> str:
        """The trend of a known value with its interval, or why none is stated; empty where none is looked at."""
        trend = statement.trend
        if trend is None or statement.status != KNOWN:
            return ""
        if math.isnan(trend.a_week):
            return self.phrase("trend_too_few", nights=trend.nights, needed=MIN_TREND_NIGHTS)
        digits = 0 if statement.kind == CLOCK else 1
        slope = self.entries["units"][SLOPE_UNITS.get(statement.name, statement.unit)]
        return self.phrase(
            "trend",
            slope=slope.format(value=f"{trend.a_week:+.{digits}f}"),
            low=f"{trend.low:+.{digits}f}",
            high=f"{trend.high:+.{digits}f}",
            nights=trend.nights,
            direction=self.phrase(_direction(statement, trend)),
        )


def words_of(language: str) -> Words:
    """Words of a language.

    Raises
    ------
    ParameterError
        If the report is not written in this language.
    """
    if language not in LANGUAGES:
        raise ParameterError(
            f"the report is not written in {language!r}", where="language", expected=f"one of {', '.join(LANGUAGES)}"
        )
    return Words(language, _entries(language))


def number_text(statement: Statement) -> str:
    """The number of a statement with the digits and the sign that it is shown with in every language."""
    return f"{statement.value:+.{statement.digits}f}" if statement.signed else f"{statement.value:.{statement.digits}f}"


def clock_text(minutes: float) -> str:
    """Minutes after midnight as ``HH:MM``.

    Examples
    --------
    >>> clock_text(1421)
    '23:41'
    """
    return f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}"


def _direction(statement: Statement, trend: Trend) -> str:
    if trend.direction == "no clear trend":
        return "no_trend"
    if statement.kind == CLOCK:
        return "later" if trend.direction == "rising" else "earlier"
    return trend.direction


@cache
def _entries(language: str) -> dict[str, Any]:
    path = reference_data("wording", f"report.{language}.yaml")
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    if language == "zh":
        # YAML folds a line break into a space, which Chinese does not have between its characters.
        entries = _without_breaks(entries)
    return entries


def _without_breaks(entry: Any) -> Any:
    if isinstance(entry, dict):
        return {key: _without_breaks(value) for key, value in entry.items()}
    if isinstance(entry, list):
        return [_without_breaks(value) for value in entry]
    return entry.replace("。 ", "。").replace("， ", "，") if isinstance(entry, str) else entry
