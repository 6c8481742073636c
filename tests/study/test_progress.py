"""Progress lines and the estimate of time left, with a clock of our own."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from sleepcot_utils.study.progress import EVENTS_VARIABLE, REMINDER_S, Events, Reporter, roughly, send, title_of

SIMULATE = "01_simulate_wearable_nights"
DISTILL = "03_distill_the_student"


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def reporter(clock: Clock, **expected: float) -> Reporter:
    names = {"simulate": SIMULATE, "distill": DISTILL}
    made = Reporter({names[name]: value for name, value in expected.items()}, 2, io.StringIO(), clock)
    made.plan({SIMULATE: 1, DISTILL: 4})
    return made


def lines(made: Reporter) -> list[str]:
    assert isinstance(made.stream, io.StringIO)
    return made.stream.getvalue().splitlines()


def test_a_line_says_which_notebook_which_step_and_how_long() -> None:
    clock = Clock()
    made = reporter(clock, simulate=60, distill=300)
    made.handle({"kind": "started", "execution": SIMULATE})
    clock.time = 67.0
    made.handle({"kind": "step", "execution": SIMULATE, "title": "How long people sleep", "index": 2, "count": 5})
    assert lines(made)[-1] == (
        "  1:07  1 of 5  01 simulate wearable nights: step 2 of 5: How long people sleep  [about 10 min left]"
    )


def test_time_left_counts_what_waits_and_what_runs() -> None:
    clock = Clock()
    made = reporter(clock, simulate=60, distill=300)
    assert made.left_s() == (60 + 4 * 300) / 2
    made.handle({"kind": "started", "execution": SIMULATE})
    clock.time = 60.0
    made.handle({"kind": "done", "execution": SIMULATE})
    assert made.left_s() == 600
    made.handle({"kind": "started", "execution": f"{DISTILL}__cot-s1"})
    clock.time = 160.0
    assert made.left_s() == pytest.approx((3 * 300 + 200) / 2)


def test_a_slow_machine_stretches_the_estimate() -> None:
    clock = Clock()
    made = reporter(clock, simulate=60, distill=300)
    made.handle({"kind": "started", "execution": SIMULATE})
    clock.time = 120.0
    made.handle({"kind": "done", "execution": SIMULATE})
    assert made.left_s() == 1200


def test_nothing_known_gives_no_estimate() -> None:
    made = reporter(Clock(), simulate=60)
    made.handle({"kind": "started", "execution": SIMULATE})
    assert made.left_s() is None
    assert "left" not in lines(made)[-1]


def test_a_long_step_is_named_again() -> None:
    clock = Clock()
    made = reporter(clock, simulate=60, distill=60)
    made.handle({"kind": "started", "execution": SIMULATE})
    made.remind()
    assert len(lines(made)) == 1
    clock.time = REMINDER_S
    made.remind()
    assert "still at its start" in lines(made)[-1]


def test_titles_and_durations_read_well() -> None:
    assert title_of(f"{DISTILL}__answer_only-s12") == "03 distill the student (answer_only, seed 12)"
    assert [roughly(seconds) for seconds in (5, 61, 200)] == ["less than a minute", "about a minute", "about 3 min"]


def test_events_are_read_once_and_only_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events.jsonl"
    events = Events(path)
    assert events.new() == []
    monkeypatch.setenv(EVENTS_VARIABLE, str(path))
    send("started", "a")
    send("step", "a", title="é", index=1, count=2)
    assert [event["kind"] for event in events.new()] == ["started", "step"]
    with open(path, "a") as stream:
        stream.write('{"kind": "do')
    assert events.new() == []
    with open(path, "a") as stream:
        stream.write('ne", "execution": "a"}\n')
    assert events.new() == [{"kind": "done", "execution": "a"}]
