"""Progress of a study, as lines that people read.

The processes that execute notebooks append events to one file, which also works across machines with a shared disk; the
process that the user started reads them and prints. Time left is the expected time of what has not run yet, divided by
the executions that can run at once. An execution's expected time is its last wall time in this run, else the profile's
``expected_minutes`` scaled by how much faster or slower this machine has been in the executions that are done.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

#: File that events go to; set by the process that prints them.
EVENTS_VARIABLE = "SLEEPCOT_EVENTS"
#: Seconds of silence after which a long step is named again.
REMINDER_S = 30.0


def send(kind: str, execution: str, **fields: Any) -> None:
    """Send an event to whoever prints, or print it if nobody listens.

    Parameters
    ----------
    kind : str
        ``started``, ``step``, ``done`` or ``failed``.
    execution : str
        Name of the execution.
    **fields
        ``step`` has ``title``, ``index`` and ``count``; ``failed`` has ``message`` and ``exit_code``.
    """
    event = {"kind": kind, "execution": execution, **fields}
    target = os.environ.get(EVENTS_VARIABLE)
    if not target:
        _own_reporter().handle(event)
        return
    line = json.dumps(event, ensure_ascii=False) + "\n"
    # One write in append mode: lines of two processes do not mix.
    with open(target, "ab", buffering=0) as stream:
        stream.write(line.encode())


class Events:
    """Reader of an event file that others append to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0

    def new(self) -> list[dict[str, Any]]:
        """Events since the last call; a line that is not finished yet waits for the next call."""
        if not self.path.exists():
            return []
        with open(self.path, "rb") as stream:
            stream.seek(self._offset)
            content = stream.read()
        whole = content[: content.rfind(b"\n") + 1]
        self._offset += len(whole)
        return [json.loads(line) for line in whole.splitlines()]


def title_of(execution: str) -> str:
    """Readable name of an execution: ``03 distill the student (cot, seed 1)``."""
    notebook, _, student = execution.partition("__")
    number, _, words = notebook.partition("_")
    title = f"{number} {words.replace('_', ' ')}"
    if student:
        arm, _, seed = student.rpartition("-s")
        title += f" ({arm}, seed {seed})"
    return title


def clock(seconds: float) -> str:
    """Minutes and seconds, such as ``3:07``."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def roughly(seconds: float) -> str:
    """A duration to the precision that an estimate deserves."""
    if seconds < 60:
        return "less than a minute"
    minutes = round(seconds / 60)
    return "about a minute" if minutes == 1 else f"about {minutes} min"


@dataclass
class Reporter:
    """Prints events as lines.

    Parameters
    ----------
    expected_s : dict
        Notebook to expected seconds of one execution; one without an entry makes the time left unknown.
    at_once : int, optional
        Executions that can run at the same time.
    stream : file, optional
        Where lines go; standard error by default.
    now : callable, optional
        Clock, in seconds.
    """

    expected_s: dict[str, float]
    at_once: int = 1
    stream: TextIO | None = None
    now: Callable[[], float] = time.monotonic
    failures: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._begin = self.now()
        self._last_line = self._begin
        self._total = 0
        self._waiting: Counter[str] = Counter()
        self._order: list[str] = []
        self._began: dict[str, float] = {}
        self._steps: dict[str, str] = {}
        self._took: list[tuple[str, float]] = []

    @property
    def started(self) -> int:
        """Executions that have started."""
        return len(self._order)

    def plan(self, counts: dict[str, int]) -> None:
        """Say how many executions of each notebook are going to run."""
        self._total = sum(counts.values())
        self._waiting = Counter(counts) - Counter(name.partition("__")[0] for name in self._order)

    def handle(self, event: dict[str, Any]) -> None:
        """Print the line of one event."""
        execution = event["execution"]
        notebook = execution.partition("__")[0]
        if event["kind"] == "started":
            self._began[execution] = self.now()
            self._waiting[notebook] -= 1
            if execution not in self._order:
                self._order.append(execution)
            self._line(execution, "started")
        elif event["kind"] == "step":
            self._steps[execution] = f"step {event['index']} of {event['count']}: {event['title']}"
            self._line(execution, self._steps[execution])
        elif event["kind"] == "done":
            took = self.now() - self._began.pop(execution, self._begin)
            self._took.append((notebook, took))
            self._steps.pop(execution, None)
            self._line(execution, f"done in {clock(took)}")
        elif event["kind"] == "failed":
            self._began.pop(execution, None)
            self.failures.append(event)

    def remind(self) -> None:
        """Name the running steps again after a silence, so that a long step does not look like a hang."""
        if self._began and self.now() - self._last_line >= REMINDER_S:
            for execution in self._began:
                self._line(execution, f"still at {self._steps.get(execution, 'its start')}")

    def left_s(self) -> float | None:
        """Seconds left, or None while nothing is known about an execution that has still to run."""
        speed = self._speed()
        left: list[float] = []
        for notebook, count in self._waiting.items():
            if count > 0 and notebook not in self.expected_s:
                return None
            left += [self.expected_s.get(notebook, 0.0) * speed] * count
        for execution, began in self._began.items():
            expected = self.expected_s.get(execution.partition("__")[0])
            if expected is None:
                return None
            left.append(max(0.0, expected * speed - (self.now() - began)))
        return max([sum(left) / max(1, self.at_once), *left], default=0.0)

    def _speed(self) -> float:
        """How long finished executions took against what was expected of them; 1 before any is done."""
        known = [(self.expected_s[notebook], took) for notebook, took in self._took if notebook in self.expected_s]
        expected = sum(first for first, _ in known)
        return sum(took for _, took in known) / expected if expected else 1.0

    def _line(self, execution: str, text: str) -> None:
        number = self._order.index(execution) + 1 if execution in self._order else 0
        count = f"{number} of {self._total}  " if number and self._total else ""
        left = self.left_s() if self._total else None
        tail = f"  [{roughly(left)} left]" if left else ""
        line = f"{clock(self.now() - self._begin):>6}  {count}{title_of(execution)}: {text}{tail}"
        print(line, file=self.stream or sys.stderr, flush=True)
        self._last_line = self.now()


@functools.cache
def _own_reporter() -> Reporter:
    """Reporter of a process that runs a notebook without a study around it."""
    return Reporter(expected_s={})
