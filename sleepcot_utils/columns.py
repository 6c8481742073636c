"""Columns of a tidy table and the two checks that every table shares: its form, and what can be true.

Missing is missing (null), never 0. The nightly table (``nights``) and the day table (``days``) state their columns
with this and add the checks that hold between columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sleepcot_utils.errors import InputError


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    kind : str
        ``text``, ``time`` (local, without zone) or ``number``.
    meaning : str
        What the column holds, in words.
    low, high : float
        Closed range of values that can be true. Outside it a value is a recording error and is refused.
    required : bool
        Whether a null is refused.
    """

    kind: str
    meaning: str
    low: float = -np.inf
    high: float = np.inf
    required: bool = False


def names_of(columns: Mapping[str, Column], kind: str) -> tuple[str, ...]:
    """Names of the columns of one kind, in their order."""
    return tuple(name for name, column in columns.items() if column.kind == kind)


def conform_to(table: pd.DataFrame, columns: Mapping[str, Column], *, what: str, order: Sequence[str]) -> pd.DataFrame:
    """Give a table exactly these columns and their types; columns that it lacks become null.

    Parameters
    ----------
    table : pandas.DataFrame
        At least the required columns.
    columns : mapping
        Name to column, in the order of the result.
    what : str
        Name of the table in messages.
    order : sequence of str
        Columns to sort by.

    Raises
    ------
    InputError
        On a column that the table does not have, or a value that is no number or no time; the message names the row
        (counted from 1 in the order given) and the column.
    """
    extra = [name for name in table.columns if name not in columns]
    if extra:
        raise InputError(
            f"the {what} has no column named {extra[0]!r}", where=what, expected=f"columns among {', '.join(columns)}"
        )
    frame = table.reindex(columns=list(columns)).copy()
    for name in names_of(columns, "number"):
        numbers = pd.to_numeric(frame[name], errors="coerce").astype("float64")
        refuse(numbers.isna() & frame[name].notna(), frame, what, name, "is no number", "a number or nothing")
        frame[name] = numbers
    for name in names_of(columns, "time"):
        times = pd.to_datetime(frame[name], errors="coerce").astype("datetime64[ms]")
        refuse(times.isna() & frame[name].notna(), frame, what, name, "is no time", "a local date and time")
        frame[name] = times
    for name in names_of(columns, "text"):
        frame[name] = frame[name].astype("str").where(frame[name].notna(), None)
    return frame.sort_values(list(order), kind="stable").reset_index(drop=True)


def check_columns(table: pd.DataFrame, columns: Mapping[str, Column], *, where: str) -> None:
    """Refuse a missing column, a null where a value is required, and a value that can't be true.

    Raises
    ------
    InputError
        Naming the row (counted from 1, without header) and the column.
    """
    for name, column in columns.items():
        if name not in table:
            raise InputError(f"the column {name!r} is missing", where=where, expected=column.meaning)
        if column.required:
            refuse(table[name].isna(), table, where, name, "has no value", column.meaning)
        if column.kind == "number":
            outside = (table[name] < column.low) | (table[name] > column.high) | np.isinf(table[name])
            refuse(outside, table, where, name, "is out of range", f"{column.low:g} to {column.high:g}")


def refuse(bad: pd.Series, table: pd.DataFrame, where: str, name: str, problem: str, expected: str) -> None:
    """Refuse the first row that is bad, naming row, column and value.

    Raises
    ------
    InputError
        If one is.
    """
    if bad.any():
        position = int(np.flatnonzero(bad.to_numpy())[0])
        value = table[name].iloc[position]
        raise InputError(
            f"{name} {problem} (found {value})", where=f"{where}, row {position + 1}, column {name}", expected=expected
        )
