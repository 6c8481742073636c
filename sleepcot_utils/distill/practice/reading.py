"""Reading a report: fields, printed ranges, what is missing, and where a value lies."""

from __future__ import annotations

import numpy as np

from sleepcot_utils.distill.practice.turns import Turn, question, sample
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.report.facts import Fact
from sleepcot_utils.report.reports import Report, norm_text, number_text


def known(report: Report, rng: np.random.Generator, count: int = 1) -> list[Fact]:
    """Different measured facts, in random order."""
    return sample([fact for fact in report.facts.values() if fact.known], count, rng)


def value_text(fact: Fact) -> str:
    """A measured value with its unit, as the report prints it."""
    unit = f"of {fact.nights} nights" if fact.unit == "nights" else fact.unit
    return f"{number_text(fact)} {unit}"


def has_range(fact: Fact) -> bool:
    """Whether the report prints a range beside the value."""
    return fact.known and (fact.low is not None or fact.high is not None)


def side(fact: Fact) -> str:
    """Where a value lies against the range that the report prints."""
    if fact.low is not None and fact.value < fact.low:
        return f"under {fact.low:.0f}"
    if fact.high is not None and fact.value > fact.high:
        return f"over {fact.high:.0f}"
    return "inside" if has_range(fact) else "no range"


def outside(report: Report) -> list[Fact]:
    """Facts that miss their printed range, in the order of the report."""
    return [fact for fact in report.facts.values() if fact.known and side(fact)[:4] in ("unde", "over")]


def _any_name(fact: Fact, rng: np.random.Generator) -> str:
    """The label, or now and then another name of the same thing."""
    others = [word for word in fact_norms()[fact.name].words if word != fact.label]
    return fact.label if not others or rng.random() < 0.7 else others[int(rng.integers(len(others)))]


def read_field(report: Report, rng: np.random.Generator) -> Turn:
    """One line, measured or not; other lines of the report too."""
    others = {"average bedtime": report.bedtime or "not measured", "trend of time asleep": report.trend["direction"]}
    place = int(rng.integers(len(report.facts) + len(others)))
    if place >= len(report.facts):
        label = list(others)[place - len(report.facts)]
        return question("read_field", rng, labels=label), others[label]
    fact = list(report.facts.values())[place]
    asked = question("read_field", rng, labels=_any_name(fact, rng))
    return asked, f"{fact.label} {value_text(fact)}" if fact.known else f"{fact.label}: not measured"


def read_many(report: Report, rng: np.random.Generator) -> Turn:
    """Three to five lines in the order asked."""
    facts = sample(list(report.facts.values()), int(rng.integers(3, 6)), rng)
    asked = question("read_many", rng, labels=", ".join(fact.label for fact in facts))
    return asked, "\n".join(f"{f.label} {value_text(f)}" if f.known else f"{f.label}: not measured" for f in facts)


def measured(report: Report, rng: np.random.Generator) -> Turn:
    """Whether a line holds a value; missing ones are asked as often as measured ones."""
    gone = [fact for fact in report.facts.values() if not fact.known]
    fact = sample(gone, 1, rng)[0] if gone and rng.random() < 0.5 else known(report, rng)[0]
    said = f"yes, {value_text(fact)}" if fact.known else "no, not measured"
    return question("measured", rng, label=_any_name(fact, rng)), said


def missing(report: Report, rng: np.random.Generator) -> Turn:
    """All lines without a value."""
    return question("missing", rng), ", ".join(report.missing) or "none"


def norm(report: Report, rng: np.random.Generator) -> Turn:
    """The range that is printed beside a value."""
    (fact,) = known(report, rng)
    return question("norm", rng, label=fact.label), norm_text(fact).strip(" ()") or "no range"


def compare(report: Report, rng: np.random.Generator) -> Turn:
    """One value against its range."""
    (fact,) = known(report, rng)
    return question("compare", rng, label=fact.label), f"{fact.label} {number_text(fact)} is {side(fact)}"


def compare_many(report: Report, rng: np.random.Generator) -> Turn:
    """Several values against their ranges, in the order of the report."""
    ranged = [fact for fact in report.facts.values() if has_range(fact)]
    facts = [ranged[i] for i in sorted(sample(range(len(ranged)), int(rng.integers(3, 7)), rng))]
    asked = question("compare_many", rng, labels=", ".join(fact.label for fact in facts))
    return asked, "\n".join(f"{fact.label} {number_text(fact)} is {side(fact)}" for fact in facts)


def list_outside(report: Report, rng: np.random.Generator) -> Turn:
    """All lines that miss their range, with the limit that they miss."""
    lines = [f"{fact.label} {number_text(fact)} is {side(fact)}" for fact in outside(report)]
    return question("outside", rng), "\n".join(lines) or "none"


def count_outside(report: Report, rng: np.random.Generator) -> Turn:
    """How many lines miss their range, counted aloud."""
    lines = [f"{number}. {fact.label}" for number, fact in enumerate(outside(report), start=1)]
    return question("count_outside", rng), "\n".join([*lines, f"count {len(lines)}"])


def person(report: Report, rng: np.random.Generator) -> Turn:
    """Age, sex and number of nights."""
    age = f"age {report.age_y:.0f}" if report.age_y is not None else "age not given"
    return question("person", rng), f"{age}, {report.sex or 'sex not given'}, {report.nights} nights"


def larger(report: Report, rng: np.random.Generator) -> Turn:
    """Two values of the report against each other."""
    a, b = known(report, rng, 2)
    word = "larger than" if a.value > b.value else "smaller than" if a.value < b.value else "equal to"
    return question("larger", rng, a=a.label, b=b.label), f"{number_text(a)} is {word} {number_text(b)}"
