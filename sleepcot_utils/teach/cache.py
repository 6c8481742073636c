"""Append-only store of everything that a teacher was asked and answered.

One JSON object a line. A response is written as it came off the wire and forced to disk before anything tries to
understand it, so that a kill at any point loses no answer that was paid for. A study's cache file replays the study
without a key or a network.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.paths import relative_name

SCHEMA = 1


@dataclass(frozen=True)
class StoredResponse:
    """One response as it was received.

    Attributes
    ----------
    body : str
        The body of the HTTP response, or the text of a local model's answer record.
    latency_s : float
        Seconds from asking to the last byte.
    """

    body: str
    latency_s: float


class ReplyCache:
    """The responses in one JSON lines file, found by the hash of their request.

    Threads may share one object and processes one file: appends are locked (``fcntl.flock``; on systems without it
    only threads of one process are safe) and what another process appended is seen by `refresh`.

    Parameters
    ----------
    path : pathlib.Path
        The file. It is created at the first append, with its folder.
    report : callable
        Takes a sentence for the user; told of lines that a kill has torn.

    Raises
    ------
    ArtifactError
        If the file can't be read or written, or holds something else than a teacher cache of this schema.
    """

    def __init__(self, path: Path, *, report: Callable[[str], None] = print) -> None:
        self.path = Path(path)
        self.torn_lines = 0
        self.failures = 0
        self._report = report
        self._lock = threading.RLock()
        self._responses: dict[str, list[StoredResponse]] = {}
        self._offset = 0
        self._lines = 0
        self.refresh()

    def __len__(self) -> int:
        return len(self._responses)

    def responses(self, key: str) -> tuple[StoredResponse, ...]:
        """All responses to a request, the oldest first. Failures are no responses."""
        with self._lock:
            return tuple(self._responses.get(key, ()))

    def add_response(self, key: str, request: Mapping[str, Any], body: str, *, latency_s: float) -> StoredResponse:
        """Store a response before it is parsed; it is on disk when this returns."""
        record = {"kind": "response", "key": key, "request": request, "latency_s": round(latency_s, 3), "body": body}
        with self._lock:
            self._append(record)
        return StoredResponse(body, round(latency_s, 3))

    def add_failure(self, key: str, request: Mapping[str, Any], error: str) -> None:
        """Record that a request failed, for whoever reads the file. It is asked again the next time."""
        with self._lock:
            self._append({"kind": "failure", "key": key, "request": request, "error": error})

    def refresh(self) -> None:
        """Read what was appended since the last look, by any process."""
        with self._lock:
            if not self.path.exists():
                return
            torn_before = self.torn_lines
            with self._opened("rb") as file, _locked(file, exclusive=False):
                self._read_on(file)
            if self.torn_lines > torn_before:
                self._report(
                    f"{relative_name(self.path)}: {self.torn_lines - torn_before} unfinished line(s), left by a run"
                    " that was killed while writing, are skipped; their requests are asked again if needed."
                )

    def _append(self, record: dict[str, Any]) -> None:
        record = {"schema": SCHEMA, "time": datetime.now(UTC).isoformat(timespec="seconds"), **record}
        # A lone surrogate is not UTF-8; escaping keeps such a line readable for every JSON parser.
        line = json.dumps(record, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"
        with self._opened("a+b") as file, _locked(file, exclusive=True):
            self._read_on(file)
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
                if file.read(1) != b"\n":
                    # Ends a line that a kill has torn, so that only that line is lost.
                    line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
            self._read_on(file)

    @contextlib.contextmanager
    def _opened(self, mode: str) -> Iterator[IO[bytes]]:
        try:
            if "a" in mode:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open(mode) as file:
                yield file
        except OSError as problem:
            raise ArtifactError(
                f"the teacher cache can't be {'written' if 'a' in mode else 'read'} ({problem.strerror})",
                where=relative_name(self.path),
                expected="a file that this user may read and write, on a disk with room",
            ) from problem

    def _read_on(self, file: IO[bytes]) -> None:
        # Writers hold the exclusive lock for a whole line: a last line without an end is torn, not being written.
        file.seek(self._offset)
        for line in file:
            if line.strip():
                self._lines += 1
                self._take(line)
        self._offset = file.tell()
        if self._lines and self._lines == self.torn_lines and self._lines > 1:
            raise self._foreign(1, "this is not JSON")

    def _take(self, line: bytes) -> None:
        try:
            record = json.loads(line)
        except ValueError:
            self.torn_lines += 1
            return
        if not isinstance(record, dict) or record.get("schema") != SCHEMA:
            raise self._foreign(self._lines, f"this is not a record of schema {SCHEMA}")
        try:
            if record["kind"] == "failure":
                self.failures += 1
                return
            response = StoredResponse(str(record["body"]), float(record["latency_s"]))
            key = str(record["key"])
        except (KeyError, TypeError, ValueError) as problem:
            raise self._foreign(self._lines, f"a field is missing or wrong ({problem})") from None
        self._responses.setdefault(key, []).append(response)

    def _foreign(self, line: int, problem: str) -> ArtifactError:
        return ArtifactError(
            problem,
            where=f"{relative_name(self.path)}, line {line}",
            expected="a teacher cache, as this study writes it; move the file away to start an empty one",
        )


@contextlib.contextmanager
def _locked(file: IO[bytes], *, exclusive: bool) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    fcntl.flock(file, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)
