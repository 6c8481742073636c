"""Several devices of one person become one log: one main night a date, naps apart, and who gave each value.

The rules, in the order in which they apply:

1. *Duplicates.* Episodes and day values that agree in everything but their file are dropped and counted.
2. *Joining.* Episodes of one source with a gap of at most 60 minutes are one night with a waking in it; the gap counts
   as awake and in bed. Naps named so by the vendor are not joined, nor does a joined night exceed 16 hours. The limit
   is that of van Hees et al. 2018 (https://doi.org/10.1038/s41598-018-31266-z), who fill gaps of up to 60 minutes
   between the blocks of a sleep period.
3. *Overlaps.* Of episodes that overlap, one is kept whole, for stages of two devices can't be mixed: first those with
   at least half the sleep of the longest one, among these those with stages, then those that know the time in bed,
   then the longest, then the vendor that is named first in `vendors`. Others give what the kept one lacks: the time in
   bed around it, and vital signs.
4. *Main night.* Of the sleeps that end on one local date the longest is the main night; the others are naps. A sleep
   that the vendor calls a nap is never a main night, nor is, unless the vendor calls it so, one of under 3 hours that
   starts between 09:00 and 20:00. Time in bed without any record of sleep is a night only from 3 hours on.
5. *Days.* Steps, exercise and what was drunk belong to the night after the day, vital signs to the night that ends on
   the day. Of several devices the one that recorded the night goes first, then the first in the order of `vendors`;
   values are never added up or averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from sleepcot_utils.ingest.clocks import minutes_between
from sleepcot_utils.ingest.episodes import DayValue, Episode, Source
from sleepcot_utils.ingest.ledger import RecordError
from sleepcot_utils.ingest.main_nights import MAX_NIGHT_MIN, Night, nights_of, place_of, says_nothing
from sleepcot_utils.ingest.result import Merged
from sleepcot_utils.ingest.rows import joined

__all__ = ["MAX_GAP_MIN", "MAX_NIGHT_MIN", "Night", "integrate", "overlap"]

MAX_GAP_MIN = 60.0
#: Share of the longest overlapping sleep that an episode with stages has to reach to go before it.
COMPLETE_SHARE = 0.5


def integrate(
    episodes: Iterable[Episode],
    day_values: Iterable[DayValue],
    order: Sequence[str],
    on_duplicate: Callable[[str], None] = lambda origin: None,
) -> tuple[list[Night], list[DayValue], Merged]:
    """Merge what all devices recorded.

    Parameters
    ----------
    episodes, day_values : iterable
        Of any number of vendors, devices and persons; persons are told apart by `Source.person`.
    order : sequence of str
        Vendors, the preferred ones first.
    on_duplicate : callable
        Is told the file of each dropped episode.

    Returns
    -------
    nights : list of Night
        Main nights and naps.
    values : list of DayValue
        Day values without duplicates.
    merged : Merged
        What was joined and dropped.
    """
    kept, duplicates = _distinct(episodes, on_duplicate)
    found = list(day_values)
    values = list({_identity(value): value for value in found}.values())
    nights: list[Night] = []
    join_count = outranked = without_sleep = 0
    for person in sorted({source.person for source in _sources(kept, values)}):
        own, joins = _join([episode for episode in kept if episode.source.person == person])
        chosen, others = _choose(own, order)
        outranked += len(own) - len(chosen)
        without = [place for place, episode in enumerate(chosen) if says_nothing(episode)]
        without_sleep += len(without)
        chosen = [episode for place, episode in enumerate(chosen) if place not in without]
        others = [group for place, group in enumerate(others) if place not in without]
        join_count += joins
        mine = [value for value in values if value.source.person == person]
        nights += nights_of(chosen, others, mine, order)
    return nights, values, Merged(duplicates, len(found) - len(values), join_count, outranked, without_sleep)


def _distinct(episodes: Iterable[Episode], on_duplicate: Callable[[str], None]) -> tuple[list[Episode], int]:
    kept: dict[object, Episode] = {}
    duplicates = 0
    for episode in episodes:
        identity = (
            *(episode.source, episode.start, episode.end, episode.night_date, episode.in_bed_min, episode.quality),
            *(tuple(episode.segments), episode.totals, tuple(sorted(episode.vitals.items()))),
        )
        if identity in kept:
            duplicates += 1
            on_duplicate(episode.origin)
            if not kept[identity].kind:
                kept[identity] = replace(kept[identity], kind=episode.kind)
        else:
            kept[identity] = episode
    return list(kept.values()), duplicates


def _identity(value: DayValue) -> object:
    return (value.source, value.date, value.measure, value.value, value.window)


def _clock(episode: Episode) -> tuple[float, str]:
    start = episode.start.utc or episode.start.local if episode.start else None
    return (start.timestamp() if start else 0.0, str(episode.ended_on))


def _join(episodes: list[Episode]) -> tuple[list[Episode], int]:
    by_source: dict[tuple[Source, bool], list[Episode]] = {}
    apart: list[Episode] = []
    for episode in episodes:
        asleep = episode.asleep_min
        if episode.start is None or episode.kind == "nap" or not asleep:
            apart.append(episode)
        else:
            by_source.setdefault((episode.source, episode.start.utc is None), []).append(episode)
    count = 0
    for group in by_source.values():
        group.sort(key=_clock)
        row: list[Episode] = []
        for episode in group:
            whole = _joined(row[-1], episode) if row else None
            if whole is None:
                row.append(episode)
            else:
                row[-1] = whole
                count += 1
        apart += row
    return apart, count


def _joined(first: Episode, second: Episode) -> Episode | None:
    if not (first.start and first.end and second.start and second.end):
        return None
    gap = minutes_between(first.end, second.start)
    whole = minutes_between(first.start, second.end)
    if gap is None or whole is None or not 0 <= gap <= MAX_GAP_MIN or whole > MAX_NIGHT_MIN:
        return None
    if (first.duration_min or 0) + gap + (second.duration_min or 0) > MAX_NIGHT_MIN:
        return None
    try:
        return joined(first, second)
    except RecordError:
        return None


def overlap(one: Episode, other: Episode) -> bool:
    """Whether two episodes share time; where their clocks can't be compared, whether they end on the same date."""
    if one.start and one.end and other.start and other.end:
        both = (one.start, one.end, other.start, other.end)
        for clock in ("utc", "local"):
            times = [getattr(moment, clock) for moment in both]
            if None not in times:
                return times[0] < times[3] and times[2] < times[1]
    return one.ended_on == other.ended_on and (one.kind == "nap") == (other.kind == "nap")


