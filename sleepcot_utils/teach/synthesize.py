"""A language model as the source of people and nights: the way of the SleepCoT paper, as an arm beside the simulator.

The paper had GPT-4o imagine its sleep reports for "diverse health conditions"; how it asked is not known to us. Here
each request describes one person by age, sex, bedtime and condition, drawn at random but reproducibly, and asks for
nights by a JSON schema. What comes back is checked night by night (`sleepcot_utils.teach.synthesize_reading`), and the
refused ones are counted by reason. What is left has the form of simulated people and nights, so that reports are made
from either in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import ParameterError
from sleepcot_utils.report.facts import FREE_DAYS
from sleepcot_utils.teach.exchange import Sampling, Teacher, TeacherReply, TeacherRequest
from sleepcot_utils.teach.synthesize_personas import Persona, draw_personas, messages, prompt_version, repair, require
from sleepcot_utils.teach.synthesize_reading import (
    WEEKDAYS,
    AnswerError,
    ImaginedNights,
    answer_schema,
    check_nights,
    read_answer,
    whole_characters,
)
from sleepcot_utils.teach.synthesize_sources import compare_sources, shuffled_nights, shuffled_persons

__all__ = [
    "Persona",
    "Synthesis",
    "ask_synthesizer",
    "compare_sources",
    "draw_personas",
    "prompt_version",
    "sampling",
    "shuffled_nights",
    "shuffled_persons",
    "synthesize",
]

FIRST_DATE = pd.Timestamp("2026-01-06")  # night 1 ends on a Tuesday; a fixed date keeps runs identical
NIGHTS = range(1, 31)  # a month; longer answers pass the output limit of many models
#: Output limit. A night has about 510 characters as compact JSON and 660 indented, which is 330 tokens at a generous two
#: characters a token; the rest is room for wordier layouts, since a limit costs nothing until it is reached.
TOKENS_A_NIGHT, TOKENS_A_PERSON = 450, 600
REPAIRED = ("no JSON", "wrong schema")  # answers that go back to the model once
OUTCOMES = ("person_id", "unit", "night", "outcome", "reason", "detail")
PEOPLE = (
    *("person_id", "age_y", "sex", "bmi", "chronotype_msf_h", "device", "logs_habits", "gives_age"),
    *("main_scenario", "second_scenario", "condition", "occupation", "story"),
)


@dataclass(frozen=True)
class Synthesis:
    """People and nights that a model has imagined, and what became of everything it was asked for.

    Attributes
    ----------
    people : pandas.DataFrame
        One row a person with an accepted night: ``person_id, age_y, sex, bmi, chronotype_msf_h`` (middle of the time in
        bed on free days, hours after midnight; null without a free day), ``device, logs_habits, gives_age, main_scenario,
        second_scenario, condition, occupation, story``. ``main_scenario`` is what the model was asked to imagine: unlike
        a planted one, nothing makes sure that the nights show it.
    nights : pandas.DataFrame
        Nightly table; ``device`` is ``imagined by`` and the model's name.
    outcomes : pandas.DataFrame
        ``person_id, unit, night, outcome, reason, detail``. One row an answer (``unit`` is ``answer``; ``outcome`` is
        ``accepted``, ``repaired`` or ``failed``), one a night that was asked for (``night``; ``accepted`` or
        ``rejected``), one a night that came on top (``extra night``; ``rejected``). Reasons of answers are those of
        `sleepcot_utils.teach.exchange.REASONS`, ``no JSON`` and ``wrong schema``; reasons of nights stand in
        `sleepcot_utils.teach.synthesize_reading.NIGHT_REASONS`.
    """

    people: pd.DataFrame
    nights: pd.DataFrame
    outcomes: pd.DataFrame

    def counts(self) -> pd.DataFrame:
        """Number of ``outcomes`` by unit, outcome and reason."""
        keys = ["unit", "outcome", "reason"]
        return self.outcomes.groupby(keys, sort=True).size().rename("count").reset_index()


def sampling(nights: int, *, seed: int = 0, answer_format: str = "json_schema") -> Sampling:
    """How a remote model is to write: warm, since persons are to differ, and held to the schema.

    Parameters
    ----------
    nights : int
        Nights a person, within ``NIGHTS``; the output limit follows from it.
    seed : int
        Sent to the server. Few servers promise the same text for it; the cache does.
    answer_format : str
        ``json_schema`` (OpenAI's structured output; vLLM, Ollama and llama.cpp know it too), ``json_object`` (any JSON;
        DashScope), or ``text`` for servers that know neither.
    """
    require(nights, NIGHTS, "nights")
    schema = {"name": "imagined_person", "strict": True, "schema": answer_schema()}
    formats: dict[str, dict[str, Any]] = {
        "json_schema": {"response_format": {"type": "json_schema", "json_schema": schema}},
        "json_object": {"response_format": {"type": "json_object"}},
        "text": {},
    }
    if answer_format not in formats:
        raise ParameterError(
            f"answer_format is {answer_format!r}", where="synthesizer", expected=f"one of {', '.join(formats)}"
        )
    limit = TOKENS_A_PERSON + TOKENS_A_NIGHT * nights
    return Sampling(temperature=1.0, max_output_tokens=limit, seed=seed, extra=formats[answer_format])


def synthesize(
    teacher: Teacher, personas: Sequence[Persona], nights: int, *, first_date: pd.Timestamp = FIRST_DATE
) -> Synthesis:
    """Have a model imagine the nights of people, and keep those that can be true.

    An answer that is no JSON of the schema goes back to the model once with what is wrong; if the second one is no
    better, the person is failed. Refused, empty and truncated answers fail at once: the same request would end alike.

    Parameters
    ----------
    teacher : Teacher
        With the settings of `sampling` and the version of `prompt_version`.
    personas : sequence of Persona
        Each with a ``person_id`` of its own.
    nights : int
        Nights a person, within ``NIGHTS``.
    first_date : pandas.Timestamp
        Date on which night 1 ends. Dates are never asked of the model: on the way to a remote server they would be
        masked. It gives the number and the weekday of each night.

    Raises
    ------
    ParameterError
        If two personas have one id, or the number of nights is out of range.
    TeacherError
        As the teacher does. What was paid for is in its cache: the next call with the same personas goes on from there.
    """
    require(nights, NIGHTS, "nights")
    prompts = {persona.person_id: messages(persona, nights, WEEKDAYS[first_date.day_of_week]) for persona in personas}
    if len(prompts) < len(personas):
        raise ParameterError("two personas have one person_id", where="synthesizer", expected="an id for each")
    replies = {
        reply.task_id: reply
        for reply in teacher.answer([TeacherRequest(name, prompt) for name, prompt in prompts.items()])
    }
    read = {name: _read(reply) for name, reply in replies.items()}
    repairs = [
        TeacherRequest(name, (*prompts[name], *repair(replies[name].text, problem.problem)))
        for name, problem in read.items()
        if isinstance(problem, AnswerError) and problem.reason in REPAIRED
    ]
    repaired = {reply.task_id: _read(reply) for reply in teacher.answer(repairs)} if repairs else {}
    outcomes: list[dict[str, Any]] = []
    people, tables = [], []
    for persona in personas:
        name = persona.person_id
        answer = repaired.get(name, read[name])
        device = f"imagined by {replies[name].model}"
        if isinstance(answer, AnswerError):
            outcomes.append(_outcome(name, "answer", None, "failed", answer.reason, answer.problem))
            outcomes += [_outcome(name, "night", n, "rejected", "answer failed") for n in range(1, nights + 1)]
            continue
        mended = read[name] if name in repaired else None
        why = (mended.reason, mended.problem) if isinstance(mended, AnswerError) else ("", "")
        outcomes.append(_outcome(name, "answer", None, "repaired" if mended else "accepted", *why))
        checked = check_nights(answer["nights"], nights, person_id=name, device=device, first_date=first_date)
        outcomes += _night_outcomes(name, checked, nights)
        if len(checked.accepted):
            people.append(_person(persona, answer["person"], checked.accepted, device))
            tables.append(checked.accepted)
    table = pd.concat(tables) if tables else pd.DataFrame(columns=list(nightly.COLUMNS))
    return Synthesis(
        pd.DataFrame(people, columns=list(PEOPLE)),
        nightly.validate(nightly.conform(table), where="imagined nights"),
        pd.DataFrame(outcomes, columns=list(OUTCOMES)).astype({"night": "Int64"}),
    )


def _read(reply: TeacherReply) -> dict[str, Any] | AnswerError:
    """The answer of a reply, or why there is none."""
    if reply.error:
        reason, _, detail = reply.error.partition(": ")
        return AnswerError(reason, detail)
    try:
        return read_answer(reply.text)
    except AnswerError as problem:
        return problem


def _outcome(
    person_id: str, unit: str, night: int | None, outcome: str, reason: str = "", detail: str = ""
) -> dict[str, Any]:
    return dict(zip(OUTCOMES, (person_id, unit, night, outcome, reason, detail), strict=True))


def _night_outcomes(person_id: str, checked: ImaginedNights, nights: int) -> list[dict[str, Any]]:
    reasons = {n: checked.rejected.get(n, "") for n in range(1, nights + 1)}
    asked = [_outcome(person_id, "night", n, "rejected" if r else "accepted", r) for n, r in reasons.items()]
    return asked + [_outcome(person_id, "extra night", n, "rejected", reason) for n, reason in checked.extra]


def _person(persona: Persona, imagined: dict[str, Any], nights: pd.DataFrame, device: str) -> dict[str, Any]:
    free = nights[nights["night_date"].dt.day_of_week.isin(FREE_DAYS)]
    middle = free["start_local"] + (free["end_local"] - free["start_local"]) / 2 - free["night_date"]
    values = {
        "person_id": persona.person_id,
        "age_y": float(persona.age_y),
        "sex": persona.sex,
        "bmi": float(imagined["body_mass_index"]),
        "chronotype_msf_h": middle.mean() / pd.Timedelta(hours=1),
        "device": device,
        "logs_habits": True,
        "gives_age": True,
        "main_scenario": persona.scenario,
        "second_scenario": "none",
        "condition": persona.condition,
        "occupation": whole_characters(imagined["occupation"]),
        "story": whole_characters(imagined["story"]),
    }
    return {name: values[name] for name in PEOPLE}


def ask_synthesizer(
    kind: str,
    model: str,
    personas: Sequence[Persona],
    nights: int,
    cache_file: Path,
    *,
    allow_remote: bool,
    max_requests: int,
    max_cost: float | None = None,
    seed: int = 0,
    answer_format: str = "",
) -> Synthesis:
    """`synthesize` with a model behind an OpenAI-compatible address, or an open one in this process.

    Parameters
    ----------
    kind : str
        A teacher of ``data/teachers/teachers.yaml`` that is listed as a synthesizer, ``openai`` (address and key from
        ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``), or ``local`` (greedy: ``seed`` and ``answer_format`` count for
        nothing).
    model : str
        Model name, hub id or folder; may be empty where the list has a model.
    cache_file : pathlib.Path
        JSON lines of all responses; each is there before anything reads it, so that a kill loses none.
    allow_remote, max_requests
        Consent to leave the machine (a server on this machine needs none), and the most requests that may be sent,
        repairs and retries included.
    max_cost : float, optional
        Most money, in the currency of the teacher's prices; None or 0 for no limit.
    answer_format : str
        As in `sampling`; by default what the list says of the server, and ``json_schema`` for ``openai``.
    """
    from sleepcot_utils.teach.cache import ReplyCache

    teacher: Teacher
    if kind == "local":
        settings = sampling(nights)
        from sleepcot_utils.teach.local import LocalTeacher

        greedy = Sampling(max_output_tokens=settings.max_output_tokens)
        teacher = LocalTeacher(model, settings=greedy, cache=ReplyCache(cache_file), prompt_version=prompt_version())
    else:
        from sleepcot_utils.teach.client import OpenAITeacher
        from sleepcot_utils.teach.registry import SYNTHESIZER, teacher_named

        entry = teacher_named(kind, model=model, role=SYNTHESIZER)
        listed = "json_schema" if kind == "openai" else entry.structured.replace("none", "text")
        teacher = OpenAITeacher(
            str(entry.model),
            cache=ReplyCache(cache_file),
            base_url=entry.base_url,
            settings=sampling(nights, seed=seed, answer_format=answer_format or listed),
            budget=entry.budget(max_requests=max_requests, max_cost=max_cost or None),
            prompt_version=prompt_version(),
            key_variable=entry.key_variable,
            allow_remote=allow_remote,
        )
    return synthesize(teacher, personas, nights)
