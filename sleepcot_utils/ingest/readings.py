"""Readings of blood pressure, glucose and weight: units told apart, what can't be refused, one moment a value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from sleepcot_utils.days import COLUMNS, MG_DL_PER_MMOL_L
from sleepcot_utils.ingest.ledger import RecordError, quoted
from sleepcot_utils.ingest.values import DayValue, Source

KG_PER_LB = 0.45359237
MG_DL, MMOL_L = "mg/dL", "mmol/L"
#: Meters show 20 to 600 mg/dL, which is 1.1 to 33.3 mmol/L; no living person has 20 mg/dL for long, and 40 mmol/L is
#: 720 mg/dL. So a number below 20 is no reading in mg/dL and one above 40 none in mmol/L; between them only a stated
#: unit can tell.
LOWEST_MG_DL, HIGHEST_MMOL_L = 20.0, 40.0
GLUCOSE_UNITS = {"mg/dl": MG_DL, "mgdl": MG_DL, "mmol/l": MMOL_L, "mmoll": MMOL_L}
#: Apple writes the molar mass into the unit: mmol<180.1558800000541>/L.
APPLE_MOLAR = re.compile(r"<[0-9.]+>")
WEIGHT_UNITS = {"kg": 1.0, "g": 0.001, "lb": KG_PER_LB, "lbs": KG_PER_LB}


def glucose_unit(text: str, column: str) -> str:
    """Unit of a glucose reading.

    Raises
    ------
    RecordError
        If it is neither mg/dL nor mmol/L.
    """
    unit = GLUCOSE_UNITS.get(APPLE_MOLAR.sub("", text).replace(" ", "").casefold())
    if unit is None:
        problem = f"{quoted(text)} is no unit of glucose" if text else "has no unit"
        raise RecordError(column, problem, f"{MG_DL} or {MMOL_L}; 5.6 {MMOL_L} is {5.6 * MG_DL_PER_MMOL_L:.0f} {MG_DL}")
    return unit


def glucose_in_mg_dl(value: float, unit: str, column: str) -> float:
    """A glucose reading in mg/dL.

    Raises
    ------
    RecordError
        If the number can't be in its unit, with the other unit named where it could be in that.
    """
    if unit == MG_DL and value < LOWEST_MG_DL:
        raise RecordError(column, f"{value:g} {MG_DL} can't be; it looks like {MMOL_L}", f"the right unit, {MMOL_L}")
    if unit == MMOL_L and value > HIGHEST_MMOL_L:
        raise RecordError(column, f"{value:g} {MMOL_L} can't be; it looks like {MG_DL}", f"the right unit, {MG_DL}")
    return value if unit == MG_DL else round(value * MG_DL_PER_MMOL_L, 1)


def unit_of_all(values: Sequence[float], column: str) -> str:
    """Unit of glucose readings that state none, if all of them can only be in one.

    Raises
    ------
    RecordError
        If some could be in either unit, or they are not in the same.
    """
    expected = f"a column named glucose_mg_dl or glucose_mmol_l, or a column glucose_unit with {MG_DL} or {MMOL_L}"
    if all(value > HIGHEST_MMOL_L for value in values):
        return MG_DL
    if all(value < LOWEST_MG_DL for value in values):
        return MMOL_L
    either = [value for value in values if LOWEST_MG_DL <= value <= HIGHEST_MMOL_L]
    if either:
        raise RecordError(column, f"{either[0]:g} may be {MG_DL} or {MMOL_L}, and no unit is given", expected)
    raise RecordError(
        column, f"{min(values):g} and {max(values):g} can't be in one unit, and no unit is given", expected
    )


def weight_in_kg(value: float, unit: str, column: str) -> float:
    """A body mass in kg.

    Raises
    ------
    RecordError
        If the unit is not known or the mass can't be.
    """
    factor = WEIGHT_UNITS.get(unit.strip().casefold())
    if factor is None:
        raise RecordError(column, f"{quoted(unit)} is no unit of weight", ", ".join(WEIGHT_UNITS))
    mass, limits = value * factor, COLUMNS["weight_kg"]
    if not limits.low <= mass <= limits.high:
        raise RecordError(column, f"{value:g} {unit} can't be", f"{limits.low:g} to {limits.high:g} kg")
    return round(mass, 3)


def pressure_values(
    source: Source, origin: str, day: date, pair: tuple[float, float], moment: str, columns: tuple[str, str]
) -> list[DayValue]:
    """Both values of one blood pressure reading.

    Parameters
    ----------
    pair : tuple of float
        Systolic and diastolic, in mmHg.
    moment : str
        Time of day, which keeps readings of one day apart.
    columns : tuple of str
        Names of both for messages.

    Raises
    ------
    RecordError
        If one can't be, or the diastolic is not the lower one.
    """
    for value, name, column in zip(pair, ("systolic_mmhg", "diastolic_mmhg"), columns, strict=True):
        limits = COLUMNS[name]
        if not limits.low <= value <= limits.high:
            raise RecordError(column, f"{value:g} mmHg can't be", f"{limits.low:g} to {limits.high:g} mmHg")
    if pair[1] >= pair[0]:
        raise RecordError(
            columns[1], f"{pair[1]:g} is not below {pair[0]:g}", "a diastolic below the systolic pressure"
        )
    return [
        DayValue(source, origin, day, name, value, moment)
        for value, name in zip(pair, ("systolic_mmhg", "diastolic_mmhg"), strict=True)
    ]
