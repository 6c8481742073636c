"""JSON lines: one object a line, and a damaged line is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.paths import relative_name

Entry = TypeVar("Entry")


def write_lines(path: Path, entries: Iterable[Mapping[str, Any]], *, sort_keys: bool = True) -> int:
    """Write one object a line, in UTF-8, and return their number; the folder is made if need be.

    Parameters
    ----------
    sort_keys : bool
        Whether keys are sorted; if not, they keep the order of the mapping.
    """
    lines = [json.dumps(entry, ensure_ascii=False, sort_keys=sort_keys) for entry in entries]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return len(lines)


def read_lines(path: Path, build: Callable[[Any], Entry], *, what: str, written_by: str) -> list[Entry]:
    """Read what ``write_lines`` wrote.

    Parameters
    ----------
    build : callable
        Makes the entry of what a line holds.
    what, written_by : str
        What a line should be, such as "a task", and who writes it, such as "notebook 02"; for the message.

    Raises
    ------
    ArtifactError
        Naming the first line that is no such entry.
    """
    entries = []
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                entries.append(build(json.loads(line)))
            except (ValueError, TypeError, KeyError, AttributeError) as problem:
                raise ArtifactError(
                    f"this line is not {what} ({problem})",
                    where=f"{relative_name(path)}, line {number}",
                    expected=f"one JSON object as {written_by} writes it",
                ) from None
    return entries
