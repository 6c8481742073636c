from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sleepcot_utils.compare.choices import FIXED, PLANNED
from sleepcot_utils.compare.contrasts import Contrast
from sleepcot_utils.compare.effects import paired_effect
from sleepcot_utils.compare.fake_studies import StudyDesign, fake_scores
from sleepcot_utils.compare.multiverse import multiverse, multiverse_sentence
from sleepcot_utils.errors import InputError

CONTRAST = Contrast("right", "cot", "answer_only")


def rng(seed=1):
    return np.random.default_rng(seed)


def table_of(scores, contrast=CONTRAST):
    return multiverse(scores, contrast, rng(), resamples=500).set_index("choice")


@pytest.fixture(scope="module")
def scores():
    return fake_scores(StudyDesign(persons=40, items=4, effect=0.3), rng(2))


def test_a_large_effect_survives_every_choice(scores):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        found = table_of(scores)
    assert set(found.index) == {
        PLANNED,
        "median over seeds",
        "seeds held fixed",
        "seed 1 alone",
        "seed 2 alone",
        "paired t test",
        "Bayesian bootstrap",
        "Wilcoxon's signed ranks",
        "sign test",
        "mixed model",
        "every task weighs the same",
        "McNemar for clusters",
        "tasks as if independent",
        "person and seed as if independent",
    }
    assert (found["says"] == "a better").all() and found["agrees"].all()
    assert not found.loc[["tasks as if independent", "person and seed as if independent"], "reasonable"].any()
    assert multiverse_sentence(found.reset_index()) == (
        'With seeds that vary, the plan says "a better"; 1 of 1 other reasonable choices say the same. '
        'For these students alone it says "a better"; 9 of 9 other reasonable choices say the same.'
    )
    assert found.index[found["holds_seeds"]].tolist() == [PLANNED, "mixed model"]


def test_every_choice_has_the_numbers_of_its_own_method(scores):
    found = table_of(scores)
    means = scores.groupby(["source", "person_id"])["value"].mean().unstack("source")
    differences = (means["cot"] - means["answer_only"]).round(9).to_numpy()
    planned = paired_effect(scores, "right", "cot", "answer_only", rng(3), resamples=500)
    assert found.loc[PLANNED, "estimate"] == pytest.approx(planned["difference"])
    # scipy.stats.ttest_1samp(differences, 0), scipy.stats.wilcoxon(differences, zero_method="pratt")
    assert found.loc["paired t test", "p"] == pytest.approx(stats.ttest_1samp(differences, 0).pvalue)
    assert found.loc["Wilcoxon's signed ranks", "p"] == pytest.approx(
        stats.wilcoxon(differences, zero_method="pratt").pvalue
    )
    assert found.loc["seeds held fixed", "p"] == pytest.approx(planned["p"], abs=0.01)
    assert found.loc[PLANNED, "p"] == pytest.approx(max(planned["p"], planned["p_seeds"]), abs=0.01)
    untied = differences[differences != 0]
    assert found.loc["sign test", "p"] == pytest.approx(stats.binomtest(int((untied > 0).sum()), untied.size).pvalue)
    first = scores[scores["seed"] == 1].groupby("source")["value"].mean()
    assert found.loc["seed 1 alone", "estimate"] == pytest.approx(first["cot"] - first["answer_only"])
    # Hodges and Lehmann: the median of all pairwise means.
    walsh = [(x + y) / 2 for i, x in enumerate(differences) for y in differences[i:]]
    assert found.loc["Wilcoxon's signed ranks", "estimate"] == pytest.approx(np.median(walsh))


def test_choices_that_hold_seeds_fixed_are_held_against_the_claim_about_these_students():
    table = table_of(fake_scores(StudyDesign(persons=40, items=6, effect=0.2, run_share=0.08), rng(11)))
    assert table.loc[PLANNED, "says"] == "no difference shown" and table.loc[FIXED, "says"] == "a better"
    assert table.loc["paired t test", "says"] == "a better" and table.loc["paired t test", "agrees"]
    assert table.loc["mixed model", "agrees"] == (table.loc["mixed model", "says"] == "no difference shown")
    text = multiverse_sentence(table.reset_index())
    assert text.startswith('With seeds that vary, the plan says "no difference shown"; ')
    assert 'For these students alone it says "a better"; ' in text


def test_choices_that_disagree_are_named():
    # A few persons gain much, most lose little: means and ranks tell different stories.
    gains = np.r_[np.full(4, 0.9), np.full(26, -0.05)] + rng(4).normal(0, 0.005, 30)
    rows = [
        (f"t{person}", "recommend", f"p{person:02d}", source, 1, "share", value)
        for person, gain in enumerate(gains)
        for source, value in (("cot", 0.5 + gain), ("base", 0.5))
    ]
    frame = pd.DataFrame(rows, columns=["task_id", "kind", "person_id", "source", "seed", "metric", "value"])
    found = multiverse(frame, Contrast("share", "cot", "base"), rng(), resamples=500)
    says = found.set_index("choice")["says"]
    assert says[PLANNED] == "no difference shown" and says["sign test"] == "b better"
    assert "seed 1 alone" not in says.index and "McNemar for clusters" not in says.index
    text = multiverse_sentence(found)
    assert "seeds that vary" not in text
    assert text.startswith('The plan says "no difference shown"') and '"b better" say: ' in text and "sign test" in text


def test_leaving_out_unfinished_answers_uses_the_others_alone(scores):
    ended = scores.assign(metric="finished", value=1.0)
    cut = (ended["source"] == "answer_only") & ended["task_id"].isin(["p0000-0", "p0001-2"]) & (ended["seed"] == 2)
    ended.loc[cut, "value"] = 0.0
    found = table_of(pd.concat([scores, ended]))
    kept = scores[~cut.to_numpy()]
    expected = paired_effect(kept, "right", "cot", "answer_only", rng(5), resamples=300)["difference"]
    assert found.loc["unfinished answers left out", "estimate"] == pytest.approx(expected)
    assert expected != pytest.approx(found.loc[PLANNED, "estimate"])


def test_unscored_answers_can_count_as_zero(scores):
    holes = scores.copy()
    holes.loc[(holes["source"] == "cot") & (holes["person_id"] == "p0003"), "value"] = np.nan
    found = table_of(holes)
    zeros = holes.fillna({"value": 0.0}).groupby("source")["value"].mean()
    assert found.loc["unscored answers count as 0", "estimate"] == pytest.approx(zeros["cot"] - zeros["answer_only"])


def test_a_metric_of_errors_turns_the_words(scores):
    contrast = Contrast("right", "cot", "answer_only", higher_is_better=False)
    assert (table_of(scores, contrast)["says"] == "b better").all()


def test_nobody_differs_is_no_difference_under_every_choice():
    same = fake_scores(StudyDesign(persons=12, items=2), rng(6)).assign(value=1.0)
    found = table_of(same)
    assert (found["says"] == "no difference shown").all()


def test_two_persons_are_too_few(scores):
    with pytest.raises(InputError, match="2 persons"):
        multiverse(scores[scores["person_id"] <= "p0001"], CONTRAST, rng())
