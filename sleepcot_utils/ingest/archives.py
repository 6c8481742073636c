"""Zip archives from strangers: entries are streamed, never unpacked, and archives that mean harm are refused.

Limits on the declared sizes are enough, because the standard library never yields more bytes than an entry declares
and checks the CRC at its end: a lie about the size ends as a damaged entry.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from contextlib import ExitStack
from typing import IO, BinaryIO

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import sources
from sleepcot_utils.ingest.problems import hide, shown
from sleepcot_utils.ingest.result import Unread

#: Apple exports of many years have 5 to 10 GB unpacked. Streams stay flat in memory, so this only bounds the time.
MAX_TOTAL_BYTES = 64 * 2**30
#: Health records deflate by 10 to 50 times; deflate itself ends at 1,032 times (https://zlib.net/zlib_tech.html).
MAX_RATIO = 200
RATIO_COUNTS_FROM_BYTES = 2**20
ENCRYPTED = 0x1
DRIVE = re.compile(r"[A-Za-z]:")
#: What reading a damaged archive raises: bad structure or CRC, bad deflate data, end of file, an unknown method.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, RuntimeError)


class ArchiveEntry(sources.Entry):
    """A file in a zip archive."""

    def __init__(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, prefix: str) -> None:
        super().__init__(prefix + info.filename.replace("\\", "/"), info.file_size)
        self._archive = archive
        self._info = info

    def open(self) -> BinaryIO:
        try:
            return io.BufferedReader(_Guarded(self._archive.open(self._info), self.name))  # type: ignore[return-value]
        except DAMAGE as error:
            raise _damaged(self.name, error) from error

    def read_all(self, limit: int) -> bytes:
        if self.size > limit:
            return b""
        with self.open() as stream:
            return stream.read()


class _Guarded(io.RawIOBase):
    """Turns what a damaged archive raises while it is read into `InputError`."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream = stream
        self._name = name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
        except DAMAGE as error:
            raise _damaged(self._name, error) from error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


def archive_entries(
    entry: sources.Entry, stack: ExitStack, unread: list[Unread], prefix: str = ""
) -> list[sources.Entry]:
    """Check a zip archive and list its files.

    Parameters
    ----------
    entry : Entry
        The archive.
    stack : contextlib.ExitStack
        Keeps the archive open.
    unread : list of Unread
        Receives the archives inside the archive, which are not opened.
    prefix : str
        Put before the names.

    Raises
    ------
    InputError
        If the archive is damaged or encrypted, its names lead out of it or are links, or it unpacks to more than the
        limits above.
    """
    try:
        archive = stack.enter_context(zipfile.ZipFile(stack.enter_context(entry.open())))
        infos = archive.infolist()
    except DAMAGE as error:
        raise _damaged(entry.name, error) from error
    if len(infos) > sources.MAX_ENTRIES:
        raise InputError(
            f"the archive holds {len(infos):,} files", where=entry.name, expected=f"at most {sources.MAX_ENTRIES:,}"
        )
    for info in infos:
        _refuse(info, entry.name)
    total = sum(info.file_size for info in infos)
    if total > MAX_TOTAL_BYTES:
        raise InputError(
            f"the archive unpacks to {total / 2**30:,.0f} GiB",
            where=entry.name,
            expected=f"at most {MAX_TOTAL_BYTES // 2**30} GiB",
        )
    if sum(info.compress_size for info in infos) > entry.size:
        raise InputError(
            "the files of the archive overlap each other, as in a zip bomb", where=entry.name, expected="a plain zip"
        )
    found: list[sources.Entry] = []
    for info in sorted(infos, key=lambda info: info.filename):
        parts = info.filename.split("/")
        if info.is_dir() or "__MACOSX" in parts or parts[-1].startswith("."):
            continue
        inner = ArchiveEntry(archive, info, prefix)
        if inner.head.startswith(sources.ARCHIVE_MAGICS):
            unread.append(Unread(inner.name, "is an archive inside an archive, which is not opened"))
        else:
            found.append(inner)
    return found


def _refuse(info: zipfile.ZipInfo, name: str) -> None:
    parts = info.filename.replace("\\", "/").split("/")
    where = f"{name}, entry {shown(info.filename)}"
    if ".." in parts or info.filename.startswith(("/", "\\")) or DRIVE.match(info.filename):
        raise InputError("the name leads out of the archive", where=where, expected="relative names")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise InputError("the archive holds a link", where=where, expected="files only")
    if info.flag_bits & ENCRYPTED:
        raise InputError("the archive is encrypted", where=where, expected="an archive without password")
    if info.file_size > RATIO_COUNTS_FROM_BYTES and info.file_size > MAX_RATIO * max(info.compress_size, 1):
        raise InputError(
            f"the file unpacks to {info.file_size / max(info.compress_size, 1):,.0f} times its size, as in a zip bomb",
            where=where,
            expected=f"at most {MAX_RATIO} times",
        )


def _damaged(name: str, error: Exception) -> InputError:
    what = hide(str(error)).strip().rstrip(".") or type(error).__name__
    return InputError(
        f"the zip archive is damaged ({what[:120]})", where=name, expected="a whole archive, as it was downloaded"
    )
