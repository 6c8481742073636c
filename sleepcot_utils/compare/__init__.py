"""Statistical comparison of students, baselines and teacher; the person is the unit of analysis."""

from __future__ import annotations

from sleepcot_utils.compare.bayes import bayesian_difference
from sleepcot_utils.compare.binary import mcnemar
from sleepcot_utils.compare.checks import require_plan, score_problems
from sleepcot_utils.compare.components import variance_components
from sleepcot_utils.compare.contrasts import Contrast, comparison_table
from sleepcot_utils.compare.effect_sizes import effect_sizes
from sleepcot_utils.compare.effects import noninferiority, paired_effect
from sleepcot_utils.compare.equivalence import equivalence, persons_for_margin
from sleepcot_utils.compare.fake_studies import StudyDesign
from sleepcot_utils.compare.intervals import crossed_bootstrap, person_interval
from sleepcot_utils.compare.mixed import mixed_model
from sleepcot_utils.compare.multiverse import multiverse, multiverse_sentence
from sleepcot_utils.compare.pairs import seed_differences
from sleepcot_utils.compare.persons import check_scores, person_means, person_points
from sleepcot_utils.compare.power import detectable_effect, power_curve, power_sentence
from sleepcot_utils.compare.protocol import plan_markdown, spread_table, statistical_plan
from sleepcot_utils.compare.resampling import bootstrap_table
from sleepcot_utils.compare.sentences import conclusion
from sleepcot_utils.compare.statistics import holm, minimum_detectable_effect, summarize

__all__ = [
    "Contrast",
    "StudyDesign",
    "bayesian_difference",
    "bootstrap_table",
    "check_scores",
    "comparison_table",
    "conclusion",
    "crossed_bootstrap",
    "detectable_effect",
    "effect_sizes",
    "equivalence",
    "holm",
    "mcnemar",
    "minimum_detectable_effect",
    "mixed_model",
    "multiverse",
    "multiverse_sentence",
    "noninferiority",
    "paired_effect",
    "person_interval",
    "person_means",
    "person_points",
    "persons_for_margin",
    "plan_markdown",
    "power_curve",
    "power_sentence",
    "require_plan",
    "score_problems",
    "seed_differences",
    "spread_table",
    "statistical_plan",
    "summarize",
    "variance_components",
]
