"""Windows: which nights of which person stand behind a report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleepcot_utils import nights as nightly
from sleepcot_utils.report.windows import NightArrays


def window(table: pd.DataFrame, nights: int, rows: np.ndarray | None = None):
    return NightArrays(table).last_nights(np.arange(len(table)) if rows is None else rows, nights)


def test_the_window_is_counted_in_dates_up_to_the_last_night(night_table) -> None:
    table = night_table(10, skip=[7], steps=np.arange(10.0))
    assert window(table, 3)["steps"].tolist() == [8, 9]
    assert window(table, 4)["steps"].tolist() == [6, 8, 9]
    assert window(table, 30)["steps"].tolist() == [0, 1, 2, 3, 4, 5, 6, 8, 9]


def test_nights_come_in_order_of_date_and_naps_stay_out(night_table) -> None:
    table = night_table(5, steps=np.arange(5.0))
    nap = table.tail(1).assign(sleep_kind="nap", steps=99.0, night_date=pd.Timestamp("2026-02-01"))
    mixed = pd.concat([nap, table]).sample(frac=1, random_state=1).reset_index(drop=True)
    cut = window(mixed, 4)
    assert cut["steps"].tolist() == [1, 2, 3, 4]
    assert np.diff(cut.day).tolist() == [1, 1, 1]
    assert window(nap, 4) is None
    assert window(mixed, 4, rows=np.arange(0)) is None


def test_the_device_is_that_of_the_last_night(night_table) -> None:
    table = night_table(3).assign(device=["old band", "old band", "watch"])
    assert window(table, 3).device == "watch"
    assert window(table.head(2), 3).device == "old band"


def test_days_of_the_week_are_those_of_the_calendar(night_table) -> None:
    table = night_table(20)
    assert window(table, 20).weekday.tolist() == table["night_date"].dt.day_of_week.tolist()


@given(minute=st.integers(0, 24 * 60 - 1))
@settings(max_examples=20, deadline=None)
def test_bedtimes_are_counted_from_noon_to_noon(minute: int) -> None:
    start = pd.Timestamp("2026-03-03") + pd.Timedelta(minutes=minute)
    row = {"person_id": "p", "night_date": "2026-03-03", "sleep_kind": "main", "device": "d", "quality": "ok"}
    table = nightly.conform(pd.DataFrame([row | {"start_local": start}, row | {"night_date": "2026-03-04"}]))
    noon_before = start.normalize() + pd.Timedelta(hours=12 if minute >= 720 else -12)
    first, second = window(table, 2).bedtime_min
    assert first == (start - noon_before).total_seconds() / 60
    assert np.isnan(second)


def test_persons_of_one_table_are_cut_apart_by_their_rows(study) -> None:
    arrays = NightArrays(study.table)
    for person_id in study.people["person_id"][:5]:
        own = study.table[study.table["person_id"] == person_id]
        cut = arrays.last_nights(np.flatnonzero(study.table["person_id"] == person_id), 7)
        last = own[own["night_date"] > own["night_date"].max() - pd.Timedelta(days=7)]
        assert cut["total_sleep_min"].tolist() == last["total_sleep_min"].tolist()
        assert cut.nights_with_data == last["total_sleep_min"].notna().sum()
        assert cut.nights_with_data == pytest.approx(7, abs=4)
