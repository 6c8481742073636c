"""Batches: sent, waited for, fetched, found again after a kill, and never paid twice."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

# Under `--import-mode=importlib` a test folder is on no path, so that its helpers need this.
sys.path.insert(0, str(Path(__file__).parent))

from loopback import KEY, Step, ask, completion, error, records
from loopback_batches import BatchDesk

from sleepcot_utils.errors import ArtifactError, TeacherError
from sleepcot_utils.teach.batch_ledger import BatchLedger, Sent
from sleepcot_utils.teach.batches import Batches
from sleepcot_utils.teach.budget import Amount, Budget, BudgetStop, Prices
from sleepcot_utils.teach.client import Sampling

NAMES = ("a", "b", "c")


class Killed(BaseException):
    """Stands for a kill: nothing catches it."""


@pytest.fixture
def desk(server):
    server.desk = BatchDesk()
    return server.desk


@pytest.fixture
def batches(teach):
    """Builds batches over the same cache file and ledger, read anew."""

    def build(**options):
        waits = {"poll_s": 0.001, "longest_wait_s": 20.0, "most_lines": options.pop("most_lines", 10_000)}
        return Batches(teach(**options), **waits)

    return build


def test_a_batch_is_answered_in_the_order_of_the_tasks_and_kept(batches, desk, server, tmp_path) -> None:
    replies = list(batches().answer(ask(*NAMES)))
    assert [(reply.task_id, reply.text, reply.error) for reply in replies] == [
        (name, f"Answer:\n{name}", "") for name in NAMES
    ]
    assert [reply.completion_tokens for reply in replies] == [10, 10, 10]
    assert sorted(desk.asked) == list(NAMES) and server.received == []
    again = list(batches().answer(ask(*NAMES, "d")))
    assert [reply.text for reply in again] == [f"Answer:\n{name}" for name in (*NAMES, "d")]
    assert sorted(desk.asked) == [*NAMES, "d"], "what was answered is not sent again"
    kept = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    assert KEY not in kept


def test_a_line_is_what_a_single_request_would_send(batches, desk, teach, server) -> None:
    settings = Sampling(max_output_tokens=77, extra={"response_format": {"type": "json_object"}})
    list(batches(settings=settings).answer(ask("a")))
    line = json.loads(desk.files["file-0"])
    list(teach(settings=settings).answer(ask("b")))
    sent = server.received[0].body
    assert line["body"] | {"messages": None} == sent | {"messages": None}
    assert [m["content"] for m in line["body"]["messages"]] == ["Reason.", "a"]
    assert len(line["custom_id"]) == 64, "OpenAI's limit of a custom_id"


def test_single_requests_find_what_a_batch_answered(batches, desk, teach, server) -> None:
    list(batches().answer(ask("a")))
    (reply,) = teach().answer(ask("a"))
    assert reply.cached and reply.text == "Answer:\na" and server.received == []


def test_errors_of_lines_are_counted_and_asked_again_by_the_next_run(batches, desk, told) -> None:
    desk.answer = lambda received: error(500, message="too busy") if received.prompt == "b" else completion("fine")
    first = batches()
    replies = list(first.answer(ask(*NAMES)))
    assert [reply.text for reply in replies] == ["fine", "", "fine"]
    assert replies[1].error.startswith("failed")
    assert first.counts == {"submitted": 1, "answered": 2, "failed: too busy": 1}
    assert any("1 of 3 lines have no answer" in said for said in told)
    desk.answer = lambda received: completion("at last")
    assert [reply.text for reply in batches().answer(ask(*NAMES))] == ["fine", "at last", "fine"]
    assert desk.asked == ["a", "b", "c", "b"]


def test_a_batch_that_expires_keeps_what_it_brought(batches, desk, told) -> None:
    desk.ends, desk.only_first = "expired", 1
    replies = list(batches().answer(ask(*NAMES)))
    assert [bool(reply.text) for reply in replies] == [True, False, False]
    assert any("A batch is expired: 2 of 3 lines have no answer" in said for said in told)
    desk.ends, desk.only_first = "completed", None
    assert all(reply.text for reply in batches().answer(ask(*NAMES)))
    assert sorted(desk.asked) == ["a", "b", "c"]


@pytest.mark.parametrize("place", ["after_upload", "before_id", "while_waiting", "while_storing"])
def test_a_kill_at_any_place_sends_nothing_twice(batches, desk, monkeypatch, tmp_path, place) -> None:
    def kill(*_, **__):
        raise Killed

    with monkeypatch.context() as patch:
        if place == "after_upload":
            patch.setattr(BatchLedger, "intend", kill)
        elif place == "before_id":  # the server has made the batch, its id never arrived
            patch.setattr(BatchLedger, "submitted", kill)
        elif place == "while_waiting":
            patch.setattr("sleepcot_utils.teach.batches.time.sleep", kill)
        else:
            stored = []

            def store(cache, *arguments, **options):
                if stored:
                    raise Killed
                stored.append(add(cache, *arguments, **options))

            from sleepcot_utils.teach.cache import ReplyCache

            add = ReplyCache.add_response
            patch.setattr(ReplyCache, "add_response", store)
        with pytest.raises(Killed):
            list(batches().answer(ask(*NAMES)))
    replies = list(batches().answer(ask(*NAMES)))
    assert [reply.text for reply in replies] == [f"Answer:\n{name}" for name in NAMES]
    assert sorted(desk.asked) == list(NAMES)
    assert len(desk.batches) == 1
    assert Counter(record["kind"] for record in records(tmp_path)) == {"response": 3}, "and nothing is kept twice"


def test_a_batch_of_other_tasks_is_still_fetched(batches, desk, monkeypatch, teach, server) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(BatchLedger, "submitted", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            list(batches().answer(ask("a", "b")))
    list(batches().answer(ask("c")))
    assert [reply.text for reply in teach().answer(ask("a", "b"))] == ["Answer:\na", "Answer:\nb"]
    assert server.received == []


def test_a_create_without_an_answer_is_looked_up(batches, desk, told) -> None:
    made = []

    def fail_once():
        if not made:
            made.append(1)
            raise ConnectionError  # the handler dies, and with it the connection

    desk.after_create = fail_once
    with pytest.raises(TeacherError, match="could not be sent.*start again"):
        list(batches().answer(ask(*NAMES)))
    replies = list(batches().answer(ask(*NAMES)))
    assert all(reply.text for reply in replies) and len(desk.batches) == 1


def test_long_runs_are_cut_into_parts(batches, desk) -> None:
    names = [f"{number:02}" for number in range(7)]
    asked = batches(most_lines=3)
    assert [reply.text for reply in asked.answer(ask(*names))] == [f"Answer:\n{name}" for name in names]
    sizes = [len(desk.files[batch["input_file_id"]].splitlines()) for batch in desk.batches.values()]
    assert sizes == [3, 3, 1] and asked.counts["submitted"] == 3


def test_bytes_cut_a_batch_too(batches, desk, monkeypatch) -> None:
    monkeypatch.setattr("sleepcot_utils.teach.batches.MOST_BYTES", 600)
    list(batches().answer(ask(*NAMES)))
    assert len(desk.batches) > 1
    assert all(len(desk.files[batch["input_file_id"]]) <= 600 for batch in desk.batches.values())


def test_the_budget_stops_a_batch_before_it_is_sent(batches, desk) -> None:
    with pytest.raises(BudgetStop, match="next request may take|would pass"):
        list(batches(budget=Budget(max_requests=2)).answer(ask(*NAMES)))
    assert desk.files == {} and desk.batches == {}


def test_the_budget_books_what_the_batch_did_cost(batches, desk) -> None:
    # 20 and 10 tokens a line at 1.25 and 5 a million: half of GPT-4o's prices, as its batches cost.
    budget = Budget(max_cost=1.0, prices=Prices(1.25, 5.0))
    list(batches(budget=budget).answer(ask(*NAMES)))
    assert (budget.spent.requests, budget.spent.prompt_tokens, budget.spent.completion_tokens) == (3, 60, 30)
    assert budget.cost == pytest.approx(3 * (20 * 1.25 + 10 * 5) / 1e6)


def test_waiting_ends_and_the_next_run_goes_on(teach, desk) -> None:
    desk.looks = 5
    with pytest.raises(TeacherError, match="still in progress.*pays nothing twice"):
        list(Batches(teach(), poll_s=0.01, longest_wait_s=0.02).answer(ask(*NAMES)))
    assert all(reply.text for reply in Batches(teach(), poll_s=0.01, longest_wait_s=20).answer(ask(*NAMES)))
    assert len(desk.batches) == 1


def test_a_refused_batch_says_why_and_leaves_nothing_behind(batches, server, teach) -> None:
    server.desk = lambda method, path, raw: error(400, message="no batches for this model")
    budget = Budget(max_requests=5)
    with pytest.raises(TeacherError, match="status 400.*no batches for this model"):
        list(batches(budget=budget).answer(ask(*NAMES)))
    assert budget.spent.requests == 0
    budget.set_aside(Amount(5), stopped=lambda: True)  # nothing is left set aside


def test_a_key_in_the_servers_words_is_hidden(batches, server) -> None:
    server.desk = lambda method, path, raw: error(401, message=f"Incorrect API key provided: {KEY}")
    with pytest.raises(TeacherError) as refused:
        list(batches().answer(ask(*NAMES)))
    assert KEY not in str(refused.value) and "[key]" in str(refused.value)


def test_damaged_lines_of_a_result_file_are_passed_over(batches, desk, server) -> None:
    def damage(method, path, raw):
        step = desk(method, path, raw)
        if path.endswith("/content"):
            # Half a line, no object, and of the three results the last one torn.
            return Step(200, b"{half\n[]\n" + step.body[:-20])
        return step

    server.desk = damage
    replies = list(batches().answer(ask(*NAMES)))
    assert sum(bool(reply.text) for reply in replies) == 2
    server.desk = desk
    assert all(reply.text for reply in batches().answer(ask(*NAMES)))
    assert len(desk.asked) == 4


def test_a_lost_batch_is_asked_again(batches, desk, told, monkeypatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("sleepcot_utils.teach.batches.time.sleep", lambda _: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            list(batches().answer(ask(*NAMES)))
    desk.batches.clear()
    assert all(reply.text for reply in batches().answer(ask(*NAMES)))
    assert any("no longer knows" in said for said in told)


def test_the_ledger_survives_a_torn_line_and_keeps_servers_apart(tmp_path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = BatchLedger(path)
    ledger.intend(Sent("t-0", ("k",), "here/v1", "file-1"))
    with path.open("ab") as file:
        file.write(b'{"kind": "subm')
    BatchLedger(path).submitted("t-0", "batch-1")
    again = BatchLedger(path)
    assert again.open("here/v1") == [Sent("t-0", ("k",), "here/v1", "file-1", "batch-1")]
    assert again.open("elsewhere/v1") == []
    again.end("t-0")
    assert BatchLedger(path).open("here/v1") == []
    path.write_text('{"kind": "intended", "tag": "t"}\n')
    with pytest.raises(ArtifactError, match="line 1"):
        BatchLedger(path)
