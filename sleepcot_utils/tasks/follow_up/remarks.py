"""Remarks of users with the urgency that their author gave them, so that triage can be measured against it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from sleepcot_utils.paths import reference_data

HARMLESS = "harmless"


@dataclass(frozen=True)
class Remark:
    """One remark.

    Attributes
    ----------
    flag : str
        What makes it urgent, named as in ``data/safety/red_flags.yaml``; empty where nothing does.
    urgency : str
        ``none``, ``soon`` or ``now``.
    """

    remark_id: str
    split: str
    text: str
    flag: str
    urgency: str


@cache
def remarks() -> dict[str, Remark]:
    """All remarks of ``data/norms/remarks.yaml`` by id, which is the split and a number."""
    entries: dict[str, Any] = yaml.safe_load(reference_data("norms", "remarks.yaml").read_text(encoding="utf-8"))
    found = {}
    for split, flagged in entries.items():
        numbered = [(flag, *entry) for flag, listed in flagged.items() for entry in _entries(flag, listed)]
        for number, (flag, urgency, text) in enumerate(numbered, start=1):
            name = f"{split}{number}"
            found[name] = Remark(name, split, text, "" if flag == HARMLESS else flag, urgency)
    return found


def _entries(flag: str, listed: Any) -> list[tuple[str, str]]:
    """Urgency and text; harmless remarks are a plain list, others stand under their urgency."""
    if flag == HARMLESS:
        return [("none", text) for text in listed]
    return [(urgency, text) for urgency, texts in listed.items() for text in texts]
