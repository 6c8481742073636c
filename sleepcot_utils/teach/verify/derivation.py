"""Whether a rationale leads to its answer: the steps that it rests on are there, in order, and end where they should.

Only steps about facts that the answer must cite are demanded, so that a teacher may leave the rest aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sleepcot_utils.norms import fact_norms
from sleepcot_utils.report.reports import clock_text
from sleepcot_utils.tasks.build import FOLLOW_UP, RECOMMEND, Task
from sleepcot_utils.tasks.drivers import NONE, drivers
from sleepcot_utils.tasks.keys import RANKING
from sleepcot_utils.tasks.quantities import BARE, CLOCK, MINUTES_A_DAY, Quantity, quantities
from sleepcot_utils.tasks.reading import mentioned_facts
from sleepcot_utils.tasks.steps import COMPARE, COMPUTE
from sleepcot_utils.teach.verify.claims import driver_in, driver_phrase, named_verdict
from sleepcot_utils.teach.verify.failures import RATIONALE, Failure, cut
from sleepcot_utils.teach.verify.numbers import fact_is_cited
from sleepcot_utils.teach.verify.reasoning import judged_facts, judges

#: Results that no rationale has to write out.
UNWRITTEN = ("difference",)
CLOCK_WORDS = ("bedtime", "rise")
MAIN = re.compile(
    r"\b(?:main(?: one| driver| cause| problem)?(?: is|:)|that leaves(?= [^.]* as the main)|the main (?:driver|cause) here is)\s*"
)
SECOND = re.compile(r"\b(?:second(?: one| driver)?(?: is|:))\s*")
NO_SECOND = re.compile(r"\bno second\b|\bthere is no main one\b")
#: Kinds whose rationale may state the verdict in the words by which verdicts are known.
VERDICT_IN_RATIONALE = ("what_if", "alcohol")
TREND = re.compile(r"\btrend of (?:your )?time asleep(?: is|:| as)? (falling|rising|no clear trend)\b")


def missing_steps(task: Task, rationale: str) -> Iterator[Failure]:
    """Steps that the answer rests on and that the rationale leaves out.

    Facts that the answer must cite have to be cited and judged; what ranks drivers, in addition, each fact outside its
    norm; and a computation has to stand with what it is worked out from.
    """
    key, weighs = task.key, task.kind == RECOMMEND or task.topic in RANKING
    required, judged = set(key["required_facts"]), judged_facts(rationale)
    needed = {name: False for name in key["required_facts"] if name in key["values"]}
    for step in key.get("steps", ()):
        name = step["fact"]
        is_needed = name in required or (weighs and step["level"] in ("watch", "act"))
        if step["act"] == COMPARE and name in key["values"] and is_needed:
            needed[name] = bool(step["level"])
        is_computed = step["act"] == COMPUTE and step["says"] not in UNWRITTEN and _is_required(step, required)
        if is_computed and not any(_works_out(line, step) for line in rationale.splitlines()):
            yield _missing(f"{step['says'].replace('_', ' ')} worked out as {_amount(step['says'], step['value'])}")
        elif is_computed and all(term in key["values"] for term, _ in step["terms"][:-1]):
            for term, _ in step["terms"][:-1]:  # "taking sleep from the time in bed, 446 - 385 = 61" cites both
                if not needed.get(term, True):
                    del needed[term]
    for name, is_judged in needed.items():
        if not _is_shown(name, rationale, key, judged if is_judged else None):
            yield _missing(f"{_label(name)} {key['values'][name][0]:g}{', held against its norm' if is_judged else ''}")
    found = TREND.search(rationale.lower())
    if found and found[1] != key["trend"]:
        yield Failure("rationale steps", RATIONALE, found[0], f"trend of time asleep: {key['trend']}")


def _is_shown(name: str, rationale: str, key: Mapping[str, Any], judged: set[str] | None) -> bool:
    """Whether a rationale cites a fact, and says how it lies where `judged` facts are given.

    A fact that is called by none of its names is known by its value with the unit: "455 min lies in this range".
    """
    if fact_is_cited(name, rationale, key):
        return judged is None or name in judged
    if judged is None or name in mentioned_facts(rationale.lower()):
        return False
    return any(
        judges(line) and any(one.unit != BARE and one.fits(_unit(name)) and one.says(own) for one in quantities(line))
        for line in rationale.splitlines()
        for own in key["values"][name]
    )


def _works_out(line: str, step: Mapping[str, Any]) -> bool:
    """Whether a line holds the result of a computation beside one of its terms."""
    amounts = quantities(line)
    results = [one for one in amounts if _gives(one, step["says"], step["value"])]
    terms = [one for one in amounts if any(_gives(one, name, value) for name, value in step["terms"][:-1])]
    return bool(results) and any(one is not results[0] for one in terms)


def wrong_order(task: Task, rationale: str) -> Iterator[Failure]:
    """Conclusions that stand before what they follow from."""
    key, lines = task.key, [line for line in rationale.splitlines() if line.strip()]
    main = key["main_driver"]
    if main in drivers() and (task.kind == RECOMMEND or task.topic in RANKING):
        concluded = next((at for at, line in enumerate(lines) if _names_main(line, main)), None)
        evidence = [name for name in drivers()[main].facts if name in key["flags"]]
        shown = [at for at, line in enumerate(lines) if any(fact_is_cited(name, line, key) for name in evidence)]
        if concluded is not None and shown and concluded < shown[0]:
            yield Failure(
                "rationale order", RATIONALE, cut(lines[concluded]), "the facts before the driver they speak for"
            )
    for step in key.get("steps", ()):
        if step["act"] == COMPUTE and step["says"] not in UNWRITTEN:
            result = _first_line(lines, step["says"], step["value"])
            terms = [_first_line(lines, name, value) for name, value in step["terms"][:-1]]
            known = [at for at in terms if at is not None]
            if result is not None and known and result < min(known):
                expected = f"{_amount(step['says'], step['value'])} after what it is worked out from"
                yield Failure("rationale order", RATIONALE, cut(lines[result]), expected)


def wrong_conclusion(task: Task, rationale: str) -> Iterator[Failure]:
    """What the rationale comes to is not what is right."""
    key, plain = task.key, rationale.lower()
    if task.kind == RECOMMEND or task.topic in RANKING:
        for pattern, wanted in ((MAIN, "main_driver"), (SECOND, "second_driver")):
            said = [name for match in pattern.finditer(plain) if (name := _driver_after(plain, match.end()))]
            if pattern is SECOND and not said and NO_SECOND.search(plain):
                said = [NONE]
            if said and said[-1] != key[wanted]:
                expected = f"{wanted.replace('_', ' ')}: {driver_phrase(key[wanted])}"
                yield Failure("rationale conclusion", RATIONALE, driver_phrase(said[-1]), expected)
    if task.kind == FOLLOW_UP and task.topic in VERDICT_IN_RATIONALE:
        verdict = named_verdict(task.topic, rationale)
        if verdict is not None and verdict != key["verdict"] and not (verdict, key["verdict"]) in _ALIKE:
            yield Failure(
                "rationale conclusion", RATIONALE, verdict.replace("_", " "), key["verdict"].replace("_", " ")
            )


#: A sleep that is short already is also no longer enough.
_ALIKE = {("too_short", "already_short")}


def _driver_after(plain: str, place: int) -> str | None:
    rest = re.split(r"[,;.\n]", plain[place:], maxsplit=1)[0]
    return driver_in(rest)


def _names_main(line: str, main: str) -> bool:
    plain = line.lower()
    match = MAIN.search(plain)
    return match is not None and _driver_after(plain, match.end()) == main


def _is_required(step: Mapping[str, Any], required: set[str]) -> bool:
    names = {name for name, _ in step["terms"]} | {step["says"]}
    return bool(names & required)


def _gives(one: Quantity, name: str, value: float) -> bool:
    """Whether an amount is a term or result of a computation."""
    if name in CLOCK_WORDS:
        return one.unit == CLOCK and one.value == value % MINUTES_A_DAY
    return one.fits(_unit(name)) and one.says(value)


def _unit(name: str) -> str:
    return fact_norms()[name].unit if name in fact_norms() else "min"


def _first_line(lines: list[str], name: str, value: float) -> int | None:
    return next(
        (at for at, line in enumerate(lines) if any(_gives(one, name, value) for one in quantities(line))), None
    )


def _missing(expected: str) -> Failure:
    return Failure("rationale steps", RATIONALE, "", expected)


def _amount(name: str, value: float) -> str:
    return clock_text(value % MINUTES_A_DAY) if name in CLOCK_WORDS else f"{value:g}"


def _label(name: str) -> str:
    return fact_norms()[name].label if name in fact_norms() else name.replace("_", " ")
