from __future__ import annotations

import re

import numpy as np
import pytest

from sleepcot_utils.compare.contrasts import Contrast, comparison_table
from sleepcot_utils.compare.equivalence import persons_for_margin
from sleepcot_utils.compare.fake_studies import StudyDesign, fake_scores
from sleepcot_utils.compare.plan import ENDPOINTS, study_plan
from sleepcot_utils.compare.power import power_of, with_effect
from sleepcot_utils.compare.protocol import plan_markdown, spread_table, statistical_plan
from sleepcot_utils.errors import ParameterError

ARMS = ("cot", "answer_only")


def rng(seed=1):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def table():
    designs = {"verdict_right": StudyDesign(persons=50, items=5), "main_driver_right": StudyDesign(persons=50, items=1)}
    return statistical_plan(study_plan(ARMS, 0.1), designs, rng(), resamples=2000, studies=300)


def said(table, item):
    return table.set_index("item")["statement"][item]


def test_every_part_of_a_plan_is_there(table):
    wanted = ["estimand", "unit", "endpoints", "primary contrasts", "secondary contrasts", "test", "interval"]
    wanted += ["correction", "margin", "seeds", "claim", "missing answers", "other analyses"]
    assert table["item"].tolist()[: len(wanted)] == wanted
    assert all(name in said(table, "endpoints") for name in ENDPOINTS)
    assert said(table, "primary contrasts") == f"cot against answer_only on {', '.join(ENDPOINTS)}"
    assert said(table, "correction").startswith("Holm within each role at 0.05: 4 primary tests and ")
    assert "0.1 against teacher" in said(table, "margin") and "2000 resamples" in said(table, "interval")
    assert said(table, "seeds").startswith("2 a trained source; fewer than 5")


def test_its_power_is_that_of_the_simulation(table):
    words = said(table, "power, verdict_right")
    chance = int(re.search(r"0\.15 in (\d+)%", words).group(1)) / 100
    # Another seed, another 2,000 studies: standard errors of at most 0.029 and 0.011; four of both together.
    again = power_of(with_effect(StudyDesign(persons=50, items=5), 0.15), rng(7), studies=2000, alpha=0.05 / 4)
    assert chance == pytest.approx(again, abs=4 * np.hypot(0.029, 0.011))
    smallest = float(re.search(r"80% of cases need (0\.\d+)", words).group(1))
    single = float(re.search(r"80% of cases need (0\.\d+)", said(table, "power, main_driver_right")).group(1))
    assert 0.05 < smallest < single < 0.5


def test_it_says_what_a_test_that_holds_seeds_fixed_would_do(table):
    words = said(table, "why seeds matter")
    # Two runs an arm of standard deviation 0.056 move the difference of two arms by 0.056: sqrt(2 / 2) of it.
    assert "differed by 0.06 on verdict_right" in words
    rate = int(re.search(r"apart in (\d+)% of cases instead of 5%", words).group(1)) / 100
    again = power_of(StudyDesign(persons=50, items=5, run_share=0.02), rng(8), studies=2000, seeds_vary=False)
    assert rate == pytest.approx(again, abs=4 * np.hypot(0.029, 0.011)) and rate > 0.15
    varied = int(re.search(r"the test of this plan in (\d+)%", words).group(1)) / 100
    assert varied < rate / 1.5


def test_persons_for_the_margin_follow_from_the_spread(table):
    words = said(table, "persons for the margin 0.1")
    spread = float(re.search(r"differences (0\.\d+)\)", said(table, "power, verdict_right")).group(1))
    needed = int(re.search(r"verdict_right (\d+) \(there are 50\)", words).group(1))
    # The printed spread is rounded to 0.01, so the number of persons is known to about a tenth.
    assert needed == pytest.approx(persons_for_margin(spread, 0.1), rel=0.12)


def test_without_margins_and_with_one_seed_it_says_so():
    plan = [Contrast("safe", "cot", "base")]
    table = statistical_plan(plan, {"safe": StudyDesign(persons=20, seeds=1)}, rng(), studies=100)
    assert said(table, "margin").startswith("none") and said(table, "seeds").startswith("1: nothing will be known")
    assert not table["item"].str.startswith("persons for the margin").any()
    assert "1 primary test" in said(table, "correction")


def test_assumed_and_found_spread_stand_side_by_side():
    design = StudyDesign(persons=60, items=5, effect=0.1)
    scores = fake_scores(design, rng(8))
    comparison = comparison_table(scores, [Contrast("right", *ARMS)], rng(9), resamples=300)
    row = spread_table(comparison, {"right": design}, rng(10)).iloc[0]
    means = scores.groupby(["source", "person_id"])["value"].mean().unstack("source")
    spread = (means["cot"] - means["answer_only"]).std(ddof=1)
    assert row["found"] == pytest.approx(spread)
    # The data come from the assumed design: relative standard error of a standard deviation of 60 is 9%; four of them.
    assert row["assumed"] == pytest.approx(spread, rel=0.36)
    # (z(0.975) + z(0.8)) * spread / sqrt(n), a little more for Student's t.
    assert row["detectable"] == pytest.approx((1.96 + 0.8416) * spread / np.sqrt(60), rel=0.03)
    assert spread_table(comparison, {"safe": design}, rng()).empty


def test_markdown_has_one_line_an_item(table):
    lines = plan_markdown(table).splitlines()
    assert len(lines) == len(table) and lines[1].startswith("- **unit:** the person; ")


def test_an_empty_plan_is_refused():
    with pytest.raises(ParameterError, match="plan"):
        statistical_plan([], {}, rng())
