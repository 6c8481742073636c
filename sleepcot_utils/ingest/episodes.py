"""What a vendor's module hands over: sleep episodes and day values, each with its source.

The modules translate; they do not choose, merge or convert. Minutes of stages, latency, waking and efficiency are
computed from episodes in `sleepcot_utils.ingest.rows`, main nights are chosen in
`sleepcot_utils.ingest.integration`, both for all vendors alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sleepcot_utils import nights as nightly
from sleepcot_utils.ingest.clocks import MAX_OFFSET_MIN, Moment, minutes_between
from sleepcot_utils.ingest.hypnograms import SLEEP_STAGES, Segment, Stage
from sleepcot_utils.ingest.ledger import RecordError
from sleepcot_utils.ingest.result import NotGiven
from sleepcot_utils.ingest.values import MEASURES, DayValue, Source

__all__ = ["MEASURES", "VITALS", "DayValue", "Episode", "Reading", "Source", "Totals"]

#: Two clocks of one export may round a time differently; up to this much is no contradiction.
ROUNDING_MIN = 2.0
MIN_EPISODE_MIN = 1.0
MAX_AWAKENINGS = nightly.COLUMNS["awakenings"].high


#: Columns of the nightly table that a vendor may state for one sleep episode.
VITALS = (
    "resting_heart_rate_bpm",
    "hrv_rmssd_ms",
    "respiratory_rate_brpm",
    "spo2_mean_pct",
    "spo2_min_pct",
    "skin_temperature_delta_c",
)


@dataclass(frozen=True, slots=True)
class Totals:
    """What a vendor states for a whole episode, in minutes; null where it does not.

    Attributes
    ----------
    asleep_min : float or None
        Time asleep; the sum of the stages if null.
    light_min, deep_min, rem_min : float or None
        Time in stages; 0 means that the device can tell the stage and saw none.
    latency_min : float or None
        Lights out to first sleep.
    waso_min : float or None
        Awake between first sleep and final waking.
    awakenings : float or None
        Wake bouts after sleep onset.
    """

    asleep_min: float | None = None
    light_min: float | None = None
    deep_min: float | None = None
    rem_min: float | None = None
    latency_min: float | None = None
    waso_min: float | None = None
    awakenings: float | None = None

    @property
    def sleep_min(self) -> float | None:
        """Time asleep as stated, or else the sum of the stages that are stated."""
        if self.asleep_min is not None:
            return self.asleep_min
        stages = [value for value in (self.light_min, self.deep_min, self.rem_min) if value is not None]
        return sum(stages) if stages else None


@dataclass(frozen=True, slots=True)
class Episode:
    """One sleep: a night, a part of one, or a nap.

    Attributes
    ----------
    source : Source
        Who recorded it.
    origin : str
        Name of the file it comes from, for the account.
    start, end : Moment or None
        Of the time in bed, or of the sleep where `bed_known` is false. Null where the vendor gives a day's total.
    night_date : date or None
        Local date on which the sleep ended, as the vendor states it; needed only where `end` has no local time.
    in_bed_min : float or None
        Length as the vendor states it; it goes before the difference of local clocks, never before that of instants.
    segments : sequence of Segment
        Course of the sleep, sorted and without overlap (`paint` makes it so). What is not covered is unknown.
    totals : Totals or None
        Totals stated by the vendor; they count where there are no segments, or where segments can't say it.
    kind : str
        ``nap`` or ``main`` if the vendor calls it so, else empty. A nap never becomes a main night.
    bed_known : bool
        Whether start and end are those of the time in bed. If not, latency is unknown.
    latency_known : bool
        Whether the segments show when the sleeper tried to sleep. If not, latency is unknown.
    vitals : mapping
        Vital signs during this sleep, by column of the nightly table (`VITALS`).
    quality : str
        ``ok``, or why the episode is less than that.

    Raises
    ------
    RecordError
        If it has no date, ends before it starts, lasts under a minute or over a day, or more sleep than time.
    """

    source: Source
    origin: str
    start: Moment | None = None
    end: Moment | None = None
    night_date: date | None = None
    in_bed_min: float | None = None
    segments: Sequence[Segment] = ()
    totals: Totals | None = None
    kind: str = ""
    bed_known: bool = True
    latency_known: bool = True
    vitals: Mapping[str, float] = field(default_factory=dict)
    quality: str = "ok"

    def __post_init__(self) -> None:
        if self.kind not in ("", "main", "nap"):
            raise ValueError(f"an episode is 'main', 'nap' or unnamed, not {self.kind!r}")
        unknown = set(self.vitals) - set(VITALS)
        if unknown:
            raise ValueError(f"no vital signs of an episode: {unknown}")
        if self.night_date is None and (self.end is None or self.end.local is None):
            raise RecordError("", "the sleep has no local end and no date", "an end on the local clock, or a date")
        for moment in (self.start, self.end):
            offset_min = moment.offset_min if moment else None
            if offset_min is not None and abs(offset_min) > MAX_OFFSET_MIN:
                raise RecordError("", f"the clock is {offset_min:,.0f} minutes from UTC", "14 hours at most")
        for name, value in self.vitals.items():
            column = nightly.COLUMNS[name]
            if not column.low <= value <= column.high:
                raise RecordError(name, f"{value:g} is out of range", f"{column.low:g} to {column.high:g}")
        if (self.start is None) != (self.end is None):
            raise RecordError("", "the sleep has only one of start and end", "both")
        length = self.duration_min
        if length is not None and not MIN_EPISODE_MIN <= length <= nightly.DAY_MIN:
            raise RecordError("", f"the sleep lasts {length:,.0f} minutes", "1 to 1440 minutes from start to end")
        self._check_totals(length)
        self._check_segments()

    @property
    def duration_min(self) -> float | None:
        """Minutes from start to end: between instants, else as the vendor states it, else between local clocks."""
        if self.start is None or self.end is None:
            return self.in_bed_min
        exact = self.start.utc is not None and self.end.utc is not None
        if self.in_bed_min is not None and not exact:
            return self.in_bed_min
        return minutes_between(self.start, self.end)

    @property
    def ended_on(self) -> date:
        """Local date of the end: from the clock, else as the vendor states it."""
        if self.end is not None and self.end.local is not None:
            return self.end.local.date()
        assert self.night_date is not None
        return self.night_date

    @property
    def asleep_min(self) -> float | None:
        """Minutes asleep, from the segments or else from the totals; null if neither says."""
        if self.segments:
            return sum(part.end_s - part.start_s for part in self.segments if part.stage in SLEEP_STAGES) / 60
        return self.totals.sleep_min if self.totals else None

    @property
    def has_stages(self) -> bool:
        """Whether light, deep or REM sleep is told apart."""
        if self.segments:
            return any(part.stage in (Stage.LIGHT, Stage.DEEP, Stage.REM) for part in self.segments)
        totals = self.totals
        return totals is not None and (totals.deep_min is not None or totals.rem_min is not None)

    def _check_totals(self, length: float | None) -> None:
        totals = self.totals
        if totals is None:
            return
        for name in ("asleep_min", "light_min", "deep_min", "rem_min", "latency_min", "waso_min"):
            value = getattr(totals, name)
            if value is not None and not 0 <= value <= nightly.DAY_MIN:
                raise RecordError(name, f"{value:,.0f} minutes can't be", "0 to 1440 minutes")
        if totals.awakenings is not None and not 0 <= totals.awakenings <= MAX_AWAKENINGS:
            raise RecordError("awakenings", f"{totals.awakenings:g} can't be", f"0 to {MAX_AWAKENINGS:g}")
        asleep = totals.sleep_min
        if length is not None and asleep is not None and asleep > length + ROUNDING_MIN:
            raise RecordError(
                "",
                f"{asleep:,.0f} minutes asleep exceed {length:,.0f} minutes in bed",
                "asleep at most as long as in bed",
            )
        stages = sum(value or 0 for value in (totals.light_min, totals.deep_min, totals.rem_min))
        if asleep is not None and stages > asleep + ROUNDING_MIN:
            raise RecordError(
                "", f"the stages last {stages:,.0f} minutes, the sleep {asleep:,.0f}", "stages within the time asleep"
            )

    def _check_segments(self) -> None:
        reached = 0.0
        length = self.duration_min
        for part in self.segments:
            if part.start_s < reached - 1e-6 or part.end_s <= part.start_s:
                raise ValueError("segments are sorted, without overlap and not empty; `paint` makes them so")
            reached = part.end_s
        if length is not None and reached > 60 * (length + ROUNDING_MIN):
            raise RecordError(
                "",
                f"the stages go on {reached / 60 - length:,.0f} minutes past the end of the sleep",
                "stages within the sleep",
            )


@dataclass
class Reading:
    """What one vendor's module found in its files.

    Attributes
    ----------
    episodes, day_values : list
        Everything found, also repeatedly: duplicates are dropped later and counted.
    not_given : tuple of NotGiven
        Columns of the nightly table that these files can't fill, with the reason.
    notes : tuple of str
        What a reader of the values has to know, each a sentence without final stop.
    """

    episodes: list[Episode] = field(default_factory=list)
    day_values: list[DayValue] = field(default_factory=list)
    not_given: tuple[NotGiven, ...] = ()
    notes: tuple[str, ...] = ()
