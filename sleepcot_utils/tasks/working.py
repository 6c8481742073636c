"""Working: a sum in steps so small that each can be seen to be right, the way it is taught at school."""

from __future__ import annotations

from sleepcot_utils.report.reports import clock_text

HOUR_MIN = 60


def subtraction(minuend: int, subtrahend: int) -> list[str]:
    """Lines that subtract digit by digit from the right, with each borrow written down.

    Parameters
    ----------
    minuend, subtrahend : int
        From 0 to 999; the subtrahend is not the larger one.

    Examples
    --------
    >>> subtraction(468, 388)
    ['8 - 8 = 0', 'borrow, 16 - 8 = 8', '4 - 1 = 3, 3 - 3 = 0']
    """
    top, low, lines, owed = f"{minuend:03d}", f"{subtrahend:03d}", [], 0
    for place in (2, 1, 0):
        upper, lower = int(top[place]) - owed, int(low[place])
        taken = f"{top[place]} - 1 = {upper}, " if owed else ""
        owed = int(upper < lower)
        lent = f"borrow, {upper + 10} - {lower}" if owed else f"{upper} - {lower}"
        lines.append(f"{taken}{lent} = {upper + 10 * owed - lower}")
    return lines


def addition_to_clock(clock_min: float, minutes: float) -> list[str]:
    """Lines that add minutes to a clock time: first the whole hours, then the rest.

    Parameters
    ----------
    clock_min : float
        Minutes after midnight.

    Examples
    --------
    >>> addition_to_clock(41, 402)
    ['00:41 + 6 h = 06:41', '06:41 + 42 min = 07:23']
    """
    hours, rest = divmod(round(minutes), HOUR_MIN)
    start, then, end = (clock_text(clock_min + added) for added in (0, hours * HOUR_MIN, round(minutes)))
    return [f"{start} + {hours} h = {then}", f"{then} + {rest} min = {end}"]
