"""Agreement of raters beyond chance: Krippendorff's alpha and Gwet's AC2, with bootstrap intervals over items."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sleepcot_utils.errors import InputError, ParameterError

#: How far apart two ratings are, or how much they agree, by level of measurement.
LEVELS = ("nominal", "ordinal", "interval")
WEIGHTS = ("identity", "linear", "quadratic", "ordinal")


def krippendorff_alpha(ratings: np.ndarray, level: str = "ordinal") -> float:
    """Krippendorff's alpha: 1 minus observed over expected disagreement.

    Parameters
    ----------
    ratings : numpy.ndarray
        Shape (items, raters); NaN where a rater left an item out.
    level : str
        ``nominal``, ``ordinal`` or ``interval``.

    Returns
    -------
    float
        1 for full agreement, 0 for chance, negative below it; NaN where no item has two ratings, or all are the same, so
        that agreement can't be told from a habit.

    Notes
    -----
    Krippendorff 2011, Computing Krippendorff's alpha-reliability, University of Pennsylvania, departmental papers 43.

    Examples
    --------
    >>> round(krippendorff_alpha(np.array([[1, 1], [2, 2], [3, 3], [1, 2]]), "nominal"), 3)
    0.667
    """
    if level not in LEVELS:
        raise ParameterError(f"there is no level {level!r}", where="level", expected=f"one of {', '.join(LEVELS)}")
    counts, values = _counts(ratings)
    counts = counts[counts.sum(axis=1) > 1]
    if not counts.size or (counts.sum(axis=0) > 0).sum() < 2:
        return float("nan")
    raters = counts.sum(axis=1)
    pairs = (counts[:, :, None] * counts[:, None, :]).astype(float)
    places = np.arange(len(values))
    pairs[:, places, places] -= counts
    coincidences = (pairs / (raters - 1)[:, None, None]).sum(axis=0)
    totals = coincidences.sum(axis=0)
    apart = _squared_distances(values, totals, level)
    expected = (np.outer(totals, totals) - np.diag(totals)) / (totals.sum() - 1)
    return float(1 - (coincidences * apart).sum() / (expected * apart).sum())


def gwet_ac2(ratings: np.ndarray, categories: Sequence[float], weights: str = "quadratic") -> float:
    """Gwet's AC2; with ``identity`` weights it is AC1. It keeps its value where nearly all ratings are the same.

    Parameters
    ----------
    ratings : numpy.ndarray
        Shape (items, raters); NaN where a rater left an item out.
    categories : sequence of float
        All ratings that can be given, in order, used or not.
    weights : str
        One of ``WEIGHTS``: credit for near agreement.

    Returns
    -------
    float
        1 for full agreement, 0 for chance; NaN where no item has two ratings.

    Notes
    -----
    Gwet 2008, British Journal of Mathematical and Statistical Psychology 61:29-48; weights and missing ratings as in Gwet
    2014, Handbook of Inter-Rater Reliability, 4th edition. Items with one rating count towards chance only.

    Examples
    --------
    >>> round(gwet_ac2(np.array([[1, 1], [2, 2], [3, 3], [1, 2]]), [1, 2, 3], "identity"), 3)
    0.628
    """
    if weights not in WEIGHTS:
        raise ParameterError(
            f"there are no weights {weights!r}", where="weights", expected=f"one of {', '.join(WEIGHTS)}"
        )
    if len(categories) < 2:
        raise ParameterError("one category leaves nothing to agree on", where="categories", expected="two or more")
    counts, _ = _counts(ratings, categories)
    raters = counts.sum(axis=1)
    counts, raters = counts[raters > 0], raters[raters > 0]
    shared = raters > 1
    if not shared.any():
        return float("nan")
    credit = agreement_weights(categories, weights)
    weighted = counts @ credit
    agreed = (counts * (weighted - 1)).sum(axis=1)[shared] / (raters * (raters - 1))[shared]
    shares = (counts / raters[:, None]).mean(axis=0)
    size = len(categories)
    chance = credit.sum() / (size * (size - 1)) * (shares * (1 - shares)).sum()
    return float((agreed.mean() - chance) / (1 - chance))


def agreement_weights(categories: Sequence[float], weights: str) -> np.ndarray:
    """Credit for each pair of categories, from 1 for the same down to 0.

    Examples
    --------
    >>> agreement_weights([1, 2, 3], "quadratic")[0].tolist(), agreement_weights([1, 2, 3], "linear")[0].tolist()
    ([1.0, 0.75, 0.0], [1.0, 0.5, 0.0])
    """
    values = np.asarray(categories, dtype=float)
    apart = np.abs(values[:, None] - values[None, :])
    if weights == "identity":
        return (apart == 0).astype(float)
    if weights == "ordinal":  # pairs of categories from one to the other, both included
        places = np.arange(len(values))
        between = np.abs(places[:, None] - places[None, :]) + 1
        pairs = between * (between - 1) / 2
        return 1 - pairs / pairs.max()
    return 1 - (apart / apart.max()) ** (1 if weights == "linear" else 2)


def bootstrap_interval(
    ratings: np.ndarray,
    statistic: Callable[[np.ndarray], float],
    rng: np.random.Generator,
    *,
    groups: Sequence[str] | None = None,
    resamples: int = 2000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile interval of an agreement coefficient, over items drawn with replacement.

    Parameters
    ----------
    ratings : numpy.ndarray
        Shape (items, raters).
    statistic : callable
        Coefficient of such an array.
    groups : sequence of str, optional
        What each item belongs to (such as its person), where items of one group are drawn together.
    resamples : int
        Drawn; those in which the coefficient does not exist (all ratings equal) are left out.

    Returns
    -------
    tuple of float
        NaN where fewer than half of the resamples have a coefficient. Raters are taken as they are: the interval speaks of
        other items, not of other raters.
    """
    names = np.arange(len(ratings)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    if len(names) != len(ratings):
        raise InputError(f"{len(names)} groups for {len(ratings)} items", where="groups", expected="one for each item")
    members = [np.flatnonzero(names == name) for name in range(int(names.max()) + 1)] if len(ratings) else []
    if len(members) < 2:
        return float("nan"), float("nan")
    drawn = rng.integers(len(members), size=(resamples, len(members)))
    found = np.array([statistic(ratings[np.concatenate([members[at] for at in places])]) for places in drawn])
    known = found[~np.isnan(found)]
    if len(known) < resamples / 2:
        return float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _counts(ratings: np.ndarray, categories: Sequence[float] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """How many raters gave each category to each item, and the categories in order."""
    table = np.asarray(ratings, dtype=float)
    if table.ndim != 2:
        raise InputError(f"the ratings have {table.ndim} dimensions", where="ratings", expected="items by raters")
    given = np.unique(table[~np.isnan(table)])
    values = given if categories is None else np.asarray(categories, dtype=float)
    foreign = [value for value in given if value not in values]
    if foreign:
        raise InputError(f"the rating {foreign[0]:g} is none of the categories", where="ratings")
    return (table[:, :, None] == values).sum(axis=1), values


def _squared_distances(values: np.ndarray, totals: np.ndarray, level: str) -> np.ndarray:
    if level == "nominal":
        return 1.0 - np.eye(len(values))
    if level == "interval":
        return (values[:, None] - values[None, :]) ** 2
    middles = np.cumsum(totals) - totals / 2  # ranks: all between two categories, and half of both
    return (middles[:, None] - middles[None, :]) ** 2
