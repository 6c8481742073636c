"""The monitor's state on disk: append-only logs of days and alerts, and a small memory of each person's recent past.

A person's folder holds ``days.jsonl`` (every observation that came, in the order in which it came), ``alerts.jsonl``
(each alert as it was raised, or withdrawn when a later correction of a day removed its reason) and ``memory.json``.
A new day reads the memory alone. The memory can be lost: it says up to which byte of the log it has seen, what was
appended after it is judged again, and without it all is computed from the log. It holds personal data and stays below
``data/runs``, which git ignores.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sleepcot_utils.errors import ArtifactError, InputError
from sleepcot_utils.monitor.alerts import Alert
from sleepcot_utils.monitor.memory import PersonMemory
from sleepcot_utils.monitor.observations import KEYS
from sleepcot_utils.monitor.rules import Rule, load_rules, measures
from sleepcot_utils.paths import private_files

FORMAT = 1
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
EPOCH = pd.Timestamp("1970-01-01")
RAISED, WITHDRAWN = "raised", "withdrawn"


@dataclass(frozen=True)
class Added:
    """What adding days did.

    Attributes
    ----------
    alerts : tuple of Alert
        New alerts.
    withdrawn : tuple of tuple of str
        Person, date and rule of alerts whose reason a correction removed.
    new_days, changed_days, known_days : int
        Days that were not there, that got other or more values, and that were there already.
    """

    alerts: tuple[Alert, ...]
    withdrawn: tuple[tuple[str, str, str], ...]
    new_days: int
    changed_days: int
    known_days: int


class MonitorState:
    """State of all persons below one folder.

    Parameters
    ----------
    folder : Path
        Is made if it is not there.
    rules : sequence of Rule, optional
        All rules if not given.
    """

    def __init__(self, folder: Path, rules: Sequence[Rule] | None = None) -> None:
        self.folder = Path(folder)
        self.rules = tuple(load_rules() if rules is None else rules)
        text = json.dumps([rule.model_dump() for rule in self.rules], sort_keys=True)
        self._rules_digest = hashlib.blake2b(text.encode(), digest_size=12).hexdigest()

    def add(self, observations: pd.DataFrame, *, known_conditions: Mapping[str, str] | None = None) -> Added:
        """Add days of any persons, in any order; a day that is known already gets the values that are new or other.

        Parameters
        ----------
        observations : pandas.DataFrame
            As ``observe`` returns them.
        known_conditions : mapping of str to str, optional
            Person to what they live with, such as ``hypertension+type_2_diabetes``.

        Raises
        ------
        InputError
            If a row has no date, or a person two rows of one date.
        """
        if observations["date"].isna().any():
            raise InputError("an observation has no date", where="observations", expected="person and date in each row")
        if observations.duplicated(list(KEYS)).any():
            raise InputError("a person has two rows of one date", where="observations", expected="one row a day")
        with private_files(self.folder):
            parts = [
                self._add_person(str(person_id), own, (known_conditions or {}).get(str(person_id), ""))
                for person_id, own in observations.groupby("person_id", sort=True)
            ]
        return Added(
            alerts=tuple(alert for part in parts for alert in part.alerts),
            withdrawn=tuple(entry for part in parts for entry in part.withdrawn),
            new_days=sum(part.new_days for part in parts),
            changed_days=sum(part.changed_days for part in parts),
            known_days=sum(part.known_days for part in parts),
        )

    def alerts(self, person_id: str) -> list[dict[str, Any]]:
        """Alerts of a person that stand, by date and rule; reads the whole log of alerts."""
        standing: dict[tuple[str, str], dict[str, Any]] = {}
        for entry in _lines(self._person(person_id) / "alerts.jsonl"):
            key = entry["date"], entry["rule"]
            if entry.pop("event") == WITHDRAWN:
                standing.pop(key, None)
            else:
                standing[key] = entry
        return [standing[key] for key in sorted(standing)]

    def recent(self, person_id: str) -> pd.DataFrame:
        """The last weeks of a person as observations, from the memory alone."""
        folder = self._person(person_id)
        memory, _ = self._recall(folder, folder / "days.jsonl")
        rows = [
            {"person_id": person_id, "date": EPOCH + pd.Timedelta(days=day), **values}
            for day, values in sorted(memory.values.items())
        ]
        return pd.DataFrame(rows, columns=[*KEYS, *measures()])

    def _person(self, person_id: str) -> Path:
        # Any text is an id; one that is no plain file name is stored under its hash.
        plain = PLAIN_NAME.fullmatch(person_id)
        name = person_id if plain else "id-" + hashlib.blake2b(person_id.encode(), digest_size=12).hexdigest()
        return self.folder / name

    def _add_person(self, person_id: str, own: pd.DataFrame, known_conditions: str) -> Added:
        folder = self._person(person_id)
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "days.jsonl"
        memory, seen_bytes = self._recall(folder, log)
        first = _merge(memory, _lines(log, seen_bytes), person_id)
        fresh, counts = _compared(_entries(own), memory, log)
        if fresh:
            _append(log, [{"person_id": person_id, **entry} for entry in fresh])
        changed_days = [entry["day"] for entry in fresh] + ([] if first is None else [first])
        if not changed_days:
            return Added((), (), 0, 0, counts["known"])
        start = min(changed_days)
        if seen_bytes and memory.reaches(start):
            before = {(_date(day), rule) for day, rules in memory.alerts.items() for rule in rules}
            _merge(memory, fresh, person_id)
        else:
            # Memory is lost, or the change is older than it: everything is judged anew, from the log.
            before = {(entry["date"], entry["rule"]) for entry in self.alerts(person_id)}
            memory = PersonMemory()
            _merge(memory, _lines(log), person_id)
            start = min(memory.values)
        found = memory.judge(person_id, start, self.rules, known_conditions)
        alerts, withdrawn = self._changes(folder, person_id, before, found, start)
        self._remember(folder, log, person_id, memory)
        return Added(tuple(alerts), tuple(withdrawn), counts["new"], counts["changed"], counts["known"])

    def _changes(
        self, folder: Path, person_id: str, before: set[tuple[str, str]], found: list[Alert], first: int
    ) -> tuple[list[Alert], list[tuple[str, str, str]]]:
        """Write what is new and what is withdrawn among the alerts from a day on."""
        judged = {(date, rule) for date, rule in before if date >= _date(first)}
        now = {(alert.date, alert.rule) for alert in found}
        alerts = [alert for alert in found if (alert.date, alert.rule) not in judged]
        gone = sorted(judged - now)
        events = [{"event": WITHDRAWN, "person_id": person_id, "date": date, "rule": rule} for date, rule in gone]
        # An alert that stands is written again where a correction changed its numbers; the last entry counts.
        again = [alert for alert in found if (alert.date, alert.rule) in judged]
        events += [{"event": RAISED, **alert.as_dict()} for alert in [*alerts, *again]]
        if events:
            _append(folder / "alerts.jsonl", events)
        return alerts, [(person_id, date, rule) for date, rule in gone]

    def _recall(self, folder: Path, log: Path) -> tuple[PersonMemory, int]:
        """Memory of a person and the bytes of the log that it has seen; empty if it is lost or of other rules."""
        file = folder / "memory.json"
        size = log.stat().st_size if log.exists() else 0
        try:
            stored = json.loads(file.read_text(encoding="utf-8"))
            usable = stored["format"] == FORMAT and stored["rules"] == self._rules_digest and stored["bytes"] <= size
            if usable:
                return PersonMemory.from_dict(stored["memory"]), stored["bytes"]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
        return PersonMemory(), 0

    def _remember(self, folder: Path, log: Path, person_id: str, memory: PersonMemory) -> None:
        stored = {
            "format": FORMAT,
            "person_id": person_id,
            "rules": self._rules_digest,
            "bytes": log.stat().st_size,
            "memory": memory.as_dict(),
        }
        beside = folder / "memory.json.new"
        beside.write_text(json.dumps(stored), encoding="utf-8")
        os.replace(beside, folder / "memory.json")


def _compared(
    entries: list[dict[str, Any]], memory: PersonMemory, log: Path
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Entries with values that are new or other than known, and how many days are new, changed and known."""
    counts = {"new": 0, "changed": 0, "known": 0}
    fresh = []
    archive: dict[int, dict[str, float]] | None = None
    for entry in entries:
        known = memory.values.get(entry["day"])
        if not memory.reaches(entry["day"]):
            archive = _archive(log) if archive is None else archive
            known = archive.get(entry["day"])
        changed = {name: value for name, value in entry["values"].items() if (known or {}).get(name) != value}
        counts["new" if known is None else "changed" if changed else "known"] += 1
        if changed:
            fresh.append(entry | {"values": changed})
    return fresh, counts


