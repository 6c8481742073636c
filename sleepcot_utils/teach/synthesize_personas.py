"""Who a language model is to imagine, and in which words it is asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import yaml

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.paths import reference_data
from sleepcot_utils.teach.exchange import Message
from sleepcot_utils.teach.synthesize_reading import answer_schema, whole_characters
from sleepcot_utils.teach.templates import rendered, source

SYSTEM, PERSON, REPAIR = "synthesizer", "synthesizer_person", "synthesizer_repair"  # templates in data/prompts
PERSONS = range(1, 2001)  # each is a request that may cost money; the paper had 100 reports


@dataclass(frozen=True)
class Persona:
    """What is said to the model about a person; the same persona is the same request.

    Attributes
    ----------
    condition : str
        Key in ``data/prompts/synthesizer.yaml``.
    scenario : str
        The simulator's scenario that the condition corresponds to, or ``none``.
    timing, severity : str
        Words of the prompt; ``severity`` is empty for conditions that have none.
    """

    person_id: str
    age_y: int
    sex: str
    condition: str
    scenario: str
    timing: str
    severity: str


@cache
def _prompts() -> dict[str, Any]:
    return yaml.safe_load(reference_data("prompts", "synthesizer.yaml").read_text(encoding="utf-8"))


def prompt_version() -> str:
    """Version and hash of instruction, question and schema; another one is another request to a model."""
    text = json.dumps([*(source(part) for part in (SYSTEM, PERSON, REPAIR)), answer_schema()])
    return f"{_prompts()['version']}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def draw_personas(persons: int, rng: np.random.Generator, *, prefix: str = "i") -> list[Persona]:
    """Draw who is to be imagined; no two are alike. A person's draw is the same however many follow.

    Parameters
    ----------
    persons : int
        How many, within ``PERSONS``.
    rng : numpy.random.Generator
        Source of randomness.
    prefix : str
        Start of ``person_id``, other than that of simulated people.

    Raises
    ------
    ParameterError
        If the number is out of range.
    """
    require(persons, PERSONS, "persons")
    p = _prompts()
    personas: dict[tuple[Any, ...], Persona] = {}
    while len(personas) < persons:
        draw = rng.random(5)
        condition, entry = _pick(list(p["conditions"].items()), draw[0])
        ages = entry.get("ages", p["ages"])
        age = _pick(range(ages["low"], ages["high"] + 1), draw[1])
        severity = _pick(p["severities"], draw[2]) if entry.get("severity", True) else ""
        who = (age, _pick(p["sexes"], draw[3]), condition, entry["scenario"], _pick(p["timings"], draw[4]), severity)
        # Two equal personas would be one request and so one person.
        personas.setdefault(who, Persona(f"{prefix}{len(personas) + 1:05d}", *who))
    return list(personas.values())


def _pick(values: Sequence[Any], draw: float) -> Any:
    return values[int(draw * len(values))]


def require(value: int, allowed: range, name: str) -> None:
    """Refuse a number that is out of range."""
    if value not in allowed:
        raise ParameterError(f"{name} is {value}", where="synthesizer", expected=f"{allowed[0]} to {allowed[-1]}")


def messages(persona: Persona, nights: int, first_weekday: str) -> tuple[Message, ...]:
    """The prompt for one person and a number of nights, the first of which ends on a weekday."""
    p = _prompts()
    question = rendered(
        PERSON,
        sex=persona.sex,
        age=persona.age_y,
        timing=persona.timing,
        condition=p["conditions"][persona.condition]["words"],
        severity=persona.severity,
        nights=nights,
        first_weekday=first_weekday,
    )
    system = rendered(SYSTEM, schema=json.dumps(answer_schema()))
    return {"role": "system", "content": system}, {"role": "user", "content": question}


def repair(text: str, problem: str) -> tuple[Message, ...]:
    """What follows the prompt when an answer goes back to the model: the answer, and what is wrong with it."""
    return (
        {"role": "assistant", "content": whole_characters(text)},
        {"role": "user", "content": whole_characters(rendered(REPAIR, problem=problem))},
    )
