"""Outcomes of rounds: one value a person and arm, and what the log and the gate let through."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from sleepcot_utils.feedback.entries import Feedback, Given
from sleepcot_utils.feedback.policies import Policy

#: Outcome of a round to what it asks. Acceptance and adherence lie between 0 and 1.
OUTCOME_WORDS = {
    "accepted": "acceptance: advice rated 4 or 5",
    "done": "adherence: share of the advice that was followed",
    "regret": "regret: expected reward lost against the oracle",
    "change_total_sleep_min": "change of true time asleep since before any advice, in min",
    "change_sleep_efficiency_pct": "change of true sleep efficiency, in points of %",
}


def person_outcomes(rows: pd.DataFrame, *, from_round: int = 1) -> pd.DataFrame:
    """Mean over rounds of each outcome, by arm and person.

    Parameters
    ----------
    rows : pandas.DataFrame
        Rows of ``rounds.History`` of any arms.
    from_round : int
        First round that counts; earlier ones are for learning.

    Returns
    -------
    pandas.DataFrame
        ``arm, person_id, outcome, value``; rounds in which nothing could be advised leave acceptance, adherence and
        regret out.
    """
    late = rows[rows["round"] >= from_round]
    means = late.groupby(["arm", "person_id"], sort=False)[list(OUTCOME_WORDS)].mean().reset_index()
    long = means.melt(["arm", "person_id"], var_name="outcome", value_name="value")
    return long.dropna(subset="value").reset_index(drop=True)


def differences(outcomes: pd.DataFrame, first: str, second: str, outcome: str) -> np.ndarray:
    """First arm minus second of one outcome, one value for each person whom both arms have."""
    of_outcome = outcomes[outcomes["outcome"] == outcome]
    wide = of_outcome.pivot(index="person_id", columns="arm", values="value")
    return (wide[first] - wide[second]).dropna().to_numpy()


def cumulative_regret(rows: pd.DataFrame) -> pd.DataFrame:
    """Regret summed up over rounds, the mean over persons of each round: ``arm, round, regret``."""
    means = rows.groupby(["arm", "round"], sort=False)["regret"].mean().reset_index()
    means["regret"] = means.groupby("arm", sort=False)["regret"].cumsum()
    return means


def safety_by_round(rows: pd.DataFrame) -> pd.DataFrame:
    """By arm and round: advice that was given, share of it that fails a check, and persons who were referred."""
    grouped = rows.groupby(["arm", "round"], sort=False)
    return pd.DataFrame(
        {
            "advice": grouped["action"].count(),
            "unsafe_share": grouped["unsafe"].agg(lambda values: values.dropna().astype(float).mean()),
            "referred": grouped["referral"].sum().astype(int),
            "urgent": grouped["urgent"].sum().astype(int),
        }
    ).reset_index()


def replay(policy: Policy, given: Iterable[Given], entries: Iterable[Feedback]) -> Policy:
    """A fresh policy after all entries of a log, which is the state that the log stands for."""
    advice = {item.advice_id: item for item in given}
    for entry in entries:
        policy.learn(advice[entry.advice_id], entry)
    return policy
