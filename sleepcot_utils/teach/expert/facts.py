"""A fact in the expert's words: cited, held against its norm, or as one step of a rationale."""

from __future__ import annotations

from collections.abc import Iterable

from sleepcot_utils.report.facts import Fact
from sleepcot_utils.report.reports import Report, number_text
from sleepcot_utils.teach.expert.voice import Voice, wording


def cite(fact: Fact, voice: Voice | None = None) -> str:
    """A fact with its value: ``time asleep 372 min``, ``caffeine after 14:00 9 of 13 nights``."""
    return f"{fact.label} {(voice or Voice()).amount(fact)}"


def cite_against_norm(fact: Fact, voice: Voice | None = None) -> str:
    """A fact with its value and the side of the norm on which it lies."""
    voice = voice or Voice()
    cited = state(fact, voice) if voice.is_long else cite(fact, voice)
    missed = limit_of(fact)
    if missed is not None:
        return voice.say("norms", fact.direction, cited=cited, limit=voice.limit(fact, missed))
    if fact.low is not None and fact.high is not None:
        low, high = voice.limit(fact, fact.low), voice.limit(fact, fact.high)
        return voice.say("norms", "between", cited=cited, low=low, high=high)
    return voice.say("norms", "inside", cited=cited)


def state(fact: Fact, voice: Voice) -> str:
    """A fact as the subject of a step, or in the long form as a sentence without its full stop."""
    if voice.is_long or not writes_bare(voice):
        return voice.say("facts", fact.name, amount=voice.amount(fact))
    return voice.say("facts", fact.name, amount=number_text(fact))


def step(fact: Fact, voice: Voice | None = None) -> str:
    """One step of a rationale: value, limit where it is missed, level."""
    voice = voice or Voice()
    stated = state(fact, voice)
    missed = limit_of(fact)
    if missed is None:
        return voice.say("steps", "inside", stated=stated)
    bare = not voice.is_long and writes_bare(voice)
    return voice.say(
        "steps", "missed", stated=stated, side=side(fact, voice), level=fact.level, why=why(fact, voice),
        limit=f"{missed:.0f}" if bare else voice.limit(fact, missed),
    ).strip()  # fmt: skip


def writes_bare(voice: Voice) -> bool:
    """Whether this text writes the numbers of its short steps without units; plain wording does."""
    if "steps" not in voice.styles:
        voice.styles["steps"] = voice.pick(("bare", "unit"))
    return voice.styles["steps"] == "bare"


def limit_of(fact: Fact) -> float | None:
    """The limit that a judged fact misses; None where it lies inside or has none."""
    return {"low": fact.low, "high": fact.high}.get(fact.direction)


def side(fact: Fact, voice: Voice) -> str:
    """The word between a value and the limit that it misses."""
    return voice.pick(wording()["sides"][fact.direction])


def why(fact: Fact, voice: Voice) -> str:
    """Why missing this limit matters."""
    return voice.pick(wording()["why"][fact.name][fact.direction]) if fact.direction else ""


def labels(report: Report, names: Iterable[str]) -> str:
    """Labels of facts in a row."""
    return ", ".join(report.facts[name].label for name in names)
