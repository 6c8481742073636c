"""Models that see the numbers themselves: what a text model has to be held against."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.classify.cases import feature_names
from sleepcot_utils.classify.measures import ago, measures
from sleepcot_utils.errors import ParameterError

#: ``majority``: the share of rest, for everybody. ``logistic``: logistic regression. ``boosting``: gradient-boosted trees.
KINDS = ("majority", "logistic", "boosting")


@dataclass(frozen=True)
class NumberModel:
    """A fitted model on numbers.

    Attributes
    ----------
    columns : tuple of str
        Columns of the case table that it sees.
    notes : bool
        Whether it sees the words of the note as well, as a bag of words.
    """

    kind: str
    pipeline: Any
    columns: tuple[str, ...]
    notes: bool
    seconds: float

    def probabilities(self, cases: pd.DataFrame) -> np.ndarray:
        """Probability of rest of each case."""
        return self.pipeline.predict_proba(_table(cases, self.columns, self.notes))[:, 1]


def fit_numbers(
    kind: str, cases: pd.DataFrame, labels: pd.Series, *, history: bool = False, notes: bool = False, seed: int = 0
) -> NumberModel:
    """Fit a model to the numbers of training cases.

    Parameters
    ----------
    kind : str
        One of ``KINDS``.
    history : bool
        Whether it sees the week before, and each measure against the person's own mean of it: differences that
        trees and lines can't form on their own from a few hundred days.
    notes : bool
        Whether it sees the words and word pairs of the note.

    Raises
    ------
    ParameterError
        If there is no such kind.
    """
    from sklearn.compose import make_column_transformer
    from sklearn.dummy import DummyClassifier
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if kind not in KINDS:
        raise ParameterError(
            f"there is no model {kind!r} on numbers", where="kind", expected=f"one of {', '.join(KINDS)}"
        )
    columns = (*feature_names(history=history), *(_own_names() if history else ()))
    scaled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    models = {
        "majority": DummyClassifier(strategy="prior"),
        "logistic": LogisticRegression(C=0.3, max_iter=1000),
        "boosting": HistGradientBoostingClassifier(
            learning_rate=0.06, max_iter=150, min_samples_leaf=10, l2_regularization=1.0, random_state=seed
        ),
    }
    words = CountVectorizer(ngram_range=(1, 2), binary=True)
    parts: list[tuple[Any, Any]] = [(scaled if kind == "logistic" else "passthrough", list(columns))]
    if notes:
        parts.append((words, "note"))
    pipeline = make_pipeline(make_column_transformer(*parts, sparse_threshold=0), models[kind])
    started = time.perf_counter()
    pipeline.fit(_table(cases, columns, notes), labels)
    return NumberModel(kind, pipeline, columns, notes, time.perf_counter() - started)


def milliseconds_a_case(model: NumberModel, cases: pd.DataFrame) -> float:
    """Time to judge one case alone, its table included; the first is left out."""
    model.probabilities(cases.head(1))
    started = time.perf_counter()
    for place in range(len(cases)):
        model.probabilities(cases.iloc[[place]])
    return 1000 * (time.perf_counter() - started) / len(cases)


def _own_names() -> list[str]:
    return [f"{name}_against_own" for name, measure in measures().items() if measure.history]


def _table(cases: pd.DataFrame, columns: tuple[str, ...], notes: bool) -> pd.DataFrame:
    own = {}
    for name in _own_names():
        if name in columns:
            measure = name.removesuffix("_against_own")
            before = cases[[ago(measure, number) for number in range(1, 7)]]
            own[name] = cases[measure] - before.mean(axis=1)
    table = cases.assign(**own)[list(columns)].astype("float64")
    return table.assign(note=cases["note"]) if notes else table
