"""What all metric modules share: how texts and references come in, and how scores are averaged."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import datasets
import evaluate

from sleepcot_utils.score.measures import MEASURES, encode_reference, measure
from sleepcot_utils.score.measures.reference import Reference
from sleepcot_utils.tasks.build import Task

INPUTS = """
predictions: list of str, full texts ("Reasoning: ... Answer: ...") or answers alone
references: as many tasks, each as a JSON string (`encode_reference`), a dict, a `Task` or a `Reference`
each: whether to return the values of every text as well, under `<score>_each`, with None where a score does not apply
"""


class TaskMetric(evaluate.Metric):
    """A measure of texts against tasks; a subclass names it."""

    measure_name = ""

    def _info(self) -> evaluate.MetricInfo:
        described = (type(self).__doc__ or "").strip()
        return evaluate.MetricInfo(
            description=described,
            citation="",
            inputs_description=INPUTS,
            features=datasets.Features(
                {"predictions": datasets.Value("string"), "references": datasets.Value("string")}
            ),
        )

    def compute(self, *, predictions: Any = None, references: Any = None, **options: Any) -> dict[str, Any] | None:
        """Score texts; references may be dicts or tasks as well, which the library itself would not take."""
        as_text = None if references is None else [reference_text(one) for one in references]
        return super().compute(predictions=predictions, references=as_text, **options)

    def add_batch(self, *, predictions: Any = None, references: Any = None, **options: Any) -> None:
        """Add texts with references in any form."""
        as_text = None if references is None else [reference_text(one) for one in references]
        super().add_batch(predictions=predictions, references=as_text, **options)

    def _compute(
        self, predictions: Sequence[str], references: Sequence[str], each: bool = False, **options: Any
    ) -> dict[str, Any]:
        values = measure(self.measure_name, predictions, references, **options)
        return averaged(self.measure_name, values, each=each)


def reference_text(reference: Any) -> str:
    """A reference in the form of a JSON string; a text is taken to be one already."""
    if isinstance(reference, Reference):
        return encode_reference(reference.task, reference.answer)
    if isinstance(reference, Task):
        return json.dumps(asdict(reference))
    return reference if isinstance(reference, str) else json.dumps(reference)


def averaged(name: str, values: dict[str, list[float]], *, each: bool = False) -> dict[str, Any]:
    """Mean of each score over the texts to which it applies, NaN if there is none, and their number."""
    result: dict[str, Any] = {}
    for score in MEASURES[name].scores:
        known = [value for value in values[score] if not math.isnan(value)]
        result[score] = sum(known) / len(known) if known else float("nan")
        result[f"{score}_n"] = len(known)
        if each:
            result[f"{score}_each"] = [None if math.isnan(value) else value for value in values[score]]
    return result
