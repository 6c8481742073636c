"""A small language for phrases, so that whoever knows the medicine can read and extend the lists in ``data/safety``.

A phrase is a row of words, matched word by word against plain text (lower case, no apostrophes):

=============  =========================================================================================
``word*``      a word with any ending
``(a|b c)``    one of these; ``(a|b c)?`` one of these or nothing
``<name>``     one of a named group of words; ``<name>?`` one of them or nothing
``{50-89}``    a whole number of this range, with or without decimals
``#``          any number
``...``        nothing, or up to six words, none of which ends a sentence
``a & b``      both somewhere in one sentence, in any order
``a && b``     both somewhere in the text
=============  =========================================================================================
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from sleepcot_utils.errors import InputError

GAP_WORDS = 6
#: A shorter word has too many neighbors that are words of their own ("dying", "drying") to be corrected safely.
SHORTEST_CORRECTED_LETTERS = 6
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+|[%,$€£]|[.!?;:\n]")
_SYMBOL = re.compile(r"\.\.\.|<\w+>|\{\d+-\d+\}|[()|?]|[^\s()|?<>{}]+")
_ENDS = frozenset(".!?;\n")


@dataclass(frozen=True)
class Sentence:
    """Words of one sentence.

    Attributes
    ----------
    text : str
        The words with one space after each; a comma is a word.
    asks : bool
        Whether the sentence ends in a question mark.
    """

    text: str
    asks: bool


@dataclass(frozen=True)
class Phrase:
    """A compiled phrase: its parts, which all have to be found, and whether they may stand in different sentences."""

    text: str
    parts: tuple[re.Pattern[str], ...]
    anywhere: bool


def sentences(text: str, vocabulary: Mapping[str, frozenset[str]] | None = None) -> list[Sentence]:
    """Split a text into sentences of plain words.

    Parameters
    ----------
    text : str
        Anything that a person wrote.
    vocabulary : mapping of str to frozenset of str, optional
        Long words to correct misspellings towards, as ``vocabulary_of`` returns them.

    Examples
    --------
    >>> [sentence.text for sentence in sentences("I can\u2019t breathe. SpO2 84%!")]
    ['i cant breathe ', 'spo 2 84 % ']
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    plain = re.sub(r"['\u2018\u2019\u02bc`\u00b4]", "", plain)
    plain = re.sub(r"(?<=[^\W\d_])[-\u2010-\u2015/](?=\w)|(?<=\d)[-\u2010-\u2015/](?=[^\W\d_])", " ", plain)
    found, words = [], list[str]()
    for token in [*_TOKEN.findall(plain), "."]:
        if token in _ENDS:
            if words:
                found.append(Sentence(" ".join(words) + " ", token == "?"))
            words = []
        elif token != ":":
            words.append(corrected(token, vocabulary) if vocabulary else token)
    return found


def compile_phrase(text: str, groups: Mapping[str, Iterable[str]], *, where: str) -> Phrase:
    """Compile one phrase.

    Parameters
    ----------
    text : str
        Phrase in the language above.
    groups : mapping of str to iterable of str
        Named groups of words; an entry may use the language itself, apart from ``&``.
    where : str
        File and list, for the message.

    Raises
    ------
    InputError
        If a group is unknown or the phrase is no valid pattern.
    """
    parts = re.split(r"\s+&&?\s+", text.strip())
    try:
        return Phrase(
            text, tuple(re.compile(rf"(?<!\S)(?:{_pattern(part, groups, where)})") for part in parts), "&&" in text
        )
    except re.error as problem:
        raise InputError(
            f"the phrase {text!r} can't be read ({problem})", where=where, expected="words as in phrases.py"
        ) from None


def _pattern(text: str, groups: Mapping[str, Iterable[str]], where: str) -> str:
    """Regular expression of one part; every word takes the space behind it along."""
    if not isinstance(text, str):
        raise InputError(
            f"{text!r} is not a phrase", where=where, expected="words, in quotes if YAML reads them as yes/no"
        )
    tree, rest = _branches(_SYMBOL.findall(text), groups, where)
    if rest:
        raise InputError(f"the phrase {text!r} closes a bracket too many", where=where, expected="a ( for every )")
    return tree


