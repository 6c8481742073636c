"""Samples of an Apple Health export in buckets of time, so that years of them fit into little memory.

A day of one measure takes 2 KB whatever its number of samples: sum, count and minimum of each quarter of an hour.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from datetime import date, datetime, timedelta

DAY_S = 86_400
QUARTER_S = 900
QUARTERS = DAY_S // QUARTER_S
HOURS = 24


class Samples:
    """Sum, count and minimum of a measure by quarter of an hour of UTC."""

    def __init__(self) -> None:
        self._days: dict[int, array[float]] = {}

    def add(self, at_s: float, value: float) -> None:
        """Add a sample at an instant, in seconds since 1970."""
        day, second = divmod(int(at_s), DAY_S)
        cells = self._days.get(day)
        if cells is None:
            cells = self._days[day] = array("d", bytes(8 * 3 * QUARTERS))
        place = 3 * (second // QUARTER_S)
        if cells[place + 1] == 0 or value < cells[place + 2]:
            cells[place + 2] = value
        cells[place] += value
        cells[place + 1] += 1

    def within(self, start_s: float, end_s: float) -> tuple[float, float] | None:
        """Mean and minimum over the quarters of an hour that begin in the closed interval; null without a sample."""
        total = count = 0.0
        lowest = float("inf")
        quarter = -(-int(start_s) // QUARTER_S)
        while quarter * QUARTER_S <= end_s:
            day, place = divmod(quarter, QUARTERS)
            cells = self._days.get(day)
            if cells is not None and cells[3 * place + 1]:
                total += cells[3 * place]
                count += cells[3 * place + 1]
                lowest = min(lowest, cells[3 * place + 2])
            quarter += 1
        return (total / count, lowest) if count else None


class Steps:
    """Steps by hour of the local clock and source, from which days are made without adding up phone and watch.

    Of each hour the source with the most steps counts, alone: a phone in a pocket and a watch on the wrist count the
    same steps, and whichever was worn for more of the hour has more of them.
    """

    def __init__(self) -> None:
        self._days: dict[tuple[int, int], array[float]] = {}

    def add(self, source: int, start: datetime, end: datetime, count: float) -> None:
        """Spread the steps of a record evenly over its time."""
        length = (end - start).total_seconds()
        if length <= 0:
            self._put(source, start, count)
            return
        while start < end:
            following = start.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
            stop = min(following, end)
            self._put(source, start, count * (stop - start).total_seconds() / length)
            start = stop

    def _put(self, source: int, at: datetime, count: float) -> None:
        key = (source, at.toordinal())
        cells = self._days.get(key)
        if cells is None:
            cells = self._days[key] = array("d", bytes(8 * HOURS))
        cells[at.hour] += count

    def days(self) -> Iterator[tuple[date, float, int]]:
        """Local date, steps, and the source that gave most of them."""
        by_day: dict[int, list[tuple[int, array[float]]]] = {}
        for (source, day), cells in self._days.items():
            by_day.setdefault(day, []).append((source, cells))
        for day, group in sorted(by_day.items()):
            total = sum(max(cells[hour] for _, cells in group) for hour in range(HOURS))
            leader = max(group, key=lambda item: sum(item[1]))[0]
            yield date.fromordinal(day), total, leader
