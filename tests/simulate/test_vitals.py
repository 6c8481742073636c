"""Vital signs along a night: levels, stages, dips of oxygen, and the same summary with and without traces."""

from __future__ import annotations

import numpy as np
import pytest

from sleepcot_utils.simulate.constants import REFERENCE_DEVICE, constants
from sleepcot_utils.simulate.kernel import TRACES
from sleepcot_utils.simulate.nights import simulate_nights
from sleepcot_utils.simulate.stages import EPOCHS_A_MINUTE, N1, N2, N3, REM, WAKE
from sleepcot_utils.simulate.vitals import LOWEST_OXYGEN_PCT, SUMMARY, vital_constants, walk_vitals

HOUR = 60 * EPOCHS_A_MINUTE
#: Heart rate (bpm), log RMSSD (ms), respiration (a minute), oxygen (%), dips an hour, further depth of a dip (points).
LEVELS = np.array([60.0, np.log(40.0), 15.0, 96.0, 0.0, 0.0])
HEART, RMSSD, BREATHS, OXYGEN = range(4)


def walk(stages: np.ndarray, key: int, keep: bool = True, **levels: float) -> tuple[dict[str, float], np.ndarray]:
    """Summary and traces of one night; `levels` replaces entries of ``LEVELS`` by name."""
    names = ("heart", "log_rmssd", "breaths", "oxygen", "dips_per_h", "dip_extra")
    level = np.array([levels.get(name, value) for name, value in zip(names, LEVELS, strict=True)])
    summary = np.full(len(SUMMARY), np.nan)
    traces = np.full((len(TRACES), len(stages)), np.nan, np.float32)
    walk_vitals(np.uint64(key), stages.astype(np.int8), len(stages), level, *vital_constants(), summary, keep, traces)
    return dict(zip(SUMMARY, summary, strict=True)), traces


@pytest.fixture(scope="module")
def mixed() -> np.ndarray:
    """Two hours of each stage in turns of ten minutes, after an hour in which the start has faded."""
    block = np.repeat([WAKE, N1, N2, N3, REM], 20)
    return np.concatenate([np.full(6 * HOUR, N2), np.tile(block, 12)])


def test_values_lie_around_the_levels_of_the_night() -> None:
    nights = [walk(np.full(8 * HOUR, N2), key) for key in range(60)]
    late = np.mean([traces[:, 6 * HOUR :].mean(axis=1) for _, traces in nights], axis=0)
    assert late[HEART] == pytest.approx(60, abs=0.15)
    assert late[RMSSD] == pytest.approx(40, rel=0.03)
    assert late[BREATHS] == pytest.approx(15, abs=0.05)
    assert late[OXYGEN] == pytest.approx(96, abs=0.05)


def test_the_heart_is_faster_at_the_start_of_the_night() -> None:
    early = np.mean([walk(np.full(4 * HOUR, N2), key)[1][HEART, :10].mean() for key in range(60)])
    excess = constants()["vitals"]["heart_rate_bpm"]["start_excess"]
    assert early == pytest.approx(60 + excess, abs=0.7)


def test_values_follow_the_stages(mixed: np.ndarray) -> None:
    c = constants()["vitals"]
    traces = np.stack([walk(mixed, key)[1][:, 6 * HOUR :] for key in range(60)])
    stages = mixed[6 * HOUR :]
    by_stage = np.array([traces[..., stages == stage].mean(axis=(0, 2)) for stage in (WAKE, N1, N2, N3, REM)])
    offset = by_stage - by_stage[N2]
    np.testing.assert_allclose(offset[:, HEART], c["heart_rate_bpm"]["by_stage"], atol=0.25)
    np.testing.assert_allclose(offset[:, BREATHS], c["respiratory_rate_brpm"]["by_stage"], atol=0.08)
    np.testing.assert_allclose(np.log(by_stage[:, RMSSD] / by_stage[N2, RMSSD]), c["rmssd_log"]["by_stage"], atol=0.02)
    assert offset[REM, OXYGEN] == pytest.approx(c["oxygen_pct"]["rem_offset"], abs=0.06)
    assert np.abs(offset[[WAKE, N1, N3], OXYGEN]).max() < 0.06


def test_values_wander_as_much_and_as_slowly_as_stated() -> None:
    c = constants()["vitals"]
    traces = np.stack([walk(np.full(12 * HOUR, N2), key)[1][:, 8 * HOUR :] for key in range(40)]).astype(float)
    for place, name in ((HEART, "heart_rate_bpm"), (BREATHS, "respiratory_rate_brpm"), (OXYGEN, "oxygen_pct")):
        # The level is the same in all these nights, so the spread around the common mean is that of the walk.
        series = traces[:, place] - traces[:, place].mean()
        assert series.std() == pytest.approx(c[name]["noise_sd"], rel=0.08)
        carry = (series[:, 1:] * series[:, :-1]).mean() / series.var()
        assert carry == pytest.approx(c[name]["noise_carry"], abs=0.03)
    assert np.log(traces[:, RMSSD]).std() == pytest.approx(c["rmssd_log"]["noise_sd"], rel=0.1)


