"""Apple Health: ``export.xml``, alone or in the ``export.zip`` that the Health app writes.

The file is streamed once; memory depends on the years that it spans and not on its size. Sources are known by kind
(apple watch, iphone, app): people name their devices after themselves, so names stay out.

What is read: sleep analysis, step count, exercise minutes, resting heart rate, and, as means over the sleep, heart
rate, respiratory rate, oxygen saturation and HRV. Apple's HRV is SDNN over about one minute
(https://developer.apple.com/documentation/healthkit/hkquantitytypeidentifier/heartratevariabilitysdnn). SDNN is not
RMSSD: it stands among the day values and never in the nightly table.

Phone and watch count the same steps: of each hour, the source with the most steps counts alone (`apple_series`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sleepcot_utils.ingest.apple_records import VENDOR, Collector
from sleepcot_utils.ingest.apple_stream import stream_elements
from sleepcot_utils.ingest.episodes import Reading
from sleepcot_utils.ingest.ledger import Ledger
from sleepcot_utils.ingest.result import NotGiven
from sleepcot_utils.ingest.sources import Entry

LOOKS_FOR = "export.xml or export.zip of the Health app"
ROOT = re.compile(rb"<!DOCTYPE\s+HealthData\b|<HealthData[\s>]")

NOTES = (
    (
        "HRV is SDNN over about one minute at a time, averaged over the sleep; it is kept among the day values as "
        "hrv_sdnn_ms and does not fill hrv_rmssd_ms"
    ),
    "a watch that records no time in bed has it from the phone, where that recorded it around the sleep",
)
NOT_GIVEN = (
    NotGiven("hrv_rmssd_ms", "Apple Health gives HRV as SDNN over about one minute, which is not RMSSD"),
    NotGiven("skin_temperature_delta_c", "Apple Health gives the wrist temperature itself, not against a baseline"),
    NotGiven("caffeine_after_14h", "entries of caffeine in the Health app are not read"),
    NotGiven("alcohol_units", "entries of drinks in the Health app are not read"),
)


def recognizes(entry: Entry) -> bool:
    """Whether the root element of a file is that of an Apple Health export."""
    return entry.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and bool(ROOT.search(entry.head))


def read(entries: Sequence[Entry], ledger: Ledger) -> Reading:
    """Read exports; of one that breaks off, what stands before the break is kept."""
    reading = Reading(not_given=NOT_GIVEN, notes=NOTES)
    for entry in entries:
        with ledger.file(entry.name) as book:
            collector = Collector(book)
            try:
                with entry.open() as stream:
                    stream_elements(stream, entry.name, collector.element)
            finally:
                collector.finish(reading)
    return reading


__all__ = ["LOOKS_FOR", "NOTES", "NOT_GIVEN", "VENDOR", "read", "recognizes"]
