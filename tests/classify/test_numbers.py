"""Models on numbers: that they learn what they can see, and can't what they can't."""

from __future__ import annotations

import numpy as np
import pytest

from sleepcot_utils.classify.numbers import fit_numbers
from sleepcot_utils.errors import ParameterError


def right(model, cases, labels) -> float:
    return float(((model.probabilities(cases) > 0.5) == labels).mean())


def test_a_threshold_is_learned_from_numbers(cases) -> None:
    labels = (cases["resting_heart_rate_bpm"] > cases["resting_heart_rate_bpm"].median()).astype(int)
    train, test = cases.iloc[:100], cases.iloc[100:]
    for kind in ("logistic", "boosting"):
        assert right(fit_numbers(kind, train, labels[:100]), test, labels[100:]) > 0.85
    majority = fit_numbers("majority", train, labels[:100]).probabilities(test)
    assert np.allclose(majority, labels[:100].mean())


def test_the_own_level_is_only_seen_with_history(cases) -> None:
    before = cases[[f"resting_heart_rate_bpm_{n}_ago" for n in range(1, 7)]].mean(axis=1)
    labels = (cases["resting_heart_rate_bpm"] > before).astype(int)
    with_history = fit_numbers("logistic", cases[:100], labels[:100], history=True)
    assert "resting_heart_rate_bpm_against_own" in with_history.columns
    assert right(with_history, cases[100:], labels[100:]) > 0.9


def test_words_are_only_seen_where_asked(cases) -> None:
    labels = np.tile([0, 1], len(cases) // 2)
    noted = cases.assign(note=np.where(labels == 1, "fever since last night", "rain all day"))
    assert right(fit_numbers("logistic", noted, labels, notes=True), noted, labels) == 1
    train, test = noted.iloc[:100], noted.iloc[100:]
    assert right(fit_numbers("boosting", train, labels[:100], notes=True), test, labels[100:]) == 1
    assert right(fit_numbers("boosting", train, labels[:100]), test, labels[100:]) < 0.75


def test_missing_values_are_allowed_and_unknown_kinds_are_not(cases) -> None:
    labels = np.tile([0, 1], len(cases) // 2)
    holes = cases.assign(steps=np.nan)
    for kind in ("logistic", "boosting"):
        assert np.isfinite(fit_numbers(kind, cases, labels).probabilities(holes)).all()
    with pytest.raises(ParameterError, match="no model 'forest'"):
        fit_numbers("forest", cases, labels)
