"""Constants of the simulator: each with its source and a word on how sure it is."""

from __future__ import annotations

import numpy as np
import pytest

from sleepcot_utils.simulate.constants import DEVICES, DRIVERS, constants
from sleepcot_utils.tasks.drivers import drivers


@pytest.mark.parametrize("group", ["people", "nights", "device", "effects"])
def test_every_constant_has_a_source_and_says_whether_it_was_read(group: str) -> None:
    entries = constants()[group]
    assert entries
    for name, entry in entries.items():
        assert entry.get("sure") in ("read", "assumed"), name
        assert str(entry.get("source", "")).strip(), name
        numbers = [value for key, value in entry.items() if key not in ("sure", "source")]
        assert numbers and np.isfinite(np.asarray(numbers, dtype=float)).all(), name


def test_there_are_no_other_constants() -> None:
    assert set(constants()) == {"people", "nights", "device", "effects"}


def test_what_is_planted_is_what_reports_look_for() -> None:
    assert set(constants()["effects"]) == set(DRIVERS)
    assert list(DRIVERS) == list(drivers())
    assert len(set(DEVICES)) == 3
