"""A small made-up Fitabase export that the tests of this folder damage in turn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

SLEEP_HEADER = "Id,SleepDay,TotalSleepRecords,TotalMinutesAsleep,TotalTimeInBed"
SLEEP_ROWS = (
    "9000000002,4/12/2016 12:00:00 AM,1,420,450",
    "9000000002,4/13/2016 12:00:00 AM,2,400,500",
    "9000000002,04/14/2016,1,390,400",
    "9000000002,04/14/2016,1,390,400",
    "8000000001,5/1/2016 12:00:00 AM,1,300,400",
    "8000000001,5/02/2016 00:00,1,360,480",
)
ACTIVITY_HEADER = (
    "Id,ActivityDate,TotalSteps,TotalDistance,VeryActiveMinutes,FairlyActiveMinutes,LightlyActiveMinutes,"
    "SedentaryMinutes,Calories"
)
ACTIVITY_ROWS = (
    "9000000002,04/11/2016,11111,8.1,20,10,200,700,2000",
    "9000000002,4/12/2016,0,0,0,0,0,1440,1500",
    "9000000002,4/13/2016,0,0,33,0,0,1407,1800",
    "8000000001,5/1/2016,7654,5.2,0,5,100,900,1900",
)


def lines(header: str, rows: tuple[str, ...] | list[str]) -> str:
    return "\n".join([header, *rows]) + "\n"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Folder of a whole export: 2 persons, 5 nights, 1 exact duplicate."""
    (tmp_path / "sleepDay_merged.csv").write_text(lines(SLEEP_HEADER, SLEEP_ROWS), encoding="utf-8")
    (tmp_path / "dailyActivity_merged.csv").write_text(lines(ACTIVITY_HEADER, ACTIVITY_ROWS), encoding="utf-8")
    return tmp_path


@pytest.fixture
def damaged(export: Path) -> Callable[[str, str], Path]:
    """Replace one piece of the sleep file, which has to be there, and return the folder."""

    def replace(old: str, new: str, file: str = "sleepDay_merged.csv") -> Path:
        text = (export / file).read_text(encoding="utf-8")
        assert old in text
        (export / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return export

    return replace
