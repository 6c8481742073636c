"""Whether stated certainty is borne out: reliability by bins, expected calibration error, Brier score and order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sleepcot_utils.errors import InputError

#: Answers that a bin should hold, so that its interval says something, and the fewest and most bins; a choice.
ANSWERS_A_BIN, FEWEST_BINS, MOST_BINS = 40, 3, 8
BIN_COLUMNS = ("source", "bin", "answers", "persons", "certainty", "right", "low", "high")
SUMMARY_COLUMNS = ("source", "answers", "persons", "mean certainty", "share right", "ECE", "ECE low", "ECE high",
                   "ECE if calibrated", "Brier", "Brier low", "Brier high", "Brier of the share right", "AUROC")  # fmt: skip


def reliability_bins(
    table: pd.DataFrame,
    rng: np.random.Generator,
    *,
    bins: int | None = None,
    resamples: int = 2000,
    level: float = 0.95,
) -> pd.DataFrame:
    """Share of right answers in bins of certainty.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``source, person_id, certainty, right``; certainty from 0 to 1.
    rng : numpy.random.Generator
        Source of the resamples.
    bins : int, optional
        Bins with about as many answers each; by default as many as the number of answers allows.
    resamples, level
        Bootstrap over persons, who are drawn with all their answers.

    Returns
    -------
    pandas.DataFrame
        ``BIN_COLUMNS``: mean certainty and share right of each bin with a percentile interval over persons. Where a bin
        holds only right or only wrong answers no bootstrap can tell; its interval is then the exact bound of as many
        persons (Clopper and Pearson 1934, Biometrika 26:404-413).

    Raises
    ------
    InputError
        If there is no answer, or a certainty is none.
    """
    _check(table)
    rows = []
    for (source, part), child in zip(
        table.groupby("source", sort=False), rng.spawn(table["source"].nunique()), strict=True
    ):
        place = _bin_of(part["certainty"].to_numpy(), bins)
        weights = _person_weights(part["person_id"], child, resamples)
        for number in np.unique(place):
            inside = place == number
            hits, persons = part.loc[inside, "right"].to_numpy(dtype=float), part.loc[inside, "person_id"].nunique()
            drawn = weights[:, inside]
            low, high = _interval(hits, drawn, persons, level)
            rows.append(
                (source, int(number), int(inside.sum()), persons, part.loc[inside, "certainty"].mean(), hits.mean(), low, high)
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(BIN_COLUMNS))


def reliability_summary(
    table: pd.DataFrame,
    rng: np.random.Generator,
    *,
    bins: int | None = None,
    resamples: int = 2000,
    level: float = 0.95,
) -> pd.DataFrame:
    """Calibration of each source in numbers.

    Parameters
    ----------
    table : pandas.DataFrame
        As of ``score.certainty.certainties``: one row an answer, with its certainty from 0 to 1 and whether it is right.
    rng : numpy.random.Generator
        Source of the resamples; each source gets a child of it.
    bins : int, optional
        Bins with as many answers each; chosen by their number if not given.
    resamples : int
        Bootstrap resamples of persons.
    level : float
        Confidence of the interval.

    Returns
    -------
    pandas.DataFrame
        ``SUMMARY_COLUMNS``. ECE: mean distance of certainty and share right over bins of equal size, with its percentile
        interval over persons; few answers alone make it larger than 0, and ``ECE if calibrated`` says by how much: its
        mean if each answer were right with just the probability that it states. Brier: mean squared distance of
        certainty and outcome, beside what stating the share right each time would give (lower is better). AUROC: how
        often a right answer has a higher certainty than a wrong one; 0.5 is no better than chance; null where all
        answers are right or all wrong.

    Notes
    -----
    Naeini et al. 2015, AAAI 29 (ECE); Brier 1950, Monthly Weather Review 78:1-3.
    """
    from sklearn.metrics import brier_score_loss, roc_auc_score

    _check(table)
    rows = []
    for (source, part), child in zip(
        table.groupby("source", sort=False), rng.spawn(table["source"].nunique()), strict=True
    ):
        sure, right = part["certainty"].to_numpy(dtype=float), part["right"].to_numpy(dtype=float)
        place = _bin_of(sure, bins)
        weights = _person_weights(part["person_id"], child, resamples)
        errors = _calibration_errors(sure, right[None, :], place, weights)
        if_calibrated = _calibration_errors(
            sure, child.random((resamples, len(sure))) < sure, place, np.ones((1, len(sure)))
        )
        squares = (weights * (sure - right) ** 2).sum(axis=1) / weights.sum(axis=1)
        tails = [(1 - level) / 2, (1 + level) / 2]
        both = 0 < right.mean() < 1
        rows.append(
            (source, len(part), part["person_id"].nunique(), sure.mean(), right.mean(),
             _calibration_errors(sure, right[None, :], place, np.ones((1, len(sure))))[0], *np.quantile(errors, tails),
             if_calibrated.mean(), brier_score_loss(right, sure, pos_label=1), *np.quantile(squares, tails),
             right.mean() * (1 - right.mean()), roc_auc_score(right, sure) if both else np.nan)
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(SUMMARY_COLUMNS))


def reliability_sentence(summary: pd.DataFrame, source: str) -> str:
    """What the numbers say of one source, in a sentence."""
    row = summary.set_index("source").loc[source]
    gap = row["mean certainty"] - row["share right"]
    side = "too sure of itself" if gap > 0 else "less sure than it could be"
    excess = "more than" if row["ECE low"] > row["ECE if calibrated"] else "no more than"
    return (
        f"{source} gives its verdicts a mean probability of {row['mean certainty']:.2f} and is right in "
        f"{row['share right']:.2f} of them: {side} by {abs(gap):.2f}. ECE {row['ECE']:.2f} [{row['ECE low']:.2f}, "
        f"{row['ECE high']:.2f}], {excess} the {row['ECE if calibrated']:.2f} that chance alone gives; Brier "
        f"{row['Brier']:.2f} against {row['Brier of the share right']:.2f} for always stating the share right; AUROC "
        f"{row['AUROC']:.2f}."
    )


def _check(table: pd.DataFrame) -> None:
    if table.empty or not table["certainty"].between(0, 1).all():
        problem = "there is no answer" if table.empty else "a certainty does not lie between 0 and 1"
        raise InputError(problem, where="table of certainties", expected="numbers from 0 to 1")


def _bin_of(sure: np.ndarray, bins: int | None) -> np.ndarray:
    """Bin of each answer by rank; equal certainties fall into one bin."""
    bins = min(MOST_BINS, max(FEWEST_BINS, len(sure) // ANSWERS_A_BIN)) if bins is None else bins
    edges = np.quantile(sure, np.linspace(0, 1, bins + 1)[1:-1])
    return np.searchsorted(edges, sure, side="right")


def _person_weights(persons: pd.Series, rng: np.random.Generator, resamples: int) -> np.ndarray:
    """How often each answer is drawn in each resample of persons; shape (resamples, answers)."""
    codes, names = pd.factorize(persons)
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    return counts[:, codes].astype(float)


def _interval(hits: np.ndarray, drawn: np.ndarray, persons: int, level: float) -> tuple[float, float]:
    if hits.min() == hits.max():
        bound = (1 - level) ** (1 / persons)
        return (bound, 1.0) if hits[0] else (0.0, 1 - bound)
    totals = drawn.sum(axis=1)
    shares = (drawn[totals > 0] @ hits) / totals[totals > 0]
    low, high = np.quantile(shares, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _calibration_errors(sure: np.ndarray, right: np.ndarray, place: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """ECE of each resample; `right` or `weights` may have one row for all."""
    gaps = weights * (sure - right)
    error = np.zeros(max(len(weights), len(right)))
    for number in np.unique(place):
        error += np.abs(gaps[:, place == number].sum(axis=1))
    return error / weights.sum(axis=1)
