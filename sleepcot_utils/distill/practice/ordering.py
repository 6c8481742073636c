"""Lists: the largest with the best so far, counting, sorting, ranks by stated levels, tables, membership."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from sleepcot_utils.distill.practice.arithmetic import two_numbers
from sleepcot_utils.distill.practice.lexicon import vocabulary
from sleepcot_utils.distill.practice.turns import Turn, invented_name, pick, question, sample, words
from sleepcot_utils.norms import fact_norms

#: Shares of exercises on lists whose items are lines of a report, and plain words; in the others they are invented.
LINES_AS_NAMES, WORDS_AS_NAMES = 0.6, 0.2


def _names(rng: np.random.Generator, count: int) -> list[str]:
    """Different names for things: lines of a report, which students have to list most, plain words, or invented ones."""
    kind = rng.random()
    if kind < LINES_AS_NAMES:
        return sample([norm.label for norm in fact_norms().values()], count, rng)
    if kind < LINES_AS_NAMES + WORDS_AS_NAMES:
        return sample(vocabulary(), count, rng)
    names: list[str] = []
    while len(names) < count:
        name = invented_name(rng)
        names += [name] if name not in names else []
    return names


def sort(rng: np.random.Generator) -> Turn:
    """Three to five numbers in order."""
    numbers = [int(n) for n in rng.integers(0, int(rng.choice([20, 100, 700])), int(rng.integers(3, 6)))]
    return question("sort", rng, numbers=", ".join(map(str, numbers))), ", ".join(map(str, sorted(numbers)))


def largest(rng: np.random.Generator) -> Turn:
    """The largest of named numbers, with the best so far after each."""
    names = _names(rng, int(rng.integers(3, 6)))
    numbers = [two_numbers(rng)[0] for _ in names]
    best, lines = 0, []
    for place, (name, number) in enumerate(zip(names, numbers, strict=True)):
        best = place if number > numbers[best] else best
        lines.append(f"{name} {number}, best {names[best]} {numbers[best]}")
    items = ", ".join(f"{name} {number}" for name, number in zip(names, numbers, strict=True))
    return question("largest", rng, items=items), "\n".join([*lines, f"largest: {names[best]}"])


def count(rng: np.random.Generator) -> Turn:
    """How often a word stands in a list."""
    names = _names(rng, 3)
    items = [pick(names, rng) for _ in range(int(rng.integers(4, 11)))]
    return question("count", rng, word=names[0], items=", ".join(items)), str(items.count(names[0]))


def count_over(rng: np.random.Generator) -> Turn:
    """How many numbers lie over a limit, listed first."""
    numbers = [int(n) for n in rng.integers(0, 100, int(rng.integers(4, 9)))]
    limit = int(rng.integers(20, 80))
    over = [str(n) for n in numbers if n > limit]
    asked = question("count_over", rng, limit=limit, items=", ".join(map(str, numbers)))
    return asked, f"{', '.join(over) or 'none'}: {len(over)}"


def rank_levels(rng: np.random.Generator) -> Turn:
    """First and second by a stated order of levels, then by a stated order of names."""
    levels = sample(words()["rule_words"], 3, rng)
    names = _names(rng, int(rng.integers(3, 6)))
    held = {name: pick(levels, rng) for name in names}
    shown = ", ".join(f"{name} {held[name]}" for name in sample(names, len(names), rng))
    ranked = sorted(names, key=lambda name: levels.index(held[name]))
    asked = question("rank_levels", rng, levels=", ".join(levels), order=", ".join(names), items=shown)
    return asked, f"first {ranked[0]} {held[ranked[0]]}, second {ranked[1]} {held[ranked[1]]}"


def collect(rng: np.random.Generator) -> Turn:
    """All names that are marked with a word, in their order."""
    marks = sample(words()["rule_words"], int(rng.integers(2, 4)), rng)
    marked = {name: pick(marks, rng) for name in _names(rng, int(rng.integers(3, 10)))}
    found = [name for name, mark in marked.items() if mark == marks[0]]
    items = "\n".join(f"{name} {two_numbers(rng)[0]}: {mark}" for name, mark in marked.items())
    return question("collect", rng, items=items, word=marks[0]), f"{marks[0]}: {', '.join(found) or 'none'}"


def collect_ranked(rng: np.random.Generator) -> Turn:
    """Names at two of three levels, those of the higher level first, otherwise in their order; then the first two."""
    low, middle, high = sample(words()["rule_words"], 3, rng)
    held = {name: pick((low, low, middle, high), rng) for name in _names(rng, int(rng.integers(3, 11)))}
    items = "\n".join(f"{name} {two_numbers(rng)[0]}: {level}" for name, level in held.items())
    ranked = [name for level in (high, middle) for name in held if held[name] == level]
    listed = ", ".join(f"{name} {held[name]}" for name in ranked) or "none"
    first, second = [*ranked, "none", "none"][:2]
    asked = question("collect_ranked", rng, items=items, low=low, middle=middle, high=high)
    return asked, f"list: {listed}\nfirst: {first}, second: {second}"


def look_up(rng: np.random.Generator) -> Turn:
    """A cell of a small table."""
    rows, columns = _names(rng, int(rng.integers(2, 5))), sample(words()["rule_words"], int(rng.integers(2, 4)), rng)
    cells = {row: [str(two_numbers(rng)[0]) for _ in columns] for row in rows}
    lines = [" | ".join(["name", *columns]), *(" | ".join([row, *cells[row]]) for row in rows)]
    row, column = pick(rows, rng), int(rng.integers(len(columns)))
    asked = question("look_up", rng, table="\n".join(lines), row=row, column=columns[column])
    return asked, cells[row][column]


def member(rng: np.random.Generator) -> Turn:
    """Whether a word stands in a list."""
    names = _names(rng, int(rng.integers(4, 9)))
    asked = names[0] if rng.random() < 0.5 else names[-1]
    shown = names[:-1]
    order = ", ".join(sample(shown, len(shown), rng))
    return question("member", rng, items=order, word=asked), "yes" if asked in shown else "no"


def next_item(rng: np.random.Generator) -> Turn:
    """The words after one to three words, each with the word that was asked for."""
    names = _names(rng, int(rng.integers(3, 8)))
    followed = dict(pairwise(names))
    asked = sample(list(followed), int(rng.integers(1, 4)), rng)
    said = ", ".join(f"{name}: {followed[name]}" for name in asked)
    return question("next_item", rng, items=", ".join(names), word=", ".join(asked)), said
