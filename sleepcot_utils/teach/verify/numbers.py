"""Numbers that a text cites of facts: whether they are this person's, and whether the needed ones are there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from sleepcot_utils.norms import fact_norms
from sleepcot_utils.tasks.drivers import drivers
from sleepcot_utils.tasks.keys import EARLIER_MIN
from sleepcot_utils.tasks.quantities import BARE, MIN, NIGHTS, quantities
from sleepcot_utils.tasks.reading import CONTRAST, Citation, cited_numbers
from sleepcot_utils.tasks.steps import COMPUTE
from sleepcot_utils.teach.verify.failures import Failure, cut

#: A number right behind one of these words is a limit, or is held against one, and need not be the person's own.
LIMIT_BEFORE = re.compile(
    r"\b(?:norms?|limits?|under|below|over|above|than|beyond|short of|inside|outside|within|between|typical|range|recommend\w*|starts?"
    r"|at least|at most|advised?|should|exceeds?|threshold|end|vs|versus|against)\b[^,;(]*\Z"
    r"|[<>\u2264\u2265]\s*\Z"
)
#: Behind one of these it is a limit and nothing else.
LIMIT_ONLY = re.compile(
    r"\b(?:(?:norm|limit|range) of|norm starts at|the typical|between)(?: the)? (?:\d[\w. ]{0,16} (?:to|and|or) )?\Z"
)
LIMIT_BEHIND = re.compile(
    r"[ a-z%]{0,12}\b(?:or (?:more|less|over|under|longer)|to \d|(?:is|are) (?:the |a )?(?:norm|limit|minimum|recommended|advised))"
)
#: A distance from a limit: "48 min below the norm", "short of it by 48 min".
DISTANCE_BEHIND = re.compile(
    r"\W*(?:\w+ )?(?:below|under|short|less|above|over|more|beyond|too|fewer|longer|missing|lower|higher)"
)
DISTANCE_BEFORE = re.compile(r"\b(?:by|missing|difference of|gap of|lacks?)(?: about)? \Z")
#: Terms of a share that is written out, "402/475 = 85 %", are of other facts than the share.
DIVIDED_BEHIND, DIVIDED_BEFORE = re.compile(r"\s*[/\u00f7]\s*\d"), re.compile(r"\d\s*[/\u00f7]\s*\Z")
EARLIER_BEHIND, EARLIER_BEFORE = re.compile(r"\s*earlier"), re.compile(r"\bearlier by (?:about )?\Z")
BED = re.compile(r"\bbed(?:time)?\b|\bearlier\b")


def wrong_numbers(text: str, key: Mapping[str, Any], check: str, where: str) -> Iterator[Failure]:
    """Numbers of a text that are not this person's."""
    for citation in cited_numbers(text):
        if not number_is_right(citation, key):
            excerpt = cut(citation.clause[max(0, citation.at - 60) : citation.at + 40])
            yield Failure(check, where, excerpt, _expected(citation, key))


def missing_facts(text: str, key: Mapping[str, Any], check: str, where: str) -> Iterator[Failure]:
    """Facts that the key requires and that a text does not cite with this person's value."""
    for name in key["required_facts"]:
        if not fact_is_cited(name, text, key) and not _is_worked_with(name, text, key):
            yield Failure(check, where, "", f"{_label(name)} cited as {_written(key['values'][name], name)}")


def number_is_right(citation: Citation, key: Mapping[str, Any]) -> bool:
    """Whether a cited number is this user's, for the fact that it is said of.

    A number that is said of no fact is advice ("for 2 weeks") or stands alone; it counts as right, because nothing was
    claimed. Minutes by which to go to bed earlier are the exception: the key knows them. A number with a unit that the
    fact does not have is wrong. An amount may be as inexact as it was printed: "7.2 hours" is 429 to 435 min.
    """
    quantity = citation.quantity
    before, behind = _around(citation)
    if quantity.unit in (MIN, BARE) and _moves_bedtime(citation.clause, before, behind):
        flag = key["flags"].get("total_sleep", {})
        right = flag.get("direction") == "low" and quantity.says(EARLIER_MIN[flag["level"]])
        return right or quantity.is_denied or re.search(r"\bnot\b", before) is not None
    if citation.misfits:
        return False
    if not citation.facts:
        return True
    if citation.is_total:
        return any(quantity.says(key["numbers"][name][-1]) for name in citation.facts if key["numbers"].get(name))
    if quantity.unit == BARE and (DIVIDED_BEHIND.match(behind) or DIVIDED_BEFORE.search(before)):
        return any(quantity.says(value) for own in key["values"].values() for value in own)
    is_limit = LIMIT_BEFORE.search(before) is not None or LIMIT_BEHIND.match(behind) is not None
    if LIMIT_ONLY.search(before) and all(key["limits"].get(name) for name in citation.facts):
        return any(quantity.says(limit) for name in citation.facts for limit in _limits(name, key))
    return any(
        any(quantity.says(value) for value in _allowed(name, key, is_limit=is_limit))
        or _is_distance(citation, name, key)
        for name in citation.facts
    )


