"""What Google Fit's daily table says of a day beside steps: heart rate, blood pressure and weight."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sleepcot_utils.ingest.documents import maybe_number, vital
from sleepcot_utils.ingest.episodes import DayValue, Source
from sleepcot_utils.ingest.readings import pressure_values, weight_in_kg

#: Columns and their measures. A table has those of which the account has data; the weight's unit is the account's.
HEART = {"Average heart rate (bpm)": "mean_heart_rate_bpm", "Max heart rate (bpm)": "max_heart_rate_bpm"}
PRESSURES = ("Average systolic blood pressure (mmHg)", "Average diastolic blood pressure (mmHg)")
WEIGHTS = {"Average weight (kg)": "kg", "Average weight (lb)": "lb", "Average weight (lbs)": "lb"}
COLUMNS = (*HEART, *PRESSURES, *WEIGHTS)


def measured(cells: Mapping[str, str], source: Source, origin: str, day: date) -> list[DayValue]:
    """Heart rate, blood pressure and weight of a day, each the mean that Google Fit gives."""
    values = []
    for column, measure in HEART.items():
        beats = vital(cells, column, 20, 250)
        if beats is not None:
            values.append(DayValue(source, origin, day, measure, beats, "day"))
    upper, lower = (vital(cells, column, 0, 1000) for column in PRESSURES)
    if upper is not None and lower is not None:
        values += pressure_values(source, origin, day, (upper, lower), "mean of the day", PRESSURES)
    for column, unit in WEIGHTS.items():
        mass = maybe_number(cells, column, 0, 2000, missing=(0,))
        if mass is not None:
            values.append(
                DayValue(source, origin, day, "weight_kg", weight_in_kg(mass, unit, column), "mean of the day")
            )
    return values
