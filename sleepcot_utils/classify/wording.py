"""A morning as text: the same values in several styles, so that what a style costs can be measured."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from sleepcot_utils.classify.cases import DAYS_BEFORE
from sleepcot_utils.classify.measures import Measure, ago, measures
from sleepcot_utils.errors import ParameterError

#: ``digits``: name and number; ``units``: with the full name and the unit; ``levels``: a word in place of the number;
#: ``digits_and_levels``: both.
STYLES = ("digits", "units", "levels", "digits_and_levels")

NUMBER = re.compile(r"\d+(?:\.\d+)?")


def describe(
    case: Mapping[str, Any], style: str = "digits", *, history: bool = False, order: Sequence[str] = ()
) -> str:
    """One case as text.

    Parameters
    ----------
    case : mapping
        Row of a case table; null values are not told, as people and devices leave them out.
    style : str
        One of ``STYLES``.
    history : bool
        Whether measures with history are told for the last days too, newest first; a missing day is told as ``-``.
    order : sequence of str, optional
        Names of the measures in another order than the usual one; those left out are not told.

    Raises
    ------
    ParameterError
        If there is no such style.
    """
    if style not in STYLES:
        raise ParameterError(f"there is no style {style!r}", where="style", expected=f"one of {', '.join(STYLES)}")
    known = measures()
    parts = []
    for name in order or known:
        measure = known[name]
        if history and measure.history:
            values = [case[ago(name, number)] for number in range(DAYS_BEFORE + 1)]
            if any(pd.notna(value) for value in values):
                parts.append(f"{_name(measure, style)} {' '.join(_value(measure, value, style) for value in values)}")
        elif pd.notna(case[name]):
            unit = f" {measure.unit}" if style == "units" else ""
            parts.append(f"{_name(measure, style)} {_value(measure, case[name], style)}{unit}")
    text = ", ".join(parts) or "nothing recorded"
    note = case.get("note", "")
    return f"{text}; note: {note}" if note else text


def describe_all(cases: pd.DataFrame, style: str = "digits", *, history: bool = False) -> list[str]:
    """All cases of a table as texts, in their order."""
    return [describe(case, style, history=history) for case in cases.to_dict("records")]


def numbers_in(text: str) -> list[float]:
    """Every number of a text, its note left out, in the order in which they stand."""
    return [float(found) for found in NUMBER.findall(text.partition("; note: ")[0])]


def _name(measure: Measure, style: str) -> str:
    return measure.label if style == "units" else measure.short


def _value(measure: Measure, value: float, style: str) -> str:
    if pd.isna(value):
        return "-"
    if style == "levels":
        return measure.level(value)
    if style == "digits_and_levels":
        return f"{measure.said(value)} {measure.level(value)}"
    return measure.said(value)
