"""How many servers a number of people needs, from what one of them was measured to do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.figures.labels import need_columns

#: One more than the load needs, so that one may be updated or fail.
SPARE = 1
#: Memory to ask for, as a multiple of the most that one process was seen to hold; a choice.
MEMORY_TIMES = 2.0


@dataclass(frozen=True)
class Size:
    """What a load needs.

    Attributes
    ----------
    clients : int
        People that one replica answers at once within the longest wait; 0 if not even one.
    answers_per_s : float
        Answers a second that it gives them.
    replicas : int
        How many to start, with one to spare; 0 if no number of them is fast enough.
    memory_mib : float
        Memory to ask for, for each.
    """

    clients: int
    answers_per_s: float
    replicas: int
    memory_mib: float


def size_for(load: pd.DataFrame, *, longest_s: float, busiest_per_s: float, peak_mib: float) -> Size:
    """Replicas for a load, ``ceil(P / R) + 1``.

    *R* is the most answers a second that one replica gave while 99 of 100 came within the longest wait and none was
    refused; *P* is what is asked at the busiest time. More replicas shorten the wait in a queue, and never that for one
    answer.

    Parameters
    ----------
    load : pandas.DataFrame
        Of `load.load_table`.
    longest_s : float
        Longest wait, for 99 of 100 answers.
    busiest_per_s : float
        Questions a second at the busiest time.
    peak_mib : float
        The most memory that one process held under that load.

    Raises
    ------
    ParameterError
        If a number is not above zero.
    """
    need_columns(load, ("clients", "answers_per_s", "p99_s", "refused"), where="table of the load test")
    for name, value in (("longest_s", longest_s), ("busiest_per_s", busiest_per_s)):
        if not value > 0:
            raise ParameterError(f"{value} can't be planned for", where=name, expected="a number above 0")
    in_time = load[(load["p99_s"] <= longest_s) & (load["refused"] == 0)]
    memory_mib = MEMORY_TIMES * peak_mib
    if in_time.empty:
        return Size(0, 0.0, 0, memory_mib)
    best = in_time.loc[in_time["answers_per_s"].idxmax()]
    rate = float(best["answers_per_s"])
    return Size(int(in_time["clients"].max()), rate, math.ceil(busiest_per_s / rate) + SPARE, memory_mib)
