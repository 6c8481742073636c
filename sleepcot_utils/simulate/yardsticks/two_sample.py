"""How well can a classifier tell simulated nights from real ones, and real people from other real people?

Gradient boosting gets rows of both sides and says which side each row is from; the area under its ROC curve on rows
that it has not seen is the answer, 0.5 being "not at all". What counts as unseen decides what the number means:

* ``folds="persons"``: all nights of a person are held out together. The classifier must find what sets one *side*
  apart. For one half of real persons against the other half the expected value is 0.5, whatever the columns; single
  halves scatter around it, the more the fewer persons there are (LifeSnaps: 0.41 to 0.62 with ``FEW_COLUMNS``, 0.37
  to 0.65 with ``MANY_COLUMNS``). This is the figure to hold the simulator against.
* ``folds="nights"``: nights of a person stand on both sides of the split. Then the classifier can know persons
  again (resting heart rate, HRV and breathing are as good as a name) and two halves of one population look different:
  0.67 on average with ``FEW_COLUMNS``, 0.86 with ``MANY_COLUMNS``. It is given for comparison only, since it measures
  how recognizable persons are, and a figure made this way must be read against these and not against 0.5.

The interval of a single test says how much it hangs on the persons at hand, with the classifiers as they are. It is
narrower than the scatter of halves and is no test against 0.5; ``floor`` is what a figure should be read against.

Both sides are rounded alike, and rows with a missing cell are left out on both, so that neither format nor gaps give a
side away; gaps are compared by ``nightly.missing``. Each person counts the same and so does each side, however many
nights they have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sleepcot_utils.errors import InputError, ParameterError
from sleepcot_utils.simulate.yardsticks.resampling import LEVEL

#: The two sets of columns of which real-against-real figures are known.
FEW_COLUMNS = ("total_sleep_min", "wake_min", "resting_heart_rate_bpm", "steps")
MANY_COLUMNS = (*FEW_COLUMNS, "hrv_rmssd_ms", "respiratory_rate_brpm", "skin_temperature_delta_c")
#: Decimals that all wearables give at least; negative: tens. LifeSnaps has whole minutes and steps, and breathing in
#: tenths; its resting heart rate, RMSSD and temperature have more digits than a watch shows.
DECIMALS: Mapping[str, int] = {
    "respiratory_rate_brpm": 1,
    "spo2_mean_pct": 0,
    "skin_temperature_delta_c": 1,
    "steps": -1,
}
FOLDS = ("persons", "nights")
FOLD_COUNT = 5
RESAMPLES = 500
#: Enough for effects of single columns and pairs on some thousand rows; more trees changed no AUC by over 0.02.
BOOSTING: Mapping[str, Any] = {"max_iter": 60, "max_leaf_nodes": 15, "learning_rate": 0.1, "min_samples_leaf": 20}


class TwoSample(NamedTuple):
    """Outcome of one test.

    Attributes
    ----------
    auc, low, high : float
        Area under the curve on held-out rows, and its interval over persons (the classifiers are not trained anew).
    rows, persons : tuple of int
        Rows and persons of each side that were used.
    columns : pandas.DataFrame
        By column: ``alone`` (held-out AUC of the column alone), ``higher`` (chance that a row of the second side is
        higher than one of the first; 0.5 if neither) and ``importance`` (loss of AUC when the column is shuffled).
    """

    auc: float
    low: float
    high: float
    rows: tuple[int, int]
    persons: tuple[int, int]
    columns: pd.DataFrame


def harmonized(table: pd.DataFrame, columns: Sequence[str], *, decimals: Mapping[str, int] = DECIMALS) -> pd.DataFrame:
    """Rows with all columns, rounded: to whole numbers where `decimals` does not say otherwise.

    Raises
    ------
    InputError
        If a column is missing, or no row has all of them.
    """
    for name in ("person_id", *columns):
        if name not in table:
            raise InputError(f"the column {name!r} is missing", where="two-sample test", expected="a table of nights")
    rows = table[["person_id", *columns]].dropna().reset_index(drop=True)
    if rows.empty:
        raise InputError("no night has all columns", where="two-sample test", expected=", ".join(columns))
    for name in columns:
        rows[name] = rows[name].astype("float64").round(decimals.get(name, 0)) + 0.0  # no negative zero
    return rows


def two_sample_test(
    first: pd.DataFrame,
    second: pd.DataFrame,
    columns: Sequence[str],
    rng: np.random.Generator,
    *,
    folds: str = "persons",
    decimals: Mapping[str, int] = DECIMALS,
    explain: bool = True,
) -> TwoSample:
    """Tell the nights of two groups of persons apart.

    Parameters
    ----------
    first, second : pandas.DataFrame
        ``person_id`` and the columns. Persons of the two sides are different people even if their names are alike.
    columns : sequence of str
        What the classifier sees.
    rng : numpy.random.Generator
        Source of randomness: folds, seeds of the classifier, shuffles, bootstrap.
    folds : str
        ``persons`` or ``nights``, see above.
    decimals : mapping
        Decimals of columns that are not rounded to whole numbers.
    explain : bool
        Whether to train once more for every column alone and to shuffle each; otherwise ``columns`` has only
        ``higher``.

    Raises
    ------
    ParameterError
        If `folds` is unknown, no column is named, or a side has fewer persons than there are folds.
    InputError
        If a column is missing or no night of a side has all columns.
    """
    if folds not in FOLDS:
        raise ParameterError(f"{folds!r} is no way to fold", where="folds", expected=" or ".join(FOLDS))
    if not columns:
        raise ParameterError("no column is named", where="columns", expected="one column or more")
    sides = [harmonized(table, columns, decimals=decimals) for table in (first, second)]
    persons = [table["person_id"].nunique() for table in sides]
    if min(persons) < FOLD_COUNT:
        raise ParameterError(
            f"a side has only {min(persons)} persons", where="two-sample test", expected=f"{FOLD_COUNT} or more"
        )
    values = np.concatenate([table[list(columns)].to_numpy() for table in sides])
    label = np.repeat([0, 1], [len(table) for table in sides])
    codes = [pd.factorize(table["person_id"])[0] for table in sides]
    person = np.concatenate([codes[0], codes[1] + persons[0]])
    weight = _equal_weights(person, label)
    fold = _fold_numbers(person, label, persons, folds, rng)
    score, shuffled = _held_out_scores(values, label, weight, fold, rng, shuffle=explain)
    auc = weighted_auc(score, label, weight)
    low, high = _interval(score, label, weight, person, persons, rng)
    told = pd.DataFrame(index=pd.Index(columns, name="column"))
    if explain:
        alone = [
            weighted_auc(_held_out_scores(values[:, [j]], label, weight, fold, rng)[0], label, weight)
            for j in range(len(columns))
        ]
        told["alone"] = alone
    told["higher"] = [weighted_auc(values[:, j], label, weight) for j in range(len(columns))]
    if explain:
        told["importance"] = [auc - weighted_auc(shuffled[:, j], label, weight) for j in range(len(columns))]
    counts = (len(sides[0]), len(sides[1]))
    return TwoSample(auc, low, high, counts, (persons[0], persons[1]), told)


def floor(
    table: pd.DataFrame,
    columns: Sequence[str],
    rng: np.random.Generator,
    *,
    folds: str = "persons",
    halves: int = 40,
    decimals: Mapping[str, int] = DECIMALS,
) -> pd.Series:
    """The figure for one half of the persons against the other half, over many random halves.

    Only persons with a night that has all columns are halved.

    Returns
    -------
    pandas.Series
        ``mean, low, high`` of the AUC over halves (``LEVEL`` of them lie between low and high), ``halves, persons``.
        A simulator whose AUC lies below ``high`` can't be told from real people by this test.
    """
    rows = harmonized(table, columns, decimals=decimals)
    names = rows["person_id"].unique()
    found = []
    for _ in range(halves):
        chosen = rng.permutation(names)[: len(names) // 2]
        one = rows["person_id"].isin(chosen)
        found.append(
            two_sample_test(rows[one], rows[~one], columns, rng, folds=folds, decimals=decimals, explain=False).auc
        )
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return pd.Series({"mean": np.mean(found), "low": low, "high": high, "halves": halves, "persons": len(names)})


def weighted_auc(score: np.ndarray, label: np.ndarray, weight: np.ndarray) -> float:
    """Chance that a weighted draw from label 1 scores higher than one from label 0; ties count half."""
    _, level = np.unique(score, return_inverse=True)
    size = int(level.max()) + 1
    zeros = np.bincount(level, weights=weight * (label == 0), minlength=size)
    ones = np.bincount(level, weights=weight * (label == 1), minlength=size)
    below = np.cumsum(zeros) - zeros
    return float((ones * (below + zeros / 2)).sum() / (zeros.sum() * ones.sum()))


def _equal_weights(person: np.ndarray, label: np.ndarray) -> np.ndarray:
    weight = 1 / np.bincount(person)[person]
    side = np.bincount(label, weights=weight)
    return weight / side[label] * len(label) / 2


def _fold_numbers(
    person: np.ndarray, label: np.ndarray, persons: Sequence[int], folds: str, rng: np.random.Generator
) -> np.ndarray:
    """Fold of each row, so that each fold has its share of persons (or nights) of each side."""
    if folds == "persons":
        of_person = np.concatenate([rng.permutation(count) % FOLD_COUNT for count in persons])
        return of_person[person]
    return np.concatenate([rng.permutation(int((label == side).sum())) % FOLD_COUNT for side in (0, 1)])


def _held_out_scores(
    values: np.ndarray,
    label: np.ndarray,
    weight: np.ndarray,
    fold: np.ndarray,
    rng: np.random.Generator,
    *,
    shuffle: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Scores of held-out rows, and (rows, columns) the same with one column shuffled among the rows of a fold."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    score = np.empty(len(label))
    shuffled = np.full((len(label), values.shape[1] if shuffle else 0), np.nan)
    # One thread: tables are small, and threads that wait for a busy core cost ten times the work.
    with threadpool_limits(limits=1):
        for number in range(FOLD_COUNT):
            out = fold == number
            seed = int(rng.integers(2**31))
            model = HistGradientBoostingClassifier(**BOOSTING, early_stopping=False, random_state=seed)
            model.fit(values[~out], label[~out], sample_weight=weight[~out])
            score[out] = model.decision_function(values[out])
            for column in range(shuffled.shape[1]):
                changed = values[out].copy()
                changed[:, column] = rng.permutation(changed[:, column])
                shuffled[out, column] = model.decision_function(changed)
    return score, shuffled


def _interval(
    score: np.ndarray,
    label: np.ndarray,
    weight: np.ndarray,
    person: np.ndarray,
    persons: Sequence[int],
    rng: np.random.Generator,
) -> tuple[float, float]:
    drawn = np.empty(RESAMPLES)
    for resample in range(RESAMPLES):
        times = np.concatenate([np.bincount(rng.integers(count, size=count), minlength=count) for count in persons])
        drawn[resample] = weighted_auc(score, label, weight * times[person])
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
