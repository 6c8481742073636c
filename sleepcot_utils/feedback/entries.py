"""What the feedback log holds: advice that was given, and what people said and did about it. Both are validated."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from sleepcot_utils.errors import InputError
from sleepcot_utils.fencing import MAX_CHARACTERS

FOLLOWED = ("yes", "partly", "no")
#: How much of an advice was done, by what a person says.
DONE = {"yes": 1.0, "partly": 0.5, "no": 0.0}
DIGEST_LETTERS = 10

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Expected = {
    "advice_id": "the id of an advice that was given: letters, digits, '.', '_' and '-'",
    "person_id": "the id of a person: letters, digits, '.', '_' and '-'",
    "date": "a date such as 2026-03-01",
    "rating": "a whole number from 1 (bad) to 5 (good)",
    "comment": f"a text of at most {MAX_CHARACTERS} characters, or nothing",
    "followed": "yes, partly or no",
    "actions": "names of data/feedback/actions.yaml",
}


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    advice_id: Identifier
    person_id: Identifier
    date: datetime.date


class Given(_Entry):
    """Advice that a person was given: which single actions it asked for, and when. Its words stay where they are."""

    actions: tuple[Identifier, ...] = ()


class Feedback(_Entry):
    """What a person said of one advice. The comment is data: nothing that it says is ever done."""

    rating: Annotated[int, Field(ge=1, le=5, strict=True)]
    followed: Literal["yes", "partly", "no"]
    comment: Annotated[str, StringConstraints(max_length=MAX_CHARACTERS)] = ""

    @property
    def done(self) -> float:
        """Share of the advice that was followed: 1, 0.5 or 0."""
        return DONE[self.followed]

    @property
    def reward(self) -> float:
        """What policies learn from."""
        return reward_of(self.rating, self.followed)


def reward_of(rating: float, followed: str) -> float:
    """Half what was felt, half what was done, from 0 to 1 (choice): liking alone would reward flattery."""
    return 0.5 * (rating - 1) / 4 + 0.5 * DONE[followed]


Kind = TypeVar("Kind", bound=_Entry)


def checked(kind: type[Kind], values: Mapping[str, Any], *, where: str = "feedback") -> Kind:
    """Entry of checked values.

    Raises
    ------
    InputError
        For the first field that is missing, unknown or wrong, with what would be right.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "entry"
        problem = "is missing" if first["type"] == "missing" else f"can't be {first['input']!r}"
        if first["type"] == "extra_forbidden":
            problem = "is no field of this entry"
        expected = Expected.get(name, f"one of {', '.join(kind.model_fields)}")
        raise InputError(f"{name} {problem}", where=where, expected=expected) from None


def advice_id(person_id: str, *words: str) -> str:
    """Id of an advice: the person, and a hash of what was said, so that other words of a later run get another id.

    Examples
    --------
    >>> advice_id("wearer-01", "cot", "Go to bed earlier.")
    'wearer-01-c069d30b92'
    """
    digest = hashlib.sha256("\0".join(words).encode()).hexdigest()
    return f"{person_id}-{digest[:DIGEST_LETTERS]}"
