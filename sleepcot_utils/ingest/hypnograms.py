"""The course of a sleep: stages, stretches of them, and how overlapping records of them become one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise


class Stage(StrEnum):
    """State of a sleeper; ``ASLEEP`` is sleep whose stage is not known."""

    WAKE = "wake"
    LIGHT = "light"
    DEEP = "deep"
    REM = "rem"
    ASLEEP = "asleep"


SLEEP_STAGES = frozenset({Stage.LIGHT, Stage.DEEP, Stage.REM, Stage.ASLEEP})


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one stage, in seconds since the start of its episode.

    Elapsed time and not clock time, so that a change of clocks in the night shifts nothing.
    """

    start_s: float
    end_s: float
    stage: Stage


def paint(*layers: Iterable[Segment], length_s: float | None = None) -> tuple[Segment, ...]:
    """Lay segments over each other, later ones on top, and return them sorted, without overlap, equals joined.

    Parameters
    ----------
    *layers : iterable of Segment
        From the lowest to the topmost; within a layer the order counts likewise.
    length_s : float, optional
        Segments are cut at 0 and at this many seconds.

    Examples
    --------
    >>> night = [Segment(0, 600, Stage.LIGHT)]
    >>> [(part.start_s, part.stage.value) for part in paint(night, [Segment(120, 150, Stage.WAKE)])]
    [(0, 'light'), (120, 'wake'), (150, 'light')]
    """
    parts = [part for layer in layers for part in layer]
    if length_s is not None:
        parts = [Segment(max(part.start_s, 0), min(part.end_s, length_s), part.stage) for part in parts]
    parts = [part for part in parts if part.end_s > part.start_s]
    if _in_order(parts):
        return _joined(parts)
    edges = sorted({edge for part in parts for edge in (part.start_s, part.end_s)})
    place = {edge: index for index, edge in enumerate(edges)}
    colors: list[Stage | None] = [None] * max(len(edges) - 1, 0)
    for part in parts:
        first, last = place[part.start_s], place[part.end_s]
        colors[first:last] = [part.stage] * (last - first)
    painted = [Segment(start, end, stage) for start, end, stage in zip(edges, edges[1:], colors, strict=False) if stage]
    return _joined(painted)


def _in_order(parts: Sequence[Segment]) -> bool:
    return all(one.end_s <= other.start_s for one, other in pairwise(parts))


def _joined(parts: Sequence[Segment]) -> tuple[Segment, ...]:
    joined: list[Segment] = []
    for part in parts:
        if joined and joined[-1].stage is part.stage and joined[-1].end_s == part.start_s:
            joined[-1] = Segment(joined[-1].start_s, part.end_s, part.stage)
        else:
            joined.append(part)
    return tuple(joined)
