"""Random numbers: right moments, independent streams, and the same numbers for ever."""

from __future__ import annotations

import numpy as np
import pytest

from sleepcot_utils.simulate import randomness
from sleepcot_utils.simulate.randomness import bell, hashed, person_generator, uniform

KEY = np.uint64(0x1234_5678_9ABC_DEF1)
DRAWS = 20_000
#: First outputs of SplitMix64 from the state 1234567, as published with its reference implementation.
SPLITMIX_FROM_1234567 = [6457827717110365317, 3203168211198807973, 9817491932198370423]


def draws(function, stream: int, key: np.uint64 = KEY, count: int = DRAWS) -> np.ndarray:
    return np.array([function(key, stream, index) for index in range(count)])


def test_hashes_are_those_of_splitmix64() -> None:
    assert [int(hashed(np.uint64(1234567), stream, 0)) for stream in range(3)] == SPLITMIX_FROM_1234567
    # The next place lies a whole block of streams farther on, so no two streams ever share a state.
    assert int(hashed(np.uint64(1234567), 0, 1)) == _splitmix(1234567, int(randomness.STREAMS) + 1)


def _splitmix(state: int, steps: int) -> int:
    mask = 2**64 - 1
    z = (state + steps * 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


def test_purposes_fit_into_the_streams_of_a_night() -> None:
    purposes = (
        randomness.CHAIN, randomness.BOUTS, randomness.PLACES, randomness.HEART, randomness.RMSSD, randomness.BREATHS,
        randomness.OXYGEN, randomness.DIPS, randomness.DEVICE,
    )  # fmt: skip
    assert len(set(purposes)) == len(purposes) and max(purposes) < randomness.STREAMS


@pytest.mark.parametrize("stream", [randomness.CHAIN, randomness.DEVICE])
def test_uniform_numbers_are_uniform(stream: int) -> None:
    u = draws(uniform, stream)
    error = np.sqrt(1 / 12 / DRAWS)
    assert u.min() > 0 and u.max() < 1
    assert u.mean() == pytest.approx(0.5, abs=4 * error)
    assert u.var() == pytest.approx(1 / 12, rel=0.03)
    tenths = np.histogram(u, bins=10, range=(0, 1))[0] / DRAWS
    assert np.abs(tenths - 0.1).max() < 4 * np.sqrt(0.09 / DRAWS)
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 4 / np.sqrt(DRAWS)


def test_bell_shaped_numbers_have_the_stated_moments() -> None:
    z = draws(bell, randomness.HEART)
    assert z.mean() == pytest.approx(0, abs=4 / np.sqrt(DRAWS))
    assert z.var() == pytest.approx(1, abs=0.04)
    assert (z**3).mean() == pytest.approx(0, abs=0.06)
    assert (z**4).mean() == pytest.approx(2.7, abs=0.15)
    assert np.abs(z).max() < 3.47
    assert abs(np.corrcoef(z[1:], z[:-1])[0, 1]) < 4 / np.sqrt(DRAWS)


def test_streams_and_keys_are_independent() -> None:
    base = draws(uniform, randomness.HEART, count=5000)
    others = [
        draws(uniform, randomness.RMSSD, count=5000),
        draws(uniform, randomness.HEART, key=KEY + np.uint64(1), count=5000),
        draws(uniform, randomness.HEART, key=KEY ^ np.uint64(1 << 63), count=5000),
    ]
    for other in others:
        assert not np.any(base == other)
        assert abs(np.corrcoef(base, other)[0, 1]) < 4 / np.sqrt(5000)


def test_a_person_gets_the_same_numbers_and_other_persons_purposes_and_seeds_others() -> None:
    one = person_generator(3, "p00001", "traits").random(2000)
    np.testing.assert_array_equal(one, person_generator(3, "p00001", "traits").random(2000))
    for other in ((4, "p00001", "traits"), (3, "p00002", "traits"), (3, "p00001", "twin")):
        numbers = person_generator(*other).random(2000)
        assert not np.any(numbers == one)
        assert abs(np.corrcoef(one, numbers)[0, 1]) < 4 / np.sqrt(2000)


def test_texts_that_run_together_stay_apart() -> None:
    assert person_generator(1, "p1", "traits").random() != person_generator(11, "p", "traits").random()
    assert person_generator(1, "b", "a").random() != person_generator(1, "", "ab").random()


def test_the_generators_have_not_changed() -> None:
    """Every simulated number hangs on these; a change here makes every run of the study another one."""
    np.testing.assert_allclose(
        person_generator(1, "p00001", "traits").random(3), [0.29000427, 0.22442526, 0.63886777], atol=1e-8
    )
    assert uniform(KEY, randomness.CHAIN, 7) == pytest.approx(0.4217178038873027, abs=1e-12)
    assert bell(KEY, randomness.CHAIN, 7) == pytest.approx(0.8153874438680406, abs=1e-12)
