"""Random numbers that depend on the seed and on the person alone, however many others are simulated, in any order.

Draws of a person or a night come from NumPy's counter-based Philox generator, keyed by seed, purpose and person.
Draws of an epoch are hashes of (night, purpose, epoch) by the finalizer of SplitMix64 (Steele, Lea and Flood 2014,
doi 10.1145/2660193.2660195): a compiled loop needs millions of them a second, and an epoch of a person and of the
person's counterfactual twin must get the same one even if their nights differ before it.
"""

from __future__ import annotations

import hashlib

import numpy as np

from sleepcot_utils.simulate.compiled import compiled

#: Purposes of epoch draws; each has its own stream within a night.
CHAIN, BOUTS, PLACES, HEART, RMSSD, BREATHS, OXYGEN, DIPS, DEVICE = range(9)
STREAMS = np.uint64(16)
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
#: Standard deviation of the sum of four uniform 16-bit numbers.
SPREAD_OF_FOUR = float(np.sqrt(4 * (2.0**32 - 1) / 12))
MIDDLE_OF_FOUR = 2.0 * (2**16 - 1)


def person_generator(seed: int, person_id: str, purpose: str) -> np.random.Generator:
    """Generator of one person for one purpose.

    Parameters
    ----------
    seed : int
        Seed of the simulation, 0 or more.
    person_id, purpose : str
        Any texts; other texts give independent streams.
    """
    digest = hashlib.blake2b(f"{seed}\0{purpose}\0{person_id}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=np.frombuffer(digest, dtype="<u8")))


@compiled(inline="always")
def hashed(key: int, stream: int, index: int) -> int:
    """64 random bits of place `index` in a stream of a night whose key is `key`."""
    z = np.uint64(key) + (np.uint64(index) * STREAMS + np.uint64(stream) + np.uint64(1)) * GOLDEN
    z = (z ^ (z >> np.uint64(30))) * FIRST
    z = (z ^ (z >> np.uint64(27))) * SECOND
    return z ^ (z >> np.uint64(31))  # type: ignore[return-value]


@compiled(inline="always")
def uniform(key: int, stream: int, index: int) -> float:
    """Uniform number above 0 and below 1."""
    return ((hashed(key, stream, index) >> np.uint64(11)) + 0.5) * (1.0 / 9007199254740992.0)


@compiled(inline="always")
def bell(key: int, stream: int, index: int) -> float:
    """Number with mean 0 and variance 1 from the sum of four uniform ones (Irwin-Hall), between -3.47 and 3.47.

    Its kurtosis is 2.7 instead of 3; it only feeds noise that is then averaged over neighboring epochs.
    """
    bits = hashed(key, stream, index)
    low = np.uint64(0xFFFF)
    total = (
        np.int64(bits & low)
        + np.int64((bits >> np.uint64(16)) & low)
        + np.int64((bits >> np.uint64(32)) & low)
        + np.int64(bits >> np.uint64(48))
    )
    return (total - MIDDLE_OF_FOUR) / SPREAD_OF_FOUR
