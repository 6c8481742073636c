"""Constants of the simulator: each with its source and a word on how sure it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.simulate.constants import CONTROLS, NONE, SCENARIOS, constants, devices, require_known
from sleepcot_utils.simulate.scenarios import effect_names
from sleepcot_utils.tasks.drivers import drivers

SURE = ("read", "recalled", "fitted", "assumed")
WHEN = ("always", "most_nights", "free_nights", "last_nights", "luteal", "trip", "work_nights")
HABIT_NIGHTS = {"alcohol": "alcohol_evenings", "late_caffeine": "caffeine_evenings"}


def numbers(entry: Any) -> list[float]:
    if isinstance(entry, dict):
        return [number for value in entry.values() for number in numbers(value)]
    if isinstance(entry, list):
        return [number for value in entry for number in numbers(value)]
    return [float(entry)] if isinstance(entry, int | float) and not isinstance(entry, bool) else []


@pytest.mark.parametrize("group", ["people", "timing", "night", "hypnogram", "vitals", "scenarios"])
def test_every_constant_has_a_source_and_says_how_sure_it_is(group: str) -> None:
    entries = constants()[group]
    assert entries
    for name, entry in entries.items():
        assert entry.get("sure") in SURE, name
        assert str(entry.get("source", "")).strip(), name
        assert np.isfinite(numbers(entry)).all() and (numbers(entry) or name == "shift_work"), name


def test_there_are_no_other_constants() -> None:
    assert set(constants()) == {"people", "timing", "night", "hypnogram", "vitals", "scenarios"}


def test_every_scenario_says_when_it_acts_and_how_a_report_may_show_it() -> None:
    for name, entry in constants()["scenarios"].items():
        assert entry["when"] in (*WHEN, HABIT_NIGHTS.get(name)), name
        assert entry["shows_as"] in (NONE, *drivers()), name
        assert entry["effects"] or name == "shift_work", name
        if entry["when"] in ("last_nights", "trip"):
            assert entry["nights"] >= 1
        if "chance" in entry:
            assert 0 < entry["chance"] <= 1
    assert {entry["shows_as"] for entry in constants()["scenarios"].values()} == {NONE, *drivers()}


def test_controls_show_as_nothing() -> None:
    assert set(CONTROLS) < set(SCENARIOS) and len(CONTROLS) == 4
    for name in CONTROLS:
        assert constants()["scenarios"][name]["shows_as"] == NONE


def test_every_effect_is_known_by_its_name_alone() -> None:
    named = {name for entry in constants()["scenarios"].values() for name in entry["effects"]}
    assert set(effect_names()) == named
    assert all(name.endswith(("_h", "_min", "_log", "_bpm", "_brpm", "_pct", "_c")) for name in named)


def test_devices_give_only_what_is_known() -> None:
    known = {"stages", "heart", "rmssd", "breaths", "oxygen", "oxygen_min", "temperature"}
    for name, profile in devices().items():
        assert set(profile["gives"]) <= known, name


def test_unknown_names_are_refused_with_row_and_allowed_values() -> None:
    require_known(["a", "b"], ("a", "b"), "letter", "table")
    with pytest.raises(InputError) as refused:
        require_known(["a", "c", "d"], ("a", "b"), "letter", "table")
    assert str(refused.value) == "table, row 2, column letter: 'c' is no letter. Expected: a, b."
