"""Locks that die with the process that holds them, so that a killed run never blocks the next one."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sleepcot_utils.errors import StudyError
from sleepcot_utils.paths import relative_name

#: A kernel looks once a second whether its parent is alive (ipykernel's parent poller); this is longer.
ORPHAN_LIFE_S = 2.5


@contextmanager
def exclusive(path: Path, *, holder: str, wait_s: float = 0.0) -> Iterator[None]:
    """Hold a lock file for as long as the block runs.

    Parameters
    ----------
    path : Path
        Lock file; its folder is made. It holds the process number of its holder, and nothing after a clean end.
    holder : str
        What the lock stands for, for the message.
    wait_s : float, optional
        Seconds to wait for another holder.

    Raises
    ------
    StudyError
        If another living process holds the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    process = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
                    raise StudyError(
                        f"{holder} is running already, as process {process}",
                        where=relative_name(path),
                        expected="one at a time; wait for it, or end that process",
                    ) from None
                time.sleep(0.2)
        if os.read(descriptor, 1):
            # The last holder was killed. What it started may still be about to notice.
            time.sleep(ORPHAN_LIFE_S)
        _write(descriptor, f"{os.getpid()}\n")
        yield
        _write(descriptor, "")
    except StudyError:
        # Also a clean end: nothing that was started here is left running.
        if path.read_text(encoding="utf-8").strip() == str(os.getpid()):
            _write(descriptor, "")
        raise
    finally:
        os.close(descriptor)


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)
