"""JSON documents from strangers: parsed whole or refused whole, and records whose fields may be of any type."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest.ledger import RecordError, quoted
from sleepcot_utils.ingest.sources import Entry

#: The largest JSON files of an export are some MB (a month of sleep logs of Fitbit: under 1 MB). Python's objects take
#: about ten times the bytes of the text.
MAX_JSON_BYTES = 256 * 2**20
MAX_FIELD_CHARACTERS = 1_000_000
KEY = re.compile(r'"((?:[^"\\]|\\.){1,200})"\s*:')
#: What devices write where they measured nothing: zero, minus one, and the highest value of one and two bytes.
SENTINELS = (0.0, -1.0, 255.0, 65535.0)


def looks_like_json(entry: Entry) -> bool:
    """Whether a file starts as a JSON object or array."""
    return entry.head_text.lstrip()[:1] in ("{", "[")


def keys_in_head(entry: Entry) -> set[str]:
    """Keys that stand in the first bytes of a JSON file, at any depth; of a damaged or cut file too."""
    return set(KEY.findall(entry.head_text)) if looks_like_json(entry) else set()


def read_json(entry: Entry) -> Any:
    """Parse a JSON file.

    Raises
    ------
    InputError
        If it can't be read, is too large, is not UTF-8, is no JSON (``NaN`` and endless numbers are none), is nested
        too deeply, or holds a string of more than a million characters.
    """
    expected = "a JSON document in UTF-8, as the vendor exports it"
    if entry.size > MAX_JSON_BYTES:
        raise InputError(
            f"the file has {entry.size / 2**20:,.0f} MiB",
            where=entry.name,
            expected=f"at most {MAX_JSON_BYTES // 2**20} MiB",
        )
    try:
        text = entry.read_all(MAX_JSON_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("the file is not text in UTF-8", where=entry.name, expected=expected) from error
    if not text.strip():
        raise InputError("the file is empty", where=entry.name, expected=expected)
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"{entry.name}, line {error.lineno}, character {error.colno}"
        raise InputError(f"the JSON is damaged ({error.msg})", where=where, expected=expected) from error
    except RecursionError as error:
        raise InputError("the JSON is nested too deeply", where=entry.name, expected=expected) from error
    except ValueError as error:
        # Python refuses integers of more than 4,300 digits.
        raise InputError("the JSON holds a number that can't be", where=entry.name, expected=expected) from error
    if len(text) > MAX_FIELD_CHARACTERS:
        _refuse_long_strings(document, entry.name)
    return document


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _refuse_long_strings(document: Any, name: str) -> None:
    pending = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            if len(value) > MAX_FIELD_CHARACTERS:
                raise InputError(
                    f"a field has {len(value):,} characters", where=name, expected=f"at most {MAX_FIELD_CHARACTERS:,}"
                )
        elif isinstance(value, dict):
            pending += value.keys()
            pending += value.values()
        elif isinstance(value, list):
            pending += value


def mapping(value: object, column: str) -> Mapping[str, Any]:
    """Check that a value is an object.

    Raises
    ------
    RecordError
        If it is not.
    """
    if not isinstance(value, dict):
        raise RecordError(column, f"{quoted(value)} is no object", "an object with named fields")
    return value


def items(value: object, column: str) -> list[Any]:
    """Check that a value is a list; null counts as an empty one.

    Raises
    ------
    RecordError
        If it is neither.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise RecordError(column, f"{quoted(value)} is no list", "a list")
    return value


def number(record: Mapping[str, Any], name: str, low: float, high: float, *, column: str = "") -> float:
    """Read a required number in the closed range from `low` to `high`; digits in a string count too.

    Parameters
    ----------
    record : mapping
        The object.
    name : str
        Its field.
    low, high : float
        Closed range of what can be true.
    column : str
        Name for messages, if another than `name`.

    Raises
    ------
    RecordError
        If it is missing, no number or out of range.
    """
    found = maybe_number(record, name, low, high, column=column)
    if found is None:
        raise RecordError(column or name, "has no value", f"a number from {low:g} to {high:g}")
    return found


def maybe_number(
    record: Mapping[str, Any], name: str, low: float, high: float, *, column: str = "", missing: Iterable[float] = ()
) -> float | None:
    """Read a number that may be missing: absent, null, an empty string or one of the values `missing`.

    Raises
    ------
    RecordError
        If there is a value that is no number or is out of range.
    """
    value = record.get(name)
    if value is None or value == "":
        return None
    expected = f"a number from {low:g} to {high:g}, or nothing"
    found = plain_number(value)
    if found is None:
        raise RecordError(column or name, f"{quoted(value)} is not a number", expected)
    if found in tuple(missing):
        return None
    if not low <= found <= high:
        raise RecordError(column or name, f"{quoted(value)} is out of range", expected)
    return found


def vital(record: Mapping[str, Any], name: str, low: float, high: float, *, column: str = "") -> float | None:
    """Read a vital sign that may be missing; 0, -1, 255 and 65535 are what devices write for "not measured".

    Raises
    ------
    RecordError
        If there is a value that is no number or can't be true.
    """
    return maybe_number(record, name, low, high, column=column, missing=SENTINELS)


PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{0,30})?([eE][+-]?[0-9]{1,3})?")


def plain_number(value: object) -> float | None:
    """The finite number that a JSON value is or that its text spells; null if it is none."""
    if isinstance(value, str) and PLAIN_NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None
