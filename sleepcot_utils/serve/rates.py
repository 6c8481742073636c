"""How often one key may ask: a bucket of requests for each, which fills up again with time."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

#: Callers that are remembered; beyond it those who have asked longest ago are forgotten, which fills their bucket.
MOST_CALLERS = 10_000


class Rates:
    """Requests that each caller has left.

    Parameters
    ----------
    per_minute : int
        Requests that come back in a minute, and the most that may come at once.
    clock : callable
        Seconds that only grow.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, caller: str) -> int:
        """Take one request; 0 if there was one, else the seconds until there is."""
        now = self._clock()
        left, since = self._left.pop(caller, (float(self._per_minute), now))
        left = min(self._per_minute, left + (now - since) * self._per_minute / 60)
        may = left >= 1
        self._left[caller] = (left - 1 if may else left, now)
        if len(self._left) > MOST_CALLERS:
            self._left.popitem(last=False)
        return 0 if may else max(1, math.ceil((1 - left) * 60 / self._per_minute))
