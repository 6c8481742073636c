"""Files and batches as OpenAI has them, for the loopback server: a batch is done after some looks at it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from loopback import Received, Step, completion, error


@dataclass
class BatchDesk:
    """Takes files and batches, answers their lines, and remembers what it was asked.

    Attributes
    ----------
    answer : callable
        From the body of a line to its step; a status that is not 200 goes to the error file.
    looks : int
        How often a batch is still in progress when it is looked at.
    ends : str
        Status with which batches end.
    """

    answer: Callable[[Received], Step] = lambda received: completion(f"Answer:\n{received.prompt}")
    looks: int = 1
    ends: str = "completed"
    files: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    before_create: Callable[[], None] = lambda: None
    after_create: Callable[[], None] = lambda: None
    only_first: int | None = None

    def __call__(self, method: str, path: str, raw: bytes) -> Step:
        """Answer one request."""
        path = path.removeprefix("/v1").partition("?")[0]
        if (method, path) == ("POST", "/files"):
            return self._take_file(raw)
        if (method, path) == ("POST", "/batches"):
            return self._make(json.loads(raw))
        if (method, path) == ("GET", "/batches"):
            return _json({"object": "list", "data": list(self.batches.values()), "has_more": False})
        if found := re.fullmatch(r"/files/([\w-]+)/content", path):
            return Step(200, self.files[found[1]], {"content-type": "application/octet-stream"})
        if found := re.fullmatch(r"/batches/([\w-]+)", path):
            return self._look(found[1])
        return error(404)

    def _take_file(self, raw: bytes) -> Step:
        boundary = raw.partition(b"\r\n")[0]
        parts = [part.partition(b"\r\n\r\n") for part in raw.split(boundary)]
        content = next(body for head, _, body in parts if b'name="file"' in head).removesuffix(b"\r\n")
        assert any(b'name="purpose"' in head and body.strip() == b"batch" for head, _, body in parts)
        name = f"file-{len(self.files)}"
        self.files[name] = content
        return _json({"id": name, "object": "file", "bytes": len(content), "created_at": 1, "purpose": "batch"})

    def _make(self, body: dict[str, Any]) -> Step:
        self.before_create()
        assert body["endpoint"] == "/v1/chat/completions" and body["completion_window"] == "24h"
        name = f"batch-{len(self.batches)}"
        self.batches[name] = {
            "id": name,
            "object": "batch",
            "status": "in_progress",
            "created_at": 1,
            "looks": self.looks,
            **body,
        }
        self.after_create()
        return _json(self.batches[name])

    def _look(self, name: str) -> Step:
        if name not in self.batches:
            return error(404)
        batch = self.batches[name]
        if batch["status"] == "in_progress":
            if batch["looks"] > 0:
                batch["looks"] -= 1
            else:
                self._work(batch)
        return _json(batch)

    def _work(self, batch: dict[str, Any]) -> None:
        good, bad = [], []
        for raw in self.files[batch["input_file_id"]].splitlines()[: self.only_first]:
            line = json.loads(raw)
            assert line["method"] == "POST" and line["url"] == "/v1/chat/completions"
            received = Received(line["url"], {}, line["body"], 0.0)
            self.asked.append(received.prompt)
            step = self.answer(received)
            response = {"status_code": step.status, "request_id": "r", "body": json.loads(step.body)}
            done = {"id": "l", "custom_id": line["custom_id"], "response": response, "error": None}
            (good if step.status == 200 else bad).append(json.dumps(done))
        for field_name, lines in (("output_file_id", good), ("error_file_id", bad)):
            if lines:
                batch[field_name] = f"file-{len(self.files)}"
                # Results come in any order.
                self.files[batch[field_name]] = "\n".join(reversed(lines)).encode() + b"\n"
        batch["status"] = self.ends


def _json(body: dict[str, Any]) -> Step:
    return Step(200, json.dumps(body).encode())
