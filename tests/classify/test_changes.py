"""Changed cases: what moves, by how much, and what must not."""

from __future__ import annotations

import numpy as np
import pytest

from sleepcot_utils.classify.cases import feature_names
from sleepcot_utils.classify.changes import in_any_order, moved, within_error, without_fields
from sleepcot_utils.classify.wording import describe_all, numbers_in

NAMES = feature_names(history=True)


def test_within_error_moves_by_the_error(cases) -> None:
    changed = within_error(cases, np.random.default_rng(1))
    shift = changed["resting_heart_rate_bpm_1_ago"] - cases["resting_heart_rate_bpm_1_ago"]
    assert shift.std() == pytest.approx(1.0, rel=0.25), "an error of 1 bpm, with rounding"
    relative = (changed["steps"] - cases["steps"]) / cases["steps"]
    assert relative.std() == pytest.approx(0.05, rel=0.25)
    assert (changed[NAMES] >= 0).all().all() and (changed["steps"] != cases["steps"]).any()


def test_another_order_keeps_the_numbers(cases) -> None:
    texts = in_any_order(cases, "digits", np.random.default_rng(1))
    usual = describe_all(cases)
    assert [sorted(numbers_in(text)) for text in texts] == [sorted(numbers_in(text)) for text in usual]
    assert sum(a != b for a, b in zip(texts, usual, strict=True)) > 150


def test_a_measure_goes_with_its_history(cases) -> None:
    changed = without_fields(cases, 0.5, np.random.default_rng(1))
    gone = changed["exercise_min"].isna()
    assert gone.mean() == pytest.approx(0.5, abs=0.12)
    assert (changed["exercise_min_6_ago"].isna() == gone).all()
    assert not cases[NAMES].isna().any().any(), "the original is as it was"


def test_moved_by_a_constant(cases) -> None:
    changed = moved(cases, "resting_heart_rate_bpm", 30)
    names = [name for name in NAMES if name.startswith("resting_heart_rate_bpm")]
    assert np.allclose(changed[names] - cases[names], 30) and len(names) == 7
    others = [name for name in NAMES if name not in names]
    assert changed[others].equals(cases[others])
