"""The vendors that are known, in the order in which they are asked whether a file is theirs.

A module has ``VENDOR``, ``LOOKS_FOR`` (a short phrase for messages), ``recognizes(entry)`` and
``read(entries, ledger)``, which returns a `Reading`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sleepcot_utils.ingest import (
    apple_health,
    fitbit,
    garmin,
    google_health,
    health_connect,
    open_mhealth,
    oura,
    plain_csv,
    plain_days,
    samsung,
    whoop,
    withings,
)
from sleepcot_utils.ingest.episodes import Reading
from sleepcot_utils.ingest.ledger import Ledger
from sleepcot_utils.ingest.sources import Entry


class Vendor(Protocol):
    """What a vendor's module has to offer."""

    VENDOR: str
    LOOKS_FOR: str

    def recognizes(self, entry: Entry) -> bool:
        """Whether a file is of this vendor, by its content. Never raises."""

    def read(self, entries: Sequence[Entry], ledger: Ledger) -> Reading:
        """Read all files of this vendor in one export."""


VENDORS: tuple[Vendor, ...] = (
    fitbit,
    apple_health,
    garmin,
    oura,
    whoop,
    samsung,
    withings,
    google_health,
    health_connect,
    open_mhealth,
    plain_csv,
    plain_days,
)