@pytest.mark.parametrize(("per_hour", "stage"), [(5.0, N2), (30.0, N2), (30.0, N3), (30.0, REM), (30.0, WAKE)])
def test_oxygen_dips_as_often_as_stated(per_hour: float, stage: int) -> None:
    factor = constants()["vitals"]["desaturation"]["by_stage"][stage]
    counts = np.array([walk(np.full(8 * HOUR, stage), key, dips_per_h=per_hour)[0]["dips"] for key in range(80)])
    expected = 8 * per_hour * factor
    assert counts.mean() == pytest.approx(expected, abs=4 * np.sqrt(max(expected, 1) / 80))


def test_dips_lower_the_oxygen_by_at_least_three_points_and_more_where_told() -> None:
    stages = np.full(8 * HOUR, N2)
    none, some, deep = (
        np.array([list(walk(stages, key, dips_per_h=rate, dip_extra=extra)[0].values()) for key in range(40)])
        for rate, extra in ((0.0, 0.0), (10.0, 0.0), (10.0, 4.0))
    )
    lowest, mean = SUMMARY.index("oxygen_lowest"), SUMMARY.index("oxygen_mean")
    assert np.all(some[:, mean] < none[:, mean]) and np.all(deep[:, mean] < some[:, mean])
    assert np.all(some[:, lowest] < none[:, lowest] - 0.5) and np.all(deep[:, lowest] < some[:, lowest])
    quiet, dipped = (walk(stages, 3, dips_per_h=rate)[1][OXYGEN] for rate in (0.0, 2.0))
    fell = quiet - dipped
    least = constants()["vitals"]["desaturation"]["least_pct"]
    assert walk(stages, 3, dips_per_h=2.0)[0]["dips"] > 5
    assert np.all((fell == 0) | (fell > 0)) and np.sort(fell)[-6] >= least


def test_oxygen_stays_possible() -> None:
    for oxygen in (70.0, 99.5):
        _, traces = walk(np.full(8 * HOUR, REM), 1, oxygen=oxygen, dips_per_h=90.0, dip_extra=10.0)
        assert LOWEST_OXYGEN_PCT <= traces[OXYGEN].min() and traces[OXYGEN].max() <= 100


@pytest.mark.parametrize("key", range(5))
def test_the_summary_is_that_of_the_traces(mixed: np.ndarray, key: int) -> None:
    summary, traces = walk(mixed, key, dips_per_h=8.0)
    asleep, nrem = mixed != WAKE, np.isin(mixed, [N1, N2, N3])
    assert summary["heart_nrem"] == pytest.approx(traces[HEART, nrem].mean(dtype=float), rel=1e-6)
    assert summary["rmssd"] == pytest.approx(traces[RMSSD, asleep].mean(dtype=float), rel=1e-6)
    assert summary["breaths"] == pytest.approx(traces[BREATHS, asleep].mean(dtype=float), rel=1e-6)
    assert summary["oxygen_mean"] == pytest.approx(traces[OXYGEN, asleep].mean(dtype=float), rel=1e-6)
    assert traces[OXYGEN].min() <= summary["oxygen_lowest"] <= summary["oxygen_mean"]
    assert traces[HEART].min() <= summary["heart_lowest"] <= summary["heart_nrem"]


def test_the_summary_does_not_hang_on_whether_traces_are_kept(mixed: np.ndarray) -> None:
    kept, traces = walk(mixed, 9, keep=True, dips_per_h=8.0)
    dropped, untouched = walk(mixed, 9, keep=False, dips_per_h=8.0)
    assert kept == dropped
    assert np.isnan(untouched).all() and not np.isnan(traces).any()


def test_tables_are_the_same_with_and_without_epochs(adults, adult_epochs) -> None:
    epochs = adult_epochs(REFERENCE_DEVICE)
    measured, truth = simulate_nights(adults.assign(device=REFERENCE_DEVICE), 8, 3)
    assert measured.equals(epochs.measured) and truth.equals(epochs.truth)


def test_nights_of_people_have_their_traces_and_no_more(adult_epochs) -> None:
    epochs = adult_epochs(REFERENCE_DEVICE)
    vitals = epochs.traces.vitals
    assert np.array_equal(~np.isnan(vitals), np.repeat(epochs.in_night[:, None, :], len(TRACES), axis=1))
    asleep = (epochs.traces.stages > WAKE)[:, None, :]
    means = np.nanmean(np.where(asleep, vitals, np.nan).astype(float), axis=2)
    truth = epochs.truth
    np.testing.assert_allclose(means[:, RMSSD], truth["true_rmssd_ms"], rtol=1e-5)
    np.testing.assert_allclose(means[:, BREATHS], truth["true_respiratory_rate_brpm"], rtol=1e-5)
    np.testing.assert_allclose(means[:, OXYGEN], truth["true_spo2_mean_pct"], rtol=1e-5)
    assert (truth["true_spo2_min_pct"] <= truth["true_spo2_mean_pct"]).all()
