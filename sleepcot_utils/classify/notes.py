"""Notes that people add to a day in their own words: what text can tell and a table of numbers can't."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import yaml

from sleepcot_utils.paths import reference_data


@dataclass(frozen=True)
class NoteKind:
    """One kind of note: how often, what it does to the label, and its wordings."""

    share: float
    train: tuple[str, ...]
    test: tuple[str, ...]
    rest: float | None = None


@cache
def note_kinds() -> dict[str, NoteKind]:
    """Kinds of notes by name, from ``data/classify/notes.yaml``."""
    listed = yaml.safe_load(reference_data("classify", "notes.yaml").read_text(encoding="utf-8"))
    return {
        name: NoteKind(entry["share"], tuple(entry["train"]), tuple(entry["test"]), entry.get("rest"))
        for name, entry in listed.items()
    }


def draw_notes(split: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """Draw a note for each case, or none.

    Parameters
    ----------
    split : pandas.Series
        ``train``, ``validation`` or ``test``; cases of the test split get wordings that no other case has.

    Returns
    -------
    pandas.DataFrame
        ``note_kind`` and ``note``, both empty where there is none, with the index of ``split``.
    """
    kinds = note_kinds()
    names = ["", *kinds]
    shares = [kind.share for kind in kinds.values()]
    drawn = rng.choice(names, size=len(split), p=[1 - sum(shares), *shares])
    place = rng.random(len(split))
    notes = []
    for name, part, where in zip(drawn, split, place, strict=True):
        wordings = () if not name else kinds[name].test if part == "test" else kinds[name].train
        notes.append(wordings[int(where * len(wordings))] if wordings else "")
    return pd.DataFrame({"note_kind": drawn, "note": notes}, index=split.index)


def with_notes(probability: pd.Series, note_kind: pd.Series) -> pd.Series:
    """Probability of rest where a note may overrule the numbers."""
    overruled = note_kind.map({name: kind.rest for name, kind in note_kinds().items()}).astype("float64")
    return overruled.fillna(probability)
