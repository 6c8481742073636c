"""Scores against scikit-learn, and intervals that draw persons."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, brier_score_loss, f1_score

from sleepcot_utils.classify.scoring import METRICS, PersonDraws, by_distance, reliability, score_table
from sleepcot_utils.compare.resampling import draw_counts
from sleepcot_utils.errors import InputError

RNG = np.random.default_rng(2)
LABELS = RNG.integers(0, 2, 120)
CHANCE = np.clip(0.5 + 0.3 * (LABELS - 0.5) + 0.25 * RNG.standard_normal(120), 0, 1)
WEIGHT = RNG.integers(0, 3, 120)
PERSONS = pd.Series(np.repeat([f"p{n:02d}" for n in range(20)], 6))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("F1", lambda y, p: f1_score(y, p > 0.5)),
        ("balanced accuracy", lambda y, p: balanced_accuracy_score(y, p > 0.5)),
        ("accuracy", lambda y, p: accuracy_score(y, p > 0.5)),
        ("Brier", brier_score_loss),
    ],
)
def test_metrics_and_their_weights(name: str, expected) -> None:
    assert METRICS[name](LABELS, CHANCE, np.ones(120)) == pytest.approx(expected(LABELS, CHANCE))
    repeated = np.repeat(LABELS, WEIGHT), np.repeat(CHANCE, WEIGHT)
    assert METRICS[name](LABELS, CHANCE, WEIGHT.astype(float)) == pytest.approx(expected(*repeated))


def test_calibration_error_by_hand() -> None:
    labels, chance = np.array([1, 0, 1, 1]), np.array([0.61, 0.65, 0.98, 1.0])
    # bins 0.6-0.7: |1.26 - 1| = 0.26; 0.9-1.0: |1.98 - 2| = 0.02; over four cases
    assert METRICS["ECE"](labels, chance, np.ones(4)) == pytest.approx(0.28 / 4)


def test_intervals_hold_the_value() -> None:
    draws = PersonDraws(PERSONS, draw_counts(20, np.random.default_rng(1), 400))
    row = score_table(pd.Series(LABELS), {"x": CHANCE}, draws, metrics=("Brier",)).iloc[0]
    assert row["low"] < row["value"] < row["high"]


def test_cases_of_a_person_stay_together() -> None:
    draws = PersonDraws(pd.Series(["a", "a", "b"]), np.array([[2.0, 0.0], [0.0, 2.0]]))
    spread = draws.spread(METRICS["accuracy"], np.array([1, 1, 0]), np.array([0.9, 0.9, 0.9]))
    assert spread.tolist() == [1.0, 0.0]
    with pytest.raises(InputError, match="don't go with"):
        PersonDraws(pd.Series(["a", "b"]), np.ones((5, 3)))


def test_a_source_does_not_differ_from_itself() -> None:
    draws = PersonDraws(PERSONS, draw_counts(20, np.random.default_rng(1), 100))
    chances = {"a": CHANCE, "b": CHANCE, "c": 1 - CHANCE}
    table = score_table(pd.Series(LABELS), chances, draws, metrics=("Brier",), reference="a").set_index("source")
    assert table.loc["b", ["value", "low", "high"]].tolist() == [0, 0, 0] and "a" not in table.index
    assert table.loc["c", "low"] > 0, "turned round it is worse"


def test_points_of_a_reliability_diagram() -> None:
    table = reliability(pd.Series([1, 0, 1]), np.array([0.61, 0.65, 1.0]))
    assert table["said"].tolist() == pytest.approx([0.63, 1.0]) and table["happened"].tolist() == [0.5, 1.0]
    assert table["cases"].sum() == 3


def test_agreement_near_and_far_from_the_border() -> None:
    cases = pd.DataFrame({"margin": [0.05, -0.05, 2.0, -2.0]})
    table = by_distance(cases, {"x": np.array([0.9, 0.9, 0.9, 0.1])}, (0.1,))
    assert table["agrees"].tolist() == [0.5, 1.0] and table["cases"].tolist() == [2, 2]
