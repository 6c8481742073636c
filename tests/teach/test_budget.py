from __future__ import annotations

import threading
import time

import pytest

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.teach.budget import Amount, Budget, BudgetStop, Pace, Prices, most_of


def test_prices_are_for_a_million_tokens():
    assert Prices(2.5, 10).cost(1_000_000, 100_000) == pytest.approx(3.5)


def test_most_of_a_prompt_counts_bytes_not_characters():
    one = most_of([{"role": "user", "content": "a" * 100}], 50)
    other = most_of([{"role": "user", "content": "睡" * 100}], 50)
    assert other.prompt_tokens - one.prompt_tokens == 200
    assert one.prompt_tokens > 100 and one.completion_tokens == 50 and one.requests == 1


def test_what_was_set_aside_is_replaced_by_what_it_cost():
    budget = Budget(max_tokens=100)
    most = Amount(1, 20, 50)
    budget.set_aside(most)
    with pytest.raises(BudgetStop):
        budget.set_aside(most, stopped=lambda: True)
    budget.book(most, Amount(1, 10, 5))
    budget.set_aside(most)
    assert budget.spent == Amount(1, 10, 5)


def test_waits_for_what_is_in_flight_rather_than_stop():
    budget = Budget(max_tokens=100)
    most = Amount(1, 20, 50)
    budget.set_aside(most)
    threading.Timer(0.1, lambda: budget.book(most, Amount(1, 10, 5))).start()
    begin = time.monotonic()
    budget.set_aside(most)
    assert time.monotonic() - begin >= 0.09


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget(max_requests=0), "0 requests"),
        (Budget(max_tokens=1000), "1,000 tokens"),
        (Budget(max_cost=0.001, prices=Prices(1, 1, "EUR")), "0.0010 EUR"),
    ],
)
def test_each_cap_stops_and_says_itself(budget, words):
    with pytest.raises(BudgetStop, match=f"budget of {words}.*next start goes on"):
        budget.set_aside(Amount(1, 1000, 500))
    assert budget.spent == Amount()


def test_exactly_the_cap_is_within_it():
    budget = Budget(max_tokens=70, max_requests=1)
    budget.set_aside(Amount(1, 20, 50))


@pytest.mark.parametrize(
    "caps", [{"max_tokens": -1}, {"max_requests": -1}, {"max_cost": 1.0}, {"max_cost": float("nan")}]
)
def test_caps_that_mean_nothing_are_refused(caps):
    with pytest.raises(ParameterError):
        Budget(**caps)


def test_pace_spreads_starts_over_threads():
    pace, stopped = Pace(1200), threading.Event()
    begin = time.monotonic()
    threads = [threading.Thread(target=pace.wait, args=(stopped,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.19 <= time.monotonic() - begin < 5


def test_pace_lets_go_when_the_run_stops():
    pace, stopped = Pace(1), threading.Event()
    pace.wait(stopped)
    threading.Timer(0.05, stopped.set).start()
    begin = time.monotonic()
    pace.wait(stopped)
    assert time.monotonic() - begin < 5
