"""Tolerances of the comparison of a run with the reference run; ``tolerances.yaml`` states them and says why."""

from __future__ import annotations

import math
from fnmatch import fnmatchcase
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.paths import relative_name

FILE = "tolerances.yaml"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NumberRule(_Strict):
    """How far a number may lie from that of the reference; ``file`` and ``name`` may hold ``*`` and ``?``."""

    file: str
    name: str
    why: str = Field(min_length=3)
    absolute: float = Field(default=0.0, ge=0)
    relative: float = Field(default=0.0, ge=0, lt=1)
    ignored: bool = False


class CopyRule(_Strict):
    """Whether words and numbers in the outputs of an executed copy are compared, or differences only counted."""

    file: str
    text: Literal["compared", "counted"]


class Tolerances(_Strict):
    """All rules; the first one that fits counts.

    Attributes
    ----------
    numbers : tuple of NumberRule
        For metrics of records and cells of result files.
    copies : tuple of CopyRule
        For outputs of executed notebooks.
    machine_cells : tuple of str
        A cell whose code holds one of these describes the machine; its output is not compared.
    exact : bool
        Whether every tolerance is 0, for two runs on one machine.
    """

    numbers: tuple[NumberRule, ...]
    copies: tuple[CopyRule, ...]
    machine_cells: tuple[str, ...] = ()
    exact: bool = False

    def of_number(self, file: str, name: str) -> NumberRule:
        """Rule for a number; one without tolerance if none is stated."""
        for rule in self.numbers:
            if fnmatchcase(file, rule.file) and fnmatchcase(name, rule.name):
                return rule
        return NumberRule(file=file, name=name, why="no rule names it")

    def width(self, file: str, name: str, reference: float) -> float | None:
        """Largest allowed distance from a reference value, in its unit; None if it is not compared."""
        rule = self.of_number(file, name)
        if rule.ignored:
            return None
        if self.exact or not math.isfinite(reference):
            return 0.0
        return max(rule.absolute, rule.relative * abs(reference))

    def text_is_compared(self, file: str) -> bool:
        """Whether the words that cells of this execution printed have to be those of the reference."""
        return self.exact or any(fnmatchcase(file, r.file) and r.text == "compared" for r in self._first(file))

    def _first(self, file: str) -> tuple[CopyRule, ...]:
        return tuple(rule for rule in self.copies if fnmatchcase(file, rule.file))[:1]


def load_tolerances(path: Path | None = None, *, exact: bool = False) -> Tolerances:
    """Read the tolerances.

    Parameters
    ----------
    path : Path, optional
        Another file than the shipped one.
    exact : bool
        Allow no distance at all.

    Raises
    ------
    ParameterError
        If the file can't be read or holds an unknown or ill-typed key; the message names it.
    """
    name = relative_name(path) if path else f"sleepcot_utils/study/reproduction/{FILE}"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8") if path else _shipped())
        return Tolerances.model_validate({**content, "exact": exact})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ParameterError(f"{place}: {first['msg']}", where=name, expected="rules as in the shipped file") from None
    except (OSError, TypeError, ValueError, yaml.YAMLError) as error:
        raise ParameterError(f"it can't be read ({type(error).__name__})", where=name, expected="a YAML file") from None


@lru_cache(maxsize=1)
def _shipped() -> str:
    return resources.files("sleepcot_utils.study.reproduction").joinpath(FILE).read_text(encoding="utf-8")
