"""Which batches are out: an append-only file beside the cache, which outlives the run that sent them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

from sleepcot_utils.errors import ArtifactError
from sleepcot_utils.paths import relative_name


@dataclass(frozen=True)
class Sent:
    """One batch.

    Attributes
    ----------
    tag : str
        By which this ledger knows it.
    keys : tuple of str
        Addresses of its requests in the cache, which are its ``custom_id``.
    endpoint : str
        Address of the server that has it.
    file_id : str
        The file with its requests, by which the server's list of batches knows it.
    batch_id : str
        As the server names it; empty between the wish and the server's word.
    """

    tag: str
    keys: tuple[str, ...]
    endpoint: str
    file_id: str = ""
    batch_id: str = ""


class BatchLedger:
    """Batches by tag, in the order in which they were sent.

    Parameters
    ----------
    path : pathlib.Path
        JSON lines; made with the first batch.

    Raises
    ------
    ArtifactError
        If a line can't be read, other than a last one that a kill has torn.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._sent: dict[str, Sent] = {}
        self._ended: set[str] = set()
        if path.exists():
            self._read(path.read_bytes())

    def new_tag(self, digest: str) -> str:
        """A tag for a set of requests; the same set gets another one each time that it is sent."""
        return f"{digest[:24]}-{sum(tag.startswith(digest[:24]) for tag in self._sent)}"

    def intend(self, sent: Sent) -> None:
        """Note a batch that is about to be made, so that a run that is killed right then finds it by its file."""
        self._sent[sent.tag] = sent
        self._append(
            {
                "kind": "intended",
                "tag": sent.tag,
                "keys": sent.keys,
                "endpoint": sent.endpoint,
                "file_id": sent.file_id,
            }
        )

    def submitted(self, tag: str, batch_id: str) -> None:
        """Note the server's id of a batch."""
        self._sent[tag] = replace(self._sent[tag], batch_id=batch_id)
        self._append({"kind": "submitted", "tag": tag, "batch_id": batch_id})

    def end(self, tag: str) -> None:
        """Note that all that a batch brought is in the cache, or that it never was."""
        if tag in self._sent:
            self._ended.add(tag)
            self._append({"kind": "ended", "tag": tag})

    def open(self, endpoint: str) -> list[Sent]:
        """Batches at a server that were not ended."""
        sent = [sent for tag, sent in self._sent.items() if tag not in self._ended]
        return [one for one in sent if one.endpoint == endpoint]

    def _append(self, record: dict[str, object]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
                if file.read(1) != b"\n":
                    file.write(b"\n")  # ends a line that a kill has torn
            file.write(json.dumps(record).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self, content: bytes) -> None:
        lines = content.splitlines()
        for number, line in enumerate(lines, start=1):
            try:
                record = json.loads(line)
            except ValueError:
                continue  # torn by a kill
            try:
                tag = record["tag"]
                if record["kind"] == "intended":
                    self._sent[tag] = Sent(tag, tuple(record["keys"]), record["endpoint"], record["file_id"])
                elif record["kind"] == "submitted":
                    self._sent[tag] = replace(self._sent[tag], batch_id=record["batch_id"])
                else:
                    self._ended.add(tag)
            except (KeyError, TypeError) as problem:
                raise ArtifactError(
                    f"a field is missing or wrong ({problem})",
                    where=f"{relative_name(self.path)}, line {number}",
                    expected="a ledger of batches, as this study writes it",
                ) from None
