"""Documents of Open mHealth and of IEEE 1752.1 about sleep, steps, heart rate, oxygen saturation, breathing, blood
pressure, glucose and weight.

A file holds one body, one data point (header and body) or a list of either. The kind is told by the fields of the
body, so a header is not needed. Fields and units are those of https://www.openmhealth.org/documentation/ and of
https://w3id.org/ieee/ieee-1752-schema/.

What the time frame means. In ``sleep-episode`` it runs from sleep onset to final waking, so the time in bed is longer
by ``latency_to_sleep_onset`` and ``latency_to_arising``; without the first it is not known. In ``time-in-bed`` it is the
time in bed. In ``total-sleep-time``, ``sleep-duration`` and ``sleep-stage-summary`` it is whatever was observed, up to a
whole day, so time in bed is not known either. Documents with the same time frame and person are one sleep.

A statistic other than the total of one sleep, such as an average a day over a month, is no night and is left out.
Times in UTC (``Z``) and times without zone, which count as UTC by definition, have no local clock: the date of such a
sleep is that of UTC, and its quality says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sleepcot_utils.ingest.assembly import NO_ZONE, Outcome, settle
from sleepcot_utils.ingest.documents import keys_in_head, looks_like_json, mapping, maybe_number, read_json
from sleepcot_utils.ingest.episodes import DayValue, Episode, Reading, Source, Totals
from sleepcot_utils.ingest.ledger import Book, Ignored, Ledger, RecordError, quoted
from sleepcot_utils.ingest.open_mhealth_fields import (
    DAY_MIN,
    FRAME,
    Frame,
    field_object,
    later,
    minutes,
    quantity,
    time_frame,
)
from sleepcot_utils.ingest.open_mhealth_readings import FIELDS as READING_FIELDS
from sleepcot_utils.ingest.open_mhealth_readings import take_reading
from sleepcot_utils.ingest.result import NotGiven
from sleepcot_utils.ingest.sources import Entry

VENDOR = "open_mhealth"
LOOKS_FOR = "documents of Open mHealth or IEEE 1752.1 about sleep"
DEVICE = "open mhealth"
#: A time frame of 18 hours or more is a day of observation, not a night.
DAY_FRAME_MIN = 18 * 60.0
#: Fields that make a body one about sleep, in the order in which they are looked for.
SLEEP_FIELDS = ("total_sleep_time", "sleep_duration", "time_in_bed", "sleep_stage_summary", "latency_to_sleep_onset")
EPISODE_FIELDS = (
    "is_main_sleep",
    "number_of_awakenings",
    "wake_after_sleep_onset",
    "sleep_maintenance_efficiency_percentage",
)
#: Fields of other bodies: unit, measure, the closed range of the possible.
SAMPLE_FIELDS = {
    "step_count": ("steps", "steps", 0.0, 200_000.0),
    "heart_rate": ("beats/min", "sleeping_heart_rate_bpm", 20.0, 220.0),
    "oxygen_saturation": ("%", "spo2_mean_pct", 40.0, 100.0),
    "respiratory_rate": ("breaths/min", "respiratory_rate_brpm", 4.0, 60.0),
}
STAGE_FIELDS = ("light_sleep_duration", "deep_sleep_duration", "rem_sleep_duration")

NOT_GIVEN = (
    NotGiven("resting_heart_rate_bpm", "these documents have a heart rate during sleep, not a resting one"),
    NotGiven("hrv_rmssd_ms", "no document about heart rate variability is read: its statistic is not stated"),
    NotGiven("spo2_min_pct", "these documents have an average oxygen saturation"),
    NotGiven("skin_temperature_delta_c", "these documents have no skin temperature"),
    NotGiven("exercise_min", "documents about physical activity are not read"),
    NotGiven("caffeine_after_14h", "there is no schema of drinks"),
    NotGiven("alcohol_units", "there is no schema of drinks"),
)


@dataclass(slots=True)
class _Sleep:
    """What all documents about one time frame say."""

    source: Source
    frame: Frame
    origin: str
    facts: dict[str, Any] = field(default_factory=dict)
    given: list[dict[str, Any]] = field(default_factory=list)
    places: list[tuple[Book, list[Outcome], int]] = field(default_factory=list)
    repeats: list[Book] = field(default_factory=list)


def recognizes(entry: Entry) -> bool:
    """Whether a file holds a body with a time frame and a field of one of the schemas."""
    if not looks_like_json(entry):
        return False
    keys = keys_in_head(entry)
    if "$schema" in keys:
        # The schema of such documents, not one of them.
        return False
    if FRAME in keys:
        return bool(keys.intersection((*SLEEP_FIELDS, *EPISODE_FIELDS, *SAMPLE_FIELDS, *READING_FIELDS)))
    # Without the time frame, which is missing then, only a duration of sleep tells the schema.
    return {"value", "unit"} <= keys and bool(keys.intersection(SLEEP_FIELDS))


def read(entries: Sequence[Entry], ledger: Ledger) -> Reading:
    """Read sleeps, and steps and vital signs."""
    reading = Reading(not_given=NOT_GIVEN)
    found: list[tuple[str, Book, list[tuple[Any, object]]]] = []
    for entry in entries:
        with ledger.file(entry.name) as book:
            found.append((entry.name, book, _bodies(entry)))
    persons = {person for _, _, bodies in found for _, person in bodies if isinstance(person, str)}
    sleeps: dict[object, _Sleep] = {}
    closed: list[tuple[Book, list[Outcome]]] = []
    for origin, book, bodies in found:
        outcomes: list[Outcome] = []
        closed.append((book, outcomes))
        for count, (body, person) in enumerate(bodies, start=1):
            try:
                # The documents of one person alone are a personal export, in which nobody has to be told apart.
                label = _person(person)
                source = Source(VENDOR, DEVICE, label if len(persons) > 1 else "")
                sound = mapping(body, "")
                if take_reading(sound, source, origin, reading) or _take_sample(sound, source, origin, reading):
                    outcomes.append(Outcome(count, 0, None))
                else:
                    _take_facts(body, source, origin, (book, outcomes, count), sleeps)
            except (RecordError, Ignored) as error:
                outcomes.append(Outcome(count, 0, error))
    for sleep in sleeps.values():
        problem: RecordError | None = None
        try:
            reading.episodes.append(_episode(sleep))
        except RecordError as error:
            problem = error
        for _, outcomes, count in sleep.places:
            outcomes.append(Outcome(count, 0, problem))
        sleep.repeats = [] if problem else sleep.repeats
    for book, outcomes in closed:
        settle(book, outcomes)
    for sleep in sleeps.values():
        for book in sleep.repeats:
            book.repeat()
    return reading


def _bodies(entry: Entry) -> list[tuple[Any, object]]:
    """Bodies of a file, each with the person that its header names."""
    document = read_json(entry)
    found: list[tuple[Any, object]] = []
    for item in document if isinstance(document, list) else [document]:
        if isinstance(item, dict) and isinstance(item.get("body"), dict | list):
            header = item.get("header")
            person = header.get("user_id") if isinstance(header, dict) else None
            found += [(body, person) for body in (item["body"] if isinstance(item["body"], list) else [item["body"]])]
        else:
            found.append((item, None))
    return found


def _person(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not value or len(value) > 128 or not value.isprintable():
        raise RecordError("header.user_id", "the identifier is no short text", "1 to 128 printable characters")
    return value


def _take_sample(body: Mapping[str, Any], source: Source, origin: str, reading: Reading) -> bool:
    """Take a body about steps or a vital sign; false if it is about something else."""
    name = next((name for name in SAMPLE_FIELDS if name in body), None)
    if name is None:
        return False
    unit, measure, low, high = SAMPLE_FIELDS[name]
    value = quantity(body, name, unit, low, high)
    frame = time_frame(body, instant=name != "step_count")
    statistic = body.get("descriptive_statistic")
    if statistic not in (None, "average", "count", "sum") or (statistic == "average" and name == "step_count"):
        # A maximum, a minimum, or an average over many days.
        raise Ignored
    end = frame.end.local or frame.end.utc
    assert end is not None
    if name == "step_count":
        if not (frame.start.local and DAY_FRAME_MIN <= frame.length_min <= DAY_MIN + 60) or not value:
            # Steps of less than a day, or of no known local day.
            raise Ignored
        reading.day_values.append(DayValue(source, origin, frame.start.local.date(), measure, value, "day"))
        return True
    asleep = body.get("temporal_relationship_to_sleep") == "during sleep"
    if not asleep and (name == "heart_rate" or frame.length_min < 60 or frame.length_min >= DAY_FRAME_MIN):
        # A moment of the day.
        raise Ignored
    reading.day_values.append(DayValue(source, origin, end.date(), measure, value, "sleep"))
    return True


def _take_facts(
    body: Mapping[str, Any],
    source: Source,
    origin: str,
    place: tuple[Book, list[Outcome], int],
    sleeps: dict[object, _Sleep],
) -> None:
    is_episode = not any(name in body for name in SLEEP_FIELDS[1:4]) and (
        any(name in body for name in (*EPISODE_FIELDS, "latency_to_sleep_onset")) or len(body) == 1
    )
    if not is_episode and not any(name in body for name in SLEEP_FIELDS):
        raise RecordError("", "the document is about no sleep", f"one of the fields {', '.join(SLEEP_FIELDS)}")
    frame = time_frame(body)
    if body.get("descriptive_statistic") is not None:
        raise Ignored
    facts = _facts(body, is_episode=is_episode)
    sleep = sleeps.setdefault((source, frame, is_episode), _Sleep(source, frame, origin))
    for name, value in facts.items():
        if sleep.facts.get(name, value) != value:
            raise RecordError(name, "contradicts another document of the same time frame", "one value a sleep")
    sleep.facts |= facts
    if facts in sleep.given:
        sleep.repeats.append(place[0])
    sleep.given.append(facts)
    sleep.places.append(place)


def _facts(body: Mapping[str, Any], *, is_episode: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"is_episode": True} if is_episode else {}
    for part in (
        body,
        field_object(body, "sleep_stage_summary") if body.get("sleep_stage_summary") is not None else {},
    ):
        asleep = [minutes(part, name) for name in ("total_sleep_time", "sleep_duration")]
        given = {
            "asleep": next((value for value in asleep if value is not None), None),
            "bed": minutes(part, "time_in_bed"),
            "latency": minutes(part, "latency_to_sleep_onset"),
            "arising": minutes(part, "latency_to_arising"),
            "waso": minutes(part, "wake_after_sleep_onset"),
            "awakenings": maybe_number(part, "number_of_awakenings", 0, 200),
            **{name: minutes(part, name) for name in STAGE_FIELDS},
        }
        found |= {name: value for name, value in given.items() if value is not None}
    main = body.get("is_main_sleep")
    if main is not None:
        if not isinstance(main, bool):
            raise RecordError("is_main_sleep", f"{quoted(main)} says neither yes nor no", "true or false")
        found["kind"] = "main" if main else "nap"
    return found


def _episode(sleep: _Sleep) -> Episode:
    facts, frame = sleep.facts, sleep.frame
    start, end = frame.start, frame.end
    bed_known = "bed" in facts
    if "is_episode" in facts and "latency" in facts:
        start, end = later(start, -facts["latency"]), later(end, facts.get("arising", 0.0))
        bed_known = True
    whole_day = frame.length_min >= DAY_FRAME_MIN
    date_of = frame.end.local or frame.end.utc
    return Episode(
        source=sleep.source,
        origin=sleep.origin,
        start=None if whole_day else start,
        end=None if whole_day else end,
        night_date=date_of.date() if date_of is not None and (whole_day or not frame.local) else None,
        in_bed_min=facts.get("bed"),
        totals=Totals(
            asleep_min=facts.get("asleep"),
            light_min=facts.get("light_sleep_duration"),
            deep_min=facts.get("deep_sleep_duration"),
            rem_min=facts.get("rem_sleep_duration"),
            latency_min=facts.get("latency"),
            waso_min=facts.get("waso"),
            awakenings=facts.get("awakenings"),
        ),
        kind=facts.get("kind", ""),
        bed_known=bed_known,
        quality="ok" if frame.local else NO_ZONE,
    )
