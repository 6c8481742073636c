"""What a teacher may cost, and how fast it may be asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sleepcot_utils.errors import ParameterError, TeacherError
from sleepcot_utils.teach.exchange import Message

#: Tokens that a server's chat template adds: a role and two marks a message, and a default system prompt a request
#: (about 20 tokens in Qwen2.5's template). Generous, since the cap rests on it.
TEMPLATE_TOKENS_PER_MESSAGE = 16
TEMPLATE_TOKENS_PER_REQUEST = 64
#: English prose has about 4 characters a token in today's byte-pair vocabularies (OpenAI, "What are tokens and how to
#: count them?"). Used for the printed estimate only, never for the cap.
CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True)
class Prices:
    """Prices of a model, as its provider lists them.

    Parameters
    ----------
    prompt_per_million, completion_per_million : float
        For a million tokens sent and received. Reasoning tokens are received ones; discounts are ignored.
    currency : str
        As it is printed.
    """

    prompt_per_million: float
    completion_per_million: float
    currency: str = "USD"

    def __post_init__(self) -> None:
        if not (self.prompt_per_million >= 0 and self.completion_per_million >= 0):
            raise ParameterError("a price is negative", where="prices", expected="0 or more for a million tokens")

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Cost of an exchange in `currency`."""
        return (prompt_tokens * self.prompt_per_million + completion_tokens * self.completion_per_million) / 1e6


