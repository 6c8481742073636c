"""Rates, detections and readiness against numbers by hand, and the limits of what the monitor may say of the healthy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.monitor.evaluation import (
    ANY_RULE,
    DAYS_A_MONTH,
    detections,
    false_alarms,
    found_by_day,
    real_rates,
    sensitivity,
    shuffled,
    trade_off,
)
from sleepcot_utils.monitor.observations import observe
from sleepcot_utils.monitor.overview import one_rule, rules_table
from sleepcot_utils.monitor.readiness import AS_PLANNED, EASY, UNKNOWN, readiness
from sleepcot_utils.monitor.rules import load_rules, measures
from sleepcot_utils.monitor.watching import watch
from sleepcot_utils.simulate.day_conditions import simulate_conditions
from sleepcot_utils.simulate.day_episodes import plant_episodes
from sleepcot_utils.simulate.day_table import simulate_day_table
from sleepcot_utils.tasks.guide.readiness import readiness_of
from tests.monitor.conftest import SEED, Watched

DAY = pd.Timedelta(days=1)


def test_false_alarms_are_few_and_none_is_urgent(watched: Watched) -> None:
    healthy = simulate_conditions(watched.people, SEED, healthy=True)
    days = simulate_day_table(watched.people, watched.nights, SEED, conditions=healthy)
    quiet = observe(watched.nights, days)
    alerts = watch(quiet)
    rates = false_alarms(quiet, alerts, np.random.default_rng(0)).set_index("rule")
    overall = rates.loc[ANY_RULE]
    assert overall["person_months"] == pytest.approx(len(quiet) / DAYS_A_MONTH)
    assert overall["alerts"] == len(alerts)
    assert overall["low"] < overall["per_person_month"] < overall["high"] < 1
    assert not (alerts["level"] == "urgent").any()
    assert (alerts["level"] == "clinician").mean() < 0.1


def test_rates_by_hand() -> None:
    dates = pd.date_range("2026-01-01", periods=61)
    parts = [pd.DataFrame({"person_id": name, "date": dates, "lowest_glucose_mg_dl": 90.0}) for name in "ab"]
    table = pd.concat(parts).reindex(columns=["person_id", "date", *measures()])
    table.loc[(table["person_id"] == "a") & (table["date"] == dates[30]), "lowest_glucose_mg_dl"] = 60.0
    alerts = watch(table)
    assert alerts["rule"].tolist() == ["glucose_low"]
    rates = false_alarms(table, alerts, np.random.default_rng(0)).set_index("rule")
    # One alert in 2 x 61 days.
    assert rates.loc["glucose_low", "per_person_month"] == pytest.approx(30.44 / 122)
    # None in 122 days: the upper end of a Poisson count of zero, 3.69 events.
    assert rates.loc["glucose_very_low", "high"] == pytest.approx(3.689 * 30.44 / 122, rel=1e-3)
    assert "illness_like" not in rates.index


def test_detections_count_only_the_right_rule_in_time() -> None:
    start = pd.Timestamp("2026-02-10")
    truth = pd.DataFrame(
        {"person_id": list("abcd"), "kind": "illness", "start_date": start, "end_date": start + 4 * DAY}
    )
    alerts = pd.DataFrame(
        {
            "person_id": list("abbc"),
            "rule": ["illness_like", "illness_like", "illness_like", "sleep_debt"],
            "date": [start + 2 * DAY, start - DAY, start + 8 * DAY, start],
        }
    )
    found = detections(truth, alerts)
    assert found["found"].tolist() == [True, False, False, False]
    assert found["delay_days"].iloc[0] == 2
    row = sensitivity(found).iloc[0]
    assert (row["episodes"], row["found"], row["share"]) == (4, 1, 0.25)
    assert 0.04 < row["low"] < 0.06 and 0.69 < row["high"] < 0.71  # Wilson, 1 of 4: 0.046 to 0.699
    curve = found_by_day(found, 3).set_index("day")["share"]
    assert curve.tolist() == [0, 0, 0.25, 0.25]


@pytest.mark.parametrize(
    ("kind", "least"), [("illness", 0.5), ("inactivity", 0.7), ("sleep_loss", 0.7), ("blood_pressure_crisis", 1.0)]
)
def test_planted_episodes_are_found_and_shuffled_ones_are_not(watched: Watched, kind: str, least: float) -> None:
    planted = plant_episodes(watched.nights, watched.days, kind, SEED, quiet_days=40)
    table = observe(planted.nights, planted.days)
    share = detections(planted.truth, watch(table))["found"].mean()
    assert share >= least
    if kind != "blood_pressure_crisis":  # a single reading needs no order
        mixed = shuffled(table, np.random.default_rng(1))
        assert detections(planted.truth, watch(mixed))["found"].mean() < share / 2


def test_trade_off_gets_quieter(watched: Watched) -> None:
    planted = plant_episodes(watched.nights, watched.days, "illness", SEED, quiet_days=40)
    curve = trade_off(
        one_rule("illness_like"),
        watched.observations,
        observe(planted.nights, planted.days),
        planted.truth,
        (0.5, 1, 2),
    )
    assert curve["per_person_month"].is_monotonic_decreasing
    assert curve["share"].iloc[0] > curve["share"].iloc[2]


def test_readiness_by_hand() -> None:
    before = [4.0, 4.2, 3.8] * 7
    dates = pd.date_range("2026-01-01", periods=len(before) + 7)
    table = pd.DataFrame({"person_id": "someone", "date": dates, "ln_rmssd": [*before, *[3.8] * 7]})
    found = readiness(table.reindex(columns=["person_id", "date", *measures()])).set_index("date")
    # Usual: mean 4.0; 14 squared deviations of 0.04 over n - 1 = 20, so half a standard deviation is 0.0837.
    last = found.iloc[-1]
    assert (last["low"], last["high"]) == (3.92, 4.08)
    assert last["ln_rmssd_mean_7d"] == 3.8
    assert last["readiness"] == EASY
    assert found.loc[dates[len(before) - 1], "readiness"] == AS_PLANNED
    assert found.iloc[5]["readiness"] == UNKNOWN


def test_monitor_and_training_advice_say_the_same_of_every_morning(watched: Watched) -> None:
    nights = watched.nights
    found = readiness(observe(nights, watched.days))
    mornings = found[found["date"] >= found["date"].min() + pd.Timedelta(days=30)].sample(60, random_state=1)
    assert {AS_PLANNED, EASY} <= set(mornings["readiness"])
    for row in mornings.itertuples():
        guide = readiness_of(nights, watched.days, row.date, {row.person_id: 40.0})[row.person_id]
        if guide.hrv_mean is None:
            assert row.readiness == UNKNOWN and np.isnan(row.low)
        else:
            assert (row.ln_rmssd_mean_7d, row.low, row.high) == (guide.hrv_mean, guide.hrv_low, guide.hrv_high)
            assert row.readiness == (EASY if guide.hrv_mean < guide.hrv_low else AS_PLANNED)


def test_shipped_real_rates_are_aggregates_only() -> None:
    rates = real_rates()
    assert set(rates["source"]) == {"lifesnaps"}
    assert set(rates["rule"]) <= {rule.name for rule in load_rules()} | {ANY_RULE}
    assert (rates["persons"] >= 30).all()
    assert (rates["low"] <= rates["per_person_month"]).all() and (rates["per_person_month"] <= rates["high"]).all()


def test_every_rule_stands_in_the_table() -> None:
    table = rules_table()
    assert table.index.tolist() == [rule.name for rule in load_rules()]
    assert table.loc["sleep_debt", "speaks if"] == "7-day mean of time asleep below own median by at least 75 and 420"
