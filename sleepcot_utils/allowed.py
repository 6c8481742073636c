"""Validators of parameter values that can say in words what they allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class OneOf:
    """Validator that lets through a fixed set of values."""

    values: tuple[Any, ...]

    @property
    def expected(self) -> str:
        """What would be right, in words."""
        return f"one of {', '.join(repr(value) for value in self.values)}"

    def __call__(self, value: Any) -> Any:
        if value not in self.values:
            raise ValueError(f"{value!r} is not among the allowed values")
        return value


@dataclass(frozen=True)
class Listed:
    """Validator of a text that lists values with commas, without repeats.

    Attributes
    ----------
    expected : str
        What would be right, in words.
    parse : callable
        Turns one item into its value and raises ``ValueError`` for a wrong one.
    """

    expected: str
    parse: Callable[[str], Any]

    def __call__(self, value: str) -> str:
        items = split_list(value)
        if not items:
            raise ValueError("the list is empty")
        parsed = [self.parse(item) for item in items]
        if len(set(parsed)) < len(parsed):
            raise ValueError(f"{value!r} names a value twice")
        return value


@dataclass(frozen=True)
class ListedOrNothing(Listed):
    """As `Listed`, for a list that may be empty."""

    def __call__(self, value: str) -> str:
        return super().__call__(value) if split_list(value) else ""


@dataclass(frozen=True)
class Matches:
    """Validator of a text by a predicate."""

    expected: str
    accepts: Callable[[str], bool]

    def __call__(self, value: str) -> str:
        if not self.accepts(value):
            raise ValueError(f"{value!r} does not fit")
        return value


def split_list(text: str) -> list[str]:
    """Items of a text with commas, without surrounding blanks; ``"1, 2"`` gives ``["1", "2"]``."""
    return [item.strip() for item in text.split(",") if item.strip()]
