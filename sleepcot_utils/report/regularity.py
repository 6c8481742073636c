"""How regular nights are, and what they owe: sleep regularity index, social jetlag, sleep debt, trends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from sleepcot_utils.report.facts import FREE_DAYS, MIN_NIGHTS, MIN_TREND_NIGHTS
from sleepcot_utils.report.windows import DAY_MIN, Window

NOON = pd.Timedelta(hours=12)
#: Pairs of neighboring days without which no regularity index is given: a working week with its weekend. A choice.
MIN_DAY_PAIRS = 5
#: Free days behind a social jetlag; work days need `MIN_NIGHTS`. As for the fact ``weekend_shift``.
MIN_FREE_DAYS = 2
#: Dates that a sleep debt looks back over, and known nights without which it is not given. Five nights make a weekly
#: mean with a reliability of .80 (1,041 wearers of Fitbit); ten of fourteen is the same share, a choice.
DEBT_NIGHTS = {7: 5, 14: 10}
#: Longest window to least nights behind a spread of time asleep: 5 in a week and 11 in a month reach a reliability of
#: .60 in the same study; 8 in two weeks is a choice between them.
SPREAD_NIGHTS = {7: 5, 14: 8, 31: 11}


def sleep_regularity_index(asleep: np.ndarray) -> float:
    """Sleep regularity index: 100 where every two times 24 h apart are both asleep or both awake, 0 as by chance.

    ``-100 + 200 * agreeing pairs / pairs`` over all pairs of times 24 h apart of which both are known, as Phillips et
    al. 2017 define it (https://doi.org/10.1038/s41598-017-03171-4).

    Parameters
    ----------
    asleep : numpy.ndarray
        Shape (days, epochs a day): 1 asleep, 0 awake, ``nan`` not known. Rows are consecutive days.

    Returns
    -------
    float
        From -100 to 100; ``nan`` where no pair is known.

    Examples
    --------
    >>> sleep_regularity_index(np.array([[1.0, 1, 0, 0], [1, 1, 1, 0]]))
    50.0
    """
    change = np.abs(np.diff(asleep, axis=0))
    known = ~np.isnan(change)
    if not known.any():
        return math.nan
    return float(100 - 200 * change[known].mean())


def minutes_asleep(nights: pd.DataFrame) -> np.ndarray:
    """Minute by minute, from noon to noon, whether one person slept.

    Asleep from the start of a recorded sleep (after the time to fall asleep, where that is known) to its end, naps
    with clock times too. Waking inside a night has no place on the clock in the nightly table, so it counts as
    asleep, and an index from this lies above one from 30-second stages. A day without a main night with clock times is
    not known.

    Parameters
    ----------
    nights : pandas.DataFrame
        Rows of one person of the nightly table, in a span of dates.

    Returns
    -------
    numpy.ndarray
        Shape (dates of the span, 1440). Empty where no main night has clock times.
    """
    timed = nights[nights["start_local"].notna() & nights["end_local"].notna()]
    main = timed[timed["sleep_kind"] == "main"]
    if main.empty:
        return np.empty((0, DAY_MIN))
    first = main["night_date"].min() - NOON
    days = int((main["night_date"].max() - main["night_date"].min()).days) + 1
    asleep = np.zeros(days * DAY_MIN)
    latency_min = timed["sleep_onset_latency_min"].fillna(0).to_numpy()
    start = (timed["start_local"] - first).dt.total_seconds().to_numpy() / 60 + latency_min
    end = (timed["end_local"] - first).dt.total_seconds().to_numpy() / 60
    for begin, stop in zip(start.round().astype(int), end.round().astype(int), strict=True):
        asleep[max(begin, 0) : max(stop, 0)] = 1
    by_day = asleep.reshape(days, DAY_MIN)
    known = np.zeros(days, dtype=bool)
    known[[int(gap.days) for gap in main["night_date"] - main["night_date"].min()]] = True
    by_day[~known] = math.nan
    return by_day


def regularity(nights: pd.DataFrame) -> tuple[float, int]:
    """Sleep regularity index of one person and the pairs of days behind it; ``nan`` below `MIN_DAY_PAIRS`."""
    asleep = minutes_asleep(nights)
    known = ~np.isnan(asleep).any(axis=1)
    pairs = int((known[1:] & known[:-1]).sum())
    return (sleep_regularity_index(asleep) if pairs >= MIN_DAY_PAIRS else math.nan), pairs


@dataclass(frozen=True)
class SocialJetlag:
    """Shift of sleep between work days and free days.

    Attributes
    ----------
    plain_min : float
        Middle of the sleep on free days minus that on work days (Wittmann et al. 2006); later is positive.
    corrected_min : float
        Without what is sleeping in to pay a debt (Jankowski 2017): distance of the onsets, or of the ends where sleep
        on work days is the longer one and does not end later. Never negative.
    free_nights, work_nights : int
        Nights behind it.
    """

    plain_min: float
    corrected_min: float
    free_nights: int
    work_nights: int


def social_jetlag(window: Window) -> SocialJetlag:
    """Social jetlag of the Munich Chronotype Questionnaire, with measured nights in place of answers.

    Onset and end of sleep are start and end of the time in bed, because most devices know no others; free days are
    Saturday and Sunday (nights that end on them). Both are conventions.
    """
    onset, length = window.bedtime_min, window["time_in_bed_min"]
    known = ~(np.isnan(onset) | np.isnan(length))
    free = known & np.isin(window.weekday, FREE_DAYS)
    work = known & ~free
    counts = int(free.sum()), int(work.sum())
    if counts[0] < MIN_FREE_DAYS or counts[1] < MIN_NIGHTS:
        return SocialJetlag(math.nan, math.nan, *counts)
    return SocialJetlag(
        *jetlag_min(onset[work].mean(), length[work].mean(), onset[free].mean(), length[free].mean()), *counts
    )


def jetlag_min(
    work_onset_min: float, work_sleep_min: float, free_onset_min: float, free_sleep_min: float
) -> tuple[float, float]:
    """Plain and corrected social jetlag in minutes from mean onsets (on one clock) and lengths of sleep.

    Examples
    --------
    >>> jetlag_min(60, 360, 60, 480)  # 01:00 to 07:00 on work days, 01:00 to 09:00 on free days
    (60.0, 0.0)
    """
    ends = free_onset_min + free_sleep_min - work_onset_min - work_sleep_min
    onsets = free_onset_min - work_onset_min
    plain = onsets + (free_sleep_min - work_sleep_min) / 2
    corrected = ends if work_sleep_min > free_sleep_min and ends >= 0 else onsets
    return float(plain), float(abs(corrected))


def sleep_debt(asleep_min: np.ndarray, day: np.ndarray, span: int, limit_min: float) -> tuple[float, int]:
    """Minutes by which the last dates fall short of a limit together.

    Sum over the known nights of limit minus time asleep; longer nights pay back minute for minute, and the sum is not
    below 0. What was slept before counts for nothing, nor do naps. A convention: how debt is paid back is not known.

    Parameters
    ----------
    asleep_min, day : numpy.ndarray
        Time asleep and date (days since 1970-01-01) of each night, sorted.
    span : int
        Dates to look back over from the last one, a key of `DEBT_NIGHTS`.
    limit_min : float
        Lower limit of the recommended time asleep.

    Returns
    -------
    float
        ``nan`` where fewer nights are known than `DEBT_NIGHTS` asks for.
    int
        Known nights in the span.
    """
    recent = asleep_min[day > day.max() - span] if len(day) else asleep_min
    known = recent[~np.isnan(recent)]
    if len(known) < DEBT_NIGHTS[span]:
        return math.nan, len(known)
    return max(0.0, float((limit_min - known).sum())), len(known)


def spread_of(values: np.ndarray, window_nights: int) -> tuple[float, int, int]:
    """Standard deviation over the known nights, their number, and the number that a window of this length needs."""
    known = values[~np.isnan(values)]
    needed = next((least for longest, least in SPREAD_NIGHTS.items() if window_nights <= longest), len(values) + 1)
    return (float(known.std(ddof=1)) if len(known) >= needed else math.nan), len(known), needed


@dataclass(frozen=True)
class Trend:
    """Straight line through the nights.

    Attributes
    ----------
    direction : str
        ``rising``, ``falling``, ``no clear trend`` or ``too few nights``.
    a_week, low, high : float
        Theil-Sen slope in units a week with its 95 % interval; ``nan`` where there are too few nights.
    nights : int
        Nights behind it.
    """

    direction: str
    a_week: float
    low: float
    high: float
    nights: int


def trend_of(values: np.ndarray, day: np.ndarray, digits: int = 0) -> Trend:
    """Theil-Sen trend of a nightly value; nothing is claimed below `MIN_TREND_NIGHTS` or if the interval holds 0.

    Parameters
    ----------
    values, day : numpy.ndarray
        Value and date (days since 1970-01-01) of each night.
    digits : int
        Digits to which slope and interval are rounded; the direction follows from what is shown.
    """
    known = ~np.isnan(values)
    count = int(known.sum())
    if count < MIN_TREND_NIGHTS:
        return Trend("too few nights", math.nan, math.nan, math.nan, count)
    fit = stats.theilslopes(values[known], day[known].astype(float), alpha=0.95)
    slope, low, high = (round(7 * float(part), digits) + 0.0 for part in (fit.slope, fit.low_slope, fit.high_slope))
    direction = "rising" if low > 0 else "falling" if high < 0 else "no clear trend"
    return Trend(direction, slope, low, high, count)
