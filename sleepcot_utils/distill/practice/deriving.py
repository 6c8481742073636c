"""Working with the values of a report: differences, clock times, ranking, and rules stated in the question."""

from __future__ import annotations

import numpy as np

from sleepcot_utils.distill.practice.arithmetic import clock_steps
from sleepcot_utils.distill.practice.reading import has_range, known, outside, read_many, side
from sleepcot_utils.distill.practice.turns import Turn, question, sample, words
from sleepcot_utils.report.facts import Fact
from sleepcot_utils.report.reports import Report, number_text

_MINUTES = ("total_sleep", "time_in_bed", "sleep_latency", "wake_after_onset", "deep_sleep", "rem_sleep")


def _in_range_of(report: Report, rng: np.random.Generator, count: int) -> list[Fact]:
    return sample([fact for fact in report.facts.values() if has_range(fact)], count, rng)


def gap(report: Report, rng: np.random.Generator) -> Turn:
    """How far a value lies from the limit that it misses."""
    missed = outside(report)
    fact = sample(missed, 1, rng)[0] if missed and rng.random() < 0.8 else _in_range_of(report, rng, 1)[0]
    asked, shown = question("gap", rng, label=fact.label), number_text(fact)
    if fact not in missed:
        return asked, f"{fact.label} {shown} is inside"
    limit = fact.low if side(fact).startswith("under") else fact.high
    assert limit is not None
    more, less = (f"{limit:.0f}", shown) if fact.value < limit else (shown, f"{limit:.0f}")
    # A breathing rate may have one digit after the point; its difference has as many.
    digits = len(shown.partition(".")[2])
    return asked, f"{more.lstrip('+')} - {less.lstrip('+')} = {abs(fact.value - limit):.{digits}f}"


def report_minus(report: Report, rng: np.random.Generator) -> Turn:
    """The difference of two durations of the report."""
    facts = [report.facts[name] for name in _MINUTES if report.facts[name].known]
    if rng.random() < 0.5 and len(facts) > 1:
        facts = facts[:2]
    if len(facts) < 2:
        return read_many(report, rng)
    a, b = sorted(sample(facts, 2, rng), key=lambda fact: -fact.value)
    return question(
        "report_minus", rng, a=a.label, b=b.label
    ), f"{a.value:.0f} - {b.value:.0f} = {a.value - b.value:.0f}"


def in_hours(report: Report, rng: np.random.Generator) -> Turn:
    """A duration of the report in hours and minutes."""
    facts = [report.facts[name] for name in _MINUTES if report.facts[name].known and report.facts[name].value >= 60]
    if not facts:
        return read_many(report, rng)
    (fact,) = sample(facts, 1, rng)
    hours, minutes = divmod(int(fact.value), 60)
    return question("in_hours", rng, label=fact.label), f"{fact.label} {fact.value:.0f} min = {hours} h {minutes} min"


def rise(report: Report, rng: np.random.Generator) -> Turn:
    """The clock time at which the time in bed is over."""
    bed = report.facts["time_in_bed"]
    if report.bedtime is None or not bed.known:
        return question("rise", rng), "not measured"
    hours, minutes = report.bedtime.split(":")
    return question("rise", rng), clock_steps(60 * int(hours) + int(minutes), int(bed.value))


def furthest(report: Report, rng: np.random.Generator) -> Turn:
    """The largest of several lines, with the best so far after each."""
    facts = known(report, rng, int(rng.integers(3, 6)))
    best, lines = facts[0], []
    for fact in facts:
        best = fact if fact.value > best.value else best
        lines.append(f"{fact.label} {number_text(fact)}, best {best.label} {number_text(best)}")
    asked = question("furthest", rng, labels=", ".join(fact.label for fact in facts))
    return asked, "\n".join([*lines, f"largest: {best.label}"])


