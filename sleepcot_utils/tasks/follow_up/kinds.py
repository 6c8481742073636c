"""Kinds of follow-up question: their phrasings, what they ask about, and the words that tell verdicts."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import yaml

from sleepcot_utils.errors import InputError
from sleepcot_utils.fencing import fence
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.paths import reference_data
from sleepcot_utils.report.reports import Report
from sleepcot_utils.tasks.drivers import NONE, UNEXPLAINED, drivers
from sleepcot_utils.tasks.follow_up.remarks import remarks

SLOT = "{about}"
REMARK, MEASURED = "remark", "measured"


@cache
def follow_ups() -> dict[str, Any]:
    """Kinds of question, each with phrasings by split, difficulty, and the words by which a verdict is recognized.

    A phrasing may hold ``{about}``; what it stands for is listed under ``about``, or drawn from facts or remarks.
    """
    kinds: dict[str, Any] = yaml.safe_load(reference_data("norms", "follow_ups.yaml").read_text(encoding="utf-8"))
    for kind in kinds.values():
        if kind["verdicts"] == "drivers":
            named = {name: list(driver.names) for name, driver in drivers().items()}
            others = {NONE: kind.pop(NONE)} | ({UNEXPLAINED: kind.pop(UNEXPLAINED)} if UNEXPLAINED in kind else {})
            kind["verdicts"] = named | others
    return kinds


def options(kind: str, report: Report, split: str, rng: np.random.Generator) -> list[str]:
    """What a question of that kind may ask about, in a drawn order; one empty option where it has no slot.

    A look-up starts as often with something that this report can't tell as with something that it can.
    """
    if kind == REMARK:
        listed = [name for name, remark in remarks().items() if remark.split == split]
    elif kind == MEASURED:
        known = [name for name, fact in report.facts.items() if fact.known]
        other = [name for name in things() if name not in known]
        orders = [[names[i] for i in rng.permutation(len(names))] for names in (known, other)]
        head, tail = orders if rng.random() < 0.5 else orders[::-1]
        return head[:1] + tail[:1] + head[1:] + tail[1:]
    else:
        listed = [str(option) for option in follow_ups()[kind].get("about", [""])]
    return [listed[i] for i in rng.permutation(len(listed))]


def default_option(kind: str) -> str:
    """What is asked about where nobody said: the first option, the same for every report."""
    if kind == REMARK:
        return next(iter(remarks()))
    if kind == MEASURED:
        return next(iter(things()))
    return str(follow_ups()[kind].get("about", [""])[0])


def things() -> dict[str, str]:
    """What one may ask to be told, with its words: facts of a report, and things that no report holds."""
    return {name: norm.label for name, norm in fact_norms().items()} | follow_ups()[MEASURED]["absent"]


def ask(kind: str, phrasing: str, about: str) -> str:
    """The question as it stands in a message; a remark stands fenced above it.

    Raises
    ------
    InputError
        If there is no such remark or no such thing to ask about.
    """
    if kind == REMARK:
        if about not in remarks():
            raise InputError(f"there is no remark {about!r}", where="data/norms/remarks.yaml", expected="its id")
        return f"{fence(remarks()[about].text, 'remark')}\n{phrasing}"
    if kind == MEASURED and about not in things():
        raise InputError(f"a report can't be asked for {about!r}", where="about", expected=", ".join(things()))
    return phrasing.replace(SLOT, things()[about] if kind == MEASURED else about)
