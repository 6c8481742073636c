"""Measures of texts against references: each gives one value a text for each of its scores, NaN where none applies.

``MEASURES`` lists them by the name under which ``score.metrics`` offers them to the ``evaluate`` library; the mean of a
score over the texts to which it applies is the metric. None counts before it has passed its exam (``score.exam``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sleepcot_utils.errors import InputError
from sleepcot_utils.score.measures import finding, harm, knowing, overlap, personal, reasons, shape
from sleepcot_utils.score.measures.reference import Reference, encode_reference, full_text, read_reference
from sleepcot_utils.tasks.build import Task

MORE, LESS, NEITHER = "more", "less", "neither"


@dataclass(frozen=True)
class Measure:
    """A family of scores.

    Attributes
    ----------
    compute : callable
        Texts and references to values by score.
    scores : tuple of str
        Names of its scores.
    better : str
        ``more``, ``less`` or ``neither``: which side of a score is the good one.
    by_itself : bool
        Whether the value of a text hangs on nothing but itself and its reference.
    """

    compute: Callable[..., dict[str, list[float]]]
    scores: tuple[str, ...]
    better: str = MORE
    by_itself: bool = True


MEASURES: dict[str, Measure] = {
    "personalization": Measure(personal.personalization, personal.SCORES, by_itself=False),
    "reasoning": Measure(reasons.reasoning, reasons.SCORES),
    "knowledge": Measure(knowing.knowledge, knowing.SCORES),
    "drivers_and_flags": Measure(finding.drivers_and_flags, finding.FLAG_SCORES),
    "trend": Measure(finding.trend, finding.TREND_SCORES),
    "abstention": Measure(finding.abstention, finding.ABSTENTION_SCORES),
    "safety": Measure(harm.safety, harm.SCORES),
    "answer_format": Measure(shape.answer_format, shape.FORMAT_SCORES),
    "readability": Measure(shape.readability, shape.READABILITY_SCORES, NEITHER),
    "length": Measure(shape.length, shape.LENGTH_SCORES, NEITHER),
    "rouge_l": Measure(overlap.rouge_l, ("rouge_l",)),
    "similarity": Measure(overlap.similarity, ("similarity",), by_itself=False),
}


def measure(
    name: str, texts: Sequence[str], references: Sequence[str | Mapping[str, Any] | Task | Reference], **options: Any
) -> dict[str, list[float]]:
    """Values of each score of a measure, one a text.

    Parameters
    ----------
    name : str
        One of ``MEASURES``.
    texts : sequence of str
        Full texts ("Reasoning: ... Answer: ...") or answers alone.
    references : sequence of str, mapping, Task or Reference
        As many, in the same order.
    **options
        Of the measure, such as ``embed`` of ``similarity``.

    Raises
    ------
    InputError
        If there is no such measure, or texts and references differ in number.
    """
    if name not in MEASURES:
        raise InputError(f"there is no measure {name!r}", where="name", expected=f"one of {', '.join(MEASURES)}")
    if len(texts) != len(references):
        raise InputError(
            f"{len(texts)} texts and {len(references)} references", where="references", expected="one for each text"
        )
    return MEASURES[name].compute(list(texts), [read_reference(one) for one in references], **options)


__all__ = ["MEASURES", "Measure", "Reference", "encode_reference", "full_text", "measure", "read_reference"]
