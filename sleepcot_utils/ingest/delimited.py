"""Comma-separated files that may be damaged: whole-file damage is an error, a damaged line is a problem of that line.

Every line is parsed on its own, because no daily export has line breaks inside a field. So one open quotation mark
or one endless field spoils its own line and not the rest of the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sleepcot_utils.errors import InputError

#: Far above any daily export (a line of which takes about 100 bytes): 100,000 persons for 20 years would be larger,
#: one study is not. The limit keeps a wrongly chosen file from filling the memory.
MAX_FILE_BYTES = 512 * 2**20
#: The widest daily table of Fitabase has 15 columns and under 200 characters a line.
MAX_LINE_CHARACTERS = 10_000
PEEK_BYTES = 16 * 1024
#: First line of a git-lfs pointer file, https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
LFS_POINTER = "version https://git-lfs.github.com/spec"
#: In a damaged row an account number can land in any cell. No measure of a day has so many digits.
LONG_NUMBER = re.compile(r"[0-9]{8,}")
LEADING_NUMBER = re.compile(r"[+-]?[0-9]+([./,:][0-9 ]|$)")
LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Row:
    """One data row: its number (from 1, without header and blank lines), its line in the file, its cells as text."""

    number: int
    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Problem:
    """Why one row can't be used; ``column`` is empty where the whole row is at fault."""

    file: str
    row: int
    line: int
    column: str
    problem: str
    expected: str

    @property
    def where(self) -> str:
        """File, row, line and column in words."""
        column = f", column {self.column}" if self.column else ""
        return f"{self.file}, row {self.row} (line {self.line}){column}"


def listing(names: Iterable[str], limit: int = 12) -> str:
    """Name things in one phrase, shortened: what a stranger's file holds may be long and unprintable."""
    chosen = [shown(name) for name in names]
    rest = f" and {len(chosen) - limit} more" if len(chosen) > limit else ""
    return ", ".join(chosen[:limit]) + rest if chosen else "none"


def shown(text: str, limit: int = 40) -> str:
    """Quote a piece of a file so that it can stand in a message: escaped, shortened to `limit`, without identifiers."""
    hidden = LONG_NUMBER.sub(lambda match: "#" * min(len(match[0]), 8), text)
    return repr(hidden) if len(text) <= limit else f"{hidden[:limit]!r}... ({len(text):,} characters)"


def files_in(folder: Path) -> list[Path]:
    """Regular files of a folder, by name; hidden ones are left out."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise _unreadable(folder, error) from error
    return [entry for entry in entries if entry.is_file() and not entry.name.startswith(".")]


def peek_header(path: Path) -> tuple[str, ...]:
    """Column names of a file from its first bytes; empty if it has none that can be read. Never raises on content."""
    try:
        with path.open("rb") as stream:
            start = stream.read(PEEK_BYTES)
    except OSError:
        return ()
    if b"\0" in start:
        return ()
    lines = (line for line in LINE_END.split(start.decode("utf-8-sig", errors="replace")) if line.strip())
    try:
        header = _split(next(lines, ""))
    except csv.Error:
        return ()
    return () if _is_data(header) else tuple(header)


def read_text(path: Path) -> str:
    """Text of a file in UTF-8, with or without byte order mark.

    Raises
    ------
    InputError
        If the file can't be opened, is empty, too large, a git-lfs pointer, an archive, a web page, or not UTF-8 text.
    """
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MAX_FILE_BYTES else b""
    except OSError as error:
        raise _unreadable(path, error) from error
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
        raise InputError(problem, where=path.name, expected=expected)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _line_of(raw, error.start)
        raise InputError(f"line {line} is not text in UTF-8", where=path.name, expected=expected) from error
    start = text[:200].lstrip()
    if not text.strip():
        raise InputError("the file is empty", where=path.name, expected="a header line and at least one row")
    if start.startswith(LFS_POINTER):
        raise InputError(
            "the file is a git-lfs pointer, not the data", where=path.name, expected="the data; run `git lfs pull`"
        )
    if start.startswith("<"):
        raise InputError("the file is a web page or XML, often a saved error page", where=path.name, expected=expected)
    return text


def read_rows(path: Path, columns: Sequence[str]) -> tuple[list[Row], list[Problem]]:
    """Split a comma-separated file into rows, of which only `columns` are kept.

    Parameters
    ----------
    path : Path
        The file.
    columns : sequence of str
        Columns that have to be there; others are ignored.

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
    lines = LINE_END.split(read_text(path))
    numbered = [(position, line) for position, line in enumerate(lines, start=1) if line.strip()]
    header_line, header_text = numbered[0]
    header = _read_header(path, header_line, header_text, columns)
    if len(numbered) == 1:
        raise InputError("the file has a header but no rows", where=path.name, expected="at least one row")
    places = {name: header.index(name) for name in columns}
    rows, problems = [], []
    for number, (position, line) in enumerate(numbered[1:], start=1):
        problem, expected = "", f"{len(header)} fields, as in the header"
        fields: list[str] = []
        if len(line) > MAX_LINE_CHARACTERS:
            problem = f"the line has {len(line):,} characters"
            expected = f"at most {MAX_LINE_CHARACTERS:,}"
        else:
            try:
                fields = _split(line)
            except csv.Error:
                problem, expected = "the quotation marks do not match", "each one that opens is closed in its line"
        if not problem and len(fields) != len(header):
            problem = f"the row has {len(fields)} field{'s' if len(fields) != 1 else ''}"
        if problem:
            problems.append(Problem(path.name, number, position, "", problem, expected))
        else:
            rows.append(Row(number, position, {name: fields[place] for name, place in places.items()}))
    return rows, problems


def _read_header(path: Path, line: int, text: str, columns: Sequence[str]) -> list[str]:
    where = f"{path.name}, header (line {line})"
    expected = f"the columns {', '.join(columns)}"
    try:
        if len(text) > MAX_LINE_CHARACTERS:
            raise InputError(f"the line has {len(text):,} characters", where=where, expected=expected)
        header = _split(text)
    except csv.Error as error:
        raise InputError("the quotation marks do not match", where=where, expected=expected) from error
    if len(header) == 1:
        for separator, name in ((";", "semicolons"), ("\t", "tabs")):
            if separator in header[0]:
                raise InputError(f"the columns are separated by {name}", where=where, expected="commas")
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


def _split(line: str) -> list[str]:
    return [field.strip() for field in next(csv.reader([line], strict=True), [])]


def _line_of(raw: bytes, offset: int) -> int:
    return len(re.findall(rb"\r\n|\r|\n", raw[:offset])) + 1


def _unreadable(path: Path, error: OSError) -> InputError:
    reason = error.strerror or type(error).__name__
    return InputError(
        f"can't be read ({reason})", where=path.resolve().name, expected="a file or folder that can be opened"
    )
