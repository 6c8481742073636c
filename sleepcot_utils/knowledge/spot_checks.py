"""The facts of the cards that were held against a second source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from sleepcot_utils.errors import InputError
from sleepcot_utils.knowledge.cards import Card
from sleepcot_utils.knowledge.library import SPOT_CHECKS, load_cards
from sleepcot_utils.paths import reference_data, relative_name

if TYPE_CHECKING:
    import pandas as pd

VERDICTS = ("agrees", "differs in detail", "not found")
FIELDS = {"card": str, "looked_for": str, "found": str, "source": str, "same_study": bool, "verdict": str}


@dataclass(frozen=True)
class SpotCheck:
    """One fact and what a second source says about it.

    Attributes
    ----------
    card : str
        Id of the card.
    looked_for : str
        What was looked for.
    found : str
        What the second source says, in own words.
    source : str
        The second source.
    same_study : bool
        Whether the source only reports the study that the card cites: then it shows that the card quotes it right, not
        that the fact holds elsewhere.
    verdict : str
        One of ``VERDICTS``.
    """

    card: str
    looked_for: str
    found: str
    source: str
    same_study: bool
    verdict: str


def load_spot_checks(file: Path | None = None, cards: Sequence[Card] | None = None) -> list[SpotCheck]:
    """Read and check the record of looked-up facts.

    Parameters
    ----------
    file : pathlib.Path, optional
        The shipped record if left out.
    cards : sequence of Card, optional
        Cards that the ids must belong to; the shipped ones if left out.

    Raises
    ------
    InputError
        If the file does not hold a list ``checks``, an entry lacks a field or has one too many or of another type, a
        card is unknown or checked twice, or a verdict is none of ``VERDICTS``.
    """
    file = reference_data("knowledge", f"{SPOT_CHECKS}.yaml") if file is None else file
    name = relative_name(file)
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or set(content) != {"checks"} or not isinstance(content["checks"], list):
        raise InputError("the file does not hold the checks", where=name, expected="one field 'checks', a list")
    known = {card.card_id for card in (load_cards() if cards is None else cards)}
    checks: list[SpotCheck] = []
    for number, raw in enumerate(content["checks"], start=1):
        place = f"{name}, check {number}"
        if not isinstance(raw, dict) or set(raw) != set(FIELDS):
            raise InputError("the fields of this check are not right", where=place, expected=", ".join(FIELDS))
        for field, kind in FIELDS.items():
            if not isinstance(raw[field], kind) or raw[field] == "":
                raise InputError(f"{raw[field]!r} is no value of '{field}'", where=place, expected=kind.__name__)
        check = SpotCheck(**raw)
        if check.card not in known or check.card in {earlier.card for earlier in checks}:
            raise InputError(f"{check.card!r} is unknown or checked twice", where=place, expected="each card id once")
        if check.verdict not in VERDICTS:
            raise InputError(f"{check.verdict!r} is no verdict", where=place, expected=", ".join(VERDICTS))
        checks.append(check)
    return checks


def spot_check_counts(checks: Sequence[SpotCheck]) -> pd.DataFrame:
    """Number of checks by verdict and by whether the second source is another study.

    Returns
    -------
    pandas.DataFrame
        One row a verdict, in the order of ``VERDICTS``: ``verdict, other_study, same_study``.
    """
    import pandas as pd

    rows = []
    for verdict in VERDICTS:
        found = [check.same_study for check in checks if check.verdict == verdict]
        rows.append((verdict, found.count(False), found.count(True)))
    return pd.DataFrame(rows, columns=["verdict", "other_study", "same_study"])
