"""Large runs through a batch API: files and batches, as OpenAI has them and DashScope takes them too.

What was sent stands in a ledger beside the cache before and after it is sent, so that a run that was killed finds its
batches again and pays for none of them twice.
"""

from __future__ import annotations

import io
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from sleepcot_utils.errors import TeacherError
from sleepcot_utils.teach.asks import Ask
from sleepcot_utils.teach.batch_ledger import BatchLedger, Sent
from sleepcot_utils.teach.budget import Amount
from sleepcot_utils.teach.calls import open_client, sdk
from sleepcot_utils.teach.client import OpenAITeacher
from sleepcot_utils.teach.completion import MalformedError, read_completion
from sleepcot_utils.teach.exchange import TeacherReply, TeacherRequest, canonical_json, content_hash

PATH = "/v1/chat/completions"
WINDOW = "24h"  # the only one that OpenAI and DashScope know
#: OpenAI takes 50,000 lines and 200 MB a batch, DashScope 50,000 lines and at first 100 MB (their manuals, 2024 and later).
MOST_LINES = 10_000
MOST_BYTES = 90_000_000
RUNNING = ("validating", "in_progress", "finalizing", "cancelling")


@dataclass(frozen=True)
class _Line:
    """One line of a result file."""

    key: str
    status: int
    body: str
    problem: str


class Batches:
    """Asks a teacher by batches.

    Parameters
    ----------
    teacher : OpenAITeacher
        Whose model, settings, cache and budget are used. Prices of the budget should be those of the batch API.
    poll_s : float
        Seconds between two looks at a batch.
    longest_wait_s : float
        Seconds after which a run stops waiting; the next one goes on.
    most_lines : int
        Requests in one batch.
    """

    def __init__(
        self,
        teacher: OpenAITeacher,
        *,
        poll_s: float = 30.0,
        longest_wait_s: float = 24 * 3600.0,
        most_lines: int = MOST_LINES,
    ) -> None:
        self.teacher = teacher
        self.counts: Counter[str] = Counter()
        self._poll_s = poll_s
        self._longest_wait_s = longest_wait_s
        self._most_lines = most_lines
        self._set_aside: dict[str, Amount] = {}
        self._ledger = ledger_of(teacher)

    def answer(self, requests: Iterable[TeacherRequest]) -> Iterator[TeacherReply]:
        """Yield a reply for each request, sorted by task id and sample, after all batches have ended.

        Lines that failed come as ``failed``; the next call asks them again.

        Raises
        ------
        TeacherError
            If the server refuses the file or the batch, the wait is too long, or the budget is spent.
        """
        requests = list(requests)
        with self._client() as client:
            self._finish(client, requests)
            missing = self.teacher.prepared(requests)[2]
            if missing:
                target = f"a batch of {self.teacher.model} at {self.teacher.endpoint.host}"
                self.teacher.report(self.teacher.estimate(requests).sentence(target, self.teacher.budget))
                for part in self._parts(missing):
                    self._submit(client, part)
                self._finish(client, requests)
        return self.teacher.stored(requests)

    def _client(self) -> Any:
        teacher = self.teacher
        self._key = teacher.endpoint.key(teacher.key_variable)
        return open_client(teacher.endpoint, self._key, teacher.manners)

    def _parts(self, asks: Sequence[Ask]) -> Iterator[list[Ask]]:
        rest = list(asks)
        while rest:
            size = 0

            def fits(ask: Ask) -> bool:
                nonlocal size
                size += len(_line(ask))
                return size <= MOST_BYTES

            part = list(takewhile(fits, rest[: self._most_lines])) or rest[:1]
            yield part
            rest = rest[len(part) :]

    def _submit(self, client: Any, asks: list[Ask]) -> None:
        most = sum((ask.most for ask in asks), Amount())
        # Set aside until this process has seen what the batch did cost; a budget that is too small stops here.
        self.teacher.budget.set_aside(most, stopped=lambda: True)
        keys = [ask.key for ask in asks]
        sent = Sent(self._ledger.new_tag(content_hash(keys)), tuple(keys), self.teacher.endpoint.address)
        self._set_aside[sent.tag] = most
        try:
            content = io.BytesIO(b"".join(_line(ask) for ask in asks))
            file = client.files.create(file=(f"{sent.tag}.jsonl", content), purpose="batch")
            self._ledger.intend(replace(sent, file_id=file.id))
            # Without retries of the SDK: whether the first attempt made a batch is looked up by the next run.
            batch = client.with_options(max_retries=0).batches.create(
                input_file_id=file.id, endpoint=PATH, completion_window=WINDOW
            )
        except sdk().APIError as problem:
            self._book(sent, Amount())
            if getattr(problem, "status_code", None) in (400, 401, 403, 404, 422):
                self._ledger.end(sent.tag)  # the server has taken nothing
            raise self._trouble("the batch could not be sent", problem) from None
        self._ledger.submitted(sent.tag, batch.id)
        self.counts["submitted"] += 1

    def _finish(self, client: Any, requests: Sequence[TeacherRequest]) -> None:
        """Wait for all batches that this teacher has out, and store what they brought."""
        records = {ask.key: ask.record for ask in self.teacher.prepared(requests)[0]}
        for sent in self._ledger.open(self.teacher.endpoint.address):
            try:
                batch_id = sent.batch_id or self._find(client, sent)
                if batch_id:
                    self._store(client, self._wait(client, batch_id), sent, records)
                else:
                    self._book(sent, Amount())
            except sdk().APIError as problem:
                if getattr(problem, "status_code", None) == 404:
                    self._book(sent, Amount())
                    self._ledger.end(sent.tag)
                    self.teacher.report(f"The server no longer knows the batch {sent.tag}; its tasks are asked again.")
                    continue
                raise self._trouble("a batch could not be read", problem) from None
            self._ledger.end(sent.tag)

    def _find(self, client: Any, sent: Sent) -> str:
        """Id of a batch that was being made when a run was killed; empty if the server never made it."""
        for batch in client.batches.list(limit=100):
            if batch.input_file_id == sent.file_id:
                self._ledger.submitted(sent.tag, batch.id)
                return str(batch.id)
        return ""

    def _wait(self, client: Any, batch_id: str) -> Any:
        until = time.monotonic() + self._longest_wait_s
        seen = ""
        while True:
            batch = client.batches.retrieve(batch_id)
            if batch.status not in RUNNING:
                return batch
            if batch.status != seen:
                seen = batch.status
                self.teacher.report(f"Batch {batch_id}: {seen.replace('_', ' ')}.")
            if time.monotonic() + self._poll_s > until:
                raise TeacherError(
                    f"the batch {batch_id} is still {batch.status.replace('_', ' ')}",
                    where=f"batch at {self.teacher.endpoint.host}",
                    expected="the same command later: it goes on from here and pays nothing twice",
                )
            time.sleep(self._poll_s)

    def _store(self, client: Any, batch: Any, sent: Sent, records: dict[str, dict[str, Any]]) -> None:
        cache, spent = self.teacher.cache, Amount()
        for file_id in (batch.output_file_id, batch.error_file_id):
            if not file_id:
                continue
            for line in _lines(client.files.content(file_id).content):
                record = records.get(line.key, {"endpoint": self.teacher.endpoint.address, "batch": batch.id})
                said = self._key.safe_message(line.problem)
                if line.status == 200:
                    body = self._key.hidden_in(line.body)
                    if not any(stored.body == body for stored in cache.responses(line.key)):
                        cache.add_response(line.key, record, body, latency_s=0.0)
                    spent += _usage(body)
                    self.counts["answered"] += 1
                else:
                    cache.add_failure(line.key, record, f"failed: {said}")
                    self.counts[f"failed: {said}"] += 1
        unanswered = sum(not cache.responses(key) for key in sent.keys)
        if batch.status != "completed" or unanswered:
            why = "; ".join(str(error.message) for error in getattr(batch.errors, "data", None) or [])
            self.teacher.report(
                f"A batch is {batch.status}{f' ({self._key.safe_message(why)})' if why else ''}: {unanswered:,} of"
                f" {len(sent.keys):,} lines have no answer and are asked again by the next run."
            )
        self._book(sent, spent)

    def _book(self, sent: Sent, spent: Amount) -> None:
        """Book what a batch did cost; what an earlier run sent was not set aside here."""
        self.teacher.budget.book(self._set_aside.pop(sent.tag, Amount()), spent)

    def _trouble(self, what: str, problem: Any) -> TeacherError:
        status = getattr(problem, "status_code", None)
        said = self._key.safe_message(str(problem))
        return TeacherError(
            f"{what} ({said})" if status is None else f"{what} (status {status}: {said})",
            where=f"batch at {self.teacher.endpoint.host}",
            expected="a server with a batch API that answers; what was paid is kept, start again to go on",
        )


