"""Words for what is wrong with a file or record, without the identifiers that stand in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

#: In a damaged record an account number can land in any field. No measure of a day has so many digits.
LONG_NUMBER = re.compile(r"[0-9]{8,}")
EMAIL = re.compile(r"[^\s/\\@]+@[^\s/\\@]+")


@dataclass(frozen=True)
class Problem:
    """Why one record can't be used.

    Attributes
    ----------
    file : str
        Name of the file.
    row : int
        Record, from 1.
    line : int
        Line in the file, from 1; 0 for formats without lines, such as JSON.
    column : str
        Column or field; empty where the whole record is at fault.
    problem, expected : str
        What is wrong, and what would be right.
    """

    file: str
    row: int
    line: int
    column: str
    problem: str
    expected: str

    @property
    def where(self) -> str:
        """File, row and column, or record and field, in words."""
        if not self.line:
            return f"{self.file}, record {self.row}" + (f", field {self.column}" if self.column else "")
        return f"{self.file}, row {self.row} (line {self.line})" + (f", column {self.column}" if self.column else "")


def shown(text: str, limit: int = 40) -> str:
    """Quote a piece of a file so that it can stand in a message: escaped, shortened to `limit`, without identifiers."""
    hidden = EMAIL.sub("(e-mail)", LONG_NUMBER.sub(lambda match: "#" * min(len(match[0]), 8), text[:4096]))
    return repr(hidden) if len(text) <= limit else f"{hidden[:limit]!r}... ({len(text):,} characters)"


def hide(text: str) -> str:
    """Mask account numbers and e-mail addresses, which also stand in the names of exported files."""
    short = "".join(character if character.isprintable() else "?" for character in text[:4096])
    return EMAIL.sub("(e-mail)", LONG_NUMBER.sub(lambda match: "#" * min(len(match[0]), 8), short))


def listing(names: Iterable[str], limit: int = 12) -> str:
    """Name things in one phrase, shortened: what a stranger's file holds may be long and unprintable."""
    chosen = [shown(name) for name in names]
    rest = f" and {len(chosen) - limit} more" if len(chosen) > limit else ""
    return ", ".join(chosen[:limit]) + rest if chosen else "none"


def plural(count: int, noun: str) -> str:
    """Count a thing in words: ``1 night``, ``410 nights``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
