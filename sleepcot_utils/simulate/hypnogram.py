"""The hypnogram of a night: a semi-Markov chain that places the night's minutes of each stage, cycle by cycle.

How many epochs of each stage a night holds is given (`totals.py`); this module only puts them in order. The night is
cut into cycles, a cycle into a part without and a part with REM sleep, and each part gets its budget: N3 early, REM
late. Within a part the next stage is drawn from transition probabilities, weighted by how much of each budget is
left, and stays for a bout whose length follows a discrete Weibull law. So totals hold exactly, and order, bouts and
cycles look like a night. Constants and sources: ``data/norms/simulator.yaml``, section ``hypnogram``.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from sleepcot_utils.simulate.compiled import compiled
from sleepcot_utils.simulate.constants import constants
from sleepcot_utils.simulate.randomness import BOUTS, CHAIN, PLACES, bell, uniform
from sleepcot_utils.simulate.stages import EPOCHS_A_MINUTE, N1, N2, N3, REM, STAGES, WAKE

MOST_CYCLES = 16
#: A stage whose budget lags behind the others is drawn more often, within these limits.
LEAST_PULL, MOST_PULL = 0.5, 3.0
#: Mean bout lengths in epochs by stage code and the N3 of a part at which its bouts have this mean (fitted to Sleep-EDF).
MEAN_BOUT = np.array([4.0, 2.6, 11.6, 6.3, 18.0])
DEEP_REFERENCE = 15.0
#: Mean of the discrete Weibull law of wake over its scale.
WAKE_EPOCHS_A_SCALE = 1.6
#: Epochs of N2 that are kept for the end of a part without REM sleep (choice; Sleep-EDF: N3 hardly ever precedes REM).
N2_BEFORE_REM = 3


@cache
def chain_constants() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Transition matrix (5, 5), bout laws (5, 2: scale in epochs, shape), and twelve scalars for ``place_stages``."""
    c = constants()["hypnogram"]
    moves = np.array([c["next_stage"][name] for name in STAGES])
    bouts = np.array([(c["bouts"][name]["scale"], c["bouts"][name]["shape"]) for name in STAGES])
    in_rem = c["share_in_rem_phase"]
    scalars = np.array(
        [
            c["cycle_min"]["mean"] * EPOCHS_A_MINUTE,
            c["cycle_min"]["within_sd"] * EPOCHS_A_MINUTE,
            c["n3_fade_by_cycle"]["value"],
            c["n3_fade_by_cycle"]["floor"],
            c["rem_by_cycle"]["first"],
            c["rem_by_cycle"]["last"],
            c["rem_by_cycle"]["growth"],
            in_rem["wake"],
            in_rem["n1"],
            in_rem["n2"],
            c["long_wake"]["reference_min"] * EPOCHS_A_MINUTE,
            c["long_wake"]["power"],
        ]
    )
    return moves / moves.sum(axis=1, keepdims=True), bouts, scalars


@compiled(nogil=True)
def place_stages(
    key: int,
    latency: int,
    counts: np.ndarray,
    moves: np.ndarray,
    bouts: np.ndarray,
    scalars: np.ndarray,
    out: np.ndarray,
) -> int:
    """Write the hypnogram of one night and return its length in epochs.

    Parameters
    ----------
    key : uint64
        Key of the night's draws.
    latency : int
        Epochs awake before the first sleep.
    counts : numpy.ndarray
        Epochs of wake after sleep onset, N1, N2, N3 and REM; shape (5,).
    moves, bouts, scalars : numpy.ndarray
        As ``chain_constants`` returns them.
    out : numpy.ndarray
        int8, at least as long as the night.
    """
    for i in range(latency):
        out[i] = WAKE
    at = latency
    asleep = counts[N1] + counts[N2] + counts[N3] + counts[REM]
    if asleep <= 0:
        return at
    length = max(scalars[0] + scalars[1] * bell(key, PLACES, 0), 0.6 * scalars[0])
    cycles = min(max(int(np.floor(asleep / length + 0.5)), 1), MOST_CYCLES)
    plan = np.zeros((2 * cycles, 5), np.int64)
    _plan_cycles(key, counts, cycles, scalars, plan)
    wake_scale = bouts[WAKE, 0] * max(counts[WAKE] / scalars[10], 0.3) ** scalars[11]
    stage, draw = WAKE, 0
    for part in range(2 * cycles):
        at, stage, draw = _fill(key, plan[part], part % 2 == 1, stage, draw, moves, bouts, wake_scale, out, at)
    return at


@compiled(nogil=True)
def _shares(total: int, weights: np.ndarray, cycles: int, out: np.ndarray) -> None:
    """Cut `total` into whole parts in proportion to weights; the parts add up."""
    whole = 0.0
    for k in range(cycles):
        whole += weights[k]
    done, seen = 0, 0.0
    for k in range(cycles):
        seen += weights[k]
        upto = int(np.floor(total * seen / whole + 0.5))
        out[k] = upto - done
        done = upto


