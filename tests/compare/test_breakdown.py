"""Tables of cells, curves over arms, and the paper's table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.compare.breakdown import by_group, cell_table, unanswered
from sleepcot_utils.compare.contrasts import Contrast, comparison_table
from sleepcot_utils.compare.curves import budget_table, length_curve, not_run, size_curve
from sleepcot_utils.compare.paper import (
    NO_NUMBER,
    NOT_FOUND,
    NOT_IN_RUN,
    claim_table,
    claims_sentence,
    paper,
    result_rows,
    setup_table,
)
from sleepcot_utils.compare.statistics import summarize


def test_cells_hold_the_mean_over_persons_and_its_interval(make_scores) -> None:
    values = np.zeros((1, 10, 2))
    values[0, :5] = 1
    scores = pd.concat([make_scores("a", cot=values, base=values), make_scores("b", cot=values[:, :1])])
    table = cell_table(scores, np.random.default_rng(1), rows=["b", "a", "nowhere"])
    assert list(table.index) == ["b", "a"] and list(table.columns) == ["persons", "base", "cot"]
    assert table.loc["a", "cot"].startswith("0.50 [0.") and table.loc["a", "persons"] == 10
    assert table.loc["b", "base"] == "" and table.loc["b", "persons"] == 1
    expected = (
        summarize(scores, np.random.default_rng(1), resamples=2000).set_index(["metric", "source"]).loc["a", "cot"]
    )
    assert table.loc["a", "cot"] == f"0.50 [{expected['low']:.2f}, {expected['high']:.2f}]"


def test_groups_take_the_place_of_the_metric(make_scores) -> None:
    scores = make_scores("verdict_right", cot=np.array([[0.0], [1.0], [1.0]]))
    groups = pd.Series({"t000-0": "bedtime", "t001-0": "naps", "t002-0": "naps"})
    found = by_group(scores, "verdict_right", groups).groupby("metric")["value"].mean()
    assert found.to_dict() == {"bedtime": 0.0, "naps": 1.0}


def test_who_does_not_answer_is_named(make_scores) -> None:
    one = np.ones((1, 3))
    scores = pd.concat([make_scores("a", cot=one, boosting=one), make_scores("b", cot=one)])
    assert unanswered(scores, ["a", "b"]) == {"boosting": ["b"]}


@pytest.fixture
def summary() -> pd.DataFrame:
    rows = [(arm, "verdict_right", mean, mean - 0.1, mean + 0.1) for arm, mean in
            {"cot": 0.6, "cot_half": 0.5, "cot_quarter": 0.4, "answer_only": 0.3, "cot_long": 0.2}.items()]  # fmt: skip
    return pd.DataFrame(rows, columns=["source", "metric", "mean", "low", "high"])


def test_the_size_curve_runs_over_shares_and_leaves_out_a_family_of_one(summary) -> None:
    curve = size_curve(summary, ["verdict_right"])
    assert curve["x"].tolist() == [0.25, 0.5, 1.0] and curve["mean"].tolist() == [0.4, 0.5, 0.6]
    assert set(curve["family"]) == {"cot"}
    assert size_curve(summary[summary["source"] == "cot"], ["verdict_right"]).empty


def test_the_length_curve_runs_over_written_tokens(summary) -> None:
    costs = pd.DataFrame({"source": ["cot", "answer_only", "cot_long"], "tokens of the rationale": [90.0, 0.0, 200.0]})
    curve = length_curve(summary, ["verdict_right"], costs)
    assert dict(zip(curve["source"], curve["x"], strict=True)) == {"answer_only": 0.0, "cot": 90.0, "cot_long": 200.0}


def test_missing_arms_are_named_with_how_to_run_them() -> None:
    said = not_run(["cot", "cot_half"], ["cot", "answer_only"], "the curve lacks them")
    assert said.startswith("Not in this run: cot_half, so the curve lacks them.")
    assert "--arms answer_only,cot,cot_half`" in said
    assert not_run(["cot"], ["cot"], "nothing") == ""
    said = not_run(("cot_half", "cot"), ("cot",), "the curve lacks it", once=True)
    assert "--arms-once cot_half`" in said


@pytest.fixture
def comparison(make_scores) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    low, high = rng.random((2, 30, 1)) * 0.3, 0.6 + rng.random((2, 30, 1)) * 0.3
    scores = make_scores("verdict_right", cot=high, answer_only=low, base=low[:1], teacher=high[:1] + 0.1)
    plan = [Contrast("verdict_right", "cot", "answer_only"), Contrast("verdict_right", "cot", "base", role="secondary")]
    plan.append(Contrast("verdict_right", "cot", "teacher", margin=0.5, role="secondary"))
    return comparison_table(scores, plan, np.random.default_rng(9), resamples=300)


def test_equal_budgets_show_what_both_arms_spent(comparison) -> None:
    spent = pd.DataFrame({"arm": ["cot", "cot", "answer_only"], "steps": [600, 600, 600], "tokens": [10, 30, 7]})
    (row,) = budget_table(comparison, spent).itertuples()
    assert (row.equal, row.against) == ("steps", "answer_only")
    table = budget_table(comparison, spent)
    assert table.loc[0, "tokens of cot"] == 20 and table.loc[0, "tokens of the other"] == 7


def test_the_paper_s_claims_are_held_against_our_contrasts(comparison) -> None:
    table = claim_table(comparison)
    assert table["this run says"].tolist() == ["cot better", "no difference shown; non-inferior within 0.5"] or (
        table["this run says"].tolist()[0] == "cot better"
        and "non-inferior within 0.5" in table["this run says"].iloc[1]
    )
    assert "shown on 1 of 1 metrics" in claims_sentence(comparison)
    assert claim_table(comparison[comparison["b"] == "base"])["this run says"].tolist()[1] == NOT_IN_RUN


def test_nothing_of_the_paper_is_made_up(summary) -> None:
    found = setup_table({entry["item"]: "ours" for entry in paper()["setup"]})
    assert (found["this run"] == "ours").all()
    untold = [entry["item"] for entry in paper()["setup"] if not entry["says"]]
    assert untold and (found.loc[untold, "SleepCoT"] == NOT_FOUND).all()
    rows = result_rows(summary)
    assert set(rows["SleepCoT's cells"]) == {NO_NUMBER}
    assert rows.loc[("reasoning", "verdict right"), "SleepCoT"] == "cot 0.60 [0.50, 0.70]"
    assert rows.loc[("reasoning", "verdict right"), "larger models"] == NOT_IN_RUN
