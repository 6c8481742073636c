"""Hypnograms: totals hold exactly, and order, bouts and cycles look like a night."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sleepcot_utils.simulate.constants import REFERENCE_DEVICE
from sleepcot_utils.simulate.hypnogram import chain_constants, place_stages
from sleepcot_utils.simulate.stages import EPOCHS_A_MINUTE, N1, N2, N3, REM, UNKNOWN, WAKE

Bouts = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]
#: An ordinary night: latency 15, wake 45, N1 30, N2 210, N3 75, REM 85 min.
LATENCY, COUNTS = 30, np.array([90, 60, 420, 150, 170])
#: REM bouts closer than this belong to one episode (Feinberg and Floyd 1979 use 15 min of NREM between cycles).
SAME_EPISODE_MIN = 15.0


def place(key: int, latency: int, counts: list[int] | np.ndarray) -> np.ndarray:
    room = np.full(latency + int(np.sum(counts)) + 5, UNKNOWN, np.int8)
    length = place_stages(np.uint64(key), latency, np.array(counts, dtype=np.int64), *chain_constants(), room)
    assert np.all(room[length:] == UNKNOWN), "nothing is written behind the night"
    return room[:length]


@pytest.fixture(scope="module")
def nights() -> list[np.ndarray]:
    """Ordinary nights that differ in nothing but their draws."""
    return [place(7919 * key + 1, LATENCY, COUNTS) for key in range(400)]


@pytest.fixture(scope="module")
def bouts(nights: list[np.ndarray], bouts_of: Bouts) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Bouts of each night from sleep onset on."""
    return [bouts_of(night[LATENCY:]) for night in nights]


epochs = st.integers(0, 900)


@given(
    key=st.integers(0, 2**63 - 1),
    latency=st.integers(0, 300),
    counts=st.tuples(epochs, epochs, epochs, epochs, epochs).filter(lambda c: sum(c[1:]) > 0),
)
@example(key=1, latency=0, counts=(0, 0, 1, 0, 0))
@example(key=1, latency=4, counts=(500, 0, 0, 1, 0))
@example(key=2, latency=1, counts=(0, 0, 0, 0, 700))
@example(key=3, latency=1, counts=(60, 0, 0, 400, 400))
@example(key=4, latency=1, counts=(900, 900, 900, 900, 900))
@settings(max_examples=150, deadline=None)
def test_counts_hold_exactly(key: int, latency: int, counts: tuple[int, ...]) -> None:
    night = place(key, latency, list(counts))
    assert len(night) == latency + sum(counts)
    assert np.all(night[:latency] == WAKE)
    np.testing.assert_array_equal(np.bincount(night[latency:], minlength=5), counts)


def test_a_night_without_sleep_is_its_latency() -> None:
    np.testing.assert_array_equal(place(1, 20, [50, 0, 0, 0, 0]), np.zeros(20, np.int8))


def test_the_same_key_gives_the_same_night_and_another_key_another() -> None:
    night = place(5, LATENCY, COUNTS)
    np.testing.assert_array_equal(night, place(5, LATENCY, COUNTS))
    assert (place(6, LATENCY, COUNTS) != night).mean() > 0.2


def test_sleep_begins_light_and_nearly_always_with_n1(bouts) -> None:
    first = np.array([stage[0] for stage, _, _ in bouts])
    assert (first == N1).mean() > 0.75
    assert np.isin(first, [N3, REM]).mean() < 0.05


def by_thirds(nights: list[np.ndarray], stage: int) -> np.ndarray:
    """Share of a stage's epochs in each third of the sleep period, over all nights."""
    thirds = [np.array_split(night[LATENCY:] == stage, 3) for night in nights]
    sums = np.array([[third.sum() for third in night] for night in thirds]).sum(axis=0)
    return sums / sums.sum()


def test_deep_sleep_comes_early_and_rem_sleep_late(nights: list[np.ndarray]) -> None:
    deep, rem = by_thirds(nights, N3), by_thirds(nights, REM)
    assert 0.50 < deep[0] < 0.75 and deep[0] > deep[1] > deep[2] and deep[2] < 0.15
    assert 0.12 < rem[0] < 0.28 and rem[0] < rem[1] < rem[2] and rem[2] > 0.38


def rem_onsets(night: np.ndarray, bouts_of: Bouts) -> np.ndarray:
    """Minutes from sleep onset at which episodes of REM sleep begin."""
    stage, start, length = bouts_of(night)
    start, end = start[stage == REM] / EPOCHS_A_MINUTE, (start + length)[stage == REM] / EPOCHS_A_MINUTE
    first = np.concatenate([[True], start[1:] - end[:-1] >= SAME_EPISODE_MIN])
    return start[first]


