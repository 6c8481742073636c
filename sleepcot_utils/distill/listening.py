"""What a student says to one question while it is trained, from validation to validation.

Imported when a training begins, because ``transformers`` takes seconds to load.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from transformers import TrainerCallback

from sleepcot_utils.distill.decoding import continued
from sleepcot_utils.distill.encoding import render
from sleepcot_utils.tasks.build import Task


class Listening(TrainerCallback):
    """Asks the same question at every validation and keeps what is said.

    Greedy, so that it draws nothing at random and the training is the same with and without it.

    Parameters
    ----------
    tokenizer : transformers.PreTrainedTokenizerBase
        The student's.
    task : Task
        Of a person whom the student is not trained on.
    file : pathlib.Path
        JSON of step to text; a resumed training goes on with it.
    max_new_tokens : int
        Longest answer, in tokens.
    """

    def __init__(self, tokenizer: Any, task: Task, file: Path, max_new_tokens: int) -> None:
        self._tokenizer, self._task, self._file, self._longest = tokenizer, task, file, max_new_tokens

    def on_evaluate(self, args: Any, state: Any, control: Any, model: Any = None, **rest: Any) -> None:
        """Ask once."""
        if not state.is_world_process_zero:
            return
        prompt = render(self._tokenizer, self._task.messages, add_generation_prompt=True)
        ids = self._tokenizer(prompt, add_special_tokens=False)["input_ids"]
        (said,) = continued(
            model.eval(), [ids], [self._task.report_id], end=self._tokenizer.eos_token_id, max_new_tokens=self._longest
        )
        kept = _read(self._file) | {str(state.global_step): self._tokenizer.decode(said, skip_special_tokens=True)}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps(kept), encoding="utf-8")


def said_along(file: Path) -> pd.DataFrame:
    """What was said at each validation: ``step, said``, in the order of steps; empty where nothing was kept."""
    rows = sorted((int(step), text) for step, text in _read(file).items())
    return pd.DataFrame(rows, columns=["step", "said"])


def _read(file: Path) -> dict[str, str]:
    """The file as it is; nothing where it is missing or a kill cut it short."""
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
