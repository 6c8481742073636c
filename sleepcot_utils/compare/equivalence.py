"""As good as, within a margin that was stated before: two one-sided tests, and the interval that says the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sleepcot_utils.compare.effects import equivalence_p
from sleepcot_utils.compare.pairs import pair
from sleepcot_utils.errors import InputError, ParameterError


def equivalence(
    scores: pd.DataFrame,
    metric: str,
    a: str,
    b: str,
    *,
    margin: float,
    alpha: float = 0.05,
    higher_is_better: bool = True,
) -> dict[str, Any]:
    """Two one-sided paired t tests over persons against the margin, as one tidy row.

    Parameters
    ----------
    scores : pandas.DataFrame
        The tidy score table.
    metric, a, b : str
        The metric and the two sources; the difference is a minus b.
    margin : float
        Largest difference, in units of the metric, that would not matter; fixed before the scores are seen.
    alpha : float
        Level of each one-sided test.
    higher_is_better : bool
        False for a metric that counts errors; it turns the side of non-inferiority.

    Returns
    -------
    dict
        ``difference``; ``low, high`` of the interval with confidence ``1 - 2 * alpha``; ``noninferiority_p`` (a loses
        the margin or more), ``superiority_p`` of the other side (a gains the margin or more), ``equivalence_p`` (the
        larger of both: TOST) and ``noninferior, equivalent``; ``n_persons``. P values are NaN and both answers False
        where all persons differ alike, because then the t test knows no spread.

    Notes
    -----
    Schuirmann 1987, J Pharmacokinet Biopharm 15:657-680. Equivalence at ``alpha`` and the inclusion of the interval in
    minus to plus margin are the same statement; seeds are averaged and held fixed. ``noninferiority`` in the module
    ``effects`` decides from a bootstrap interval that holds the seeds, too, and is what the plan uses; this checks it.
    """
    from scipy import stats

    if not 0 < margin < np.inf:
        raise ParameterError(f"the margin is {margin}", where="margin", expected="a finite number above 0")
    if not 0 < alpha < 0.5:
        raise ParameterError(f"the level is {alpha}", where="alpha", expected="above 0, below 0.5")
    differences = pair(scores, metric, a, b).differences.to_numpy()
    count = differences.size
    if count < 2:
        raise InputError(f"{count} persons have a value under both sources", where=f"metric {metric}", expected=">= 2")
    gains = differences if higher_is_better else -differences
    both = equivalence_p(differences, margin)
    row: dict[str, Any] = {"metric": metric, "a": a, "b": b, "margin": margin, "alpha": alpha, "n_persons": count}
    row["difference"] = float(differences.mean())
    if np.isnan(both):
        return row | {
            "low": np.nan, "high": np.nan, "noninferiority_p": np.nan, "superiority_p": np.nan,
            "equivalence_p": np.nan, "noninferior": False, "equivalent": False,
        }  # fmt: skip
    low, high = stats.t.interval(1 - 2 * alpha, count - 1, loc=differences.mean(), scale=stats.sem(differences))
    loses_less = float(stats.ttest_1samp(gains, -margin, alternative="greater").pvalue)
    gains_less = float(stats.ttest_1samp(gains, margin, alternative="less").pvalue)
    return row | {
        "low": float(low),
        "high": float(high),
        "noninferiority_p": loses_less,
        "superiority_p": gains_less,
        "equivalence_p": both,
        "noninferior": loses_less < alpha,
        "equivalent": both < alpha,
    }


def persons_for_margin(spread: float, margin: float, *, power: float = 0.8, alpha: float = 0.025) -> int:
    """Persons that a non-inferiority test needs if the true difference is zero.

    Parameters
    ----------
    spread : float
        Standard deviation of the persons' differences, in units of the metric.
    margin : float
        The margin.
    power, alpha : float
        Wanted power and one-sided level.

    Returns
    -------
    int
        At least 2.

    Examples
    --------
    >>> persons_for_margin(0.2, 0.1)
    34
    """
    from statsmodels.stats.power import TTestPower

    if not (0 <= spread < np.inf and 0 < margin < np.inf):
        raise ParameterError(
            f"a spread of {spread} and a margin of {margin}",
            where="persons_for_margin",
            expected="finite, margin above 0",
        )
    if spread / margin < 1e-3:
        return 2
    needed = TTestPower().solve_power(effect_size=margin / spread, alpha=alpha, power=power, alternative="larger")
    return max(2, int(np.ceil(needed)))
