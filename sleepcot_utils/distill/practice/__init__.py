"""What the embedded base practices before it meets a teacher, skill by skill.

Nothing here holds an answer of the teacher, a statement of a knowledge card or a held-out question: exercises speak of
fields, numbers, order, and of rules and levels that the question itself states, never of the study's levels, drivers
or advice. The people are simulated apart from those of any study run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sleepcot_utils.distill.practice import arithmetic, deriving, language, memory, ordering, reading
from sleepcot_utils.distill.practice.turns import Drill, Reading, Turn
from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.build import messages_for

#: Share of its usual practice that a skill keeps once it is learned, so that it is not forgotten; a choice.
LEAST_NEED = 0.15
#: Exercises on a report, and how often each is drawn. Choices: what distillation needs most and learns last is drawn most.
ON_REPORT: dict[str, tuple[Reading, float]] = {
    "read_field": (reading.read_field, 2.0),
    "read_many": (reading.read_many, 2.0),
    "measured": (reading.measured, 1.0),
    "missing": (reading.missing, 1.0),
    "norm": (reading.norm, 1.0),
    "compare": (reading.compare, 2.0),
    "compare_many": (reading.compare_many, 2.0),
    "list_outside": (reading.list_outside, 3.0),
    "count_outside": (reading.count_outside, 1.0),
    "person": (reading.person, 0.5),
    "larger": (reading.larger, 1.0),
    "gap": (deriving.gap, 1.0),
    "report_minus": (deriving.report_minus, 2.0),
    "in_hours": (deriving.in_hours, 1.0),
    "rise": (deriving.rise, 1.5),
    "furthest": (deriving.furthest, 1.0),
    "first_in_order": (deriving.first_in_order, 2.0),
    "efficiency_gap": (deriving.efficiency_gap, 0.5),
    "grade": (deriving.grade, 3.0),
    "two_limits": (deriving.two_limits, 2.0),
    "decide": (deriving.decide, 2.0),
}
#: Exercises that stand alone, and how often each is drawn.
ALONE: dict[str, tuple[Drill, float]] = {
    "subtract": (arithmetic.subtract, 3.0),
    "add": (arithmetic.add, 1.5),
    "borrow": (arithmetic.borrow, 1.0),
    "against": (arithmetic.against, 2.0),
    "inside": (arithmetic.inside, 2.0),
    "clock_plus": (arithmetic.clock_plus, 1.5),
    "clock_hours": (arithmetic.clock_hours, 1.5),
    "clock_between": (arithmetic.clock_between, 1.5),
    "to_hours": (arithmetic.to_hours, 1.5),
    "to_minutes": (arithmetic.to_minutes, 1.5),
    "percent": (arithmetic.percent, 1.0),
    "share": (arithmetic.share, 0.5),
    "sort": (ordering.sort, 1.0),
    "largest": (ordering.largest, 1.0),
    "count": (ordering.count, 1.0),
    "count_over": (ordering.count_over, 1.0),
    "rank_levels": (ordering.rank_levels, 4.0),
    "collect": (ordering.collect, 3.0),
    "collect_ranked": (ordering.collect_ranked, 4.0),
    "look_up": (ordering.look_up, 1.5),
    "member": (ordering.member, 0.5),
    "next_item": (ordering.next_item, 1.0),
    "copy": (language.copy, 3.0),
    "last_words": (language.last_words, 1.0),
    "key_words": (language.key_words, 1.0),
    "same_question": (language.same_question, 1.5),
    "other_words": (language.other_words, 8.0),
    "define": (language.define, 1.0),
    "name_it": (language.name_it, 1.0),
    "fill": (language.fill, 1.0),
    "alike": (language.alike, 0.5),
    "opposite": (language.opposite, 0.3),
    "odd_one": (language.odd_one, 0.5),
    "remember": (memory.remember, 4.0),
    "told_card": (memory.told_card, 1.5),
}


def families() -> dict[str, str]:
    """The family of each skill: reading, deriving, arithmetic, ordering, language or memory."""
    skills = {name: make for name, (make, _) in ON_REPORT.items()} | {name: make for name, (make, _) in ALONE.items()}
    return {name: make.__module__.rpartition(".")[2] for name, make in skills.items()}


def needs(shares_right: Mapping[str, float]) -> dict[str, float]:
    """How much practice each skill still needs: what is not learned yet most, what is learned a little.

    Parameters
    ----------
    shares_right : mapping of str to float
        Share of exam exercises answered right, by skill; a skill that is not there counts as not learned.

    Examples
    --------
    >>> needs({"copy": 1.0})["copy"], needs({})["copy"]
    (0.15, 1.0)
    """
    return {name: max(LEAST_NEED, 1.0 - shares_right.get(name, 0.0)) for name in (*ON_REPORT, *ALONE)}


def _drawn(
    skills: Mapping[str, tuple[Any, float]], count: int, rng: np.random.Generator, needed: Mapping[str, float] | None
) -> list[str]:
    shares = np.array([share * (needed or {}).get(name, 1.0) for name, (_, share) in skills.items()])
    return [str(name) for name in rng.choice(list(skills), size=count, p=shares / shares.sum())]


def turns_on(
    report: Report, count: int, rng: np.random.Generator, needed: Mapping[str, float] | None = None
) -> list[tuple[str, Turn]]:
    """Exercises on one report, each with the name of its skill; ``needed`` as `needs` gives it, or all alike."""
    return [(name, ON_REPORT[name][0](report, rng)) for name in _drawn(ON_REPORT, count, rng, needed)]


def turns_alone(
    count: int, rng: np.random.Generator, needed: Mapping[str, float] | None = None
) -> list[tuple[str, Turn]]:
    """Exercises that need no report, each with the name of its skill; ``needed`` as for `turns_on`."""
    return [(name, ALONE[name][0](rng)) for name in _drawn(ALONE, count, rng, needed)]


def conversations(turns: Sequence[Turn], report: Report | None = None) -> list[list[dict[str, str]]]:
    """One conversation an exercise, asked as tasks are asked: the system line, then the report if there is one."""
    return [[*messages_for(asked, report), {"role": "assistant", "content": right}] for asked, right in turns]
