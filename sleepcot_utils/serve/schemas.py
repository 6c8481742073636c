"""Bodies of requests and answers, as they stand in the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from sleepcot_utils.columns import Column
from sleepcot_utils.nights import COLUMNS
from sleepcot_utils.safety.flags import URGENCIES
from sleepcot_utils.score.claims import OPEN, RIGHT, WRONG
from sleepcot_utils.tasks.follow_up import follow_ups

#: Twenty years of nights and naps of a person are fewer.
MOST_ROWS = 20_000
LONGEST_QUESTION_LETTERS = 4_000
LONGEST_NAME_LETTERS = 100
#: Turns of a conversation; the student has seen none longer than a few.
MOST_MESSAGES = 64
LONGEST_MESSAGE_LETTERS = 2**20

Verdict = Annotated[str, Field(json_schema_extra={"enum": [RIGHT, WRONG, OPEN]})]
Urgency = Annotated[str, Field(json_schema_extra={"enum": list(URGENCIES)})]
Text = Annotated[str, Field(max_length=LONGEST_NAME_LETTERS)]


def _number(given: Any) -> Any:
    """A field of a form is a text, also where it holds a number."""
    return int(given) if isinstance(given, str) and given.isascii() and given.isdecimal() else given


class Strict(BaseModel):
    """A body in which an unknown field is an error, so that a misspelled one is not passed over."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


def _field(column: Column) -> Any:
    kind: Any = float if column.kind == "number" else Text
    limits: dict[str, Any] = (
        {"ge": column.low, "le": column.high} if column.kind == "number" and column.low > -float("inf") else {}
    )
    described = Field(... if column.required else None, description=column.meaning, **limits)
    return (kind if column.required else kind | None, described)


#: A row of the nightly table; names, meanings, units and limits are those of ``nights.COLUMNS``.
NightRow: type[BaseModel] = create_model(
    "NightRow", __base__=Strict, **{name: _field(column) for name, column in COLUMNS.items()}
)


class NightsRequest(Strict):
    """Nights of one person or several, as rows or as the export of a wearable, and how to read them."""

    nights: list[NightRow] = Field(default=[], max_length=MOST_ROWS, description="rows of the nightly table")  # type: ignore[valid-type]
    window_nights: Annotated[Literal[7, 14, 30], BeforeValidator(_number)] = Field(
        14, description="dates that a report looks back over"
    )
    age_y: float | None = Field(None, ge=0, le=120, description="age in years, if there is one person only")
    sex: Literal["female", "male"] | None = Field(None, description="for the norms, if there is one person only")
    language: Literal["en", "zh"] = Field("en", description="language of reports and safety words")


class AdviceRequest(NightsRequest):
    """Asks for a recommendation to each person."""

    max_new_tokens: int = Field(400, ge=1, le=4096, description="longest answer in tokens; the server may allow less")


class FollowUpRequest(AdviceRequest):
    """Asks one question about each person's report."""

    question: str = Field("", max_length=LONGEST_QUESTION_LETTERS, description="in words; empty takes the topic's own")
    topic: str = Field(
        "", max_length=LONGEST_NAME_LETTERS, description=f"what it is about, so that it can be verified: {', '.join(follow_ups())}"
    )  # fmt: skip
    about: str = Field("", max_length=LONGEST_NAME_LETTERS, description="what a topic with a slot asks about")


class KnowledgeRequest(Strict):
    """Asks one question about sleep in general."""

    question: str = Field("", max_length=LONGEST_QUESTION_LETTERS, description="in words; empty takes the card's own")
    card_id: str = Field("", max_length=LONGEST_NAME_LETTERS, description="card that the answer is held against")
    language: Literal["en", "zh"] = Field("en", description="language of safety words")
    max_new_tokens: int = Field(400, ge=1, le=4096, description="longest answer in tokens; the server may allow less")


class Mark(BaseModel):
    """What is known of one number of an answer."""

    start: int = Field(description="place of its first letter in the answer")
    end: int = Field(description="place behind its last letter")
    value: float = Field(description="size; minutes for amounts of time and clock times")
    verdict: Verdict
    facts: list[str] = Field(description="facts of the report that it is said of")


class Claim(BaseModel):
    """What is known of one sentence of an answer."""

    sentence: str
    verdict: Verdict
    why: str


class Checked(BaseModel):
    """An answer with the safety rules around it."""

    text: str = Field(description="what a person should read: safety words, then the answer unless it is withheld")
    safety_notice: str
    answer: str = Field(description="words of the student; empty if withheld")
    withheld: bool
    reasons: list[str] = Field(description="why the answer is withheld")
    urgency: Urgency
    red_flags: list[str]
    failed_checks: list[str]
    marks: list[Mark] = Field(description="every number of `answer`")
    claims: list[Claim] = Field(description="every sentence of `answer`, where a key can judge it")
    finish_reason: str = Field(description="stop, length or withheld")


class StatementOut(BaseModel):
    """One statement of a report."""

    name: str
    dimension: str
    status: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    level: str
    nights: int


class PersonReport(BaseModel):
    """The report of one person."""

    person_id: str
    first_date: str
    last_date: str
    nights: int
    text: str
    statements: list[StatementOut]
    clinician: list[str] = Field(description="facts that a clinician should see")


class Reading(BaseModel):
    """What became of an uploaded export."""

    vendor: str
    skipped_records: int
    unread_files: int
    not_given: dict[str, str] = Field(description="columns that this export can't fill, and why")


class ReportAnswer(BaseModel):
    """Reports of the people of a table."""

    reports: list[PersonReport]
    too_few_nights: list[str] = Field(description="people with too few nights for a report")
    reading: Reading | None = None


class PersonAdvice(BaseModel):
    """The answer to one person."""

    person_id: str
    question: str
    advice: Checked


class AdviceAnswer(BaseModel):
    """Answers to the people of a table."""

    people: list[PersonAdvice]
    too_few_nights: list[str]
    reading: Reading | None = None


class KnowledgeAnswer(BaseModel):
    """The answer to a question about sleep in general."""

    question: str
    answer: Checked
    card_id: str = Field(description="card that it was held against; empty if none")
    source: str = Field(description="where the card has it from")


class ChatMessage(BaseModel):
    """One turn of a conversation."""

    model_config = ConfigDict(extra="forbid")
    role: Literal["system", "user", "assistant"]
    content: str = Field(max_length=LONGEST_MESSAGE_LETTERS)


class ChatRequest(BaseModel):
    """A request of OpenAI's chat interface; fields that would change the answer and are not known here are refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    messages: list[ChatMessage] = Field(min_length=1, max_length=MOST_MESSAGES)
    model: str = Field("", max_length=LONGEST_NAME_LETTERS)
    stream: bool = False
    max_tokens: int | None = Field(None, ge=1, le=4096)
    max_completion_tokens: int | None = Field(None, ge=1, le=4096)
    temperature: float = Field(0.0, ge=0.0, le=0.0, description="answers are greedy")
    n: int = Field(1, ge=1, le=1)
    user: str = Field("", max_length=LONGEST_NAME_LETTERS, description="not used and not kept")


class Problem(BaseModel):
    """Why a request was not answered."""

    code: str
    message: str
    where: str = ""
    expected: str = ""
    request_id: str = ""


class ProblemAnswer(BaseModel):
    """Body of every answer that is no success."""

    error: Problem
