"""Records of an Apple Health export, sorted into series while they stream by, and what the series give at the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sleepcot_utils.ingest.apple_fields import device_kind, interval_of, number_of, time_of
from sleepcot_utils.ingest.apple_readings import KINDS as READINGS
from sleepcot_utils.ingest.apple_readings import AppleReadings
from sleepcot_utils.ingest.apple_series import Samples, Steps
from sleepcot_utils.ingest.apple_sleep import VALUES, SleepRecord, episodes_of, instant_s, moved_to_zone
from sleepcot_utils.ingest.clocks import FIRST_YEAR, LAST_YEAR, epoch_s
from sleepcot_utils.ingest.episodes import DayValue, Episode, Reading, Source
from sleepcot_utils.ingest.heart_rates import HIGHEST_BPM, LOWEST_BPM, HeartRates
from sleepcot_utils.ingest.ledger import Book, RecordError, quoted

VENDOR = "apple_health"
SLEEP = "HKCategoryTypeIdentifierSleepAnalysis"
STEPS = "HKQuantityTypeIdentifierStepCount"
EXERCISE = "HKQuantityTypeIdentifierAppleExerciseTime"
RESTING = "HKQuantityTypeIdentifierRestingHeartRate"
#: Sampled measures with the closed range of one sample.
SAMPLED = {
    "HKQuantityTypeIdentifierHeartRate": ("heart", 10.0, 300.0),
    "HKQuantityTypeIdentifierRespiratoryRate": ("respiration", 2.0, 80.0),
    "HKQuantityTypeIdentifierOxygenSaturation": ("oxygen", 0.3, 100.0),
    "HKQuantityTypeIdentifierHeartRateVariabilitySDNN": ("sdnn", 0.0, 400.0),
}
MAX_ZONES = 700
#: Phones, watches and apps of many years are some dozens; further ones count as the last, so that memory has a bound.
MAX_SOURCES = 64


class Collector:
    """Sorts the elements of one export into series.

    Parameters
    ----------
    book : Book
        Account of the file.
    """

    def __init__(self, book: Book) -> None:
        self.book = book
        self.number = 0
        self.sources: dict[str, int] = {}
        self.devices: list[str] = []
        self.sleeps: dict[int, dict[SleepRecord, None]] = {}
        self.pending: tuple[int, datetime, datetime, str] | None = None
        self.zone: ZoneInfo | None = None
        self.zones: dict[str, ZoneInfo | None] = {}
        self.samples: dict[tuple[str, int], Samples] = {}
        self.steps = Steps()
        self.exercise: dict[tuple[date, int], float] = {}
        self.summaries: dict[date, float] = {}
        self.resting: dict[tuple[date, int], float] = {}
        self.readings = AppleReadings()
        self.rates = HeartRates()
        self.last: dict[str, dict[str, str]] = {}
        self.handlers: dict[str, Callable[[dict[str, str]], None]] = {
            SLEEP: self._sleep,
            STEPS: self._steps,
            EXERCISE: self._exercise,
            RESTING: self._resting,
        }

    def element(self, tag: str, attributes: dict[str, str], line: Callable[[], int]) -> None:
        """Take one element of the stream; `line` says where it stands."""
        if tag == "Record":
            self._flush()
            self.number += 1
            kind = attributes.get("type", "")
            try:
                if kind in SAMPLED:
                    self._sample(kind, attributes)
                elif kind in READINGS:
                    if not self.readings.take(kind, attributes, self._source(attributes)):
                        self.book.drop_duplicate()
                        return
                elif kind in self.handlers:
                    if self.last.get(kind) == attributes:
                        self.book.drop_duplicate()
                        return
                    self.handlers[kind](attributes)
                    self.last[kind] = attributes
                    if kind == SLEEP:
                        return
                elif not kind:
                    raise RecordError("type", "has no value", "the kind of the record")
                else:
                    self.book.ignore()
                    return
            except RecordError as error:
                self.book.skip(self.number, error, line())
            else:
                self.book.keep()
        elif tag == "MetadataEntry":
            if self.pending is not None and attributes.get("key") == "HKTimeZone":
                self.zone = self._zone_named(attributes.get("value", ""))
        elif tag == "ActivitySummary":
            self._flush()
            self.number += 1
            with self.book.record(self.number, line()):
                self._summary(attributes)

    def _source(self, attributes: dict[str, str]) -> int:
        name = attributes.get("sourceName", "")
        place = self.sources.get(name)
        if place is None:
            if len(self.devices) == MAX_SOURCES:
                return MAX_SOURCES - 1
            place = self.sources[name] = len(self.devices)
            self.devices.append(device_kind(name, attributes.get("device", ""), len(self.devices)))
        return place

    def _sample(self, kind: str, attributes: dict[str, str]) -> None:
        name, low, high = SAMPLED[kind]
        value = number_of(attributes, low, high)
        at = time_of(attributes, "startDate")
        if name == "oxygen" and value <= 1:
            # The unit is '%', but the number is a fraction.
            value *= 100
        if name == "oxygen" and value < 30:
            raise RecordError("value", f"{quoted(attributes['value'])} is out of range", "a fraction from 0.3 to 1")
        place = self._source(attributes)
        key = (name, place)
        series = self.samples.get(key)
        if series is None:
            series = self.samples[key] = Samples()
        series.add(at.timestamp(), value)
        if name == "heart" and LOWEST_BPM <= value <= HIGHEST_BPM:
            self.rates.add(Source(VENDOR, self.devices[place]), self.book.name, at.replace(tzinfo=None), value)

    def _sleep(self, attributes: dict[str, str]) -> None:
        start, end = interval_of(attributes)
        value = attributes.get("value", "")
        if value not in VALUES:
            raise RecordError("value", f"{quoted(value)} is no sleep analysis", ", ".join(VALUES))
        if (end - start).total_seconds() > 24 * 3600:
            raise RecordError("endDate", "the record lasts more than a day", "24 hours at most")
        self.pending = (self._source(attributes), start, end, value)

    def _flush(self) -> None:
        """File the sleep record that waited for the time zone among its metadata."""
        if self.pending is None:
            return
        source, start, end, value = self.pending
        record = SleepRecord(instant_s(start), instant_s(end), VALUES[value], moved_to_zone(end, self.zone))
        self.pending, self.zone = None, None
        if record.end_s == record.start_s:
            self.book.ignore()
            return
        known = self.sleeps.setdefault(source, {})
        if record in known:
            self.book.drop_duplicate()
        else:
            known[record] = None
            self.book.keep()

    def _steps(self, attributes: dict[str, str]) -> None:
        count = number_of(attributes, 0.0, 200_000.0)
        start, end = interval_of(attributes)
        if (end - start).total_seconds() > 7 * 24 * 3600:
            raise RecordError("endDate", "the record lasts more than a week", "some minutes or hours")
        self.steps.add(self._source(attributes), start.replace(tzinfo=None), end.replace(tzinfo=None), count)

    def _exercise(self, attributes: dict[str, str]) -> None:
        minutes = number_of(attributes, 0.0, 1440.0)
        key = (time_of(attributes, "startDate").date(), self._source(attributes))
        self.exercise[key] = self.exercise.get(key, 0.0) + minutes

    def _resting(self, attributes: dict[str, str]) -> None:
        value = number_of(attributes, 20.0, 220.0)
        # The watch refines the value in the course of the day; the last one stands.
        self.resting[time_of(attributes, "startDate").date(), self._source(attributes)] = value

    def _summary(self, attributes: dict[str, str]) -> None:
        minutes = number_of(attributes, 0.0, 1440.0, "appleExerciseTime")
        try:
            day = date.fromisoformat(attributes.get("dateComponents", ""))
        except ValueError as error:
            raise RecordError("dateComponents", "is not a date", "a date such as 2024-01-31") from error
        energy = number_of(attributes, 0.0, 1e6, "activeEnergyBurned") if "activeEnergyBurned" in attributes else 1.0
        if FIRST_YEAR <= day.year <= LAST_YEAR and (minutes or energy):
            self.summaries[day] = minutes

    def _zone_named(self, name: str) -> ZoneInfo | None:
        if name not in self.zones and len(self.zones) < MAX_ZONES:
            try:
                self.zones[name] = ZoneInfo(name)
            except (ValueError, OSError, LookupError):
                # An unknown zone leaves the offset as it is written.
                self.zones[name] = None
        return self.zones.get(name)

    def finish(self, reading: Reading) -> None:
        """Turn the series into episodes and day values."""
        self._flush()
        origin = self.book.name
        sources = [Source(VENDOR, device) for device in self.devices]
        found: list[tuple[int, Episode]] = []
        for place, records in self.sleeps.items():
            for episode in episodes_of(list(records), sources[place], origin):
                if isinstance(episode, Episode):
                    found.append((place, episode))
                else:
                    self._unusable(episode)
        reading.episodes += self._with_vitals(found, sources, reading)
        for day, count, place in self.steps.days():
            if 0 < count <= 200_000:
                reading.day_values.append(DayValue(sources[place], origin, day, "steps", round(count), "day"))
        for (day, place), minutes in self.exercise.items():
            if day not in self.summaries and 0 < minutes <= 1440:
                reading.day_values.append(DayValue(sources[place], origin, day, "exercise_min", minutes, "day"))
        watch = Source(VENDOR, "apple watch")
        for day, minutes in self.summaries.items():
            reading.day_values.append(DayValue(watch, origin, day, "exercise_min", minutes, "day"))
        for (day, place), value in self.resting.items():
            reading.day_values.append(DayValue(sources[place], origin, day, "resting_heart_rate_bpm", value, "day"))
        reading.day_values += self.rates.day_values()
        values, problems = self.readings.day_values(sources, origin)
        reading.day_values += values
        for problem in problems:
            self._unusable(problem)

    def _unusable(self, error: RecordError) -> None:
        # Its records were kept one by one; as a whole they are no sleep, which is one of them to report.
        self.book.kept -= 1
        self.book.rows -= 1
        self.book.skip(self.number, error)

    def _with_vitals(self, found: list[tuple[int, Episode]], sources: list[Source], reading: Reading) -> list[Episode]:
        """Give each sleep the vital signs that its own source measured, and the longest of a date those of others."""
        longest: dict[date, float] = {}
        for _, episode in found:
            longest[episode.ended_on] = max(longest.get(episode.ended_on, 0.0), episode.asleep_min or 0.0)
        done = []
        for place, episode in found:
            vitals: dict[str, float] = {}
            if episode.asleep_min:
                is_longest = episode.asleep_min == longest[episode.ended_on]
                for (name, giver), series in self.samples.items():
                    for measure, value in _of_sleep(name, series, episode):
                        if giver == place and measure in NIGHTLY:
                            vitals[measure] = value
                        elif is_longest:
                            reading.day_values.append(
                                DayValue(sources[giver], episode.origin, episode.ended_on, measure, value, "sleep")
                            )
            done.append(replace(episode, vitals=vitals) if vitals else episode)
        return done


NIGHTLY = ("respiratory_rate_brpm", "spo2_mean_pct", "spo2_min_pct")
MEASURES_OF = {
    "heart": ("sleeping_heart_rate_bpm", None, 20.0, 220.0),
    "respiration": ("respiratory_rate_brpm", None, 4.0, 60.0),
    "oxygen": ("spo2_mean_pct", "spo2_min_pct", 40.0, 100.0),
    "sdnn": ("hrv_sdnn_ms", None, 0.0, 400.0),
}


def _of_sleep(name: str, series: Samples, episode: Episode) -> list[tuple[str, float]]:
    assert episode.start and episode.end and episode.start.utc and episode.end.utc
    summary = series.within(epoch_s(episode.start.utc), epoch_s(episode.end.utc))
    if summary is None:
        return []
    mean_measure, low_measure, low, high = MEASURES_OF[name]
    pairs = [(mean_measure, summary[0])] + ([(low_measure, summary[1])] if low_measure else [])
    return [(measure, value) for measure, value in pairs if low <= value <= high]
