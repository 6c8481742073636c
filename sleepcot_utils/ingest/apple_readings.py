"""Blood pressure, glucose and weight in an Apple Health export.

A blood pressure is two records of one source and one time, which stand there once alone and once more inside of their
``Correlation``. Glucose and weight state their unit. Whether glucose was taken fasting is not said: "before a meal" is
not fasting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sleepcot_utils.ingest.apple_fields import number_of, time_of
from sleepcot_utils.ingest.episodes import DayValue, Source
from sleepcot_utils.ingest.ledger import RecordError
from sleepcot_utils.ingest.readings import glucose_in_mg_dl, glucose_unit, pressure_values, weight_in_kg

SYSTOLIC = "HKQuantityTypeIdentifierBloodPressureSystolic"
DIASTOLIC = "HKQuantityTypeIdentifierBloodPressureDiastolic"
GLUCOSE = "HKQuantityTypeIdentifierBloodGlucose"
WEIGHT = "HKQuantityTypeIdentifierBodyMass"
KINDS = (SYSTOLIC, DIASTOLIC, GLUCOSE, WEIGHT)


class AppleReadings:
    """Readings of one export, by kind, source and time."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, int, datetime], float] = {}

    def take(self, kind: str, attributes: Mapping[str, str], source: int) -> bool:
        """Take one record; false if it repeats a known one.

        Raises
        ------
        RecordError
            If number, unit or time can't be, or the record contradicts another one of the same time.
        """
        own = dict(attributes)
        value = number_of(own, 0.0, 5000.0)
        at = time_of(own, "startDate")
        unit = own.get("unit", "")
        if kind == GLUCOSE:
            value = glucose_in_mg_dl(value, glucose_unit(unit, "unit"), "value")
        elif kind == WEIGHT:
            value = weight_in_kg(value, unit, "value")
        elif unit != "mmHg":
            raise RecordError("unit", f"{unit!r} is no unit of blood pressure", "mmHg")
        key = (kind, source, at)
        if key not in self.values:
            self.values[key] = value
            return True
        if self.values[key] != value:
            raise RecordError("value", "contradicts another record of the same source and time", "one value a time")
        return False

    def day_values(self, sources: Sequence[Source], origin: str) -> tuple[list[DayValue], list[RecordError]]:
        """Values of days, and what is wrong with readings that are left out."""
        found: list[DayValue] = []
        problems: list[RecordError] = []
        for (kind, place, at), value in self.values.items():
            moment = f"reading at {at:%H:%M:%S}"
            try:
                if kind == SYSTOLIC:
                    other = self.values.get((DIASTOLIC, place, at))
                    if other is None:
                        raise RecordError("value", "a systolic pressure stands alone", "a diastolic of the same time")
                    pair = (value, other)
                    found += pressure_values(sources[place], origin, at.date(), pair, moment, ("value", "value"))
                elif kind in (GLUCOSE, WEIGHT):
                    name = "glucose_mg_dl" if kind == GLUCOSE else "weight_kg"
                    found.append(DayValue(sources[place], origin, at.date(), name, value, moment))
            except RecordError as error:
                problems.append(error)
        return found, problems
