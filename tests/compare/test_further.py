"""Further arms against the one that they vary: paired by person, and a sentence that tells them apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.compare.further import FURTHER_COLUMNS, further_arms, further_sentence


@pytest.fixture
def scores() -> pd.DataFrame:
    """Twenty persons, one task each: `cot` right for half of them, `cot_half` always, `cot_lora` for the other half."""
    right = {"cot": [i % 2 for i in range(20)], "cot_half": [1] * 20, "cot_lora": [(i + 1) % 2 for i in range(20)]}
    return pd.DataFrame(
        [
            (f"t{i}", "follow_up", f"p{i}", source, 1, "verdict_right", float(value))
            for source, values in right.items()
            for i, value in enumerate(values)
        ],
        columns=["task_id", "kind", "person_id", "source", "seed", "metric", "value"],
    )


def test_differences_are_those_of_the_means_by_person(scores) -> None:
    table = further_arms(
        scores, ["cot_half", "cot_lora"], ["verdict_right"], np.random.default_rng(1), resamples=500
    ).set_index("a")
    assert list(table.reset_index()[list(FURTHER_COLUMNS)]) == list(FURTHER_COLUMNS)
    assert table.loc["cot_half", "difference"] == pytest.approx(0.5)
    assert table.loc["cot_lora", "difference"] == pytest.approx(0.0)
    assert table.loc["cot_half", "low"] > 0 > table.loc["cot_lora", "low"]
    assert set(table["persons"]) == {20} and set(table["b"]) == {"cot"}


def test_the_sentence_names_who_is_higher_and_who_is_not_told_apart(scores) -> None:
    table = further_arms(scores, ["cot_half", "cot_lora"], ["verdict_right"], np.random.default_rng(1), resamples=500)
    said = further_sentence(table, "verdict_right")
    assert "beside cot" in said and "higher: cot_half; not told apart: cot_lora." in said
    assert further_sentence(table.iloc[:0], "verdict_right") == "No further arm is in this run."


def test_a_metric_that_nobody_was_asked_for_has_no_row(scores) -> None:
    table = further_arms(
        scores, ["cot_half"], ["verdict_right", "knowledge_right"], np.random.default_rng(1), resamples=500
    )
    assert list(table["metric"]) == ["verdict_right"]
