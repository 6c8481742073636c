from __future__ import annotations

import time

import pytest
from loopback import ask, completion, error, late

from sleepcot_utils.teach.budget import Budget, BudgetStop, Prices
from sleepcot_utils.teach.client import Sampling


def test_budget_of_requests_counts_retries(server, teach):
    server.script = [error(500, retry_after_ms="1"), error(500, retry_after_ms="1")]
    teacher = teach(budget=Budget(max_requests=4), concurrency=1)
    replies: list[str] = []
    with pytest.raises(BudgetStop, match=r"4 requests.*go"):
        replies.extend(reply.task_id for reply in teacher.answer(ask("a", "b", "c")))
    assert len(server.received) == 4 and replies == ["a", "b"]
    assert [reply.cached for reply in teach().answer(ask("a", "b", "c"))] == [True, True, False]


def test_budget_stops_before_it_is_passed_and_the_next_start_goes_on(server, teach):
    # Each reply takes 30 tokens; a request sets aside 50 for the reply and a token for each byte of the prompt.
    settings = Sampling(max_output_tokens=50)
    names = [f"{number:02}" for number in range(40)]
    teacher = teach(settings=settings, budget=Budget(max_tokens=600), concurrency=4)
    with pytest.raises(BudgetStop, match="600 tokens"):
        list(teacher.answer(ask(*names)))
    spent = teacher.budget.spent
    assert spent.prompt_tokens + spent.completion_tokens <= 600
    assert spent.requests == len(server.received) >= 10
    paid = len(server.received)
    replies = list(teach(settings=settings).answer(ask(*names)))
    assert sum(reply.cached for reply in replies) == paid and len(server.received) == 40


def test_budget_in_money_and_its_estimate(server, teach, told):
    server.default = lambda _: completion(usage=(100, 50))
    budget = Budget(max_cost=0.005, prices=Prices(10, 20))  # a reply costs 0.002, and at most 0.0025 or so
    teacher = teach(settings=Sampling(max_output_tokens=50), budget=budget, concurrency=1)
    with pytest.raises(BudgetStop, match=r"0\.0040 USD"):
        list(teacher.answer(ask("a", "b", "c")))
    assert len(server.received) == 2
    assert budget.cost == pytest.approx(0.004)
    assert "0.0050 USD" in told[0]


def test_attempt_without_an_outcome_is_booked_at_its_most(server, teach):
    server.default = lambda _: late(0.6)
    budget = Budget(max_requests=10)
    list(teach(budget=budget, timeout_s=0.1, max_retries=0, settings=Sampling(max_output_tokens=77)).answer(ask("a")))
    assert budget.spent.completion_tokens == 77 and budget.spent.prompt_tokens > len("Reason.a")


def test_reply_without_usage_is_booked_at_its_most(server, teach):
    server.default = lambda _: completion(usage=None)
    budget = Budget()
    (reply,) = teach(budget=budget).answer(ask("a"))
    assert reply.prompt_tokens is None and reply.completion_tokens is None
    assert budget.spent.completion_tokens == 1024


def test_estimate_sends_nothing(server, teach):
    list(teach().answer(ask("a")))
    estimate = teach().estimate(ask("a", "b", "c"))
    assert (estimate.asked, estimate.cached) == (2, 1)
    assert estimate.most.completion_tokens == 2048 and 0 < estimate.prompt_tokens < estimate.most.prompt_tokens
    assert len(server.received) == 1


def test_attempts_keep_their_distance(server, teach):
    server.script = [error(500, retry_after_ms="1")]
    begin = time.monotonic()
    list(teach(requests_per_minute=600, concurrency=4).answer(ask("a", "b", "c")))
    # Four attempts, the retry among them, at a distance of 0.1 s.
    assert len(server.received) == 4
    assert max(received.time_s for received in server.received) - begin >= 0.3
