"""Heart rate of whole days from single readings, by hour of the local clock, so that years of them fit into memory."""

from __future__ import annotations

from array import array
from datetime import date, datetime

from sleepcot_utils.ingest.episodes import DayValue, Source

HOURS = 24
#: Hours of a day that need a reading before their mean is called the day's: a watch worn for a run alone says nothing of
#: the day. Half of the day is a choice.
LEAST_HOURS = 12
LOWEST_BPM, HIGHEST_BPM = 20.0, 250.0


class HeartRates:
    """Sum and count by source, day and hour, and the highest reading of each day."""

    def __init__(self) -> None:
        self._sums: dict[tuple[Source, date], array[float]] = {}
        self._counts: dict[tuple[Source, date], array[float]] = {}
        self._highest: dict[tuple[Source, date], float] = {}
        self._origins: dict[tuple[Source, date], str] = {}

    def add(self, source: Source, origin: str, local: datetime, bpm: float, highest: float | None = None) -> None:
        """Add a reading.

        Parameters
        ----------
        local : datetime
            On the person's clock.
        bpm : float
            Heart rate, or its mean over a record.
        highest : float, optional
            Highest value of the record, if it is one of some length.
        """
        key = (source, local.date())
        if key not in self._sums:
            self._sums[key], self._counts[key] = array("d", bytes(8 * HOURS)), array("d", bytes(8 * HOURS))
            self._highest[key], self._origins[key] = 0.0, origin
        self._sums[key][local.hour] += bpm
        self._counts[key][local.hour] += 1
        self._highest[key] = max(self._highest[key], bpm, highest or 0.0)

    def is_known(self, source: Source, day: date) -> bool:
        """Whether enough hours of a day have a reading."""
        return sum(count > 0 for count in self._counts.get((source, day), ())) >= LEAST_HOURS

    def day_values(self) -> list[DayValue]:
        """Mean and highest heart rate of the days that are known well enough.

        The mean is that of the hours' means: a workout in which the watch measures each second is not the whole day.
        """
        values = []
        for (source, day), sums in self._sums.items():
            if not self.is_known(source, day):
                continue
            counts = self._counts[source, day]
            means = [total / count for total, count in zip(sums, counts, strict=True) if count]
            origin = self._origins[source, day]
            mean = sum(means) / len(means)
            values.append(DayValue(source, origin, day, "mean_heart_rate_bpm", round(mean, 1), "day"))
            highest = self._highest[source, day]
            values.append(DayValue(source, origin, day, "max_heart_rate_bpm", highest, "day"))
        return values
