"""Plain arithmetic, with the working written down where it has one: sums, clock times, units, shares."""

from __future__ import annotations

import numpy as np

from sleepcot_utils.distill.practice.turns import Turn, question
from sleepcot_utils.report.reports import clock_text
from sleepcot_utils.tasks.working import addition_to_clock, subtraction

DAY_MIN = 24 * 60


def two_numbers(rng: np.random.Generator) -> tuple[int, int]:
    """Two whole numbers of one to three digits, often close to each other."""
    top = int(rng.choice([20, 100, 700, 700]))
    a = int(rng.integers(0, top))
    b = int(np.clip(a + rng.integers(-12, 13), 0, 999)) if rng.random() < 0.3 else int(rng.integers(0, top))
    return a, b


def subtract(rng: np.random.Generator) -> Turn:
    """The difference in one line."""
    b, a = sorted(two_numbers(rng))
    return question("subtract", rng, a=a, b=b), f"{a} - {b} = {a - b}"


def add(rng: np.random.Generator) -> Turn:
    """The sum in one line."""
    a, b = two_numbers(rng)
    return question("add", rng, a=a, b=b), f"{a} + {b} = {a + b}"


def borrow(rng: np.random.Generator) -> Turn:
    """The difference digit by digit from the right, with each borrow written down."""
    b, a = sorted((int(rng.integers(0, 1000)), int(rng.integers(0, 1000))))
    lines = [f"{a:03d}", f"{b:03d}", *subtraction(a, b), f"{a} - {b} = {a - b}"]
    return question("borrow", rng, a=a, b=b), "\n".join(lines)


def against(rng: np.random.Generator) -> Turn:
    """Which of two numbers is larger."""
    a, b = two_numbers(rng)
    word = "over" if a > b else "under" if a < b else "equal to"
    return question("against", rng, a=a, b=b), f"{a} is {word} {b}"


def inside(rng: np.random.Generator) -> Turn:
    """A number against a range."""
    low, high = sorted(two_numbers(rng))
    value = int(rng.integers(max(low - 20, 0), high + 21))
    said = f"under {low}" if value < low else f"over {high}" if value > high else "inside"
    return question("inside", rng, a=value, low=low, high=high), f"{value} is {said}"


def clock_steps(start: int, added: int) -> str:
    """Clock time plus minutes in steps: hours and minutes apart, sixty minutes to the hour, a day taken off.

    Examples
    --------
    >>> print(clock_steps(1336, 493))
    493 min = 8 h 13 min
    22:16 + 8 h = 06:16
    06:16 + 13 min = 06:29
    """
    said = f"{added} min = {added // 60} h {added % 60} min"
    return "\n".join([said, *addition_to_clock(start, added)])


def _start(rng: np.random.Generator) -> int:
    """Minutes after midnight; three of four in the evening or the night."""
    return int(rng.integers(20 * 60, 27 * 60)) % DAY_MIN if rng.random() < 0.75 else int(rng.integers(DAY_MIN))


def clock_plus(rng: np.random.Generator) -> Turn:
    """Clock time plus minutes, in steps."""
    start, added = _start(rng), int(rng.integers(5, 660))
    return question("clock_plus", rng, clock=clock_text(start), n=added), clock_steps(start, added)


def clock_hours(rng: np.random.Generator) -> Turn:
    """Clock time plus hours and minutes, in one line."""
    start, added = _start(rng), int(rng.integers(60, 660))
    hours, minutes = divmod(added, 60)
    asked = question("clock_hours", rng, clock=clock_text(start), h=hours, m=minutes)
    return asked, f"{clock_text(start)} + {hours} h {minutes} min = {clock_text(start + added)}"


def clock_between(rng: np.random.Generator) -> Turn:
    """Minutes from one clock time to a later one: up to the full hour, the hours, the rest."""
    start = _start(rng)
    length = int(rng.integers(5, 660))
    end = start + length
    asked = question("clock_between", rng, a=clock_text(start), b=clock_text(end))
    full = min(-(-start // 60) * 60, end)
    hours = (end - full) // 60
    rest = length - (full - start) - 60 * hours
    return asked, (
        f"{clock_text(start)} to {clock_text(full)} is {full - start} min\n"
        f"{clock_text(full)} to {clock_text(full + 60 * hours)} is {hours} h, {60 * hours} min\n"
        f"then {rest} min\n{full - start} + {60 * hours} + {rest} = {length} min"
    )


def to_hours(rng: np.random.Generator) -> Turn:
    """Minutes as hours and minutes."""
    n = int(rng.integers(20, 720))
    return question("to_hours", rng, n=n), f"{n} min = {n // 60} h {n % 60} min"


def to_minutes(rng: np.random.Generator) -> Turn:
    """Hours and minutes as minutes."""
    hours, minutes = int(rng.integers(0, 12)), int(rng.integers(0, 60))
    asked = question("to_minutes", rng, h=hours, m=minutes)
    return asked, f"{60 * hours} + {minutes} = {60 * hours + minutes} min"


def percent(rng: np.random.Generator) -> Turn:
    """A count of nights as a share of all nights."""
    b = int(rng.integers(3, 31)) if rng.random() < 0.4 else int(rng.integers(7, 15))
    a = int(rng.integers(0, b + 1))
    return question("percent", rng, a=a, b=b), f"{a} of {b} is {int(100 * a / b + 0.5)} %"


def share(rng: np.random.Generator) -> Turn:
    """A round share of a number, by way of a tenth."""
    tens, p = int(rng.integers(1, 70)), int(rng.choice([10, 20, 30, 50, 80, 90]))
    asked = question("share", rng, p=p, n=10 * tens)
    return asked, f"10 % is {tens}, {p} % is {tens * p // 10}"
