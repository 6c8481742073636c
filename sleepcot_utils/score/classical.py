"""Baselines of classical machine learning: the main driver from the report's numbers, without a word of language.

They are trained on the reports of the same training persons as the students, with the key's driver as label, and can
answer nothing else: they get a score of the main driver and no other, rather than a zero for what nobody asked them.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.errors import InputError
from sleepcot_utils.norms import fact_norms
from sleepcot_utils.report.reports import FULL, Report, as_shown
from sleepcot_utils.score.answers import SCORE_COLUMNS
from sleepcot_utils.tasks.build import RECOMMEND, Task

LOGISTIC, BOOSTING = CLASSICAL = ("logistic_regression", "gradient_boosting")
#: The only metric that applies to them.
METRIC = "main_driver_right"
PREDICTION_COLUMNS = ("task_id", "person_id", "source", "driver", "right", "latency_s")


def report_features(tasks: Sequence[Task], reports: Mapping[str, Report]) -> pd.DataFrame:
    """What each task's text tells in numbers: facts in their units, age, and 1 where one is missing.

    Parameters
    ----------
    tasks : sequence of Task
        With a report each.
    reports : mapping of str to Report
        By id.

    Returns
    -------
    pandas.DataFrame
        One row a task, indexed by its id: each fact and ``age_y`` (NaN where not known), and ``<name>_missing``.

    Raises
    ------
    InputError
        If the report of a task is missing.
    """
    rows = {}
    for task in tasks:
        if task.report_id not in reports:
            raise InputError(f"the report {task.report_id!r} of {task.task_id!r} is missing", where="reports")
        shown = as_shown(reports[task.report_id], task.key.get("detail", FULL))
        values = {name: shown.facts[name].value for name in fact_norms()}
        values["age_y"] = np.nan if shown.age_y is None else shown.age_y
        rows[task.task_id] = values | {f"{name}_missing": float(np.isnan(value)) for name, value in values.items()}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("task_id")


def driver_predictions(
    train: Sequence[Task], held_out: Sequence[Task], reports: Mapping[str, Report], seed: int
) -> pd.DataFrame:
    """Main drivers as a logistic regression and gradient boosting predict them.

    Parameters
    ----------
    train, held_out : sequence of Task
        Of any kind; recommendations are used, and their persons have to be different ones.
    reports : mapping of str to Report
        By id.
    seed : int
        Of the boosting.

    Returns
    -------
    pandas.DataFrame
        ``PREDICTION_COLUMNS``, one row a source and held-out recommendation; seconds are those of the whole prediction
        over the number of reports.

    Raises
    ------
    InputError
        If a person is on both sides, or the training reports show fewer than two drivers.

    Notes
    -----
    Both are scikit-learn's with its own settings, but for the logistic regression's number of iterations: nothing was
    tuned on anybody.
    """
    known = [task for task in train if task.kind == RECOMMEND]
    asked = [task for task in held_out if task.kind == RECOMMEND]
    shared = {task.person_id for task in known} & {task.person_id for task in asked}
    drivers = [str(task.key["main_driver"]) for task in known]
    if shared or len(set(drivers)) < 2:
        problem = f"{min(shared)} is on both sides" if shared else f"{len(set(drivers))} drivers can't be told apart"
        raise InputError(problem, where="training tasks", expected="two drivers or more, of other persons")
    features, asked_features = report_features(known, reports), report_features(asked, reports)
    rows = []
    for source, model in _models(seed).items():
        with warnings.catch_warnings():
            # A fact that nobody's report lacks has no median to fill in; scikit-learn says so once a fit.
            warnings.filterwarnings("ignore", message="Skipping features without any observed values")
            model.fit(features, drivers)
            began = time.perf_counter()
            said = [str(driver) for driver in model.predict(asked_features)]
        seconds = (time.perf_counter() - began) / len(asked)
        rows += [
            (task.task_id, task.person_id, source, driver, driver == task.key["main_driver"], seconds)
            for task, driver in zip(asked, said, strict=True)
        ]
    return pd.DataFrame(rows, columns=list(PREDICTION_COLUMNS))


def driver_scores(predictions: pd.DataFrame) -> pd.DataFrame:
    """Predictions as rows of the score table: ``main_driver_right`` alone."""
    values = predictions.assign(kind=RECOMMEND, seed=0, metric=METRIC, value=predictions["right"].astype("float64"))
    return values[list(SCORE_COLUMNS)]


def _models(seed: int) -> dict[str, Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return {
        LOGISTIC: make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(max_iter=2000)),
        BOOSTING: HistGradientBoostingClassifier(random_state=seed),
    }