def test_cycles_last_90_to_110_minutes(nights: list[np.ndarray], bouts_of: Bouts) -> None:
    onsets = [rem_onsets(night[LATENCY:], bouts_of) for night in nights]
    gaps = np.concatenate([np.diff(onset) for onset in onsets])
    assert 90 <= gaps.mean() <= 110
    assert 8 < gaps.std() < 35
    assert 3.5 <= np.mean([len(onset) for onset in onsets]) <= 6
    latency = np.array([onset[0] for onset in onsets])
    assert 60 < np.median(latency) < 110 and (latency < 20).mean() < 0.02


def test_longer_nights_have_more_cycles_and_not_longer_ones(bouts_of: Bouts) -> None:
    short = [place(key, 10, COUNTS * 2 // 3) for key in range(150)]
    long = [place(key, 10, COUNTS * 4 // 3) for key in range(150)]
    episodes = [np.mean([len(rem_onsets(night[10:], bouts_of)) for night in group]) for group in (short, long)]
    assert episodes[1] > episodes[0] + 1.5


@pytest.mark.parametrize(
    ("stage", "least_spread", "mean_min"), [(WAKE, 0.95, (1.0, 3.5)), (N2, 1.0, (3.5, 8)), (N3, 1.1, (2, 6))]
)
def test_bouts_are_far_from_geometric(bouts, stage: int, least_spread: float, mean_min: tuple[float, float]) -> None:
    """A memoryless stage would have a spread below its mean and the same chance to end at any age."""
    lengths = np.concatenate([length[kind == stage] for kind, _, length in bouts])
    mean = lengths.mean()
    geometric = np.sqrt(1 - 1 / mean)
    assert mean_min[0] < mean / EPOCHS_A_MINUTE < mean_min[1]
    assert lengths.std() / mean > least_spread > geometric
    ends_at_once = (lengths <= 2).mean()
    old = lengths[lengths > mean]
    ends_when_old = (old <= mean + 2).mean()
    assert ends_at_once > 1.1 * ends_when_old


def test_stages_follow_each_other_as_they_do_in_nights(bouts) -> None:
    moves = np.zeros((5, 5))
    for stage, _, _ in bouts:
        np.add.at(moves, (stage[:-1], stage[1:]), 1)
    assert np.all(np.diag(moves) == 0)
    share = moves / moves.sum(axis=1, keepdims=True)
    assert share[N3, REM] < 0.08, "deep sleep seldom turns into REM sleep at once"
    assert share[REM, N3] < 0.02 and share[WAKE, N3] < 0.12
    assert share[N3, N2] > 0.8 and share[N1, N2] > 0.45
    assert share[WAKE, N1] > 0.4 and share[WAKE].argmax() == N1


def test_much_wake_comes_in_longer_and_not_only_in_more_bouts(bouts_of: Bouts) -> None:
    def wake_bouts(wake: int) -> tuple[float, float]:
        counts = COUNTS.copy()
        counts[WAKE] = wake
        lengths = []
        for key in range(120):
            stage, _, length = bouts_of(place(key, 2, counts)[2:])
            lengths.append(length[stage == WAKE])
        return np.concatenate(lengths).mean(), float(np.mean([len(each) for each in lengths]))

    few, many = wake_bouts(40), wake_bouts(240)
    assert many[0] > 1.5 * few[0] and many[1] > 1.5 * few[1]


def test_simulated_people_have_such_nights_too(adult_epochs, bouts_of: Bouts) -> None:
    """The same on nights whose totals differ: latency of REM sleep, cycles, and totals as the table of the truth."""
    epochs = adult_epochs(REFERENCE_DEVICE)
    stages, length = epochs.traces.stages, epochs.traces.length
    latency = (epochs.truth["true_sleep_onset_latency_min"] * EPOCHS_A_MINUTE).to_numpy(dtype=int)
    for code, name in ((N1, "n1"), (N2, "n2"), (N3, "n3"), (REM, "rem")):
        counted = (stages == code).sum(axis=1) / EPOCHS_A_MINUTE
        np.testing.assert_array_equal(counted, epochs.truth[f"true_{name}_min"])
    wake = (stages == WAKE).sum(axis=1) / EPOCHS_A_MINUTE - latency / EPOCHS_A_MINUTE
    np.testing.assert_array_equal(wake, epochs.truth["true_wake_after_sleep_onset_min"])
    onsets = [
        rem_onsets(night[start:stop], bouts_of)
        for night, start, stop in zip(stages[:400], latency, length, strict=False)
        if (night == REM).any()
    ]
    assert 90 <= np.concatenate([np.diff(onset) for onset in onsets]).mean() <= 110
    assert len(onsets) > 390
