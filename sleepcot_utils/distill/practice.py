"""What the embedded base practices before it meets a teacher: reading reports, comparing, ranking, plain arithmetic.

Nothing here holds an answer of the teacher or a test question: exercises speak of fields, numbers and order, never of
levels, drivers or advice. The people are simulated apart from those of any study run.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sleepcot_utils.report.facts import Fact
from sleepcot_utils.report.reports import Report, norm_text, number_text, report_text
from sleepcot_utils.tasks.build import SYSTEM_PROMPT

Turn = tuple[str, str]


def practice_conversation(report: Report, rng: np.random.Generator, turns: int) -> list[dict[str, str]]:
    """A report followed by short exercises on it, as a conversation of user and assistant turns."""
    messages = [{"role": "system", "content": SYSTEM_PROMPT}]
    for turn in range(turns):
        exercise = _ON_REPORT[int(rng.integers(len(_ON_REPORT)))]
        question, answer = exercise(report, rng)
        if turn == 0:
            question = f"{report_text(report)}\n{question}"
        messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return messages


def drill_conversation(rng: np.random.Generator, turns: int) -> list[dict[str, str]]:
    """Exercises on bare numbers."""
    messages = [{"role": "system", "content": "You are a sleep coach."}]
    for _ in range(turns):
        question, answer = _DRILLS[int(rng.integers(len(_DRILLS)))](rng)
        messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return messages


def _known(report: Report, rng: np.random.Generator, count: int = 1) -> list[Fact]:
    facts = [fact for fact in report.facts.values() if fact.known]
    picked = rng.permutation(len(facts))[:count]
    return [facts[i] for i in sorted(picked)]


def _value(fact: Fact) -> str:
    return (
        f"{number_text(fact)} of {fact.nights} nights" if fact.unit == "nights" else f"{number_text(fact)} {fact.unit}"
    )


def _side(fact: Fact) -> str:
    """Where a value lies against the interval that the report prints."""
    if fact.low is not None and fact.value < fact.low:
        return f"under {fact.low:.0f}"
    if fact.high is not None and fact.value > fact.high:
        return f"over {fact.high:.0f}"
    return "inside" if fact.low is not None or fact.high is not None else "no norm"


def _read_one(report: Report, rng: np.random.Generator) -> Turn:
    facts = list(report.facts.values())
    fact = facts[int(rng.integers(len(facts)))]
    return f"Read out: {fact.label}", _value(fact) if fact.known else "not measured"


def _read_norm(report: Report, rng: np.random.Generator) -> Turn:
    (fact,) = _known(report, rng)
    return f"Which norm is given for {fact.label}?", norm_text(fact).strip(" ()") or "no norm"


def _read_many(report: Report, rng: np.random.Generator) -> Turn:
    facts = _known(report, rng, 5)
    return "Read out: " + ", ".join(f.label for f in facts), "\n".join(f"{f.label} {_value(f)}" for f in facts)


def _compare_one(report: Report, rng: np.random.Generator) -> Turn:
    (fact,) = _known(report, rng)
    return f"Place {fact.label} against its range.", f"{fact.label} {number_text(fact)} is {_side(fact)}"


def _compare_all(report: Report, rng: np.random.Generator) -> Turn:
    facts = [fact for fact in report.facts.values() if fact.known and (fact.low is not None or fact.high is not None)]
    start = int(rng.integers(max(len(facts) - 5, 1)))
    chosen = facts[start : start + 7]
    lines = "\n".join(f"{fact.label} {number_text(fact)}: {_side(fact)}" for fact in chosen)
    return f"Place {len(chosen)} lines from {chosen[0].label} on against their ranges.", lines or "no norm"


def _outside(report: Report, rng: np.random.Generator) -> Turn:
    names = [fact.label for fact in report.facts.values() if fact.known and _side(fact)[:4] in ("unde", "over")]
    return "Which lines lie outside their range?", ", ".join(names) or "none"


def _missing(report: Report, rng: np.random.Generator) -> Turn:
    return "Which lines are not measured?", ", ".join(report.missing) or "none"


def _person(report: Report, rng: np.random.Generator) -> Turn:
    age = f"age {report.age_y:.0f}" if report.age_y is not None else "age not given"
    return "Who is the person?", f"{age}, {report.sex or 'sex not given'}, {report.nights} nights"


def _larger(report: Report, rng: np.random.Generator) -> Turn:
    facts = _known(report, rng, 2)
    if len(facts) < 2:
        return _read_one(report, rng)
    a, b = facts
    word = "larger than" if a.value > b.value else "smaller than" if a.value < b.value else "equal to"
    return f"Compare {a.label} and {b.label}.", f"{number_text(a)} is {word} {number_text(b)}"


def _two(rng: np.random.Generator) -> tuple[int, int]:
    """Two numbers that are often close, of one to three digits."""
    top = int(rng.choice([20, 100, 700]))
    a = int(rng.integers(0, top))
    b = int(np.clip(a + rng.integers(-12, 13), 0, 999)) if rng.random() < 0.5 else int(rng.integers(0, top))
    return a, b


def _drill_compare(rng: np.random.Generator) -> Turn:
    a, b = _two(rng)
    word = "over" if a > b else "under" if a < b else "equal to"
    return f"{a} against {b}?", f"{a} {word} {b}"


def _drill_inside(rng: np.random.Generator) -> Turn:
    low, high = sorted(_two(rng))
    value = int(rng.integers(max(low - 20, 0), high + 21))
    side = f"under {low}" if value < low else f"over {high}" if value > high else "inside"
    return f"{value} against {low} to {high}?", f"{value} is {side}"


def _drill_sort(rng: np.random.Generator) -> Turn:
    numbers = [int(n) for n in rng.integers(0, 700, 4)]
    return f"Sort {', '.join(map(str, numbers))}.", ", ".join(map(str, sorted(numbers)))


def _drill_subtract(rng: np.random.Generator) -> Turn:
    a, b = sorted(_two(rng))
    return f"{b} minus {a}?", f"{b} - {a} = {b - a}"


_ON_REPORT: list[Callable[[Report, np.random.Generator], Turn]] = [
    _read_one, _read_one, _read_norm, _read_many, _compare_one, _compare_one, _compare_all, _compare_all, _compare_all,
    _outside, _outside, _missing, _person, _larger,
]  # fmt: skip
_DRILLS: list[Callable[[np.random.Generator], Turn]] = [_drill_compare, _drill_inside, _drill_sort, _drill_subtract]
