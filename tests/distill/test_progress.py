"""Curves that TensorBoard reads, lines with speed and time left, and no tracker that was not asked for."""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path

import pytest

from sleepcot_utils.distill.progress import CURVES, Speed, Watch, trackers


class State:
    """What the callback reads of Trainer's state."""

    is_world_process_zero = True
    max_steps = 40

    def __init__(self, global_step: int) -> None:
        self.global_step = global_step


def points(folder: Path) -> list[tuple[int, str, float]]:
    """Step, curve and value of all points, files in the order of their names; read by the format's own message types."""
    from tensorboardX.proto.event_pb2 import Event

    read = []
    for path in sorted(folder.glob("events*")):
        data, place = path.read_bytes(), 0
        while place < len(data):
            (size,) = struct.unpack_from("<Q", data, place)  # length, its checksum, the message, its checksum
            event = Event.FromString(data[place + 12 : place + 12 + size])
            read += [(event.step, value.tag, value.simple_value) for value in event.summary.value]
            place += 12 + size + 4
    return read


def test_speed_and_time_left_by_hand() -> None:
    now = iter([0.0, 100.0, 104.0, 104.0, 104.0])
    speed = Speed(lambda: next(now))
    speed.start(10)
    speed.add(300)
    speed.add(100)
    assert speed.tokens_per_second == 100.0, "400 tokens in 4 s"
    assert speed.seconds_left(12, 20) == 16.0, "2 steps took 4 s, 8 are left"
    assert speed.seconds_left(10, 20) != speed.seconds_left(10, 20), "unknown before the first step"


def test_curves_hold_what_was_logged(tmp_path: Path) -> None:
    watch = Watch(Speed(), tmp_path, print)
    watch.on_train_begin(None, State(0), None)
    watch.on_log(None, State(1), None, {"loss": 2.5, "learning_rate": 0.125, "epoch": 1.0})
    watch.on_log(None, State(2), None, {"eval_loss": 1.25})
    watch.on_train_end(None, State(2), None)
    read = [point for point in points(tmp_path) if point[1] in CURVES.values()]
    assert read == [(1, "loss/train", 2.5), (1, "learning_rate", 0.125), (2, "loss/validation", 1.25)]


def test_a_process_that_is_not_the_first_writes_nothing(tmp_path: Path) -> None:
    second = State(0)
    second.is_world_process_zero = False
    watch = Watch(Speed(), tmp_path, print)
    watch.on_train_begin(None, second, None)
    watch.on_log(None, second, None, {"loss": 2.5})
    assert not list(tmp_path.iterdir())


def test_a_line_says_step_loss_speed_and_time_left(tmp_path: Path) -> None:
    now = iter([0.0, 0.0, 50.0, 50.0])
    speed = Speed(lambda: next(now))
    speed.start(0)
    speed.add(100_000)
    line = Watch(speed, tmp_path, print).line(20, 40, 0.5)
    assert line == "step 20 of 40, loss 0.500, 2,000 tokens/s, 0:50 min left at most"


@pytest.mark.parametrize("installed", [True, False])
def test_weights_and_biases_runs_only_when_its_variables_ask(monkeypatch: pytest.MonkeyPatch, installed: bool) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if installed else None)
    said: list[str] = []
    assert trackers({"WANDB_PROJECT": "sleep"}, said.append) == []
    assert trackers({"WANDB_API_KEY": "k", "WANDB_MODE": "disabled"}, said.append) == []
    assert said == []
    assert trackers({"WANDB_MODE": "offline"}, said.append) == (["wandb"] if installed else [])
    assert bool(said) is not installed
