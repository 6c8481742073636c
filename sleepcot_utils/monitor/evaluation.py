"""How often the monitor speaks for nothing, and how soon it speaks when there is something; intervals by person."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd
import yaml
from scipy.stats import binomtest, bootstrap

from sleepcot_utils.monitor.rules import Rule, changed, load_rules
from sleepcot_utils.monitor.watching import watch
from sleepcot_utils.paths import reference_data

DAYS_A_MONTH = 30.44
CONFIDENCE = 0.95
RESAMPLES = 2000
ANY_RULE = "any rule"
#: Which rules a planted episode should make speak.
EXPECTED: dict[str, tuple[str, ...]] = {
    "illness": ("illness_like",),
    "overreaching": ("low_hrv",),
    "inactivity": ("activity_drop",),
    "high_blood_pressure": ("blood_pressure_rise", "blood_pressure_high", "blood_pressure_crisis"),
    "blood_pressure_crisis": ("blood_pressure_crisis",),
    "high_glucose": ("glucose_rise", "glucose_fasting_high", "glucose_very_high"),
    "low_glucose": ("glucose_low", "glucose_very_low"),
    "sleep_loss": ("sleep_debt",),
}
#: An alert up to so many days after the end of an episode still counts as found: weekly means lag behind.
GRACE_DAYS = 3


def judged_days(observations: pd.DataFrame, rule: Rule) -> pd.Series:
    """Days a person on which the rule could have spoken: what it watches is measured and its baseline is there.

    Returns
    -------
    pandas.Series
        Days by ``person_id``; a person without any stands there with 0.
    """
    least = max(entry.baseline_least if entry.has_baseline else 1 for entry in rule.conditions)
    watched = [condition.measure for condition in rule.conditions]
    measured = observations[watched].notna()
    whole = measured.all(axis=1) if rule.together == "all" else measured.any(axis=1)
    counted = whole.groupby(observations["person_id"]).sum() - least + (least == 1)
    return counted.clip(lower=0)


def false_alarms(
    observations: pd.DataFrame,
    alerts: pd.DataFrame,
    rng: np.random.Generator,
    *,
    rules: Sequence[Rule] | None = None,
) -> pd.DataFrame:
    """Alerts per person-month, by rule, with bootstrap intervals over persons.

    Parameters
    ----------
    observations, alerts : pandas.DataFrame
        As ``observe`` and ``watch`` return them, of people in whom nothing was planted.
    rng : numpy.random.Generator
        For the bootstrap.

    Returns
    -------
    pandas.DataFrame
        ``rule, persons, person_months, alerts, per_person_month, low, high``; the last row counts alerts of any rule
        over all days with an observation. Rules that nobody could trigger are left out.
    """
    rows = []
    for rule in load_rules() if rules is None else rules:
        days = judged_days(observations, rule)
        own = alerts[alerts["rule"] == rule.name].groupby("person_id").size()
        days = days[(days > 0) | days.index.isin(own.index)]
        if len(days):
            rows.append(_rate(rule.name, own.reindex(days.index).fillna(0), days, rng))
    days = observations.groupby("person_id").size()
    rows.append(_rate(ANY_RULE, alerts.groupby("person_id").size().reindex(days.index).fillna(0), days, rng))
    return pd.DataFrame(rows)


def detections(truth: pd.DataFrame, alerts: pd.DataFrame, *, rules: Sequence[str] | None = None) -> pd.DataFrame:
    """Whether and when each planted episode was found.

    Parameters
    ----------
    truth : pandas.DataFrame
        ``person_id, kind, start_date, end_date`` as ``plant_episodes`` returns it.
    alerts : pandas.DataFrame
        Alerts of the people with the episodes.
    rules : sequence of str, optional
        Names of the rules that count; those of ``EXPECTED`` for the kind if not given.

    Returns
    -------
    pandas.DataFrame
        The truth with ``found`` and ``delay_days`` (0: on the first day; nan: not found).
    """
    rows = []
    for row in truth.itertuples(index=False):
        wanted = EXPECTED[row.kind] if rules is None else rules
        last = row.end_date + pd.Timedelta(days=GRACE_DAYS)
        dates = alerts.loc[
            (alerts["person_id"] == row.person_id)
            & alerts["rule"].isin(wanted)
            & alerts["date"].between(row.start_date, last),
            "date",
        ]
        delay = (dates.min() - row.start_date).days if len(dates) else np.nan
        rows.append({**row._asdict(), "found": bool(len(dates)), "delay_days": delay})
    return pd.DataFrame(rows, columns=[*truth.columns, "found", "delay_days"])


def sensitivity(found: pd.DataFrame) -> pd.DataFrame:
    """Share of episodes found, by kind, with Wilson intervals (one episode a person), and the delay's quartiles.

    Returns
    -------
    pandas.DataFrame
        ``kind, episodes, found, share, low, high, median_delay_days, late_delay_days`` (nine in ten found by then).
    """
    rows = []
    for kind, own in found.groupby("kind", sort=False):
        interval = binomtest(int(own["found"].sum()), len(own)).proportion_ci(CONFIDENCE, method="wilson")
        delays = own["delay_days"].dropna()
        rows.append(
            {
                "kind": kind,
                "episodes": len(own),
                "found": int(own["found"].sum()),
                "share": own["found"].mean(),
                "low": interval.low,
                "high": interval.high,
                "median_delay_days": delays.median(),
                "late_delay_days": delays.quantile(0.9),
            }
        )
    return pd.DataFrame(rows)


def _rate(name: str, alerts: pd.Series, days: pd.Series, rng: np.random.Generator) -> dict:
    months = days.to_numpy(dtype=float) / DAYS_A_MONTH
    count = alerts.to_numpy(dtype=float)
    low = high = np.nan
    if len(count) > 1 and count.any():
        result = bootstrap(
            (count, months), _ratio, paired=True, vectorized=True, n_resamples=RESAMPLES,
            confidence_level=CONFIDENCE, method="percentile", rng=rng,
        )  # fmt: skip
        low, high = result.confidence_interval
    elif months.sum() > 0 and not count.any():
        # None seen: the upper end is that of a Poisson count of zero, as if persons were alike.
        low, high = 0.0, -np.log((1 - CONFIDENCE) / 2) / months.sum()
    return {
        "rule": name,
        "persons": len(count),
        "person_months": months.sum(),
        "alerts": int(count.sum()),
        "per_person_month": count.sum() / months.sum() if months.sum() > 0 else np.nan,
        "low": low,
        "high": high,
    }


def _ratio(count: np.ndarray, months: np.ndarray, axis: int = -1) -> np.ndarray:
    return count.sum(axis=axis) / months.sum(axis=axis)


@cache
def real_rates() -> pd.DataFrame:
    """Alerts per person-month on real nights, as shipped: the columns of ``false_alarms`` and ``source``."""
    tables = yaml.safe_load(reference_data("monitor", "real_alerts.yaml").read_text(encoding="utf-8"))
    return pd.concat([pd.DataFrame(rows).assign(source=name) for name, rows in tables.items()], ignore_index=True)


def found_by_day(found: pd.DataFrame, days: int) -> pd.DataFrame:
    """Share of episodes found by each day since their first: ``kind, day, share``, for days 0 to `days`.

    Parameters
    ----------
    found : pandas.DataFrame
        As ``detections`` returns it.
    """
    rows = [
        {"kind": kind, "day": day, "share": float((own["delay_days"] <= day).mean())}
        for kind, own in found.groupby("kind", sort=False)
        for day in range(days + 1)
    ]
    return pd.DataFrame(rows)


def trade_off(
    rule: Rule, quiet: pd.DataFrame, planted: pd.DataFrame, truth: pd.DataFrame, factors: Sequence[float]
) -> pd.DataFrame:
    """False alarms and found episodes of one rule as its distances from the baseline grow.

    Parameters
    ----------
    rule : Rule
        As shipped; factor 1 is the shipped one.
    quiet, planted : pandas.DataFrame
        Observations of people without and with episodes.
    truth : pandas.DataFrame
        The planted episodes.

    Returns
    -------
    pandas.DataFrame
        ``factor, per_person_month, share, median_delay_days``.
    """
    rows = []
    for factor in factors:
        candidate = changed(rule, factor)
        months = judged_days(quiet, candidate).sum() / DAYS_A_MONTH
        found = detections(truth, watch(planted, [candidate]), rules=(rule.name,))
        rows.append(
            {
                "factor": factor,
                "per_person_month": len(watch(quiet, [candidate])) / months,
                "share": found["found"].mean(),
                "median_delay_days": found["delay_days"].median(),
            }
        )
    return pd.DataFrame(rows)


def shuffled(observations: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The same days of each person in a random order: nothing that lasts is left."""
    parts = []
    for _, own in observations.groupby("person_id", sort=True):
        order = rng.permutation(len(own))
        parts.append(own.iloc[order].assign(date=own["date"].to_numpy()))
    return pd.concat(parts, ignore_index=True)
