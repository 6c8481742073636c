"""What the loopback server says when it is asked to imagine nights: drawn by a small generator, by no language model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from loopback import Received, Step, completion

from sleepcot_utils.teach.synthesize_reading import WEEKDAYS

ASKED = re.compile(r"Write (\d+) nights in a row; night 1 ends on a (\w+)\.")


def question(received: Received) -> str:
    """The first question of a chat, also when an answer was sent back."""
    return received.body["messages"][1]["content"]


def is_repair(received: Received) -> bool:
    """Whether an answer was sent back."""
    return len(received.body["messages"]) == 4


def imagined(asked: str) -> dict[str, Any]:
    """An answer whose arithmetic holds; the same question gives the same answer."""
    nights, first = re.search(ASKED, asked).groups()
    rng = np.random.default_rng(list(asked.encode()))
    usual, rate = int(rng.integers(380, 460)), int(rng.integers(50, 75))
    given = []
    for number in range(1, int(nights) + 1):
        asleep = usual + 5 * int(rng.integers(-8, 9))
        latency, awake = int(rng.integers(5, 30)), int(rng.integers(10, 60))
        in_bed = asleep + latency + awake
        deep, rem = round(0.18 * asleep), round(0.21 * asleep)
        bed = 22 * 60 + 15 * int(rng.integers(0, 8))
        rise = (bed + in_bed) % 1440
        given.append(
            {
                "night": number,
                "weekday": WEEKDAYS[(WEEKDAYS.index(first) + number - 1) % 7],
                "bed_clock": f"{bed // 60 % 24:02}:{bed % 60:02}",
                "rise_clock": f"{rise // 60:02}:{rise % 60:02}",
                "time_in_bed_min": in_bed,
                "sleep_onset_latency_min": latency,
                "total_sleep_min": asleep,
                "wake_after_sleep_onset_min": awake,
                "awakenings": int(rng.integers(0, 5)),
                "light_min": asleep - deep - rem,
                "deep_min": deep,
                "rem_min": rem,
                "sleep_efficiency_pct": round(100 * asleep / in_bed, 1),
                "resting_heart_rate_bpm": rate + int(rng.integers(-2, 3)),
                "hrv_rmssd_ms": int(rng.integers(30, 60)),
                "respiratory_rate_brpm": round(float(rng.normal(15, 0.5)), 1),
                "spo2_mean_pct": 96,
                "spo2_min_pct": int(rng.integers(90, 95)),
                "steps": int(rng.integers(3000, 12000)),
                "exercise_min": 5 * int(rng.integers(0, 8)),
                "caffeine_after_14h": int(rng.random() < 0.2),
                "alcohol_units": int(rng.integers(0, 2)),
                "nap_min": 0,
            }
        )
    person = {"occupation": "teacher", "body_mass_index": 24.5, "story": "Nothing much happens."}
    return {"person": person, "nights": given}


def says(change: Callable[[dict[str, Any]], None] = lambda answer: None) -> Callable[[Received], Step]:
    """A server that imagines, with a change made to every answer."""

    def play(received: Received) -> Step:
        answer = imagined(question(received))
        change(answer)
        return completion(json.dumps(answer), usage=(900, 3000))

    return play


def night(answer: dict[str, Any], number: int) -> Iterator[dict[str, Any]]:
    """One night of an answer, by its number."""
    return next(given for given in answer["nights"] if given["night"] == number)
