"""The axes on which variants are compared: the study's scores of a person, and what a variant costs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sleepcot_utils.deploy.artifacts import ONNX, format_of, load_model, size_bytes
from sleepcot_utils.deploy.healing import Lesson
from sleepcot_utils.deploy.measuring import measure
from sleepcot_utils.deploy.pruning import mean_loss

#: What has to be right in an answer, and the mean of the three for each person.
RIGHT = ("verdict_right", "main_driver_right", "numbers_right")
STUDY_SCORE = "study_score"
MEGABYTE = 1_000_000


def with_study_score(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores of what has to be right, and for each person and source their mean as a row more.

    Tasks are averaged first, so that each of the three weighs the same however many tasks it has.
    """
    rows = scores[scores["metric"].isin(RIGHT)]
    by_metric = rows.groupby(["person_id", "source", "seed", "metric"], as_index=False)["value"].mean()
    mean = by_metric.groupby(["person_id", "source", "seed"], as_index=False)["value"].mean()
    mean = mean.assign(task_id="all-" + mean["person_id"], kind="all", metric=STUDY_SCORE)
    return pd.concat([rows, mean[rows.columns]], ignore_index=True)


def price(name: str, folder: Path, lesson: Lesson, prompt: Sequence[int], tokens: int) -> dict[str, object]:
    """One row of costs: bytes on disk, memory and speed on one thread, and the loss on held-out rows.

    Parameters
    ----------
    prompt : sequence of int
        What is read when speed is measured.
    tokens : int
        How many are then written.
    """
    measured = measure(folder, prompt, tokens)
    loss = float("nan") if format_of(folder) == ONNX else mean_loss(load_model(folder), lesson.held_out)
    return {
        "source": name,
        "size (MB)": size_bytes(folder) / MEGABYTE,
        "peak memory (MiB)": measured["peak_mib"],
        "of it libraries (MiB)": measured["libraries_mib"],
        "first token (ms)": measured["first_token_ms"],
        "tokens a second": measured["tokens_per_s"],
        "held-out loss": loss,
    }
