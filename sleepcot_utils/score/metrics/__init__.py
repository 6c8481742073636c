"""The study's metrics as modules of the ``evaluate`` library, which load from here by path and need no network.

Each folder holds one module and its metric card. ``evaluate.load`` takes the folder, ``load_metric`` its name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sleepcot_utils.errors import InputError
from sleepcot_utils.score.measures import MEASURES, encode_reference

METRIC_NAMES = tuple(MEASURES)


def metric_folder(name: str) -> Path:
    """Folder of a metric, which ``evaluate.load`` takes."""
    if name not in METRIC_NAMES:
        raise InputError(f"there is no metric {name!r}", where="name", expected=f"one of {', '.join(METRIC_NAMES)}")
    return Path(__file__).parent / name


def load_metric(name: str) -> Any:
    """A metric by name, as ``evaluate.load`` gives it; what it is fed stays in memory.

    Parameters
    ----------
    name : str
        One of ``METRIC_NAMES``.

    Returns
    -------
    evaluate.Metric
        Its ``compute(predictions=texts, references=references)`` gives each score and ``<score>_n``, the number of
        texts to which the score applies.
    """
    import evaluate

    return evaluate.load(str(metric_folder(name)), keep_in_memory=True)


__all__ = ["METRIC_NAMES", "encode_reference", "load_metric", "metric_folder"]
