"""How good probabilities of rest are: right labels, honest probabilities, and intervals over persons.

Every metric is a number from all cases of a set of persons. Its interval draws persons with replacement, all their cases
with them (cluster bootstrap), because the days of a person are not independent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from sleepcot_utils.errors import InputError

BINS = 10
Metric = Callable[[np.ndarray, np.ndarray, np.ndarray], float]


def f1(labels: np.ndarray, chance: np.ndarray, weight: np.ndarray) -> float:
    """F1 of "rest" at the cut of one half; 0 where no case is right."""
    said = chance > 0.5
    hits, called, true = (weight @ part for part in (said & (labels == 1), said, labels == 1))
    return float(2 * hits / (called + true)) if called + true > 0 else 0.0


def balanced_accuracy(labels: np.ndarray, chance: np.ndarray, weight: np.ndarray) -> float:
    """Mean of the shares of right answers among days of rest and days of exercise."""
    right = (chance > 0.5) == (labels == 1)
    shares = [weight[labels == label] @ right[labels == label] / weight[labels == label].sum() for label in (0, 1)]
    return float(np.mean(shares))


def accuracy(labels: np.ndarray, chance: np.ndarray, weight: np.ndarray) -> float:
    """Share of right answers."""
    return float(weight @ ((chance > 0.5) == (labels == 1)) / weight.sum())


def brier(labels: np.ndarray, chance: np.ndarray, weight: np.ndarray) -> float:
    """Mean squared distance of probability and label (Brier 1950); lower is better."""
    return float(weight @ (chance - labels) ** 2 / weight.sum())


def calibration_error(labels: np.ndarray, chance: np.ndarray, weight: np.ndarray) -> float:
    """Expected calibration error with ten bins of equal width (Naeini et al. 2015); lower is better.

    It is biased upwards: of few cases even a perfect forecast has one above 0.
    """
    place = np.minimum((chance * BINS).astype(int), BINS - 1)
    gaps = np.bincount(place, weight * (chance - labels), minlength=BINS)
    return float(np.abs(gaps).sum() / weight.sum())


METRICS: dict[str, Metric] = {
    "F1": f1,
    "balanced accuracy": balanced_accuracy,
    "accuracy": accuracy,
    "Brier": brier,
    "ECE": calibration_error,
}


class PersonDraws:
    """Persons drawn with replacement, the same for everything that is compared.

    Parameters
    ----------
    person_ids : pandas.Series
        Person of each case.
    counts : numpy.ndarray
        Shape (resamples, persons): how often each person stands in each resample, as ``compare.resampling.draw_counts``
        draws it.
    """

    def __init__(self, person_ids: pd.Series, counts: np.ndarray) -> None:
        self.codes, persons = pd.factorize(person_ids)
        self.counts = counts
        if counts.ndim != 2 or counts.shape[1] != len(persons) or len(persons) < 2:
            raise InputError(
                f"counts of the shape {counts.shape} don't go with {len(persons)} persons",
                where="PersonDraws",
                expected="one column a person, at least 2 persons",
            )

    def spread(self, metric: Metric, labels: np.ndarray, chance: np.ndarray) -> np.ndarray:
        """The metric of every draw; NaN in a draw that lacks one of the labels."""
        with np.errstate(invalid="ignore"):
            return np.array([metric(labels, chance, counts[self.codes]) for counts in self.counts])


def interval(draws: np.ndarray) -> tuple[float, float]:
    """Middle 95 % of draws."""
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return float(low), float(high)


def score_table(
    labels: pd.Series,
    chances: Mapping[str, np.ndarray],
    draws: PersonDraws,
    *,
    metrics: tuple[str, ...] = tuple(METRICS),
    reference: str = "",
) -> pd.DataFrame:
    """Metrics of every source with their intervals.

    Parameters
    ----------
    labels : pandas.Series
        Label of each case, 0 or 1.
    chances : mapping of str to numpy.ndarray
        Source to its probability of rest for each case.
    draws : PersonDraws
        Shared draws of persons.
    metrics : tuple of str
        Among ``METRICS``.
    reference : str, optional
        A source; with it, values are the differences of the other sources to it, case by case and draw by draw.

    Returns
    -------
    pandas.DataFrame
        ``source, metric, value, low, high``. Intervals hold trainings fixed: they say what other persons would change,
        not what another seed would.
    """
    truth = labels.to_numpy()
    ones = np.ones(len(truth))
    rows = []
    for name in metrics:
        metric = METRICS[name]
        value = {source: metric(truth, chance, ones) for source, chance in chances.items()}
        spread = {source: draws.spread(metric, truth, chance) for source, chance in chances.items()}
        for source in chances:
            if source == reference:
                continue
            base, base_spread = (value[reference], spread[reference]) if reference else (0.0, 0.0)
            rows.append((source, name, value[source] - base, *interval(spread[source] - base_spread)))
    return pd.DataFrame(rows, columns=["source", "metric", "value", "low", "high"])


def reliability(labels: pd.Series, chance: np.ndarray) -> pd.DataFrame:
    """Points of a reliability diagram.

    Returns
    -------
    pandas.DataFrame
        ``said`` (mean probability), ``happened`` (share of rest) and ``cases``, one row a bin that holds any.
    """
    place = np.minimum((chance * BINS).astype(int), BINS - 1)
    table = pd.DataFrame({"bin": place, "said": chance, "happened": labels.to_numpy()})
    return table.groupby("bin").agg(said=("said", "mean"), happened=("happened", "mean"), cases=("said", "size"))


def by_distance(cases: pd.DataFrame, chances: Mapping[str, np.ndarray], edges: tuple[float, ...]) -> pd.DataFrame:
    """Agreement with the rule itself, by distance to its border.

    Parameters
    ----------
    cases : pandas.DataFrame
        With ``margin``; the rule says rest where it is positive, without the noise of labels.
    edges : tuple of float
        Rising borders of absolute margins.

    Returns
    -------
    pandas.DataFrame
        ``source, distance`` (mean absolute margin of the bin), ``agrees, cases``.
    """
    far = cases["margin"].abs()
    place = np.digitize(far, edges)
    rows = []
    for source, chance in chances.items():
        agrees = (chance > 0.5) == (cases["margin"].to_numpy() > 0)
        for number in np.unique(place):
            chosen = place == number
            rows.append((source, far[chosen].mean(), agrees[chosen].mean(), int(chosen.sum())))
    return pd.DataFrame(rows, columns=["source", "distance", "agrees", "cases"])
