"""Sources side by side: known answers by hand, planted structure found again, and controls that must come out empty."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from stand_in_synthesizer import imagined

from sleepcot_utils.errors import ParameterError
from sleepcot_utils.teach.synthesize_reading import check_nights
from sleepcot_utils.teach.synthesize_sources import (
    CLOCKS,
    MEASURES,
    WHOLE_NIGHT,
    compare_sources,
    shuffled_nights,
    shuffled_persons,
)

PERSONS, NIGHTS = 150, 28
MONDAY = pd.Timestamp("2026-01-05")


def value(tables: dict[str, pd.DataFrame], column: str, measure: str) -> list[float]:
    compared = compare_sources(tables)
    row = compared[(compared["column"] == column) & (compared["measure"] == measure)]
    return row[list(tables)].iloc[0].tolist()


def nights_of(values: np.ndarray, column: str = "total_sleep_min") -> pd.DataFrame:
    """Consecutive nights from Monday on, of values in the shape (persons, nights)."""
    persons, nights = values.shape
    frame = pd.DataFrame({"person_id": np.repeat([f"p{number}" for number in range(persons)], nights)})
    frame["night_date"] = np.tile((MONDAY + pd.to_timedelta(np.arange(nights), unit="D")).to_numpy(), persons)
    return frame.assign(sleep_kind="main", **{column: values.ravel()})


@pytest.fixture(scope="module")
def planted() -> pd.DataFrame:
    """Between-person SD 40, within-person SD 30 with lag-1 .5, 45 min more on free days."""
    rng = np.random.default_rng(11)
    noise = rng.standard_normal((PERSONS, NIGHTS))
    for night in range(1, NIGHTS):
        noise[:, night] = 0.5 * noise[:, night - 1] + np.sqrt(0.75) * noise[:, night]
    free = np.isin(np.arange(NIGHTS) % 7, (5, 6))
    return nights_of(420 + 40 * rng.standard_normal((PERSONS, 1)) + 30 * noise + 45 * free)


@pytest.fixture(scope="module")
def whole() -> pd.DataFrame:
    """Nights of four persons with everything that is asked of a language model; drawn by the stand-in's generator."""
    tables = []
    for number in range(4):
        nights = imagined(f"{number} Write 14 nights in a row; night 1 ends on a Tuesday.")["nights"]
        checked = check_nights(
            nights, 14, person_id=f"i{number}", device="stand-in", first_date=MONDAY + pd.Timedelta(days=1)
        )
        assert not checked.rejected
        tables.append(checked.accepted)
    return pd.concat(tables, ignore_index=True)


def test_two_persons_by_hand() -> None:
    # Means 400 and 460; deviations -10, 0, 10 and 20, 0, -20: pooled variance (200 + 800) / 4 = 250.
    table = nights_of(np.array([[390.0, 400.0, 410.0], [480.0, 460.0, 440.0]]))
    assert value({"a": table}, "total_sleep_min", "mean") == [430.0]
    assert value({"a": table}, "total_sleep_min", "within_sd") == [pytest.approx(np.sqrt(250))]
    # Among persons 3 * (30^2 + 30^2) / 1 = 5400; (5400 - 250) / 3.
    assert value({"a": table}, "total_sleep_min", "between_sd") == [pytest.approx(np.sqrt(5150 / 3))]
    # All pairs hold the middle night's 0.
    assert value({"a": table}, "total_sleep_min", "lag_1") == [0.0]
    assert np.isnan(value({"a": table}, "total_sleep_min", "weekend_shift")[0]), "Monday to Wednesday has no weekend"
    assert value({"a": table}, WHOLE_NIGHT, "repeated") == [0.0]


def test_what_was_planted_is_found(planted) -> None:
    assert value({"p": planted}, "total_sleep_min", "between_sd")[0] == pytest.approx(40, rel=0.15)
    assert value({"p": planted}, "total_sleep_min", "weekend_shift")[0] == pytest.approx(45, abs=3)
    detrended = planted.assign(
        total_sleep_min=planted["total_sleep_min"] - 45 * planted["night_date"].dt.day_of_week.isin((5, 6))
    )
    assert value({"p": detrended}, "total_sleep_min", "within_sd")[0] == pytest.approx(30, rel=0.1)
    assert value({"p": detrended}, "total_sleep_min", "lag_1")[0] == pytest.approx(0.5, abs=0.09)