def fact_is_cited(name: str, text: str, key: Mapping[str, Any]) -> bool:
    """Whether a text cites a fact with this user's own value; facts without a value can't be missed.

    A limit of the norm does not count: it is the same for everybody.
    """
    own = key["values"].get(name)
    if not own:
        return True
    return any(
        name in citation.facts and any(citation.quantity.says(value) for value in own)
        for citation in cited_numbers(text)
    )


def _moves_bedtime(clause: str, before: str, behind: str) -> bool:
    """Whether a number says by how much to go to bed earlier."""
    is_move = EARLIER_BEHIND.match(behind) or EARLIER_BEFORE.search(before)
    return bool(is_move) and BED.search(clause) is not None and "weekend" not in clause


def _is_worked_with(name: str, text: str, key: Mapping[str, Any]) -> bool:
    """Whether a fact that has to be computed with stands in a text with its unit: "you spend 6 h 42 min asleep"."""
    own = key["values"].get(name, [])
    return any(value in own for value in _computed(name, key)) and any(
        one.unit != BARE and one.fits(_unit(name)) and one.says(value) for one in quantities(text) for value in own
    )


def _around(citation: Citation) -> tuple[str, str]:
    """What stands before and behind a number in its clause."""
    size = citation.end - citation.start
    return citation.clause[: citation.at], citation.clause[citation.at + size :]


def _allowed(name: str, key: Mapping[str, Any], *, is_limit: bool) -> list[float]:
    """Numbers that may be cited of a fact at this place: own and computed ones, or also limits."""
    own, numbers = key["values"].get(name, []), key["numbers"].get(name, [])
    limits = _limits(name, key)
    advice = list(_advice_numbers().get(name, ()))
    if is_limit:
        return [*numbers, *limits, *advice]
    impersonal = {abs(limit) for limit in limits}
    if name in fact_norms() and fact_norms()[name].unit == NIGHTS and numbers:
        impersonal.add(numbers[-1])
    return [*own, *(value for value in numbers if value not in impersonal), *_computed(name, key), *advice]


def _computed(name: str, key: Mapping[str, Any]) -> list[float]:
    """Numbers of the computations that a fact takes part in, which may happen to be a limit as well."""
    steps = [step["terms"] for step in key.get("steps", ()) if step["act"] == COMPUTE]
    return [abs(value) for terms in steps if any(term == name for term, _ in terms) for _, value in terms]


def _limits(name: str, key: Mapping[str, Any]) -> list[float]:
    return [value for value in key["limits"].get(name, {}).values() if value is not None]


def _is_distance(citation: Citation, name: str, key: Mapping[str, Any]) -> bool:
    before, behind = _around(citation)
    if not (DISTANCE_BEHIND.match(behind) or DISTANCE_BEFORE.search(before)):
        return False
    limits = _limits(name, key)
    own = [*key["values"].get(name, []), *_computed(name, key)]
    gaps = [abs(value - limit) for value in own for limit in limits]
    if name == CONTRAST and len(key["values"].get(name, ())) == 2:
        gaps.append(abs(own[0] - own[1]))
    return any(citation.quantity.says(gap) for gap in gaps)


@cache
def _advice_numbers() -> dict[str, list[float]]:
    """Numbers that stand in the advice about a fact, such as naps under 30 min."""
    numbers: dict[str, list[float]] = {}
    for driver in drivers().values():
        for name in driver.facts:
            numbers.setdefault(name, []).extend(c.value for c in cited_numbers(driver.action))
    numbers["total_sleep"].extend(float(minutes) for minutes in EARLIER_MIN.values())
    return numbers


def _expected(citation: Citation, key: Mapping[str, Any]) -> str:
    if citation.misfits:
        names = ", ".join(f"{_label(name)} in {_unit(name)}" for name in citation.misfits)
        return f"a number with the unit of its fact: {names}"
    if not citation.facts:
        flag = key["flags"].get("total_sleep", {})
        low = flag.get("direction") == "low"
        return f"{EARLIER_MIN[flag['level']]} min earlier" if low else "no earlier bedtime, sleep is not short"
    parts = []
    for name in citation.facts:
        own = key["numbers"].get(name, [])[-1:] if citation.is_total else key["values"].get(name)
        parts.append(f"{_label(name)} {_written(own, name)}" if own else f"{_label(name)} is not in this report")
    return " or ".join(parts)


def _label(name: str) -> str:
    return fact_norms()[name].label if name in fact_norms() else name.replace("_", " ")


def _unit(name: str) -> str:
    return fact_norms()[name].unit if name in fact_norms() else "%"


def _written(values: list[float], name: str) -> str:
    return f"{' and '.join(f'{value:g}' for value in values)} {_unit(name)}"
