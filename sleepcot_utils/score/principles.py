"""The questions that human raters and judges are asked of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

#: Ratings that can be given.
SCALE = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Principle:
    """One question.

    Attributes
    ----------
    name : str
        Its key in tables.
    asks : str
        The question.
    low, high : str
        What 1 and 5 mean.
    """

    name: str
    asks: str
    low: str
    high: str


@cache
def principles() -> dict[str, Principle]:
    """All questions by name, in the order in which they are asked."""
    raw = yaml.safe_load(Path(__file__).with_name("principles.yaml").read_text(encoding="utf-8"))
    return {name: Principle(name, **fields) for name, fields in raw.items()}
