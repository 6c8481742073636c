"""Reading an answer: which facts it speaks of, which numbers it cites, which verdict and drivers it names.

The readers look for phrases that stand in ``data/norms``; they serve verification and scores alike, for any teacher or
student. What they can't see: irony, numbers in words, a fact named by a phrase that is not listed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from sleepcot_utils.norms import fact_norms

ANSWER_MARK, REASONING_MARK = "Answer:", "Reasoning:"
#: A unit may stick to its number ("372min"); any other letter makes it part of a word.
NUMBER = re.compile(r"(?<![\w.:])[+-]?\d+(?:,\d{3})*(?:\.\d+)?(?!(?!(?:min|bpm)\b)\w|[:.,]\d)(?:\s?%)?")
NEGATION = re.compile(r"\b(?:no|not|never|cannot|\w+n't|avoid|without|instead of)\b(?:(?!\bbut\b)[^.,;!?\n]){0,24}\Z")
OWN_NEGATION = re.compile(r"\b(?:no|not|cannot|\w+n't)\b")
CLAUSE_END = re.compile(r"(?<=[^\d])[.;!?]|[.;!?](?=\s|$)|\n")
#: Facts that are spoken of only as the contrast of nights with and without alcohol.
CONTRAST = "efficiency_after_alcohol"


@dataclass(frozen=True)
class Citation:
    """A number in an answer.

    Attributes
    ----------
    value : float
        Size without sign.
    facts : tuple of str
        Facts that the same clause speaks of; empty where it names none.
    clause : str
        The clause in lower case.
    start, end : int
        Place of the number in the text.
    """

    value: float
    facts: tuple[str, ...]
    clause: str
    start: int
    end: int


def split_answer(text: str) -> tuple[str, str]:
    """Rationale and answer of a text; the rationale is empty where the text has no ``Answer:`` mark.

    Examples
    --------
    >>> split_answer("Reasoning: 372 is under 420.\\nAnswer: Sleep more.")
    ('372 is under 420.', 'Sleep more.')
    """
    rationale, mark, answer = text.rpartition(ANSWER_MARK)
    if not mark:
        return "", text.strip()
    return rationale.replace(REASONING_MARK, "", 1).strip(), answer.strip()


def clauses(text: str) -> list[str]:
    """Sentences and lines of a text in lower case; a decimal point does not end one."""
    return [clause for _, clause in _placed_clauses(text)]


def _placed_clauses(text: str) -> list[tuple[int, str]]:
    """Clauses with the place of their first character in the text."""
    plain, placed, start = _plain(text), [], 0
    for end, following in [*(match.span() for match in CLAUSE_END.finditer(plain)), (len(plain), len(plain))]:
        part = plain[start:end]
        if part.strip():
            placed.append((start + len(part) - len(part.lstrip()), part.strip()))
        start = following
    return placed


def _plain(text: str) -> str:
    """Lower case with straight apostrophes, the form in which phrases are listed."""
    return text.lower().replace("\u2019", "'")


@cache
def _fact_patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Phrases of all facts, longest first, so that "sleep efficiency" is not taken for anything shorter."""
    pairs = [(word, name) for name, norm in fact_norms().items() for word in norm.words]
    ordered = sorted(pairs, key=lambda pair: -len(pair[0]))
    return [(name, re.compile(rf"\b{re.escape(word)}\b")) for word, name in ordered]


@lru_cache(maxsize=4096)
def mentioned_facts(clause: str) -> tuple[str, ...]:
    """Facts that a clause in lower case speaks of; a phrase is used up by its longest match."""
    found: dict[str, int] = {}
    rest = clause
    for name, pattern in _fact_patterns():
        match = pattern.search(rest)
        if match:
            found.setdefault(name, match.start())
            rest = pattern.sub(lambda hit: " " * len(hit.group()), rest)
    if "sleep_efficiency" in found and "alcohol_nights" in found:
        return (CONTRAST,)
    return tuple(sorted(found, key=found.__getitem__))


def cited_numbers(text: str) -> list[Citation]:
    """Numbers of a text with the facts of their clause; clock times (23:41) are not numbers here."""
    citations = []
    for place, clause in _placed_clauses(text):
        facts = mentioned_facts(clause)
        for match in NUMBER.finditer(clause):
            value = abs(float(match.group().rstrip(" %").replace(",", "")))
            citations.append(Citation(value, facts, clause, place + match.start(), place + match.end()))
    return citations


def says(text: str, phrase: str) -> bool:
    """Whether a text holds a phrase (lower case) in a clause that does not negate it.

    Examples
    --------
    >>> says("Do not go to bed earlier.", "go to bed earlier"), says("Go to bed earlier.", "go to bed earlier")
    (False, True)
    """
    for clause in clauses(text):
        for match in re.finditer(rf"\b{re.escape(phrase)}", clause):
            if not NEGATION.search(clause[: match.start()]):
                return True
    return False


def first_named(text: str, names: dict[str, list[str]], *, skip_denied: bool = False) -> str | None:
    """Entry whose phrase comes first in a text, or None.

    At one place the longest phrase wins, so that "no clear difference" is not read as anything inside it.

    Parameters
    ----------
    names : dict of str to list of str
        Phrases in lower case that name each entry.
    skip_denied : bool
        Pass over phrases that their clause negates ("you need not see a doctor"), unless the phrase itself holds the
        negation. Not for names of habits: "avoid alcohol" does name alcohol.
    """
    plain = _plain(text)
    best: tuple[int, int, str] | None = None
    for name, phrases in names.items():
        for phrase in phrases:
            heeds = skip_denied and not OWN_NEGATION.search(phrase)
            for match in re.finditer(rf"\b{re.escape(phrase)}", plain):
                if heeds and NEGATION.search(plain[: match.start()]):
                    continue
                if best is None or (match.start(), -len(phrase)) < best[:2]:
                    best = (match.start(), -len(phrase), name)
                break
    return best[2] if best else None


def line_after(text: str, label: str) -> str | None:
    """Rest of the line that starts with a label such as ``Likely driver:``, or None."""
    match = re.search(rf"^\s*{re.escape(label)}\s*(.*)$", text, flags=re.IGNORECASE | re.MULTILINE)
    return match.group(1).strip() if match else None
