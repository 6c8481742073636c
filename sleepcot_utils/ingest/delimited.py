"""Comma-separated files that may be damaged: whole-file damage is an error, a damaged line is a problem of that line.

Every line is parsed on its own, because no daily export has line breaks inside a field. So one open quotation mark
or one endless field spoils its own line and not the rest of the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.problems import Problem, listing, shown
from sleepcot_utils.ingest.sources import Entry

__all__ = ["Problem", "Row", "listing", "peek_header", "read_rows", "read_text", "shown"]

#: Far above any daily export (a line of which takes about 100 bytes): 100,000 persons for 20 years would be larger,
#: one study is not. The limit keeps a wrongly chosen file from filling the memory.
MAX_FILE_BYTES = 512 * 2**20
#: The widest daily table of Fitabase has 15 columns and under 200 characters a line.
MAX_LINE_CHARACTERS = 10_000
PEEK_CHARACTERS = 16 * 1024
#: First line of a git-lfs pointer file, https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
LFS_POINTER = "version https://git-lfs.github.com/spec"
LEADING_NUMBER = re.compile(r"[+-]?[0-9]+([./,:][0-9 ]|$)")
LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Row:
    """One data row: its number (from 1, without header and blank lines), its line in the file, its cells as text."""

    number: int
    line: int
    cells: dict[str, str]


def peek_header(entry: Entry, *, separator: str = ",", skip_lines: int = 0) -> tuple[str, ...]:
    """Column names of a file from its first bytes; empty if it has none that can be read. Never raises on content."""
    lines = [line for line in LINE_END.split(entry.head_text[:PEEK_CHARACTERS]) if line.strip()]
    try:
        header = _split("".join(lines[skip_lines : skip_lines + 1]), separator)
    except csv.Error:
        return ()
    return () if _is_data(header) else tuple(header)


def read_text(entry: Entry) -> str:
    """Text of a file in UTF-8, with or without byte order mark.

    Raises
    ------
    InputError
        If the file can't be opened, is empty, too large, a git-lfs pointer, an archive, a web page, or not UTF-8 text.
    """
    size = entry.size
    raw = entry.read_all(MAX_FILE_BYTES)
    expected = "a comma-separated text file in UTF-8, as the vendor exports it"
    problem = ""
    if size > MAX_FILE_BYTES:
        problem = f"the file has {size / 2**20:,.0f} MiB"
        expected = f"a daily export of at most {MAX_FILE_BYTES // 2**20} MiB"
    elif raw.startswith(b"PK\x03\x04"):
        problem, expected = "the file is a zip archive", "the unpacked folder"
    elif raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        problem = "the file is text in UTF-16"
    elif b"\0" in raw:
        at = raw.index(b"\0")
        problem = f"the file is binary or damaged (a null byte in line {_line_of(raw, at)})"
    if problem:
        raise InputError(problem, where=entry.name, expected=expected)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _line_of(raw, error.start)
        raise InputError(f"line {line} is not text in UTF-8", where=entry.name, expected=expected) from error
    start = text[:200].lstrip()
    if not text.strip():
        raise InputError("the file is empty", where=entry.name, expected="a header line and at least one row")
    if start.startswith(LFS_POINTER):
        raise InputError(
            "the file is a git-lfs pointer, not the data", where=entry.name, expected="the data; run `git lfs pull`"
        )
    if start.startswith("<"):
        raise InputError("the file is a web page or XML, often a saved error page", where=entry.name, expected=expected)
    return text


def read_rows(
    entry: Entry,
    columns: Sequence[str],
    *,
    optional: Sequence[str] = (),
    separator: str = ",",
    skip_lines: int = 0,
    trailing: bool = False,
) -> tuple[list[Row], list[Problem]]:
    """Split a comma-separated file into rows, of which only the named columns are kept.

    Parameters
    ----------
    entry : Entry
        The file.
    columns : sequence of str
        Columns that have to be there; others are ignored.
    optional : sequence of str
        Columns that are kept where they are there; elsewhere their cells are empty.
    separator : str
        The character between fields.
    skip_lines : int
        Lines before the header that are no part of the table.
    trailing : bool
        Whether a separator may stand at the end of a row, as some vendors write it.

    Returns
    -------
    rows : list of Row
        Rows whose number of fields agrees with the header. Blank lines are not rows.
    problems : list of Problem
        One for each row that can't be split.

    Raises
    ------
    InputError
        If the file is damaged as a whole, lacks a column, names one twice, or has no rows.
    """
    lines = LINE_END.split(read_text(entry))
    numbered = [(position, line) for position, line in enumerate(lines, start=1) if line.strip()][skip_lines:]
    if not numbered:
        raise InputError("the file has no header", where=entry.name, expected=f"the columns {', '.join(columns)}")
    header_line, header_text = numbered[0]
    header = _read_header(entry, header_line, header_text, columns, separator)
    if len(numbered) == 1:
        raise InputError("the file has a header but no rows", where=entry.name, expected="at least one row")
    places = {name: header.index(name) for name in (*columns, *optional) if name in header}
    absent = {name: "" for name in optional if name not in header}
    rows, problems = [], []
    for number, (position, line) in enumerate(numbered[1:], start=1):
        problem, expected = "", f"{len(header)} fields, as in the header"
        fields: list[str] = []
        if len(line) > MAX_LINE_CHARACTERS:
            problem = f"the line has {len(line):,} characters"
            expected = f"at most {MAX_LINE_CHARACTERS:,}"
        else:
            try:
                fields = _split(line, separator)
            except csv.Error:
                problem, expected = "the quotation marks do not match", "each one that opens is closed in its line"
        if trailing and len(fields) == len(header) + 1 and not fields[-1]:
            fields.pop()
        if not problem and len(fields) != len(header):
            problem = f"the row has {len(fields)} field{'s' if len(fields) != 1 else ''}"
        if problem:
            problems.append(Problem(entry.name, number, position, "", problem, expected))
        else:
            rows.append(Row(number, position, {name: fields[place] for name, place in places.items()} | absent))
    return rows, problems


def _read_header(entry: Entry, line: int, text: str, columns: Sequence[str], separator: str) -> list[str]:
    where = f"{entry.name}, header (line {line})"
    expected = f"the columns {', '.join(columns)}"
    try:
        if len(text) > MAX_LINE_CHARACTERS:
            raise InputError(f"the line has {len(text):,} characters", where=where, expected=expected)
        header = _split(text, separator)
    except csv.Error as error:
        raise InputError("the quotation marks do not match", where=where, expected=expected) from error
    if len(header) == 1:
        for other, name in ((";", "semicolons"), ("\t", "tabs"), (",", "commas")):
            if other != separator and other in header[0]:
                right = {",": "commas", ";": "semicolons", "\t": "tabs"}.get(separator, repr(separator))
                raise InputError(f"the columns are separated by {name}", where=where, expected=right)
    if _is_data(header):
        raise InputError("the first line holds values, not the names of columns", where=where, expected=expected)
    missing = [name for name in columns if name not in header]
    if missing:
        noun = "column" if len(missing) == 1 else "columns"
        raise InputError(
            f"the {noun} {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing "
            f"(found {listing(header, limit=20)})",
            where=where,
            expected=expected,
        )
    for name in columns:
        if header.count(name) > 1:
            raise InputError(f"the column {name} stands there {header.count(name)} times", where=where, expected="once")
    return header


def _is_data(header: Sequence[str]) -> bool:
    # A headerless file must not have a person's values quoted back as the names of its columns.
    return any(LEADING_NUMBER.match(field) for field in header)


def _split(line: str, separator: str) -> list[str]:
    return [field.strip() for field in next(csv.reader([line], delimiter=separator, strict=True), [])]


def _line_of(raw: bytes, offset: int) -> int:
    return len(re.findall(rb"\r\n|\r|\n", raw[:offset])) + 1
