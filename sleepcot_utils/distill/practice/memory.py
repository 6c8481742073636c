"""Invented facts, told in the question or remembered from earlier practice, and asked in other words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from sleepcot_utils.distill.practice.turns import Turn, invented_name, pick, question, sample, words

REMEMBERED = 300  # invented facts that return all through the practice; about as many as there are knowledge cards
SEED = 404  # of the invented facts: they are part of the base, as a word list would be


@dataclass(frozen=True)
class InventedFact:
    """A statement about a thing that does not exist, and the questions that ask for it."""

    name: str
    statement: str
    questions: tuple[str, ...]


def invent(rng: np.random.Generator) -> InventedFact:
    """A new fact about a new name."""
    form, lists = pick(words()["invented"], rng), words()
    group, other = sample(lists["groups"], 2, rng)
    filled = {
        "name": invented_name(rng),
        "number": int(rng.integers(2, 90)),
        "group": group,
        "other": other,
        "kind": pick(lists["kinds"], rng),
        "does": pick(lists["does"], rng),
        "change": pick(lists["changes"], rng),
        "state": pick(lists["states"], rng),
        "reason": pick(lists["reasons"], rng),
        "unit": pick(lists["units"], rng),
        "deed": pick(lists["deeds"], rng),
    }
    asked = tuple(wording.format(**filled) for wording in form["questions"])
    return InventedFact(str(filled["name"]), form["statement"].format(**filled), asked)


@cache
def remembered_facts() -> tuple[InventedFact, ...]:
    """The facts that are asked without being told."""
    rng = np.random.default_rng(SEED)
    made: dict[str, InventedFact] = {}
    while len(made) < REMEMBERED:
        fact = invent(rng)
        made.setdefault(fact.name, fact)
    return tuple(made.values())


def remember(rng: np.random.Generator) -> Turn:
    """A fact from memory, in one of its questions but the one kept for the exam."""
    number = int(rng.integers(REMEMBERED))
    fact = remembered_facts()[number]
    kept = number % len(fact.questions)
    return pick([q for place, q in enumerate(fact.questions) if place != kept], rng), fact.statement


def remember_in_other_words(rng: np.random.Generator) -> Turn:
    """A fact from memory, in the question that practice never used for it; for the exam only."""
    number = int(rng.integers(REMEMBERED))
    fact = remembered_facts()[number]
    return fact.questions[number % len(fact.questions)], fact.statement


def told_card(rng: np.random.Generator) -> Turn:
    """New facts in the question itself, one of them asked for."""
    facts = [invent(rng) for _ in range(int(rng.integers(2, 5)))]
    fact = pick(facts, rng)
    told = "\n".join(one.statement for one in facts)
    return question("told_card", rng, cards=told, question=pick(fact.questions, rng)), fact.statement
