"""From vendor exports to the nightly table, one module a vendor.

An export is a file, a folder or a zip archive (`sources`). The vendors' modules (`vendors`) look into each file, take
those that are theirs and translate them to sleep episodes and day values (`episodes`). These are merged to one log a
person (`integration`) and become rows of the nightly table (`rows`). Every record is accounted for (`ledger`).
"""

from __future__ import annotations

from sleepcot_utils.ingest.reading import read_export
from sleepcot_utils.ingest.result import FileCount, IngestResult, NotGiven, Unread, describe

__all__ = ["FileCount", "IngestResult", "NotGiven", "Unread", "describe", "read_export"]
