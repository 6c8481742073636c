"""How the embedded expert speaks: short or long, in always the same words or in varied ones.

Every word stands in ``data/wording/expert.en.yaml``; here a phrase is chosen and its places are filled.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import numpy as np
import yaml

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.paths import reference_data
from sleepcot_utils.report.facts import Fact
from sleepcot_utils.report.reports import number_text

SHORT, LONG, MIX = "short", "long", "mix"
PLAIN, VARIED = "plain", "varied"
FORMS, WORDINGS = (SHORT, LONG, MIX), (PLAIN, VARIED)
BARE = "{n}"
#: From here on minutes may also be written as hours.
HOUR_MIN = 60
#: Decimal hours hold one digit, so only multiples of six minutes keep their value.
TENTH_OF_HOUR_MIN = 6
#: "1 hours" and the like, which are written in the singular.
ONE_OF_MANY = re.compile(r"(?<![\d.,])1 (hour|minute|beat|breath)s\b")

Item = TypeVar("Item")


@cache
def wording() -> dict[str, Any]:
    """All phrases of the expert."""
    entries: dict[str, Any] = yaml.safe_load(reference_data("wording", "expert.en.yaml").read_text(encoding="utf-8"))
    return entries


@dataclass
class Voice:
    """One way of speaking, kept up over a rationale and its answer.

    Attributes
    ----------
    form : str
        ``short`` or ``long``.
    rng : numpy.random.Generator or None
        What varied wording draws from; None for plain wording.
    styles : dict of str to str
        How this text writes amounts of a unit, drawn when the unit is first met.
    """

    form: str = SHORT
    rng: np.random.Generator | None = None
    styles: dict[str, str] = field(default_factory=dict)

    @property
    def is_long(self) -> bool:
        """Whether full sentences are asked for."""
        return self.form == LONG

    def pick(self, phrases: Sequence[Item]) -> Item:
        """The first of some equivalents, or a drawn one in varied wording."""
        return phrases[0] if self.rng is None else phrases[int(self.rng.integers(len(phrases)))]

    def say(self, *path: str, **values: object) -> str:
        """A phrase of ``expert.en.yaml`` with its places filled.

        Parameters
        ----------
        *path : str
            Keys that lead to a list of phrases, or to one list a form.
        **values
            What the places of the phrase are filled with.
        """
        entry: Any = wording()
        for key in path:
            entry = entry[key]
        phrases = entry[self.form] if isinstance(entry, dict) else entry
        return self.pick(phrases).format(**values)

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """Items whose order carries nothing: as given, or in a drawn order in varied wording."""
        if self.rng is None:
            return list(items)
        return [items[i] for i in self.rng.permutation(len(items))]

    def amount(self, fact: Fact) -> str:
        """The value of a fact with its unit."""
        return self.spell(fact.value, fact.unit, number_text(fact), fact.nights)

    def limit(self, fact: Fact, value: float) -> str:
        """A limit in the unit of its fact; counts of nights and plain wording leave the unit away."""
        number = f"{value:.0f}"
        if self.rng is None and not self.is_long or fact.unit == "nights":
            return number
        return self.spell(value, fact.unit, number, fact.nights)

    def spell(self, value: float, unit: str, number: str, nights: int = 0) -> str:
        """An amount in the way in which this text writes its unit.

        Parameters
        ----------
        value : float
            In ``unit``.
        number : str
            The value as the report prints it; it keeps digits and sign.
        nights : int
            Nights that a count of nights is out of.
        """
        style = self.styles.get(unit)
        ways = wording()["amounts"][unit]
        if style is None:
            style = self.styles[unit] = self.pick(ways)
        if "{h}" in style or "{tenths}" in style:
            if value < HOUR_MIN or value != round(value) or number[0] in "+-":
                style = ways[0]
            elif value % HOUR_MIN == 0:
                style = wording()["whole_hours"][style]
            elif "{tenths}" in style and value % TENTH_OF_HOUR_MIN:
                style = ways[2]
        hours, minutes = divmod(int(abs(value)), HOUR_MIN)
        written = style.format(
            n=number, nights=nights, grouped=f"{value:,.0f}", h=hours, m=minutes, tenths=f"{value / HOUR_MIN:.1f}"
        )
        return ONE_OF_MANY.sub(r"1 \1", written)


def hours_text(minutes: float) -> str:
    """Minutes as hours and minutes, the way in which they are added to a clock time: ``7 h 12 min``."""
    hours, rest = divmod(int(minutes), HOUR_MIN)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def make_voice(form: str = SHORT, wording: str = PLAIN, *, seed_text: str = "", sample: int = 0) -> Voice:
    """The voice of one answer.

    Parameters
    ----------
    form : str
        ``short``, ``long``, or ``mix``, which draws one of them by ``seed_text``.
    wording : str
        ``plain`` (the same words each time) or ``varied``.
    seed_text : str
        What the draws depend on, beside the sample: the task.
    sample : int
        0 or more; samples of one task differ in varied wording, and a rerun gives the same.

    Raises
    ------
    ParameterError
        If form, wording or sample is not one of these.
    """
    for name, value, allowed in (("form", form, FORMS), ("wording", wording, WORDINGS)):
        if value not in allowed:
            raise ParameterError(
                f"the expert does not know the {name} {value!r}", where=name, expected=f"one of {', '.join(allowed)}"
            )
    if sample < 0:
        raise ParameterError(f"the sample {sample} is negative", where="sample", expected="0 or more")
    if form == MIX:
        form = (SHORT, LONG)[int(_generator(seed_text, "form").integers(2))]
    return Voice(form, _generator(seed_text, str(sample)) if wording == VARIED else None)


def _generator(*parts: str) -> np.random.Generator:
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=np.frombuffer(digest, dtype="<u8")))