@compiled(nogil=True)
def _plan_cycles(key: int, counts: np.ndarray, cycles: int, scalars: np.ndarray, plan: np.ndarray) -> None:
    """Fill the budgets: rows 2k and 2k + 1 are the parts of cycle k without and with REM sleep."""
    weights = np.empty(cycles)
    part = np.zeros(cycles, np.int64)
    used = np.zeros(cycles)
    for stage in (REM, N3, N1, WAKE):
        for k in range(cycles):
            noise = np.exp(0.25 * bell(key, PLACES, 20 * stage + k + 1))
            if stage == REM:
                weight = scalars[5] - (scalars[5] - scalars[4]) * np.exp(-scalars[6] * k)
            elif stage == N3:
                weight = np.exp(-scalars[2] * k) + scalars[3]
            elif stage == N1:
                weight = 1.0
            else:
                weight = 1.0 + 0.1 * k
            weights[k] = weight * noise
        _shares(counts[stage], weights, cycles, part)
        for k in range(cycles):
            if stage == REM:
                plan[2 * k + 1, REM] = part[k]
            elif stage == N3:
                plan[2 * k, N3] = part[k]
            else:
                late = scalars[8] if stage == N1 else scalars[7]
                in_rem = int(np.floor(part[k] * late + uniform(key, PLACES, 400 + 20 * stage + k)))
                in_rem = min(in_rem, part[k])
                plan[2 * k, stage] = part[k] - in_rem
                plan[2 * k + 1, stage] = in_rem
            if stage != WAKE:
                used[k] += part[k]
    # N2 fills the cycles up to about equal lengths.
    total = 0.0
    for k in range(cycles):
        total += used[k]
    total += counts[N2]
    for k in range(cycles):
        target = total / cycles * np.exp(0.10 * bell(key, PLACES, 200 + k))
        weights[k] = max(target - used[k], 0.12 * total / cycles)
    _shares(counts[N2], weights, cycles, part)
    for k in range(cycles):
        in_rem = int(np.floor(part[k] * scalars[9] + uniform(key, PLACES, 600 + k)))
        in_rem = min(in_rem, part[k])
        plan[2 * k, N2] = part[k] - in_rem
        plan[2 * k + 1, N2] = in_rem


@compiled(nogil=True)
def _fill(key, budget, with_rem, stage, draw, moves, bouts, wake_scale, out, at):
    """Place one part's budget behind epoch `at`; returns the next epoch, the last stage and the next draw."""
    whole = np.empty(5)
    left = 0
    for j in range(5):
        whole[j] = max(budget[j], 1)
        left += budget[j]
    # REM sleep is entered from N2: the part before it ends with some, if it has any to spare.
    held = N2_BEFORE_REM if not with_rem and budget[N2] > 4 * N2_BEFORE_REM else 0
    budget[N2] -= held
    left -= held
    all_of_it = left
    stretch = _stretch(budget, with_rem)
    start = True
    while left > 0:
        following = -1
        if start and with_rem and budget[REM] > 0 and stage != REM:
            following = REM  # the part with REM sleep opens with it
        else:
            total = 0.0
            for j in range(5):
                if j != stage and budget[j] > 0:
                    total += _pull(moves[stage, j], budget[j] / whole[j] * all_of_it / left)
            if total > 0:
                goal = uniform(key, CHAIN, draw) * total
                for j in range(5):
                    if j != stage and budget[j] > 0:
                        goal -= _pull(moves[stage, j], budget[j] / whole[j] * all_of_it / left)
                        following = j
                        if goal <= 0:
                            break
            else:
                following = stage  # nothing else is left to place
        start = False
        scale = wake_scale if following == WAKE else bouts[following, 0] * stretch[following]
        u = uniform(key, BOUTS, draw)
        length = np.ceil(scale * (-np.log(u)) ** (1.0 / bouts[following, 1]))
        if following == N1:
            # Sleep after wake begins with N1: some of it is kept for the wake that is still to come.
            length = min(length, budget[N1] - 0.3 * budget[WAKE] / (wake_scale * WAKE_EPOCHS_A_SCALE))
        elif following == N2 and not with_rem:
            # N3 is left through N2: some of it is kept for the N3 that is still to come, and for the end of the part.
            length = min(length, budget[N2] - 0.75 * budget[N3] / (MEAN_BOUT[N3] * stretch[N3]))
        length = min(max(int(length), 1), budget[following])
        for i in range(at, at + length):
            out[i] = following
        at += length
        budget[following] -= length
        left -= length
        stage = following
        draw += 1
    if held > 0:
        for i in range(at, at + held):
            out[i] = N2
        at += held
        stage = N2
    return at, stage, draw


@compiled(nogil=True)
def _stretch(budget, with_rem):
    """Factors on the bout lengths that let the budgets of a part run out together.

    The stage that fills a part is visited once after each visit of another one, so its bouts are as long as its budget
    over the number of those visits; and N3 comes in longer bouts where there is more of it, as in the first cycle.
    """
    stretch = np.ones(5)
    deep = min(max((budget[N3] / DEEP_REFERENCE) ** 0.5, 0.5), 2.0)
    stretch[N3] = deep
    other = 0.5 * budget[WAKE] / MEAN_BOUT[WAKE] + 0.6 * budget[N1] / MEAN_BOUT[N1]
    if with_rem:
        visits = 1 + other + 0.5 * budget[N2] / MEAN_BOUT[N2]
        stretch[REM] = min(max(budget[REM] / visits / MEAN_BOUT[REM], 0.4), 2.5)
    else:
        visits = 1 + other + budget[N3] / (MEAN_BOUT[N3] * deep)
        stretch[N2] = min(max(budget[N2] / visits / MEAN_BOUT[N2], 0.3), 2.5)
    return stretch


@compiled(inline="always")
def _pull(move, lag):
    """Weight of a stage as the next one; `lag` is the share of its budget that is left over that of the whole part."""
    return (move + 0.0005) * min(max(lag, LEAST_PULL), MOST_PULL)
