"""Statistics of hypnograms, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sleepcot_utils.errors import InputError
from sleepcot_utils.simulate.stages import STAGES, UNKNOWN
from sleepcot_utils.simulate.yardsticks import hypnograms

CODES = {"W": 0, "1": 1, "2": 2, "3": 3, "R": 4, "?": UNKNOWN}


def night(marks: str) -> np.ndarray:
    return np.array([CODES[mark] for mark in marks], dtype=np.int8)


def periods(*nights: str) -> np.ndarray:
    return hypnograms.sleep_periods([night(marks) for marks in nights])


def test_periods_begin_with_sleep_and_end_with_sleep_wherever_the_padding_is():
    matrix = periods("WW122WRWW", "3W1", "??2W?")
    assert matrix.tolist() == [[1, 2, 2, 0, 4], [3, 0, 1, -1, -1], [2, -1, -1, -1, -1]]
    again = hypnograms.sleep_periods(np.pad(matrix, ((0, 0), (2, 3)), constant_values=UNKNOWN))
    assert np.array_equal(again, matrix)


def test_bouts_of_a_night():
    runs = hypnograms.bouts(periods("1122W?2R", "2"))
    told = list(zip(*(part.tolist() for part in runs), strict=True))
    # night, start, epochs, stage, following: wake is followed by an unscored epoch, R ends the first night.
    assert told == [
        (0, 0, 2, 1, 2),
        (0, 2, 2, 2, 0),
        (0, 4, 1, 0, UNKNOWN),
        (0, 6, 1, 2, 4),
        (0, 7, 1, 4, UNKNOWN),
        (1, 0, 1, 2, UNKNOWN),
    ]


def test_a_bout_does_not_run_on_into_the_next_night():
    runs = hypnograms.bouts(periods("122", "2221"))
    assert runs.epochs.tolist() == [1, 2, 3, 1]
    assert runs.following.tolist() == [2, UNKNOWN, 1, UNKNOWN]


def test_bout_lengths():
    told = hypnograms.bout_lengths(periods("2W2WW2WWWWW2", "222222222"))
    assert told["bouts_a_night", "wake"] == 1.5
    assert told["bout_mean_epochs", "wake"] == pytest.approx(8 / 3)
    assert told["bout_single_share", "wake"] == pytest.approx(1 / 3)
    assert told["bout_longer_than_1_share", "wake"] == pytest.approx(2 / 3)
    assert told["bout_longer_than_2_share", "wake"] == pytest.approx(1 / 3)
    assert told["bout_longer_than_4_share", "wake"] == pytest.approx(1 / 3)
    assert told["bout_longer_than_8_share", "wake"] == 0
    assert told["bout_longer_than_8_share", "n2"] == pytest.approx(1 / 5)
    assert np.isnan(told["bout_mean_epochs", "rem"]) and told["bouts_a_night", "rem"] == 0


def test_transitions_are_shares_among_different_stages():
    told = hypnograms.transitions(periods("1122W2R", "12W1"))["next_stage_share"]
    assert told["n1>n2"] == 1
    assert told["n2>wake"] == pytest.approx(2 / 3) and told["n2>rem"] == pytest.approx(1 / 3)
    assert told["wake>n2"] == told["wake>n1"] == 0.5
    assert np.isnan(told["rem>n2"])
    assert len(told) == len(STAGES) * (len(STAGES) - 1)


def test_an_unscored_epoch_is_no_transition():
    told = hypnograms.transitions(periods("2?R2W2"))["next_stage_share"]
    assert told["n2>wake"] == 1 and told["rem>n2"] == 1


def test_rem_latency_counts_from_sleep_onset():
    told = hypnograms.rem_latency_min(periods("WWWW122RR", "R2", "122"))
    assert told[:2].tolist() == [1.5, 0.0] and np.isnan(told[2])


def test_cycles_run_from_rem_onset_to_rem_onset_and_short_gaps_do_not_part_them():
    # 29 epochs without REM (14.5 min) belong to the period; 30 (15 min) part it.
    one = "2" * 10 + "R" + "2" * 29 + "R" + "2" * 30 + "RR"
    matrix = periods(one, "R" + "2" * 40 + "R", "22")
    assert [part.tolist() for part in hypnograms.rem_periods(matrix)] == [[0, 0, 1, 1], [10, 71, 0, 41]]
    assert hypnograms.cycle_lengths_min(matrix).tolist() == [30.5, 20.5]


def test_thirds_are_of_each_nights_own_sleep_period():
    told = hypnograms.thirds(periods("33W22322R", "3R2", "222"))
    # First night: N3 2 + 1 + 0, second night: all in the first third; the third night has none and does not count.
    assert told["n3_in_third_share"].tolist() == pytest.approx([(2 / 3 + 1) / 2, (1 / 3) / 2, 0])
    assert told["rem_in_third_share"].tolist() == pytest.approx([0, 0.5, 0.5])


def test_values_of_a_night():
    told = hypnograms.night_values(periods("W1" + "2" * 6 + "W" * 10 + "3W" + "R", "22")).iloc[0]
    assert told["sleep_period_min"] == 10 and told["total_sleep_min"] == 4.5
    assert told["n2_pct"] == pytest.approx(100 * 6 / 9) and told["n1_pct"] == told["rem_pct"]
    assert told["wake_in_period_min"] == 5.5 and told["awakenings"] == 2
    assert told["long_awakenings"] == 1 and told["longest_wake_min"] == 5
    assert told["rem_latency_min"] == 9.5 and told["rem_periods"] == 1


def test_summary_of_many_nights_is_that_of_the_same_nights_in_any_order(rng: np.random.Generator):
    nights = [rng.integers(0, 5, size=rng.integers(50, 200)).astype(np.int8) for _ in range(40)]
    told = hypnograms.summary(hypnograms.sleep_periods(nights))
    again = hypnograms.summary(hypnograms.sleep_periods(nights[::-1]))
    assert told.index.is_unique
    np.testing.assert_allclose(again.to_numpy(), told.to_numpy())
    # Draws are independent, so the next different stage is any of four.
    assert told["next_stage_share"].to_numpy() == pytest.approx(np.full(20, 0.25), abs=0.06)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize(
    ("nights", "problem"),
    [([], "no night"), ([np.array([0, 0])], "no sleep"), ([np.array([1, 7])], "unknown"), ([np.array([])], "no sleep")],
)
def test_bad_hypnograms_are_refused(nights: list[np.ndarray], problem: str):
    with pytest.raises(InputError, match=problem):
        hypnograms.sleep_periods(nights)
