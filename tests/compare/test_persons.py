from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.compare.persons import check_scores, person_means, person_points, value_bounds
from sleepcot_utils.errors import InputError


def test_tasks_are_averaged_within_a_seed_before_the_seeds_are(make_scores):
    # Seed 1 could be scored on both tasks (mean 0.5), seed 2 on one (1.0): 0.75, where pooling the rows gives 2/3.
    scores = make_scores(cot=[[[1.0, 0.0]], [[1.0, np.nan]]])
    assert person_means(scores, "faithful").loc["p000", "cot"] == pytest.approx(0.75)


def test_person_means_have_a_row_a_person_and_a_column_a_source(make_scores):
    scores = make_scores(cot=np.ones((2, 3, 4)), teacher=np.zeros((1, 3, 4)))
    means = person_means(scores, "faithful")
    assert list(means.index) == ["p000", "p001", "p002"] and list(means.columns) == ["cot", "teacher"]
    assert (means["cot"] == 1).all() and (means["teacher"] == 0).all()


def test_what_could_not_be_scored_is_null_and_no_zero(make_scores):
    scores = make_scores(cot=[[[1.0], [np.nan]]], teacher=[[[1.0], [0.5]]])
    means = person_means(scores, "faithful")
    assert np.isnan(means.loc["p001", "cot"])
    points = person_points(scores)
    assert list(points.columns) == ["metric", "source", "person_id", "value"] and len(points) == 3


def test_order_of_rows_is_irrelevant(make_scores):
    rng = np.random.default_rng(3)
    scores = make_scores(cot=rng.random((2, 5, 3)), teacher=rng.random((1, 5, 3)))
    shuffled = scores.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(person_means(scores, "faithful"), person_means(shuffled, "faithful"))


def test_a_null_seed_counts_as_one_seed(make_scores):
    scores = make_scores(template=np.ones((1, 2, 2)))
    scores["seed"] = None
    assert set(check_scores(scores)["seed"]) == {0}


def test_bounds_are_zero_to_one_only_for_fractions():
    assert value_bounds(pd.Series([0.0, np.nan, 1.0])) == (0.0, 1.0)
    assert value_bounds(pd.Series([0.0, 120.0])) is None


def damage_column(scores):
    return scores.drop(columns="person_id")


def damage_value(scores):
    return scores.assign(value=scores["value"].astype(object).where(scores.index != 1, "high"))


def damage_infinite(scores):
    return scores.assign(value=scores["value"].where(scores.index != 1, np.inf))


def damage_twice(scores):
    return pd.concat([scores, scores.iloc[[2]]])


def damage_owner(scores):
    return scores.assign(person_id=scores["person_id"].where(scores.index != 5, "p999"))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (damage_column, "the column 'person_id' is missing"),
        (lambda scores: scores.iloc[:0], "there is no row"),
        (damage_value, "is not a number"),
        (damage_infinite, "row 2, column value: value is infinite"),
        (damage_twice, "row 9, column task_id: task_id stands twice"),
        (damage_owner, "belongs to two persons"),
    ],
)
def test_a_damaged_table_is_refused_in_one_sentence(make_scores, damage, said):
    scores = make_scores(cot=np.ones((1, 2, 2)), teacher=np.ones((1, 2, 2)))
    with pytest.raises(InputError) as error:
        check_scores(damage(scores))
    assert said in str(error.value)


def test_an_unknown_metric_lists_the_known_ones(make_scores):
    with pytest.raises(InputError, match="no metric 'faithfull'.*one of faithful"):
        person_means(make_scores(cot=[[[1.0]]]), "faithfull")
