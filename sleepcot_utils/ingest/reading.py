"""Reads an export of any vendor, or of several: recognizes the files, hands them out, merges what comes back."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from sleepcot_utils import nights as nightly
from sleepcot_utils.errors import InputError
from sleepcot_utils.ingest import delimited, documents, fitabase
from sleepcot_utils.ingest.integration import integrate
from sleepcot_utils.ingest.ledger import Ledger
from sleepcot_utils.ingest.problems import listing
from sleepcot_utils.ingest.result import IngestResult, Unread, skipped_table
from sleepcot_utils.ingest.sources import Entry, Export, why_unknown
from sleepcot_utils.ingest.tables import (
    columns_not_given,
    day_value_table,
    made_up_names,
    nightly_table,
    provenance_of_table,
    provenance_table,
    stacked,
)
from sleepcot_utils.ingest.vendors import VENDORS, Vendor


def read_export(
    folder_or_file: str | os.PathLike[str], *, strict: bool = True, need_sleep: bool = True
) -> IngestResult:
    """Read the export of any vendor known here into the nightly table.

    Parameters
    ----------
    folder_or_file : str or path
        A file, a zip archive, or a folder, which is searched with its subfolders and the archives in it. Files of
        several vendors are merged as those of one person.
    strict : bool
        Whether one bad record stops the reading. If false, bad records are left out, counted and listed in
        ``skipped``, and a file that is damaged as a whole is listed in ``unread``; every other record is kept.
    need_sleep : bool
        Whether an export without any sleep is refused. If false, values of days are enough.

    Returns
    -------
    IngestResult
        Conformed and validated nights, what was skipped, who gave which value, and what is not given.

    Raises
    ------
    InputError
        If nothing is there, no vendor's export is recognized, an archive is unsafe, nothing is usable or, under
        ``strict``, any record is bad. The message names file, record and field, and what would be right.
    """
    path = Path(folder_or_file)
    problem = _why_not_there(path)
    if problem:
        expected = "the folder, zip archive or file of an export"
        raise InputError(problem, where=str(folder_or_file), expected=expected)
    with Export(path) as export:
        claims, table_entries, unread = _hand_out(export)
        if strict and export.damage:
            raise export.damage[0]
        try:
            if not claims and not table_entries:
                raise _unrecognized(path, export)
            return _read(claims, table_entries, unread, strict=strict, need_sleep=need_sleep)
        except InputError:
            # What could not be opened is the likelier cause than what is left.
            if export.damage:
                raise export.damage[0] from None
            raise


def _hand_out(export: Export) -> tuple[dict[str, tuple[Vendor, list[Entry]]], list[Entry], list[Unread]]:
    claims: dict[str, tuple[Vendor, list[Entry]]] = {}
    tables: list[Entry] = []
    unread = list(export.unread)
    for entry in export.entries:
        if fitabase.recognizes(entry):
            tables.append(entry)
            continue
        for vendor in VENDORS:
            if vendor.recognizes(entry):
                claims.setdefault(vendor.VENDOR, (vendor, []))[1].append(entry)
                break
        else:
            unread.append(Unread(entry.name, why_unknown(entry)))
            if entry.damage:
                export.damage.append(entry.damage)
    return claims, tables, unread


def _read(
    claims: dict[str, tuple[Vendor, list[Entry]]],
    table_entries: list[Entry],
    unread: list[Unread],
    *,
    strict: bool,
    need_sleep: bool,
) -> IngestResult:
    ledger = Ledger(strict=strict)
    readings = {name: vendor.read(entries, ledger) for name, (vendor, entries) in claims.items()}
    order = [vendor.VENDOR for vendor in VENDORS]
    episodes = [episode for reading in readings.values() for episode in reading.episodes]
    values = [value for reading in readings.values() for value in reading.day_values]
    nights, values, merged = integrate(episodes, values, order, ledger.repeat)
    table_result: IngestResult | None = None
    if table_entries:
        try:
            table_result = fitabase.read(table_entries, strict=strict)
        except InputError as error:
            if strict or not nights:
                raise
            ledger.lose(table_entries[0].name, error)
    if not nights and table_result is None and (need_sleep or not values):
        raise _nothing_usable(ledger, claims)
    names = made_up_names([*(episode.source for episode in episodes), *(value.source for value in values)])
    table = nightly_table(nights, names)
    given = {name: reading.not_given for name, reading in readings.items()}
    result = IngestResult(
        vendor=" + ".join(readings),
        nights=table,
        skipped=skipped_table(ledger.problems),
        files=tuple(book.count for book in ledger.books),
        not_given=columns_not_given(table, given),
        provenance=provenance_table(nights, names),
        day_values=day_value_table(values, names),
        unread=(*ledger.unread, *unread),
        merged=merged,
        notes=tuple(f"{name}: {note}" for name, reading in readings.items() for note in reading.notes),
        not_given_by_vendor=given,
    )
    if table_result is None:
        return result
    return _with_table(result if nights else None, table_result, ledger, unread)


def _with_table(
    result: IngestResult | None, table_result: IngestResult, ledger: Ledger, unread: list[Unread]
) -> IngestResult:
    given = {table_result.vendor: table_result.not_given}
    provenance = provenance_of_table(table_result)
    if result is None:
        return IngestResult(
            vendor=table_result.vendor,
            nights=table_result.nights,
            skipped=pd.concat([table_result.skipped, skipped_table(ledger.problems)], ignore_index=True),
            files=(*table_result.files, *(book.count for book in ledger.books)),
            not_given=table_result.not_given,
            provenance=provenance,
            day_values=table_result.day_values,
            unread=(*ledger.unread, *unread),
            not_given_by_vendor=given,
        )
    given |= result.not_given_by_vendor
    nights = nightly.validate(nightly.conform(stacked(result.nights, table_result.nights)))
    return IngestResult(
        vendor=f"{table_result.vendor} + {result.vendor}",
        nights=nights,
        skipped=pd.concat([table_result.skipped, result.skipped], ignore_index=True),
        files=(*table_result.files, *result.files),
        not_given=columns_not_given(nights, given),
        provenance=stacked(provenance, result.provenance),
        day_values=stacked(table_result.day_values, result.day_values),
        unread=(*ledger.unread, *unread),
        merged=result.merged,
        notes=result.notes,
        not_given_by_vendor=given,
    )


def _why_not_there(path: Path) -> str:
    try:
        if path.is_dir() or path.is_file():
            return ""
        return "is neither a folder nor a file" if path.exists() else "there is no such folder or file"
    except (OSError, ValueError) as error:
        return f"can't be read ({getattr(error, 'strerror', None) or 'no valid path'})"


def _nothing_usable(ledger: Ledger, claims: dict[str, tuple[Vendor, list[Entry]]]) -> InputError:
    if ledger.first_damage is not None:
        return ledger.first_damage
    problems = ledger.problems
    if problems:
        first = problems[0]
        total = sum(book.skipped for book in ledger.books)
        more = f"; {total - 1:,} other records are bad too" if total > 1 else ""
        return InputError(
            f"{first.problem}{more}; no usable record of a sleep is left", where=first.where, expected=first.expected
        )
    name = next(iter(claims.values()))[1][0].name
    rows = sum(book.rows for book in ledger.books)
    return InputError(
        f"holds {rows:,} records of {' and '.join(claims)}, but no sleep", where=name, expected="a record of a sleep"
    )


def _unrecognized(path: Path, export: Export) -> InputError:
    known = [(fitabase.VENDOR, fitabase.LOOKS_FOR), *((vendor.VENDOR, vendor.LOOKS_FOR) for vendor in VENDORS)]
    wanted = "; or ".join(f"{name}: {words}" for name, words in known)
    if path.is_file() and len(export.entries) == 1 and not export.entries[0].head.startswith((b"PK", b"{", b"[")):
        entry = export.entries[0]
        delimited.read_text(entry)
        found = f"columns {listing(delimited.peek_header(entry))}"
    elif path.is_file() and len(export.entries) == 1:
        entry = export.entries[0]
        documents.read_json(entry)
        found = f"fields {listing(sorted(documents.keys_in_head(entry)))}"
    else:
        names = [entry.name for entry in export.entries] + [item.file for item in export.unread]
        found = f"files {listing(names)}"
    return InputError(f"holds no export that is known here (found {found})", where=export.name, expected=wanted)