def _branches(symbols: list[str], groups: Mapping[str, Iterable[str]], where: str) -> tuple[str, list[str]]:
    """Read alternatives up to a closing bracket or the end; also returns what is left."""
    pattern = ""
    while symbols and symbols[0] != ")":
        symbol, symbols = symbols[0], symbols[1:]
        if symbol == "(":
            inner, symbols = _branches(symbols, groups, where)
            if not symbols:
                raise InputError("a bracket is not closed", where=where, expected="a ) for every (")
            symbol, symbols = f"(?:{inner})", symbols[1:]
        elif symbol != "|" and symbol != "?":
            symbol = _word(symbol, groups, where)
        pattern += symbol
    return pattern, symbols


def _word(symbol: str, groups: Mapping[str, Iterable[str]], where: str) -> str:
    if symbol == "...":
        return rf"(?:\S+ ){{0,{GAP_WORDS}}}?"
    if symbol.startswith("<"):
        name = symbol[1:-1]
        if name not in groups:
            raise InputError(f"the group {symbol} is unknown", where=where, expected=f"one of {', '.join(groups)}")
        return f"(?:{'|'.join(_pattern(entry, groups, where) for entry in groups[name])})"
    if symbol == "#":
        return r"\d+(?:\.\d+)? "
    if symbol.startswith("{"):
        low, high = (int(end) for end in symbol[1:-1].split("-"))
        return rf"(?:{'|'.join(str(number) for number in range(low, high + 1))})(?:\.\d+)? "
    ending = r"\S*" if symbol.endswith("*") else ""
    return f"{re.escape(symbol.removesuffix('*'))}{ending} "


def vocabulary_of(phrases: Iterable[str], known: Iterable[str] = ()) -> dict[str, frozenset[str]]:
    """Long words of phrases by their first letter, to correct misspellings towards.

    Parameters
    ----------
    phrases : iterable of str
        Phrases in the language above.
    known : iterable of str
        Right words that must not be corrected although they lie close to one of the list.
    """
    words = {
        word for text in phrases for word in re.findall(r"[a-z]+", text) if len(word) >= SHORTEST_CORRECTED_LETTERS
    }
    vocabulary: dict[str, set[str]] = {"": set(known)}
    for word in words:
        vocabulary.setdefault(word[0], set()).add(word)
    return {letter: frozenset(found) for letter, found in vocabulary.items()}


def corrected(word: str, vocabulary: Mapping[str, frozenset[str]]) -> str:
    """The word of the vocabulary that lies one slip away and starts alike, else the word itself.

    A slip is one letter too many, too few, wrong, or two neighbors swapped.
    """
    near = vocabulary.get(word[0], frozenset())
    if len(word) < SHORTEST_CORRECTED_LETTERS or word in near or word in vocabulary.get("", frozenset()):
        return word
    # A word with another ending ("tablet", "tablets") is no slip.
    hits = [
        target
        for target in near
        if one_slip(word, target) and not word.startswith(target) and target not in (f"{word}s", f"{word}d")
    ]
    return min(hits, default=word)


@lru_cache(maxsize=100_000)
def one_slip(word: str, target: str) -> bool:
    """Whether one letter added, dropped, replaced, or two neighbors swapped, makes one word the other.

    Examples
    --------
    >>> one_slip("siezure", "seizure"), one_slip("seizre", "seizure"), one_slip("seiz", "seizure")
    (True, True, False)
    """
    short, long = sorted((word, target), key=len)
    if len(long) - len(short) > 1 or short == long:
        return False
    at = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) < len(long):
        return short[at:] == long[at + 1 :]
    swapped = short[:at] + short[at + 1 : at + 2] + short[at] + short[at + 2 :]
    return short[at + 1 :] == long[at + 1 :] or swapped == long
