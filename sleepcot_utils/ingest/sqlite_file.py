"""A stranger's SQLite database, read in memory: tables only, and never for longer than a bounded number of steps."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from typing import Self

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.ledger import quoted
from sleepcot_utils.ingest.sources import Entry

MAGIC = b"SQLite format 3\0"
MAX_BYTES = 512 * 2**20
#: Steps of SQLite's virtual machine. The largest table of a phone has some million rows of about 20 steps.
MAX_STEPS = 500_000_000
STEPS_A_CHECK = 1_000_000
MAX_VALUE_BYTES = 10_000_000


class Database:
    """The tables of a database. Use as a context manager.

    Parameters
    ----------
    entry : Entry
        The file.

    Raises
    ------
    InputError
        From every method, if the file is no database, damaged or too large, or takes too long.
    """

    def __init__(self, entry: Entry) -> None:
        self.name = entry.name
        if entry.size > MAX_BYTES:
            raise InputError(
                f"the database has {entry.size / 2**20:,.0f} MiB",
                where=entry.name,
                expected=f"at most {MAX_BYTES // 2**20} MiB",
            )
        raw = bytearray(entry.read_all(MAX_BYTES))
        # A database in memory can't be in write-ahead mode, which bytes 18 and 19 tell, https://sqlite.org/fileformat.html
        raw[18:20] = b"\x01\x01"
        self._connection = sqlite3.connect(":memory:")
        try:
            self._prepare(bytes(raw))
        except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
            self._connection.close()
            raise self._damaged(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _prepare(self, raw: bytes) -> None:
        connection = self._connection
        connection.text_factory = lambda text: text.decode("utf-8", errors="replace")
        connection.deserialize(raw)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
        checks = iter(range(MAX_STEPS // STEPS_A_CHECK))
        connection.set_progress_handler(lambda: next(checks, None) is None, STEPS_A_CHECK)
        # Functions in the schema of a file are not trusted, https://sqlite.org/pragma.html#pragma_trusted_schema
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA query_only = ON")

    def has(self, table: str) -> bool:
        """Whether there is a true table of this name; a view could be a query without end."""
        query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? AND sql NOT LIKE 'CREATE VIRTUAL%'"
        return bool(self._fetch(query, (table,)))

    def rows(self, table: str, columns: Sequence[str]) -> list[tuple[object, ...]]:
        """Rows of a table in its own order: a column that it lacks is null, a missing table has no rows."""
        return self._fetch(self._query(table, columns)) if self.has(table) else []

    def stream(self, table: str, columns: Sequence[str]) -> Generator[tuple[object, ...]]:
        """The same one by one, for tables with millions of rows; close it before the database."""
        if not self.has(table):
            return
        try:
            yield from self._connection.execute(self._query(table, columns))
        except (sqlite3.Error, OverflowError, MemoryError, UnicodeDecodeError) as error:
            raise self._damaged(error) from error

    def _query(self, table: str, columns: Sequence[str]) -> str:
        known = {row[1] for row in self._fetch(f"PRAGMA table_info({table})")}
        wanted = ", ".join(column if column in known else "NULL" for column in columns)
        return f"SELECT {wanted} FROM {table} ORDER BY rowid"

    def _fetch(self, query: str, values: tuple[str, ...] = ()) -> list[tuple[object, ...]]:
        try:
            return self._connection.execute(query, values).fetchall()
        except (sqlite3.Error, OverflowError, MemoryError, UnicodeDecodeError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> InputError:
        if "interrupted" in str(error):
            return InputError("the database takes too long to read", where=self.name, expected="a database of a phone")
        problem = f"the database is damaged ({quoted(str(error), 80)})"
        return InputError(problem, where=self.name, expected="the file as it was exported")