def test_shuffled_nights_lose_their_order_and_nothing_else(planted) -> None:
    mixed = shuffled_nights(planted, np.random.default_rng(2))
    tables = {"as it is": planted, "shuffled": mixed}
    for measure in ("nights", "persons", "mean", "between_sd", "within_sd", "share_of_5", "digit_preference"):
        before, after = value(tables, "total_sleep_min", measure)
        assert after == pytest.approx(before, rel=1e-9), measure
    assert abs(value(tables, "total_sleep_min", "lag_1")[1]) < 0.1 < value(tables, "total_sleep_min", "lag_1")[0]
    assert abs(value(tables, "total_sleep_min", "weekend_shift")[1]) < 5
    pd.testing.assert_frame_equal(mixed[["person_id", "night_date"]], planted.sort_values(["person_id", "night_date"])
                                  [["person_id", "night_date"]].reset_index(drop=True))  # fmt: skip


def test_shuffled_persons_are_alike(planted) -> None:
    mixed = shuffled_persons(planted, np.random.default_rng(2))
    assert value({"mixed": mixed}, "total_sleep_min", "between_sd")[0] < 6
    assert not mixed.duplicated(["person_id", "night_date"]).any()
    by_date = [frame.groupby("night_date")["total_sleep_min"].mean() for frame in (planted, mixed)]
    pd.testing.assert_series_equal(*by_date)


def test_clocks_move_with_their_nights(whole) -> None:
    mixed = shuffled_nights(whole, np.random.default_rng(3))
    assert not mixed["start_local"].equals(whole["start_local"])
    for name in CLOCKS.values():
        before, after = (sorted(table[name] - table["night_date"]) for table in (whole, mixed))
        assert before == after
    span = (mixed["end_local"] - mixed["start_local"]) / pd.Timedelta(minutes=1)
    assert (span == mixed["time_in_bed_min"]).all()


def test_clocks_are_counted_from_noon_and_midnight() -> None:
    table = nights_of(np.full((1, 2), 400.0))
    table["start_local"] = [MONDAY - pd.Timedelta(minutes=30), MONDAY + pd.Timedelta(days=1, minutes=30)]
    table["end_local"] = table["start_local"] + pd.Timedelta(hours=7)
    assert value({"a": table}, "bedtime_after_noon_min", "mean") == [12 * 60.0]
    assert value({"a": table}, "rise_after_midnight_min", "mean") == [7 * 60.0]


def test_a_liking_for_round_numbers_shows() -> None:
    rng = np.random.default_rng(5)
    plain = np.round(rng.normal(420, 40, (100, 20)))
    tables = {"plain": nights_of(plain), "fives": nights_of(5 * np.round(plain / 5))}
    tables["tens"] = nights_of(10 * np.round(plain / 10))
    assert value(tables, "total_sleep_min", "share_of_5") == [pytest.approx(0.2, abs=0.03), 1.0, 1.0]
    assert value(tables, "total_sleep_min", "share_of_10") == [
        pytest.approx(0.1, abs=0.025),
        pytest.approx(0.5, abs=0.05),
        1.0,
    ]
    preference = value(tables, "total_sleep_min", "digit_preference")
    chance = value(tables, "total_sleep_min", "digit_preference_by_chance")
    assert preference == [pytest.approx(chance[0], abs=0.02), pytest.approx(0.8), pytest.approx(0.9)]


def test_chance_level_of_digits_is_what_even_digits_give() -> None:
    rng = np.random.default_rng(6)
    tables = {str(number): nights_of(rng.integers(1000, 2000, (10, 30)).astype(float)) for number in range(60)}
    found = value(tables, "total_sleep_min", "digit_preference")
    expected = value(tables, "total_sleep_min", "digit_preference_by_chance")[0]
    assert np.mean(found) == pytest.approx(expected, rel=0.05)


