"""From exports and hand-written tables to observations, with everything that was left out named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from sleepcot_utils import days as daily
from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import read_export
from sleepcot_utils.ingest.day_rows import day_table, without_future
from sleepcot_utils.monitor.observations import observe


@dataclass(frozen=True)
class Intake:
    """What was read: observations, how many nights and days stand behind them, and what was left out, in sentences."""

    observations: pd.DataFrame
    nights: int
    days: int
    left_out: tuple[str, ...]


def take_in(paths: Sequence[Path], today: date) -> Intake:
    """Read exports; bad records are left out and named, every other record is kept.

    Parameters
    ----------
    paths : sequence of Path
        Exports of any vendor, or plain tables of nights or days; the first that gives a value goes first.
    today : date
        Later days are left out: the clock of the device was wrong.

    Raises
    ------
    InputError
        If a path holds nothing that can be read.
    """
    nights: list[pd.DataFrame] = []
    days: list[pd.DataFrame] = []
    left_out: list[str] = []
    for path in paths:
        result = read_export(path, strict=False, need_sleep=False)
        for row in result.skipped.to_dict("records"):
            place = f"{row['file']}, line {row['line']}" if row["line"] else f"{row['file']}, record {row['row']}"
            left_out.append(f"{place}, {row['column'] or 'whole record'}: {row['reason']}")
        left_out += [f"{item.file}: {item.reason}" for item in result.unread if not item.file.endswith(".md")]
        for tables, table, column in ((nights, result.nights, "night_date"), (days, day_table(result), "date")):
            kept, said = without_future(table, column, today)
            tables.append(kept)
            left_out += said
    all_nights = _first_of_each(nights, ["person_id", "night_date", "sleep_kind"], list(nightly.COLUMNS))
    all_days = _first_of_each(days, ["person_id", "date"], list(daily.COLUMNS))
    observations = observe(all_nights, all_days)
    if observations.empty:
        raise InputError(
            "nothing in it can be watched",
            where=", ".join(path.name for path in paths),
            expected="nights, or days with steps, blood pressure or glucose, not all of them in the future",
        )
    return Intake(observations, len(all_nights), len(all_days), tuple(left_out))


def _first_of_each(tables: list[pd.DataFrame], keys: list[str], columns: list[str]) -> pd.DataFrame:
    """Rows of several tables; of one key the values of the first table, filled up from the others."""
    filled = [table for table in tables if len(table)]
    if not filled:
        return tables[0]
    if len(filled) == 1:
        return filled[0]
    return pd.concat(filled).groupby(keys, sort=True, dropna=False).first().reset_index()[columns]
