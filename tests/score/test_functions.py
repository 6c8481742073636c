"""Scores by function and by driver, and made-up raters whose agreement is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.score.functions import ASKS, driver_rows, function_scores, named_drivers, with_predictions
from sleepcot_utils.score.rating import agreement_table, make_kit
from sleepcot_utils.score.simulated_raters import expected_agreement, simulated_ratings
from sleepcot_utils.tasks.build import RECOMMEND


def test_the_teacher_is_right_in_every_function_but_cites_less_than_all_flags(teacher, held_out) -> None:
    means = function_scores(teacher, held_out).groupby("metric")["value"].mean()
    assert set(means.index) <= set(ASKS)
    others = means.drop("flag_recall")
    assert (others == 1).all() and 0.8 < means["flag_recall"] <= 1


def test_precision_asks_of_answers_and_recall_of_persons() -> None:
    named = pd.DataFrame(
        [("t1", "p1", "cot", 1, "alcohol", "alcohol"), ("t2", "p2", "cot", 1, "alcohol", "naps"),
         ("t3", "p3", "cot", 1, "naps", "naps"), ("t4", "p4", "cot", 1, "naps", "")],
        columns=["task_id", "person_id", "source", "seed", "true", "named"],
    )  # fmt: skip
    means = driver_rows(named).groupby("metric")["value"].agg(["mean", "size"])
    assert means.loc["recall: alcohol"].tolist() == [0.5, 2] and means.loc["recall: naps"].tolist() == [0.5, 2]
    assert means.loc["precision: naps"].tolist() == [0.5, 2] and means.loc["precision: alcohol"].tolist() == [1, 1]
    assert "precision: " not in means.index


def test_named_drivers_are_read_from_recommendations_alone(teacher, held_out) -> None:
    named = named_drivers(teacher, held_out)
    assert set(named["task_id"]) == {task.task_id for task in held_out if task.kind == RECOMMEND}
    assert (named["true"] == named["named"]).all()
    predictions = named.assign(source="boosting", driver="naps", right=False, latency_s=0.0)
    both = with_predictions(named, predictions, held_out)
    assert len(both) == 2 * len(named) and set(both.loc[both["source"] == "boosting", "named"]) == {"naps"}


def test_simulated_raters_agree_about_as_much_as_they_were_made_to(teacher, held_out) -> None:
    answers = {"teacher": teacher, "cot": [replace(a, source="cot") for a in teacher]}
    kit = make_kit(held_out, answers, ["rater-1", "rater-2"], tasks_rated=40, rng=np.random.default_rng(1))
    ratings = simulated_ratings(kit, np.random.default_rng(2))
    assert (
        set(ratings["rater"]) == {"simulated-1", "simulated-2", "simulated-3"} and ratings["rating"].between(1, 5).all()
    )
    table = agreement_table(ratings, np.random.default_rng(3), resamples=100)
    assert table["alpha"].mean() == pytest.approx(expected_agreement(), abs=0.12)
