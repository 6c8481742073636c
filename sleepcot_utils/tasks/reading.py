"""Reading an answer: which facts it speaks of, which numbers it cites, which verdict and drivers it names.

The readers look for phrases that stand in ``data/norms``; they serve verification and scores alike, for any teacher or
student. What they can't see: irony, a fact named by a phrase that is not listed, a number of a fact that was named in
an earlier sentence (but for norms and what is left).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from sleepcot_utils.norms import fact_norms
from sleepcot_utils.tasks.quantities import A_DAY, A_MINUTE, BPM, CLOCK, MIN, NIGHTS, PERCENT, Quantity, quantities

ANSWER_MARK, REASONING_MARK = "Answer:", "Reasoning:"
NEGATION = re.compile(r"\b(?:no|not|never|cannot|\w+n't|avoid|without|instead of)\b(?:(?!\bbut\b)[^.,;!?\n]){0,24}\Z")
OWN_NEGATION = re.compile(r"\b(?:no|not|cannot|\w+n't)\b")
CLAUSE_END = re.compile(r"(?<=[^\d])[.;!?]|[.;!?](?=\s|$)|\n")
#: Facts that are spoken of only as the contrast of nights with and without alcohol.
CONTRAST = "efficiency_after_alcohol"
COMPARES_ALCOHOL = re.compile(r"\b(?:after|otherwise|without|with and)\b(?! \d)")
#: Units in which facts are given; an amount in any other unit ("2 weeks", "3 mg") is said of no fact.
FACT_UNITS = frozenset({MIN, PERCENT, BPM, A_MINUTE, NIGHTS, A_DAY})
#: What ties a number to the fact behind it: "52 min of deep sleep", "9 evenings with alcohol".
BINDS = re.compile(r"\s*(?:of|for|as|in|with)?\s*(?:your|the|my)?\s*")
#: Between a number and a fact that is named later, a new beginning: "8.5 hours in bed, yet your time asleep is ...".
NEW_SUBJECT = re.compile(r"[,;:]\s*(?:yet|but|and|while|though|although|so)\b")
#: A clause without a fact that goes on about the one before: "the norm starts at 420 min".
GOES_ON = re.compile(r"\b(?:norm|limit|left|leaves|typical)\b")
#: Minutes in advice are no minutes of the fact that speaks for it.
ADVISES = re.compile(r"\b(?:earlier|later|within|after|before|every|for|up to|at least|try|add)\b")


@dataclass(frozen=True)
class Citation:
    """A number in an answer.

    Attributes
    ----------
    value : float
        Size without sign, in minutes for amounts of time.
    facts : tuple of str
        Facts that it may be a number of: those named nearest to it whose unit fits. Empty where it claims nothing of a
        fact.
    clause : str
        The clause in lower case.
    start, end : int
        Place of the number in the text.
    quantity : Quantity
        The amount with its unit.
    at : int
        Place of the number in the clause.
    misfits : tuple of str
        Facts of the clause where none of them has a unit that fits: "efficiency 420 min".
    is_total : bool
        Whether it is what a share is out of: 13 in "9 of 13 nights".
    """

    value: float
    facts: tuple[str, ...]
    clause: str
    start: int
    end: int
    quantity: Quantity
    at: int
    misfits: tuple[str, ...] = ()
    is_total: bool = False

    @property
    def claims(self) -> bool:
        """Whether it says something of a fact, rightly or wrongly."""
        return bool(self.facts or self.misfits)


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
    return [clause for _, clause in placed_clauses(text)]


@lru_cache(maxsize=2**12)
def placed_clauses(text: str) -> tuple[tuple[int, str], ...]:
    """Clauses with the place of their first character in the text."""
    plain, placed, start = _plain(text), [], 0
    for end, following in [*(match.span() for match in CLAUSE_END.finditer(plain)), (len(plain), len(plain))]:
        part = plain[start:end]
        if part.strip():
            placed.append((start + len(part) - len(part.lstrip()), part.strip()))
        start = following
    return tuple(placed)


def _plain(text: str) -> str:
    """Lower case with straight apostrophes, the form in which phrases are listed."""
    return text.lower().replace("\u2019", "'")


@cache
def _fact_patterns() -> list[tuple[str, str, re.Pattern[str]]]:
    """Phrases of all facts, longest first, so that "sleep efficiency" is not taken for anything shorter."""
    pairs = [(word, name) for name, norm in fact_norms().items() for word in norm.words]
    ordered = sorted(pairs, key=lambda pair: -len(pair[0]))
    return [(name, word, re.compile(rf"\b{re.escape(word)}\b")) for word, name in ordered]


@lru_cache(maxsize=4096)
def mentioned_facts(clause: str) -> tuple[str, ...]:
    """Facts that a clause in lower case speaks of; a phrase is used up by its longest match."""
    found = dict.fromkeys(name for name, _, _ in _mentions(clause))
    if "sleep_efficiency" in found and "alcohol_nights" in found:
        return (CONTRAST,)
    return tuple(found)


@lru_cache(maxsize=4096)
def placed_facts(clause: str) -> tuple[tuple[str, int, int], ...]:
    """Facts that a clause in lower case speaks of, with the places of all their phrases, in order.

    Where efficiency and alcohol are spoken of together, an efficiency may be that of nights after alcohol; where the
    clause compares ("after", "otherwise", "without"), it is nothing else.
    """
    found = _mentions(clause)
    names = {name for name, _, _ in found}
    if not {"sleep_efficiency", "alcohol_nights"} <= names:
        return found
    places = [(CONTRAST, start, end) for name, start, end in found if name in ("sleep_efficiency", "alcohol_nights")]
    if COMPARES_ALCOHOL.search(clause):
        found = tuple(fact for fact in found if fact[0] not in ("sleep_efficiency", "alcohol_nights"))
    return tuple(sorted([*found, *places], key=lambda fact: fact[1]))


@lru_cache(maxsize=4096)
def _mentions(clause: str) -> tuple[tuple[str, int, int], ...]:
    """Phrases of facts in a clause, in order; a phrase is used up by its longest match."""
    found: list[tuple[str, int, int]] = []
    rest = clause
    for name, word, pattern in _fact_patterns():
        if word in rest:
            for match in pattern.finditer(rest):
                found.append((name, match.start(), match.end()))
            rest = pattern.sub(lambda hit: "\u0000" * len(hit.group()), rest)
    return tuple(sorted(found, key=lambda fact: fact[1]))


def cited_numbers(text: str) -> list[Citation]:
    """Numbers of a text with the facts that they are said of; clock times (23:41) are not numbers here.

    A number belongs to the fact right behind it ("52 min of deep sleep"), else to the last one named before it, or to
    several that are named in a row, else to the next one; only facts whose unit fits count. A clause that names no
    fact but speaks of a norm or of what is left goes on about the facts of the clause before it on its line.
    """
    return list(_cited_numbers(text))


@lru_cache(maxsize=2**12)
def _cited_numbers(text: str) -> tuple[Citation, ...]:
    citations: list[Citation] = []
    amounts = [quantity for quantity in quantities(text) if quantity.unit != CLOCK]
    if not amounts:
        return ()
    placed = placed_clauses(text)
    before: tuple[tuple[str, int, int], ...] = ()
    line_end = -1
    for place, clause in placed:
        end = place + len(clause)
        if "\n" in text[max(line_end, 0) : place]:
            before = ()
        line_end = end
        named = placed_facts(clause)
        inherits = not named and before and GOES_ON.search(clause)
        inside = [one for one in amounts if place <= one.start < end]
        for one in inside:
            others = [(other.start - place, other.end - place) for other in inside if other is not one]
            facts, misfits = _facts_of(one, place, clause, named, others) if named else ((), ())
            if inherits:
                facts = tuple(dict.fromkeys(name for name, _, _ in before if fits(one, name)))
            citations.append(
                Citation(abs(one.value), facts, clause, one.start, one.end, one, one.start - place, misfits)
            )
            if one.total is not None:
                total = Quantity(one.total, NIGHTS, one.start, one.end)
                nightly = tuple(name for name in facts if _unit_of(name) == NIGHTS)
                citations.append(
                    Citation(one.total, nightly, clause, one.start, one.end, total, one.start - place, is_total=True)
                )
        before = named or before
    return tuple(citations)


def fits(quantity: Quantity, name: str) -> bool:
    """Whether an amount can be one of a fact."""
    return quantity.fits(_unit_of(name)) and (quantity.total is None or _unit_of(name) == NIGHTS)


def _unit_of(name: str) -> str:
    return PERCENT if name == CONTRAST else fact_norms()[name].unit


def _facts_of(
    one: Quantity, place: int, clause: str, named: tuple[tuple[str, int, int], ...], others: list[tuple[int, int]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Facts that a quantity of a clause is said of; or, where no unit fits, those that it was wrongly said of."""
    start, end = one.start - place, one.end - place
    possible = [fact for fact in named if fits(one, fact[0])]
    if not possible:
        is_claim = one.unit in FACT_UNITS and not (one.unit == NIGHTS or ADVISES.search(clause))
        return (), tuple(name for name, _, _ in named) if is_claim else ()
    behind = [fact for fact in possible if fact[1] >= start and fact[2] > end]  # "7.5 hours of sleep" overlaps
    if behind and BINDS.fullmatch(clause[end : behind[0][1]]):
        return _together(behind[:1], possible)
    ahead = [fact for fact in possible if fact[2] <= start]
    if not ahead:
        far = bool(behind) and NEW_SUBJECT.search(clause[end : behind[0][1]])
        return ((), ()) if far else _together(behind[:1], possible)
    row = [ahead[-1]]
    for fact in reversed(ahead[:-1]):
        if any(fact[2] <= other[0] < row[-1][1] for other in others):
            break
        row.append(fact)
    return _together(row, possible)


def _together(
    chosen: list[tuple[str, int, int]], possible: list[tuple[str, int, int]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the chosen facts; efficiency beside alcohol may be either efficiency."""
    names = list(dict.fromkeys(name for name, _, _ in chosen))
    if "sleep_efficiency" in names or CONTRAST in names:
        names += [name for name, _, _ in possible if name == CONTRAST and name not in names]
    return tuple(names), ()


def says(text: str, phrase: str) -> bool:
    """Whether a text holds a phrase (lower case) in a clause that does not negate it.

    Examples
    --------
    >>> says("Do not go to bed earlier.", "go to bed earlier"), says("Go to bed earlier.", "go to bed earlier")
    (False, True)
    """
    for clause in clauses(text):
        for match in re.finditer(rf"\b{re.escape(phrase)}", clause) if phrase in clause else ():
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
            if phrase not in plain:
                continue
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
