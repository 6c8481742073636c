"""Sleep analysis records of an Apple Health export become sleep episodes, one source at a time.

Before iOS 16 a record is *InBed* or *Asleep*; since then sleep is *AsleepCore*, *AsleepDeep*, *AsleepREM* or
*AsleepUnspecified*, and *Awake* lies between. A watch that writes no *InBed* tells no time in bed
(https://developer.apple.com/documentation/healthkit/hkcategoryvaluesleepanalysis).

Records of one source with gaps of at most 60 minutes are one sleep. A gap between its records is a waking, unless a
record of sleep covers it. Where records overlap, stages lie on top of sleep of unknown stage, and wakings on top of
both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sleepcot_utils.ingest.clocks import EPOCH, Moment
from sleepcot_utils.ingest.episodes import Episode, Source
from sleepcot_utils.ingest.hypnograms import Segment, Stage, paint
from sleepcot_utils.ingest.integration import MAX_GAP_MIN, MAX_NIGHT_MIN
from sleepcot_utils.ingest.ledger import RecordError

PREFIX = "HKCategoryValueSleepAnalysis"
IN_BED = f"{PREFIX}InBed"
STAGES = {
    f"{PREFIX}Asleep": Stage.ASLEEP,
    f"{PREFIX}AsleepUnspecified": Stage.ASLEEP,
    f"{PREFIX}AsleepCore": Stage.LIGHT,
    f"{PREFIX}AsleepDeep": Stage.DEEP,
    f"{PREFIX}AsleepREM": Stage.REM,
    f"{PREFIX}Awake": Stage.WAKE,
}
#: What the letter of a kept record stands for; null is time in bed.
VALUES: dict[str, Stage | None] = {IN_BED: None, **STAGES}


class SleepRecord(NamedTuple):
    """A record: instants in seconds since 1970, stage (null: in bed), and the offset of the local clock in minutes."""

    start_s: float
    end_s: float
    stage: Stage | None
    offset_min: float


def moved_to_zone(at: datetime, zone: ZoneInfo | None) -> float:
    """Offset in minutes of the local clock at an instant: that of the record's own zone, else as written.

    The Health app writes all times with the offset that the phone has on the day of the export; the zone in which a
    night was slept stands beside the record (``HKTimeZone``).
    """
    offset = at.astimezone(zone).utcoffset() if zone is not None else at.utcoffset()
    return (offset or timedelta()).total_seconds() / 60


def episodes_of(records: Sequence[SleepRecord], source: Source, origin: str) -> Iterator[Episode | RecordError]:
    """Sleep episodes of one source, or why a sleep can't be one."""
    cluster: list[SleepRecord] = []
    reached = 0.0
    for record in sorted(records, key=lambda record: (record.start_s, record.end_s, record.stage or "")):
        gap = record.start_s - reached
        whole = max(record.end_s, reached) - cluster[0].start_s if cluster else 0.0
        if cluster and (gap > 60 * MAX_GAP_MIN or (gap > 0 and whole > 60 * MAX_NIGHT_MIN)):
            yield _episode(cluster, source, origin)
            cluster = []
        reached = record.end_s if not cluster else max(reached, record.end_s)
        cluster.append(record)
    if cluster:
        yield _episode(cluster, source, origin)


def _episode(cluster: list[SleepRecord], source: Source, origin: str) -> Episode | RecordError:
    first = cluster[0]
    last = max(cluster, key=lambda record: record.end_s)
    beds = [record for record in cluster if record.stage is None]
    parts = [record for record in cluster if record.stage is not None]
    sleeps = [record for record in parts if record.stage is not Stage.WAKE]
    if not beds and not sleeps:
        return RecordError("", "the sleep has records of wake only", "a record of sleep or of time in bed beside it")
    start_s = first.start_s
    # The time in bed is known where it is recorded around the sleep and not only in a part of it.
    bed_known = bool(beds) and (
        not sleeps
        or (
            min(record.start_s for record in beds) <= min(record.start_s for record in sleeps)
            and max(record.end_s for record in beds) >= max(record.end_s for record in sleeps)
        )
    )
    segments: tuple[Segment, ...] = ()
    if sleeps:
        onset, end = min(record.start_s for record in sleeps), max(record.end_s for record in sleeps)
        gaps = [Segment(onset - start_s, end - start_s, Stage.WAKE)]
        layers = [
            [
                Segment(part.start_s - start_s, part.end_s - start_s, part.stage)
                for part in parts
                if part.stage in chosen
            ]
            for chosen in ({Stage.ASLEEP}, {Stage.LIGHT, Stage.DEEP, Stage.REM}, {Stage.WAKE})
        ]
        segments = paint(gaps, *layers)  # type: ignore[arg-type]
    try:
        return Episode(
            source=source,
            origin=origin,
            start=_moment(start_s, first.offset_min),
            end=_moment(last.end_s, last.offset_min),
            segments=segments,
            bed_known=bed_known,
        )
    except RecordError as error:
        return error


def _moment(at_s: float, offset_min: float) -> Moment:
    return Moment.from_utc(EPOCH + timedelta(seconds=at_s), offset_min)


def instant_s(at: datetime) -> float:
    """Seconds since 1970 of a time with its zone."""
    return at.astimezone(UTC).timestamp()
