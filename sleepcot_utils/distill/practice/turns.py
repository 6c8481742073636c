"""What every exercise is made of: a question in one of its wordings and the one right answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

import numpy as np
import yaml

from sleepcot_utils.paths import reference_data
from sleepcot_utils.report.reports import Report

Turn = tuple[str, str]
Drill = Callable[[np.random.Generator], Turn]
Reading = Callable[[Report, np.random.Generator], Turn]
Item = TypeVar("Item")


@cache
def words() -> dict[str, Any]:
    """Wordings, glossary and word lists of ``data/embedded_student/practice.yaml``."""
    return yaml.safe_load(reference_data("embedded_student", "practice.yaml").read_text(encoding="utf-8"))


def question(skill: str, rng: np.random.Generator, **filled: object) -> str:
    """A question of a skill in one of its wordings, with its names filled in."""
    return pick(words()["questions"][skill], rng).format(**filled)


def pick(items: Sequence[Item], rng: np.random.Generator) -> Item:
    """One item, each equally likely."""
    return items[int(rng.integers(len(items)))]


def sample(items: Sequence[Item], count: int, rng: np.random.Generator) -> list[Item]:
    """Different items in random order; all of them where there are fewer."""
    return [items[i] for i in rng.permutation(len(items))[:count]]


def invented_name(rng: np.random.Generator) -> str:
    """A word without meaning, such as ``tomrek``."""
    parts = sample(words()["syllables"], int(rng.integers(2, 4)), rng)
    return "".join(parts) + (pick(words()["endings"], rng) if rng.random() < 0.6 else "")