@dataclass(frozen=True)
class Amount:
    """Requests, tokens of the prompts and tokens of the completions."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
        )

    def __sub__(self, other: Amount) -> Amount:
        return Amount(
            self.requests - other.requests,
            self.prompt_tokens - other.prompt_tokens,
            self.completion_tokens - other.completion_tokens,
        )


class BudgetStop(TeacherError):
    """The next request could exceed the budget; nothing more is sent."""


class Budget:
    """Hard caps on what one process spends on a teacher.

    Before each attempt the most that it can cost is set aside, and what it did cost is booked when it ends. An attempt
    whose outcome is unknown, such as one that timed out, is booked at its most, since the provider may charge for it.
    So the caps hold as long as the server counts no more tokens than a prompt has bytes. One object can be shared by
    several teachers and threads.

    Parameters
    ----------
    max_requests : int, optional
        Attempts, retries included.
    max_tokens : int, optional
        Prompt and completion together.
    max_cost : float, optional
        In the currency of `prices`, which it needs.
    prices : Prices, optional
        Prices of the model.
    """

    def __init__(
        self,
        *,
        max_requests: int | None = None,
        max_tokens: int | None = None,
        max_cost: float | None = None,
        prices: Prices | None = None,
    ) -> None:
        for name, cap in (("max_requests", max_requests), ("max_tokens", max_tokens), ("max_cost", max_cost)):
            if cap is not None and not cap >= 0:
                raise ParameterError(f"{name} is {cap}", where="budget", expected="0 or more, or nothing for no cap")
        if max_cost is not None and prices is None:
            raise ParameterError("a cap on the cost needs prices", where="budget", expected="the model's prices")
        self.max_requests = max_requests
        self.max_tokens = max_tokens
        self.max_cost = max_cost
        self.prices = prices
        self.spent = Amount()
        self._set_aside = Amount()
        self._changed = threading.Condition()

    @property
    def cost(self) -> float | None:
        """What was spent, in the currency of the prices; None without prices."""
        return self._cost(self.spent)

    def set_aside(self, most: Amount, stopped: Callable[[], bool] = lambda: False) -> None:
        """Set aside the most that an attempt can cost; waits while attempts in flight may free what is lacking.

        Raises
        ------
        BudgetStop
            If it doesn't fit with nothing in flight, or while `stopped` is true.
        """
        with self._changed:
            while not self._fits(self.spent + self._set_aside + most):
                if stopped() or self._set_aside == Amount():
                    raise self._stop(most)
                self._changed.wait(timeout=0.2)
            self._set_aside += most

    def book(self, most: Amount, actual: Amount) -> None:
        """Replace what was set aside for an attempt by what it did cost."""
        with self._changed:
            self._set_aside -= most
            self.spent += actual
            self._changed.notify_all()

    def caps(self) -> str:
        """The caps in words."""
        caps = []
        if self.max_requests is not None:
            caps.append(f"{self.max_requests:,} requests")
        if self.max_tokens is not None:
            caps.append(f"{self.max_tokens:,} tokens")
        if self.max_cost is not None and self.prices is not None:
            caps.append(f"{self.max_cost:,.4f} {self.prices.currency}")
        return " and ".join(caps) or "none"

    def _cost(self, amount: Amount) -> float | None:
        return None if self.prices is None else self.prices.cost(amount.prompt_tokens, amount.completion_tokens)

    def _fits(self, amount: Amount) -> bool:
        tokens = amount.prompt_tokens + amount.completion_tokens
        return (
            (self.max_requests is None or amount.requests <= self.max_requests)
            and (self.max_tokens is None or tokens <= self.max_tokens)
            and (self.max_cost is None or (self._cost(amount) or 0.0) <= self.max_cost)
        )

    def spent_words(self) -> str:
        """What was spent, in words."""
        tokens = self.spent.prompt_tokens + self.spent.completion_tokens
        cost = "" if self.prices is None else f", {self.cost:,.4f} {self.prices.currency}"
        return f"{self.spent.requests:,} requests, {tokens:,} tokens{cost}"

    def _stop(self, most: Amount) -> BudgetStop:
        return BudgetStop(
            f"the next request may take up to {most.prompt_tokens + most.completion_tokens:,} tokens and would pass"
            f" the budget; spent so far: {self.spent_words()}",
            where=f"budget of {self.caps()}",
            expected="a higher cap, or fewer tasks; what was paid is in the cache, and the next start goes on from there",
        )


@dataclass(frozen=True)
class Estimate:
    """What a set of requests will take, before any is sent.

    Attributes
    ----------
    asked, cached : int
        Replies that have to be paid, and replies that the cache holds.
    prompt_tokens : int
        Rough: from the number of characters.
    most : Amount
        Upper bound without retries and repairs: a token for each byte of the prompts and all replies at their limit.
    completion_tokens : int
        Expected, see `asks.estimate_of`.
    """

    asked: int
    cached: int
    prompt_tokens: int
    most: Amount
    completion_tokens: int

    def cost(self, prices: Prices) -> tuple[float, float]:
        """Expected and highest cost, in the currency of the prices."""
        return (
            prices.cost(self.prompt_tokens, self.completion_tokens),
            prices.cost(self.most.prompt_tokens, self.most.completion_tokens),
        )

    def sentence(self, target: str, budget: Budget) -> str:
        """The estimate in words, to be printed before the first request."""
        cost = "; the price is not known"
        if budget.prices is not None:
            expected, highest = self.cost(budget.prices)
            cost = (
                f"; about {expected:,.4f} {budget.prices.currency}, at most {highest:,.4f} without retries and repairs"
            )
        return (
            f"Asking {target} for {self.asked:,} replies ({self.cached:,} more are in the cache or equal to one of these):"
            f" about {self.prompt_tokens:,} prompt tokens and {self.completion_tokens:,} completion tokens"
            f" (at most {self.most.completion_tokens:,}){cost}. Budget: {budget.caps()}."
        )


def most_of(messages: Iterable[Message], max_output_tokens: int) -> Amount:
    """Upper bound of one attempt: a byte-level vocabulary never makes more tokens of a text than it has bytes."""
    sizes = [len(message["content"].encode()) for message in messages]
    tokens = sum(sizes) + TEMPLATE_TOKENS_PER_MESSAGE * len(sizes) + TEMPLATE_TOKENS_PER_REQUEST
    return Amount(1, tokens, max_output_tokens)


def rough_prompt_tokens(messages: Iterable[Message]) -> int:
    """About how many tokens a prompt has."""
    return sum(len(message["content"]) // CHARACTERS_PER_TOKEN + TEMPLATE_TOKENS_PER_MESSAGE for message in messages)


class Pace:
    """Keeps attempts at an even distance, so that no minute has more than it may.

    Parameters
    ----------
    requests_per_minute : float, optional
        None for no limit.
    """

    def __init__(self, requests_per_minute: float | None = None) -> None:
        if requests_per_minute is not None and not requests_per_minute > 0:
            raise ParameterError(
                f"requests_per_minute is {requests_per_minute}", where="teacher", expected="above 0, or nothing"
            )
        self._distance_s = 0.0 if requests_per_minute is None else 60.0 / requests_per_minute
        self._next_s = 0.0
        self._lock = threading.Lock()

    def wait(self, stopped: threading.Event) -> None:
        """Return when the next attempt may start, or at once when `stopped` is set."""
        if not self._distance_s:
            return
        with self._lock:
            now = time.monotonic()
            start = max(now, self._next_s)
            self._next_s = start + self._distance_s
        stopped.wait(start - now)
