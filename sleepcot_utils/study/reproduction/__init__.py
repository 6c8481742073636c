"""Is a run the reference run again? Records, results and executed copies compared within stated tolerances."""

from __future__ import annotations

from sleepcot_utils.study.reproduction.findings import BAD
from sleepcot_utils.study.reproduction.runs import NotReproducedError, compare_runs, report, save_table
from sleepcot_utils.study.reproduction.tolerances import Tolerances, load_tolerances

__all__ = ["BAD", "NotReproducedError", "Tolerances", "compare_runs", "load_tolerances", "report", "save_table"]
