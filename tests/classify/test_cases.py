"""Cases: which day and which nights stand behind a morning, and who is in which split."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.classify.cases import build_cases, draw_cases, feature_names, split_persons
from sleepcot_utils.errors import InputError


def test_a_morning_holds_its_night_and_the_day_before(week) -> None:
    cases = build_cases(*week)
    last = cases[(cases["person_id"] == "a") & (cases["date"] == "2026-03-09")].iloc[0]
    assert last["case_id"] == "a-2026-03-09"
    assert (last["total_sleep_min"], last["steps"]) == (407, 106), "night of the 9th, day of the 8th"
    assert [last[f"total_sleep_min_{n}_ago"] for n in range(1, 7)] == [406, 405, 404, 403, 402, 401]
    assert last["exercise_min_1_ago"] == 105


def test_a_missing_night_stays_a_gap_of_its_date(week) -> None:
    nights, days = week
    gone = (nights["person_id"] == "a") & (nights["night_date"] == "2026-03-08")
    cases = build_cases(nights[~gone], days)
    last = cases[cases["case_id"] == "a-2026-03-09"].iloc[0]
    assert np.isnan(last["total_sleep_min_1_ago"]) and last["total_sleep_min_2_ago"] == 405


def test_naps_and_mornings_with_few_nights_are_left_out(week) -> None:
    nights, days = week
    nap = nights.iloc[[0]].assign(sleep_kind="nap", total_sleep_min=20.0)
    cases = build_cases(pd.concat([nights, nap]), days)
    assert cases["case_id"].is_unique and cases["total_sleep_min"].min() > 100
    assert cases.groupby("person_id")["date"].min().unique().tolist() == [pd.Timestamp("2026-03-05")], "four nights"
    with pytest.raises(InputError, match="no morning has enough nights"):
        build_cases(nights[nights["night_date"] < "2026-03-05"], days)


def test_persons_are_split_and_never_shared(cases) -> None:
    split = split_persons(cases["person_id"], np.random.default_rng(1), validation=0.2, test=0.3)
    persons = cases.assign(split=split).groupby("person_id")["split"].agg(["nunique", "first"])
    assert (persons["nunique"] == 1).all()
    assert persons["first"].value_counts().to_dict() == {"train": 10, "test": 6, "validation": 4}
    with pytest.raises(InputError):
        split_persons(pd.Series(["a", "b"]), np.random.default_rng(1))


def test_draw_cases_keeps_everybody(cases) -> None:
    drawn = draw_cases(cases.assign(date=range(len(cases))), 3, np.random.default_rng(1))
    assert (drawn["person_id"].value_counts() == 3).all() and drawn["person_id"].nunique() == 20


def test_history_adds_the_days_before_to_the_features() -> None:
    today, history = feature_names(history=False), feature_names(history=True)
    assert len(today) == 12 and len(history) == 12 + 6 * 4
