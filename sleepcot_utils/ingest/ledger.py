"""The account of a reading: every source record ends as kept, duplicate, ignored or skipped, and none in silence.

A vendor module opens one `Book` a file and one `Book.record` a record. A record that can't be used raises
`RecordError` inside; the book then lists it, or stops the reading under ``strict``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.problems import Problem, shown
from sleepcot_utils.ingest.result import FileCount, Unread

#: Problems listed one by one; all are counted. A file with more of them is not damaged in places but as a whole.
MAX_LISTED_PROBLEMS = 1_000


class RecordError(Exception):
    """One record that can't be used: the field at fault, what is wrong and what would be right.

    Parameters
    ----------
    column : str
        Field or column; empty if the whole record is at fault.
    problem, expected : str
        Phrases without a final stop, which never quote an identifier.
    """

    def __init__(self, column: str, problem: str, expected: str) -> None:
        self.column = column
        self.problem = problem
        self.expected = expected
        super().__init__(f"{column}: {problem}; expected {expected}")


class Ignored(Exception):
    """Raised inside `Book.record` for a sound record that says nothing for the nightly table, such as an empty day."""


@dataclass
class Book:
    """Account of one source file.

    Attributes
    ----------
    name : str
        Name of the file as it may be shown.
    """

    name: str
    strict: bool
    rows: int = 0
    kept: int = 0
    duplicates: int = 0
    skipped: int = 0
    ignored: int = 0
    problems: list[Problem] = field(default_factory=list)

    @contextmanager
    def record(self, number: int, line: int = 0) -> Iterator[None]:
        """Account for one record: kept, unless the body raises `RecordError` or `Ignored`.

        Parameters
        ----------
        number : int
            Place of the record in its file, from 1.
        line : int
            Line in the file, from 1; 0 where the format has no lines.

        Raises
        ------
        InputError
            For a bad record, under ``strict``.
        """
        self.rows += 1
        try:
            yield
        except Ignored:
            self.ignored += 1
        except RecordError as error:
            self.rows -= 1
            self.skip(number, error, line)
        else:
            self.kept += 1

    def skip(self, number: int, error: RecordError, line: int = 0) -> None:
        """Count and list a bad record that was not opened with `record`; stop under ``strict``."""
        self.rows += 1
        self.skipped += 1
        problem = Problem(self.name, number, line, error.column, error.problem, error.expected)
        if self.strict:
            raise InputError(problem.problem, where=problem.where, expected=problem.expected)
        if len(self.problems) < MAX_LISTED_PROBLEMS:
            self.problems.append(problem)

    def ignore(self, count: int = 1) -> None:
        """Count sound records that the nightly table has no place for."""
        self.rows += count
        self.ignored += count

    def keep(self, count: int = 1) -> None:
        """Count records that were used, where opening each with `record` would be too slow."""
        self.rows += count
        self.kept += count

    def drop_duplicate(self) -> None:
        """Count an exact repetition of a kept record."""
        self.rows += 1
        self.duplicates += 1

    def repeat(self) -> None:
        """Turn one kept record into a duplicate, once a later step has found it to be one."""
        self.kept -= 1
        self.duplicates += 1

    @property
    def count(self) -> FileCount:
        """The account in numbers."""
        return FileCount(self.name, self.rows, self.kept, self.duplicates, self.skipped, self.ignored)


class Ledger:
    """All books of one reading, and the files that could not be read at all.

    Parameters
    ----------
    strict : bool
        Whether the first bad record or damaged file stops the reading.
    """

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.books: list[Book] = []
        self.unread: list[Unread] = []
        self.first_damage: InputError | None = None

    @contextmanager
    def file(self, name: str) -> Iterator[Book]:
        """Open the book of a file. A file that is damaged as a whole is listed instead, unless under ``strict``."""
        book = Book(name, self.strict)
        self.books.append(book)
        try:
            yield book
        except InputError as error:
            if self.strict:
                raise
            self.lose(name, error)

    def lose(self, name: str, error: InputError) -> None:
        """List a file that can't be read, or can't be read to its end."""
        if self.first_damage is None:
            self.first_damage = error
        expected = f"; expected {error.expected}" if error.expected else ""
        self.unread.append(Unread(name, f"{error.problem}{expected}"))

    def repeat(self, name: str) -> None:
        """Turn a kept record of the file `name` into a duplicate."""
        for book in self.books:
            if book.name == name and book.kept:
                book.repeat()
                return

    @property
    def problems(self) -> list[Problem]:
        """Listed problems of all files, in the order of the files."""
        return [problem for book in self.books for problem in book.problems]


def quoted(value: object, limit: int = 40) -> str:
    """Quote a value of any type so that it can stand in a message."""
    return shown(value if isinstance(value, str) else repr(value)[:1000], limit)
