"""The tables of a reading: nights, who gave what, values of days, and what is not given; people under made-up names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import pandas as pd

from sleepcot_utils import nights as nightly
from sleepcot_utils.ingest.episodes import DayValue, Source
from sleepcot_utils.ingest.main_nights import Night
from sleepcot_utils.ingest.result import DAY_VALUE_COLUMNS, PROVENANCE_COLUMNS, IngestResult, NotGiven

#: Made-up name of the one person of a personal export.
WEARER = "wearer-01"
NO_SUCH_RECORD = "no record of this export gives it"


def stacked(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Rows of two tables of the same columns, the first ones first."""
    return pd.DataFrame([*one.to_dict("records"), *other.to_dict("records")], columns=list(one.columns))


def made_up_names(sources: Iterable[Source]) -> dict[tuple[str, str], str]:
    """Made-up name of each person: one for all personal exports together, one a person and vendor for others."""
    persons: dict[str, set[str]] = {}
    names: dict[tuple[str, str], str] = {}
    for source in set(sources):
        if source.person:
            persons.setdefault(source.vendor, set()).add(source.person)
        else:
            names[source.vendor, ""] = WEARER
    for vendor, labels in persons.items():
        ordered = sorted(labels, key=lambda label: (len(label), label))
        width = max(2, len(str(len(ordered))))
        for position, label in enumerate(ordered, start=1):
            names[vendor, label] = f"{vendor}-{position:0{width}d}"
    return names


def nightly_table(nights: Sequence[Night], names: dict[tuple[str, str], str]) -> pd.DataFrame:
    """Nights as the nightly table, conformed and validated."""
    records = []
    for night in nights:
        source = night.episode.source
        records.append(
            {
                "person_id": names[source.vendor, source.person],
                "night_date": pd.Timestamp(night.episode.ended_on),
                "sleep_kind": night.kind,
                "device": source.device,
                **night.values,
            }
        )
    table = pd.DataFrame(records, columns=None if records else list(nightly.COLUMNS))
    return nightly.validate(nightly.conform(table))


def columns_not_given(table: pd.DataFrame, by_vendor: dict[str, tuple[NotGiven, ...]]) -> tuple[NotGiven, ...]:
    """Columns that stay null, with the reasons of the vendors that were read."""
    missing = []
    for column in nightly.COLUMNS:
        if len(table) and table[column].notna().any():
            continue
        reasons = {
            vendor: item.reason for vendor, given in by_vendor.items() for item in given if item.column == column
        }
        if len(by_vendor) == 1:
            reason = next(iter(reasons.values()), NO_SUCH_RECORD)
        else:
            reason = "; ".join(f"{vendor}: {reason}" for vendor, reason in reasons.items()) or NO_SUCH_RECORD
        missing.append(NotGiven(column, reason))
    return tuple(missing)


def provenance_table(nights: Sequence[Night], names: dict[tuple[str, str], str]) -> pd.DataFrame:
    """Who gave which value, one row a value."""
    records = []
    for night in nights:
        source = night.episode.source
        key = (
            names[source.vendor, source.person],
            pd.Timestamp(night.episode.ended_on),
            night.kind,
            night.values.get("start_local"),
        )
        records += [(*key, column, giver.vendor, giver.device) for column, giver in night.given_by.items()]
    frame = pd.DataFrame(records, columns=list(PROVENANCE_COLUMNS))
    return frame[frame["column"] != "quality"].reset_index(drop=True)


def provenance_of_table(result: IngestResult) -> pd.DataFrame:
    """The same for a vendor whose module gives a nightly table at once."""
    records = []
    columns = [name for name in (*nightly.TIMES[1:], *nightly.NUMBERS) if result.nights[name].notna().any()]
    for night in result.nights.to_dict("records"):
        key = (night["person_id"], night["night_date"], night["sleep_kind"], None)
        records += [(*key, name, result.vendor, night["device"]) for name in columns if pd.notna(night[name])]
    return pd.DataFrame(records, columns=list(PROVENANCE_COLUMNS))


def day_value_table(values: Sequence[DayValue], names: dict[tuple[str, str], str]) -> pd.DataFrame:
    """Values of days, one row a value."""

    def key(value: DayValue) -> tuple[str, date, str, str]:
        return (names[value.source.vendor, value.source.person], value.date, value.measure, value.source.vendor)

    records = [
        (*key(value)[:1], pd.Timestamp(value.date), value.measure, value.value, value.window)
        + (value.source.vendor, value.source.device)
        for value in sorted(values, key=key)
    ]
    return pd.DataFrame(records, columns=list(DAY_VALUE_COLUMNS))
