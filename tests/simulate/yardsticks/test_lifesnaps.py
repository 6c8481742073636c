"""The traps of the LifeSnaps table, on rows made up for the purpose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.simulate.yardsticks import lifesnaps
from sleepcot_utils.simulate.yardsticks.sources import REAL_DATA_VARIABLE, real_data_folder

REAL = real_data_folder("lifesnaps")


def day(person: str, date: str, **values: object) -> dict[str, object]:
    """A day of which everything is measured and nothing is odd: 92, 247 and 106 minutes of deep, light and REM."""
    usual = {
        "id": person, "date": date, "sleep_duration": 521 * 60_000, "minutesAsleep": 445, "minutesToFallAsleep": 0,
        "sleep_efficiency": 93, "sleep_deep_ratio": 92 / 74, "sleep_light_ratio": 247 / 268, "sleep_rem_ratio": 106 / 79,
        "resting_hr": 62.07, "nremhr": 57.4, "rmssd": 89.6, "full_sleep_breathing_rate": 14.8, "spo2": 96.1,
        "nightly_temperature": 34.0, "steps": 8000, "moderately_active_minutes": 20, "very_active_minutes": 13,
        "age": "<30", "gender": "MALE",
    }  # fmt: skip
    return {**usual, **values}


def read(tmp_path: Path, *days: dict[str, object]) -> pd.DataFrame:
    pd.DataFrame(days).to_csv(tmp_path / lifesnaps.FILE)
    return lifesnaps.lifesnaps_nights(tmp_path)


def test_a_plain_night(tmp_path: Path):
    told = read(tmp_path, day("zz", "2021-05-24", steps=9000), day("zz", "2021-05-25")).iloc[1]
    assert told["person_id"] == "lifesnaps-01" and told["quality"] == "ok"
    assert told["night_date"] == pd.Timestamp("2021-05-25")
    assert (told["time_in_bed_min"], told["total_sleep_min"]) == (521, 445)
    assert (told["deep_min"], told["light_min"], told["rem_min"]) == (92, 247, 106)
    assert told["sleep_efficiency_pct"] == pytest.approx(100 * 445 / 521), "not the vendor's 93"
    assert (told["steps"], told["exercise_min"]) == (9000, 33), "of the day before"
    assert (told["sex"], told["age_group"]) == ("male", "<30")
    assert "sleep_onset_latency_min" not in told


def test_zero_is_missing_where_the_vendor_had_nothing(tmp_path: Path):
    odd = {"rmssd": 0, "nremhr": 0, "full_sleep_breathing_rate": 0, "steps": 0, "gender": None, "age": None}
    told = read(tmp_path, day("a", "2021-05-24", **odd), day("a", "2021-05-25", full_sleep_breathing_rate=0.4))
    vitals = ["hrv_rmssd_ms", "nrem_heart_rate_bpm", "respiratory_rate_brpm"]
    assert told.loc[0, vitals].isna().all()
    assert np.isnan(told.loc[1, "respiratory_rate_brpm"]), "nobody breathes 0.4 times a minute"
    assert told.loc[1, ["steps", "exercise_min"]].isna().all(), "no step on the day before: not worn"


def test_nights_without_stages_are_marked_and_days_without_sleep_left_out(tmp_path: Path):
    nothing = {"sleep_deep_ratio": None, "sleep_light_ratio": None, "sleep_rem_ratio": None}
    told = read(
        tmp_path,
        day("a", "2021-05-24", **nothing),
        day("a", "2021-05-25", sleep_duration=None, minutesAsleep=None, **nothing),
        day("a", "2021-05-26", minutesAsleep=0),
    )
    assert told["quality"].tolist() == [lifesnaps.NOT_STAGED]
    assert told["deep_min"].isna().all()


def test_temperature_is_told_against_the_persons_own_median(tmp_path: Path):
    degrees = {"24": 33.0, "25": 34.0, "26": 36.5}
    told = read(
        tmp_path, *(day("a", f"2021-05-{number}", nightly_temperature=value) for number, value in degrees.items())
    )
    assert told["skin_temperature_delta_c"].tolist() == [-1.0, 0.0, 2.5]


def test_tables_that_are_something_else_are_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no LifeSnaps table"):
        lifesnaps.lifesnaps_nights(tmp_path)
    with pytest.raises(InputError, match="row 2.*second row of one date"):
        read(tmp_path, day("a", "2021-05-24"), day("a", "2021-05-24"))
    pd.DataFrame({"id": ["a"]}).to_csv(tmp_path / lifesnaps.FILE)
    with pytest.raises(InputError, match="'date' is missing"):
        lifesnaps.lifesnaps_nights(tmp_path)


@pytest.mark.skipif(REAL is None, reason=f"{REAL_DATA_VARIABLE} names no folder with LifeSnaps")
def test_real_nights_keep_every_night_and_nearly_all_stages():
    assert REAL is not None
    told = lifesnaps.lifesnaps_nights(REAL)
    assert len(told) == 3550 and told["person_id"].nunique() == 69  # 3,551 rows with sleep, one of 0 minutes
    staged = told[told["quality"] == lifesnaps.STAGED]
    assert len(staged) > 3290 and staged["deep_min"].notna().mean() > 0.998
    known = staged.dropna(subset=["deep_min"])
    assert (known[["deep_min", "light_min", "rem_min"]].sum(axis=1) == known["total_sleep_min"]).all()
    # Consumer medians of deep and REM sleep lie near 75 and 87 minutes.
    assert 65 < known["deep_min"].median() < 85 and 75 < known["rem_min"].median() < 100
    assert told["person_id"].str.fullmatch(r"lifesnaps-\d\d").all()
