"""Shares of hits with their interval."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from statsmodels.stats.proportion import proportion_confint


class Share(NamedTuple):
    """Hits among trials: their share and its 95 % Wilson interval."""

    n: int
    hits: int
    share: float
    low: float
    high: float


def share_of(hits: Iterable[bool]) -> Share:
    """Share of hits; NaN, from 0 to 1, without any trial.

    Notes
    -----
    Wilson 1927, J Am Stat Assoc 22:209-212.

    Examples
    --------
    >>> found = share_of([True] * 81 + [False] * 182)
    >>> found.n, found.hits, round(found.share, 3), round(found.low, 4), round(found.high, 4)
    (263, 81, 0.308, 0.2553, 0.3662)
    """
    trials = [bool(hit) for hit in hits]
    if not trials:
        return Share(0, 0, float("nan"), 0.0, 1.0)
    count = sum(trials)
    low, high = proportion_confint(count, len(trials), alpha=0.05, method="wilson")
    return Share(len(trials), count, count / len(trials), float(low), float(high))
