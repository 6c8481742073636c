"""Samsung Health's personal data export: one CSV a table, with the name of the table in the first line.

A table's columns may carry a prefix of their own (``com.samsung.health.sleep.start_time``) or not, by the version of
the app, and rows end with a comma. Times are UTC; ``time_offset`` (``UTC+0100``) gives the local clock. Stages refer
to their sleep by ``sleep_id`` and have the codes 40001 awake, 40002 light, 40003 deep, 40004 REM. ``sleep_duration``
is the length of the whole sleep with its waking, so without stages the time asleep is unknown.

Heart rate, oxygen saturation and breathing are records of minutes to hours, HRV (RMSSD and SDNN of windows of some
minutes) lies in JSON series beside the tables. Those that lie within a sleep are its vital signs; of the others only
the heart rate counts, for its day, if it was measured in enough hours. There is no resting heart rate in this export; the lowest mean of a record within the sleep is taken for it if
there are at least three of 10 minutes or more.

Steps of a day are counted once a device and, in ``step_daily_trend``, once for all of them (``source_type`` -2). The
count for all devices goes first, else the largest one; counts are never added up. Blood pressure, glucose and weight are
read in `sleepcot_utils.ingest.samsung_readings`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from sleepcot_utils.ingest.assembly import Stretch, count_rows, mean, painted, settle
from sleepcot_utils.ingest.clocks import Moment
from sleepcot_utils.ingest.documents import maybe_number
from sleepcot_utils.ingest.episodes import DayValue, Episode, Reading, Source
from sleepcot_utils.ingest.ledger import Ignored, Ledger, RecordError
from sleepcot_utils.ingest.result import NotGiven
from sleepcot_utils.ingest.samsung_readings import take_heart_rates, take_readings
from sleepcot_utils.ingest.samsung_tables import (
    BREATH,
    HEART,
    HRV,
    OXYGEN,
    READINGS,
    SAMPLES,
    SLEEPS,
    STAGES,
    STEPS,
    Part,
    Series,
    Span,
    Table,
    day_of,
    read_parts,
    spans,
    table_name,
)
from sleepcot_utils.ingest.sources import Entry

VENDOR = "samsung"
LOOKS_FOR = "tables of the personal data export, such as com.samsung.shealth.sleep...csv"
SOURCE = Source(VENDOR, "samsung health")
ALL_DEVICES = "-2"
MIN_RESTING_RECORDS, MIN_RESTING_S = 3, 599.0

NOT_GIVEN = (
    NotGiven(
        "skin_temperature_delta_c", "Samsung gives the skin temperature itself, not its difference from a baseline"
    ),
    NotGiven("exercise_min", "Samsung's active time counts walking at any pace"),
    NotGiven("caffeine_after_14h", "Samsung logs amounts of caffeine by day, and they are not read"),
    NotGiven("alcohol_units", "Samsung has no log of drinks with alcohol"),
)
NOTES = (
    "Samsung's HRV is RMSSD, the mean of the windows of some minutes that lie within the sleep",
    "Samsung gives no resting heart rate; it is the lowest mean of a record of 10 minutes or more in the sleep",
)


def recognizes(entry: Entry) -> bool:
    """Whether a file is a table of Samsung Health, by its first line, or a series of HRV, by its fields."""
    return bool(table_name(entry))


def read(entries: Sequence[Entry], ledger: Ledger) -> Reading:
    """Read sleeps with their vital signs, steps and readings; other tables are counted and left out."""
    reading = Reading(not_given=NOT_GIVEN, notes=NOTES)
    named = [(table_name(entry), entry) for entry in entries]
    # The account starts with the sleeps.
    named.sort(key=lambda item: (item[0] != SLEEPS, item[1].name))
    tables: dict[str, list[Table]] = {}
    for name, entry in named:
        with ledger.file(entry.name) as book:
            table = Table(name, entry, book)
            if name in (SLEEPS, STAGES, HRV, *SAMPLES, *STEPS, *READINGS):
                read_parts(table)
            else:
                book.ignore(count_rows(entry, skip_lines=1))
            tables.setdefault(name, []).append(table)
    stages = list(spans(tables.get(STAGES, [])))
    samples = {name: Series(spans(tables.get(name, []))) for name in (HRV, *SAMPLES)}
    _read_sleeps(tables.get(SLEEPS, []), stages, samples, reading)
    _read_orphans(stages, samples, reading)
    take_heart_rates(samples[HEART], SOURCE, reading)
    for series in samples.values():
        for span in series.spans:
            span.close(None if span.used else Ignored())
    _read_steps([table for name in STEPS for table in tables.get(name, [])], reading)
    take_readings([table for name in READINGS for table in tables.get(name, [])], SOURCE, reading)
    for group in tables.values():
        for table in group:
            settle(table.book, table.outcomes)
    return reading


def _read_sleeps(
    tables: Sequence[Table], stages: Sequence[Span], samples: Mapping[str, Series], reading: Reading
) -> None:
    by_sleep: dict[str, list[Span]] = {}
    for span in stages:
        by_sleep.setdefault(span.part.text("sleep_id"), []).append(span)
    for sleep in spans(tables):
        own = by_sleep.get(sleep.part.text("datauuid"), [])
        try:
            _take(sleep.table.entry.name, (sleep.start, sleep.end), sleep.offset_min, own, samples, reading)
        except RecordError as error:
            sleep.close(error)
            continue
        sleep.close()
        for span in own:
            if not span.used:
                span.close()
            span.used = True


def _read_orphans(stages: Sequence[Span], samples: Mapping[str, Series], reading: Reading) -> None:
    """Sleeps of which only the stages are there: their own row is missing or damaged."""
    groups: dict[str, list[Span]] = {}
    for span in stages:
        if not span.used:
            groups.setdefault(span.part.text("sleep_id"), []).append(span)
    for group in groups.values():
        error: RecordError | None = None
        offset_min = next((span.offset_min for span in group if span.offset_min is not None), None)
        times = (min(span.start for span in group), max(span.end for span in group))
        try:
            _take(group[0].table.entry.name, times, offset_min, group, samples, reading)
        except RecordError as found:
            error = found
        for span in group:
            span.close(error)


def _take(
    origin: str,
    times: tuple[datetime, datetime],
    offset_min: float | None,
    stages: Sequence[Span],
    samples: Mapping[str, Series],
    reading: Reading,
) -> None:
    if offset_min is None:
        raise RecordError("time_offset", "has no value", "an offset such as UTC+0100")
    start, end = times
    stretches = [Stretch(span.start, span.end, span.stage) for span in stages if span.stage is not None]
    within = {name: series.within(start, end) for name, series in samples.items()}
    episode = Episode(
        source=SOURCE,
        origin=origin,
        start=Moment.from_utc(start, offset_min),
        end=Moment.from_utc(end, offset_min),
        segments=painted(stretches, start, end) if end > start else (),
        vitals=_vitals(within),
    )
    reading.episodes.append(episode)
    sdnn = [span.second for span in within[HRV] if span.second is not None]
    if sdnn:
        window = "windows of some minutes within the sleep"
        reading.day_values.append(DayValue(SOURCE, origin, episode.ended_on, "hrv_sdnn_ms", mean(sdnn), window))
    for found in within.values():
        for span in found:
            span.used = True


def _vitals(within: Mapping[str, Sequence[Span]]) -> dict[str, float]:
    values = {name: [span.value for span in found if span.value is not None] for name, found in within.items()}
    vitals = {
        column: mean(values[name])
        for column, name in (("spo2_mean_pct", OXYGEN), ("respiratory_rate_brpm", BREATH), ("hrv_rmssd_ms", HRV))
        if values[name]
    }
    if values[OXYGEN]:
        lowest = [span.second for span in within[OXYGEN] if span.second is not None]
        vitals["spo2_min_pct"] = min(values[OXYGEN] + lowest)
    beats = [span.value for span in within[HEART] if span.value is not None and span.length_s >= MIN_RESTING_S]
    if len(beats) >= MIN_RESTING_RECORDS:
        vitals["resting_heart_rate_bpm"] = min(beats)
    return vitals


def _read_steps(tables: Sequence[Table], reading: Reading) -> None:
    best: dict[date, tuple[bool, float, Table, Part]] = {}
    for table in tables:
        for part in table.parts:
            try:
                day = day_of(part.text("day_time"))
                count = maybe_number(part.cells, STEPS[table.name], 0, 200_000)
            except RecordError as error:
                table.close(part, error)
                continue
            candidate = (part.text("source_type") == ALL_DEVICES, count or 0.0, table, part)
            if not count or (day in best and candidate[:2] <= best[day][:2]):
                table.close(part, Ignored())
                continue
            if day in best:
                best[day][2].close(best[day][3], Ignored())
            best[day] = candidate
    for day, (_, count, table, part) in sorted(best.items()):
        table.close(part)
        reading.day_values.append(DayValue(SOURCE, table.entry.name, day, "steps", count, "day"))
