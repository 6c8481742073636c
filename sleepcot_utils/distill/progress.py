"""What can be watched while a student trains: curves as TensorBoard reads them, and lines with speed and time left.

Imported when a training begins, because ``transformers`` takes seconds to load.
"""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tensorboardX import SummaryWriter
from transformers import TrainerCallback

#: Least seconds between two lines.
QUIET_S = 30.0
#: Names in the Trainer's log, and those of the curves.
CURVES = {
    "loss": "loss/train",
    "eval_loss": "loss/validation",
    "learning_rate": "learning_rate",
    "grad_norm": "gradient_norm",
}
#: Variables of Weights & Biases' own that switch it on here.
WANDB_VARIABLES = ("WANDB_API_KEY", "WANDB_MODE")


def trackers(environment: Mapping[str, str] = os.environ, say: Callable[[str], None] = print) -> list[str]:
    """Trackers beside the curves: Weights & Biases where its own environment variables ask for it, else none.

    Examples
    --------
    >>> trackers({})
    []
    >>> trackers({"WANDB_MODE": "disabled"})
    []
    """
    asked = [name for name in WANDB_VARIABLES if environment.get(name)]
    if not asked or environment.get("WANDB_MODE") == "disabled":
        return []
    if importlib.util.find_spec("wandb") is None:
        say(f"{asked[0]} is set, but wandb is not installed: curves go to TensorBoard files only.")
        return []
    return ["wandb"]


class Speed:
    """Tokens a second and time left, counted from the first step of this process.

    Parameters
    ----------
    clock : callable
        Seconds, from whenever.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._began, self._first_step, self.tokens = clock(), 0, 0

    def start(self, step: int) -> None:
        """Begin to count at a step."""
        self._began, self._first_step, self.tokens = self._clock(), step, 0

    def add(self, tokens: int) -> None:
        """Count tokens that were processed."""
        self.tokens += tokens

    @property
    def tokens_per_second(self) -> float:
        """Tokens a second; validation counts as time."""
        return self.tokens / max(self._clock() - self._began, 1e-9)

    def seconds_left(self, step: int, steps: int) -> float:
        """Seconds until the last step at the pace so far; not a number before the first step."""
        done = step - self._first_step
        return (self._clock() - self._began) / done * (steps - step) if done else float("nan")


class Watch(TrainerCallback):
    """Writes curves and says how far the training is.

    Parameters
    ----------
    speed : Speed
        Counts tokens; the trainer feeds it.
    folder : pathlib.Path
        Where event files go. A resumed training writes another file there, which hides what the first one wrote beyond
        the checkpoint.
    say : callable
        Takes a line.
    """

    def __init__(self, speed: Speed, folder: Path, say: Callable[[str], None]) -> None:
        self._speed, self._folder, self._say = speed, folder, say
        self._writer: SummaryWriter | None = None
        self._said_at = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Open the curves."""
        self._speed.start(state.global_step)
        if state.is_world_process_zero:
            # One step on: the file of a resumed training replaces the points after its checkpoint, not that of it.
            purge = state.global_step + 1 if state.global_step else None
            self._writer = SummaryWriter(str(self._folder), purge_step=purge, write_to_disk=True)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Add points, and a line if the last one is long ago."""
        if self._writer is None or not logs:
            return
        for name, curve in CURVES.items():
            if name in logs:
                self._writer.add_scalar(curve, float(logs[name]), state.global_step)
        if "loss" not in logs:
            return
        self._writer.add_scalar("tokens_per_second", self._speed.tokens_per_second, state.global_step)
        if time.monotonic() - self._said_at >= QUIET_S:
            self._said_at = time.monotonic()
            self._say(self.line(state.global_step, state.max_steps, logs["loss"]))

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Close the curves."""
        if self._writer is not None:
            self._writer.close()

    def line(self, step: int, steps: int, loss: float) -> str:
        """How far the training is, in words."""
        left = self._speed.seconds_left(step, steps)
        minutes, seconds = divmod(round(left), 60)
        return (
            f"step {step} of {steps}, loss {loss:.3f}, {self._speed.tokens_per_second:,.0f} tokens/s, "
            f"{minutes}:{seconds:02d} min left at most"
        )
