"""The feedback log of a person's own machine: two files of JSON lines that only grow, readable by their user alone.

An append is one write of whole lines that is flushed to the disk before it counts. A crash can leave half a line at the
end; the next append starts on a line of its own, reading names the half line, and every other entry stays.
"""

from __future__ import annotations

import datetime
import fcntl
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sleepcot_utils.errors import ArtifactError, InputError
from sleepcot_utils.feedback.entries import Feedback, Given, Kind, checked
from sleepcot_utils.paths import relative_name

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
FEEDBACK, GIVEN = "feedback.jsonl", "given.jsonl"


@dataclass(frozen=True)
class FeedbackLog:
    """Advice that was given and feedback on it, below one folder.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the two files; made when something is written.
    """

    folder: Path

    @property
    def feedback_file(self) -> Path:
        """What people said."""
        return self.folder / FEEDBACK

    @property
    def given_file(self) -> Path:
        """What they were advised."""
        return self.folder / GIVEN

    def remember(self, advice: Iterable[Given]) -> int:
        """Append advice that was given, each id once, and return how many were new."""
        known = {entry.advice_id for entry in self.readable()[0]}
        new = {entry.advice_id: entry for entry in advice if entry.advice_id not in known}
        _append(self.given_file, list(new.values()))
        return len(new)

    def add(self, entries: Sequence[Feedback]) -> None:
        """Append feedback; all of it, or nothing where one entry is refused.

        Raises
        ------
        InputError
            For feedback on advice that never was, of another person, or dated before the advice or in the future.
        """
        known = {entry.advice_id: entry for entry in self.readable()[0]}
        for entry in entries:
            _fits(entry, known)
        _append(self.feedback_file, entries)

    def readable(self) -> tuple[list[Given], list[Feedback], list[str]]:
        """All whole lines of both files, and a sentence for each damaged one: what a person goes on with after a crash.

        Feedback on advice whose line is damaged is left out, since nobody can tell what it was about.
        """
        given, first = read_entries(self.given_file, Given)
        entries, second = read_entries(self.feedback_file, Feedback)
        known = {item.advice_id for item in given}
        return given, [entry for entry in entries if entry.advice_id in known], [*first, *second]

    def given(self) -> list[Given]:
        """Advice in the order in which it was given; a damaged line is an ArtifactError."""
        return _whole(*read_entries(self.given_file, Given))

    def entries(self) -> list[Feedback]:
        """Feedback in its order; a damaged line is an ArtifactError that names it."""
        return _whole(*read_entries(self.feedback_file, Feedback))

    def forget(self) -> list[Path]:
        """Delete the log, and return the files that were deleted."""
        files = [path for path in (self.feedback_file, self.given_file) if path.exists()]
        for path in files:
            path.unlink()
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()
        return files


def read_entries(path: Path, kind: type[Kind]) -> tuple[list[Kind], list[str]]:
    """Entries of a file and, for each damaged line, a sentence that names it; neither where there is no file."""
    entries: list[Kind] = []
    damaged: list[str] = []
    if path.exists():
        for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
            place = f"{relative_name(path)}, line {number}"
            if not line.strip():
                continue
            try:
                entries.append(checked(kind, dict(json.loads(line)), where=place))
            except InputError as problem:
                damaged.append(str(problem))
            except (ValueError, TypeError):
                damaged.append(f"{place}: this line is damaged.")
    return entries, damaged


def _whole(entries: list[Kind], damaged: list[str]) -> list[Kind]:
    if damaged:
        place, _, problem = damaged[0].partition(": ")
        raise ArtifactError(
            problem.rstrip("."),
            where=place,
            expected="the line as it was written; remove or mend it, all others are kept",
        )
    return entries


def _append(path: Path, entries: Sequence[Given] | Sequence[Feedback]) -> None:
    if not entries:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(PRIVATE_FOLDER)
    text = "".join(f"{json.dumps(e.model_dump(mode='json'), ensure_ascii=False, sort_keys=True)}\n" for e in entries)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.fchmod(descriptor, PRIVATE_FILE)
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            text = "\n" + text  # half a line of a crash stays alone
        data = text.encode()
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fits(entry: Feedback, known: dict[str, Given]) -> None:
    advice = known.get(entry.advice_id)
    if advice is None:
        raise InputError(
            f"there was no advice {entry.advice_id!r}",
            where="feedback, advice_id",
            expected=f"an id that `make coach` wrote, such as {next(reversed(known))!r}"
            if known
            else "`make coach` first",
        )
    if advice.person_id != entry.person_id:
        raise InputError(
            f"the advice {entry.advice_id!r} was given to {advice.person_id!r}, not to {entry.person_id!r}",
            where="feedback, person_id",
        )
    if not advice.date <= entry.date:
        raise InputError(
            f"{entry.date} lies before the advice of {advice.date}",
            where="feedback, date",
            expected="that day or later",
        )
    if entry.date > datetime.date.today() + datetime.timedelta(days=1):  # a day of slack for other time zones
        raise InputError(f"{entry.date} lies in the future", where="feedback, date", expected="today or earlier")
