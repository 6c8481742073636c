"""Readiness to train from HRV: the weekly mean of ln RMSSD against the person's own usual range.

The rule is that of training advice (``data/guide/rules.yaml``, ``readiness``, with its sources), so that the monitor and
the guide never say two things of one morning. There one morning is looked at, here each day of a table.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import yaml

from sleepcot_utils.monitor.observations import on_calendar
from sleepcot_utils.monitor.signals import windows_before
from sleepcot_utils.paths import reference_data

AS_PLANNED, EASY, UNKNOWN = "as_planned", "easy_or_rest", "unknown"
MEASURE = "ln_rmssd"
#: Digits of ln RMSSD that are shown, and compared, so that what is shown explains what is said.
DIGITS = 2


@cache
def _rule() -> dict[str, float]:
    """Days, nights and deviations of the rule."""
    return dict(yaml.safe_load(reference_data("guide", "rules.yaml").read_text(encoding="utf-8"))["readiness"])


def readiness(observations: pd.DataFrame) -> pd.DataFrame:
    """Readiness of each day on which HRV was measured.

    Parameters
    ----------
    observations : pandas.DataFrame
        As ``observe`` returns them.

    Returns
    -------
    pandas.DataFrame
        ``person_id, date, ln_rmssd_mean_7d, low, high, readiness``: ``easy_or_rest`` where the weekly mean lies below
        ``low``, ``as_planned`` where it does not, ``unknown`` with too few nights this week or in the weeks before.
    """
    rule = _rule()
    grid = on_calendar(observations)
    values = grid.values[MEASURE]
    week, weeks_before = int(rule["hrv_mean_days"]), int(rule["baseline_days"])
    recent, _ = _mean_and_sd(windows_before(values, week, 0), int(rule["hrv_nights_at_least"]))
    center, sd = _mean_and_sd(windows_before(values, weeks_before, week), int(rule["baseline_nights_at_least"]))
    half = rule["hrv_range_sd"] * sd
    person, day = np.nonzero(~np.isnan(values))
    # Both or neither: a mean says nothing without the range.
    known = ~np.isnan(recent + half)[person, day]
    mean, low, high = (
        _rounded(np.where(known, one[person, day], np.nan)) for one in (recent, center - half, center + half)
    )
    return pd.DataFrame(
        {
            "person_id": np.array(grid.persons, dtype=object)[person] if len(grid.persons) else [],
            "date": grid.dates[day].astype("datetime64[ms]") if len(grid.dates) else [],
            "ln_rmssd_mean_7d": mean,
            "low": low,
            "high": high,
            "readiness": np.select([known & (mean < low), known], [EASY, AS_PLANNED], UNKNOWN),
        }
    )


def _mean_and_sd(rows: np.ndarray, least: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (n - 1) of each window's known values; nan where fewer than `least` are known."""
    mean, sd = np.full(rows.shape[:-1], np.nan), np.full(rows.shape[:-1], np.nan)
    enough = (~np.isnan(rows)).sum(axis=-1) >= max(least, 2)
    if enough.any():
        mean[enough] = np.nanmean(rows[enough], axis=-1)
        sd[enough] = np.nanstd(rows[enough], axis=-1, ddof=1)
    return mean, sd


def _rounded(values: np.ndarray) -> np.ndarray:
    return np.array([round(float(value), DIGITS) for value in values], dtype="float64")
