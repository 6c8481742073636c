"""From a sleep episode to the columns of a night: the one place where minutes, latency and efficiency are computed.

- Asleep is light, deep, REM and sleep of unknown stage; efficiency is asleep over in bed, whatever the vendor says.
- Latency runs from the start of the time in bed to the first sleep; it is null where the time in bed is not known.
- Awake after onset is what is recorded as wake between the first and the last sleep. A stretch that no segment covers
  is unknown: neither sleep nor wake.
- A stage that the device can't tell is null. No REM at all counts as "can't tell" unless the vendor states a 0,
  because several devices tell light from deep sleep but know no REM; no deep or light sleep beside REM is a measured 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sleepcot_utils.ingest.clocks import Moment, minutes_between
from sleepcot_utils.ingest.episodes import MAX_AWAKENINGS, Episode, Totals
from sleepcot_utils.ingest.hypnograms import SLEEP_STAGES, Segment, Stage

NO_BED = "time in bed was not recorded; taken from the first to the last record of the sleep"
NO_SLEEP = "no minute asleep was recorded"
BED_ONLY = "time in bed only; sleep was not recorded"


def sleep_columns(episode: Episode) -> dict[str, object]:
    """Columns of the nightly table that one episode gives; null where it can't say.

    Returns
    -------
    dict
        ``start_local`` to ``sleep_efficiency_pct`` and ``quality``.
    """
    asleep = episode.asleep_min
    in_bed = episode.duration_min
    if in_bed is not None and asleep is not None:
        # Two roundings of one night may differ by a minute; an episode that contradicts itself is refused earlier.
        in_bed = max(in_bed, asleep)
    latency, waso, awakenings = _course(episode)
    light, deep, rem = _stages(episode)
    return {
        "start_local": episode.start.local if episode.start else None,
        "end_local": episode.end.local if episode.end else None,
        "utc_offset_min": episode.start.offset_min if episode.start else None,
        "time_in_bed_min": in_bed,
        "total_sleep_min": asleep,
        "sleep_onset_latency_min": latency,
        "wake_after_sleep_onset_min": waso,
        "awakenings": awakenings,
        "light_min": light,
        "deep_min": deep,
        "rem_min": rem,
        "sleep_efficiency_pct": 100 * asleep / in_bed if in_bed and asleep is not None else None,
        "quality": _quality(episode, asleep),
    }


def _course(episode: Episode) -> tuple[float | None, float | None, float | None]:
    totals = episode.totals or Totals()
    latency = totals.latency_min if episode.bed_known else None
    asleep = [part for part in episode.segments if part.stage in SLEEP_STAGES]
    if not asleep:
        return latency, totals.waso_min, totals.awakenings
    onset, last = asleep[0].start_s, asleep[-1].end_s
    bouts = [part for part in episode.segments if part.stage is Stage.WAKE and onset <= part.start_s < last]
    measured = onset / 60 if episode.bed_known and episode.latency_known else None
    return (
        measured,
        sum(part.end_s - part.start_s for part in bouts) / 60,
        float(len(bouts)) if len(bouts) <= MAX_AWAKENINGS else None,
    )


def _stages(episode: Episode) -> tuple[float | None, float | None, float | None]:
    totals = episode.totals or Totals()
    if not episode.segments:
        return totals.light_min, totals.deep_min, totals.rem_min
    if not episode.has_stages:
        return None, None, None
    minutes = {
        stage: sum(part.end_s - part.start_s for part in episode.segments if part.stage is stage) / 60
        for stage in (Stage.LIGHT, Stage.DEEP, Stage.REM)
    }
    knows_rem = minutes[Stage.REM] > 0 or totals.rem_min is not None
    knows_light = minutes[Stage.LIGHT] > 0 or totals.light_min is not None or knows_rem
    knows_deep = minutes[Stage.DEEP] > 0 or totals.deep_min is not None or knows_rem
    return (
        minutes[Stage.LIGHT] if knows_light else None,
        minutes[Stage.DEEP] if knows_deep else None,
        minutes[Stage.REM] if knows_rem else None,
    )


def _quality(episode: Episode, asleep: float | None) -> str:
    if episode.quality != "ok":
        return episode.quality
    if asleep is None:
        return BED_ONLY
    if asleep == 0:
        return NO_SLEEP
    return "ok" if episode.bed_known else NO_BED


def joined(first: Episode, second: Episode) -> Episode:
    """One episode out of two of the same source, the gap between which counts as awake and in bed.

    Parameters
    ----------
    first, second : Episode
        In this order, with start and end, not overlapping.
    """
    assert first.start and first.end and second.start and second.end
    gap_min = minutes_between(first.end, second.start)
    first_min, second_min = first.duration_min, second.duration_min
    assert gap_min is not None and first_min is not None and second_min is not None
    gap_min = max(gap_min, 0.0)
    length_min = first_min + gap_min + second_min
    segments: tuple[Segment, ...] = ()
    if first.segments and second.segments:
        shift = 60 * (first_min + gap_min)
        # A segment may end a rounding error after its episode.
        head = [replace(part, end_s=min(part.end_s, 60 * first_min)) for part in first.segments]
        head = [part for part in head if part.end_s > part.start_s]
        gap = [Segment(60 * first_min, shift, Stage.WAKE)] if gap_min > 0 else []
        tail = [Segment(part.start_s + shift, part.end_s + shift, part.stage) for part in second.segments]
        segments = tuple(head + gap + tail)
    weights = (first.asleep_min or first_min, second.asleep_min or second_min)
    return replace(
        first,
        end=second.end,
        in_bed_min=length_min,
        segments=segments,
        totals=_sum(first, second, gap_min),
        kind="main" if "main" in (first.kind, second.kind) else "",
        vitals=_mixed(first.vitals, second.vitals, weights),
        quality=first.quality if first.quality != "ok" else second.quality,
        bed_known=first.bed_known and second.bed_known,
    )


def _sum(first: Episode, second: Episode, gap_min: float) -> Totals | None:
    one, two = first.totals or Totals(), second.totals or Totals()

    def added(name: str, extra: float = 0.0) -> float | None:
        values = (getattr(one, name), getattr(two, name))
        return None if None in values else values[0] + values[1] + extra

    asleep = (first.asleep_min, second.asleep_min)
    totals = Totals(
        asleep_min=None if None in asleep else sum(value for value in asleep if value is not None),
        light_min=added("light_min"),
        deep_min=added("deep_min"),
        rem_min=added("rem_min"),
        latency_min=one.latency_min,
        waso_min=added("waso_min", gap_min),
        awakenings=added("awakenings", 1.0 if gap_min > 0 else 0.0),
    )
    return totals if totals != Totals() else None


def _mixed(one: Mapping[str, float], two: Mapping[str, float], weights: tuple[float, float]) -> dict[str, float]:
    mixed = dict(one) | dict(two)
    for name in set(one) & set(two):
        if name.endswith("_min_pct"):
            mixed[name] = min(one[name], two[name])
        else:
            mixed[name] = (one[name] * weights[0] + two[name] * weights[1]) / (sum(weights) or 1.0)
    return mixed


def in_bed_of(sleep: Episode, bed: Episode) -> Episode:
    """Give a sleep the time in bed that another record states around it.

    Parameters
    ----------
    sleep : Episode
        With ``bed_known`` false.
    bed : Episode
        Time in bed around it; `sleep` may stick out by some minutes on either side.
    """
    assert sleep.start and sleep.end and bed.start and bed.end
    before = max(minutes_between(bed.start, sleep.start) or 0.0, 0.0)
    after = max(minutes_between(sleep.end, bed.end) or 0.0, 0.0)
    length = sleep.duration_min
    start: Moment = bed.start if before > 0 else sleep.start
    end: Moment = bed.end if after > 0 else sleep.end
    segments = tuple(
        Segment(part.start_s + 60 * before, part.end_s + 60 * before, part.stage) for part in sleep.segments
    )
    return replace(
        sleep,
        start=start,
        end=end,
        in_bed_min=None if length is None else length + before + after,
        segments=segments,
        bed_known=True,
        latency_known=True,
    )
