"""Tested against lme4's published fit of Penicillin, statsmodels, the paired t test, and mean squares by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM

from sleepcot_utils.compare.components import MeanSquare, _crossed, difference_interval, variance_components
from sleepcot_utils.compare.mixed import SEEDS_LEFT_OUT, mixed_model
from sleepcot_utils.compare.reml import fit_crossed
from sleepcot_utils.errors import InputError, ParameterError

#: Diameters in mm of 24 plates (rows) by 6 samples, two digits each: Davies and Goldsmith 1972, lme4's `Penicillin`.
PENICILLIN = (
    "272326232321 272326232321 252125242420 262325232320 252226222320 242225232219 242023212219 262226242421 "
    "242124222220 242124232219 262326242421 252226242420 262426242522 262326232320 262325242422 252225232320 "
    "252124232320 252224232319 242123212119 262326242421 252124222218 252225222220 242124222419 242124222118"
)


def rng(seed=1):
    return np.random.default_rng(seed)


def penicillin():
    return np.array([[float(row[place : place + 2]) for place in range(0, 12, 2)] for row in PENICILLIN.split()])


def table_of(source, values):
    """A score table from an array (persons, seeds), one task a person."""
    rows = [
        (f"t{person:02d}", "recommend", f"p{person:02d}", source, seed + 1, "diameter", value)
        for (person, seed), value in np.ndenumerate(values)
    ]
    return pd.DataFrame(rows, columns=["task_id", "kind", "person_id", "source", "seed", "metric", "value"])


def test_components_equal_lme4s_published_fit():
    # R: lme4::lmer(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin): variances 0.7169, 3.7309, 0.3024 (standard
    # deviations 0.8467, 1.9316, 0.5499; Bates 2010, section 2.1).
    found = variance_components(table_of("x", penicillin()), "diameter", "x").set_index("component")
    assert found["sd"].to_numpy() == pytest.approx([0.8467, 1.9316, 0.5499], abs=6e-5)
    assert found["levels"].tolist() == [24, 6, 144]
    # The variance of the mean is the square of lme4's standard error of the intercept, 0.8086.
    assert found["in_mean"].sum() == pytest.approx(0.8086**2, abs=1e-4)
    assert found["low"].lt(found["variance"]).all() and found["high"].gt(found["variance"]).all()


def test_interval_of_a_component_meets_its_limiting_cases():
    # Dyestuff (lme4; Davies and Goldsmith 1972): 6 batches of 5, mean squares 11271.5 and 2451.25. Between batches
    # lmer gives 1764.05; the exact bounds of the F ratio's sign: low is 0 only if F < F(0.975; 5, 24) = 3.1548.
    between, within = MeanSquare(11271.5, 5), MeanSquare(2451.25, 24)
    estimate, low, high = difference_interval(between, within, 5)
    assert estimate == pytest.approx(1764.05)
    assert 11271.5 / 2451.25 > stats.f.isf(0.025, 5, 24) and low > 0
    # At the critical ratio itself the lower bound is 0: that is how the third coefficient is made.
    critical = MeanSquare(2451.25 * stats.f.isf(0.025, 5, 24), 5)
    assert difference_interval(critical, within, 5)[1] == pytest.approx(0, abs=1e-6)
    # Without a residual it is the chi-square interval of one variance.
    alone = difference_interval(between, MeanSquare(0.0, 24), 5)
    assert alone[1] == pytest.approx(11271.5 / stats.chi2.isf(0.025, 5)) and high < alone[2]


def test_intervals_of_components_cover_as_often_as_they_say():
    generator, studies, persons, seeds = rng(2), 600, 20, 4
    hits = dict.fromkeys(("unit", "seed", "residual"), 0)
    truth = {"unit": 0.04, "seed": 0.01, "residual": 0.02}
    for _ in range(studies):
        values = (
            generator.normal(0, 0.2, (persons, 1))
            + generator.normal(0, 0.1, (1, seeds))
            + generator.normal(0, np.sqrt(0.02), (persons, seeds))
        )
        for name, _, below, above, *_ in _crossed(values, 0.95):
            hits[name] += below <= truth[name] <= above
    low, high = stats.binom.ppf([0.0005, 0.9995], studies, [0.94, 0.965])
    assert all(low <= count <= high for count in hits.values()), hits


def test_differences_cancel_what_both_sources_share():
    generator = rng(3)
    shared = generator.normal(0, 0.3, (30, 1)) + generator.normal(0, 0.3, (1, 3))
    tables = [table_of(name, shared + generator.normal(0, 0.05, (30, 3))) for name in ("cot", "base")]
    alone = variance_components(pd.concat(tables), "diameter", "cot").set_index("component")["variance"]
    paired = variance_components(pd.concat(tables), "diameter", "cot", minus="base").set_index("component")["variance"]
    assert alone["unit"] > 0.04 and paired["unit"] < 0.01 and paired["seed"] < 0.01
    # Residual of a difference: twice 0.05 squared.
    assert paired["residual"] == pytest.approx(0.005, rel=0.5)


def test_one_seed_says_what_it_can_not_know():
    values = rng(4).normal(0, 0.2, (25, 1))
    found = variance_components(table_of("x", values), "diameter", "x").set_index("component")
    assert np.isnan(found.loc["seed", "variance"]) and "one seed" in found.loc["seed", "note"]
    assert found.loc["unit", "variance"] == pytest.approx(values.var(ddof=1))
    with pytest.raises(ParameterError, match="unit"):
        variance_components(table_of("x", values), "diameter", "x", unit="night")


def test_the_fit_equals_lme4s_published_fit_of_crossed_effects():
    found = fit_crossed(penicillin(), np.ones((6, 1)), within={"person": np.zeros(6)}, runs=np.eye(6))
    # R: lme4::lmer(diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin): standard deviations 0.8467, 1.9316, 0.5499;
    # intercept 22.9722 with standard error 0.8086; REML criterion 330.9 (Bates 2010, section 2.1).
    deviations = np.sqrt([found.components["person"], found.components["run"], found.residual])
    assert deviations == pytest.approx([0.8467, 1.9316, 0.5499], abs=6e-5)
    assert found.fixed[0] == pytest.approx(22.9722, abs=1e-4)
    assert np.sqrt(found.covariance[0, 0]) == pytest.approx(0.8086, abs=1e-4)
    assert -2 * found.log_likelihood == pytest.approx(330.9, abs=0.06) and found.converged


def test_the_fit_equals_statsmodels_also_with_missing_cells():
    values = np.concatenate(two_arms(0.1, seeds=2, persons=15, seed=8)).T
    values[[0, 3, 3, 7], [1, 0, 2, 3]] = np.nan
    arms, fixed = np.array([1, 1, 0, 0]), np.column_stack([np.ones(4), [1, 1, 0, 0]])
    found = fit_crossed(values, fixed, within={"person": np.zeros(4), "person_arm": arms}, runs=np.eye(4))
    person, column = np.nonzero(np.isfinite(values))
    cells = pd.DataFrame({"value": values[person, column], "person": person, "run": column, "arm": arms[column]})
    cells["person_arm"] = 2 * cells["person"] + cells["arm"]
    # statsmodels MixedLM with crossed components; the optimizer that finds the maximum is Powell's.
    formulas = {name: f"0 + C({name})" for name in ("person", "person_arm", "run")}
    model = MixedLM.from_formula("value ~ arm", cells, groups=np.ones(len(cells)), re_formula="0", vc_formula=formulas)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = model.fit(reml=True, method=["powell"])
    assert found.log_likelihood == pytest.approx(fitted.llf, abs=1e-3) and found.log_likelihood > fitted.llf - 1e-6
    outside = dict(zip(model.exog_vc.names, fitted.vcomp, strict=True))
    assert [found.components[name] for name in formulas] == pytest.approx(
        [outside[name] for name in formulas], rel=0.02, abs=2e-5
    )
    assert found.fixed == pytest.approx(fitted.fe_params.to_numpy(), abs=1e-4)
    assert np.sqrt(found.covariance[1, 1]) == pytest.approx(fitted.bse["arm"], rel=0.01)


def two_arms(runs_sd, seeds=3, persons=24, seed=6):
    generator = rng(seed)
    ability, reaction = generator.normal(0.5, 0.15, (1, 1, persons)), generator.normal(0, 0.08, (2, 1, persons))
    noise = generator.normal(0, 0.05, (2, seeds, persons)) + generator.normal(0, runs_sd, (2, seeds, 1))
    return ability + reaction + noise + np.array([0.06, 0.0])[:, None, None]


def test_with_one_seed_it_is_the_paired_t_test(make_scores):
    values = two_arms(0.0, seeds=1)
    scores = make_scores(cot=values[0][:, :, None], base=values[1][:, :, None])
    found = mixed_model(scores, "faithful", "cot", "base")
    # scipy.stats.ttest_rel(cot, base).confidence_interval()
    expected = stats.ttest_rel(values[0, 0], values[1, 0])
    assert found["p"] == pytest.approx(expected.pvalue, rel=1e-3)
    interval = expected.confidence_interval()
    assert (found["low"], found["high"]) == pytest.approx((interval.low, interval.high), abs=1e-4)
    assert not found["holds_seeds"] and found["note"] == SEEDS_LEFT_OUT and np.isnan(found["var_run"])


def test_balanced_seeds_equal_the_mean_squares(make_scores):
    values = two_arms(0.04)
    found = mixed_model(make_scores(cot=values[0][:, :, None], base=values[1][:, :, None]), "faithful", "cot", "base")
    arms, seeds, persons = values.shape
    # Mean squares of the split plot by hand: persons within arms over seeds, runs, and what is left, in each arm.
    by_person, by_run = values.mean(axis=1), values.mean(axis=2)
    grand = values.mean(axis=(1, 2))
    person_arm = by_person - by_person.mean(axis=0) - grand[:, None] + grand.mean()
    square_person_arm = seeds * (person_arm**2).sum() / (persons - 1)
    square_run = persons * ((by_run - grand[:, None]) ** 2).sum() / (arms * (seeds - 1))
    rest = values - by_person[:, None] - by_run[:, :, None] + grand[:, None, None]
    square_rest = (rest**2).sum() / (arms * (persons - 1) * (seeds - 1))
    assert found["var_residual"] == pytest.approx(square_rest, rel=1e-3)
    assert found["var_run"] == pytest.approx((square_run - square_rest) / persons, rel=1e-2)
    assert found["var_person_arm"] == pytest.approx((square_person_arm - square_rest) / seeds, rel=1e-2)
    variance = 2 * (square_person_arm + square_run - square_rest) / (persons * seeds)
    assert found["se"] == pytest.approx(np.sqrt(variance), rel=1e-2)
    assert found["difference"] == pytest.approx(grand[0] - grand[1]) and found["holds_seeds"]


def test_runs_that_differ_take_degrees_of_freedom(make_scores):
    steady, restless = (
        mixed_model(make_scores(cot=v[0][:, :, None], base=v[1][:, :, None]), "faithful", "cot", "base")
        for v in (two_arms(0.0), two_arms(0.15))
    )
    assert steady["df"] > 15 and restless["df"] < 6
    assert restless["high"] - restless["low"] > 3 * (steady["high"] - steady["low"])


def test_a_source_with_one_seed_stands_as_it_is(make_scores):
    values = two_arms(0.05)
    scores = make_scores(cot=values[0][:, :, None], teacher=values[1][:1, :, None])
    found = mixed_model(scores, "faithful", "cot", "teacher")
    assert found["n_seeds_b"] == 1 and found["note"] == "teacher has one seed and stands as it is"
    assert np.isfinite([found["low"], found["high"], found["var_run"]]).all()


def test_too_few_persons_are_named(make_scores):
    with pytest.raises(InputError, match="2 persons"):
        mixed_model(make_scores(cot=np.ones((1, 2, 1)), base=np.ones((1, 2, 1))), "faithful", "cot", "base")
