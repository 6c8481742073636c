"""What a rule compares, against numbers worked out by hand, and when it speaks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils import days as daily
from sleepcot_utils.errors import InputError
from sleepcot_utils.monitor.evaluation import EXPECTED
from sleepcot_utils.monitor.observations import observe, on_calendar
from sleepcot_utils.monitor.rules import Condition, changed, load_rules, measures, rule_from
from sleepcot_utils.monitor.signals import compare, own_baseline
from sleepcot_utils.monitor.watching import watch
from sleepcot_utils.simulate.day_episodes import EPISODES

FIRST = pd.Timestamp("2026-03-01")


def series(measure: str, values: list[float], person: str = "someone") -> pd.DataFrame:
    """Observations of one measure on days in a row; nan is a day without it."""
    table = pd.DataFrame({"person_id": person, "date": pd.date_range(FIRST, periods=len(values)), measure: values})
    return table.reindex(columns=["person_id", "date", *measures()]).dropna(subset=[measure]).reset_index(drop=True)


def condition(**settings: float | str) -> Condition:
    return Condition.model_validate({"measure": "steps", "side": "above", **settings})


def test_baseline_by_hand() -> None:
    values = np.array([[1.0, 2.0, 3.0, 4.0, 100.0, np.nan, 7.0, 50.0]])
    asks = condition(deviations=1, baseline_days=7, baseline_least=5, gap_days=0)
    median, spread, days = own_baseline(values, asks)
    # Before the last day: 1 2 3 4 100 7, whose median is 3.5; distances 2.5 1.5 .5 .5 96.5 3.5 have the median 2.
    assert (median[0, 7], days[0, 7]) == (3.5, 6)
    assert spread[0, 7] == pytest.approx(1.4826 * 2)
    # Before the sixth day only five are measured; before the fifth only four, which are too few.
    assert median[0, 5] == 3
    assert np.isnan(median[0, 4])


def test_a_gap_keeps_the_last_days_out_of_the_baseline() -> None:
    values = np.array([[5.0] * 10 + [50.0] * 3 + [60.0]])
    asks = condition(least_change=1, baseline_days=10, baseline_least=10, gap_days=3)
    assert own_baseline(values, asks)[0][0, 13] == 5
    assert np.isnan(own_baseline(values, asks)[0][0, 12])  # nine days lie before its gap


@pytest.mark.parametrize(
    ("settings", "value", "holds"),
    [
        ({"limit": 10.0}, 10.0, False),
        ({"limit": 10.0}, 10.1, True),
        ({"limit": 10.0, "inclusive": True}, 10.0, True),
        ({"limit": 10.0, "side": "below"}, 10.0, False),
        ({"limit": 10.0, "side": "below"}, 9.9, True),
        ({"limit": 10.0}, np.nan, False),
    ],
)
def test_fixed_limits(settings: dict, value: float, holds: bool) -> None:
    assert bool(compare(condition(**settings), np.array([[value]])).holds[0, 0]) is holds


def test_a_mean_needs_enough_days_and_today() -> None:
    asks = condition(limit=4.0, mean_days=3, least_days=2)
    values = np.array([[9.0, np.nan, 3.0, 3.0, np.nan, 9.0]])
    found = compare(asks, values)
    # Means: of one day (too few), today missing, (9+3)/2, (3+3)/2, today missing, (3+9)/2.
    np.testing.assert_array_equal(found.value, [[np.nan, np.nan, 6.0, 3.0, np.nan, 6.0]])
    np.testing.assert_array_equal(found.holds, [[False, False, True, False, False, True]])


def test_limit_and_baseline_must_both_be_passed() -> None:
    asks = condition(limit=12.0, least_change=1.0, baseline_days=7, baseline_least=5)
    values = np.array([[5.0] * 7 + [11.0], [15.0] * 7 + [15.5], [5.0] * 7 + [13.0]])
    found = compare(asks, values)
    assert found.holds[:, 7].tolist() == [False, False, True]
    assert found.threshold[:, 7].tolist() == [12.0, 16.0, 12.0]  # the farther of both


def test_persistence_and_silence() -> None:
    rule = rule_from(
        "high_steps",
        {
            "label": "many steps", "level": "note", "together": "all", "source": "choice", "do": "nothing",
            "conditions": [{"measure": "steps", "side": "above", "limit": 10.0}],
            "persistence": {"days": 2, "of_last": 3, "clear_days": 3},
        },
    )  # fmt: skip
    high, low = 20.0, 5.0
    steps = [high, low, high, high, low, low, high, high, low, low, low, high, high]
    alerts = watch(series("steps", steps), [rule])
    # Two of three on the third day. The seventh day comes after two silent ones, which are too few; the twelfth comes
    # after three, and the second day of that pair speaks.
    assert [f"{date:%d}" for date in alerts["date"]] == ["03", "13"]
    assert alerts["days_behind"].iloc[0] == ("2026-03-01", "2026-03-03")


def test_illness_needs_both_signs_for_two_days() -> None:
    quiet = [60.0, 61.0, 59.0, 60.0, 62.0, 58.0, 60.0] * 4
    breaths = [14.0, 14.2, 13.8, 14.0, 14.1, 13.9, 14.0] * 4

    def told(heart: list[float], breathing: list[float]) -> list[str]:
        both = series("resting_heart_rate_bpm", [*quiet, *heart])
        both["respiratory_rate_brpm"] = [*breaths, *breathing]
        alerts = watch(both)
        return alerts.loc[alerts["rule"] == "illness_like", "date"].dt.strftime("%m-%d").tolist()

    assert told([70.0, 70.0], [17.0, 17.0]) == ["03-30"]
    assert told([70.0, 70.0], [14.0, 14.0]) == []
    assert told([60.0, 60.0], [17.0, 17.0]) == []
    assert told([70.0, 60.0], [17.0, 14.0]) == []
    assert told([62.5, 62.5], [14.9, 14.9]) == []  # less than 3 bpm and 1 a minute above


def test_bands_of_blood_pressure_and_glucose() -> None:
    def told(**values: float) -> list[str]:
        days = pd.DataFrame(
            {"person_id": "someone", "date": pd.date_range(FIRST, periods=3), "source": "cuff", **values}
        )
        return sorted(set(watch(observe(None, daily.conform(days)))["rule"]))

    pressure = {"diastolic_mmhg": 80.0, "highest_diastolic_mmhg": 80.0}
    assert told(systolic_mmhg=134.9, highest_systolic_mmhg=180.0, **pressure) == []
    assert told(systolic_mmhg=135.0, highest_systolic_mmhg=181.0, **pressure) == [
        "blood_pressure_crisis",
        "blood_pressure_high",
    ]
    glucose = {"glucose_fasting": 1.0}
    assert told(glucose_mg_dl=125.0, lowest_glucose_mg_dl=70.0, highest_glucose_mg_dl=299.0, **glucose) == []
    assert told(glucose_mg_dl=126.0, lowest_glucose_mg_dl=53.0, highest_glucose_mg_dl=300.0, **glucose) == [
        "glucose_fasting_high",
        "glucose_low",
        "glucose_very_high",
        "glucose_very_low",
    ]
    # After a meal 126 is no fasting value.
    assert told(glucose_mg_dl=140.0, lowest_glucose_mg_dl=140.0, highest_glucose_mg_dl=140.0, glucose_fasting=0.0) == []


def test_a_known_condition_silences_what_it_explains() -> None:
    table = series("fasting_glucose_mg_dl", [140.0] * 4)
    assert watch(table)["rule"].tolist() == ["glucose_fasting_high"]
    assert watch(table, known_conditions={"someone": "hypertension+type_2_diabetes"}).empty


def test_steps_of_the_day_before_come_from_the_night_when_no_day_tells() -> None:
    nights = pd.DataFrame(
        {
            "person_id": "someone", "night_date": [FIRST + pd.Timedelta(days=1)], "sleep_kind": "main",
            "resting_heart_rate_bpm": 60.0, "respiratory_rate_brpm": 14.0, "total_sleep_min": 400.0,
            "hrv_rmssd_ms": np.exp(4.0), "steps": 7000.0,
        }
    )  # fmt: skip
    table = observe(nights).set_index("date")
    assert table.loc[FIRST, "steps"] == 7000
    assert table.loc[FIRST + pd.Timedelta(days=1), "ln_rmssd"] == pytest.approx(4.0)
    days = daily.conform(
        pd.DataFrame({"person_id": ["someone"], "date": [FIRST], "steps": [7100.0], "source": ["phone"]})
    )
    assert observe(nights, days).set_index("date").loc[FIRST, "steps"] == 7100


def test_two_rows_of_one_day_are_refused() -> None:
    with pytest.raises(InputError, match="two rows"):
        on_calendar(pd.concat([series("steps", [1.0]), series("steps", [2.0])]))


def test_every_rule_is_whole() -> None:
    rules = load_rules()
    assert len({rule.name for rule in rules}) == len(rules)
    for rule in rules:
        assert "read" in rule.source or "recalled" in rule.source or "choice" in rule.source.casefold(), rule.name
        assert rule.history_days <= 90
        if rule.level != "note":
            assert any(word in rule.do.casefold() for word in ("clinician", "emergency")), rule.name
        assert not any(word in rule.do.casefold() for word in (" mg ", "dose of", "insulin", "you have ")), rule.name
    assert set(EXPECTED) == set(EPISODES)
    assert {name for names in EXPECTED.values() for name in names} <= {rule.name for rule in rules}


def test_bad_rules_are_named() -> None:
    entry = {
        "label": "x", "level": "note", "together": "all", "source": "choice", "do": "nothing",
        "conditions": [{"measure": "mood", "side": "above", "limit": 1.0}],
        "persistence": {"days": 1, "of_last": 1, "clear_days": 1},
    }  # fmt: skip
    with pytest.raises(InputError, match="'mood' is not measured"):
        rule_from("bad", entry)
    with pytest.raises(InputError, match="limit or a baseline"):
        rule_from("bad", entry | {"conditions": [{"measure": "steps", "side": "above"}]})
    with pytest.raises(InputError, match="level"):
        rule_from("bad", entry | {"level": "panic"})


def test_a_stricter_rule_asks_for_more() -> None:
    rule = next(rule for rule in load_rules() if rule.name == "activity_drop")
    assert rule.conditions[0].ratio == 0.5
    assert changed(rule, 1.5).conditions[0].ratio == pytest.approx(0.25)
    assert changed(rule, 1.0) == rule
