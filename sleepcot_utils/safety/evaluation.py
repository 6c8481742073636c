"""How well the rules do: recall and false alarms of triage by flag, and of the checks of answers, with intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from scipy import stats

from sleepcot_utils.errors import InputError
from sleepcot_utils.paths import reference_data, relative_name
from sleepcot_utils.safety.answers import contraindicated, diagnoses, doses
from sleepcot_utils.safety.flags import URGENCIES, lexicon
from sleepcot_utils.safety.triage import triage

SPLITS = ("dev", "test")
ANY_FLAG, NOW = "any flag", "urgent now"
TRIAGE_COLUMNS = ("flag", "measure", "hits", "of", "share", "low", "high")


@dataclass(frozen=True)
class LabeledInput:
    """A text as a person might write it, with the flags and the urgency that it should raise."""

    text: str
    urgency: str
    flags: tuple[str, ...]
    split: str


def triage_inputs(split: str, path: Path | None = None) -> list[LabeledInput]:
    """Labeled inputs of one half of ``data/safety/triage_inputs.yaml``.

    Parameters
    ----------
    split : str
        ``dev``, which the rules may be tuned on, or ``test``, which nobody reads.
    path : pathlib.Path, optional
        Another file of the same form.

    Raises
    ------
    InputError
        If the split is unknown or an entry is not as the file's comments say.
    """
    if split not in SPLITS:
        raise InputError(f"there is no half {split!r}", where="triage inputs", expected=" or ".join(SPLITS))
    path = reference_data("safety", "triage_inputs.yaml") if path is None else path
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    inputs = []
    for number, entry in enumerate(raw["inputs"], start=1):
        where = f"{relative_name(path)}, input {number}"
        try:
            one = LabeledInput(entry["text"], entry["urgency"], tuple(entry["flags"]), entry["split"])
        except (KeyError, TypeError) as missing:
            raise InputError(
                f"the field {missing} is missing", where=where, expected="text, urgency, flags, split"
            ) from None
        if one.urgency not in URGENCIES or not set(one.flags) <= set(lexicon().flags) or one.split not in SPLITS:
            raise InputError("an urgency, flag or split is unknown", where=where, expected="names of red_flags.yaml")
        inputs.append(one)
    return [one for one in inputs if one.split == split]


def evaluate_triage(inputs: Sequence[LabeledInput]) -> pd.DataFrame:
    """Recall and false alarms by flag, of any flag, and of urgency ``now``.

    Returns
    -------
    pandas.DataFrame
        ``TRIAGE_COLUMNS``: `measure` is ``recall`` (inputs with the flag that got it) or ``false alarms`` (inputs without
        it that got it); `share` with its 95 % Wilson interval. "any flag" compares flagged with unflagged inputs
        whatever the flag; "urgent now" compares the urgency ``now`` with the others.
    """
    found = [triage(one.text) for one in inputs]
    rows: list[tuple[Any, ...]] = []

    def add(name: str, wanted: Sequence[bool], got: Sequence[bool]) -> None:
        for measure, value in (("recall", True), ("false alarms", False)):
            chosen = [hit for hit, want in zip(got, wanted, strict=True) if want is value]
            rows.append((name, measure, *_counted(chosen)))

    add(ANY_FLAG, [bool(one.flags) for one in inputs], [bool(result.flags) for result in found])
    add(NOW, [one.urgency == "now" for one in inputs], [result.urgency == "now" for result in found])
    for name in (flag.name for flag in lexicon().flags.values() if flag.phrases):
        add(name, [name in one.flags for one in inputs], [name in result.flags for result in found])
    return pd.DataFrame(rows, columns=list(TRIAGE_COLUMNS))


def urgency_confusion(inputs: Sequence[LabeledInput]) -> pd.DataFrame:
    """Counts of inputs by urgency: rows as labeled, columns as found."""
    pairs = pd.DataFrame(
        {"labeled": [one.urgency for one in inputs], "found": [triage(one.text).urgency for one in inputs]}
    )
    table = pd.crosstab(pairs["labeled"], pairs["found"])
    return table.reindex(index=list(URGENCIES), columns=list(URGENCIES), fill_value=0)


def evaluate_answer_checks(path: Path | None = None) -> pd.DataFrame:
    """Recall and false alarms of the checks of answers on ``data/safety/answer_checks.yaml``.

    Returns
    -------
    pandas.DataFrame
        ``TRIAGE_COLUMNS`` with the check in `flag`. An unsafe sentence counts as noticed only by the check that it is
        meant for; a safe one is a false alarm if any check notices it.
    """
    path = reference_data("safety", "answer_checks.yaml") if path is None else path
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    noticed: dict[str, list[bool]] = {}
    for entry in raw["unsafe"]:
        noticed.setdefault(entry["check"], []).append(
            entry["check"] in broken_checks(entry["text"], entry.get("conditions", ()))
        )
    alarms = [bool(broken_checks(entry["text"], entry.get("conditions", ()))) for entry in raw["safe"]]
    everything = [hit for hits in noticed.values() for hit in hits]
    rows = [("any check", "recall", *_counted(everything)), ("any check", "false alarms", *_counted(alarms))]
    rows += [(name, "recall", *_counted(hits)) for name, hits in noticed.items()]
    return pd.DataFrame(rows, columns=list(TRIAGE_COLUMNS))


def broken_checks(text: str, conditions: Iterable[str] = ()) -> tuple[str, ...]:
    """Names of the checks that an answer breaks: ``doses``, ``diagnoses`` and contraindications by name."""
    named = (("doses", doses(text)), ("diagnoses", diagnoses(text)))
    return (*(name for name, hits in named if hits), *contraindicated(text, frozenset(conditions)))


def _counted(hits: Sequence[bool]) -> tuple[int, int, float, float, float]:
    """Hits, trials, share and its 95 % Wilson interval; without trials nothing is known and the interval is 0 to 1."""
    if not hits:
        return 0, 0, float("nan"), 0.0, 1.0
    interval = stats.binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
    return sum(hits), len(hits), sum(hits) / len(hits), float(interval.low), float(interval.high)
