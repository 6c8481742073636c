"""Cases to decide: one row a person and morning, with the day and the night behind it and the week before.

The decision is made in the morning: the night is the one that ended today, the day is yesterday.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sleepcot_utils.classify.measures import ago, measures
from sleepcot_utils.errors import InputError

#: Days before this one that a case keeps.
DAYS_BEFORE = 6
#: Days of the history that must have a night, this one included (choice).
LEAST_NIGHTS = 4


def build_cases(nights: pd.DataFrame, days: pd.DataFrame) -> pd.DataFrame:
    """Join nights and days and lay the week before each morning beside it.

    Parameters
    ----------
    nights : pandas.DataFrame
        Nightly table; only main nights are used.
    days : pandas.DataFrame
        Day table.

    Returns
    -------
    pandas.DataFrame
        ``case_id, person_id, date`` (of the morning), every measure as it stands this morning, and
        ``<measure>_<n>_ago`` for those that are told with history. Values are rounded as texts show them, so that text
        and numbers hold the same. Mornings with fewer than ``LEAST_NIGHTS`` nights in the week are left out.

    Raises
    ------
    InputError
        If no morning is left.
    """
    known = measures()
    day_names = [name for name, measure in known.items() if measure.table == "day"]
    night_names = [name for name, measure in known.items() if measure.table == "night"]
    main = nights.loc[nights["sleep_kind"] == "main", ["person_id", "night_date", *night_names]]
    main = main.rename(columns={"night_date": "date"})
    before = days[["person_id", "date", *day_names]].assign(date=lambda frame: frame["date"] + pd.Timedelta(days=1))
    joined = main.merge(before, on=["person_id", "date"], how="left").sort_values(["person_id", "date"])
    for name, measure in known.items():
        joined[name] = measure.rounded(joined[name].astype("float64"))
    cases = _with_history(joined)
    told = [ago("total_sleep_min", number) for number in range(DAYS_BEFORE + 1)]
    cases = cases[cases[told].notna().sum(axis=1) >= LEAST_NIGHTS].reset_index(drop=True)
    if cases.empty:
        raise InputError(
            "no morning has enough nights behind it",
            where="nights",
            expected=f"at least {LEAST_NIGHTS} main nights within {DAYS_BEFORE + 1} days",
        )
    cases.insert(0, "case_id", cases["person_id"].astype("str") + cases["date"].dt.strftime("-%Y-%m-%d"))
    return cases


def _with_history(joined: pd.DataFrame) -> pd.DataFrame:
    """The table with the values of the days before beside each row, joined by date, so that gaps stay gaps."""
    names = [name for name, measure in measures().items() if measure.history]
    cases = joined
    for number in range(1, DAYS_BEFORE + 1):
        earlier = joined[["person_id", "date", *names]].rename(columns={name: ago(name, number) for name in names})
        earlier = earlier.assign(date=earlier["date"] + pd.Timedelta(days=number))
        cases = cases.merge(earlier, on=["person_id", "date"], how="left")
    return cases


def feature_names(*, history: bool) -> list[str]:
    """Columns with numbers that a model may see."""
    names = list(measures())
    if history:
        told = [name for name, measure in measures().items() if measure.history]
        names += [ago(name, number) for number in range(1, DAYS_BEFORE + 1) for name in told]
    return names


def split_persons(
    person_ids: pd.Series, rng: np.random.Generator, *, validation: float = 0.15, test: float = 0.35
) -> pd.Series:
    """Assign persons to ``train``, ``validation`` and ``test``.

    Parameters
    ----------
    person_ids : pandas.Series
        Person of each case.
    validation, test : float
        Shares of the persons; each part gets at least one.

    Returns
    -------
    pandas.Series
        Split of each case, with the index of ``person_ids``.
    """
    persons = rng.permutation(np.sort(person_ids.unique()))
    n_test, n_validation = (max(round(share * len(persons)), 1) for share in (test, validation))
    if n_test + n_validation >= len(persons):
        raise InputError(
            f"{len(persons)} persons can't be split", where="cases", expected="at least 3 persons, shares below 1"
        )
    parts = np.repeat(["test", "validation", "train"], [n_test, n_validation, len(persons) - n_test - n_validation])
    return person_ids.map(dict(zip(persons, parts, strict=True))).rename("split")


def draw_cases(cases: pd.DataFrame, per_person: int, rng: np.random.Generator) -> pd.DataFrame:
    """At most some cases of every person, drawn at random, in order of person and date."""
    shuffled = cases.iloc[rng.permutation(len(cases))]
    return shuffled.groupby("person_id").head(per_person).sort_values(["person_id", "date"]).reset_index(drop=True)
