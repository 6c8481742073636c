"""From vendor exports to the nightly table, one module a vendor.

A vendor module has ``VENDOR`` (its name), ``LOOKS_FOR`` (the file it needs, in words), ``recognizes(path)`` and
``read(path, strict=...)``. The choice among them looks into the files: a renamed file is found by its columns.
"""

from __future__ import annotations

import os
from pathlib import Path

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import delimited, fitabase
from sleepcot_utils.ingest.result import FileCount, IngestResult, NotGiven, describe

__all__ = ["FileCount", "IngestResult", "NotGiven", "describe", "read_export"]

VENDORS = (fitabase,)


def read_export(folder_or_file: str | os.PathLike[str], *, strict: bool = True) -> IngestResult:
    """Read the export of any vendor known here into the nightly table.

    Parameters
    ----------
    folder_or_file : str or path
        The unpacked folder of an export, or its sleep file alone. Subfolders are not searched.
    strict : bool
        Whether one bad row stops the reading. If false, bad rows are left out, counted and listed in ``skipped``;
        every other row is kept. A file that is damaged as a whole (empty, binary, a column missing) stops either way.

    Returns
    -------
    IngestResult
        Conformed and validated nights, what was skipped, and what the vendor does not give.

    Raises
    ------
    InputError
        If nothing is there, no vendor's export is recognized, a file is damaged as a whole, no row is usable or,
        under ``strict``, any row is bad. The message names file, row, line and column, and what would be right.
    """
    path = Path(folder_or_file)
    problem = _why_not_there(path)
    if problem:
        expected = "the unpacked folder of an export, or its sleep file"
        raise InputError(problem, where=str(folder_or_file), expected=expected)
    for vendor in VENDORS:
        if vendor.recognizes(path):
            return vendor.read(path, strict=strict)
    raise _unrecognized(path)


def _why_not_there(path: Path) -> str:
    try:
        if path.is_dir() or path.is_file():
            return ""
        return "is neither a folder nor a file" if path.exists() else "there is no such folder or file"
    except OSError as error:
        return f"can't be read ({error.strerror})"


def _unrecognized(path: Path) -> InputError:
    wanted = "; or ".join(f"{vendor.VENDOR}: {vendor.LOOKS_FOR}" for vendor in VENDORS)
    if path.is_file():
        delimited.read_text(path)
        found = f"columns {delimited.listing(delimited.peek_header(path))}"
    else:
        found = f"files {delimited.listing([entry.name for entry in delimited.files_in(path)])}"
    return InputError(f"holds no export that is known here (found {found})", where=path.resolve().name, expected=wanted)
