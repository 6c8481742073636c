"""Moments as exports write them."""

from __future__ import annotations

from datetime import datetime

import pytest

from sleepcot_utils.ingest.clocks import (
    Moment,
    from_epoch,
    minutes_between,
    offset_between,
    parse_date,
    parse_moment,
    parse_time,
)
from sleepcot_utils.ingest.ledger import RecordError


@pytest.mark.parametrize(
    ("text", "time", "offset_min"),
    [
        ("2024-01-31T23:05:07.000", datetime(2024, 1, 31, 23, 5, 7), None),
        ("2024-01-31 23:05:07 +0530", datetime(2024, 1, 31, 23, 5, 7), 330),
        ("2024-01-31T23:05-03:30", datetime(2024, 1, 31, 23, 5), -210),
        ("2024-01-31T23:05:07Z", datetime(2024, 1, 31, 23, 5, 7), 0),
        ("2024-01-31T23:05:07.123456789+01", datetime(2024, 1, 31, 23, 5, 7, 123456), 60),
    ],
)
def test_times_are_kept_as_written_with_their_offset(text, time, offset_min):
    assert parse_time(text, "start") == (time, offset_min)


@pytest.mark.parametrize(
    "value",
    [
        *("", "2024-01-31", "31.01.2024 23:05", "2024-01-31T25:00:00", "2024-02-30T23:00:00", "2024-01-31T23:05:61"),
        *("2024-01-31T23:05:00+15:00", "2024-01-31T23:05:00+01:75", "1999-12-31T23:00:00", "2101-01-01T00:00:00"),
        *("\u0662\u0660\u0662\u0664-01-31T23:05:00", "x" * 10_000_000, None, 5, [], {}),
    ],
)
def test_what_is_no_time_is_refused(value):
    with pytest.raises(RecordError) as caught:
        parse_time(value, "start")
    assert caught.value.column == "start"
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("value", ["2024-02-30", "24-02-01", "1999-01-01", "2024/01/01", None, 20240101])
def test_what_is_no_date_is_refused(value):
    with pytest.raises(RecordError):
        parse_date(value, "day")


@pytest.mark.parametrize("value", [True, "1709334000000", -1, 1e13, 10**400, None, float("nan"), 915148799000])
def test_what_is_no_instant_is_refused(value):
    with pytest.raises(RecordError):
        from_epoch(value, "start")


def test_instants_are_milliseconds_or_seconds():
    # 19,784 days of 86,400 s since 1970 are 2024-03-02.
    assert from_epoch(19_784 * 86_400_000, "start") == datetime(2024, 3, 2)
    assert from_epoch(19_784 * 86_400, "start", per_second=1) == datetime(2024, 3, 2)


def test_minutes_are_those_between_instants_where_they_are_known():
    before, after = parse_moment("2024-03-31T01:00:00+01:00", "a"), parse_moment("2024-03-31T04:00:00+02:00", "b")
    assert minutes_between(before, after) == 120
    local = (parse_moment("2024-03-31T01:00:00", "a"), parse_moment("2024-03-31T04:00:00", "b"))
    assert minutes_between(*local) == 180
    assert minutes_between(local[0], Moment.from_utc(datetime(2024, 3, 31))) is None


def test_only_offsets_of_clocks_are_offsets():
    assert offset_between(datetime(2024, 1, 1, 5, 45), datetime(2024, 1, 1), "start") == 345
    for local in (datetime(2024, 1, 1, 0, 7), datetime(2024, 1, 2)):
        with pytest.raises(RecordError):
            offset_between(local, datetime(2024, 1, 1), "start")
