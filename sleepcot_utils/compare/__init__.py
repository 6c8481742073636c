"""Statistical comparison of students, baselines and teacher; the person is the unit of analysis."""

from __future__ import annotations

from sleepcot_utils.compare.contrasts import Contrast, comparison_table, conclusion
from sleepcot_utils.compare.effects import noninferiority, paired_effect
from sleepcot_utils.compare.intervals import crossed_bootstrap, person_interval
from sleepcot_utils.compare.pairs import seed_differences
from sleepcot_utils.compare.persons import check_scores, person_means, person_points
from sleepcot_utils.compare.statistics import holm, minimum_detectable_effect, summarize

__all__ = [
    "Contrast",
    "check_scores",
    "comparison_table",
    "conclusion",
    "crossed_bootstrap",
    "holm",
    "minimum_detectable_effect",
    "noninferiority",
    "paired_effect",
    "person_interval",
    "person_means",
    "person_points",
    "seed_differences",
    "summarize",
]
