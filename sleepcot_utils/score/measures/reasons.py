"""Reasoning: whether the steps of a rationale hold, one kind of step at a time."""

from __future__ import annotations

from collections.abc import Sequence

from sleepcot_utils.score.measures.reference import Reference
from sleepcot_utils.tasks.build import KNOWLEDGE, Task
from sleepcot_utils.tasks.reading import cited_numbers, split_answer
from sleepcot_utils.teach.verification import number_is_right
from sleepcot_utils.teach.verify.arithmetic import wrong_sums
from sleepcot_utils.teach.verify.derivation import missing_steps, wrong_conclusion, wrong_order
from sleepcot_utils.teach.verify.failures import RATIONALE
from sleepcot_utils.teach.verify.reasoning import wrong_comparisons, wrong_levels

#: Scores that ask whether there is no fault of one kind.
FAULTS = {
    "comparisons_right": lambda task, text: wrong_comparisons(text, task.key, "", RATIONALE),
    "levels_right": lambda task, text: wrong_levels(text, task.key, "", RATIONALE),
    "arithmetic_right": lambda task, text: wrong_sums(text, "", RATIONALE),
    "steps_complete": missing_steps,
    "order_right": wrong_order,
    "conclusion_right": wrong_conclusion,
}
SCORES = ("has_rationale", "values_right", *FAULTS, "all_valid")
NAN = float("nan")


def reasoning(texts: Sequence[str], references: Sequence[Reference]) -> dict[str, list[float]]:
    """Validity of the steps of each rationale.

    Returns
    -------
    dict of str to list of float
        ``has_rationale``; ``values_right``: share of the numbers said of a fact that are this user's, 1 where none is
        said; ``comparisons_right``, ``levels_right``, ``arithmetic_right``, ``steps_complete``, ``order_right`` and
        ``conclusion_right``: 1 without a fault of that kind; ``all_valid``: 1 without any. All but the first are NaN
        without a rationale, and all are NaN for questions of knowledge, which have no derivation.
    """
    rows = [_one(split_answer(text)[0], reference.task) for text, reference in zip(texts, references, strict=True)]
    return {name: [row[name] for row in rows] for name in SCORES}


def _one(rationale: str, task: Task) -> dict[str, float]:
    row = dict.fromkeys(SCORES, NAN)
    if task.kind == KNOWLEDGE:
        return row
    row["has_rationale"] = float(bool(rationale.strip()))
    if not row["has_rationale"]:
        return row
    cited = [citation for citation in cited_numbers(rationale) if citation.claims]
    right = [number_is_right(citation, task.key) for citation in cited]
    row["values_right"] = sum(right) / len(right) if right else 1.0
    for name, faults in FAULTS.items():
        row[name] = float(next(iter(faults(task, rationale)), None) is None)
    row["all_valid"] = float(all(row[name] == 1 for name in SCORES[:-1]))
    return row
