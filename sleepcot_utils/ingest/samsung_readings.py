"""Samsung Health's readings of blood pressure, glucose and weight, and its heart rate as days.

Columns, units and codes are those of Samsung's data reference (https://developer.samsung.com/health/android/data/api-reference):
pressures in mmHg, glucose in mmol/L, weight in kg; ``meal_type`` 80001 is fasting, 80002, 80004, 80006, 80008 and 80010
are after a meal. Columns of the first two tables carry the prefix ``com.samsung.health.``, those of weights don't.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sleepcot_utils.ingest.documents import maybe_number
from sleepcot_utils.ingest.episodes import DayValue, Reading, Source
from sleepcot_utils.ingest.heart_rates import HIGHEST_BPM, LOWEST_BPM, HeartRates
from sleepcot_utils.ingest.ledger import Ignored, RecordError
from sleepcot_utils.ingest.readings import MMOL_L, glucose_in_mg_dl, pressure_values, weight_in_kg
from sleepcot_utils.ingest.samsung_tables import (
    GLUCOSE,
    PRESSURE,
    READINGS,
    Part,
    Series,
    Span,
    Table,
    instant_of,
    offset_min_of,
)

#: What the code of the meal says, as far as it tells fasting from not fasting.
MEALS = {"80001": "fasting_glucose_mg_dl"} | dict.fromkeys(
    ("80002", "80004", "80006", "80008", "80010"), "not_fasting_glucose_mg_dl"
)


def take_readings(tables: Sequence[Table], source: Source, reading: Reading) -> None:
    """Take readings of blood pressure, glucose and weight; each row is closed with what became of it."""
    for table in tables:
        for part in table.parts:
            try:
                values = _values(table, part, source)
            except (RecordError, Ignored) as error:
                table.close(part, error)
                continue
            table.close(part)
            reading.day_values += values


def _values(table: Table, part: Part, source: Source) -> list[DayValue]:
    offset = part.text("time_offset")
    if not offset:
        raise RecordError("time_offset", "has no value", "an offset such as UTC+0100")
    local = instant_of(part.text("start_time"), "start_time") + timedelta(minutes=offset_min_of(offset))
    day, moment, origin = local.date(), f"reading at {local:%H:%M:%S}", table.entry.name
    columns = READINGS[table.name]
    found = [maybe_number(part.cells, column, 0, 5000, missing=(0,)) for column in columns]
    if not any(found):
        raise Ignored
    if table.name == PRESSURE:
        if not all(found):
            missing = columns[0 if not found[0] else 1]
            raise RecordError(missing, "has no value, while the other pressure has one", "both pressures of a reading")
        pair = (found[0] or 0.0, found[1] or 0.0)
        return pressure_values(source, origin, day, pair, moment, (columns[0], columns[1]))
    value = found[0] or 0.0
    if table.name == GLUCOSE:
        measure = MEALS.get(part.text("meal_type").removesuffix(".0"), "glucose_mg_dl")
        mass = glucose_in_mg_dl(value, MMOL_L, columns[0])
        return [DayValue(source, origin, day, measure, mass, moment)]
    return [DayValue(source, origin, day, "weight_kg", weight_in_kg(value, "kg", columns[0]), moment)]


def take_heart_rates(series: Series, source: Source, reading: Reading) -> None:
    """Mean and highest heart rate of days of which enough hours have a record; those records count as used."""
    rates = HeartRates()
    usable = [(span, span.start + timedelta(minutes=span.offset_min or 0)) for span in series.spans if _is_usable(span)]
    for span, local in usable:
        assert span.value is not None
        highest = maybe_number(span.part.cells, "max", LOWEST_BPM, HIGHEST_BPM, missing=(0,))
        rates.add(source, span.table.entry.name, local, span.value, highest)
    for span, local in usable:
        span.used = span.used or rates.is_known(source, local.date())
    reading.day_values += rates.day_values()


def _is_usable(span: Span) -> bool:
    return span.value is not None and span.offset_min is not None