def test_digits_of_what_hardly_varies_are_left_alone() -> None:
    rng = np.random.default_rng(7)
    narrow = nights_of(np.round(rng.normal(93, 2, (30, 10))), "spo2_min_pct")
    assert np.isnan(value({"a": narrow}, "spo2_min_pct", "digit_preference")[0])
    breaths = nights_of(np.round(rng.normal(15, 2, (100, 10)), 1), "respiratory_rate_brpm")
    assert value({"a": breaths}, "respiratory_rate_brpm", "share_of_5")[0] == pytest.approx(0.2, abs=0.05)
    naps = nights_of(np.where(rng.random((50, 10)) < 0.7, 0.0, rng.integers(10, 90, (50, 10))), "nap_min")
    assert value({"a": naps}, "nap_min", "share_of_10")[0] < 0.25, "no nap is no round number"


def test_half_minutes_have_no_liking_for_even_digits() -> None:
    halves = np.random.default_rng(8).integers(600, 1200, (100, 20)) / 2
    preference, chance = (value({"a": nights_of(halves)}, "total_sleep_min", f"digit_preference{end}")[0]
                          for end in ("", "_by_chance"))  # fmt: skip
    assert preference < 2 * chance


def test_digits_are_those_of_the_printed_number() -> None:
    shares = 10 * np.random.default_rng(9).integers(3, 9, (20, 10)) + 9.7
    assert value({"a": nights_of(shares, "sleep_efficiency_pct")}, "sleep_efficiency_pct", "share_of_10") == [1.0]


def test_copies_of_a_night_are_counted() -> None:
    copied = nights_of(np.repeat([[400.0], [450.0]], 4, axis=1)).assign(steps=5000.0)
    copied.loc[0, "steps"] = 5001
    assert value({"a": copied}, WHOLE_NIGHT, "repeated") == [pytest.approx(7 / 8)]


def test_only_consecutive_nights_of_one_person_are_neighbors() -> None:
    low, high = 390.0, 450.0
    table = nights_of(np.array([[low, high, high, high, low, low, low, high]]))
    gaps = table[~table["night_date"].isin([MONDAY + pd.Timedelta(days=2), MONDAY + pd.Timedelta(days=5)])]
    assert value({"a": gaps}, "total_sleep_min", "lag_1")[0] == pytest.approx(-1)
    # The second person begins on the day after the first one's last night.
    two = nights_of(np.array([[low, high], [high, low]]))
    two.loc[two["person_id"] == "p1", "night_date"] += pd.Timedelta(days=2)
    assert value({"a": two}, "total_sleep_min", "lag_1")[0] == pytest.approx(-1)


def test_sources_with_other_columns_stand_side_by_side(whole) -> None:
    real_like = nights_of(np.full((2, 3), 400.0)).drop(columns="sleep_kind")
    compared = compare_sources({"simulated": whole, "totals only": real_like})
    assert list(compared.columns) == ["column", "measure", "simulated", "totals only"]
    assert not compared.duplicated(["column", "measure"]).any()
    assert set(compared.loc[compared["column"] == "total_sleep_min", "measure"]) == set(MEASURES)
    pulse = compared[compared["column"] == "resting_heart_rate_bpm"]
    assert pulse["totals only"].isna().all() and pulse["simulated"].notna().any()
    assert "utc_offset_min" not in set(compared["column"])


def test_naps_are_left_out() -> None:
    table = nights_of(np.array([[400.0, 410.0]]))
    nap = table.iloc[[0]].assign(sleep_kind="nap", total_sleep_min=20.0)
    assert value({"a": pd.concat([table, nap])}, "total_sleep_min", "nights") == [2.0]


def test_nothing_to_compare_is_said() -> None:
    with pytest.raises(ParameterError, match="nothing to compare"):
        compare_sources({})
    with pytest.raises(ParameterError, match=r"source 'x': the column 'night_date' is missing"):
        compare_sources({"x": pd.DataFrame({"person_id": ["a"]})})


def test_an_empty_source_is_all_unknown(whole) -> None:
    compared = compare_sources({"simulated": whole, "nobody": whole.iloc[:0]})
    whole = compared[compared["column"] == WHOLE_NIGHT].set_index("measure")["nobody"]
    assert whole["nights"] == 0 and whole["persons"] == 0
    assert compared.loc[compared["column"] != WHOLE_NIGHT, "nobody"].isna().all()
