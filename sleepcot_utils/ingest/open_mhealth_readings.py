"""Blood pressure, glucose and weight as Open mHealth documents.

Schemas ``blood-pressure``, ``blood-glucose`` and ``body-weight`` of https://www.openmhealth.org/documentation/. A
statistic over several readings is no reading and is left out; so is a reading in UTC, whose local day is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sleepcot_utils.ingest.documents import number
from sleepcot_utils.ingest.episodes import DayValue, Reading, Source
from sleepcot_utils.ingest.ledger import Ignored, RecordError
from sleepcot_utils.ingest.open_mhealth_fields import field_object, quantity, time_frame
from sleepcot_utils.ingest.readings import glucose_in_mg_dl, glucose_unit, pressure_values, weight_in_kg

PRESSURES = ("systolic_blood_pressure", "diastolic_blood_pressure")
GLUCOSE, WEIGHT = "blood_glucose", "body_weight"
FIELDS = (*PRESSURES, GLUCOSE, WEIGHT)
#: What the schema says of the meal, as far as it tells fasting from not fasting.
MEALS = {
    "fasting": "fasting_glucose_mg_dl",
    "after meal": "not_fasting_glucose_mg_dl",
    "after breakfast": "not_fasting_glucose_mg_dl",
    "after lunch": "not_fasting_glucose_mg_dl",
    "after dinner": "not_fasting_glucose_mg_dl",
}


def take_reading(body: Mapping[str, Any], source: Source, origin: str, reading: Reading) -> bool:
    """Take a body about one reading; false if it is about something else.

    Raises
    ------
    RecordError
        If a value, its unit or its time can't be.
    Ignored
        If it is no single reading, or its local day is not known.
    """
    if not any(name in body for name in FIELDS):
        return False
    frame = time_frame(body, instant=True)
    if body.get("descriptive_statistic") is not None or frame.end.local is None:
        raise Ignored
    day, moment = frame.end.local.date(), f"reading at {frame.end.local:%H:%M:%S}"
    if any(name in body for name in PRESSURES):
        pair = (quantity(body, PRESSURES[0], "mmHg", 0, 1000), quantity(body, PRESSURES[1], "mmHg", 0, 1000))
        reading.day_values += pressure_values(source, origin, day, pair, moment, PRESSURES)
    elif GLUCOSE in body:
        value, unit = _with_unit(body, GLUCOSE)
        measure = MEALS.get(str(body.get("temporal_relationship_to_meal")), "glucose_mg_dl")
        mass = glucose_in_mg_dl(value, glucose_unit(unit, f"{GLUCOSE}.unit"), f"{GLUCOSE}.value")
        reading.day_values.append(DayValue(source, origin, day, measure, mass, moment))
    else:
        value, unit = _with_unit(body, WEIGHT)
        kilograms = weight_in_kg(value, unit, f"{WEIGHT}.value")
        reading.day_values.append(DayValue(source, origin, day, "weight_kg", kilograms, moment))
    return True


def _with_unit(body: Mapping[str, Any], name: str) -> tuple[float, str]:
    field = field_object(body, name)
    unit = field.get("unit")
    if not isinstance(unit, str):
        raise RecordError(f"{name}.unit", "has no value", "the unit of the reading")
    return number(field, "value", 0, 1_000_000, column=f"{name}.value"), unit
