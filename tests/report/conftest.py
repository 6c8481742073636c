"""Nights with clock times, stages and vital signs for the tests of the full report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.report.full import FullReport, full_report

NIGHTS = 14


@pytest.fixture(scope="session")
def rich_nights(night_table) -> Callable[..., pd.DataFrame]:
    """Builds nights in which every column has a value; what is given replaces it."""

    def build(count: int = NIGHTS, **columns: Any) -> pd.DataFrame:
        place = np.arange(count)
        values = {
            "total_sleep_min": 430.0 + 10 * (place % 2),
            "sleep_onset_latency_min": 12.0,
            "wake_after_sleep_onset_min": 28.0,
            "awakenings": 3.0,
            "light_min": 250.0,
            "deep_min": 70.0,
            "rem_min": 110.0,
            "resting_heart_rate_bpm": 60.0,
            "hrv_rmssd_ms": 35.0,
            "respiratory_rate_brpm": 15.0,
            "spo2_mean_pct": 95.0,
            "spo2_min_pct": 92.0,
            "steps": 7000.0,
            "caffeine_after_14h": (place < 2).astype(float),
            "alcohol_units": (place < 1).astype(float),
            "nap_min": 5.0,
        }
        table = night_table(count, **(values | columns))
        length = pd.to_timedelta(table["time_in_bed_min"], unit="min")
        return table.assign(end_local=table["start_local"] + length)

    return build


@pytest.fixture(scope="session")
def rich_report(rich_nights) -> Callable[..., FullReport]:
    """Builds the full report of such nights for a woman of 40, unless said otherwise."""

    def build(count: int = NIGHTS, **options: Any) -> FullReport:
        own = {key: options.pop(key) for key in ("age_y", "sex", "satisfaction", "alertness") if key in options}
        full = full_report(
            rich_nights(count, **options),
            person_id="p00001",
            window_nights=NIGHTS,
            **({"age_y": 40.0, "sex": "female"} | own),
        )
        assert full is not None
        return full

    return build
