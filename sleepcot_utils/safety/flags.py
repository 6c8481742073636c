"""Reading ``data/safety/red_flags.yaml``: flags, their phrases, and the words that change what a phrase means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sleepcot_utils.errors import InputError
from sleepcot_utils.paths import reference_data, relative_name
from sleepcot_utils.safety.phrases import Phrase, compile_phrase, vocabulary_of

#: From harmless to urgent.
URGENCIES = ("none", "soon", "now")
FIELDS = ("label", "urgency", "source", "phrases", "unless", "now", "eases", "general", "zh")


@dataclass(frozen=True)
class RedFlag:
    """One entry of the file; its comments say what each field means."""

    name: str
    label: Mapping[str, str]
    urgency: str
    source: str
    eases: bool
    general: bool
    phrases: tuple[Phrase, ...]
    now: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]
    zh: tuple[str, ...]


@dataclass(frozen=True)
class Lexicon:
    """Flags by name in the file's order, context phrases and words by their list, and words to correct towards."""

    flags: Mapping[str, RedFlag]
    phrases: Mapping[str, tuple[Phrase, ...]]
    words: Mapping[str, frozenset[str]]
    vocabulary: Mapping[str, frozenset[str]]


@cache
def lexicon(path: Path | None = None) -> Lexicon:
    """Everything that triage knows.

    Parameters
    ----------
    path : pathlib.Path, optional
        Another file of the same form; the shipped one if left out.

    Raises
    ------
    InputError
        If the file is no such file; the message names the flag or list and what would be right.
    """
    path = reference_data("safety", "red_flags.yaml") if path is None else path
    place = relative_name(path)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as problem:
        raise InputError(f"this file can't be read ({problem})", where=place, expected="YAML") from None
    for name in ("groups", "flags", "context", "known_words", "spellings"):
        if not isinstance(raw, dict) or name not in raw:
            raise InputError(f"the part {name!r} is missing", where=place, expected="groups, flags, context, words")
    groups = raw["groups"]

    def compiled(texts: Iterable[str], where: str) -> tuple[Phrase, ...]:
        return tuple(compile_phrase(text, groups, where=f"{place}, {where}") for text in texts)

    flags = {name: _flag(name, entry, compiled, place) for name, entry in raw["flags"].items()}
    lists = raw["context"]
    words = ("denials", "strong_denials", "listing_denials", "fillers", "boundaries")
    return Lexicon(
        flags,
        {name: compiled(texts, f"context, {name}") for name, texts in lists.items() if name not in words},
        {name: frozenset(lists[name]) for name in words},
        vocabulary_of(raw["spellings"], raw["known_words"]),
    )


def _flag(name: str, entry: Any, compiled: Any, place: str) -> RedFlag:
    where = f"{place}, flag {name!r}"
    for field in ("label", "urgency", "source", "phrases"):
        if field not in entry:
            raise InputError(f"the field {field!r} is missing", where=where, expected=", ".join(FIELDS))
    unknown = sorted(set(entry) - set(FIELDS))
    if unknown:
        raise InputError(f"the field {unknown[0]!r} is unknown", where=where, expected=f"one of {', '.join(FIELDS)}")
    if entry["urgency"] not in URGENCIES[1:]:
        raise InputError(f"the urgency {entry['urgency']!r} is unknown", where=where, expected="soon or now")
    return RedFlag(
        name,
        entry["label"],
        entry["urgency"],
        entry["source"],
        bool(entry.get("eases", False)),
        bool(entry.get("general", False)),
        compiled(entry["phrases"], f"flag {name!r}"),
        compiled(entry.get("now", ()), f"flag {name!r}, now"),
        compiled(entry.get("unless", ()), f"flag {name!r}, unless"),
        tuple(entry.get("zh", ())),
    )
