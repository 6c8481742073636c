"""Words and meanings: copying, questions that ask the same, a glossary, families of words."""

from __future__ import annotations

import numpy as np

from sleepcot_utils.distill.practice.lexicon import WORD, asked_groups, card_groups, report_groups, vocabulary
from sleepcot_utils.distill.practice.lexicon import key_words as rarest
from sleepcot_utils.distill.practice.turns import Turn, invented_name, pick, question, sample, words

#: Share of the questions about reports among those that are asked in other words. There are fewer of them than of cards, but
#: a student is asked them far more often; a choice.
ABOUT_REPORTS = 0.4


def _some_words(rng: np.random.Generator, low: int, high: int) -> list[str]:
    chosen = sample(vocabulary(), int(rng.integers(low, high)), rng)
    return [invented_name(rng) if rng.random() < 0.15 else word for word in chosen]


def copy(rng: np.random.Generator) -> Turn:
    """Words of the whole vocabulary, rare ones too, said again."""
    # Long ones too: they teach a model soonest to look back for what comes next.
    said = " ".join(_some_words(rng, 4, 12 if rng.random() < 0.6 else 45))
    return question("copy", rng, items=said), said


def last_words(rng: np.random.Generator) -> Turn:
    """The end of a list."""
    said = _some_words(rng, 3, 9)
    return question("last_words", rng, items=" ".join(said)), " ".join(said[-2:])


def key_words(rng: np.random.Generator) -> Turn:
    """The rarest words of a question."""
    text = pick(pick(asked_groups(), rng), rng)
    return question("key_words", rng, text=text), ", ".join(rarest(text))


def same_question(rng: np.random.Generator) -> Turn:
    """Which of several questions asks the same as another one."""
    groups = sample(asked_groups(), int(rng.integers(3, 6)), rng)
    right = int(rng.integers(len(groups)))
    asked, shown = sample(groups[right], 2, rng)
    lines = [shown if place == right else pick(group, rng) for place, group in enumerate(groups)]
    listed = "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))
    return question("same_question", rng, items=listed, text=asked), f"{right + 1}. {shown}"


def other_words(rng: np.random.Generator) -> Turn:
    """The first wording of a question, asked in another one."""
    group = pick(report_groups() if rng.random() < ABOUT_REPORTS else card_groups(), rng)
    return question("other_words", rng, text=pick(group[1:], rng)), group[0]


def define(rng: np.random.Generator) -> Turn:
    """What a word means."""
    term, (meaning, _, _) = pick(list(words()["glossary"].items()), rng)
    return question("define", rng, term=term), meaning


def name_it(rng: np.random.Generator) -> Turn:
    """Which word has a meaning."""
    term, (meaning, _, _) = pick(list(words()["glossary"].items()), rng)
    return question("name_it", rng, text=meaning), term


def fill(rng: np.random.Generator) -> Turn:
    """A meaning with one word missing."""
    term, (meaning, _, _) = pick(list(words()["glossary"].items()), rng)
    found = [match for match in WORD.finditer(meaning) if len(match.group()) > 3]
    gap = pick(found, rng)
    text = f"{term}: {meaning[: gap.start()]}...{meaning[gap.end() :]}"
    return question("fill", rng, text=text), gap.group()


def alike(rng: np.random.Generator) -> Turn:
    """A word like another."""
    pairs = [(term, entry[1]) for term, entry in words()["glossary"].items() if entry[1]]
    a, b = pick(pairs, rng)
    return (question("alike", rng, term=a), b) if rng.random() < 0.5 else (question("alike", rng, term=b), a)


def opposite(rng: np.random.Generator) -> Turn:
    """The contrary of a word."""
    term, entry = pick([pair for pair in words()["glossary"].items() if pair[1][2]], rng)
    return question("opposite", rng, term=term), entry[2]


def odd_one(rng: np.random.Generator) -> Turn:
    """The word that is of another family."""
    family, other = sample(words()["families"], 2, rng)
    stranger = pick([word for word in other if word not in family], rng)
    shown = sample([*sample(family, 3, rng), stranger], 4, rng)
    return question("odd_one", rng, items=", ".join(shown)), stranger