def first_in_order(report: Report, rng: np.random.Generator) -> Turn:
    """Of lines in a stated order, the first that misses its range."""
    facts = _in_range_of(report, rng, int(rng.integers(3, 6)))
    lines = []
    for fact in facts:
        lines.append(f"{fact.label} {number_text(fact)} is {side(fact)}")
        if side(fact) != "inside":
            break
    else:
        lines.append("none")
    return question("first_in_order", rng, order=", ".join(fact.label for fact in facts)), "\n".join(lines)


def efficiency_gap(report: Report, rng: np.random.Generator) -> Turn:
    """The two shares of the alcohol line."""
    asked = question("efficiency_gap", rng)
    if report.alcohol is None:
        return asked, "too few nights"
    after, other = (round(report.alcohol[name]) for name in ("after_pct", "otherwise_pct"))
    word = "smaller than" if after < other else "larger than" if after > other else "equal to"
    return asked, f"{after} is {word} {other}, apart by {abs(after - other)}"


def grade(report: Report, rng: np.random.Generator) -> Turn:
    """Words for inside and outside that only this question knows; those outside are collected at the end."""
    facts = _in_range_of(report, rng, int(rng.integers(2, 14)))
    w0, w1 = sample(words()["rule_words"], 2, rng)
    asked = question("grade", rng, w0=w0, w1=w1, labels=", ".join(fact.label for fact in facts))
    lines = [f"{f.label} {number_text(f)} is {side(f)}: {w0 if side(f) == 'inside' else w1}" for f in facts]
    collected = ", ".join(fact.label for fact in facts if side(fact) != "inside")
    return asked, "\n".join([*lines, f"{w1}: {collected or 'none'}"])


def two_limits(report: Report, rng: np.random.Generator) -> Turn:
    """Two limits on one side, of which the further one outranks the nearer."""
    (fact,) = known(report, rng)
    down = bool(rng.random() < 0.5)
    width = max(int(abs(fact.value) * 0.3), 4)
    near = int(fact.value) + int(rng.integers(-width, width + 1))
    far = near + (-1 if down else 1) * int(rng.integers(1, width + 1))
    w0, w1, w2 = sample(words()["rule_words"], 3, rng)
    beyond = [(fact.value < limit) if down else (fact.value > limit) for limit in (far, near)]
    word = "under" if down else "over"
    asked = question("two_limits", rng, label=fact.label, w0=w0, w1=w1, w2=w2, side=word, near=near, far=far)
    says = f"{word} {far}: {w2}" if beyond[0] else f"{word} {near}: {w1}" if beyond[1] else f"not {word} {near}: {w0}"
    return asked, f"{fact.label} {number_text(fact)} is {says}"


def decide(report: Report, rng: np.random.Generator) -> Turn:
    """A list of rules taken in turn until one holds; a line that is not measured is passed over."""
    facts = sample(list(report.facts.values()), int(rng.integers(2, 5)), rng)
    *said, other = sample(words()["rule_words"], len(facts) + 1, rng)
    rules, lines, verdict = [], [], ""
    for fact, word in zip(facts, said, strict=True):
        over = bool(rng.random() < 0.5)
        middle = fact.value if fact.known else float(rng.integers(5, 100))
        limit = int(middle) + int(rng.integers(-max(int(abs(middle) * 0.3), 3), max(int(abs(middle) * 0.3), 3) + 1))
        name = "over" if over else "under"
        rules.append(f"If {fact.label} is {name} {limit} say {word}.")
        if verdict:
            continue
        if not fact.known:
            lines.append(f"{fact.label} not measured: next")
        elif fact.value > limit if over else fact.value < limit:
            lines.append(f"{fact.label} {number_text(fact)} is {name} {limit}: {word}")
            verdict = word
        else:
            lines.append(f"{fact.label} {number_text(fact)} is not {name} {limit}: next")
    asked = question("decide", rng, rules=" ".join(rules), other=other)
    return asked, "\n".join([*lines, f"say {verdict or other}"])
