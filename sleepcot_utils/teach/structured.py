"""Reads what a teacher wrote, as JSON where its server can hold it to a schema, else as marked text, or says why not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.paths import reference_data
from sleepcot_utils.tasks.reading import ANSWER_MARK, split_answer
from sleepcot_utils.teach.exchange import Message, TeacherReply
from sleepcot_utils.teach.prompts import COT, FEW_SHOT, FEW_SHOT_COT, repair_messages
from sleepcot_utils.teach.templates import source

JSON_SCHEMA, JSON_OBJECT, PLAIN = FORMS = ("json_schema", "json_object", "none")
#: Modes of prompting that ask for reasoning. The others ask for the answer alone, which needs no fields.
REASONED = (COT, FEW_SHOT_COT)
#: Reasons in a reply's ``error`` that a second request can mend; nobody is asked again who declined.
MENDABLE = ("truncated", "empty")

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class ReasonedAnswer(BaseModel):
    """What a teacher writes as JSON: steps of the reasoning, then what the person reads."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rationale: list[Text] = Field(min_length=1)
    answer: Text


@dataclass(frozen=True)
class Reading:
    """Rationale and answer of a reply, or what is wrong with it.

    Attributes
    ----------
    problem : str
        Empty if it can be used; else a name in ``data/teachers/structured.yaml`` for what can be repaired, or the
        reply's own error for what can't.
    """

    rationale: str
    answer: str
    problem: str = ""

    @property
    def mendable(self) -> bool:
        """Whether asking once more may help."""
        return self.problem in words()["problems"]


@cache
def words() -> dict[str, Any]:
    """``data/teachers/structured.yaml``."""
    return dict(yaml.safe_load(reference_data("teachers", "structured.yaml").read_text(encoding="utf-8")))


def form_for(mode: str, server: str) -> str:
    """Form in which an answer is asked for: what the server can do, where the prompt asks for reasoning."""
    if server not in FORMS:
        raise ParameterError(f"there is no form {server!r}", where="structured", expected=f"one of {', '.join(FORMS)}")
    return server if mode in REASONED else PLAIN


def response_format(form: str) -> dict[str, Any]:
    """Fields of a request body that ask for a form; none for plain text."""
    if form == PLAIN:
        return {}
    if form == JSON_OBJECT:
        return {"response_format": {"type": JSON_OBJECT}}
    # Written out: schemas that a server holds a reply to ("strict") allow no lengths, which are checked afterwards.
    schema = {
        "type": "object",
        "properties": {
            "rationale": {"type": "array", "items": {"type": "string"}},
            "answer": {"type": "string"},
        },
        "required": ["rationale", "answer"],
        "additionalProperties": False,
    }
    named = {"name": "reasoned_answer", "strict": True, "schema": schema}
    return {"response_format": {"type": JSON_SCHEMA, "json_schema": named}}


def messages_in_form(messages: Sequence[Message], form: str) -> list[dict[str, str]]:
    """A prompt for plain text, made one for JSON where that is the form: instruction and worked examples alike."""
    if form == PLAIN:
        return [dict(message) for message in messages]
    changed = []
    for message in messages:
        content = message["content"]
        if message["role"] == "system":
            content = f"{content}\n\n{words()['instruction']}"
        elif message["role"] == "assistant":
            rationale, answer = split_answer(content)
            content = json.dumps({"rationale": rationale.splitlines(), "answer": answer}, ensure_ascii=False)
        changed.append({"role": message["role"], "content": content})
    return changed


def version_in_form(version: str, form: str, *, repaired: bool = False) -> str:
    """Version of a prompt together with that of the words which this module adds to it."""
    if form != PLAIN:
        version += f"+json-{_digest(words()['instruction'])}"
    if repaired:
        version += f"+repair-{_digest(source('repair'), words()['problems'], words()['nothing'])}"
    return version


def read_reply(reply: TeacherReply, form: str, *, reasoned: bool = True) -> Reading:
    """Rationale and answer of a reply.

    Parameters
    ----------
    reasoned : bool
        Whether a rationale was asked for. Marked text without the mark of the answer is then of no use, since nobody
        knows where the reasoning ends; without reasoning the whole text is the answer.
    """
    if reply.error:
        kind = reply.error.split(":")[0]
        return Reading("", "", kind if kind in MENDABLE else reply.error)
    if form != PLAIN:
        return _from_json(reply.text)
    if reasoned and ANSWER_MARK not in reply.text:
        return Reading("", "", "no_answer_mark")
    rationale, answer = split_answer(reply.text)
    if not answer:
        return Reading("", "", "no_answer_text")
    # A model that reasons in its own channel has its rationale there.
    return Reading(rationale or reply.reasoning, answer)


def repaired_messages(
    messages: Sequence[Message], text: str, problem: str, mode: str, form: str
) -> tuple[Message, ...]:
    """The prompt of the one repair: what was asked, what came, and what is wrong with it."""
    said = text if text.strip() else words()["nothing"]
    # The reminder of both marks would contradict the form of JSON; prompts without reasoning come without it.
    asked = mode if form == PLAIN else FEW_SHOT
    return (*messages, *repair_messages(said, words()["problems"][problem], asked))


def _from_json(text: str) -> Reading:
    try:
        whole = json.loads(_unfenced(text))
    except ValueError:
        return Reading("", "", "not_json")
    if not isinstance(whole, dict):
        return Reading("", "", "not_json")
    try:
        read = ReasonedAnswer.model_validate(whole)
    except ValidationError as problem:
        short = all(error["type"] in ("string_too_short", "too_short") for error in problem.errors())
        return Reading("", "", "empty_fields" if short else "wrong_fields")
    return Reading("\n".join(read.rationale), read.answer)


def _unfenced(text: str) -> str:
    """A text without the fence of a code block, in which many models wrap JSON."""
    bare = text.strip()
    if bare.startswith("```") and bare.endswith("```") and "\n" in bare:
        return bare.partition("\n")[2].removesuffix("```")
    return bare


def _digest(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]
