"""What a comparison of two runs found: one row for each thing that was compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

import pandas as pd

from sleepcot_utils.study.reproduction.tolerances import Tolerances

#: Column order of the table of findings.
COLUMNS = ("file", "kind", "name", "reference", "run", "difference", "tolerance", "status")
#: A finding of one of these makes two runs differ; ``equal``, ``within`` and ``noted`` do not.
BAD = ("outside", "other", "missing")


@dataclass(frozen=True)
class Finding:
    """One comparison.

    Attributes
    ----------
    file : str
        Execution (``03_distill_the_student__cot-s2``) or result file.
    kind : str
        ``parameter``, ``metric``, ``result``, ``code``, ``output``, ``hash``, ``version`` or ``file``.
    name : str
        What was compared, such as a metric or ``cell 12``.
    reference, run : str
        Both values as text; empty where one is missing.
    difference, tolerance : float or None
        Distance of two numbers and the largest allowed one, in the unit of the numbers.
    status : str
        ``equal``; ``within`` or ``outside`` the tolerance; ``other`` (no number, not equal); ``missing`` (only the
        reference has it); ``noted`` (differs or is new, and may).
    """

    file: str
    kind: str
    name: str
    reference: str
    run: str
    status: str
    difference: float | None = None
    tolerance: float | None = None

    def sentence(self) -> str:
        """The finding in one line."""
        place = f"{self.file}, {self.kind} {self.name}".rstrip()
        if self.status == "missing":
            return f"{place}: the run has none, the reference {self.reference or 'has one'}"
        values = f"{place}: {self.run}, in the reference {self.reference}"
        if self.status != "outside":
            return values
        return f"{values} (apart {self.difference:.4g}, allowed {self.tolerance:.4g})"


def table_of(findings: Iterable[Finding]) -> pd.DataFrame:
    """Findings as a tidy table with the columns of `COLUMNS`."""
    return pd.DataFrame([[getattr(finding, name) for name in COLUMNS] for finding in findings], columns=list(COLUMNS))


def compare_values(
    file: str, kind: str, reference: Mapping[str, Any], run: Mapping[str, Any], tolerances: Tolerances
) -> Iterator[Finding]:
    """Compare named values: numbers within their tolerance, anything else for equality.

    Parameters
    ----------
    file, kind
        As in `Finding`.
    reference, run : mapping
        Name to number, text, truth value or None.
    tolerances : Tolerances
        Rules by file and name.
    """
    for name in sorted({*reference, *run}):
        if tolerances.of_number(file, name).ignored:
            continue
        expected, found = reference.get(name), run.get(name)
        if name not in run:
            yield Finding(file, kind, name, _text(expected), "", "missing")
        elif name not in reference:
            yield Finding(file, kind, name, "", _text(found), "noted")
        elif _is_number(expected) and _is_number(found):
            yield _numbers(file, kind, name, expected, found, tolerances)
        else:
            status = "equal" if expected == found else "other"
            yield Finding(file, kind, name, _text(expected), _text(found), status)


def _numbers(file: str, kind: str, name: str, reference: float, run: float, tolerances: Tolerances) -> Finding:
    width = tolerances.width(file, name, reference)
    distance = 0.0 if reference == run or (math.isnan(reference) and math.isnan(run)) else abs(run - reference)
    # A hair more than the stated width, so that 0.5 - 0.4 lies within 0.1.
    inside = distance <= (width or 0.0) * (1 + 1e-9)
    status = "equal" if distance == 0 else "within" if inside else "outside"
    return Finding(file, kind, name, _text(reference), _text(run), status, distance, width)


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values as one mapping; names are joined by ``/``, items of a list are numbered."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        inner = dict(enumerate(value)) if isinstance(value, list) else value
        if isinstance(inner, Mapping):
            found |= flat({str(key): item for key, item in inner.items()}, f"{prefix}{name}/")
        else:
            found[f"{prefix}{name}"] = value
    return found


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
