"""Readiness to train from HRV: the weekly mean of ln RMSSD against the person's own usual range.

Inside the range (the usual, less the smallest worthwhile change) the plan stands, below it training is easy or rest.
Numbers and sources: ``data/monitor/rules.yaml``, ``readiness``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sleepcot_utils.monitor.observations import on_calendar
from sleepcot_utils.monitor.rules import readiness_condition
from sleepcot_utils.monitor.signals import compare, own_baseline

AS_PLANNED, EASY, UNKNOWN = "as_planned", "easy_or_rest", "unknown"


def readiness(observations: pd.DataFrame) -> pd.DataFrame:
    """Readiness of each day on which HRV was measured.

    Parameters
    ----------
    observations : pandas.DataFrame
        As ``observe`` returns them.

    Returns
    -------
    pandas.DataFrame
        ``person_id, date, ln_rmssd_mean_7d, usual, low, readiness``: ``as_planned``, ``easy_or_rest`` where the
        weekly mean lies below ``low``, or ``unknown`` without three nights this week or without a baseline.
    """
    condition = readiness_condition()
    grid = on_calendar(observations)
    values = grid.values[condition.measure]
    compared = compare(condition, values)
    usual = own_baseline(values, condition)[0]
    known = ~np.isnan(compared.value) & ~np.isnan(compared.threshold)
    state = np.select([known & compared.holds, known], [EASY, AS_PLANNED], UNKNOWN)
    person, day = np.nonzero(~np.isnan(values))
    return pd.DataFrame(
        {
            "person_id": np.array(grid.persons, dtype=object)[person] if len(grid.persons) else [],
            "date": grid.dates[day].astype("datetime64[ms]") if len(grid.dates) else [],
            "ln_rmssd_mean_7d": compared.value[person, day],
            "usual": usual[person, day],
            "low": compared.threshold[person, day],
            "readiness": state[person, day],
        }
    )
