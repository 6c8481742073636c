"""Withings: the data export (``sleep.csv``, ``aggregates_steps.csv``) and bodies of the API (sleep and activity).

The export's columns are in the language of the account; English, German and Spanish are known. Times carry an offset,
durations are seconds. "Duration to sleep" and "Duration to wake up" are parts of the time awake, so awake after sleep
onset is what is left of it. A duration to sleep of 0 is what devices write that do not measure it, and so is REM of 0
from those that tell only light from deep sleep: both are missing values. So are heart rates of 0.

Bodies of the API (https://developer.withings.com/api-reference/#tag/sleep): ``getsummary`` gives a night in seconds
with the name of the time zone, ``get`` the states 0 awake, 1 light, 2 deep, 3 REM in turn, with no time zone. Where
both cover one night, the states are its course and the summary gives the rest. States of no summary have no local
clock; their date is that of UTC, and their quality says so.

HRV, where a body has it, is the mean of ``rmssd`` over the sleep; ``sdnn_1`` is kept apart from it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import withings_export, withings_readings
from sleepcot_utils.ingest.assembly import (
    NO_ZONE,
    Outcome,
    Stretch,
    activity_values,
    json_object,
    mean,
    painted,
    runs,
    settle,
    unzoned,
)
from sleepcot_utils.ingest.clocks import Moment, from_epoch, parse_date
from sleepcot_utils.ingest.documents import items, keys_in_head, mapping, maybe_number, vital
from sleepcot_utils.ingest.episodes import DayValue, Episode, Reading, Totals
from sleepcot_utils.ingest.hypnograms import Stage
from sleepcot_utils.ingest.ledger import Book, Ignored, Ledger, RecordError, quoted
from sleepcot_utils.ingest.result import NotGiven
from sleepcot_utils.ingest.sources import Entry
from sleepcot_utils.ingest.withings_export import DAY_S, SOURCE, VENDOR, minutes, take

__all__ = ["LOOKS_FOR", "VENDOR", "read", "recognizes"]

LOOKS_FOR = "sleep.csv of the data export, or bodies of the API's sleep calls"
#: 4 is "entered by hand" and 5 "not known" in the API reference; neither says awake or asleep.
STATES = {0: Stage.WAKE, 1: Stage.LIGHT, 2: Stage.DEEP, 3: Stage.REM, 4: None, 5: None}

NOT_GIVEN = (
    NotGiven("spo2_mean_pct", "Withings' sleep files have no oxygen saturation"),
    NotGiven("spo2_min_pct", "Withings' sleep files have no oxygen saturation"),
    NotGiven("skin_temperature_delta_c", "Withings' sleep files have no skin temperature"),
    NotGiven("caffeine_after_14h", "Withings has no log of drinks"),
    NotGiven("alcohol_units", "Withings has no log of drinks"),
)
NOTES = (
    "Withings' resting heart rate is the lowest heart rate of the sleep",
    "Withings' HRV, where a body of the API has it, is RMSSD, the mean of short windows over the sleep",
)


@dataclass(slots=True)
class _State:
    """One state of a body of ``get``, with the heart rate variability during it."""

    book: Book
    number: int
    origin: str
    stretch: Stretch
    rmssd: list[float]
    sdnn: list[float]


@dataclass(slots=True)
class _Bodies:
    """Nights and states of all sleep bodies, and what became of their records."""

    summaries: list[tuple[Episode, float | None]] = field(default_factory=list)
    states: list[_State] = field(default_factory=list)
    outcomes: dict[int, tuple[Book, list[Outcome]]] = field(default_factory=dict)

    def close(self, book: Book, number: int, error: RecordError | Ignored | None = None) -> None:
        self.outcomes.setdefault(id(book), (book, []))[1].append(Outcome(number, 0, error))


def recognizes(entry: Entry) -> bool:
    """Whether a file is a table of the data export, or a body of the API with sleep or activity."""
    keys = keys_in_head(entry)
    if keys:
        kinds = (
            {"series", "startdate", "enddate"},
            {"activities", "steps"},
            {"series", "steps", "duration"},
            {withings_readings.GROUPS, "measures"},
        )
        return {"status", "body"} <= keys and any(kind <= keys for kind in kinds)
    return withings_export.table_kind(entry) != ""


def read(entries: Sequence[Entry], ledger: Ledger) -> Reading:
    """Read sleeps, and days of steps and activity."""
    reading = Reading(not_given=NOT_GIVEN, notes=NOTES)
    bodies = _Bodies()
    for entry in entries:
        with ledger.file(entry.name) as book:
            if not keys_in_head(entry):
                withings_export.read_table(entry, book, reading)
                continue
            body = _body(entry)
            if withings_readings.GROUPS in body:
                zone = withings_readings.zone_of_body(body, entry)
                for number, item in enumerate(_listed(body, withings_readings.GROUPS, entry), start=1):
                    with book.record(number):
                        group = mapping(item, "")
                        reading.day_values += withings_readings.readings_of(group, zone, SOURCE, entry.name)
            elif "activities" in body:
                for number, item in enumerate(_listed(body, "activities", entry), start=1):
                    with book.record(number):
                        _take_activity(mapping(item, ""), entry.name, reading)
            elif isinstance(body.get("series"), dict):
                # Steps of minutes, keyed by time. Their sums stand in the bodies of days.
                book.ignore(len(body["series"]))
            else:
                for number, item in enumerate(_listed(body, "series", entry), start=1):
                    _take_series(item, entry, book, number, bodies)
    _merge(bodies, reading)
    for book, outcomes in bodies.outcomes.values():
        settle(book, outcomes)
    return reading


def _body(entry: Entry) -> Mapping[str, Any]:
    document = json_object(entry)
    body = document.get("body")
    if document.get("status") != 0 or not isinstance(body, dict):
        raise InputError("the body is no answer with data", where=entry.name, expected="status 0 and an object 'body'")
    return body


def _listed(body: Mapping[str, Any], name: str, entry: Entry) -> list[Any]:
    try:
        return items(body.get(name), name)
    except RecordError as error:
        raise InputError(error.problem, where=f"{entry.name}, field {name}", expected=error.expected) from error


def _take_activity(record: Mapping[str, Any], origin: str, reading: Reading) -> None:
    day = parse_date(record.get("date"), "date")
    steps = maybe_number(record, "steps", 0, 200_000)
    active = [maybe_number(record, name, 0, DAY_S) for name in ("moderate", "intense")]
    active_s = None if None in active else sum(value for value in active if value is not None)
    values = activity_values(SOURCE, origin, day, steps, active_s)
    if not values:
        raise Ignored
    reading.day_values += values


def _take_series(item: object, entry: Entry, book: Book, number: int, bodies: _Bodies) -> None:
    try:
        record = mapping(item, "")
        if "state" not in record:
            bodies.summaries.append(_summary(record, entry.name))
            bodies.close(book, number)
            return
        stretch = _stretch(record)
        if stretch is None:
            bodies.close(book, number, Ignored())
            return
        rmssd, sdnn = _windows(record, "rmssd"), _windows(record, "sdnn_1")
        bodies.states.append(_State(book, number, entry.name, stretch, rmssd, sdnn))
    except RecordError as error:
        bodies.close(book, number, error)


def _summary(record: Mapping[str, Any], origin: str) -> tuple[Episode, float | None]:
    data = mapping(record.get("data"), "data")
    # Older devices name the latency otherwise, and write 0 where they measure none.
    latency_s = vital(data, "sleep_latency", 0, DAY_S) or vital(data, "durationtosleep", 0, DAY_S)
    vitals = {
        "resting_heart_rate_bpm": vital(data, "hr_min", 20, 220),
        "respiratory_rate_brpm": vital(data, "rr_average", 4, 60),
    }
    episode = Episode(
        source=SOURCE,
        origin=origin,
        start=_moment(record, "startdate"),
        end=_moment(record, "enddate"),
        totals=Totals(
            asleep_min=minutes(maybe_number(data, "total_sleep_time", 0, DAY_S)),
            light_min=minutes(maybe_number(data, "lightsleepduration", 0, DAY_S)),
            deep_min=minutes(maybe_number(data, "deepsleepduration", 0, DAY_S)),
            rem_min=minutes(maybe_number(data, "remsleepduration", 0, DAY_S) or None),
            latency_min=minutes(latency_s),
            waso_min=minutes(maybe_number(data, "waso", 0, DAY_S)),
            awakenings=maybe_number(data, "wakeupcount", 0, 200),
        ),
        vitals={name: value for name, value in vitals.items() if value is not None},
    )
    return episode, vital(data, "hr_average", 20, 220)


def _moment(record: Mapping[str, Any], name: str) -> Moment:
    utc = from_epoch(record.get(name), name, per_second=1.0)
    zone = withings_readings.zone_of(record)
    offset = zone.utcoffset(utc.replace(tzinfo=UTC).astimezone(zone))
    return Moment.from_utc(utc, offset.total_seconds() / 60 if offset is not None else None)


def _stretch(record: Mapping[str, Any]) -> Stretch | None:
    start, end = (from_epoch(record.get(name), name, per_second=1.0) for name in ("startdate", "enddate"))
    state = record.get("state")
    if isinstance(state, bool) or not isinstance(state, int) or state not in STATES:
        raise RecordError("state", f"{quoted(state)} is no state", "a number from 0 to 5")
    if end <= start:
        raise RecordError("enddate", "the state ends before it starts", "a time after startdate")
    stage = STATES[state]
    return None if stage is None else Stretch(start, end, stage)


def _windows(record: Mapping[str, Any], name: str) -> list[float]:
    """Values of a measure that is given as an object of times and values."""
    given = record.get(name)
    if given is None or given == []:
        return []
    series = mapping(given, name)
    values = (vital(series, key, 1, 400, column=name) for key in series)
    return [value for value in values if value is not None]


def _merge(bodies: _Bodies, reading: Reading) -> None:
    states = sorted(bodies.states, key=lambda state: state.stretch.start)
    starts = [state.stretch.start for state in states]
    used: set[int] = set()
    for episode, average_bpm in bodies.summaries:
        start, end = _times(episode)
        places = range(bisect_left(starts, start), bisect_left(starts, end))
        own = [states[place] for place in places if place not in used and states[place].stretch.end <= end]
        if own:
            used.update(place for place in places if states[place].stretch.end <= end)
            episode = replace(episode, segments=painted([state.stretch for state in own], start, end))
            episode = replace(episode, vitals={**episode.vitals, **_variability(own, reading, episode)})
            for state in own:
                bodies.close(state.book, state.number)
        take(episode, average_bpm, reading)
    left = {id(state.stretch): state for place, state in enumerate(states) if place not in used}
    for run in runs([state.stretch for state in left.values()]):
        _take_run([left[id(stretch)] for stretch in run], bodies, reading)


def _take_run(run: Sequence[_State], bodies: _Bodies, reading: Reading) -> None:
    start, end = min(state.stretch.start for state in run), max(state.stretch.end for state in run)
    error: RecordError | None = None
    try:
        episode = Episode(
            source=SOURCE,
            origin=run[0].origin,
            start=unzoned(start),
            end=unzoned(end),
            night_date=end.date(),
            segments=painted([state.stretch for state in run], start, end),
            quality=NO_ZONE,
        )
        reading.episodes.append(replace(episode, vitals=_variability(run, reading, episode)))
    except RecordError as found:
        error = found
    for state in run:
        bodies.close(state.book, state.number, error)


def _variability(states: Sequence[_State], reading: Reading, episode: Episode) -> dict[str, float]:
    sdnn = [value for state in states for value in state.sdnn]
    if sdnn:
        window = "short windows over the sleep"
        reading.day_values.append(DayValue(SOURCE, episode.origin, episode.ended_on, "hrv_sdnn_ms", mean(sdnn), window))
    rmssd = [value for state in states for value in state.rmssd]
    return {"hrv_rmssd_ms": mean(rmssd)} if rmssd else {}


def _times(episode: Episode) -> tuple[datetime, datetime]:
    assert episode.start and episode.end and episode.start.utc and episode.end.utc
    return episode.start.utc, episode.end.utc
