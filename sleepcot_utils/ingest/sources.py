"""Opens an export: a file, a folder or a zip archive, all as entries with a name, a size and a binary stream.

Nothing is unpacked to disk. A folder is searched with its subfolders; links in it are not followed. Zip archives that
lie in a folder are opened too, but no archive inside an archive.
"""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Self

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.problems import hide
from sleepcot_utils.ingest.result import Unread

#: Enough to see the keys of the first record behind the document type of an Apple export (about 10 KB).
HEAD_BYTES = 64 * 1024
#: Ten years of a Takeout are about 30,000 files of at most 6 levels; beyond that a wrong folder was named.
MAX_ENTRIES = 100_000
MAX_DEPTH = 12
ZIP_MAGIC = b"PK\x03\x04"
EMPTY_ZIP_MAGIC = b"PK\x05\x06"
ARCHIVE_MAGICS = (ZIP_MAGIC, EMPTY_ZIP_MAGIC, b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ")


class Entry(ABC):
    """One file of an export, on disk or in an archive.

    Attributes
    ----------
    name : str
        Name as it may be shown: relative to the export, without account numbers and e-mail addresses.
    folder : str
        The part of the name before the last slash.
    size : int
        Bytes, as declared.
    damage : InputError or None
        Why its first bytes can't be read, once that was tried.
    """

    def __init__(self, name: str, size: int) -> None:
        self.name = hide(name)
        self.size = size
        self.damage: InputError | None = None

    @property
    def folder(self) -> str:
        """Name of the folder that holds the file; empty at the top."""
        return self.name.rpartition("/")[0]

    @property
    def base(self) -> str:
        """Last part of the name."""
        return self.name.rpartition("/")[2]

    @abstractmethod
    def open(self) -> BinaryIO:
        """Open the file for reading; reading raises `InputError` if the file is damaged or unreadable."""

    @abstractmethod
    def read_all(self, limit: int) -> bytes:
        """All bytes of a file that has at most `limit`; nothing of a larger one.

        Raises
        ------
        InputError
            If the file can't be read.
        """

    @cached_property
    def head(self) -> bytes:
        """First bytes, to recognize the content; empty if the file can't be read."""
        try:
            with self.open() as stream:
                return stream.read(HEAD_BYTES)
        except InputError as error:
            self.damage = error
        except OSError as error:
            self.damage = unreadable(self.name, error)
        return b""

    @cached_property
    def head_text(self) -> str:
        """First bytes as text without byte order mark; empty if they are no UTF-8 text."""
        if b"\0" in self.head:
            return ""
        return self.head.decode("utf-8-sig", errors="replace")


class DiskEntry(Entry):
    """A file on disk."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        try:
            size = path.stat().st_size
        except OSError as error:
            raise unreadable(hide(name), error) from error
        super().__init__(name, size)

    def open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise unreadable(self.name, error) from error

    def read_all(self, limit: int) -> bytes:
        if self.size > limit:
            return b""
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise unreadable(self.name, error) from error


class Export:
    """The entries of an export. Use as a context manager: archives stay open until its end.

    Attributes
    ----------
    name : str
        Last part of the path that the user named.
    entries : list of Entry
        Files, sorted by name.
    unread : list of Unread
        What was not opened, with the reason.
    damage : list of InputError
        One for each archive in the folder that could not be opened; they stand in `unread` too.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = hide(path.resolve().name)
        self.entries: list[Entry] = []
        self.unread: list[Unread] = []
        self.damage: list[InputError] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        from sleepcot_utils.ingest.archives import archive_entries

        try:
            if self.path.is_dir():
                self._search()
            else:
                entry = DiskEntry(self.path, self.path.resolve().name)
                if is_zip(entry):
                    self.entries = archive_entries(entry, self._stack, self.unread)
                else:
                    self.entries = [entry]
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _search(self) -> None:
        from sleepcot_utils.ingest.archives import archive_entries

        for path in self._files(self.path, 0):
            name = path.relative_to(self.path).as_posix()
            try:
                entry = DiskEntry(path, name)
                if is_zip(entry):
                    self.entries += archive_entries(entry, self._stack, self.unread, prefix=f"{name}/")
                else:
                    self.entries.append(entry)
            except InputError as error:
                self.unread.append(Unread(hide(name), error.problem))
                self.damage.append(error)
            if len(self.entries) > MAX_ENTRIES:
                raise InputError(
                    f"holds more than {MAX_ENTRIES:,} files", where=self.name, expected="the folder of one export"
                )

    def _files(self, folder: Path, depth: int) -> Iterator[Path]:
        try:
            with os.scandir(folder) as listed:
                items = sorted(listed, key=lambda item: item.name)
        except OSError as error:
            if depth == 0:
                raise unreadable(self.name, error) from error
            self.unread.append(Unread(self._shown(folder), f"can't be read ({error.strerror})"))
            return
        for item in items:
            path = folder / item.name
            # Names with a leading dot are the file system's own, such as the copies that macOS puts beside files.
            if item.name.startswith(".") or item.name == "__MACOSX":
                continue
            try:
                mode = item.stat(follow_symlinks=False).st_mode
            except OSError as error:
                self.unread.append(Unread(self._shown(path), f"can't be read ({error.strerror})"))
                continue
            if stat.S_ISLNK(mode):
                self.unread.append(Unread(self._shown(path), "is a link, which is not followed"))
            elif stat.S_ISREG(mode):
                yield path
            elif stat.S_ISDIR(mode) and depth < MAX_DEPTH:
                yield from self._files(path, depth + 1)
            elif stat.S_ISDIR(mode):
                self.unread.append(Unread(self._shown(path), f"lies more than {MAX_DEPTH} folders deep"))

    def _shown(self, path: Path) -> str:
        return hide(path.relative_to(self.path).as_posix())


def is_zip(entry: Entry) -> bool:
    """Whether the first bytes are those of a zip archive; the name does not count."""
    return entry.head.startswith((ZIP_MAGIC, EMPTY_ZIP_MAGIC))


def why_unknown(entry: Entry) -> str:
    """Say in a few words what an entry is that no vendor's module recognizes."""
    if not entry.size:
        return "is empty"
    if entry.head.startswith(ARCHIVE_MAGICS):
        return "is an archive inside the export, which is not opened"
    if entry.damage:
        return entry.damage.problem
    return "is no file of a known export" if entry.head_text else "is a binary file of no known export"


def unreadable(name: str, error: OSError) -> InputError:
    """`InputError` for a file that the operating system refuses to open."""
    reason = error.strerror or type(error).__name__
    return InputError(f"can't be read ({reason})", where=name, expected="a file or folder that can be opened")
