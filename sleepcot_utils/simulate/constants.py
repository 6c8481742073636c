"""Constants of the simulator and profiles of devices, read from YAML files in which each stands with its source."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from sleepcot_utils.errors import InputError
from sleepcot_utils.paths import reference_data


@cache
def constants() -> dict[str, Any]:
    """Nested mapping ``people``, ``timing``, ``night``, ``hypnogram``, ``vitals``, ``scenarios``."""
    return yaml.safe_load(reference_data("norms", "simulator.yaml").read_text(encoding="utf-8"))


@cache
def devices() -> dict[str, dict[str, Any]]:
    """Device profiles by name."""
    return yaml.safe_load(reference_data("devices", "devices.yaml").read_text(encoding="utf-8"))


#: A person with nothing planted.
NONE = "none"
#: Planted scenarios, in the order of the file; "none" is a person with nothing planted.
SCENARIOS = tuple(constants()["scenarios"])
#: Unusual but healthy; a report must not call them a problem.
CONTROLS = tuple(name for name, entry in constants()["scenarios"].items() if entry.get("control"))
SCHEDULES = ("day", "shift", "student", "carer", "retired")
SEXES = ("female", "male")
#: Devices that people wear. "reference" is no device: the truth in the columns of the nightly table.
DEVICES = tuple(name for name, profile in devices().items() if profile["share"] > 0)
REFERENCE_DEVICE = "reference"


def require_known(values: Any, allowed: tuple[str, ...], what: str, where: str) -> None:
    """Refuse the first value that is not among the allowed ones.

    Raises
    ------
    InputError
        Naming the value, its row (from 1) and all allowed values.
    """
    for row, value in enumerate(values, start=1):
        if value not in allowed:
            raise InputError(
                f"{value!r} is no {what}", where=f"{where}, row {row}, column {what}", expected=", ".join(allowed)
            )
