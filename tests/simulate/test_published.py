"""True nights of people with nothing planted, aged 20 to 85, against published norms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from sleepcot_utils.simulate.constants import REFERENCE_DEVICE
from sleepcot_utils.simulate.nights import simulate_chunks
from sleepcot_utils.simulate.people import simulate_people
from sleepcot_utils.simulate.stages import EPOCHS_A_MINUTE, REM

BOULOS = "Boulos et al. 2019 (doi 10.1016/S2213-2600(19)30057-8), healthy adults in the laboratory"
QUER = "Quer et al. 2020 (doi 10.1371/journal.pone.0227709), 92,457 wearers: mean 65; nights lie near it"
NATARAJAN = "Natarajan et al. 2021 (doi 10.1038/s41746-021-00493-6), 10,000 wearers"
UMETANI = "Umetani et al. 1998, 24 h: 43 ms in the twenties, 31 in the forties, 24 in the seventies; Voss et al. 2015"
APPLE = (
    "Boulos et al. 2019 give -0.6 points a decade in the laboratory; watches show 96.9 % at 18 to 24, 95.5 % past 64"
)


@dataclass(frozen=True)
class Published:
    """Ranges of the level at 40 and of the change a decade; None where nothing is published.

    A level's range is the published mean with the stated tolerance, a slope's the published 95 % interval.
    """

    level: tuple[float, float]
    slope: tuple[float, float] | None
    source: str


#: Levels are pooled means over studies whose people are about 40 on average, so they are compared at that age.
NORMS = {
    "total_sleep_min": Published((385, 405), (-12.8, -7.5), BOULOS),
    "efficiency_pct": Published((84.0, 87.5), (-2.6, -1.5), BOULOS),
    "wake_min": Published((40, 56), (6.9, 12.4), BOULOS),
    "latency_min": Published((13, 19), (0.3, 1.9), BOULOS),
    "n1_pct": Published((6.4, 9.4), (0.1, 0.8), BOULOS),
    "n2_pct": Published((48, 55), None, BOULOS),
    "n3_pct": Published((18.4, 22.0), None, BOULOS),
    "rem_pct": Published((17.5, 20.5), None, BOULOS),
    "rem_latency_min": Published((75, 115), None, BOULOS + ": about 97 min"),
    "heart_rate_bpm": Published((61, 69), (-1.0, 1.0), QUER),
    "rmssd_ms": Published((28, 42), (-8.0, -2.0), UMETANI),
    "respiratory_rate_brpm": Published((14.9, 16.1), (-0.3, 0.3), NATARAJAN),
    "oxygen_mean_pct": Published((94.8, 97.0), (-0.7, -0.1), APPLE),
}
#: Within-person correlation of steps with the sleep that follows: about -.07 in wearers.
STEPS_WITH_SLEEP = (-0.15, 0.05)


@pytest.fixture(scope="module")
def nights() -> pd.DataFrame:
    people = simulate_people(1600, 5, scenarios=())
    people = people[people["age_y"] >= 20].assign(device=REFERENCE_DEVICE)
    parts = []
    for chunk in simulate_chunks(people, 8, 6, epochs=True):
        assert chunk.traces is not None
        latency = chunk.truth["true_sleep_onset_latency_min"].to_numpy()
        rem = chunk.traces.stages == REM
        first = np.where(rem.any(axis=1), rem.argmax(axis=1) / EPOCHS_A_MINUTE - latency, np.nan)
        steps = chunk.measured["steps"].to_numpy()
        parts.append(chunk.truth.assign(true_rem_latency_min=first, steps=steps))
    table = pd.concat(parts, ignore_index=True)
    asleep = table["true_total_sleep_min"]
    return table.assign(
        total_sleep_min=asleep,
        efficiency_pct=table["true_sleep_efficiency_pct"],
        wake_min=table["true_wake_after_sleep_onset_min"],
        latency_min=table["true_sleep_onset_latency_min"],
        rem_latency_min=table["true_rem_latency_min"],
        heart_rate_bpm=table["true_heart_rate_bpm"],
        rmssd_ms=table["true_rmssd_ms"],
        respiratory_rate_brpm=table["true_respiratory_rate_brpm"],
        oxygen_mean_pct=table["true_spo2_mean_pct"],
        **{f"{name}_pct": 100 * table[f"true_{name}_min"] / asleep for name in ("n1", "n2", "n3", "rem")},
    ).merge(people[["person_id", "age_y", "sex", "bmi"]], on="person_id")


@pytest.fixture(scope="module")
def persons(nights: pd.DataFrame) -> pd.DataFrame:
    """Means of each person."""
    traits = nights.groupby("person_id")[["sex"]].first()
    return nights.groupby("person_id")[[*NORMS, "age_y", "bmi"]].mean().join(traits)


def line(persons: pd.DataFrame, name: str) -> tuple[float, float]:
    """Change a decade and level at 40."""
    slope, level = np.polyfit((persons["age_y"] - 40) / 10, persons[name], 1)
    return float(slope), float(level)


@pytest.mark.parametrize("name", NORMS)
def test_levels_at_forty_are_the_published_ones(persons: pd.DataFrame, name: str) -> None:
    low, high = NORMS[name].level
    assert low <= line(persons, name)[1] <= high, NORMS[name].source


@pytest.mark.parametrize("name", [name for name, norm in NORMS.items() if norm.slope])
def test_changes_a_decade_lie_in_the_published_intervals(persons: pd.DataFrame, name: str) -> None:
    slope = NORMS[name].slope
    assert slope is not None
    assert slope[0] <= line(persons, name)[0] <= slope[1], NORMS[name].source


def test_women_have_more_deep_sleep_and_only_that_of_men_falls(persons: pd.DataFrame) -> None:
    """Sleep Heart Health Study: women +6.7 points, -1.9 points a decade in men only; Boulos finds no slope."""
    women, men = persons[persons["sex"] == "female"], persons[persons["sex"] == "male"]
    assert 3 < women["n3_pct"].mean() - men["n3_pct"].mean() < 8
    assert line(men, "n3_pct")[0] == pytest.approx(-1.9, abs=0.5)
    assert abs(line(women, "n3_pct")[0]) < 0.8


def test_women_have_the_faster_heart(persons: pd.DataFrame) -> None:
    rate = persons.groupby("sex")["heart_rate_bpm"].mean()
    assert 2 < rate["female"] - rate["male"] < 5


def test_respiration_spreads_as_in_ten_thousand_wearers(persons: pd.DataFrame) -> None:
    low, high = persons["respiratory_rate_brpm"].quantile([0.05, 0.95])
    assert low == pytest.approx(11.8, abs=0.7) and high == pytest.approx(19.2, abs=0.7)


def test_oxygen_falls_with_age_and_weight(persons: pd.DataFrame) -> None:
    model = np.column_stack([np.ones(len(persons)), persons["age_y"] / 10, persons["bmi"]])
    _, by_decade, by_bmi = np.linalg.lstsq(model, persons["oxygen_mean_pct"], rcond=None)[0]
    assert by_decade < -0.1 and by_bmi < -0.01


def test_steps_hardly_move_sleep(nights: pd.DataFrame) -> None:
    centered = nights[["steps", "total_sleep_min"]] - nights.groupby("person_id")[
        ["steps", "total_sleep_min"]
    ].transform("mean")
    r = np.corrcoef(centered["steps"], centered["total_sleep_min"])[0, 1]
    assert STEPS_WITH_SLEEP[0] < r < STEPS_WITH_SLEEP[1]


def between_share(table: pd.DataFrame, name: str) -> float:
    """Share of the variance that lies between persons, from a one-way analysis of variance; about 0 by chance."""
    groups = table.groupby("person_id")[name]
    count = groups.size().iloc[0]
    within = groups.var(ddof=1).mean()
    between = max(groups.mean().var(ddof=1) - within / count, 0.0)
    return between / (between + within)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("total_sleep_min", 0.15, 0.65), ("n3_pct", 0.5, 0.95), ("heart_rate_bpm", 0.6, 0.95), ("rmssd_ms", 0.6, 0.97)],
)
def test_persons_differ_and_shuffled_persons_do_not(nights: pd.DataFrame, name: str, low: float, high: float) -> None:
    assert low < between_share(nights, name) < high
    shuffled = nights.assign(person_id=np.random.default_rng(1).permutation(nights["person_id"]))
    assert between_share(shuffled, name) < 0.03
