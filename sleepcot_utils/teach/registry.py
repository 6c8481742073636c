"""Teachers by name: ``data/teachers/teachers.yaml`` says where each is asked, what it costs and what it can do."""

from __future__ import annotations

import os
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.paths import reference_data, relative_name
from sleepcot_utils.teach.budget import Budget, Prices
from sleepcot_utils.teach.endpoint import OPENAI_HOST, OPENAI_URL, Endpoint

CUSTOM = "custom"
#: Address and model of the teacher ``custom``.
URL_VARIABLE, MODEL_VARIABLE = "SLEEPCOT_TEACHER_BASE_URL", "SLEEPCOT_TEACHER_MODEL"
SYNTHESIZER, INSTRUCTOR = ROLES = ("synthesizer", "instructor")
#: An environment variable's name that says what it holds, so that no key pasted in its place passes for one.
VariableName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,63}_(KEY|TOKEN)$")]
#: How keys of OpenAI, DashScope, DeepSeek, Groq and Hugging Face begin.
PASTED_KEY = re.compile(r"\b(?:sk-|gsk_|hf_)[\w-]{8,}")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PriceList(_Entry):
    """Prices of a model, with the day and the way in which they were found."""

    prompt_per_million: float = Field(ge=0)
    completion_per_million: float = Field(ge=0)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    dated: date
    source: str = Field(min_length=3)


class TeacherEntry(_Entry):
    """One teacher; the file's comments say what each field means."""

    name: str
    base_url: str | None
    model: str | None
    key_variable: VariableName
    roles: tuple[Literal["synthesizer", "instructor"], ...] = Field(min_length=1)
    prices: PriceList | None
    batch_discount: float | None = Field(ge=0, lt=1)
    context_tokens: int | None = Field(ge=1)
    max_output_tokens: int | None = Field(ge=1)
    structured: Literal["json_schema", "json_object", "none"]
    batch: bool

    def known_prices(self, *, batch: bool = False) -> Prices | None:
        """Prices for the budget, with the batch discount where it holds; None where they are unknown."""
        if self.prices is None:
            return None
        share = 1.0 - ((self.batch_discount or 0.0) if batch else 0.0)
        return Prices(
            self.prices.prompt_per_million * share, self.prices.completion_per_million * share, self.prices.currency
        )

    def budget(
        self,
        *,
        max_requests: int | None = None,
        max_tokens: int | None = None,
        max_cost: float | None = None,
        batch: bool = False,
    ) -> Budget:
        """Caps for this teacher.

        Raises
        ------
        ParameterError
            If there is a cap in money and the prices are unknown.
        """
        prices = self.known_prices(batch=batch)
        if max_cost is not None and prices is None:
            raise ParameterError(
                f"max_cost is {max_cost}, but the prices of {self.name} are not known",
                where="budget",
                expected="max_requests or max_tokens as the cap, or the model's prices in data/teachers/teachers.yaml",
            )
        return Budget(max_requests=max_requests, max_tokens=max_tokens, max_cost=max_cost, prices=prices)


@cache
def teachers(path: Path | None = None) -> dict[str, TeacherEntry]:
    """All teachers by name.

    Parameters
    ----------
    path : pathlib.Path, optional
        Another file of the same form; the shipped one if left out.

    Raises
    ------
    InputError
        If an entry is wrong; the message names the teacher, the field and what would be right.
    """
    path = path or reference_data("teachers", "teachers.yaml")
    where = relative_name(path)
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        # The parser's own message quotes the line, which may hold a key that was pasted there.
        mark = getattr(problem, "problem_mark", None)
        place = f"{where}, line {mark.line + 1}" if mark else where
        raise InputError("the file can't be read", where=place, expected="YAML in UTF-8") from None
    if not (isinstance(raw, dict) and raw and all(isinstance(entry, dict) for entry in raw.values())):
        raise InputError("this is no list of teachers", where=where, expected="a name and its fields for each teacher")
    return {str(name): _entry(str(name), fields, where) for name, fields in raw.items()}