def _archive(log: Path) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for entry in _lines(log):
        found.setdefault(entry["day"], {}).update(entry["values"])
    return found


def _merge(memory: PersonMemory, entries: Iterable[dict[str, Any]], person_id: str) -> int | None:
    """Put log entries into a memory; the first day among them."""
    first: int | None = None
    for entry in entries:
        if entry.get("person_id", person_id) != person_id:
            raise ArtifactError(
                "a day of another person stands in this log", where=f"days.jsonl of {person_id}", expected="one person"
            )
        memory.values.setdefault(entry["day"], {}).update(entry["values"])
        first = entry["day"] if first is None else min(first, entry["day"])
    return first


def _entries(own: pd.DataFrame) -> list[dict[str, Any]]:
    names = [name for name in measures() if name in own]
    days = (own["date"] - EPOCH).dt.days.tolist()
    entries = []
    for day, row in sorted(zip(days, own[names].to_numpy(dtype=float), strict=True), key=lambda pair: pair[0]):
        values = {name: float(value) for name, value in zip(names, row, strict=True) if not math.isnan(value)}
        entries.append({"day": day, "values": values})
    return entries


def _date(day: int) -> str:
    return str((EPOCH + pd.Timedelta(days=day)).date())


def _lines(path: Path, start: int = 0) -> Iterable[dict[str, Any]]:
    """Entries of a log from a byte on; a last line that was cut off by a crash is left out."""
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            if line.endswith(b"\n"):
                yield json.loads(line)


def _append(path: Path, entries: Sequence[dict[str, Any]]) -> None:
    """Append whole lines and see them on the disk; a line that a crash cut off is closed first."""
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.truncate(_last_newline(path))
        file.write("".join(json.dumps(entry) + "\n" for entry in entries).encode())
        file.flush()
        os.fsync(file.fileno())


def _last_newline(path: Path) -> int:
    """Bytes up to and with the last line end; reads from the end."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(end - 4096, 0)
            file.seek(start)
            place = file.read(end - start).rfind(b"\n")
            if place >= 0:
                return start + place + 1
            end = start
    return 0
