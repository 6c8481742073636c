"""The day before each night: duties, habits, steps and exercise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.simulate.constants import constants
from sleepcot_utils.simulate.days import (
    FIRST_NIGHT,
    ROSTER_ALARM_H,
    ROSTER_EARLIEST_BED_H,
    Days,
    carried,
    simulate_days,
)
from sleepcot_utils.simulate.people import simulate_people

NIGHTS = 56
PERSONS = 300


def lived(people: pd.DataFrame, nights: int = NIGHTS, seed: int = 4) -> Days:
    rng = np.random.default_rng(seed)
    return simulate_days(people, rng.standard_normal((len(people), nights, 3)), rng.random((len(people), nights, 6)))


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return simulate_people(PERSONS, 12, scenarios=())


@pytest.fixture(scope="module")
def days(people: pd.DataFrame) -> Days:
    return lived(people)


def test_nights_end_on_consecutive_dates(days: Days) -> None:
    dates = pd.DatetimeIndex(days.dates)
    assert dates[0] == FIRST_NIGHT + pd.Timedelta(days=1) and len(dates) == NIGHTS
    assert set(np.diff(dates.to_numpy())) == {np.timedelta64(1, "D")}


@pytest.mark.parametrize(("schedule", "free_a_week"), [("day", 2), ("student", 4), ("carer", 0), ("retired", 7)])
def test_schedules_have_their_free_mornings(people: pd.DataFrame, schedule: str, free_a_week: int) -> None:
    days = lived(people.assign(schedule=schedule))
    assert np.all(days.free.reshape(PERSONS, -1, 7).sum(axis=2) == free_a_week)
    assert np.array_equal(days.free, np.isnan(days.alarm_h)) and np.isnan(days.earliest_bed_h).all()
    if 0 < free_a_week < 7:
        weekend = pd.DatetimeIndex(days.dates).day_of_week >= 5
        assert days.free[:, weekend].all()
    if free_a_week < 7:
        own = np.broadcast_to(people["work_alarm_h"].to_numpy()[:, None], days.alarm_h.shape)
        np.testing.assert_array_equal(days.alarm_h[~days.free], own[~days.free])


def test_rosters_rotate_and_people_start_at_different_places(people: pd.DataFrame) -> None:
    days = lived(people.assign(schedule="shift"))
    length = len(ROSTER_ALARM_H)
    np.testing.assert_array_equal(days.alarm_h[:, :length], days.alarm_h[:, length : 2 * length])
    for row, start in enumerate(people["cycle_day"].to_numpy(dtype=int) % length):
        np.testing.assert_array_equal(days.earliest_bed_h[row, :length], np.roll(ROSTER_EARLIEST_BED_H, -start))
    assert len(set(people["cycle_day"] % length)) == length
    assert np.nanmax(days.earliest_bed_h) > 30, "some shifts last until the morning"


@pytest.mark.parametrize(
    ("scenario", "name", "usual"),
    [("late_caffeine", "caffeine", "chance_late_caffeine"), ("alcohol", "units", "chance_alcohol"), ("long_naps", "nap_min", "chance_nap")],
)  # fmt: skip
def test_habits_are_as_frequent_as_stated(
    people: pd.DataFrame, days: Days, scenario: str, name: str, usual: str
) -> None:
    error = np.sqrt(0.25 / days.units.size)
    without = (getattr(days, name) > 0).mean()
    planted = (getattr(lived(people.assign(main_scenario=scenario)), name) > 0).mean()
    assert without == pytest.approx(constants()["people"][usual]["usual"], abs=4 * error)
    assert planted == pytest.approx(constants()["scenarios"][scenario]["chance"], abs=4 * error)
    second = lived(people.assign(second_scenario=scenario))
    np.testing.assert_array_equal(getattr(second, name), getattr(lived(people.assign(main_scenario=scenario)), name))


def test_drinks_and_naps_have_possible_sizes(people: pd.DataFrame, days: Days) -> None:
    often = lived(people.assign(main_scenario="alcohol", second_scenario="long_naps"))
    assert set(np.unique(days.units)) == {0.0, 1.0, 2.0, 3.0}
    assert set(np.unique(often.units)) == {0.0, 2.0, 3.0, 4.0, 5.0}
    assert set(np.unique(days.caffeine)) == {0.0, 1.0}
    assert days.nap_min[days.nap_min > 0].min() >= 10 and days.nap_min.max() <= 35
    long = often.nap_min[often.nap_min > 0]
    assert long.min() > 40 and long.max() < 120 and long.mean() == pytest.approx(78 * 1.05, abs=3)


def test_steps_spread_within_and_between_people_as_fitted(people: pd.DataFrame, days: Days) -> None:
    c = constants()["night"]["steps_within"]
    mean, within = days.steps.mean(axis=1), days.steps.std(axis=1)
    assert np.corrcoef(mean, people["steps"])[0, 1] > 0.95
    assert mean.mean() == pytest.approx(people["steps"].mean(), rel=0.03)
    assert np.median(within / mean) == pytest.approx(c["sd_share"], abs=0.12)
    deviation = days.steps - mean[:, None]
    assert (deviation**3).mean() / (deviation**2).mean() ** 1.5 > 0.15, "busy days lie farther out than lazy ones"
    assert days.steps.min() >= 60


def test_sundays_are_lazy_and_saturdays_busy(days: Days) -> None:
    day_before = (pd.DatetimeIndex(days.dates).day_of_week.to_numpy() - 1) % 7
    by_day = np.array([days.steps[:, day_before == day].mean() for day in range(7)])
    assert by_day.argmax() == 5 and by_day.argmin() == 6


def test_exercise_comes_on_the_stated_share_of_days_and_brings_steps(people: pd.DataFrame) -> None:
    keen = lived(people.assign(exercise_chance=0.95))
    never = lived(people.assign(exercise_chance=0.0))
    assert np.median(keen.exercise_min) == pytest.approx(constants()["night"]["exercise_min"]["median"], rel=0.1)
    assert np.median(never.exercise_min) < 20
    assert keen.exercise_min.max() <= 300 and never.exercise_min.min() >= 0
    usual = lived(people)
    r = [np.corrcoef(e, s)[0, 1] for e, s in zip(usual.exercise_min, usual.steps, strict=True)]
    assert np.mean(r) > 0.2


def test_a_day_does_not_depend_on_how_many_follow(people: pd.DataFrame) -> None:
    rng = np.random.default_rng(9)
    z, u = rng.standard_normal((PERSONS, 20, 3)), rng.random((PERSONS, 20, 6))
    long, short = simulate_days(people, z, u), simulate_days(people, z[:, :8], u[:, :8])
    for name in Days.__dataclass_fields__:
        values = getattr(long, name)
        np.testing.assert_array_equal(values[..., :8] if name != "dates" else values[:8], getattr(short, name))


@pytest.mark.parametrize("carry_over", [0.0, 0.25, 0.9])
def test_carried_noise_has_unit_variance_and_the_stated_memory(carry_over: float) -> None:
    noise = np.random.default_rng(3).standard_normal((2000, 30))
    before = noise.copy()
    series = carried(noise, carry_over)
    np.testing.assert_array_equal(noise, before)
    assert series.var() == pytest.approx(1, abs=0.06)
    np.testing.assert_allclose(series.var(axis=0), 1, atol=0.16)
    assert (series[:, 1:] * series[:, :-1]).mean() == pytest.approx(carry_over, abs=0.04)
    assert (series[:, 2:] * series[:, :-2]).mean() == pytest.approx(carry_over**2, abs=0.05)
