"""Which sleep of a date is the main night, and what other recordings add to it; rules 3 to 5 of `integration`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sleepcot_utils import nights as nightly
from sleepcot_utils.ingest.clocks import minutes_between
from sleepcot_utils.ingest.episodes import MEASURES, DayValue, Episode, Source
from sleepcot_utils.ingest.rows import in_bed_of, sleep_columns

MAX_NIGHT_MIN = 16 * 60.0
#: Shorter sleeps in the daytime are naps. Fitbit too takes 3 hours as the least for a night with stages
#: (https://dev.fitbit.com/build/reference/web-api/sleep/).
NAP_UNDER_MIN = 180.0
DAYTIME_HOURS = (9, 20)
#: A sleep may stick out of the time in bed of another device by so much and still lie in it.
BED_TOLERANCE_MIN = 5.0


@dataclass
class Night:
    """One row in the making: its values and, by column, who gave them."""

    episode: Episode
    kind: str
    values: dict[str, object] = field(default_factory=dict)
    given_by: dict[str, Source] = field(default_factory=dict)

    def give(self, column: str, value: object, source: Source) -> None:
        """Set a column that has no value yet."""
        if value is not None and self.values.get(column) is None:
            self.values[column] = value
            self.given_by[column] = source


def place_of(source: Source, order: Sequence[str]) -> tuple[int, str]:
    """Place of a source among others: by vendor as in `order`, then by device."""
    return (order.index(source.vendor) if source.vendor in order else len(order), source.device)


def nights_of(
    chosen: list[Episode], others: list[list[Episode]], values: list[DayValue], order: Sequence[str]
) -> list[Night]:
    """Main nights and naps of one person.

    Parameters
    ----------
    chosen : list of Episode
        Sleeps that do not overlap.
    others : list of list of Episode
        For each of them the overlapping ones that were left out; they lend what it lacks.
    values : list of DayValue
        Day values of the person.
    order : sequence of str
        Vendors, the preferred ones first.
    """
    nights = [_night(episode, group) for episode, group in zip(chosen, others, strict=True)]
    by_date: dict[date, list[Night]] = {}
    for night in nights:
        by_date.setdefault(night.episode.ended_on, []).append(night)
    main: dict[date, Night] = {}
    for ended_on, group in by_date.items():
        able = [night for night in group if not _is_nap(night.episode)]
        if able:
            main[ended_on] = max(able, key=_length)
            main[ended_on].kind = "main"
    _give_day_values(main, values, order)
    _give_naps(main, nights)
    return nights


def _night(episode: Episode, others: list[Episode]) -> Night:
    source = episode.source
    bed = next((other for other in others if _is_bed_of(other, episode)), None)
    whole = in_bed_of(episode, bed) if bed else episode
    night = Night(whole, "nap")
    lent = {"time_in_bed_min", "sleep_onset_latency_min", "sleep_efficiency_pct"} if bed else set()
    if bed:
        lent |= {"start_local", "utc_offset_min"} if whole.start != episode.start else set()
        lent |= {"end_local"} if whole.end != episode.end else set()
    for column, value in sleep_columns(whole).items():
        night.give(column, value, bed.source if bed and column in lent else source)
    for giver in (episode, *others):
        for column, vital in giver.vitals.items():
            night.give(column, vital, giver.source)
    return night


def _is_bed_of(bed: Episode, sleep: Episode) -> bool:
    if sleep.bed_known or not sleep.asleep_min or bed.asleep_min or not (bed.start and bed.end):
        return False
    length = bed.duration_min
    if length is None or length > MAX_NIGHT_MIN or not (sleep.start and sleep.end):
        return False
    before, after = minutes_between(bed.start, sleep.start), minutes_between(sleep.end, bed.end)
    return before is not None and after is not None and min(before, after) >= -BED_TOLERANCE_MIN


def _is_nap(episode: Episode) -> bool:
    if episode.kind:
        return episode.kind == "nap"
    start = episode.start
    length = episode.duration_min
    if start is None or start.local is None or length is None:
        return False
    return length < NAP_UNDER_MIN and DAYTIME_HOURS[0] <= start.local.hour < DAYTIME_HOURS[1]


def says_nothing(episode: Episode) -> bool:
    """Whether a recording is a short time in bed without any record of sleep."""
    return episode.asleep_min is None and (episode.duration_min or 0.0) < NAP_UNDER_MIN


def _length(night: Night) -> tuple[float, float]:
    episode = night.episode
    return (episode.asleep_min if episode.asleep_min is not None else -1.0, episode.duration_min or 0.0)


def _give_day_values(main: dict[date, Night], values: list[DayValue], order: Sequence[str]) -> None:
    ranked = sorted(values, key=lambda value: place_of(value.source, order))
    for own_device_first in (True, False):
        for value in ranked:
            column, days = MEASURES[value.measure][:2]
            night = main.get(value.date + timedelta(days=days)) if column else None
            if night is None or column is None:
                continue
            if not own_device_first or value.source == night.episode.source:
                night.give(column, value.value, value.source)


def _give_naps(main: dict[date, Night], nights: list[Night]) -> None:
    naps = [night for night in nights if night.kind == "nap" and night.episode.asleep_min]
    if not naps:
        return
    minutes: dict[date, float] = {}
    source: dict[date, Source] = {}
    for nap in naps:
        ended_on = nap.episode.ended_on
        minutes[ended_on] = minutes.get(ended_on, 0.0) + (nap.episode.asleep_min or 0.0)
        source[ended_on] = nap.episode.source
    # Someone's devices that did notice naps have measured 0 on the other days that they were worn.
    for ended_on, night in main.items():
        day_before = ended_on - timedelta(days=1)
        if day_before in minutes:
            night.give("nap_min", min(minutes[day_before], nightly.DAY_MIN), source[day_before])
        elif day_before in main:
            night.give("nap_min", 0.0, night.episode.source)
