"""Executed notebooks compared cell by cell: code, kinds of output, warnings, and what the cells print."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sleepcot_utils.study.reproduction.findings import Finding
from sleepcot_utils.study.reproduction.tolerances import Tolerances

#: A number as cells print it: ``1,161``, ``-0.25``, ``1e-06``, ``45%``.
NUMBER = re.compile(r"[-+]?\d+(?:,\d{3})*(?:\.\d+)?(?:[eE][-+]?\d+)?(?:\s?%)?")
#: Outputs whose text is compared, best first; an HTML table repeats what its plain text says.
TEXT_KINDS = ("text/markdown", "text/plain", "text/html")
LONGEST_SHOWN = 120


def compare_copies(
    file: str, reference: Mapping[str, Any], run: Mapping[str, Any], tolerances: Tolerances
) -> Iterator[Finding]:
    """Compare two executed copies of one notebook.

    Parameters
    ----------
    file : str
        Name of the execution.
    reference, run : mapping
        Notebooks as JSON.
    tolerances : Tolerances
        Say whether printed words are compared.
    """
    expected, found = _code_cells(reference), _code_cells(run)
    if len(expected) != len(found):
        yield Finding(file, "code", "cells", str(len(expected)), str(len(found)), "other")
        return
    other_words = 0
    for number, (old, new) in enumerate(zip(expected, found, strict=True), start=1):
        name = f"cell {number}"
        if _meaning(old) != _meaning(new):
            yield Finding(file, "code", name, "its code", "other code", "other")
        errors = [output for output in new.get("outputs", []) if _is_error(output)]
        if errors:
            yield Finding(file, "output", name, "no warning", "a warning or an error", "other")
        if any(call in _source(old) for call in tolerances.machine_cells):
            continue
        if _kinds(old) != _kinds(new):
            yield Finding(file, "output", name, ", ".join(_kinds(old)), ", ".join(_kinds(new)), "other")
            continue
        finding = _words(file, name, _printed(old), _printed(new), tolerances)
        if finding is not None and tolerances.text_is_compared(file):
            yield finding
        other_words += finding is not None
    status = "equal" if other_words == 0 else "noted"
    total = str(len(expected))
    yield Finding(file, "output", "cells that print the same", total, str(len(expected) - other_words), status)


def _code_cells(notebook: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        cell
        for cell in notebook["cells"]
        if cell["cell_type"] == "code" and "injected-parameters" not in cell["metadata"].get("tags", [])
    ]


def _source(cell: Mapping[str, Any]) -> str:
    return "".join(cell["source"])


def _meaning(cell: Mapping[str, Any]) -> str:
    """Code without comments and line breaks."""
    try:
        return ast.dump(ast.parse(_source(cell)))
    except SyntaxError:
        return _source(cell)


def _is_error(output: Mapping[str, Any]) -> bool:
    return bool(output["output_type"] == "error" or output.get("name") == "stderr")


def _kinds(cell: Mapping[str, Any]) -> list[str]:
    return [
        "+".join(sorted(output["data"])) if "data" in output else str(output["output_type"])
        for output in cell.get("outputs", [])
    ]


def _printed(cell: Mapping[str, Any]) -> list[str]:
    found = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "image/png" in data:
            continue  # its plain text is the size of a picture
        kind = next((name for name in TEXT_KINDS if name in data), None)
        found.append("".join(data[kind] if kind else output.get("text", "")))
    return found


def _words(
    file: str, name: str, reference: Sequence[str], run: Sequence[str], tolerances: Tolerances
) -> Finding | None:
    """First difference in what a cell printed, None if there is none."""
    for old, new in zip(reference, run, strict=True):
        if old == new:
            continue
        # Columns of a printed table are as wide as their widest number.
        if tolerances.exact or _skeleton(old) != _skeleton(new):
            before, after = _first_difference(old, new)
            return Finding(file, "output", name, before, after, "other")
        for expected, found in zip(NUMBER.findall(old), NUMBER.findall(new), strict=True):
            step = _last_digit(expected)
            distance = abs(_value(found) - _value(expected))
            if distance > step * (1 + 1e-6):
                return Finding(file, "output", name, expected, found, "outside", distance, step)
    return None


def _skeleton(text: str) -> str:
    return re.sub(r"[\s-]+", " ", NUMBER.sub("#", text))


def _value(text: str) -> float:
    return float(text.rstrip("% ").replace(",", ""))


def _last_digit(text: str) -> float:
    """One in the last digit of a rounded number; 0 for a whole number that is no percentage, which is a count."""
    mantissa, _, exponent = text.rstrip("% ").lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    if not decimals and not text.endswith("%") and not exponent:
        return 0.0
    return 10.0 ** (int(exponent or 0) - decimals)


def _first_difference(old: str, new: str) -> tuple[str, str]:
    """First line that differs, of both texts."""
    before, after = old.splitlines(), new.splitlines()
    place = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    lines = (lines[place] if place < len(lines) else "(no line)" for lines in (before, after))
    first, second = (line if len(line) <= LONGEST_SHOWN else line[: LONGEST_SHOWN - 3] + "..." for line in lines)
    return first, second
