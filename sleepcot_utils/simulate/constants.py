"""Constants of the simulator, read from ``data/norms/simulator.yaml`` where each stands with its source."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from sleepcot_utils.paths import reference_data


@cache
def constants() -> dict[str, Any]:
    """Nested mapping ``people``, ``nights``, ``device``, ``effects``."""
    return yaml.safe_load(reference_data("norms", "simulator.yaml").read_text(encoding="utf-8"))


#: Planted drivers, in the order in which a report looks for them; "none" is a person with nothing planted.
DRIVERS = (
    "breathing",
    "body_strain",
    "alcohol",
    "late_caffeine",
    "naps",
    "irregular_bedtime",
    "weekend_shift",
    "short_time_in_bed",
    "wakeful_in_bed",
)

#: What a simulated device gives. The plain band gives what the oldest exports give: totals and steps.
DEVICES = ("watch", "watch without oxygen", "band")