def ledger_of(teacher: OpenAITeacher) -> BatchLedger:
    """The ledger beside a teacher's cache."""
    path = teacher.cache.path
    return BatchLedger(path.with_name(f"{path.stem}.batches.jsonl"))


def _line(ask: Ask) -> bytes:
    body = {"model": ask.record["model"], "messages": ask.record["messages"], **ask.record["settings"]}
    line = {"custom_id": ask.key, "method": "POST", "url": PATH, "body": body}
    return canonical_json(line).encode() + b"\n"


def _lines(content: bytes) -> Iterator[_Line]:
    """Lines of a result file; what can't be read is passed over, and its task counts as not answered."""
    for raw in content.splitlines():
        try:
            line = json.loads(raw)
            response, error = line.get("response") or {}, line.get("error") or {}
            body = response.get("body")
            status = int(response.get("status_code") or 0)
            inner = (body or {}).get("error") if isinstance(body, dict) else None
            problem = error.get("message") or (inner or {}).get("message") or error.get("code") or f"status {status}"
            yield _Line(str(line["custom_id"]), status, json.dumps(body, ensure_ascii=False), str(problem))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


def _usage(body: str) -> Amount:
    try:
        completion = read_completion(body)
    except MalformedError:
        return Amount(1)
    return Amount(1, completion.prompt_tokens or 0, completion.completion_tokens or 0)
