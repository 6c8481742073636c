"""How much of what identifies a person is masked, and how often something harmless is: measured on planted identifiers.

The remarks stand in ``data/privacy/planted.yaml``, in two halves: rules may be tuned on ``dev`` and are measured on ``test``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import yaml
from scipy.stats import binomtest

from sleepcot_utils.errors import InputError
from sleepcot_utils.paths import reference_data
from sleepcot_utils.teach.masking import mask

HARMLESS = "harmless"
TEST = "test"
PLANTED = re.compile("⟦(.*?)⟧")
#: Parts of an identifier: letters and digits that stand together. One letter alone tells nothing, one sign of Chinese does.
PART = re.compile(r"[^\W_]{2,}|[\u3400-\u9fff]")
PLACEHOLDER = re.compile(r"\[[^\[\]\n]*\]")


@dataclass(frozen=True)
class Remark:
    """A text with identifiers of one kind, or a harmless one.

    Attributes
    ----------
    kind : str
        ``name, email, phone, device_id, gps, birth_date`` or ``harmless``.
    language, split : str
        ``en`` or ``zh``; ``dev`` or ``test``.
    planted : tuple of str
        The identifiers in the text.
    """

    kind: str
    language: str
    split: str
    text: str
    planted: tuple[str, ...]


def planted_remarks() -> list[Remark]:
    """All remarks.

    Raises
    ------
    InputError
        If one of a kind has nothing planted in it, or a harmless one has.
    """
    file = reference_data("privacy", "planted.yaml")
    remarks = []
    for kind, by_language in yaml.safe_load(file.read_text(encoding="utf-8")).items():
        for language, by_split in by_language.items():
            for split, texts in by_split.items():
                for text in texts:
                    found = tuple(PLANTED.findall(text))
                    if bool(found) == (kind == HARMLESS):
                        raise InputError(
                            f"{text!r} has {len(found)} identifiers", where=f"{kind}, {language}, {split}",
                            expected="none" if kind == HARMLESS else "one or more between ⟦ and ⟧",
                        )  # fmt: skip
                    remarks.append(Remark(kind, language, split, PLANTED.sub(r"\1", text), found))
    return remarks


def masked_text(text: str) -> str:
    """A text as a remote teacher would see it, if nobody named any private term."""
    return str(mask([{"role": "user", "content": text}]).messages[0]["content"])


def is_gone(remark: Remark, masked: str) -> bool:
    """Whether no part of an identifier is left; what the rest of the remark says as well does not count."""
    left = PLACEHOLDER.sub(" ", masked)
    rest = remark.text
    for value in remark.planted:
        rest = rest.replace(value, " ", 1)
    return not any(
        _times(part, left) > _times(part, rest) for value in remark.planted for part in set(PART.findall(value))
    )


def masking_rates(
    remarks: Sequence[Remark], cover: Callable[[str], str] = masked_text, *, split: str = TEST
) -> pd.DataFrame:
    """Recall by kind and language, and false alarms: harmless remarks that were changed.

    Parameters
    ----------
    cover : callable
        Masks a text; in square brackets stands what it put there.

    Returns
    -------
    pandas.DataFrame
        ``kind, language, hits, remarks, rate, low, high`` with 95 % Wilson intervals; of the kind ``harmless``, a hit is
        a false alarm.
    """
    rows: dict[tuple[str, str], list[bool]] = {}
    for remark in remarks:
        if remark.split == split:
            masked = cover(remark.text)
            is_hit = masked != remark.text if remark.kind == HARMLESS else is_gone(remark, masked)
            rows.setdefault((remark.kind, remark.language), []).append(is_hit)
    table = []
    for (kind, language), hits in rows.items():
        interval = binomtest(sum(hits), len(hits)).proportion_ci(method="wilson")
        table.append(
            {
                "kind": kind, "language": language, "hits": sum(hits), "remarks": len(hits),
                "rate": sum(hits) / len(hits), "low": float(interval.low), "high": float(interval.high),
            }
        )  # fmt: skip
    return pd.DataFrame(table)


def _times(part: str, text: str) -> int:
    return text.count(part)