def _choose(episodes: list[Episode], order: Sequence[str]) -> tuple[list[Episode], list[list[Episode]]]:
    """Episodes that are kept, and for each the overlapping ones that it outranks."""
    near = _neighbors(episodes)
    rank = {}
    for index, episode in enumerate(episodes):
        asleep = episode.asleep_min or 0.0
        longest = max([asleep, *(episodes[other].asleep_min or 0.0 for other in near[index])])
        rank[index] = (
            asleep == 0,
            asleep < COMPLETE_SHARE * longest,
            not episode.has_stages,
            not episode.bed_known,
            -asleep,
            place_of(episode.source, order),
            _clock(episode),
        )
    taken: dict[int, list[Episode]] = {}
    lost: set[int] = set()
    for index in sorted(rank, key=lambda index: rank[index]):
        if index in lost:
            continue
        taken[index] = []
        for other in near[index]:
            if other not in taken:
                lost.add(other)
                taken[index].append(episodes[other])
    for others in taken.values():
        others.sort(key=lambda episode: (-(episode.asleep_min or 0.0), place_of(episode.source, order)))
    return [episodes[index] for index in taken], list(taken.values())


def _neighbors(episodes: list[Episode]) -> list[list[int]]:
    # Overlapping sleeps end at most a day apart, so only episodes of neighboring dates are compared.
    by_date: dict[date, list[int]] = {}
    for index, episode in enumerate(episodes):
        by_date.setdefault(episode.ended_on, []).append(index)
    near: list[list[int]] = []
    for index, episode in enumerate(episodes):
        around = (by_date.get(episode.ended_on + timedelta(days=days), []) for days in (-1, 0, 1))
        near.append(
            [other for group in around for other in group if other != index and overlap(episode, episodes[other])]
        )
    return near


def _sources(episodes: Iterable[Episode], values: Iterable[DayValue]) -> list[Source]:
    return [*(episode.source for episode in episodes), *(value.source for value in values)]
