"""The statistical plan in one table: what is estimated, how it is tested, and what the study can find at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from sleepcot_utils.compare.contrasts import ENOUGH_SEEDS, Contrast
from sleepcot_utils.compare.equivalence import persons_for_margin
from sleepcot_utils.compare.fake_studies import StudyDesign
from sleepcot_utils.compare.intervals import BOOTSTRAP_FROM_PERSONS
from sleepcot_utils.compare.power import detectable_effect, power_curve, power_of
from sleepcot_utils.compare.sentences import many
from sleepcot_utils.compare.statistics import minimum_detectable_effect
from sleepcot_utils.errors import ParameterError

#: Share of the latent variance by which trainings of one recipe differ where the plan shows what seeds are for: about
#: 0.06 of a score that is right half of the time.
RUN_SHARE = 0.02

#: True differences whose chance of being found is printed.
EFFECTS = (0.05, 0.10, 0.15, 0.20)


def statistical_plan(
    plan: Sequence[Contrast],
    designs: Mapping[str, StudyDesign],
    rng: np.random.Generator,
    *,
    resamples: int = 9999,
    level: float = 0.95,
    power: float = 0.8,
    studies: int = 500,
    effects: Sequence[float] = EFFECTS,
) -> pd.DataFrame:
    """Everything that is decided before a score is seen.

    Parameters
    ----------
    plan : sequence of Contrast
        The contrasts.
    designs : mapping of str to StudyDesign
        Sizes and assumed spreads for the endpoints whose sample size is to be judged, by metric; their effect is
        ignored. An assumption that later turns out wrong is seen by comparing the spread with that of the results.
    rng : numpy.random.Generator
        Source of the power simulation.
    resamples, level
        As they will be in ``comparison_table``.
    power : float
        Power that counts as enough.
    studies : int
        Fake studies for each number.
    effects : sequence of float
        True differences whose chance of being found is printed.

    Returns
    -------
    pandas.DataFrame
        ``item, statement``; one row a decision. All numbers in it come from the arguments and the simulation.
    """
    if not plan:
        raise ParameterError("the plan is empty", where="plan", expected="one Contrast or more")
    alpha = 1 - level
    families = {role: [item for item in plan if item.role == role] for role in ("primary", "secondary")}
    endpoints = list(dict.fromkeys(item.metric for item in plan))
    rows = [
        (
            "estimand",
            (
                "mean over held-out persons of the difference between two sources in a person's mean score; tasks are "
                "averaged within persons and seeds, then seeds, then persons"
            ),
        ),
        ("unit", "the person; for knowledge the card. Tasks of one person are not independent and never counted so"),
        ("endpoints", ", ".join(endpoints)),
        *((f"{role} contrasts", _contrast_words(family)) for role, family in families.items() if family),
        (
            "test",
            (
                f"two-sided sign flips over persons, exact up to {resamples} flips, else as many random ones; where a "
                "source has two seeds or more also Student's t over persons and seeds, and the larger p counts"
            ),
        ),
        ("interval", _interval_words(level, resamples)),
        ("correction", _correction_words(families, alpha)),
        ("margin", _margin_words(plan, level)),
        ("seeds", _seed_words(designs)),
        (
            "claim",
            (
                f"a difference is claimed if its interval excludes 0 and its adjusted p is below {alpha:.2g}; else the "
                "result is 'no difference shown', which is no proof of equality. With two seeds or more it is a claim "
                "about the recipe; beside it stands that about these students alone, with the seeds held fixed"
            ),
        ),
        (
            "missing answers",
            (
                "an answer that can't be read or did not end is scored as it stands; a task that only one source was "
                "asked is left out of their contrast, and counted"
            ),
        ),
        (
            "other analyses",
            (
                "mixed model, clustered McNemar, t and rank tests, Bayesian bootstrap, other choices about seeds and "
                "answers: a multiverse table; none of them replaces the plan"
            ),
        ),
    ]
    tests = max(1, len(families["primary"]))
    state = int(rng.integers(2**63))
    for metric, design in designs.items():
        rows.append((f"power, {metric}", _power_words(design, state, alpha, tests, power, studies, effects)))
    rows += _false_alarms(designs, state, alpha, studies)
    rows += _margin_sizes(plan, designs, state, alpha, power)
    return pd.DataFrame(rows, columns=["item", "statement"])


def spread_table(
    comparison: pd.DataFrame, designs: Mapping[str, StudyDesign], rng: np.random.Generator, *, power: float = 0.8
) -> pd.DataFrame:
    """Was the sample size judged on the right assumption? Spread of the persons' differences, assumed and found.

    Parameters
    ----------
    comparison : pandas.DataFrame
        What ``comparison_table`` returned.
    designs : mapping of str to StudyDesign
        What ``statistical_plan`` was given.
    rng : numpy.random.Generator
        Source of the simulated spread.
    power : float
        Power of the smallest difference.

    Returns
    -------
    pandas.DataFrame
        One row a contrast whose metric has a design: ``metric, a, b, assumed, found`` (standard deviations) and
        ``detectable`` (the difference that a paired t test finds with this power, given the found spread, before any
        correction). Power from the found difference itself would only restate p, so none is given.
    """
    state = int(rng.integers(2**63))
    rows = []
    for row in comparison[comparison["metric"].isin(designs)].to_dict("records"):
        design = designs[str(row["metric"])]
        curve = power_curve([design.persons], [0.0], design, np.random.default_rng(state), studies=10)
        found = row["difference"] / row["d_z"] if row["d_z"] else np.nan
        detectable = (
            minimum_detectable_effect(int(row["n_persons"]), found, power=power) if np.isfinite(found) else np.nan
        )
        rows.append((row["metric"], row["a"], row["b"], float(curve["spread"].iloc[0]), found, detectable))
    return pd.DataFrame(rows, columns=["metric", "a", "b", "assumed", "found", "detectable"])


def plan_markdown(table: pd.DataFrame) -> str:
    """The plan as a Markdown list."""
    return "\n".join(f"- **{row.item}:** {row.statement}." for row in table.itertuples())


def _contrast_words(family: Sequence[Contrast]) -> str:
    pairs: dict[tuple[str, str], list[str]] = {}
    for item in family:
        pairs.setdefault((item.a, item.b), []).append(item.metric)
    return "; ".join(f"{a} against {b} on {', '.join(metrics)}" for (a, b), metrics in pairs.items())


def _interval_words(level: float, resamples: int) -> str:
    return (
        f"{100 * level:g}% by a bootstrap of persons (BCa, {resamples} resamples; Student's t below "
        f"{BOOTSTRAP_FROM_PERSONS} persons); where a source has two seeds or more, widened by resampled seeds and by "
        "Student's t for how few they are"
    )


def _correction_words(families: Mapping[str, Sequence[Contrast]], alpha: float) -> str:
    parts = [f"{many(len(family), f'{role} test')}" for role, family in families.items() if family]
    return f"Holm within each role at {alpha:.2g}: {' and '.join(parts)}"


def _margin_words(plan: Sequence[Contrast], level: float) -> str:
    margins: dict[float, list[str]] = {}
    for item in plan:
        if item.margin is not None:
            margins.setdefault(item.margin, []).append(item.b)
    if not margins:
        return "none: nothing is claimed to be as good as something else"
    parts = [f"{margin:g} against {', '.join(dict.fromkeys(others))}" for margin, others in margins.items()]
    return (
        f"{'; '.join(parts)}: non-inferior if the whole {100 * level:g}% interval lies above minus the margin; checked "
        "by two one-sided t tests"
    )


def _seed_words(designs: Mapping[str, StudyDesign]) -> str:
    seeds = sorted({design.seeds for design in designs.values()})
    if not seeds:
        return "as many as were trained; with one, the interval does not hold the spread between trainings"
    if seeds[-1] == 1:
        return "1: nothing will be known about the spread between trainings"
    few = f"; fewer than {ENOUGH_SEEDS} say little about a next training" if seeds[0] < ENOUGH_SEEDS else ""
    return f"{' or '.join(map(str, seeds))} a trained source{few}"


def _power_words(
    design: StudyDesign, state: int, alpha: float, tests: int, power: float, studies: int, effects: Sequence[float]
) -> str:
    possible = [effect for effect in effects if design.mean + effect < 1]
    curve = power_curve(
        [design.persons], possible, design, np.random.default_rng(state), studies=studies, alpha=alpha / tests
    )
    chances = ", ".join(f"{row.effect:g} in {row.power:.0%}" for row in curve.itertuples())
    smallest = detectable_effect(
        design, np.random.default_rng(state), power=power, alpha=alpha / tests, studies=studies
    )
    found = f"{smallest:.2f}" if np.isfinite(smallest) else "no difference at all"
    spread = f"{curve['spread'].mean():.2f}" if len(curve) else "unknown"
    return (
        f"with {design.persons} persons, {many(design.items, 'item')} each and {many(design.seeds, 'seed')}, a true "
        f"difference of {chances} of cases is found; {power:.0%} of cases need {found} (level {alpha:g} / "
        f"{tests}, the worst case of Holm; assumed spread of the persons' differences {spread})"
    )


def _false_alarms(designs: Mapping[str, StudyDesign], state: int, alpha: float, studies: int) -> list[tuple[str, str]]:
    """False alarms where trainings differ, with seeds held fixed and varied, for the first endpoint."""
    from scipy import stats

    for metric, design in designs.items():
        tried = replace(design, effect=0.0, run_share=RUN_SHARE)
        fixed, varied = (
            power_of(tried, np.random.default_rng(state), studies=studies, alpha=alpha, seeds_vary=vary)
            for vary in (False, True)
        )
        spread = np.sqrt(RUN_SHARE) * stats.norm.pdf(stats.norm.ppf(design.mean))
        statement = (
            f"if trainings of one recipe differed by {spread:.2f} on {metric} (standard deviation), a test that holds "
            f"{many(design.seeds, 'seed')} fixed would tell equal recipes apart in {fixed:.0%} of cases instead of "
            f"{alpha:.0%}, the test of this plan in {varied:.0%}"
        )
        return [("why seeds matter", statement)]
    return []


def _margin_sizes(
    plan: Sequence[Contrast], designs: Mapping[str, StudyDesign], state: int, alpha: float, power: float
) -> list[tuple[str, str]]:
    """Persons that each margin needs, beside those that there are."""
    rows = []
    for margin in dict.fromkeys(item.margin for item in plan if item.margin is not None):
        words = []
        for metric, design in designs.items():
            curve = power_curve([design.persons], [0.0], design, np.random.default_rng(state), studies=10)
            needed = persons_for_margin(float(curve["spread"].iloc[0]), margin, power=power, alpha=alpha / 2)
            words.append(f"{metric} {needed} (there are {design.persons})")
        if words:
            rows.append((f"persons for the margin {margin:g}", f"{', '.join(words)}, if the true difference is 0"))
    return rows
