"""Classical baselines: they learn drivers from numbers, answer nothing else, and never see a held-out person."""

from __future__ import annotations

import numpy as np
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.score.classical import (
    BOOSTING,
    CLASSICAL,
    METRIC,
    driver_predictions,
    driver_scores,
    report_features,
)
from sleepcot_utils.tasks.build import RECOMMEND


@pytest.fixture(scope="module")
def predictions(study, held_out):
    train = [task for task in study.tasks if task.split == "train"]
    return driver_predictions(train, held_out, study.report_of, seed=1)


def test_features_are_the_numbers_of_the_report_and_flags_of_what_is_missing(study, held_out) -> None:
    tasks = [task for task in held_out if task.kind == RECOMMEND]
    features = report_features(tasks, study.report_of)
    task = tasks[0]
    report = study.report_of[task.report_id]
    assert features.loc[task.task_id, "total_sleep"] == report.facts["total_sleep"].value
    known = features[[name for name in report.facts]]
    missing = features[[f"{name}_missing" for name in report.facts]]
    assert (known.isna().to_numpy() == missing.to_numpy().astype(bool)).all() and missing.to_numpy().sum() > 0


def test_both_answer_every_recommendation_and_nothing_else(predictions, held_out) -> None:
    wanted = {task.task_id: task.key["main_driver"] for task in held_out if task.kind == RECOMMEND}
    for source in CLASSICAL:
        own = predictions[predictions["source"] == source].set_index("task_id")
        assert set(own.index) == set(wanted)
        assert all(own.loc[name, "right"] == (own.loc[name, "driver"] == driver) for name, driver in wanted.items())
    scores = driver_scores(predictions)
    assert set(scores["metric"]) == {METRIC} and scores["value"].isin([0.0, 1.0]).all()
    assert scores.groupby("source")["value"].mean().to_dict() == predictions.groupby("source")["right"].mean().to_dict()


def test_boosting_learns_rules_of_thresholds_beyond_the_commonest_driver(predictions, held_out) -> None:
    drivers = [task.key["main_driver"] for task in held_out if task.kind == RECOMMEND]
    commonest = max(drivers.count(name) for name in drivers) / len(drivers)
    assert predictions.loc[predictions["source"] == BOOSTING, "right"].mean() > commonest + 0.1


def test_shuffled_labels_teach_nothing(study, held_out) -> None:
    from dataclasses import replace

    train = [task for task in study.tasks if task.split == "train" and task.kind == RECOMMEND]
    labels = np.random.default_rng(3).permutation([task.key["main_driver"] for task in train])
    wrong = [replace(task, key=task.key | {"main_driver": str(name)}) for task, name in zip(train, labels, strict=True)]
    found = driver_predictions(wrong, held_out, study.report_of, seed=1)
    assert found.groupby("source")["right"].mean().max() < 0.4


def test_a_person_on_both_sides_is_refused(study, held_out) -> None:
    with pytest.raises(InputError, match="on both sides"):
        driver_predictions(held_out, held_out, study.report_of, seed=1)