def _entry(name: str, fields: dict[str, object], where: str) -> TeacherEntry:
    if PASTED_KEY.search(f"{name} {fields}"):
        raise InputError(
            "something in an entry looks like an API key; it isn't shown here",
            where=where,
            expected="the NAME of an environment variable as key_variable, and the key in that variable alone",
        )
    try:
        entry = TeacherEntry.model_validate({**fields, "name": name})
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        # The value isn't shown: someone may have put a key where a name belongs.
        raise InputError(
            f"the field {place!r} is wrong ({first['msg']})",
            where=f"{where}, teacher {name!r}",
            expected="the fields that the comment at the top of the shipped file lists",
        ) from None
    if (entry.base_url is None or entry.model is None) and name != CUSTOM:
        raise InputError(
            "base_url or model is missing",
            where=f"{where}, teacher {name!r}",
            expected=f"both; only {CUSTOM!r} takes them from the environment",
        )
    if entry.base_url is not None:
        try:
            Endpoint.of(entry.base_url)
        except ParameterError as problem:
            raise InputError(
                f"the field 'base_url' is wrong: {problem.problem}",
                where=f"{where}, teacher {name!r}",
                expected=problem.expected,
            ) from None
    return entry


def teacher_named(name: str, *, model: str = "", role: str = INSTRUCTOR, path: Path | None = None) -> TeacherEntry:
    """The teacher of a name, ready to be asked.

    Parameters
    ----------
    model : str
        Another model at the same server; its prices and limits are then unknown, unless the server is this machine.
    role : str
        ``synthesizer`` or ``instructor``, which the teacher must be listed for.

    Raises
    ------
    ParameterError
        If there is no such teacher, it has another role, or the environment lacks what ``custom`` needs.
    """
    if name == "openai":
        return openai_teacher(model)
    known = teachers(path)
    if name not in known:
        raise ParameterError(f"there is no teacher {name!r}", where="teacher", expected=f"one of {', '.join(known)}")
    entry = known[name]
    if role not in entry.roles:
        able = ", ".join(other for other, listed in known.items() if role in listed.roles)
        raise ParameterError(f"{name} is no {role}", where="teacher", expected=f"one of {able}")
    if name == CUSTOM:
        entry = entry.model_copy(
            update={"base_url": _environment(URL_VARIABLE), "model": model or _environment(MODEL_VARIABLE)}
        )
    elif model and model != entry.model:
        entry = _other_model(entry, model)
    return entry


def openai_teacher(model: str) -> TeacherEntry:
    """A model at ``OPENAI_BASE_URL``, or at OpenAI if that is not set; prices are known if it is listed there."""
    if not model:
        raise ParameterError("the teacher 'openai' has no model", where="teacher", expected="a model's name")
    endpoint = Endpoint.of(None)
    for entry in teachers().values():
        if entry.model == model and entry.base_url and Endpoint.of(entry.base_url).address == endpoint.address:
            return entry.model_copy(update={"base_url": endpoint.url, "key_variable": "OPENAI_API_KEY"})
    openai = next(entry for entry in teachers().values() if entry.base_url == OPENAI_URL)
    elsewhere = {} if endpoint.host == OPENAI_HOST else {"structured": "none", "batch": False}
    return _other_model(openai, model).model_copy(
        update={"name": "openai", "base_url": endpoint.url, "batch_discount": None, **elsewhere}
    )


def _other_model(entry: TeacherEntry, model: str) -> TeacherEntry:
    free = entry.base_url is not None and Endpoint.of(entry.base_url).on_this_machine
    unknown = {"context_tokens": None, "max_output_tokens": None} | ({} if free else {"prices": None})
    return entry.model_copy(update={"model": model, **unknown})


def _environment(variable: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value:
        raise ParameterError(
            f"the environment variable {variable} is not set",
            where=f"teacher {CUSTOM!r}",
            expected=f"{URL_VARIABLE} and {MODEL_VARIABLE}, such as http://localhost:8000/v1 and a model's name",
        )
    return value
