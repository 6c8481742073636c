"""The nightly table: its form, and every kind of row that is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import InputError
from sleepcot_utils.nights import COLUMNS, NUMBERS, TEXTS, TIMES

REQUIRED = ["person_id", "night_date", "sleep_kind", "device", "quality"]
#: Checked against another column too, so that a lone value that is possible may still be refused.
BOUND_TOGETHER = {"total_sleep_min", "time_in_bed_min", "sleep_efficiency_pct"}


@pytest.fixture(scope="session")
def five_nights(night_table: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    return night_table(5)


@pytest.fixture
def table(five_nights: pd.DataFrame) -> pd.DataFrame:
    return five_nights.copy()


def refusal(table: pd.DataFrame) -> str:
    with pytest.raises(InputError) as caught:
        nightly.validate(table, where="nights.csv")
    return str(caught.value)


def test_the_kinds_of_column_cover_the_table() -> None:
    assert sorted(NUMBERS + TIMES + TEXTS) == sorted(COLUMNS)
    assert [name for name, column in COLUMNS.items() if column.required] == REQUIRED
    assert all(column.meaning for column in COLUMNS.values())
    assert all(np.isfinite([COLUMNS[name].low, COLUMNS[name].high]).all() for name in NUMBERS)


def test_conform_adds_what_is_missing_as_null_and_orders_rows_and_columns() -> None:
    given_rows = pd.DataFrame(
        {
            "quality": "ok",
            "person_id": ["b", "a", "a"],
            "night_date": ["2026-02-01", "2026-02-02", "2026-02-01"],
            "sleep_kind": "main",
            "device": "watch",
            "steps": ["7", None, 3],
        }
    )
    before = given_rows.copy()
    table = nightly.conform(given_rows)
    assert list(table.columns) == list(COLUMNS)
    assert table["person_id"].tolist() == ["a", "a", "b"]
    assert table["night_date"].dt.strftime("%m-%d").tolist() == ["02-01", "02-02", "02-01"]
    assert table["steps"].fillna(-1).tolist() == [3, -1, 7]
    assert table.drop(columns=[*REQUIRED, "steps"]).isna().all(axis=None)
    assert {str(table[name].dtype) for name in NUMBERS} == {"float64"}
    assert {str(table[name].dtype) for name in TIMES} == {"datetime64[ms]"}
    pd.testing.assert_frame_equal(given_rows, before)
    pd.testing.assert_frame_equal(nightly.conform(table), table)
    pd.testing.assert_frame_equal(nightly.validate(table), table)


def test_conform_refuses_a_column_that_is_none(table: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="no column named 'sleep_score'"):
        nightly.conform(table.assign(sleep_score=80))


@pytest.mark.parametrize(("name", "value"), [("steps", "many"), ("start_local", "yesterday"), ("night_date", "x")])
def test_conform_names_the_row_and_column_of_what_is_no_number_or_time(
    table: pd.DataFrame, name: str, value: str
) -> None:
    damaged = table.astype({name: object})
    damaged.loc[3, name] = value
    with pytest.raises(InputError) as caught:
        nightly.conform(damaged)
    assert f"row 4, column {name}" in str(caught.value) and value in str(caught.value)


def test_a_missing_column_is_named_with_its_meaning(table: pd.DataFrame) -> None:
    assert refusal(table.drop(columns="rem_min")) == "nights.csv: the column 'rem_min' is missing. Expected: REM sleep."


@pytest.mark.parametrize("name", REQUIRED)
def test_a_required_value_must_be_there(table: pd.DataFrame, name: str) -> None:
    table.loc[2, name] = None
    said = refusal(table)
    assert said.startswith(f"nights.csv, row 3, column {name}: {name} has no value")


@given(
    name=st.sampled_from([name for name in NUMBERS if name not in BOUND_TOGETHER]),
    row=st.integers(0, 4),
    beyond=st.floats(1e-6, 1e9) | st.just(float("inf")),
    above=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_an_impossible_number_is_refused_by_row_and_column(
    five_nights: pd.DataFrame, name: str, row: int, beyond: float, above: bool
) -> None:
    table, column = five_nights.copy(), COLUMNS[name]
    table.loc[row, name] = column.high + beyond if above else column.low - beyond
    said = refusal(table)
    assert said.startswith(f"nights.csv, row {row + 1}, column {name}: {name} is out of range")
    assert said.endswith(f"Expected: {column.low:g} to {column.high:g}.")


@pytest.mark.parametrize("name", [name for name in NUMBERS if name not in BOUND_TOGETHER])
def test_the_ends_of_a_range_and_nothing_at_all_are_possible(table: pd.DataFrame, name: str) -> None:
    table.loc[0, name], table.loc[1, name], table.loc[2, name] = COLUMNS[name].low, COLUMNS[name].high, np.nan
    assert nightly.validate(table) is table


@pytest.mark.parametrize("name", sorted(BOUND_TOGETHER))
def test_the_columns_that_hang_together_have_ranges_too(table: pd.DataFrame, name: str) -> None:
    table.loc[1, name] = -1.0
    assert refusal(table).startswith(f"nights.csv, row 2, column {name}: {name} is out of range (found -1.0)")


def test_nobody_sleeps_longer_than_in_bed(table: pd.DataFrame) -> None:
    table.loc[4, ["total_sleep_min", "sleep_efficiency_pct"]] = [481.0, 100.0]
    assert refusal(table).startswith(
        "nights.csv, row 5, column total_sleep_min: total_sleep_min exceeds the time in bed"
    )


def test_efficiency_is_asleep_over_in_bed_and_no_score(table: pd.DataFrame) -> None:
    table.loc[1, "sleep_efficiency_pct"] = 430 / 4.8 + 0.4
    nightly.validate(table)
    table.loc[1, "sleep_efficiency_pct"] = 84.0
    assert refusal(table).startswith(
        "nights.csv, row 2, column sleep_efficiency_pct: sleep_efficiency_pct is not asleep over in bed (found 84.0)"
    )


def test_a_sleep_is_a_main_night_or_a_nap(table: pd.DataFrame) -> None:
    table.loc[0, "sleep_kind"] = "siesta"
    assert refusal(table).startswith("nights.csv, row 1, column sleep_kind: sleep_kind is unknown (found siesta)")


def test_a_date_has_one_main_night_and_any_number_of_naps(table: pd.DataFrame) -> None:
    naps = table.iloc[[0, 0]].assign(sleep_kind="nap")
    both = nightly.conform(pd.concat([naps, table]))
    nightly.validate(both)
    twice = nightly.conform(pd.concat([both, table.iloc[[1]]]))
    # The naps come first in the rows that are counted: the number is that of the whole table.
    position = int(np.flatnonzero(twice.duplicated(["night_date", "sleep_kind"]) & (twice["sleep_kind"] == "main"))[0])
    assert f"row {position + 1}, column night_date" in refusal(twice)
    assert position >= 4
    other = table.iloc[[1]].assign(person_id="p00002")
    nightly.validate(nightly.conform(pd.concat([both, other])))


def test_the_first_bad_row_is_the_one_that_is_named(table: pd.DataFrame) -> None:
    table.loc[[1, 3], "steps"] = -5.0
    assert "row 2" in refusal(table)
